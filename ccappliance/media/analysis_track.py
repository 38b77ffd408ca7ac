"""One channel under analysis: its energy and its spectral lines in hops of 5 ms, and where sounds begin and end.

Offline, so every measurement may look at both sides of an instant. Plain Python over arrays: a line costs 0.6 ms per
second of audio, once, and any window of it is then two subtractions.
"""

import cmath
import math
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import mul
from typing import Any, Protocol

from ccappliance.base.units import RATE, amplitude, dbm0

HOP = 40  # samples: 5 ms, and a whole number of them in the 8,000 samples after which every line of whole Hz repeats
WINDOW = 6  # hops a line is looked at over: 30 ms keep 384 and 416 Hz (Japan's ringback) just apart
FLOOR = (amplitude(-48.0) ** 2) / 2  # mean square below which nothing is a sound: under all of Q.24 and E.180
EDGE = 40  # samples of the window that slides over an edge: 5 ms
RISEN = 0.15  # of the power: puts a hard edge 1.7 ms too far out, and one that is ramped over 5 ms 1.4 ms too far in
STEP = 4  # samples it slides at a time: 0.5 ms


@dataclass(frozen=True, slots=True)
class Event:
    """Something heard: from sample `start` up to sample `end`; `level` in dBm0 of all of it, `confidence` 0 to 1."""

    start: int
    end: int
    kind: str
    value: str
    level: float
    confidence: float
    details: Mapping[str, Any] = field(default_factory=dict)


class Listener(Protocol):
    """An ear of the analysis. It is asked once, and sees what those before it have found."""

    def listen(self, track: "Track", found: Sequence[Event]) -> Iterable[Event]: ...


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of sound, in samples."""

    start: int
    end: int

    @property
    def ms(self) -> float:
        return (self.end - self.start) * 1000 / RATE


class Taken:
    """The time that some events take, to be asked often."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for event in sorted(events, key=lambda one: one.start):
            if self._ends and event.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], event.end)
            else:
                self._starts.append(event.start)
                self._ends.append(event.end)

    def overlaps(self, start: int, end: int) -> bool:
        """Whether something is between these samples."""
        at = bisect_right(self._ends, start)
        return at < len(self._starts) and self._starts[at] < end


@lru_cache(maxsize=64)
def _turns(hz: int) -> tuple["array[float]", "array[float]"]:
    """A second of the cosine and the sine of a line; it repeats after that."""
    step = 2.0 * math.pi * hz / RATE
    return (array("d", [math.cos(step * n) for n in range(RATE)]),
            array("d", [-math.sin(step * n) for n in range(RATE)]))


class Track:
    """One channel: int16 little endian at 8 kHz."""

    def __init__(self, pcm: bytes) -> None:
        self.pcm = pcm[:len(pcm) // 2 * 2]
        self.samples = array("h", self.pcm)
        if sys.byteorder == "big":
            self.samples.byteswap()
        self.hops = len(self.samples) // HOP
        x = self.samples
        energy = [float(sum(map(mul, x[at:at + HOP], x[at:at + HOP]))) for at in range(0, self.hops * HOP, HOP)]
        self._energy = array("d", accumulate(energy, initial=0.0))
        self._lines: dict[int, tuple[array[float], array[float]]] = {}

    # ---- levels ----

    def power(self, first: int, last: int) -> float:
        """Mean square over hops `first` up to `last`; 0 outside the channel."""
        first, last = max(0, first), min(self.hops, last)
        return (self._energy[last] - self._energy[first]) / ((last - first) * HOP) if last > first else 0.0

    def level(self, start: int, end: int) -> float:
        """dBm0 between two samples, without the last hop at either end if there are enough: edges are not the sound."""
        first, last = -(-start // HOP), end // HOP
        if last - first >= 4:
            first, last = first + 1, last - 1
        return dbm0(math.sqrt(self.power(first, max(last, first + 1))))

    # ---- lines ----

    def line(self, hz: int) -> tuple["array[float]", "array[float]"]:
        """Sums of the samples turned back by `hz`, up to each hop: real and imaginary."""
        if hz not in self._lines:
            self._lines[hz] = (array("d", accumulate(self._sums(hz, 0, 0, self.hops), initial=0.0)),
                               array("d", accumulate(self._sums(hz, 1, 0, self.hops), initial=0.0)))
        return self._lines[hz]

    def _sums(self, hz: int, part: int, first: int, last: int) -> list[float]:
        turn, x = _turns(hz)[part], self.samples
        return [sum(map(mul, x[at:at + HOP], turn[at % RATE:at % RATE + HOP]))
                for at in range(first * HOP, last * HOP, HOP)]

    def coarse(self, hz: int, first: int, last: int) -> list[complex]:
        """The sums of `hz` in each hop of a stretch."""
        first, last = max(0, first), min(self.hops, last)
        if hz in self._lines:
            re, im = self._lines[hz]
            return [complex(re[k + 1] - re[k], im[k + 1] - im[k]) for k in range(first, last)]
        return list(map(complex, self._sums(hz, 0, first, last), self._sums(hz, 1, first, last)))

    def line_power(self, hz: int, first: int, last: int) -> float:
        """Mean square of the sine of `hz` over hops."""
        first, last = max(0, first), min(self.hops, last)
        if last <= first:
            return 0.0
        re, im = self.line(hz)
        return 2.0 * ((re[last] - re[first]) ** 2 + (im[last] - im[first]) ** 2) / ((last - first) * HOP) ** 2

    def tone_power(self, hz: Sequence[int], first: int, last: int) -> float:
        """Mean square of one sine, or of two whose lines may overlap (least squares), over hops."""
        if len(hz) == 1:
            return self.line_power(hz[0], first, last)
        first, last = max(0, first), min(self.hops, last)
        n = (last - first) * HOP
        if n <= 0:
            return 0.0
        a, b = (complex(re[last] - re[first], im[last] - im[first]) for re, im in map(self.line, hz))
        turn = math.pi * (hz[1] - hz[0]) / RATE
        overlap = math.sin(turn * n) / (n * math.sin(turn)) if hz[0] != hz[1] else 0.0
        b *= cmath.exp(2j * turn * (first * HOP + (n - 1) / 2))  # both phases at the middle of the window
        cross = 2.0 * overlap * (a * b.conjugate()).real
        return 2.0 * (abs(a) ** 2 + abs(b) ** 2 - cross) / (n * n * max(1e-3, 1.0 - overlap * overlap))

    def true_hz(self, hz: float, first: int, last: int) -> float:
        """The frequency of a sine near `hz` (within 60 Hz), by the turn of its phase from hop to hop."""
        for _ in range(2):
            sums = self.coarse(round(hz), first, last)
            turn = sum((b * a.conjugate() for a, b in pairwise(sums)), 0j)
            hz = round(hz) + cmath.phase(turn) / (2.0 * math.pi) * RATE / HOP
        return hz

    # ---- runs and edges ----

    def runs(self, hz: Sequence[int], first: int = 0, last: int | None = None) -> list[Run]:
        """Where a tone of one or two frequencies sounds: stretches of 30 ms and more in which it holds most energy."""
        last = self.hops if last is None else min(last, self.hops)
        found: list[list[int]] = []
        for hop in range(max(0, first), last):
            begin, end = hop - WINDOW // 2, hop + WINDOW // 2
            power = self.power(begin, end)
            if power < FLOOR or self.tone_power(hz, begin, end) < 0.5 * power:
                continue
            if found and hop - found[-1][1] <= 3:  # a dent of 15 ms is a click or a beat, no pause
                found[-1][1] = hop + 1
            else:
                found.append([hop, hop + 1])
        return [self.exact(a * HOP, b * HOP) for a, b in found if b - a >= WINDOW]

    def exact(self, start: int, end: int) -> Run:
        """A stretch whose edges are known to some 20 ms, with its edges to about 1 ms where energy shows them."""
        return Run(self.edge(start, rising=True), self.edge(end, rising=False))

    def edge(self, at: int, *, rising: bool, reach: int = 200) -> int:
        """The sample near `at` where energy leaves what was before for what comes after; `at` if it does not."""
        x, size = self.samples, len(self.samples)
        first, last = max(0, at - reach), min(size, at + reach)
        if (rising and at - reach < 0) or (not rising and at + reach > size):  # the file's edge may be the sound's
            pad = [0] * reach
            x = array("h", [*(pad if rising else []), *x[first:last], *([] if rising else pad)])
            offset = first - (reach if rising else 0)
            first, last = 0, len(x)
        else:
            offset = 0
        squares = list(accumulate((float(value * value) for value in x[first:last]), initial=0.0))
        powers = [squares[k + EDGE] - squares[k] for k in range(0, len(squares) - EDGE, STEP)]
        if len(powers) < 12:
            return at
        powers = powers if rising else powers[::-1]
        third = len(powers) // 4
        low, high = sum(powers[:third]) / third, sum(powers[-third:]) / third
        if high < 1.6 * low:  # less than 2 dB: no edge
            return at
        risen = low + max(RISEN * (high - low), min(low, 0.5 * (high - low)))  # above what noise does by itself
        k = next((k for k, power in enumerate(powers) if power >= risen), 0)
        k = k if rising else len(powers) - 1 - k
        return max(0, min(size, offset + first + k * STEP + EDGE // 2))
