"""Sounds for measuring: tones, digits, cadences, FSK and syllables of any phase, in noise, through A-law.

Levels are dBm0 of each sine, noise's those of a sine of the same power; a signal to noise ratio is over the whole band.
"""

import math
from collections.abc import Sequence

from ccappliance.base.units import RATE, amplitude
from ccappliance.media import dsp
from ccappliance.media._stretch import Stretch, power_of
from ccappliance.media.accuracy.trials import Chance
from ccappliance.media.tones import COLUMNS, DIGITS, ROWS

__all__ = ["Stretch", "power_of"]
FSK_HZ = {"v23": (1300.0, 2100.0), "bell202": (1200.0, 2200.0)}
BAUD = 1200.0


def line(stretch: Stretch) -> bytes:
    """What arrives of it on an A-law line."""
    return dsp.through_alaw(stretch.pcm())


def rms(level: float) -> float:
    return amplitude(level) / math.sqrt(2.0)


def phase(chance: Chance) -> float:
    return chance.number(0.0, 2.0 * math.pi)


def noise(chance: Chance, stretch: Stretch, level: float) -> None:
    """White noise over all of it."""
    stretch.noise(chance.seed(), rms(level), 0, stretch.n)


def digit(chance: Chance, stretch: Stretch, which: str, at: int, count: int, low: float, high: float,
          off: float = 0.0) -> None:
    """DTMF of random phases; `low` and `high` in dBm0, `off`: relative deviation of both frequencies."""
    place = DIGITS.index(which)
    for hz, level in ((ROWS[place // 4], low), (COLUMNS[place % 4], high)):
        stretch.sine(hz * (1.0 + off), amplitude(level), phase(chance), at, count)


def tone(chance: Chance, stretch: Stretch, hz: Sequence[float], level: float, at: int, count: int) -> None:
    """Sines together; `level` is that of all of them."""
    each = amplitude(level - 10.0 * math.log10(len(hz)))
    for one in hz:
        stretch.sine(one, each, phase(chance), at, count)


def cadence(chance: Chance, hz: Sequence[float], level: float, on: int, off: int, rounds: int, *, lead: int = 0,
            skip: int = 0) -> Stretch:
    """Rounds of on and off (samples) after `lead` samples of silence, the first `skip` samples of them left out."""
    stretch = Stretch(lead + rounds * (on + off) - skip)
    for k in range(rounds):
        begin = k * (on + off) - skip
        tone(chance, stretch, hz, level, lead + max(0, begin), on + min(0, begin))
    return stretch


def fsk(chance: Chance, data: bytes, standard: str, level: float, *, speed: float = 1.0) -> Stretch:
    """One message as an exchange sends it (EN 300 659-1): seizure, mark, bytes, mark; at any speed."""
    bits = [0, 1] * 150 + [1] * 180
    for byte in data:
        bits += [0, *(byte >> k & 1 for k in range(8)), 1]
    bits += [1] * 10
    mark, space = FSK_HZ[standard]
    lead = 800 + chance.whole(160)
    stretch = Stretch(lead + int(len(bits) * RATE / (BAUD * speed)) + 800)
    peak = amplitude(level)
    stretch.keyed(bytes(bits), BAUD * speed, mark, space, peak, peak, phase(chance), lead)
    return stretch


def syllable(chance: Chance, stretch: Stretch, at: int, count: int, level: float) -> None:
    """A vowel: a gliding glottis through three formants, as loud as a sine at `level` dBm0."""
    made = Stretch(count)
    pitch = chance.number(85.0, 250.0)
    made.pulses(pitch, pitch * chance.number(0.8, 1.2), 1000.0, 0, count)
    for low, high, width in ((280.0, 850.0, 90.0), (900.0, 2300.0, 120.0), (2400.0, 3100.0, 200.0)):
        made.resonate(chance.number(low, high), width, 0, count)
    made.edges(120, 0, count)
    stretch.add(made, rms(level) / math.sqrt(made.power(0, count) + 1e-12), at)


def chatter(chance: Chance, count: int, level: float) -> Stretch:
    """Syllables and pauses, three or four a second, each of its own loudness: speech to an ear, sense to nobody."""
    stretch = Stretch(count)
    at = chance.whole(1600)
    while at < count:
        length = 800 + chance.whole(2000)
        syllable(chance, stretch, at, length, level + chance.number(-8.0, 3.0))
        at += length + (chance.whole(400) if chance.whole(5) else 2000 + chance.whole(6000))
    return stretch


def vowel_of_digits(chance: Chance, count: int) -> Stretch:
    """A voice whose two formants lie in the groups of DTMF, narrower than any throat's, like a digit."""
    made = Stretch(count)
    made.pulses(chance.number(90.0, 420.0), chance.number(90.0, 420.0), 1000.0, 0, count)
    for low, high in ((600.0, 1000.0), (1150.0, 1700.0)):
        made.resonate(chance.number(low, high), chance.number(20.0, 90.0), 0, count)
    made.edges(count // 6, 0, count)
    return made


def chord_of_digits(chance: Chance, count: int) -> Stretch:
    """Two sines that glide through the groups of DTMF, at times with a third."""
    made, turns = Stretch(count), count // 1600 + 2
    voices = [(650.0, 1000.0, 1.0), (1150.0, 1700.0, chance.number(0.5, 1.5))]
    if chance.whole(2):
        voices.append((200.0, 3000.0, chance.number(0.0, 0.5)))
    for low, high, peak in voices:
        made.glide([chance.number(low, high) for _ in range(turns)], peak, 1600, 0, count)
    return made


def scaled(made: Stretch, level: float) -> float:
    """The factor that brings its peak to that of a sine at `level`."""
    return amplitude(level) / (made.peak(0, made.n) + 1e-9)
