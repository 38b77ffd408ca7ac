"""Sound made to order for tests and lines: tones, digits, caller ID data, noise and silence, one after the other.

A part is written `kind:what,name=value,…`: `tone:busy,seconds=3`, `tone:440+480@-13/2000,0/4000`, `digits:159#,on=60`,
`fsk:8006…,standard=v23`, `noise:2,level=-30`, `silence:0.5`. Lengths of parts are in seconds, of digits in ms.
"""

import math
import re
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ccappliance.base.units import RATE, amplitude, samples
from ccappliance.media import dsp
from ccappliance.media.ports import Tone, ToneStep
from ccappliance.media.tones import COLUMNS, DIGITS, DTMF_LEVEL, LEVEL, ROWS, TONES, Zone, parse_tone

MAX_SECONDS = 3600.0  # of all parts together; more is refused
SIGNALS = {  # what every country's lines carry besides its own tones
    "sit": "950/330,1400/330,1800/330,0/1000",  # E.180
    "sit_intercept": "913.8/274,1370.6/274,1776.7/380,0/1000",  # Telcordia SR-2275, as the next three
    "sit_vacant": "985.2/380,1370.6/274,1776.7/380,0/1000",
    "sit_reorder": "913.8/274,1428.5/380,1776.7/380,0/1000",
    "sit_no_circuit": "985.2/380,1428.5/380,1776.7/380,0/1000",
    "cng": "1100/500,0/3000",  # T.30's CNG
    "ced": "2100/3000x1",  # T.30's CED: 2.6 to 4.0 s
    "bell103": "2225/3000x1",
}
ANSWER_TONES = {"ced_reversals": (True, 0.0), "ansam": (True, 0.2), "ansam_plain": (False, 0.2)}  # V.25, V.8
TURN = 0.45  # seconds between two phase reversals: V.25, 450 ± 25 ms
WOBBLE = 15.0  # Hz of ANSam's amplitude modulation
ANSWER_SECONDS = 3.3  # V.25: 3.3 ± 0.7 s
_OPTION = re.compile(r",([a-z_]+)=")
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Part:
    """One sound of a sequence, as it was written."""

    kind: str
    what: str
    options: Mapping[str, str]

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """An option that is a number within bounds. ValueError."""
        text = self.options.get(name)
        return default if text is None else number(f"{self.kind}: {name}", text, least, most)


def number(name: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise ValueError(f"{name} is {text!r}; expected a number, {least:g} to {most:g}")
    return value


class Noise:
    """White noise that is the same for the same seed on every machine: SplitMix64, and twelve uniforms to a sample."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        x = self._state
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
        return x ^ (x >> 31)

    def samples(self, count: int, level: float) -> list[float]:
        """`count` samples whose power is that of a sine at `level` dBm0."""
        # the sum of twelve uniforms of 16 bits, from three draws: mean 6, variance 1, Gaussian enough up to 4 sigma
        rms = amplitude(level) / math.sqrt(2.0)
        made = []
        for _ in range(count):
            total = 0
            for _ in range(3):
                x = self._next()
                total += (x & 0xFFFF) + (x >> 16 & 0xFFFF) + (x >> 32 & 0xFFFF) + (x >> 48)
            made.append(rms * ((total + 6) / 65536.0 - 6.0))
        return made


def parse_part(text: str) -> Part:
    """`kind:what,name=value,…` → Part. A comma that no `name=` follows belongs to what stands before it. ValueError."""
    kind, colon, rest = text.partition(":")
    if not colon or not kind.strip():
        raise ValueError(f"{text!r} is not kind:what, as in tone:busy or silence:0.5")
    pieces = _OPTION.split(rest)
    names = pieces[1::2]
    if len(set(names)) < len(names):
        raise ValueError(f"{text!r} names an option twice")
    values = [value.strip() for value in pieces[2::2]]
    return Part(kind.strip(), pieces[0].strip(), dict(zip(names, values, strict=True)))


def render(parts: list[Part], zone: Zone, *, seed: int = 0, background: float | None = None) -> bytes:
    """The parts one after the other: int16 little endian, 8 kHz. `background`: white noise beneath all, in dBm0.

    ValueError says which part is wrong and what is expected.
    """
    noise = Noise(seed)
    made = array("h")
    for part in parts:
        if part.kind not in _KINDS:
            raise ValueError(f"there is no kind {part.kind!r}; there are {', '.join(_KINDS)}")
        make, options = _KINDS[part.kind]
        if strange := set(part.options) - options:
            known = ", ".join(sorted(options)) or "no option"
            raise ValueError(f"{part.kind} knows no {', '.join(sorted(strange))}; it knows {known}")
        made.frombytes(make(part, zone, noise))
        if len(made) > MAX_SECONDS * RATE:
            raise ValueError(f"that would be longer than {MAX_SECONDS:g} s")
    if background is not None:
        made = array("h", map(_clip, map(float.__add__, map(float, made), noise.samples(len(made), background))))
    return made.tobytes()


def _clip(x: float) -> int:
    return round(max(-32768.0, min(32767.0, x)))


def _tone(part: Part, zone: Zone, noise: Noise) -> bytes:
    """A tone of the zone, one of SIGNALS, or one in the short form of data/zones.yaml."""
    level = part.number("level", math.nan, -60.0, 3.0)
    if part.what in ANSWER_TONES:
        turned, depth = ANSWER_TONES[part.what]
        return _answer_tone(part.number("seconds", ANSWER_SECONDS, 0.01, MAX_SECONDS), turned, depth,
                            LEVEL if math.isnan(level) else level)
    if part.what in TONES:
        tone = zone.tone(part.what)
    elif part.what in SIGNALS:
        tone = parse_tone(part.what, SIGNALS[part.what])
    elif part.what[:1].isdigit():
        tone = parse_tone("given", part.what)
    else:
        raise ValueError(f"there is no tone {part.what!r}; there are {', '.join([*TONES, *SIGNALS, *ANSWER_TONES])}, "
                         "and the short form f1+f2@level/ms,0/ms")
    if not math.isnan(level):
        tone = Tone(tone.name, tuple(replace(step, level=level) for step in tone.steps), tone.rounds)
    return dsp.render_tone(tone, part.number("seconds", _natural(tone), 0.01, MAX_SECONDS))


def _natural(tone: Tone) -> float:
    """How long a tone is made if nobody says: its rounds; without end, 3 s or two rounds: enough for an ear."""
    once = sum(step.seconds for step in tone.steps)
    if tone.rounds:
        return min(once * tone.rounds, MAX_SECONDS)
    return 3.0 if math.isinf(once) else max(3.0, 2.0 * once)


def _answer_tone(seconds: float, turned: bool, depth: float, level: float) -> bytes:
    """2100 Hz with phase reversals, or amplitude modulation, or both."""
    peak, step, wobble = amplitude(level), 2.0 * math.pi * 2100.0 / RATE, 2.0 * math.pi * WOBBLE / RATE
    count, turn = samples(seconds), samples(TURN)
    made = array("h")
    for n in range(count):
        sign = -1.0 if turned and n // turn % 2 else 1.0
        fade = min(1.0, (n + 1) / dsp.FADE, (count - n) / dsp.FADE)
        made.append(_clip(fade * sign * peak * (1.0 + depth * math.sin(wobble * n)) * math.sin(step * n)))
    return made.tobytes()


def _digits(part: Part, zone: Zone, noise: Noise) -> bytes:
    """DTMF: on and off in ms, level of each tone, twist in dB (positive: the high group is louder, by so much)."""
    on, off = part.number("on", 100.0, 5.0, 10_000.0) / 1000, part.number("off", 100.0, 0.0, 10_000.0) / 1000
    level, twist = part.number("level", DTMF_LEVEL, -60.0, 3.0), part.number("twist", 0.0, -30.0, 30.0)
    if not part.what:
        raise ValueError("digits: which? as in digits:159#")
    made = []
    for digit in part.what:
        if digit == ",":
            made.append(bytes(2 * samples(dsp.DIGIT_PAUSE)))
            continue
        place = DIGITS.find(digit.upper())
        if place < 0:
            raise ValueError(f"{digit!r} is no DTMF digit; there are 0-9 * # A B C D and ',' for a pause of one second")
        made.append(_digit(place, on, level - twist / 2, level + twist / 2) + bytes(2 * samples(off)))
    return b"".join(made)


def _digit(place: int, on: float, low: float, high: float) -> bytes:
    if low == high:
        tone = Tone("digit", (ToneStep((ROWS[place // 4], COLUMNS[place % 4]), on, low),), 1)
        return dsp.render_tone(tone, on)
    parts = [array("h", dsp.render_tone(Tone("digit", (ToneStep((hz,), on, level),), 1), on))
             for hz, level in ((ROWS[place // 4], low), (COLUMNS[place % 4], high))]
    return array("h", map(_clip, map(sum, zip(*parts, strict=True)))).tobytes()


def _fsk(part: Part, zone: Zone, noise: Noise) -> bytes:
    """Caller ID data in hexadecimal, type and checksum included; nothing is added but seizure and mark."""
    try:
        data = bytes.fromhex(part.what)
    except ValueError:
        raise ValueError(f"fsk: {part.what[:40]!r} is not bytes in hexadecimal") from None
    if not 1 <= len(data) <= 258:
        raise ValueError(f"fsk: a message has 1 to 258 bytes, not {len(data)}")
    seizure = part.options.get("seizure", "yes")
    if seizure not in ("yes", "no"):
        raise ValueError(f"fsk: seizure is yes or no, not {seizure!r}")
    return dsp.render_fsk(data, part.options.get("standard", zone.fsk), seizure=seizure == "yes",
                          level=part.number("level", dsp.FSK_LEVEL, -60.0, 3.0))


def _noise(part: Part, zone: Zone, noise: Noise) -> bytes:
    seconds = number("noise", part.what, 0.001, MAX_SECONDS)
    level = part.number("level", -30.0, -90.0, 3.0)
    return array("h", map(_clip, noise.samples(samples(seconds), level))).tobytes()


def _silence(part: Part, zone: Zone, noise: Noise) -> bytes:
    return bytes(2 * samples(number("silence", part.what, 0.0, MAX_SECONDS)))


_Maker = Callable[[Part, Zone, Noise], bytes]
_KINDS: Mapping[str, tuple[_Maker, frozenset[str]]] = {
    "tone": (_tone, frozenset({"seconds", "level"})),
    "digits": (_digits, frozenset({"on", "off", "level", "twist"})),
    "fsk": (_fsk, frozenset({"standard", "seizure", "level"})),
    "noise": (_noise, frozenset({"level"})),
    "silence": (_silence, frozenset()),
}
