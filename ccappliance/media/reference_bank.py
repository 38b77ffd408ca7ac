"""Slow, obvious twins of the ears for DTMF and for signals: no bank, no lazy looks, all from the samples each time."""

import cmath
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ccappliance.base.units import RATE
from ccappliance.media.ports import SIGNALS
from ccappliance.media.reference import correlate, energy_of, solve, wrapped
from ccappliance.media.tones import COLUMNS, DIGITS, ROWS

HOP = 40


def fit(x: Sequence[float], frequencies: Sequence[float]) -> tuple[float, list[complex]]:
    """Least squares of sines to x: the energy they explain, and amplitude and phase (at x[0]) of each."""
    rows = []
    for n in range(len(x)):
        angles = [2 * math.pi * hz / RATE * n for hz in frequencies]
        rows.append([f(angle) for angle in angles for f in (math.cos, math.sin)])
    size = 2 * len(frequencies)
    gram = [[sum(row[i] * row[j] for row in rows) for j in range(size)] for i in range(size)]
    asked = [sum(row[i] * value for row, value in zip(rows, x, strict=True)) for i in range(size)]
    found = solve(gram, asked)
    explained = sum(a * b for a, b in zip(asked, found, strict=True))
    return explained, [complex(found[2 * k], -found[2 * k + 1]) for k in range(len(frequencies))]


def refined(x: Sequence[float], frequencies: Sequence[float]) -> list[float]:
    """Truer frequencies: the phase of each sine turns so much from one half of x to the other."""
    half = len(x) // 2
    _, before = fit(x[:half], frequencies)
    _, after = fit(x[half:], frequencies)
    return [hz + wrapped(cmath.phase(b * a.conjugate()) - 2 * math.pi * hz / RATE * half) / (2 * math.pi) * RATE / half
            for hz, a, b in zip(frequencies, before, after, strict=True)]


@dataclass
class Look:
    """What 24 ms hold: the share explained, true frequencies and squared amplitudes of row and column."""

    explained: float
    hz: tuple[float, float]
    power: tuple[float, float]
    over_dial: bool


class Dtmf:
    """Twin of _dtmf.pyx: looks at the last 24 ms every 5 ms; four looks make a digit, six hops without it end it."""

    WINDOW = 192
    FLOOR = 21600.0  # squared amplitude at -44 dBm0

    def __init__(self) -> None:
        self._x: list[int] = []
        self._candidates: list[str] = []  # of the last hops, as far as they belong to the digit that sounds
        self._looks: dict[int, Look | None] = {}
        self._on = ""
        self._misses = 0
        self._level = (0.0, 0.0)

    def run(self, x: Sequence[int]) -> str:
        told = ""
        for value in x:
            self._x.append(value)
            if len(self._x) % HOP == 0:
                told += self._hop()
        return told

    def _hop(self) -> str:
        if self._on:
            self._goes_on()
        digit = self._candidate() if len(self._x) >= 5 * HOP else ""
        self._candidates = [*self._candidates, digit]
        last = self._candidates[-4:]
        if not digit or digit == self._on or last != [digit] * 4:
            return ""
        if not self._plausible(digit):
            self._candidates = []
            return ""
        looks = [look for ago in range(4) if (look := self._look(digit, ago)) is not None]
        if len(looks) < 4 or not self._certain(digit, looks):
            return ""
        self._on, self._misses, self._level = digit, 0, looks[0].power
        return digit

    def _goes_on(self) -> None:
        hop = self._x[-HOP:]
        row, column = pair(self._on)
        powers = [abs(correlate(hop, hz)) ** 2 / (HOP / 2) ** 2 for hz in (row, column)]
        least = 0.02 if sum(powers) * HOP / 2 > 0.7 * energy_of(hop) else 0.25
        if all(power >= least * level for power, level in zip(powers, self._level, strict=True)):
            self._misses = 0
            return
        self._misses += 1
        if self._misses == 6:
            self._on, self._candidates = "", []

    def _candidate(self) -> str:
        x = self._x[-5 * HOP:]
        energy = energy_of(x)
        if energy < self.FLOOR * len(x) / 4:
            return ""
        hops = [x[k:k + HOP] for k in range(0, len(x), HOP)]
        row, column = (max(sum(abs(correlate(hop, hz)) ** 2 for hop in hops) for hz in group)
                       for group in (ROWS, COLUMNS))
        dial = sum(abs(correlate(hop, 425.0)) ** 2 for hop in hops)
        if row + column < 0.25 * HOP / 2 * energy or row + column + dial < 0.5 * HOP / 2 * energy:
            return ""
        if row > 30 * column or column > 12 * row:
            return ""
        taper = [0.5 - 0.5 * math.cos(2 * math.pi * (n // HOP + 1) / 6) for n in range(len(x))]
        tapered = [value * weight for value, weight in zip(x, taper, strict=True)]
        strongest = [max(range(4), key=lambda k, group=group: abs(correlate(tapered, group[k])))  # type: ignore[misc]
                     for group in (ROWS, COLUMNS)]
        return DIGITS[4 * strongest[0] + strongest[1]]

    def _plausible(self, digit: str) -> bool:
        """Whether the five last hops, each by itself, let two steady sines be there."""
        x = self._x[-5 * HOP:]
        nominal = pair(digit)
        fits = [fit(x[k:k + HOP], (*nominal, 425.0)) for k in range(0, len(x), HOP)]
        if sum(explained for explained, _ in fits) < 0.55 * energy_of(x):
            return False
        power = [sum(abs(sines[k]) ** 2 for _, sines in fits) for k in (0, 1)]
        if power[0] > 1.6 * 8.9 * power[1] or power[1] > 1.6 * 3.55 * power[0]:
            return False
        for k, hz in enumerate(nominal):
            turn = sum((after[k] * before[k].conjugate() for (_, before), (_, after) in pairwise(fits)), 0j)
            astray = cmath.phase(turn * cmath.exp(-2j * math.pi * hz / RATE * HOP)) / (2 * math.pi * hz / RATE * HOP)
            if abs(turn) < 0.6 * 0.8 * power[k] or abs(astray) > 0.035:
                return False
        return True

    def _look(self, digit: str, ago: int) -> Look | None:
        end = len(self._x) - ago * HOP
        if end < self.WINDOW:
            return None
        x = self._x[end - self.WINDOW:end]
        energy = energy_of(x)
        nominal = pair(digit)
        halves = sum(fit(x[k:k + 96], nominal)[0] for k in (0, 96))
        explained, hz, power = self._fitted(x, nominal, 2)
        astray = max(abs(a / b - 1) for a, b in zip(refined(x, nominal), nominal, strict=True))
        if halves < 0.3 * energy or astray > 0.032:  # nothing will come of it
            explained = 0.0
        share, limit, over_dial = explained / energy, 0.024, False
        hops = [self._x[k:k + HOP] for k in range(end - 5 * HOP, end, HOP)]
        near_dial = sum(abs(correlate(hop, 425.0)) ** 2 for hop in hops) / (HOP / 2)
        if share < 0.93 and near_dial > 0.5 * (0.88 * energy - explained):
            with_dial, hz3, power3 = self._fitted(x, (*nominal, 425.0), 3)
            stronger = max(power3[:2])
            if with_dial >= 0.88 * energy and 330 <= hz3[2] <= 500 and 0.05 * stronger <= power3[2] <= 8 * stronger:
                share, hz, power, limit, over_dial = with_dial / energy, hz3, power3, 0.021, True
        if share < 0.70 or any(abs(a / b - 1) > limit for a, b in zip(hz, nominal, strict=False)):
            return None
        if min(power[:2]) < self.FLOOR or power[0] > 8.9 * power[1] or power[1] > 3.55 * power[0]:
            return None
        return Look(share, (hz[0], hz[1]), (power[0], power[1]), over_dial)

    @staticmethod
    def _fitted(x: Sequence[int], hz: Sequence[float], rounds: int) -> tuple[float, list[float], list[float]]:
        for _ in range(rounds - 1):
            hz = refined(x, hz)
        explained, sines = fit(x, hz)
        return explained, refined(x, hz), [abs(one) ** 2 for one in sines]

    def _certain(self, digit: str, looks: list[Look]) -> bool:
        shares = sorted(look.explained for look in looks)
        second = shares[-2]
        astray = 0.0
        for k, nominal in enumerate(pair(digit)):
            measured = [look.hz[k] for look in looks]
            if max(measured) - min(measured) >= 1.2 + 28 * (1 - shares[0]):
                return False
            astray = max(astray, abs(statistics.median(measured) / nominal - 1))
        if second < (0.80 if astray < 0.010 else 0.90 if astray < 0.016 else 0.95):
            return False
        hops = [energy_of(self._x[k:k + HOP]) for k in range(0, len(self._x), HOP)][-128:]
        before, now = hops[:-10], sum(hops[-6:]) / 6
        over_dial = any(look.over_dial for look in looks)
        if not over_dial and len(before) >= 12 and sorted(before[-12:])[3] > 0.22 * now and second < 0.985:
            return False  # nothing has begun
        if second >= (0.97 if over_dial else 0.93) or max(looks[0].power) > 1.26e9:
            return True
        rest = (1 - second) * now
        if len(before) >= 12 and rest > 2.5 * sorted(before[-16:])[len(before[-16:]) // 2] + HOP:
            return False
        return rest <= 2.5 * (sorted(before)[len(before) // 4] if before else 0.0) + HOP


def pair(digit: str) -> tuple[float, float]:
    place = DIGITS.index(digit)
    return ROWS[place // 4], COLUMNS[place % 4]


class Signal:
    """Twin of _signal.pyx: `run` tells (name, ended)."""

    TONES = (950.0, 1400.0, 1800.0, 1100.0)
    ASTRAY = (58.0, 58.0, 58.0, 45.0)

    def __init__(self) -> None:
        self._x = [0] * 240
        self._fill = 0
        self._now, self._run, self._turning, self._next = -1, 0, 0, -1
        self._stage = 0
        self._answer = self._gone = self._reversed = 0
        self._against = False
        self._told = ""
        self._events: list[tuple[str, bool]] = []

    def run(self, x: Sequence[int]) -> list[tuple[str, bool]]:
        self._events = []
        for value in x:
            self._x = [*self._x[1:], value]
            self._fill += 1
            if self._fill == 2 * HOP:
                self._fill = 0
                self._look()
        return self._events

    def _look(self) -> None:
        energy = energy_of(self._x)
        loud = energy >= 27200.0 / 2 * 240
        shares = [self._share(hz, astray, energy) if loud else 0.0
                  for hz, astray in zip(self.TONES, self.ASTRAY, strict=True)]
        self._follow(next((k for k, share in enumerate(shares) if share >= 0.62), -1))
        self._follow_answer(loud and self._answers(energy))

    def _sums(self, hz: float) -> list[complex]:
        """Of each hop, newest first; all with the phase they would have at the same moment."""
        return [correlate(self._x[k:k + HOP], hz, k) for k in range(200, -1, -HOP)]

    def _share(self, hz: float, astray: float, energy: float) -> float:
        sums = self._sums(hz)
        turn = cmath.phase(sum(after * before.conjugate() for after, before in pairwise(sums)))
        if abs(turn) > 2 * math.pi * astray / RATE * HOP:
            return 0.0
        true = hz + turn / (2 * math.pi) * RATE / HOP
        whole = sum(one * cmath.exp(1j * turn * k) for k, one in enumerate(sums))
        half = math.pi * (true - hz) / RATE * HOP
        loss = math.sin(half) / half if abs(half) > 1e-6 else 1.0
        return 2 * abs(whole) ** 2 / (240 * energy * loss**2)

    def _follow(self, tone: int) -> None:
        if tone == self._now:
            self._run += 1 + self._turning
            self._turning = 0
        else:
            self._turning = self._turning + 1 if tone == self._next else 1
            self._next = tone
            if self._turning == 2:
                self._ended()
                self._now, self._run, self._turning = tone, 2, 0
        if self._now == 2 and self._stage == 2 and self._run >= 20:
            self._stage = 3
            self._events.append(("sit", False))

    def _ended(self) -> None:
        if self._now == -1:
            self._stage = 0 if self._run > 6 else self._stage
        elif self._now == self._stage < 2 and 22 <= self._run <= 44:
            self._stage += 1
        else:
            self._stage = 0
        if self._now == 3 and 40 <= self._run <= 60:
            self._events.append(("cng", False))

    def _answers(self, energy: float) -> bool:
        sums = self._sums(2100.0)
        if sum(abs(one) ** 2 for one in sums) < 0.62 * HOP / 2 * energy:
            return False
        squares = [(after * before.conjugate()) ** 2 for after, before in pairwise(sums)]
        whole = sum(squares)
        return (abs(whole) >= 0.7 * sum(map(abs, squares))
                and abs(cmath.phase(whole)) <= 2 * 2 * math.pi * 20.0 / RATE * HOP)

    def _follow_answer(self, there: bool) -> None:
        if there:
            self._answer += 1 + self._gone
            self._gone = 0
            sums = self._sums(2100.0)
            turns = [sums[k] * sums[k + 2].conjugate() for k in (0, 1)]
            mean = sum(abs(one) ** 2 for one in sums) / len(sums)
            against = any(turn.real < min(-0.5 * abs(turn.imag), -0.2 * mean) for turn in turns)
            if against and not self._against and self._answer > 6:
                self._reversed += 1
            self._against = against
        elif self._answer:
            self._gone += 1
            if self._gone == 6:
                self._answer = self._gone = self._reversed = 0
                self._tell("")
        if self._answer >= 60:
            self._tell(SIGNALS[3] if self._reversed else SIGNALS[2])

    def _tell(self, name: str) -> None:
        if name == self._told:
            return
        if self._told:
            self._events.append((self._told, True))
        if name:
            self._events.append((name, False))
        self._told = name
