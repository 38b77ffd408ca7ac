"""What was reached before: figures may only get better, and whoever accepts a worse one says why.

A curve or region counts with the sums of its trials: those that a limit asks for, and the others within reach. So a sum
that is whole stays whole in every point, and neighbours on a slope may change places. Measurements are deterministic:
counts are compared as they are, plain values to SLACK.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccappliance.media.accuracy.figures import Picture, Point, rounded

SLACK = 0.02  # of plain values, in their unit: the last digit of a decibel is the compiler's
HOW = "ccappliance dsp report --accept, or make accuracy"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that may only get better."""

    name: str  # "dtmf-noise: ccappliance: asked"
    value: float  # how many of `of`, or a plain value
    of: int  # trials; 0: a plain value
    wish: str  # "more" or "less"
    source: str  # fingerprint of the speech it was measured with; "": none
    amiss: str = ""  # points that are asked for and not whole

    def worse_than(self, other: "Figure") -> bool:
        slack = 0.0 if self.of else SLACK
        if self.wish == "more":
            return self.value < other.value - slack
        return self.value > other.value + slack

    def told(self) -> str:
        return f"{self.value:g} of {self.of}" if self.of else f"{self.value:g}"


def figures(pictures: Sequence[Picture]) -> dict[str, Figure]:
    """All figures of ours, by name."""
    return {one.name: one for picture in pictures for one in _figures(picture)}


def _figures(picture: Picture) -> Iterator[Figure]:
    for line in picture.mine:
        for must in (True, False):
            for wish in ("more", "less"):
                points = [point for point in line.points if point.wish == wish and point.must == must]
                if not points:
                    continue
                trials = sum(point.trials for point in points)
                value = float(sum(point.hits for point in points)) if trials else _mean(points)
                name = f"{picture.name}: {line.name}" + _which(picture, wish, must)
                yield Figure(name, rounded(value), trials, wish, picture.source, _amiss(picture, points, wish, must))


def _which(picture: Picture, wish: str, must: bool) -> str:
    if picture.kind == "numbers":
        return ""
    return f": {'asked' if must else 'within reach'}, {wish} is better"


def _mean(points: Sequence[Point]) -> float:
    return sum(point.value for point in points) / len(points)


def _amiss(picture: Picture, points: Sequence[Point], wish: str, must: bool) -> str:
    """Where trials that are asked for went wrong: the first few."""
    if not must or picture.kind == "numbers":
        return ""
    wrong = [point for point in points if point.trials and point.hits != (point.trials if wish == "more" else 0)]
    also = [f"/{point.y:g}" if picture.kind == "region" else "" for point in wrong]
    places = [f"{point.x:g}{y} ({point.hits} of {point.trials})" for point, y in zip(wrong[:5], also, strict=False)]
    return ", ".join(places) + (" …" if len(wrong) > 5 else "")


@dataclass(frozen=True, slots=True)
class Compared:
    """The figures of today beside those of the baseline; each list holds sentences."""

    worse: list[str] = field(default_factory=list)
    better: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)  # not in the baseline yet
    skipped: list[str] = field(default_factory=list)  # from other voices than the baseline's


@dataclass
class Baseline:
    """The file: figures by size ("quick", "full"), and what was traded for what."""

    sizes: dict[str, dict[str, Figure]]
    traded: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> "Baseline":
        """An absent file is an empty baseline. ValueError, OSError."""
        if not path.exists():
            return cls({}, [])
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            sizes = {size: {name: Figure(name, float(value), int(of), str(wish), str(source))
                            for name, (value, of, wish, source) in rows.items()}
                     for size, rows in told["figures"].items()}
            return cls(sizes, list(told["traded"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{path} is no baseline ({error}); `{HOW}` writes one") from error

    def write(self, path: Path) -> None:
        """One figure a line, so that a change can be reviewed."""
        rows = []
        for size, held in sorted(self.sizes.items()):
            lines = [f"   {json.dumps(name, ensure_ascii=False)}: "
                     f"{json.dumps([one.value, one.of, one.wish, one.source], ensure_ascii=False)}"
                     for name, one in sorted(held.items())]
            rows.append(f"  {json.dumps(size)}: {{\n" + ",\n".join(lines) + "\n  }")
        traded = json.dumps(self.traded, ensure_ascii=False, indent=1)
        text = '{\n "figures": {\n' + ",\n".join(rows) + f'\n }},\n "traded": {traded}\n}}\n'
        path.write_text(text, encoding="utf-8")

    def compare(self, size: str, found: Mapping[str, Figure], measured: Sequence[str]) -> Compared:
        """`measured`: names of the pictures measured; figures of others are left in peace."""
        result = Compared()
        before = self.sizes.get(size, {})
        for name, one in found.items():
            was = before.get(name)
            if was is None:
                result.fresh.append(f"{name}: {one.told()}")
            elif was.source != one.source:
                result.skipped.append(f"{name}: not compared, for the voices are not those of the baseline")
            elif was.of != one.of or was.wish != one.wish:
                result.worse.append(f"{name}: was measured as {was.told()}, and now otherwise: {one.told()}")
            elif one.worse_than(was):
                where = f"; amiss at {one.amiss}" if one.amiss else ""
                result.worse.append(f"{name}: {was.told()} before, {one.told()} now ({one.wish} is better){where}")
            elif was.worse_than(one):
                result.better.append(f"{name}: {was.told()} before, {one.told()} now")
        gone = [name for name in before if name not in found and name.partition(":")[0] in measured]
        result.worse.extend(f"{name}: {before[name].told()} before, no longer measured" for name in gone)
        return result

    def accept(self, size: str, found: Mapping[str, Figure], measured: Sequence[str], because: str = "") -> None:
        """Take what is better, new, or from other voices. ValueError if something is worse and nobody says why."""
        compared = self.compare(size, found, measured)
        if compared.worse:
            if not because:
                raise ValueError("some figures are worse, and a baseline may only get better:\n"
                                 + "\n".join(compared.worse) + "\nmend them, or say what they were traded for "
                                 "with --because")
            self.traded.append({"size": size, "because": because, "worse": compared.worse})
        kept = {name: one for name, one in self.sizes.get(size, {}).items() if name.partition(":")[0] not in measured}
        was = self.sizes.get(size, {})
        within = {name: was[name] if name in was and was[name].source == one.source and not one.of
                  and abs(was[name].value - one.value) <= SLACK and not compared.worse else one
                  for name, one in found.items()}
        self.sizes[size] = kept | within
