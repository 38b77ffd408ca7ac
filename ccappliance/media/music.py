"""Sounds made by computation: the hold music, a quiet piece of our own, and the beep. The same samples everywhere.

The music is four bars of plucked chords and a melody, added up on a ring as long as the piece, so that a note which
rings beyond the end rings into the beginning: the loop has no seam. Pitches stay clear of 450 Hz (the dial and busy
tone of China) and no strong pair of partials lies on a DTMF digit: a fundamental of a melody note never meets one of
the high group above -20 dB. All is told by tests/media/test_music.py's detectors.
"""

import math
from array import array

from ccappliance.base.units import RATE, amplitude, dbm0
from ccappliance.media.polish import little_endian

MUSIC_DBM0 = -20.0  # RMS: a waiting caller listens for long, and speech at -16 must stand out
BEEP_HERTZ = 1000.0
BEEP_SECONDS = 0.35
BEEP_DBM0 = -13.0
BEAT = 0.5  # seconds; the piece has 48 beats: 24 s
BEATS = 48

_PITCH = {"C3": 130.81, "D3": 146.83, "E3": 164.81, "F3": 174.61, "G3": 196.00, "A3": 220.00,
          "C4": 261.63, "D4": 293.66, "E4": 329.63, "F4": 349.23, "G4": 392.00, "C5": 523.25, "D5": 587.33,
          "E5": 659.26}

# Per group of six beats: a bass note, the broken chord above it, and a melody of (beat within the group, pitch).
_GROUPS = (
    ("C3", ("G3", "C4", "E4"), ((0, "E5"), (2, "D5"), (3, "C5"))),
    ("A3", ("C4", "E4", "C4"), ((0, "C5"), (3, "G4"))),
    ("F3", ("A3", "C4", "F4"), ((0, "C5"), (2, "D5"), (3, "C5"))),
    ("G3", ("D4", "G4", "D4"), ((0, "D5"), (3, "G4"))),
    ("C3", ("E4", "G4", "C4"), ((0, "G4"), (1, "C5"), (2, "D5"), (3, "E5"))),
    ("E3", ("G3", "C4", "E4"), ((0, "E5"), (4, "D5"))),
    ("D3", ("F3", "A3", "D4"), ((0, "D5"), (2, "C5"), (3, "D5"))),
    ("G3", ("D4", "F4", "G3"), ((0, "G4"), (2, "C5"), (4, "D5"))),
)


def music() -> bytes:
    """The hold music: 24 s of PCM at -20 dBm0 RMS that loops without a click. Takes about a second to compute."""
    ring = [0.0] * round(BEATS * BEAT * RATE)
    for number, (bass, chord, melody) in enumerate(_GROUPS):
        first = number * 6
        _pluck(ring, first, _PITCH[bass], 0.9, 3.0, (1.0, 0.15))
        for beat in range(6):
            _pluck(ring, first + beat, _PITCH[chord[beat % 3]], 0.45, 1.2, (1.0, 0.08))
        for beat, pitch in melody:
            _pluck(ring, first + beat, _PITCH[pitch], 0.7, 1.6, (1.0, 0.05))
    rms = math.sqrt(sum(sample * sample for sample in ring) / len(ring))
    gain = 10.0 ** ((MUSIC_DBM0 - dbm0(rms)) / 20.0)
    return little_endian(array("h", (round(sample * gain) for sample in ring)))


def beep() -> bytes:
    """The beep after which a message is spoken: 1000 Hz, soft at its edges."""
    count = round(BEEP_SECONDS * RATE)
    peak = amplitude(BEEP_DBM0)
    edge = RATE // 100
    return little_endian(array("h", (
        round(peak * min(1.0, index / edge, (count - 1 - index) / edge)
              * math.sin(2.0 * math.pi * BEEP_HERTZ * index / RATE)) for index in range(count))))


def _pluck(ring: list[float], beat: int, pitch: float, loudness: float, seconds: float,
           partials: tuple[float, ...]) -> None:
    """Add one note: 8 ms of attack, exponential decay to -45 dB in `seconds`, wrapped around the end of the ring.

    Each partial is a rotating phasor, one complex multiplication a sample: four times faster than a sine each.
    """
    start = round(beat * BEAT * RATE)
    count = round(seconds * RATE)
    attack = RATE * 8 // 1000
    decay = math.exp(-5.2 / count)
    size = len(ring)
    for order, weight in enumerate(partials, 1):
        angle = 2.0 * math.pi * pitch * order / RATE
        turn = complex(math.cos(angle), math.sin(angle)) * decay
        phasor = complex(1.0, 0.0) * loudness * weight
        for index in range(count):
            phasor *= turn
            value = phasor.imag
            if index < attack:
                value *= index / attack
            elif index > count - attack:
                value *= (count - index) / attack
            ring[(start + index) % size] += value
