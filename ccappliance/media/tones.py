"""Tone zones: what the exchanges of a country send and what is recognised of it; the facts are in data/zones.yaml.

Also the digits of DTMF as tones (Q.23), for those who send them.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from ccappliance.base.errors import ConfigError, Finding
from ccappliance.media.ports import Tone, ToneStep

TONES = ("dial", "busy", "ringback", "congestion", "call_waiting", "howler", "beep")  # every zone has all of them
MOST_RECOGNISED = 8  # patterns an ear for progress can tell apart (_progress.pxd)

SAME_HZ = 30.0  # Hz: an ear for progress hears a single sine within 25 Hz of nominal, and noise adds to it
LONG_OFF = 1500  # ms: an off this long is a ringback's

LEVEL = -10.0  # dBm0 of each frequency where the facts name none: E.180's middle, -5 to -15
DTMF_LEVEL = -9.0  # dBm0 of each of the two frequencies: Q.23 leaves it to the country, most ask for -6 to -12
DIGITS = "123A456B789C*0#D"
ROWS = (697.0, 770.0, 852.0, 941.0)
COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one, where PyYAML was built with it, is 8 times faster
_STEP = re.compile(r"(?P<hz>[0-9.]+(?:\+[0-9.]+)*)(?:@(?P<level>-?[0-9.]+))?(?:/(?P<ms>[0-9]+))?")


class Recognised(NamedTuple):
    """A pattern an ear for progress tells: `hz` of one or two sines, on and off in ms (off 0: continuous).

    `cadence`, where there are two ons of different length: on, off, on, off in ms; `on_ms` is then the first on and
    `off_ms` the longest off.
    """

    name: str
    hz: tuple[float, ...]
    on_ms: int
    off_ms: int
    cadence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Zone:
    """The telephone habits of a country. Times in seconds where not ms."""

    name: str  # "cn": ISO 3166, lower case
    country: str
    tones: Mapping[str, Tone]  # by the names in TONES
    recognised: tuple[Recognised, ...]
    ring_cadence: tuple[float, ...]  # the bell: on, off, on, off, …
    flash: float  # length of a hook flash that we send
    fsk: str  # "v23" or "bell202": the standard of caller ID we send
    caller_id: str  # "fsk" or "dtmf": how we send it
    source: str = ""  # where the facts are from
    certain: bool = True  # False: nobody has held them against a published plan or a line
    assumed: frozenset[str] = frozenset()  # keys and tones that no source names: usual values stand in

    @property
    def ring(self) -> tuple[float, ...]:
        """The bell's cadence, as signalling asks for it."""
        return self.ring_cadence

    def tone(self, name: str) -> Tone:
        """One of TONES; KeyError for another name."""
        return self.tones[name]

    def learned(self, patterns: Sequence[Recognised]) -> "Zone":
        """This zone, as one exchange speaks it: each pattern replaces the one of its name, or is added.

        ValueError if there are too many, or if two of them cannot be told apart.
        """
        known = {one.name: one for one in self.recognised} | {one.name: one for one in patterns}
        if len(known) > MOST_RECOGNISED:
            raise ValueError(f"a zone recognises at most {MOST_RECOGNISED} patterns, not {len(known)}")
        for one in patterns:
            twin = next((other.name for other in known.values() if other.name != one.name and alike(one, other)), None)
            if twin is not None:
                raise ValueError(f"{one.name} cannot be told from {twin}: the same frequencies and the same cadence")
        spoken = {one.name: _as_tone(one) for one in patterns if one.name in self.tones}
        return replace(self, recognised=tuple(known.values()), tones=MappingProxyType({**self.tones, **spoken}))


def _as_tone(one: Recognised) -> Tone:
    if not one.off_ms:
        return Tone(one.name, (ToneStep(one.hz, math.inf),))
    return Tone(one.name, (ToneStep(one.hz, one.on_ms / 1000), ToneStep((), one.off_ms / 1000)))


def as_pattern(tone: Tone) -> Recognised | None:
    """A tone of one sound and one pause, or without end, as an ear for progress would learn it; None: another one."""
    on, off = tone.steps[0], tone.steps[1] if len(tone.steps) == 2 else None
    if not 1 <= len(on.frequencies) <= 2 or len(tone.steps) > 2 or (off is not None and off.frequencies):
        return None
    endless = off is None or math.isinf(on.seconds)
    return Recognised(tone.name, on.frequencies, 1000 if endless else round(on.seconds * 1000),
                      0 if endless or off is None else round(off.seconds * 1000))


def alike(one: Recognised, other: Recognised) -> bool:
    """Whether an ear for progress would take one for the other: frequencies within 30 Hz, cadences within 10 % + 30 ms.

    Two sines less than 30 Hz apart are to it the one between them, whatever the cadence. An off of 1.5 s and more is
    not waited for (ringback is told after its first on), so there only the on counts.
    """
    if len(one.hz) != len(other.hz):
        few, more = sorted((one.hz, other.hz), key=len)
        return max(more) - min(more) < SAME_HZ and all(abs(hz - few[0]) <= SAME_HZ for hz in more)
    if (one.off_ms == 0) != (other.off_ms == 0):
        return False
    if any(abs(a - b) > SAME_HZ for a, b in zip(sorted(one.hz), sorted(other.hz), strict=True)):
        return False
    if one.off_ms == 0:
        return True
    if one.cadence or other.cadence:
        return _alike_in_part(one, other)
    long = max(one.off_ms, other.off_ms) >= LONG_OFF
    return _near(one.on_ms, other.on_ms) and (long or _near(one.off_ms, other.off_ms))


def _alike_in_part(one: Recognised, other: Recognised) -> bool:
    """Whether as many runs in a row are alike as an ear asks for: four, or three of a cadence of 0.6 s and more."""
    first, second = (each.cadence or (each.on_ms, each.off_ms) * 2 for each in (one, other))
    plain = one if other.cadence else other
    asked = 3 if not plain.cadence and plain.on_ms + plain.off_ms >= 600 else 4
    return any(all(_near(first[(a + k) % 4], second[(b + k) % 4]) for k in range(asked))
               for a in range(4) for b in range(a % 2, 4, 2))


def _near(one: int, other: int) -> bool:
    return abs(one - other) <= 0.1 * min(one, other) + 30


def parse_tone(name: str, text: str, level: float = LEVEL) -> Tone:
    """A tone from its short form: `450/350,0/350`, `350+440@-13`, `1000/200x1` (see data/zones.yaml).

    Raises ValueError, with what is wrong and what is expected.
    """
    cadence, times, rounds = text.replace(" ", "").partition("x")
    if times and not (rounds.isdecimal() and int(rounds) > 0):
        raise ValueError(f"tone {name}: {text!r} ends in 'x{rounds}'; expected x1, x2, … times to play it")
    steps = tuple(_parse_step(name, text, step, level) for step in cadence.split(","))
    if len(steps) > 1 and any(math.isinf(step.seconds) for step in steps):
        raise ValueError(f"tone {name}: {text!r} has a step without ms among others; give each its ms")
    return Tone(name, steps, int(rounds) if rounds else 0)


def _parse_step(name: str, text: str, step: str, level: float) -> ToneStep:
    found = _STEP.fullmatch(step)
    if found is None:
        raise ValueError(f"tone {name}: step {step!r} of {text!r} is not f1+f2@level/ms, as in 450/350 or 350+440@-13")
    try:
        frequencies = tuple(hz for hz in map(float, found["hz"].split("+")) if hz > 0.0)
        loud = float(found["level"]) if found["level"] else level
    except ValueError:
        raise ValueError(f"tone {name}: {step!r} of {text!r} has a number that is none") from None
    if len(frequencies) > 4 or any(not 50.0 <= hz <= 3600.0 for hz in frequencies):
        raise ValueError(f"tone {name}: step {step!r} of {text!r}: at most 4 frequencies, 50 to 3600 Hz, 0 is silence")
    if not -60.0 <= loud <= 3.0:
        raise ValueError(f"tone {name}: step {step!r} of {text!r}: a level is -60 to 3 dBm0")
    if found["ms"] is not None and int(found["ms"]) == 0:
        raise ValueError(f"tone {name}: step {step!r} of {text!r}: at least 1 ms, or no /ms for a tone without end")
    return ToneStep(frequencies, int(found["ms"]) / 1000 if found["ms"] else math.inf, loud)


def dtmf_tone(digit: str, on: float = 0.1, off: float = 0.1, level: float = DTMF_LEVEL) -> Tone:
    """One DTMF digit (Q.23), `on` seconds of it and `off` of silence. ValueError for what is no digit."""
    place = DIGITS.find(digit.upper()) if len(digit) == 1 else -1
    if place < 0:
        raise ValueError(f"{digit!r} is no DTMF digit; there are 0-9 * # A B C D")
    return Tone(f"dtmf {digit}", (ToneStep((ROWS[place // 4], COLUMNS[place % 4]), on, level), ToneStep((), off)), 1)


def load_zones(text: str | None = None) -> Mapping[str, Zone]:
    """All zones by name, from `text` (YAML) or from the facts we ship.

    ConfigError names each zone and key that is wrong. What we ship is read once: it cannot change under us.
    """
    return _shipped() if text is None else _load(text)


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Zone]:
    return _load(resources.files("ccappliance.media").joinpath("data/zones.yaml").read_text("utf-8"))


def load_learned(text: str) -> tuple[Recognised, ...]:
    """Patterns as `media/learning.py` writes them: a mapping of names, as under a zone's `recognised`. ConfigError."""
    try:
        facts = yaml.load(text, Loader=_LOADER)
        if not isinstance(facts, dict) or not facts:
            raise ValueError("expected a mapping of names, as in `busy: {hz: [450], on_ms: 350, off_ms: 350}`")
        return tuple(_recognised(str(name), fact) for name, fact in facts.items())
    except (yaml.YAMLError, ValueError, TypeError, KeyError, OverflowError) as error:
        problem = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ConfigError([Finding("learned patterns", "recognised", problem, "learn them again")]) from error


def _load(text: str) -> Mapping[str, Zone]:
    findings: list[Finding] = []
    zones: dict[str, Zone] = {}
    try:
        facts = yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ConfigError([Finding("zones.yaml", "zones", f"is not YAML: {error}")]) from error
    if not isinstance(facts, dict):
        raise ConfigError([Finding("zones.yaml", "zones", "expected a mapping of zone names, as in `cn:`")])
    for name, fact in facts.items():
        try:
            zones[str(name)] = _zone(str(name), fact)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            problem = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            findings.append(Finding("zones.yaml", str(name), problem, "compare it with zone cn"))
    if findings:
        raise ConfigError(findings)
    return MappingProxyType(zones)


_KEYS = {"country", "tones", "recognised", "ring_cadence", "flash", "fsk", "caller_id", "source", "certain", "assumed"}


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"certain must be true or false, not {value!r}")
    return value


def _zone(name: str, fact: Any) -> Zone:
    if not isinstance(fact, dict):
        raise ValueError("expected a mapping of country, tones, recognised, …")
    for key in ("tones", "recognised"):
        if not isinstance(fact[key], dict):
            raise ValueError(f"{key} must be a mapping of names, as in `dial: …`")
    unknown = set(fact) - _KEYS
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(map(str, unknown)))}")
    tones = {key: parse_tone(key, str(tone)) for key, tone in fact["tones"].items()}
    if set(tones) != set(TONES):
        raise ValueError(f"its tones must be exactly {', '.join(TONES)}")
    zone = Zone(
        name=name,
        country=str(fact["country"]),
        tones=MappingProxyType({key: tones[key] for key in TONES}),
        recognised=tuple(_recognised(key, one) for key, one in fact["recognised"].items()),
        ring_cadence=tuple(map(float, fact["ring_cadence"])),
        flash=float(fact["flash"]),
        fsk=str(fact["fsk"]),
        caller_id=str(fact["caller_id"]),
        source=str(fact.get("source", "")),
        certain=_truth(fact.get("certain", True)),
        assumed=frozenset(map(str, fact.get("assumed", ()))),
    )
    if strange := zone.assumed - {*TONES, "ring_cadence", "flash", "fsk", "caller_id"}:
        raise ValueError(f"assumed names what is no key or tone of a zone: {', '.join(sorted(strange))}")
    if not 1 <= len(zone.recognised) <= MOST_RECOGNISED:
        raise ValueError(f"recognised must name 1 to {MOST_RECOGNISED} patterns, not {len(zone.recognised)}")
    if not zone.ring_cadence or len(zone.ring_cadence) % 2 or min(zone.ring_cadence) <= 0.0:
        raise ValueError("ring_cadence is on, off, … in seconds: an even number of positive times")
    if not 0.05 <= zone.flash <= 1.0:
        raise ValueError(f"flash must be 0.05 to 1 s, not {zone.flash:g}")
    if zone.fsk not in ("v23", "bell202"):
        raise ValueError(f"fsk must be v23 or bell202, not {zone.fsk!r}")
    if zone.caller_id not in ("fsk", "dtmf"):
        raise ValueError(f"caller_id must be fsk or dtmf, not {zone.caller_id!r}")
    return zone


def _recognised(name: str, fact: Any) -> Recognised:
    one = Recognised(name, tuple(map(float, fact["hz"])), int(fact["on_ms"]), int(fact["off_ms"]))
    cadence = tuple(map(int, fact.get("cadence", ())))
    if cadence and (len(cadence) != 4 or min(cadence) <= 0
                    or (cadence[0], max(cadence[1::2])) != (one.on_ms, one.off_ms)):
        raise ValueError(f"recognised {name}: cadence is on, off, on, off in ms; on_ms its first on, off_ms its "
                         "longest off")
    one = one._replace(cadence=cadence)
    if not 1 <= len(one.hz) <= 2 or min(one.hz) < 100.0 or max(one.hz) > 3600.0:
        raise ValueError(f"recognised {name}: one or two frequencies of 100 to 3600 Hz, not {list(one.hz)}")
    if not 0 < one.on_ms <= 60_000 or not 0 <= one.off_ms <= 60_000:
        raise ValueError(f"recognised {name}: on_ms must be 1 to 60000, off_ms 0 to 60000")
    return one
