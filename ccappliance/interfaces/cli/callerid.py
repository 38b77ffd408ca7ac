"""Caller ID between the analysis of sound, which knows bytes and digits, and people, who know numbers and names."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ccappliance.base.units import RATE
from ccappliance.media.analysis_track import Event
from ccappliance.media.generation import Part
from ccappliance.media.tones import Zone
from ccappliance.signalling.callerid import CallerId, DtmfCallerId, Moment, decode, encode_mdmf, encode_sdmf

PAUSE = RATE // 2  # samples between two digits of one DTMF caller ID, at most; ETSI ES 200 778: 150 ms
DTMF_PACE = "70"  # ms on and off: China's YD/T 1277 and most others ask for 50 and more
FORMATS = ("mdmf", "sdmf", "dtmf")
_ABSENCES = ("withheld", "unavailable")
_OWN = {"name", "format", "when", "absence", "alphabet"}
_ALPHABETS = ("gb2312", "gbk", "utf-8", "ascii")


# ---- heard ----


def told_callers(events: Sequence[Event]) -> list[Event]:
    """The same events, with what caller ID data says, and with the caller IDs that were sent as DTMF."""
    told = [_decoded(event) if event.kind == "callerid" else event for event in events]
    told += _from_digits([event for event in events if event.kind == "dtmf"])
    return sorted(told, key=lambda event: (event.start, event.end, event.kind))


def _decoded(event: Event) -> Event:
    caller = decode(bytes.fromhex(event.value))
    return Event(event.start, event.end, event.kind, caller.number or caller.absence, event.level, event.confidence,
                 {**_words(caller), **event.details, "data": event.value})


def _words(caller: CallerId) -> Mapping[str, Any]:
    words: dict[str, Any] = {"number": caller.number, "name": caller.name}
    if caller.when is not None:
        words["when"] = "{:02d}-{:02d} {:02d}:{:02d}".format(*caller.when)
    return words | ({"absence": caller.absence} if caller.absence else {})


def _from_digits(digits: Sequence[Event]) -> Iterable[Event]:
    """Those with a frame: A, B or D, the number, then C or #. Bare digits may be anybody's dialling."""
    reader, run = DtmfCallerId(), list[Event]()
    for digit in digits:
        if run and digit.start - run[-1].end > PAUSE:
            reader, run = DtmfCallerId(), []
        if not run and digit.value not in "ABD":
            continue
        if run and digit.value in "ABD":  # it begins again
            reader, run = DtmfCallerId(), []
        run.append(digit)
        caller = reader.heard(digit.value)
        if caller is None:
            continue
        if caller.understood:
            yield Event(run[0].start, run[-1].end, "callerid", caller.number or caller.absence,
                        max(one.level for one in run), min(one.confidence for one in run),
                        {**_words(caller), "standard": "dtmf", "data": "".join(one.value for one in run)})
        reader, run = DtmfCallerId(), []


# ---- made ----


def callerid_part(part: Part, zone: Zone) -> Part:
    """`callerid:number,name=…` as the part that sounds; other parts as they are. ValueError."""
    if part.kind != "callerid":
        return part
    form = _one_of(part, "format", "dtmf" if zone.caller_id == "dtmf" else "mdmf", FORMATS)
    absence = _one_of(part, "absence", "unavailable", _ABSENCES)
    when = _when(part.options.get("when", ""))
    others = {name: value for name, value in part.options.items() if name not in _OWN}
    if part.what and not all(sign in "0123456789*#+" for sign in part.what):
        raise ValueError(f"callerid: {part.what!r} is no number; expected 0-9 * # +, or nothing and absence=withheld")
    if form == "dtmf":
        return Part("digits", _as_digits(part, absence), {"on": DTMF_PACE, "off": DTMF_PACE} | others)
    if form == "sdmf":
        data = encode_sdmf(part.what, when or Moment(1, 1, 0, 0), absence=absence)
    else:
        data = encode_mdmf(part.what, part.options.get("name", ""), when, absence=absence,
                           alphabet=_one_of(part, "alphabet", "gb2312", _ALPHABETS))
    return Part("fsk", data.hex(), others)


def _as_digits(part: Part, absence: str) -> str:
    if not part.what:
        return "D1C" if absence == "withheld" else "D2C"
    if not part.what.isdecimal():
        raise ValueError(f"callerid: {part.what!r} cannot be sent as DTMF; expected digits only")
    return f"D{part.what}C"


def _one_of(part: Part, name: str, default: str, allowed: Sequence[str]) -> str:
    value = part.options.get(name, default)
    if value not in allowed:
        raise ValueError(f"callerid: {name} is {value!r}; expected {', '.join(allowed)}")
    return value


def _when(text: str) -> Moment | None:
    """MMDDhhmm."""
    if not text:
        return None
    parts = [int(text[at:at + 2]) for at in range(0, 8, 2)] if len(text) == 8 and text.isdecimal() else [0] * 4
    moment = Moment(*parts)
    if not (1 <= moment.month <= 12 and 1 <= moment.day <= 31 and moment.hour <= 23 and moment.minute <= 59):
        raise ValueError(f"callerid: when is {text!r}; expected month, day, hour and minute, as in 11221430")
    return moment
