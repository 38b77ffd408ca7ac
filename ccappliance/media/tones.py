"""Tone zones: what the exchanges of a country send and what is recognised of it; the facts are in data/zones.yaml.

Also the digits of DTMF as tones (Q.23), for those who send them.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from ccappliance.base.errors import ConfigError, Finding
from ccappliance.media.ports import Tone, ToneStep

TONES = ("dial", "busy", "ringback", "congestion", "call_waiting", "howler", "beep")  # every zone has all of them
MOST_RECOGNISED = 8  # patterns an ear for progress can tell apart (_progress.pxd)

LEVEL = -10.0  # dBm0 of each frequency where the facts name none: E.180's middle, -5 to -15
DTMF_LEVEL = -9.0  # dBm0 of each of the two frequencies: Q.23 leaves it to the country, most ask for -6 to -12
DIGITS = "123A456B789C*0#D"
ROWS = (697.0, 770.0, 852.0, 941.0)
COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)

_STEP = re.compile(r"(?P<hz>[0-9.]+(?:\+[0-9.]+)*)(?:@(?P<level>-?[0-9.]+))?(?:/(?P<ms>[0-9]+))?")


class Recognised(NamedTuple):
    """A pattern an ear for progress tells: `hz` of one or two sines, on and off in ms (off 0: continuous)."""

    name: str
    hz: tuple[float, ...]
    on_ms: int
    off_ms: int


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

    @property
    def ring(self) -> tuple[float, ...]:
        """The bell's cadence, as signalling asks for it."""
        return self.ring_cadence

    def tone(self, name: str) -> Tone:
        """One of TONES; KeyError for another name."""
        return self.tones[name]


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

    ConfigError names each zone and key that is wrong. Reads the file at every call: its caller keeps what it answers.
    """
    if text is None:
        text = resources.files("ccappliance.media").joinpath("data/zones.yaml").read_text("utf-8")
    findings: list[Finding] = []
    zones: dict[str, Zone] = {}
    try:
        facts = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError([Finding("zones.yaml", "zones", f"is not YAML: {error}")]) from error
    if not isinstance(facts, dict):
        raise ConfigError([Finding("zones.yaml", "zones", "expected a mapping of zone names, as in `cn:`")])
    for name, fact in facts.items():
        try:
            zones[str(name)] = _zone(str(name), fact)
        except (ValueError, TypeError, KeyError) as error:
            problem = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            findings.append(Finding("zones.yaml", str(name), problem, "compare it with zone cn"))
    if findings:
        raise ConfigError(findings)
    return MappingProxyType(zones)


def _zone(name: str, fact: Any) -> Zone:
    if not isinstance(fact, dict):
        raise ValueError("expected a mapping of country, tones, recognised, …")
    for key in ("tones", "recognised"):
        if not isinstance(fact[key], dict):
            raise ValueError(f"{key} must be a mapping of names, as in `dial: …`")
    unknown = set(fact) - {"country", "tones", "recognised", "ring_cadence", "flash", "fsk", "caller_id"}
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
    )
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
    if not 1 <= len(one.hz) <= 2 or min(one.hz) < 100.0 or max(one.hz) > 3600.0:
        raise ValueError(f"recognised {name}: one or two frequencies of 100 to 3600 Hz, not {list(one.hz)}")
    if not 0 < one.on_ms <= 60_000 or not 0 <= one.off_ms <= 60_000:
        raise ValueError(f"recognised {name}: on_ms must be 1 to 60000, off_ms 0 to 60000")
    return one
