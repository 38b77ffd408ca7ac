"""The slow, obvious twins of the DSP kernels: plain Python, no tables, no tricks, nothing carried over but decisions.

Each keeps the samples it needs and computes from the definition what the kernel computes cleverly; tests hold the two
against each other. A sample costs microseconds here: for tests and for reading, not for calls. PCM is a list of int16.
"""

import cmath
import math
from collections.abc import Callable, Sequence
from typing import Any

from ccappliance.base.units import RATE, amplitude

# ---- A-law, from G.711 table 1 ----

_STEPS = (2, 2, 4, 8, 16, 32, 64, 128)  # width of the 16 intervals in each of the eight rows; 4096 is full scale


def alaw_decisions() -> list[int]:
    """The 129 decision values of one sign, in int16 units."""
    values = [0]
    for step in _STEPS:
        values += [values[-1] + 8 * step * (k + 1) for k in range(16)]
    return values


def alaw_decode(code: int) -> int:
    """The middle of the interval of a code as it is on the wire."""
    decisions = alaw_decisions()
    interval = (code ^ 0x55) & 0x7F
    middle = (decisions[interval] + decisions[interval + 1]) // 2
    return middle if (code ^ 0x55) & 0x80 else -middle


def alaw_encode(linear: int) -> int:
    """The code of the interval an int16 is in; a negative number on a decision value is in the smaller interval."""
    magnitude = linear if linear >= 0 else -linear - 1
    decisions = alaw_decisions()
    interval = max(k for k in range(128) if decisions[k] <= magnitude)
    return (interval | (0x80 if linear >= 0 else 0)) ^ 0x55


# ---- small mathematics ----


def correlate(x: Sequence[float], hz: float, first: float = 0.0) -> complex:
    """The sum of x times a turning pointer; `first` is the place of x[0] on the pointer's time axis, in samples."""
    return sum((value * cmath.exp(-2j * math.pi * hz / RATE * (first + n)) for n, value in enumerate(x)), 0j)


def energy_of(x: Sequence[float]) -> float:
    return float(sum(value * value for value in x))


def wrapped(angle: float) -> float:
    return math.remainder(angle, 2 * math.pi)


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss, with the largest pivot."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in range(size):
            if k != i:
                factor = rows[k][i] / rows[i][i]
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [rows[i][size] / rows[i][i] for i in range(size)]


# ---- call progress ----


class Progress:
    """Twin of _progress.pyx: `run` tells (kind, pattern) with kind "heard", "ended" or "voice"."""

    HOP = 80

    def __init__(self, patterns: Sequence[tuple[Any, ...]]) -> None:
        self._patterns = [(tuple(hz), on_ms, off_ms) for hz, on_ms, off_ms, *_ in patterns]
        self._rounds = {k: cadence[0] for k, (_, _, _, *cadence) in enumerate(patterns) if cadence and cadence[0]}
        self._longest_on = [max(one[1], self._rounds[k][2] if k in self._rounds else 0)
                            for k, one in enumerate(patterns)]
        self._sounds = list(dict.fromkeys(hz for hz, _, _ in self._patterns))
        self._x: list[int] = []
        self._window = [0] * (3 * self.HOP)
        self._now: tuple[float, ...] = ()  # the sound that is on
        self._length = 0
        self._votes: dict[tuple[float, ...], int] = {}
        self._turning = self._other = 0
        self._past: list[tuple[tuple[float, ...], int]] = []  # newest first
        self._told = -1
        self._later = (-1, 0)  # the pattern that is told if the silence lasts so long
        self._strength = [0.0] * 4  # of the tone in the last looks
        self._inside: list[float] = []  # inside this run, clear of its edges
        self._voice = self._quiet = 0
        self._voiced = False
        self._events: list[tuple[str, int]] = []

    def run(self, x: Sequence[int]) -> list[tuple[str, int]]:
        self._events = []
        for value in x:
            self._x.append(value)
            if len(self._x) == self.HOP:
                self._hop(self._x)
                self._x = []
        return self._events

    def _hop(self, x: list[int]) -> None:
        self._window = self._window[self.HOP:] + x
        self._strength = [*self._strength[1:], self._strength[-1]]
        sound = self._sounding()
        if sound and self._now and self._length >= 6:
            self._inside.append(self._strength[0])
        if bool(sound) == bool(self._now):
            self._length += 1 + self._turning
            self._turning = 0
            if sound:
                self._vote(sound)
            self._lasting()
        else:
            self._turning += 1
            if self._turning == 2:
                self._turn(sound, 2)
        self._listen_for_voice(energy_of(x), sound)

    # what sounds

    def _sounding(self) -> tuple[float, ...]:
        energy = energy_of(self._window)
        floor = amplitude(-40.0) ** 2 / 2 * len(self._window)
        if energy < floor:
            return ()
        shares = [(self._single(hz[0], energy) if len(hz) == 1 else self._pair(hz, energy), hz) for hz in self._sounds]
        present = [(share - 0.04 * (len(hz) - 1), hz) for share, hz in shares
                   if share > 0.58 and share * energy >= floor]
        if not present:
            return ()
        best, sound = max(present, key=lambda one: one[0])
        self._strength[-1] = best * energy
        return sound

    def _single(self, hz: float, energy: float) -> float:
        parts = [correlate(self._window[k:k + self.HOP], hz, k) for k in range(0, len(self._window), self.HOP)]
        turn = cmath.phase(parts[1] * parts[0].conjugate() + parts[2] * parts[1].conjugate())
        if abs(turn) > 2 * math.pi * 30.0 * self.HOP / RATE:
            return 0.0
        whole = sum(part * cmath.exp(-1j * turn * k) for k, part in enumerate(parts))
        loss = math.sin(turn / 2) / (turn / 2) if turn else 1.0
        return 2 * abs(whole) ** 2 / (len(self._window) * energy * loss**2)

    def _pair(self, hz: tuple[float, ...], energy: float) -> float:
        n = len(self._window)
        first = -(n - 1) / 2  # time counts from the middle
        a, b = (correlate(self._window, one, first) for one in hz)
        overlap = sum(math.cos(2 * math.pi * (hz[1] - hz[0]) / RATE * (first + k)) for k in range(n)) / n
        alone_a, alone_b = abs(a - overlap * b) ** 2, abs(b - overlap * a) ** 2
        if alone_a > 10 * alone_b or alone_b > 10 * alone_a:
            return 0.0
        both = abs(a) ** 2 + abs(b) ** 2 - 2 * overlap * (a * b.conjugate()).real
        return 2 * both / (n * (1 - overlap**2) * energy)

    # cadence

    def _vote(self, sound: tuple[float, ...]) -> None:
        self._votes[sound] = self._votes.get(sound, 0) + 1
        if sound == self._now:
            self._other = 0
            return
        self._other += 1
        if self._votes[sound] > self._votes[self._now]:
            self._now, self._other = sound, 0
        elif self._other == 10:
            self._length -= 10
            self._turn(sound, 10)

    def _turn(self, sound: tuple[float, ...], since: int) -> None:
        fades = len(self._now) == 1 and self._inside and max(self._inside) > 2.5 * min(self._inside)
        self._past = [(self._now, 0 if fades else self._length), *self._past[:4]]
        self._inside = []
        self._now, self._length, self._turning, self._other = sound, since, 0, 0
        self._votes = {sound: since} if sound else {}
        self._later = (-1, 0)
        if self._told >= 0 and self._patterns[self._told][2] == 0 and self._now != self._patterns[self._told][0]:
            self._end()
            return
        for index, (hz, on_ms, off_ms) in enumerate(self._patterns):
            ended, length = self._past[0]
            if off_ms == 0 or (ended != hz and (ended or self._now != hz)):
                continue
            if off_ms >= 1500:
                if ended == hz and not self._now and self._fits(length, on_ms):
                    self._later = (index, self._piece_of(hz, on_ms))
                    if self._later[1] == 0:
                        self._later = (-1, 0)
                        self._tell(index)
                        return
            elif self._comes_round(hz, index) if index in self._rounds else self._repeats(index):
                self._tell(index)
                return

    def _piece_of(self, hz: tuple[float, ...], on_ms: int) -> int:
        """How long silence must last until an on whose beginning was not heard is not the end of a longer one."""
        if len(self._past) > 1 and not self._past[1][0] and self._past[1][1] > 2:
            return 0
        return max((self._longest(off) + 1
                    for (other, _, off), on in zip(self._patterns, self._longest_on, strict=True)
                    if other == hz and off and on > on_ms), default=0)

    def _comes_round(self, hz: tuple[float, ...], index: int) -> bool:
        """Whether the last four runs are a whole round of two ons and two offs."""
        runs, cadence = self._past[:4][::-1], self._rounds[index]
        return len(runs) == 4 and any(
            all(sound == (() if (k + first) % 2 else hz) and self._fits(length, cadence[(k + first) % 4])
                for k, (sound, length) in enumerate(runs)) for first in range(4))

    def _repeats(self, index: int) -> bool:
        hz, on_ms, off_ms = self._patterns[index]
        runs = 4 if on_ms + off_ms < 600 else 3
        if any(self._patterns[other][0] == hz and other != index for other in self._rounds) and (
                len(self._past) <= runs or self._past[runs][1] <= 3):
            return False  # the first was cut: it may be a piece of another
        wanted = self._past[0][0]
        for k in range(runs):
            if k >= len(self._past) or self._past[k][0] != wanted:
                return False
            if not self._fits(self._past[k][1], on_ms if wanted else off_ms):
                return False
            wanted = () if wanted else hz
        return True

    @staticmethod
    def _longest(ms: int) -> int:
        return (ms * 11 // 10 + 29) // 10

    def _fits(self, hops: int, ms: int) -> bool:
        return (ms * 9 // 10 - 20) // 10 <= hops <= self._longest(ms)

    def _lasting(self) -> None:
        if self._told >= 0 and self._patterns[self._told][2] > 0:
            hz, on_ms, off_ms = self._patterns[self._told]
            longest_on = self._longest(self._longest_on[self._told])
            most = self._longest(off_ms) if not self._now else longest_on if self._now == hz else 4
            if self._length > most:
                self._end()
        if self._later[0] >= 0 and self._length >= self._later[1]:
            self._tell(self._later[0])
            self._later = (-1, 0)
            return
        for index, (hz, on_ms, off_ms) in enumerate(self._patterns):
            if off_ms == 0 and hz == self._now:
                both = zip(self._patterns, self._longest_on, strict=True)
                others = [self._longest(on) + 1 for (other, _, off), on in both if other == hz and off > 0]
                if self._length >= max([on_ms // 10, *others]):
                    self._tell(index)
                    return

    def _tell(self, index: int) -> None:
        if self._told != index:
            self._end()
            self._events.append(("heard", index))
            self._told = index

    def _end(self) -> None:
        if self._told >= 0:
            self._events.append(("ended", self._told))
            self._told = -1

    def _listen_for_voice(self, energy: float, sound: tuple[float, ...]) -> None:
        if energy < amplitude(-35.0) ** 2 / 2 * self.HOP:
            self._quiet += 1
            self._voice = max(0, self._voice - 1)
            if self._quiet >= 200:
                self._voiced = False
            return
        self._quiet = 0
        if self._now and self._length >= 15:
            self._voice, self._voiced = 0, False
        elif not sound:
            self._voice = min(20, self._voice + 1)
            if self._voice == 20 and not self._voiced:
                self._voiced = True
                self._end()
                self._events.append(("voice", -1))


# ---- FSK ----


class Fsk:
    """Twin of _fsk.pyx's receiver: the whole signal is demodulated, then read bit by bit."""

    BIT = RATE / 1200
    TAPS, SPAN = 15, 5

    def messages(self, x: Sequence[int]) -> list[bytes]:
        """The messages in this PCM."""
        down = [value * cmath.exp(-2j * math.pi * 1700.0 / RATE * n) for n, value in enumerate(x)]
        taps = self._filter()
        down = [0j] * (self.TAPS - 1) + down
        band = [sum(tap * value for tap, value in zip(taps, down[n:n + self.TAPS], strict=True)) for n in range(len(x))]
        turns = [self._turn(before, now) for before, now in zip([0j, *band], band, strict=False)]
        turns = [0.0] * (self.SPAN - 1) + turns
        leans = [sum(turns[n:n + self.SPAN]) / self.SPAN for n in range(len(x))]
        inside = self._smooth([2 * abs(value) ** 2 for value in band])
        total = self._smooth([float(value * value) for value in x])
        found = []
        at = 0
        while at < len(x):
            message, at = self._message(leans, inside, total, at)
            if message:
                found.append(message)
        return found

    def _filter(self) -> list[float]:
        taps = []
        for n in range(self.TAPS):
            t = n - (self.TAPS - 1) / 2
            ideal = 2 * 900.0 / RATE if t == 0 else math.sin(2 * math.pi * 900.0 / RATE * t) / (math.pi * t)
            taps.append(ideal * (0.54 + 0.46 * math.cos(2 * math.pi * t / self.TAPS)))
        return [tap / sum(taps) for tap in taps]

    @staticmethod
    def _turn(before: complex, now: complex) -> float:
        size = abs(before) * abs(now)
        return -(now * before.conjugate()).imag / size if size > 1.0 else 0.0  # mark turns backwards: positive

    @staticmethod
    def _smooth(powers: Sequence[float]) -> list[float]:
        smooth = [0.0]
        for power in powers:
            smooth.append(smooth[-1] + (power - smooth[-1]) / 32)
        return smooth[1:]

    def _message(self, leans: list[float], inside: list[float], total: list[float], at: int) -> tuple[bytes, int]:
        """From `at`: wait for mark, then read bytes; the message (empty: none) and where to go on."""
        marks = 0
        while at < len(leans) and marks < 160:
            is_mark = leans[at] > 0.19 and inside[at] > 9500.0 and inside[at] > 0.5 * total[at]
            marks = marks + 1 if is_mark else max(0, marks - 3)
            at += 1
        data = bytearray()
        edges = [(300.0, 1.0, self.BIT)]  # weight, bits and samples from a start bit: what is known of a bit's length
        astray: list[float] = []  # edges where none can be, and bytes without a stop bit
        faults = waited = 0
        while at < len(leans):
            waited += 1
            if leans[at] < 0 and inside[at] > 9500.0 / 16:
                byte, stop, at = self._byte(leans, at, edges, astray)
                if byte is None:
                    continue
                data.append(byte)
                waited = 0
                faults = 0 if stop else faults + 1
                astray += [] if stop else [at]
                if faults == 3 or len(astray) > 2 + len(data) // 2:
                    return b"", at
                if len(data) >= 3 and len(data) == data[1] + 3:
                    return bytes(data) if len(astray) <= len(data) // 2 else b"", at
                continue
            if not data and leans[at] > 0.19 and inside[at] > 9500.0:
                waited = 0
            elif waited > 30 * self.BIT:
                return b"", at + 1
            at += 1
        return b"", at

    def _byte(self, leans: list[float], at: int, edges: list[tuple[float, float, float]],
              astray: list[float]) -> tuple[int | None, bool, int]:
        """The byte whose start bit began at `at`: value (None: a click), is there a stop bit, where to go on."""
        before = leans[at - 1] if at else 0.0
        start = at - (leans[at] / (leans[at] - before) if before > 0 else 0.5)
        late: list[float] = [0.0]
        bits: list[bool] = []
        while len(bits) < 10:
            at += 1
            if at == len(leans):
                return None, False, at
            before, lean = leans[at - 1], leans[at]
            length = self._length(edges)
            if (lean > 0) != (before > 0):
                when = at - start - lean / (lean - before)
                k = int(when / length + 0.5)
                if 1 <= k <= 9 and abs(when - k * length) <= 2:
                    late.append(when - k * length)
                    edges.append((1.0, k, when))
                    length = self._length(edges)
                else:
                    astray.append(when)
            over = at - start - (len(bits) + 0.5) * length - sum(late) / len(late)
            if over >= 0:
                bits.append(lean - (lean - before) * min(over, 1.0) > 0)
                if bits == [True]:
                    return None, False, at + 1
        return sum(bit << k for k, bit in enumerate(bits[1:9])), bits[9], at + 1

    @staticmethod
    def _length(edges: list[tuple[float, float, float]]) -> float:
        """Samples of a bit: the least squares of all edges."""
        return sum(weight * k * when for weight, k, when in edges) / sum(weight * k * k for weight, k, _ in edges)


def fsk_bits(data: bytes, seizure: int, mark: int) -> list[int]:
    """The bits of one transmission (EN 300 659-1): seizure, mark, start-data-stop of each byte, ten bits of mark."""
    bits = [k & 1 for k in range(seizure)] + [1] * mark
    for byte in data:
        bits += [0, *((byte >> k) & 1 for k in range(8)), 1]
    return bits + [1] * 10


# ---- a sound in another ----


def likeness(sound: Sequence[int], x: Sequence[int], tell: Callable[[int, float], None]) -> None:
    """Tell for every place of x where `sound` may end (as a count of samples) how alike it is, -1 to 1."""
    norm = energy_of(sound)
    for end in range(len(sound), len(x) + 1):
        there = x[end - len(sound):end]
        power = energy_of(there)
        if power and norm:
            tell(end, sum(a * b for a, b in zip(sound, there, strict=True)) / math.sqrt(power * norm))


def loudest(sound: Sequence[int], length: int) -> int:
    """Where the loudest `length` samples of a sound begin."""
    return max(range(max(1, len(sound) - length + 1)), key=lambda k: energy_of(sound[k:k + length]))
