"""A corpus of answered calls, made from seeds: voices, their words, what is behind them, lines bad in known ways."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from corpus_voices import DEVELOP, FAMILIES, PROVE, TEXTS, TRAIN, VARIANTS, Speaker, missing
from scipy.signal import butter, sosfilt

from ccappliance.base.units import RATE, amplitude
from ccappliance.media import dsp

BAND = butter(4, (300, 3400), "bandpass", fs=RATE, output="sos")
NARROW = butter(3, (350, 2600), "bandpass", fs=RATE, output="sos")  # a cheap machine's tape or chip
DULL = butter(1, 500, fs=RATE, output="sos")  # the spectrum of rooms and streets
__all__ = ["DEVELOP", "FAMILIES", "PROVE", "TEXTS", "TRAIN", "VARIANTS", "Call", "Speaker", "call", "calls", "missing"]
KINDS = ("human", "machine", "carrier", "fax")
SHARES = (0.52, 0.32, 0.14, 0.02)


@dataclass(frozen=True)
class Call:
    """What is heard from the answer on, int16 at 8 kHz, and the truth about it."""

    kind: str
    pcm: bytes
    speaks: float  # seconds from the answer to the first word; nan: none
    ends: float  # seconds to the end of the greeting, beep included; inf: it never ends
    beep: tuple[float, float, float] | None  # Hz, begin, end
    noise: float  # dBm0
    language: str
    voice: str
    family: str


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE))


def tone(hz: float, seconds: float, level: float) -> np.ndarray:
    """A sine with edges of 3 ms."""
    n = round(seconds * RATE)
    ramp = np.minimum(1.0, np.minimum(np.arange(n), np.arange(n)[::-1]) / 24)
    return amplitude(level) * ramp * np.sin(2 * np.pi * hz / RATE * np.arange(n))


def special_information(rng: np.random.Generator, level: float) -> np.ndarray:
    """E.180's three tones: 950, 1400, 1800 Hz of 330 ms, ±50 Hz and ±70 ms."""
    return np.concatenate([tone(hz + rng.uniform(-40, 40), 0.33 + rng.uniform(-0.05, 0.05), level)
                           for hz in (950, 1400, 1800)])


# ---- lines ----


def noise_of(rng: np.random.Generator, n: int, level: float, dull: bool) -> np.ndarray:
    x = rng.standard_normal(n)
    if dull:
        x = sosfilt(DULL, x)
    return x * (amplitude(level) / np.sqrt(2) / np.sqrt((x**2).mean()))


def echoed(x: np.ndarray, milliseconds: float, level: float) -> np.ndarray:
    late = round(milliseconds * RATE / 1000)
    y = x.copy()
    y[late:] += x[:len(x) - late] * 10 ** (level / 20)
    return y


def hum(rng: np.random.Generator, n: int, level: float) -> np.ndarray:
    """50 Hz and its odd harmonics."""
    t = np.arange(n) / RATE
    return sum(amplitude(level - 8 * k) * np.sin(2 * np.pi * 50 * (2 * k + 1) * t + rng.uniform(0, 6.28))
               for k in range(4))


def impulses(rng: np.random.Generator, n: int, a_second: float) -> np.ndarray:
    x = np.zeros(n)
    for at in rng.integers(0, n - 40, rng.poisson(a_second * n / RATE)):
        x[at:at + 40] += rng.choice((-1, 1)) * amplitude(rng.uniform(-15, 0)) * np.exp(-np.arange(40) / 6)
    return x


def slipped(rng: np.random.Generator, x: np.ndarray, a_minute: float) -> np.ndarray:
    """Frames of 125 µs or 1 ms are lost or doubled where clocks disagree; the length stays."""
    parts, at = [], 0
    for where in sorted(rng.integers(0, len(x), rng.poisson(a_minute * len(x) / RATE / 60))):
        parts.append(x[at:where])
        at = max(0, where + int(rng.choice((-8, -1, 1, 8))))
    y = np.concatenate([*parts, x[at:], np.zeros(64)])
    return y[:len(x)]


def through_line(rng: np.random.Generator, x: np.ndarray, noise: float, *, dull: bool = False,
                 plain: bool = False) -> bytes:
    """A line with all its habits; `plain`: band and noise only. A-law twice."""
    x = sosfilt(BAND, x)
    if not plain:
        if rng.random() < 0.5:
            x = echoed(x, rng.uniform(5, 40), rng.uniform(-40, -15))
        if rng.random() < 0.3:
            x = x + hum(rng, len(x), rng.uniform(-60, -38))
        if rng.random() < 0.2:
            x = x + impulses(rng, len(x), rng.uniform(0.1, 2))
        if rng.random() < 0.2:
            x = slipped(rng, x, rng.uniform(1, 20))
    x = x + noise_of(rng, len(x), noise, dull)
    once = dsp.through_alaw(np.clip(np.rint(x), -32768, 32767).astype("<i2").tobytes())
    again = np.frombuffer(once, "<i2") * 10 ** (rng.uniform(-2, 0) / 20)
    return dsp.through_alaw(np.clip(np.rint(again), -32768, 32767).astype("<i2").tobytes())


# ---- what is heard besides ----


def music(rng: np.random.Generator, n: int) -> np.ndarray:
    """Chords and a tune of plucked harmonics, as loud as a sine at 0 dBm0."""
    x = np.zeros(n)
    beat = round(rng.uniform(0.22, 0.6) * RATE)
    root = rng.uniform(110, 260)
    for at in range(0, n, beat):
        t = np.arange(min(beat, n - at)) / RATE
        for hz in root * 2 ** (rng.choice((0, 2, 4, 5, 7, 9, 11, 12, 16, 19), 3, replace=False) / 12):
            for k in range(1, 6):
                x[at:at + len(t)] += np.sin(2 * np.pi * hz * k * t + rng.uniform(0, 6)) * np.exp(-t * 2 * k) / k
    return x * (amplitude(0.0) / np.sqrt(2) / (np.sqrt((x**2).mean()) + 1e-9))


def behind(rng: np.random.Generator, n: int, part: int) -> np.ndarray:
    """A room: music, a television, people who talk; about 0 dBm0."""
    what = rng.random()
    if what < 0.35:
        return music(rng, n)
    x = np.zeros(n)
    for _ in range(1 if what < 0.6 else 4):
        at, other = int(rng.integers(0, RATE)), Speaker(rng, part)
        while at < n:
            said = other.says("machine")[:n - at]
            x[at:at + len(said)] += said
            at += len(said) + int(rng.uniform(0.1, 1.0) * RATE)
    return x / (1 if what < 0.6 else 2)


def click(rng: np.random.Generator) -> np.ndarray:
    """A handset is lifted, a relay falls."""
    n = int(rng.uniform(0.004, 0.06) * RATE)
    return rng.standard_normal(n) * np.exp(-np.arange(n) / (n / 5)) * amplitude(rng.uniform(-30, -8))


def before_answer(rng: np.random.Generator, parts: list[np.ndarray], level: float) -> float:
    """Puts the end of a ringback or a click before what is said; answers the seconds it took."""
    first: list[np.ndarray] = []
    if rng.random() < 0.12:
        hz = rng.choice((450.0, 425.0))
        first += [tone(hz, rng.uniform(0.05, 0.7), level - 3), quiet(rng.uniform(0.02, 0.3))]
    if rng.random() < 0.25:
        first.append(click(rng))
    parts[:0] = first
    return sum(map(len, first)) / RATE


# ---- calls ----


def _human(rng: np.random.Generator, speaker: Speaker) -> tuple[list[np.ndarray], float]:
    late = (rng.uniform(0.1, 0.8), rng.uniform(0.3, 1.5), rng.uniform(1.5, 3.5))
    delay = float(rng.choice(late, p=(0.73, 0.23, 0.04)))
    parts = [quiet(delay)]
    what = rng.random()
    if what < 0.15:
        parts.append(speaker.says("office"))
    elif what < 0.3:
        parts += [speaker.says("human"), quiet(rng.uniform(0.25, 0.7)), speaker.says("human")]
    else:
        parts.append(speaker.says("human"))
    while sum(map(len, parts)) < 9 * RATE:
        parts += [quiet(rng.uniform(1.2, 3.0)), speaker.says("human")]
    return parts, delay


def _machine(rng: np.random.Generator, speaker: Speaker,
             level: float) -> tuple[list[np.ndarray], float, float, tuple[float, float, float] | None]:
    delay = float(rng.uniform(0.1, 2.2))
    attendant = bool(rng.random() < 0.18)
    said = speaker.says("attendant" if attendant else "machine") * 10 ** (level / 20)
    gap = rng.uniform(0.2, 1.4)
    if rng.random() < 0.5:
        said = sosfilt(NARROW, said)
    played = np.concatenate([quiet(rng.uniform(0.05, 0.3)), said, quiet(gap)])
    if rng.random() < 0.6:  # the recording brings its own noise
        played = played + noise_of(rng, len(played), rng.uniform(-58, -36), bool(rng.random() < 0.5))
    if rng.random() < 0.12:  # and its own room
        played = played + behind(rng, len(played), speaker.part) * 10 ** ((level - rng.uniform(14, 28)) / 20)
    parts = [quiet(delay), played]
    if attendant or rng.random() > 0.85:
        return [*parts, quiet(2.5)], delay, delay + (len(played) / RATE) - gap, None
    hz, length = float(rng.uniform(380, 2050)), float(rng.uniform(0.18, 1.0))
    begin = sum(map(len, parts)) / RATE
    parts += [tone(hz, length, level + rng.uniform(-6, 3)), quiet(2.5)]
    return parts, delay, begin + length, (hz, begin, begin + length)


def _carrier(rng: np.random.Generator, speaker: Speaker, level: float) -> tuple[list[np.ndarray], float]:
    delay = float(rng.uniform(0.05, 0.7))
    parts = [quiet(delay)]
    if rng.random() < 0.35:
        parts += [special_information(rng, level), quiet(rng.uniform(0.05, 0.5))]
    while sum(map(len, parts)) < 9 * RATE:
        parts += [speaker.says("carrier") * 10 ** (level / 20), quiet(rng.uniform(0.6, 1.6))]
    return parts, delay


def _fax(rng: np.random.Generator, level: float) -> list[np.ndarray]:
    ced = tone(2100 + rng.uniform(-14, 14), rng.uniform(2.6, 4.0), level)
    if rng.random() < 0.5:  # T.30 §4.3.1, V.25: the phase turns over every 450 ms
        ced *= np.where(np.arange(len(ced)) // 3600 % 2, -1.0, 1.0)
    return [quiet(rng.uniform(0.3, 2.0)), ced, quiet(2.0)]


def call(seed: int, part: int, *, kind: str = "", noise: float | None = None, plain: bool = False,
         family: str = "espeak", language: str = "") -> Call:
    """One call of a seed; the parts share neither voice nor text. What else is given is so, and not left to chance."""
    rng = np.random.default_rng((seed, part))
    kind = kind or str(rng.choice(KINDS, p=SHARES))
    speaker = Speaker(rng, part, family, language)
    level = rng.uniform(-22, -9)
    dirt = float(rng.choice((rng.uniform(-68, -45), rng.uniform(-45, -34), rng.uniform(-34, -25)), p=(0.5, 0.28, 0.22)))
    dirt = noise if noise is not None else dirt
    level = max(level, min(dirt + 12.0, -9.0))  # who is not heard over the noise is no test
    begins, ends, beep = float("nan"), float("inf"), None
    if kind == "human":
        parts, begins = _human(rng, speaker)
        parts = [part * 10 ** (level / 20) for part in parts]
    elif kind == "machine":
        parts, begins, ends, beep = _machine(rng, speaker, level)
    elif kind == "carrier":
        parts, begins = _carrier(rng, speaker, level)
        dirt = min(dirt, -50.0) if noise is None else dirt  # it comes from the exchange
    else:
        parts = _fax(rng, level)
    if not plain and kind != "fax":
        late = before_answer(rng, parts, level)
        begins, ends = begins + late, ends + late
        beep = beep and (beep[0], beep[1] + late, beep[2] + late)
    x = np.concatenate(parts)
    if kind == "human" and not plain and rng.random() < 0.22:
        x = x + behind(rng, len(x), part) * 10 ** ((level - rng.uniform(12, 28)) / 20)
    pcm = through_line(rng, x, dirt, dull=bool(rng.random() < 0.4), plain=plain)
    return Call(kind, pcm, begins, ends, beep, dirt, speaker.language, speaker.voice, family)


def calls(first: int, count: int, part: int, **given: object) -> Iterator[Call]:
    for seed in range(first, first + count):
        yield call(seed, part, **given)  # type: ignore[arg-type]
