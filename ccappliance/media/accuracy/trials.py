"""Trials from seeds: chance that is the same on every machine, and listeners that hear the same sound side by side."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ccappliance.media.accuracy.figures import Line, Point

T = TypeVar("T")
_MASK = (1 << 64) - 1

Listener = Callable[[bytes], object]  # PCM → what was told of it
Sound = tuple[bytes, object]  # PCM, and what should be told of it
Wish = tuple[str, bool]  # Point.wish, Point.must


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    name: str
    trials: int  # at a point of a curve
    cell: int  # trials in a cell of a region
    fine: int  # 1: every cell and point, 2: every second …
    seconds: int  # of sound made to deceive
    calls: int  # to persons and machines


QUICK = Size("quick", trials=100, cell=8, fine=1, seconds=600, calls=60)
FULL = Size("full", trials=1000, cell=60, fine=1, seconds=7200, calls=800)


class Chance:
    """SplitMix64, seeded by a name: every trial has its own, so that no figure depends on another."""

    def __init__(self, name: str) -> None:
        raw = name.encode()
        self._state = zlib.crc32(raw) << 32 | zlib.crc32(raw[::-1])

    def seed(self) -> int:
        """64 random bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        x = self._state
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
        return x ^ (x >> 31)

    def number(self, low: float, high: float) -> float:
        return low + (high - low) * (self.seed() >> 11) / (1 << 53)

    def whole(self, below: int) -> int:
        """0 to below - 1."""
        return self.seed() % below

    def one_of(self, things: Sequence[T]) -> T:
        return things[self.whole(len(things))]

    def data(self, count: int) -> bytes:
        return bytes(self.whole(256) for _ in range(count))


def hits(name: str, trials: int, listeners: Mapping[str, Listener],
         make: Callable[[Chance], Sound]) -> dict[str, int]:
    """How often each listener told exactly what should be told; all of them hear the same sounds."""
    right = dict.fromkeys(listeners, 0)
    for trial in range(trials):
        pcm, expected = make(Chance(f"{name} #{trial}"))
        for who, hear in listeners.items():
            right[who] += hear(pcm) == expected
    return right


def _at(make: Callable[..., Sound], *where_and_chance: Any) -> Sound:
    """The chance comes last from `hits`, and first to `make`."""
    *where, chance = where_and_chance
    return make(chance, *where)


def curve(name: str, trials: int, listeners: Mapping[str, Listener], xs: Sequence[float],
          make: Callable[[Chance, float], Sound], wish: Callable[[float], Wish] = lambda x: ("more", False)
          ) -> tuple[Line, ...]:
    """The share of right trials over x, a line for each listener."""
    points: dict[str, list[Point]] = {who: [] for who in listeners}
    for x in xs:
        for who, right in hits(f"{name} {x:g}", trials, listeners, partial(_at, make, x)).items():
            wanted, must = wish(x)
            points[who].append(Point(x, right / trials, trials, wish=wanted, must=must))
    return tuple(Line(who, tuple(row)) for who, row in points.items())


def region(name: str, trials: int, listeners: Mapping[str, Listener], xs: Sequence[float], ys: Sequence[float],
           make: Callable[[Chance, float, float], Sound], wish: Callable[[float, float], Wish]) -> tuple[Line, ...]:
    """The share of right trials over x and y."""
    points: dict[str, list[Point]] = {who: [] for who in listeners}
    for y in ys:
        for x in xs:
            found = hits(f"{name} {x:g} {y:g}", trials, listeners, partial(_at, make, x, y))
            for who, right in found.items():
                wanted, must = wish(x, y)
                points[who].append(Point(x, right / trials, trials, y, wanted, must))
    return tuple(Line(who, tuple(row)) for who, row in points.items())


def steps(low: float, high: float, step: float, fine: int = 1) -> list[float]:
    """low, low + step, … to high; `fine` of 2 takes every second."""
    count = round((high - low) / step)
    return [round(low + k * step, 6) for k in range(0, count + 1, fine)]
