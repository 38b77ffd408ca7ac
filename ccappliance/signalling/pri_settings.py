"""What a site may tell an ISDN span: how the switch speaks, and how numbers are written."""

from dataclasses import dataclass

from ccappliance.config.keys import Report, key

SIDES = {"network": 1, "user": 2}
SWITCHES = {"euroisdn": 5, "qsig": 10, "ni2": 1, "dms100": 2, "5ess": 3, "4ess": 4}  # libpri's numbers
MAX_CHANNEL = 31  # time slots of an E1 that can carry a call or a D channel
TYPES = {"unknown": 0, "international": 1, "national": 2, "network": 3, "subscriber": 4, "abbreviated": 6}
PLANS = {"unknown": 0, "isdn": 1, "national": 8, "private": 9}


def channels_of(text: str) -> tuple[int, ...]:
    """Channels written as "1-15,17-31", in that order. ValueError says what is wrong."""
    found: list[int] = []
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()) or part.endswith("-"):
            raise ValueError(f"{part!r} is no channel and no range of channels")
        begin, end = int(first), int(last or first)
        if not 1 <= begin <= end or end - begin >= MAX_CHANNEL:
            raise ValueError(f"{part!r} is no range of at most {MAX_CHANNEL} channels, upwards from 1")
        found += range(begin, end + 1)
    if len(set(found)) != len(found):
        raise ValueError("a channel stands there twice")
    if len(found) > MAX_CHANNEL:
        raise ValueError(f"a span has at most {MAX_CHANNEL} channels")
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class NumberingSettings:
    """How numbers are written on the span, and in this house."""

    called_type: str = key("unknown", choices=("prefix", *TYPES),
                           doc="Type of the numbers we dial; prefix: told by the prefixes, which are taken off.")
    calling_type: str = key("unknown", choices=("prefix", *TYPES), doc="Type of the number we show.")
    plan: str = key("isdn", choices=tuple(PLANS), doc="Numbering plan of what we send.")
    international_prefix: str = key("00", pattern=r"[0-9+*#]{0,8}",
                                    doc="What stands before an international number in this house.")
    national_prefix: str = key("0", pattern=r"[0-9+*#]{0,8}", doc="What stands before a national number.")


@dataclass(frozen=True, kw_only=True)
class PriSettings:
    """An ISDN primary rate span."""

    side: str = key("user", choices=tuple(SIDES), doc="Our side: user towards an exchange, network towards a PBX.")
    switch: str = key("euroisdn", choices=tuple(SWITCHES), doc="The dialect of the switch.")
    overlap: str = key("none", choices=("none", "receive", "send", "both"),
                       doc="Whether numbers come, or are sent, digit by digit; the routes say when one is whole.")
    between_digits: float = key(4.0, unit="s", least=1.0, most=15.0,
                                doc="Pause after which the digits that came are the whole number (T302).")
    selection: str = key("lowest", choices=("lowest", "highest", "rotary"),
                         doc="Which idle channel we take when the switch leaves it to us.")
    capability: str = key("speech", choices=("speech", "audio"),
                          doc="Bearer capability of calls we make: speech, or 3.1 kHz audio.")
    numbering: NumberingSettings = key(factory=NumberingSettings, doc="Types and prefixes of numbers.")
    caller_number: str = key("", pattern=r"[0-9*#+]{0,20}", doc="The number we show when a call has none of its own.")
    caller_name: str = key("", doc="The name we show, where the switch offers names.")
    presentation: str = key("allowed", choices=("allowed", "restricted"), doc="Whether our number may be shown.")
    tones: bool = key(False, doc="Play ringback to callers in-band and say so: needed when a PBX is behind the span.")
    transfer: bool = key(False, doc="Ask the switch to take over calls that are transferred back to it (ECT, TBCT).")
    restart: bool = key(True, doc="Restart every channel when signalling begins, so that both ends agree.")
    t309: float = key(90.0, unit="s", least=0.0, most=300.0,
                      doc="How long calls are kept while the D channel is down (Q.931 T309; ETS 300 102: 90 s).")
    recovery: float = key(4.0, unit="s", least=0.0, most=5.0,
                          doc="How long an alarm must be over before a channel is used; a flapping one waits 10 s.")
    retest: float = key(300.0, unit="s", least=10.0, most=3600.0,
                        doc="How long a channel that failed is left alone before it is used again.")

    def check(self, report: Report, path: str) -> None:
        if self.transfer and self.side == "network":
            report.error(f"{path}.transfer", "the network's side cannot ask for a transfer: it is asked",
                         "leave transfer out, or set side: user")
