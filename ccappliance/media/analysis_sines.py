"""What is a single sine: special information tones, fax and modem tones, and the beep of a machine.

A sine satisfies x[n] + x[n-2] = c·x[n-1] with c = 2·cos(2π·hz/rate). In windows of 20 ms every 10 ms the best c gives
a frequency, and what remains gives its purity; stretches of steady frequency are then measured coherently.
Works down to about 8 dB signal to noise.
"""

import cmath
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import add, mul
from statistics import median

from ccappliance.base.units import RATE
from ccappliance.media.analysis_track import FLOOR, HOP, Event, Run, Taken, Track
from ccappliance.media.tones import SAME_HZ, Zone

BLOCK = 4  # hops of a window: 20 ms
STRIDE = 2  # hops between two: 10 ms
IMPURE = 0.25  # share that may remain: white noise 6 dB below the sine leaves 0.25
WANDER = 70.0  # Hz a window may differ from its stretch: noise moves the estimate so far
COHERENT = 0.7  # share one line must hold of 50 ms: a pair, or a vowel, does not reach it
SHORTEST = 60.0  # ms

# E.180: 950, 1400 and 1800 Hz, each ± 50 Hz for 330 ± 70 ms, with at most 30 ms between them
SIT_LINES = (950.0, 1400.0, 1800.0)
SIT_OFF = 57.0  # Hz: and what the segments of SR-2275 need, 913.8 to 985.2
# Telcordia SR-2275: (first high, second high) by what the announcement is about; the third is always 1776.7 Hz
SIT_MEANINGS = {(True, True): "no circuit", (False, False): "intercept", (True, False): "vacant",
                (False, True): "reorder"}


@dataclass(frozen=True, slots=True)
class Sine:
    """A stretch of one sine."""

    run: Run
    hz: float
    level: float
    purity: float  # 0 to 1

    def near(self, hz: float, off: float) -> bool:
        return abs(self.hz - hz) <= off

    def lasts(self, shortest: float, longest: float = math.inf) -> bool:
        return shortest <= self.run.ms <= longest


def sines(track: Track) -> list[Sine]:
    """All stretches of a single sine from 200 Hz up, 60 ms and longer."""
    stretches: list[list[tuple[int, float]]] = []
    for hop in range(0, track.hops - BLOCK + 1, STRIDE):
        hz = _window(track, hop)
        if hz is None:
            continue
        if stretches and hop - stretches[-1][-1][0] <= 2 * STRIDE and abs(
                hz - median([one[1] for one in stretches[-1][-9:]])) < WANDER:
            stretches[-1].append((hop, hz))
        else:
            stretches.append([(hop, hz)])
    least = SHORTEST * RATE / 1000 / HOP
    found = (_measure(track, one) for one in stretches if (len(one) - 1) * STRIDE + BLOCK >= least)
    return [one for one in found if one is not None]


def _window(track: Track, hop: int) -> float | None:
    """The frequency of the sine in 20 ms; None if there is none."""
    if track.power(hop, hop + BLOCK) < FLOOR:
        return None
    x = track.samples[hop * HOP:(hop + BLOCK) * HOP]
    middle = x[1:-1]
    sums = list(map(add, x[:-2], x[2:]))
    power, cross, both = sum(map(mul, middle, middle)), sum(map(mul, middle, sums)), sum(map(mul, sums, sums))
    if power == 0:
        return None
    c = cross / power
    left = (both - c * cross) / ((2.0 + c * c) * power)
    if left > IMPURE:
        return None
    c /= 1.0 - left  # what remains is the share of noise, by which it pulled c towards 0
    if not -1.9 < c < 1.98:  # 180 Hz to 3.6 kHz
        return None
    return math.acos(c / 2.0) * RATE / (2.0 * math.pi)


def _measure(track: Track, windows: Sequence[tuple[int, float]]) -> Sine | None:
    first, last = windows[0][0], windows[-1][0] + BLOCK
    hz = track.true_hz(median([one[1] for one in windows]), first + 1, last - 1)
    if not 200.0 <= hz <= 3600.0:
        return None
    sums = track.coarse(round(hz), first, last)
    shares = []
    for k in range(0, max(1, len(sums) - 9), 5):
        part = sums[k:k + 10]
        held = 2.0 * abs(sum(part)) ** 2 / (len(part) * HOP) ** 2
        shares.append(held / max(track.power(first + k, first + k + len(part)), 1.0))
    purity = min(1.0, median(shares))
    if purity < COHERENT:
        return None
    run = track.exact(first * HOP, last * HOP)
    return Sine(run, hz, track.level(run.start, run.end), purity) if run.ms >= SHORTEST else None


class SpecialInformation:
    """Special information tones. Value: what SR-2275's coding means, or "E.180"."""

    def listen(self, track: Track, found: Sequence[Event]) -> Iterator[Event]:
        stretches = sines(track)
        for a, b, c in zip(stretches, stretches[1:], stretches[2:], strict=False):
            three = (a, b, c)
            close = b.run.start - a.run.end < RATE // 20 and c.run.start - b.run.end < RATE // 20
            if close and all(one.near(hz, SIT_OFF) and one.lasts(200.0, 430.0)
                             for one, hz in zip(three, SIT_LINES, strict=True)):
                yield Event(a.run.start, c.run.end, "sit", _meaning(a.hz, b.hz), max(one.level for one in three),
                            round(min(one.purity for one in three), 2),
                            {"hz": [round(one.hz) for one in three], "ms": [round(one.run.ms) for one in three]})


def _meaning(first: float, second: float) -> str:
    high, high2 = first > 967.5, second > 1414.0
    coded = min(abs(first - 913.8), abs(first - 985.2)) < 17 and min(abs(second - 1370.6), abs(second - 1428.5)) < 13
    return SIT_MEANINGS[high, high2] if coded else "E.180"


class Fax:
    """Fax and modem: CNG, CED and answer tones. Kinds: cng, ced, modem."""

    def listen(self, track: Track, found: Sequence[Event]) -> Iterator[Event]:
        stretches = _left(track, found)
        yield from self._cng([one for one in stretches if one.near(1100.0, 38.0)])  # T.30's CNG: 1100 ± 38 Hz
        for one in stretches:
            if one.near(2100.0, 22.0) and one.lasts(400.0):  # V.25: 2100 ± 15 Hz; and what an old set may be off
                yield from self._answer(track, one)
            elif one.near(2225.0, 22.0) and one.lasts(600.0):
                yield self._event(one, "modem", "Bell 103", one.purity)

    def _cng(self, bursts: Sequence[Sine]) -> Iterator[Event]:
        """0.5 s ± 15 % of 1100 Hz every 3.5 s."""
        bursts = [one for one in bursts if one.lasts(425.0, 575.0)]
        for one in bursts:
            paced = any(3050.0 <= abs(one.run.start - other.run.start) * 1000 / RATE <= 3950.0 for other in bursts)
            yield self._event(one, "cng", "1100", one.purity if paced else 0.7 * one.purity)

    def _answer(self, track: Track, one: Sine) -> Iterator[Event]:
        turns = _reversals(track, one)
        wobble = _wobble(track, one)
        sent = flags(track, one.run.end // HOP, one.run.end // HOP + 4 * RATE // HOP)
        details = {"reversals": len(turns), "am": round(wobble, 2), "fax_flags": sent}
        value = "2100 with phase reversals" if len(turns) >= 2 or (turns and one.run.ms < 1000.0) else "2100"
        whole = 1.0 if one.lasts(2300.0, 5000.0) else 0.75  # T.30: 2.6 to 4.0 s; V.8: up to 5 s
        yield self._event(one, "ced", value, whole * one.purity, details)
        if (len(turns) or wobble >= 0.1) and not sent:  # V.8: 15 Hz, 20 % deep; V.25: turned every 450 ms
            standard = "V.8" if wobble >= 0.1 else "V.25"
            yield self._event(one, "modem", f"{standard} answer tone", whole * one.purity)

    def _event(self, one: Sine, kind: str, value: str, sure: float,
               details: Mapping[str, object] | None = None) -> Event:
        return Event(one.run.start, one.run.end, kind, value, one.level, round(sure, 2),
                     {"hz": round(one.hz, 1), **(details or {})})


def _reversals(track: Track, one: Sine) -> list[int]:
    """Hops at which the phase of a sine turns round."""
    first, last = one.run.start // HOP + 2, one.run.end // HOP - 2
    sums = track.coarse(round(one.hz), first, last)
    drift = sum((b * a.conjugate() for a, b in pairwise(sums)), 0j)
    step = drift / abs(drift) if drift else 1.0
    found: list[int] = []
    for k in range(2, len(sums) - 2):  # the hop in the middle may hold the turn itself
        before, after = sums[k - 2] + sums[k - 1] / step, (sums[k + 1] + sums[k + 2] / step) / step ** 3
        if before and after and abs(cmath.phase(after / before)) > 2.2 and (not found or k - found[-1] > 20):
            found.append(k)
    return found


def _wobble(track: Track, one: Sine) -> float:
    """Depth of a 15 Hz amplitude modulation, 0 to 1."""
    first, last = one.run.start // HOP + 3, one.run.end // HOP - 3
    sizes = [abs(value) for value in track.coarse(round(one.hz), first, last)]
    if len(sizes) < 80:
        return 0.0
    mean = sum(sizes) / len(sizes)
    beat = sum((size - mean) * cmath.exp(-2j * math.pi * 15.0 * k * HOP / RATE) for k, size in enumerate(sizes))
    return 2.0 * abs(beat) / (len(sizes) * mean) if mean else 0.0


def flags(track: Track, first: int, last: int) -> bool:
    """Whether a fax says its preamble: V.21 channel 2, HDLC flags, mostly 1650 Hz, some 1850 Hz (T.30)."""
    run = 0
    for hop in range(first, min(last, track.hops) - 20, 4):
        power = track.power(hop, hop + 20)
        if power < FLOOR:
            run = 0
            continue
        low = sum(track.line_power(1650, k, k + 1) for k in range(hop, hop + 20)) / 20
        high = sum(track.line_power(1850, k, k + 1) for k in range(hop, hop + 20)) / 20
        run = run + 1 if low + high > 0.6 * power and high > 0.06 * power and low > high else 0
        if run >= 10:  # 300 ms of the 850 ms and more that are sent
            return True
    return False


class Beep:
    """The beep of an answering machine: pure, 350 to 2200 Hz, 150 to 1500 ms, no tone of the zone."""

    def __init__(self, zone: Zone) -> None:
        self._zone_lines = {hz for tone in zone.tones.values() if tone.name != "beep" for step in tone.steps
                            for hz in step.frequencies if len(step.frequencies) == 1} | {
                                hz for one in zone.recognised for hz in one.hz}

    def listen(self, track: Track, found: Sequence[Event]) -> Iterator[Event]:
        lone = _left(track, found)
        for one in lone:
            if not 350.0 <= one.hz <= 2200.0 or not one.lasts(150.0, 1500.0) or not self._foreign(one.hz):
                continue
            again = sum(1 for other in lone if other.near(one.hz, 15.0) and abs(other.run.ms - one.run.ms) < 40.0)
            spoken = any(event.kind == "voice" and 0 <= one.run.start - event.end < 10 * RATE for event in found)
            sure = 0.3 if again >= 3 else 0.95 if spoken else 0.7  # three alike are somebody's cadence
            yield Event(one.run.start, one.run.end, "beep", f"{one.hz:.0f}", one.level, round(sure * one.purity, 2),
                        {"hz": round(one.hz, 1), "after_voice": spoken})

    def _foreign(self, hz: float) -> bool:
        return not any(abs(hz - line) <= SAME_HZ for line in self._zone_lines)


def _left(track: Track, found: Sequence[Event]) -> list[Sine]:
    """The sines that nothing found before has explained; voice explains none, a beep may have passed for it."""
    taken = Taken(event for event in found if event.kind not in ("voice", "silence"))
    return [one for one in sines(track) if not taken.overlaps(one.run.start, one.run.end)]
