"""Speech made fit for the line: trimmed, levelled, faded. Plain Python, for work done before the calls come.

Signals are sequences of samples in int16 units, 8 kHz, mono.
"""

import math
import sys
from array import array
from collections.abc import Sequence
from operator import mul

from ccappliance.base.units import FRAME, RATE, dbm0

SILENCE_DB = -40.0  # frames this far below the loudest one are silence at the edges
ACTIVE_DB = -25.0  # frames above this, relative to the loudest one, count for the active level (as P.56 intends)
LEAD = RATE * 20 // 1000  # samples kept before the first sound: plosives begin softly
TRAIL = RATE * 50 // 1000  # samples kept after the last: a pause between joined fragments
FADE = RATE * 4 // 1000  # samples over which both edges are faded, so that joined sounds do not click
PEAK = 30000.0  # no sample may be louder: A-law clips at full scale


def trim(signal: Sequence[float]) -> list[float]:
    """Without the silence before and after; an all-silent signal becomes empty."""
    levels = _frame_rms(signal)
    loudest = max(levels, default=0.0)
    if loudest < 1.0:
        return []
    limit = loudest * 10.0 ** (SILENCE_DB / 20.0)
    loud = [index for index, level in enumerate(levels) if level > limit]
    begin = max(0, loud[0] * FRAME - LEAD)
    end = min(len(signal), (loud[-1] + 1) * FRAME + TRAIL)
    return list(signal[begin:end])


def level(signal: Sequence[float], target: float) -> list[float]:
    """Brought to `target` dBm0 RMS over its active frames, less if a peak would clip."""
    before = active_level(signal)
    if before <= dbm0(0.0):
        return list(signal)
    gain = 10.0 ** ((target - before) / 20.0)
    peak = max(abs(sample) for sample in signal) * gain
    if peak > PEAK:
        gain *= PEAK / peak
    return [sample * gain for sample in signal]


def active_level(signal: Sequence[float]) -> float:
    """dBm0 RMS over the active frames; -99: silence."""
    levels = _frame_rms(signal)
    limit = max(levels, default=0.0) * 10.0 ** (ACTIVE_DB / 20.0)
    active = [one for one in levels if one > limit]
    return dbm0(math.sqrt(sum(one * one for one in active) / len(active))) if active else dbm0(0.0)


def to_pcm(signal: Sequence[float]) -> bytes:
    """int16 little endian with faded edges."""
    samples = array("h", (max(-32767, min(32767, round(sample))) for sample in signal))
    edge = min(FADE, len(samples) // 2)
    for index in range(edge):
        samples[index] = samples[index] * index // edge
        samples[-1 - index] = samples[-1 - index] * index // edge
    return little_endian(samples)


def little_endian(samples: "array[int]") -> bytes:
    """Bytes of int16 samples, the same on every machine."""
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    return samples.tobytes()


def from_pcm(pcm: bytes) -> "array[int]":
    """The opposite of `little_endian`."""
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def polish(pcm: bytes, target: float) -> bytes:
    """Everything: trimmed, at `target` dBm0, faded; PCM as in `Sound`. Empty if there is nothing but silence."""
    return to_pcm(level(trim(from_pcm(pcm)), target))


def _frame_rms(signal: Sequence[float]) -> list[float]:
    levels = []
    for start in range(0, len(signal), FRAME):
        frame = signal[start:start + FRAME]
        levels.append(math.sqrt(sum(map(mul, frame, frame)) / len(frame)))
    return levels
