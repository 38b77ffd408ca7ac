"""Slow, obvious twins of the mouths: echo canceller, automatic gain, comfort noise, concealment.

For tests and for reading, as media/reference.py is; PCM is a list of int16, arithmetic is Python's.
"""

import math
from collections.abc import Sequence

from ccappliance.media.reference_voice import HOP, edges_of, hops_of


def whole(value: float) -> int:
    """Rounded half away from zero, held to int16."""
    return max(-32768, min(32767, int(value + 0.5) if value >= 0 else int(value - 0.5)))


class Echo:
    """NLMS with two filters and Geigel's test; see the data sheet of _echo.pyx."""

    TAPS = 256

    def __init__(self) -> None:
        self.far: list[float] = []  # all of it
        self.white = [0.0] * self.TAPS  # newest first
        self.fore, self.back = [0.0] * self.TAPS, [0.0] * self.TAPS
        self.near = self.out = 0.0
        self.powers = [0.0, 0.0, 0.0]  # near, left by fore, left by back
        self.hold = self.better = self.worse = self.samples = 0
        self.leak, self.suspect = 1.0, False

    def run(self, far: Sequence[int], near: Sequence[int]) -> list[int]:
        return [self._sample(one, other) for one, other in zip(far, near, strict=True)]

    def _sample(self, far: float, near: float) -> int:
        self.white = [far - 0.75 * (self.far[-1] if self.far else 0.0), *self.white[:-1]]
        self.far.append(far)
        white, self.near = near - 0.75 * self.near, near
        power = sum(value * value for value in self.white)
        left, astray = (white - sum(w * x for w, x in zip(taps, self.white, strict=True))
                        for taps in (self.fore, self.back))
        self.powers = [old + (new * new - old) / 128
                       for old, new in zip(self.powers, (white, left, astray), strict=True)]
        active = power > 1200.0 * self.TAPS
        if not self._both(near) and active:
            step = 0.1 if self.suspect else 0.3 if self.leak < 0.06 else 0.7
            step *= astray / (power + 400_000.0)
            self.back = [w + step * x for w, x in zip(self.back, self.white, strict=True)]
        self.samples += 1
        if self.samples % 64 == 0:
            self._compare(active)
        self.out = left + 0.75 * self.out
        return whole(self.out)

    def _both(self, near: float) -> bool:
        """Peaks are known by blocks of 32: of eight whole blocks, and of the one under way."""
        done = len(self.far) // 32 * 32
        peak = max(abs(value) for value in self.far[max(0, done - self.TAPS):])
        self.hold = 240 if abs(near) > 0.63 * peak + 8.0 else max(0, self.hold - 1)
        return self.hold > 0

    def _compare(self, active: bool) -> None:
        near, fore, back = self.powers
        if not active:
            self.better = self.worse = 0
            return
        if self.hold == 0:
            share = fore / (near + 1.0)
            self.leak = self.leak + 0.1 * (share - self.leak) if share < self.leak else min(1.0, self.leak * 1.002)
            self.suspect = self.leak < 0.06 and share > 6.0 * self.leak
        good = back < (0.3 if self.suspect else 0.8) * fore and back < near and self.hold == 0
        self.better = self.better + 1 if good else 0
        if self.better >= (6 if self.suspect else 3):
            self.fore, self.powers[1], self.better = self.back, back, 0
            self.leak = 1.0 if self.suspect else self.leak
        elif back > 2.5 * fore:
            self.back, self.powers[2] = self.fore, fore
        self.worse = self.worse + 1 if self.powers[1] > 1.6 * near else 0
        if self.worse >= 6:
            self.fore, self.back = [0.0] * self.TAPS, [0.0] * self.TAPS
            self.powers = [near, near, near]
            self.worse, self.leak = 0, 1.0


def automatic_gain(x: Sequence[int], target: float) -> list[int]:
    """Automatic gain and limiter, hop by hop with the whole past in hand."""
    hops = hops_of(x)
    out: list[int] = []
    gain, factor, step, limit, speech, heard = 0.0, 1.0, 0.0, 1.0, 0.0, 0
    for number in range(0, len(x), HOP):
        for value in x[number:number + HOP]:
            factor += step
            limit += 0.0025 * (1.0 - limit)
            if abs(value * factor) * limit > 29204.0:
                limit = 29204.0 / abs(value * factor)
            out.append(whole(value * factor * limit))
        place = number // HOP
        if place >= len(hops):
            break
        edges = edges_of([hop.active for hop in hops[:place + 1]])
        if hops[place].active and edges and edges[-1][0]:
            heard = min(heard + 1, 100)
            speech += (math.pow(10.0, hops[place].level / 10.0) - speech) / heard
            if heard >= 10:
                want = max(-12.0, min(18.0, target - 10.0 * math.log10(speech)))
                gain = min(want, gain + 0.06) if want > gain else max(want, gain - 0.2)
        step = (math.pow(10.0, gain / 20.0) - factor) / HOP
    return out


def comfort_noise(seed: int, peak: float, count: int) -> list[int]:
    """Four uniform numbers a sample from xorshift32, `peak` wide, through one pole at 0.5."""
    out, chance, last = [], seed, 0.0
    for _ in range(count):
        total = 0.0
        for _ in range(2):
            chance ^= chance << 13 & 0xFFFFFFFF
            chance ^= chance >> 17
            chance ^= chance << 5 & 0xFFFFFFFF
            total += (chance & 0xFFFF) / 65535 - 0.5 + (chance >> 16) / 65535 - 0.5
        last = 0.5 * last + peak * total
        out.append(whole(last))
    return out


class Conceal:
    """Concealment with all that was ever said in hand."""

    def __init__(self) -> None:
        self.said: list[int] = [0] * 390
        self.before: list[int] = []
        self.lost = self.fade = self.faded = self.period = 0

    def run(self, x: Sequence[int]) -> list[int]:
        if x and self.lost and not self.fade:
            self.fade = min(80, self.period // 4 + 32 * math.ceil(self.lost / 80))
            self.faded = 0
        for value in x:
            if self.fade:
                made = self._made(self.lost + self.faded)
                self.faded += 1
                value = whole(made + self.faded / (self.fade + 1) * (value - made))
                if self.faded == self.fade:
                    self.fade = self.lost = 0
            self.said.append(value)
        return self.said[len(self.said) - len(x):]

    def fillin(self, count: int) -> list[int]:
        if count and (not self.lost or self.fade):
            self.before = list(self.said)
            coarse = max(range(40, 121, 2), key=lambda lag: self._likeness(lag, 2))
            near = range(max(40, coarse - 1), min(120, coarse + 1) + 1)
            self.period = max(near, key=lambda lag: self._likeness(lag, 1))
            self.lost = self.fade = 0
        for _ in range(count):
            self.said.append(whole(self._made(self.lost)))
            self.lost = min(480, self.lost + 1)
        return self.said[len(self.said) - count:]

    def _likeness(self, lag: int, step: int) -> float:
        now = self.before[-160::step]
        then = self.before[-160 - lag:len(self.before) - lag:step]
        return sum(a * b for a, b in zip(now, then, strict=True)) / math.sqrt(max(2500.0, sum(b * b for b in then)))

    def _round(self, periods: int, i: int) -> float:
        length, quarter = periods * self.period, self.period // 4
        left = length - i % length
        value = float(self.before[-left])
        if left <= quarter:
            share = (quarter - left + 1) / (quarter + 1)
            value = (1 - share) * value + share * self.before[-left - length]
        return value

    def _made(self, i: int) -> float:
        if i >= 480:
            return 0.0
        periods = min(3, i // 80 + 1)
        share = max(0.0, (self.period // 4 - (i - (periods - 1) * 80)) / (self.period // 4 + 1))
        value = self._round(periods, i)
        if periods == 1:
            value += share * (self.before[-1] - self.before[-1 - self.period])
        else:
            value = (1 - share) * value + share * self._round(periods - 1, i)
        return value * (min(1.0, (480 - i) / 400))
