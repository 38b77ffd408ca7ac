"""What a measurement yields: points, lines and pictures; the same for tables, plots, JSON and the baseline.

A point of chance is a share of trials, told with its 95 % confidence (Wilson's interval); others are plain values.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OURS = "ccappliance"
Z = 1.959964  # of the normal distribution: 95 % between


@dataclass(frozen=True, slots=True)
class Point:
    """`value` at `x` (and `y`, in a region): a share of `trials`, or with no trials a plain value."""

    x: float
    value: float
    trials: int = 0
    y: float = 0.0
    wish: str = ""  # "more" or "less" is better; "": between what is asked and what is refused, nothing is wished
    must: bool = False  # a limit of a standard or of our own data sheet asks for it: held each by itself

    @property
    def hits(self) -> int:
        return round(self.value * self.trials)

    @property
    def between(self) -> tuple[float, float]:
        return wilson(self.hits, self.trials)


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % confidence interval of a share (E. B. Wilson, 1927): sound for few trials, and for none or all hit."""
    if trials == 0:
        return 0.0, 1.0
    share, square = hits / trials, Z * Z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    reach = Z / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True, slots=True)
class Line:
    """The points of one listener: ours, or a peer's."""

    name: str
    points: tuple[Point, ...]

    @property
    def ours(self) -> bool:
        return self.name.startswith(OURS)


@dataclass(frozen=True, slots=True)
class Axis:
    label: str  # with its unit
    low: float
    high: float
    step: float  # between ticks


@dataclass(frozen=True, slots=True)
class Limit:
    """What a standard or the specification asks, as a line to draw; `corners` in units of the axes."""

    label: str
    corners: tuple[tuple[float, float], ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """One measurement. Kinds: curve (shares over x), values (over x), region (shares over x and y), roc, numbers."""

    name: str  # of the file: dtmf-snr
    ear: str  # of --only
    title: str
    kind: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    about: str  # how it was measured, and what was asked
    limits: tuple[Limit, ...] = ()
    source: str = ""  # fingerprint of outside sound (speech): only figures from the same sound are compared

    @property
    def mine(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.ours)


@dataclass(frozen=True, slots=True)
class Silent:
    """What could not be measured here, and why."""

    ear: str
    title: str
    why: str


def number(name: str, value: float, wish: str = "less") -> Line:
    """A line of a picture of numbers."""
    return Line(name, (Point(0.0, value, wish=wish, must=bool(wish)),))


NOWHERE = Axis("", 0.0, 1.0, 1.0)


# ---- as JSON ----

COLUMNS = ("x", "y", "value", "hits", "trials", "low", "high")


def as_dict(picture: Picture) -> dict[str, Any]:
    """For machines: every point as a row under the names of `columns`; trials 0: a plain value, without chance."""
    return {"name": picture.name, "ear": picture.ear, "title": picture.title, "kind": picture.kind,
            "x": picture.x.label, "y": picture.y.label, "about": picture.about, "source": picture.source,
            "columns": list(COLUMNS), "lines": [{"name": line.name, "points": [_row(point) for point in line.points]}
                                                for line in picture.lines]}


def _row(point: Point) -> list[float]:
    low, high = point.between if point.trials else (point.value, point.value)
    return [*map(rounded, (point.x, point.y, point.value)), point.hits, point.trials, rounded(low), rounded(high)]


def rounded(value: float) -> float:
    """Four decimals are more than any figure is worth, and the same on every machine."""
    return round(value, 4) + 0.0


# ---- a ROC from elsewhere ----


def roc_from(name: str, told: Mapping[str, Any]) -> tuple[Line, ...]:
    """Lines of a ROC that another program has measured. ValueError says what is expected.

    `{"lines": [{"name": "trees, unseen voices", "points": [[lost, found], …]}]}`: shares of persons taken for machines
    and of machines found, 0 to 1; as tools/train_verdict.py may write it.
    """
    try:
        lines = tuple(Line(f"{name}: {line['name']}", tuple(Point(float(lost), float(found))
                                                            for lost, found in line["points"]))
                      for line in told["lines"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{name}: expected {{\"lines\": [{{\"name\": …, \"points\": [[lost, found], …]}}]}}: "
                         f"{error}") from error
    if any(not (0.0 <= point.x <= 1.0 and 0.0 <= point.value <= 1.0) for line in lines for point in line.points):
        raise ValueError(f"{name}: shares are 0 to 1")
    return lines
