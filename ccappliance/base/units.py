"""The units of the house: seconds are floats, samples and ticks integers, levels dBm0."""

import math

RATE = 8000  # samples per second, everywhere inside
FRAME = 160  # samples in a frame: 20 ms
TICK = FRAME / RATE  # seconds

# G.711 table: a full-scale sine has +3.14 dBm0 in A-law; int16 inside is scaled so that 32767 is full scale.
FULL_SCALE_DBM0 = 3.14


def amplitude(dbm0: float) -> float:
    """Peak amplitude in int16 units of a sine at `dbm0`."""
    return 32767.0 * math.pow(10.0, (dbm0 - FULL_SCALE_DBM0) / 20.0)


def dbm0(rms: float) -> float:
    """Level of a signal with this RMS in int16 units; silence is -99."""
    return -99.0 if rms <= 0.0 else max(-99.0, 20.0 * math.log10(rms * math.sqrt(2.0) / 32767.0) + FULL_SCALE_DBM0)


def samples(seconds: float) -> int:
    return round(seconds * RATE)
