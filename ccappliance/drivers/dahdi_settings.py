"""What a site says of its cards in spans.yaml, in our words: which port is what, and how a span is framed and timed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.base.limits import MAX_PORTS
from ccappliance.config.keys import Report, key, required
from ccappliance.drivers.dahdi_channel import ChannelPlan

MAX_SPANS = 128  # DAHDI_MAX_SPANS
E1_CHANNELS = 31
E1_DATA = 15  # time slot 16, counted from the span's first channel
RANGES = r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*"
CANCELLERS = ("none", "mg2", "oslec", "kb1", "sec2", "jpah", "hwec")


@dataclass(frozen=True, kw_only=True)
class SoundSettings:
    """Gains and echo of some channels."""

    gain_in: float = key(0.0, unit="dB", least=-12.0, most=12.0, doc="Louder or softer what is heard.", reload=False)
    gain_out: float = key(0.0, unit="dB", least=-12.0, most=12.0, doc="Louder or softer what is sent.", reload=False)
    canceller: str = key("none", choices=CANCELLERS, reload=False,
                         doc="Echo canceller: DAHDI's by name (its module dahdi_echocan_NAME must be loaded), or the "
                             "card's own (hwec).")
    echo: int = key(32, unit="ms", least=4, most=128, doc="Longest echo the canceller takes away.", reload=False)

    def plan(self, kind: str, place: str) -> ChannelPlan:
        return ChannelPlan(kind=kind, place=place, gain_in=self.gain_in, gain_out=self.gain_out,
                           echo=self.echo / 1000 if self.canceller != "none" else 0.0)


@dataclass(frozen=True, kw_only=True)
class AnalogPorts:
    """Some ports of an analog card."""

    port: str = required(choices=("fxo", "fxs"), reload=False,
                         doc="fxo: lines from an exchange are plugged in; fxs: telephones.")
    channels: str = required(pattern=RANGES, doc="DAHDI's channel numbers: 1-4 or 1,3,5-8.", reload=False)
    start: str = key("kewl", choices=("kewl", "loop", "ground"), reload=False,
                     doc="Loop start with (kewl) or without (loop) a break of the loop when the far end hangs up; "
                         "ground start.")
    sound: SoundSettings = key(factory=SoundSettings, doc="Gains and echo of these ports.", reload=False)

    @property
    def numbers(self) -> tuple[int, ...]:
        return channels_of(self.channels)


@dataclass(frozen=True, kw_only=True)
class AnalogSpan:
    """A card with telephone lines or telephones. DAHDI sees it as one span."""

    type: ClassVar[str] = "analog"
    number: int = required(least=1, most=MAX_SPANS, doc="DAHDI's number of the span.", reload=False)
    ports: tuple[AnalogPorts, ...] = required(doc="Which ports are what.", reload=False)

    def check(self, report: Report, path: str) -> None:
        for number, ports in enumerate(self.ports):
            if not ports.numbers or max(ports.numbers) > MAX_PORTS:
                report.error(f"{path}.ports[{number}].channels", f"{ports.channels!r} are no channels",
                             f"channels are numbered from 1 to {MAX_PORTS}, ranges go upwards")

    def plans(self, name: str) -> dict[int, ChannelPlan]:
        return {number: ports.sound.plan(ports.port, f"channel {number} (port {at + 1} of {name})")
                for ports in self.ports for at, number in enumerate(ports.numbers)}


@dataclass(frozen=True, kw_only=True)
class E1Span:
    """One E1 port: 30 voice channels of 64 kbit/s and their signalling."""

    type: ClassVar[str] = "e1"
    number: int = required(least=1, most=MAX_SPANS, doc="DAHDI's number of the span.", reload=False)
    first: int = required(least=1, most=MAX_PORTS - E1_CHANNELS + 1, doc="DAHDI's number of its first channel.",
                          reload=False)
    signalling: str = required(choices=("pri", "r2", "cas"), reload=False,
                               doc="pri: ISDN, in time slot 16; r2: MFC/R2; cas: E&M bits.")
    side: str = key("user", choices=("user", "network"), doc="ISDN: which side we are; the operator is the network.",
                    reload=False)
    framing: str = key("auto", choices=("auto", "ccs", "cas"), reload=False,
                       doc="Whether time slot 16 carries one D channel (ccs) or bits (cas); auto: as the signalling "
                           "needs it.")
    coding: str = key("hdb3", choices=("hdb3", "ami"), doc="Line code (G.703).", reload=False)
    crc4: bool = key(True, doc="CRC-4 multiframes (G.704); must be what the exchange does.", reload=False)
    timing: int = key(1, least=0, most=MAX_SPANS, reload=False,
                      doc="0: we give the clock, as a network side; else the order in which spans are taken for the "
                          "clock of all cards.")
    build_out: int = key(0, least=0, most=7, doc="Length of the cable, as dahdi_cfg's LBO: 0 is up to 40 m.",
                         reload=False)
    idle_bits: str = key("1101", pattern="[01]{4}", doc="r2, cas: bits ABCD of an idle channel.", reload=False)
    sound: SoundSettings = key(factory=SoundSettings, doc="Gains and echo of this span.", reload=False)

    def check(self, report: Report, path: str) -> None:
        needed = "ccs" if self.signalling == "pri" else "cas"
        if self.framing not in ("auto", needed):
            report.error(f"{path}.framing", f"{self.signalling} needs framing {needed}, not {self.framing}",
                         "leave framing out")
        if self.side == "network" and self.timing:
            report.warning(f"{path}.timing", "a network side usually gives the clock", "write timing: 0")

    @property
    def real_framing(self) -> str:
        return self.framing if self.framing != "auto" else "ccs" if self.signalling == "pri" else "cas"

    @property
    def data(self) -> int:
        """The D channel, or the time slot of the bits."""
        return self.first + E1_DATA

    @property
    def voices(self) -> tuple[int, ...]:
        return tuple(number for number in range(self.first, self.first + E1_CHANNELS) if number != self.data)

    def plans(self, name: str) -> dict[int, ChannelPlan]:
        place = f"span {self.number} ({name})"
        plans = dict.fromkeys(self.voices, self.sound.plan("bearer" if self.signalling == "pri" else "cas", place))
        if self.signalling == "pri":
            plans[self.data] = ChannelPlan(kind="a data channel", place=place)
        return plans


SpanSettings = AnalogSpan | E1Span


def channels_of(ranges: str) -> tuple[int, ...]:
    """The numbers of "1-4,7"; empty if a range goes backwards or a number is 0."""
    numbers: list[int] = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        if int(first) < 1 or int(last or first) < int(first) or int(last or first) > MAX_PORTS:
            return ()
        numbers += range(int(first), int(last or first) + 1)
    return tuple(numbers)


def check_spans(spans: Mapping[str, SpanSettings], lines: Iterable[tuple[str, str, int]], driver: str,
                report: Report) -> None:
    """What a single span cannot know. `lines`: (key, kind as ChannelPlan has it, channel)."""
    owners: dict[int, tuple[str, str]] = {}
    numbers: dict[int, str] = {}
    for name, span in spans.items():
        if span.number in numbers:
            report.error(f"spans.{name}.number", f"span {span.number} is {numbers[span.number]} already",
                         "give every span its own number")
        numbers[span.number] = name
        for channel, plan in span.plans(name).items():
            if channel in owners:
                report.error(f"spans.{name}", f"channel {channel} belongs to {owners[channel][0]} already",
                             "look at the channels with `ccappliance cards detect`")
            owners[channel] = (name, plan.kind)
    if driver != "dahdi":
        return
    if not spans:
        report.error("spans", "driver dahdi needs to know the cards",
                     "`ccappliance cards detect` proposes what to write")
        return
    for line, port, channel in lines:
        if channel not in owners:
            report.error(line, f"no span has a channel {channel}",
                         "name it among the ports of a span, or leave the line out")
        elif owners[channel][1] != port:
            report.error(line, f"channel {channel} is {owners[channel][1]} in span "
                         f"{owners[channel][0]}, not {port}", "change the line's type or the span's ports")


def plans_of(spans: Mapping[str, SpanSettings], channels: Iterable[int]) -> dict[int, ChannelPlan]:
    """What to open: analog ports that have a line (`channels`), and all of an E1 span."""
    wanted = set(channels)
    plans: dict[int, ChannelPlan] = {}
    for name, span in spans.items():
        plans |= {number: plan for number, plan in span.plans(name).items()
                  if isinstance(span, E1Span) or number in wanted}
    return plans
