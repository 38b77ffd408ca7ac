"""Learns a tone from a sample of it: frequencies, and how long it is on and off, as a pattern the ears recognise.

For exchanges whose busy or reorder tone is not the one of their country. What is learned is written as YAML, as it
stands under a zone's `recognised` (data/zones.yaml).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul
from statistics import median

from ccappliance.base.units import RATE, dbm0
from ccappliance.media.analysis_track import FLOOR, HOP, Run, Track
from ccappliance.media.tones import Recognised

LEAST, MOST = 200, 3600  # Hz that are looked at: mains hum is below, the telephone's band ends above
GRID = 5  # Hz between two lines
SECOND_TONE = 10.0  # dB a second frequency may be below the first: the twist an ear for progress allows
APART = 25  # Hz between two frequencies of one tone: Japan's ringback has 32
CONTINUOUS = 1.5  # seconds of one run that make a continuous tone
SPREAD = 0.12  # by which ons, and offs, of one cadence may differ: the ear allows 10 % to either side
HELD = 0.7  # share of the energy one or two sines must hold


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned, and how well."""

    pattern: Recognised
    cycles: int  # whole ons it was learned from
    spread: float  # largest deviation of an on or off from their median, as a share
    level: float  # dBm0

    def yaml(self) -> str:
        """One line, as it stands under `recognised` of a zone."""
        one = self.pattern
        return (f"{one.name}: {{hz: [{', '.join(f'{hz:g}' for hz in one.hz)}], "
                f"on_ms: {one.on_ms}, off_ms: {one.off_ms}}}")


def learn(pcm: bytes, name: str) -> Learned:
    """Learn the tone that sounds in `pcm` (int16 little endian, 8 kHz), to be known as `name`.

    ValueError says why it cannot be learned: too short, no tone, or more than one cadence.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ValueError(f"{name!r} is no name for a tone; expected letters, digits and _, as in busy")
    track = Track(pcm)
    lines = frequencies(track)
    runs = track.runs(lines)
    if not runs:
        raise ValueError("no tone is heard for long enough; give a recording of the tone alone")
    level = dbm0(math.sqrt(max(track.power(run.start // HOP + 1, run.end // HOP - 1) for run in runs)))
    hz = tuple(float(line) for line in lines)
    whole = _whole(runs, len(track.samples))
    if len(runs) == 1 and runs[0].ms >= CONTINUOUS * 1000:
        return Learned(Recognised(name, hz, min(1000, 5 * round(runs[0].ms / 5)), 0), 1, 0.0, level)
    offs = [(after.start - before.end) * 1000 / RATE for before, after in pairwise(runs)]
    if len(whole) < 2 or len(offs) < 2:
        raise ValueError(f"the tone comes only {len(whole)} times; record at least three")
    on, on_spread = _one_length("sounds", [run.ms for run in whole])
    longest = max(offs)
    pauses = [off for off in offs if off > longest * (1.0 - 2.0 * SPREAD)]
    if len(pauses) < len(offs) and (len(pauses) < 2 or max(set(offs) - set(pauses)) * 2 > longest):
        raise ValueError(f"its pauses differ, {min(offs):.0f} to {longest:.0f} ms: that is no single cadence")
    off, off_spread = _one_length("pauses", pauses)
    return Learned(Recognised(name, hz, on, off), len(whole), round(max(on_spread, off_spread), 3), level)


def _whole(runs: Sequence[Run], end: int) -> list[Run]:
    """Those that neither the recording nor whoever began and ended it has cut."""
    margin = RATE // 50
    whole = [run for run in runs if run.start > margin and run.end < end - margin]
    usual = median([run.ms for run in whole] or [0.0]) * (1.0 - SPREAD)
    if len(whole) >= 3 and whole[-1].ms < usual:
        whole.pop()
    if len(whole) >= 3 and whole[0].ms < usual:
        whole.pop(0)
    return whole


def _one_length(what: str, lengths: Sequence[float]) -> tuple[int, float]:
    """Their median in whole 5 ms, and the largest deviation from it."""
    middle = median(lengths)
    spread = max(abs(length - middle) for length in lengths) / middle
    if spread > SPREAD and max(abs(length - middle) for length in lengths) > 15.0:
        raise ValueError(f"it {what} for {min(lengths):.0f} to {max(lengths):.0f} ms: that is no single cadence")
    return max(5, 5 * round(middle / 5)), spread


def frequencies(track: Track) -> tuple[int, ...]:
    """The one or two frequencies of the tone, in Hz. ValueError if it is no tone."""
    first, last = _loudest(track)
    x = track.samples[first * HOP:last * HOP]
    n = len(x)
    hann = [0.5 - 0.5 * math.cos(2.0 * math.pi * (k + 0.5) / n) for k in range(n)]
    shaped = list(map(mul, x, hann))

    def power(hz: int) -> float:
        step = 2.0 * math.pi * hz / RATE
        re: float = sum(map(mul, shaped, [math.cos(step * k) for k in range(n)]))
        im: float = sum(map(mul, shaped, [math.sin(step * k) for k in range(n)]))
        return 2.0 * (re * re + im * im) / (0.5 * n) ** 2  # mean square of the sine: the window's mean is one half

    spectrum = {hz: power(hz) for hz in range(LEAST, MOST + 1, GRID)}
    best = max(spectrum, key=lambda hz: spectrum[hz])
    peaks = [hz for hz in spectrum if spectrum[hz] >= spectrum.get(hz - GRID, 0.0) and
             spectrum[hz] >= spectrum.get(hz + GRID, 0.0) and abs(hz - best) >= APART and
             spectrum[hz] > spectrum[best] / 10 ** (SECOND_TONE / 10)]
    chosen = [best, *([max(peaks, key=lambda hz: spectrum[hz])] if peaks else [])]
    found = tuple(sorted(max(range(hz - GRID, hz + GRID + 1), key=power) for hz in chosen))
    held = sum(map(power, found))
    if held < HELD * track.power(first, last):
        share = held / max(track.power(first, last), 1.0)
        raise ValueError("what sounds is no tone of one or two frequencies: the best, "
                         f"{' and '.join(map(str, found))} Hz, hold {share:.0%} of it")
    return found


def _loudest(track: Track) -> tuple[int, int]:
    """The hops of a loud stretch of 200 ms, or of as much as sounds at a time."""
    power = [track.power(k, k + 1) for k in range(track.hops)]
    loud = sorted(power)[int(len(power) * 0.95)] if power else 0.0
    if loud < FLOOR:
        raise ValueError("nothing sounds in it")
    stretches: list[list[int]] = []
    for k, one in enumerate(power):
        if one < loud / 4:
            continue
        if stretches and k - stretches[-1][1] <= 4:  # two sines beat: a dent of 20 ms is within the tone
            stretches[-1][1] = k + 1
        else:
            stretches.append([k, k + 1])
    first, last = max(stretches, key=lambda one: one[1] - one[0])
    if last - first < 8:
        raise ValueError("no sound in it lasts 40 ms")
    middle = (first + last) // 2
    half = min(20, (last - first) // 2 - 1)
    return middle - half, middle + half
