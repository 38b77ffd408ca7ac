"""A picture as SVG, written by hand: shares with their confidence, regions with the peer's edge, the limits asked."""

import itertools
from collections.abc import Iterator, Sequence
from html import escape

from ccappliance.media.accuracy.figures import OURS, Axis, Line, Picture, Point

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, BOTTOM = 64, 20, 52
ROW = 18  # height of a row of the legend
INK, PALE, GRID = "#24292f", "#57606a", "#e3e7eb"
COLOURS = {OURS: ("#0b5cad", "#2f9e8f", "#7048a8"), "": ("#d9731a", "#a8471c", "#8c6d1f", "#7a3b69", "#b0892a")}
LIMITS = (("#b3261e", "7 4"), ("#3d444d", "2 3"), ("#8a6d00", "10 3 2 3"), ("#6b7280", "4 2"), ("#6b7280", "1 3"))
ENOUGH = 0.5  # of the trials of a cell: within the region that is outlined
CHAR = 6.5  # width of a letter, about
_CLIPPED = '<g clip-path="url(#paper)">'


class Frame:
    """Where the values of two axes lie on the paper."""

    def __init__(self, x: Axis, y: Axis, top: float) -> None:
        self.x, self.y = x, y
        self.left, self.right = float(LEFT), float(WIDTH - RIGHT)
        self.top, self.bottom = top, float(HEIGHT - BOTTOM)

    def at_x(self, value: float) -> float:
        return round(self.left + (value - self.x.low) / (self.x.high - self.x.low) * (self.right - self.left), 1)

    def at_y(self, value: float) -> float:
        return round(self.bottom - (value - self.y.low) / (self.y.high - self.y.low) * (self.bottom - self.top), 1)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{self.at_x(x):g},{self.at_y(y):g}" for x, y in points)


def svg(picture: Picture) -> str:
    """The file's text. ValueError for a picture of numbers, which has nothing to draw."""
    if picture.kind == "numbers":
        raise ValueError(f"{picture.name} is a table of numbers; there is nothing to draw")
    colours = _colours(picture.lines)
    legend, rows = _legend(picture, colours)
    region = picture.kind == "region"
    x, y = (_widened(picture, "x"), _widened(picture, "y")) if region else (picture.x, picture.y)
    frame = Frame(x, y, 40.0 + ROW * rows + 8.0)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
             f'height="{HEIGHT}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="12">',
             f"<title>{escape(picture.title)}</title><desc>{escape(picture.about)}</desc>",
             f'<clipPath id="paper"><rect x="{frame.left - 3:g}" y="{frame.top - 3:g}" '
             f'width="{frame.right - frame.left + 6:g}" height="{frame.bottom - frame.top + 6:g}"/></clipPath>',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
             _text(LEFT, 24, picture.title, INK, "font-size='15' font-weight='600'"), *legend]
    if region:
        parts += [*_cells(picture, frame), *_axes(picture, frame), _CLIPPED, *_edges(picture, frame, colours)]
    else:
        parts += [*_axes(picture, frame), _CLIPPED, *_curves(picture, frame, colours)]
    return "\n".join([*parts, *_limits(picture, frame), "</g>", "</svg>", ""])


def _text(x: float, y: float, text: str, colour: str = PALE, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="{colour}" {more}>{escape(text)}</text>'


def _colours(lines: Sequence[Line]) -> dict[str, str]:
    """Ours are cool, the peers' warm."""
    mine, theirs = iter(itertools.cycle(COLOURS[OURS])), iter(itertools.cycle(COLOURS[""]))
    return {line.name: next(mine if line.ours else theirs) for line in lines}


def _legend(picture: Picture, colours: dict[str, str]) -> tuple[list[str], int]:
    """Swatches and names, wrapped; and how many rows they take."""
    entries = [(line.name, f'stroke="{colours[line.name]}" stroke-width="3"') for line in picture.lines]
    if picture.kind == "region":
        entries = [(f"{name} (heard half the time)", style) for name, style in entries]
    named = [limit.label for limit in picture.limits if limit.label]
    entries += [(name, f'stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dash}"')
                for name, (colour, dash) in zip(named, itertools.cycle(LIMITS), strict=False)]
    parts, x, row = [], float(LEFT), 0
    for name, style in entries:
        wide = 30 + CHAR * len(name) + 18
        if x + wide > WIDTH and x > LEFT:
            x, row = float(LEFT), row + 1
        y = 44 + ROW * row
        parts += [f'<line x1="{x:g}" y1="{y - 4}" x2="{x + 22:g}" y2="{y - 4}" {style}/>', _text(x + 28, y, name)]
        x += wide
    return parts, row + 1


def _axes(picture: Picture, frame: Frame) -> Iterator[str]:
    over = picture.kind == "region"
    for x in _ticks(picture.x):
        at = frame.at_x(x)
        if not over:
            yield f'<line x1="{at:g}" y1="{frame.top:g}" x2="{at:g}" y2="{frame.bottom:g}" stroke="{GRID}"/>'
        yield f'<line x1="{at:g}" y1="{frame.bottom:g}" x2="{at:g}" y2="{frame.bottom + 4:g}" stroke="{PALE}"/>'
        yield _text(at, frame.bottom + 18, f"{x:g}", PALE, "text-anchor='middle'")
    for y in _ticks(picture.y):
        at = frame.at_y(y)
        if not over:
            yield f'<line x1="{frame.left:g}" y1="{at:g}" x2="{frame.right:g}" y2="{at:g}" stroke="{GRID}"/>'
        yield f'<line x1="{frame.left - 4:g}" y1="{at:g}" x2="{frame.left:g}" y2="{at:g}" stroke="{PALE}"/>'
        yield _text(frame.left - 8, at + 4, f"{y:g}", PALE, "text-anchor='end'")
    yield (f'<rect x="{frame.left:g}" y="{frame.top:g}" width="{frame.right - frame.left:g}" '
           f'height="{frame.bottom - frame.top:g}" fill="none" stroke="{PALE}"/>')
    middle = (frame.left + frame.right) / 2
    yield _text(middle, HEIGHT - 12, picture.x.label, INK, "text-anchor='middle'")
    upright = (frame.top + frame.bottom) / 2
    yield _text(16, upright, picture.y.label, INK, f"text-anchor='middle' transform='rotate(-90 16 {upright:g})'")


def _ticks(axis: Axis) -> list[float]:
    return [round(axis.low + k * axis.step, 6) for k in range(int((axis.high - axis.low) / axis.step + 1e-6) + 1)]


# ---- curves ----


def _curves(picture: Picture, frame: Frame, colours: dict[str, str]) -> Iterator[str]:
    percent = 100.0 if picture.kind in ("curve", "roc") else 1.0
    across = 100.0 if picture.kind == "roc" else 1.0
    for line in sorted(picture.lines, key=lambda line: line.ours):  # ours on top
        colour = colours[line.name]
        if all(point.trials for point in line.points) and len(line.points) > 1:
            around = [(point.x, 100.0 * point.between[1]) for point in line.points]
            around += [(point.x, 100.0 * point.between[0]) for point in reversed(line.points)]
            yield f'<polygon points="{frame.path(around)}" fill="{colour}" opacity="0.15"/>'
        path = [(across * point.x, percent * point.value) for point in line.points]
        if len(path) > 1:
            yield (f'<polyline points="{frame.path(path)}" fill="none" stroke="{colour}" stroke-width="2" '
                   'stroke-linejoin="round"/>')
        if picture.kind != "roc" or len(path) == 1:
            size = 2.6 if len(path) > 1 else 5
            for x, y in path:
                yield f'<circle cx="{frame.at_x(x):g}" cy="{frame.at_y(y):g}" r="{size}" fill="{colour}"/>'


# ---- regions ----


def _widened(picture: Picture, along: str) -> Axis:
    """A cell lies around its point, so the paper reaches half a cell further."""
    axis = picture.x if along == "x" else picture.y
    half = _pitch(picture.lines[0].points, along) / 2
    return Axis(axis.label, axis.low - half, axis.high + half, axis.step)


def _pitch(points: Sequence[Point], along: str) -> float:
    places = sorted({getattr(point, along) for point in points})
    return places[1] - places[0] if len(places) > 1 else 1.0


def _cells(picture: Picture, frame: Frame) -> Iterator[str]:
    """Ours: the more often heard, the bluer; neighbours of one share are one rectangle."""
    points = picture.mine[0].points
    wide, high = _pitch(points, "x") / 2, _pitch(points, "y") / 2
    for y, row in itertools.groupby(points, key=lambda point: point.y):
        for value, run in itertools.groupby(row, key=lambda point: round(point.value, 2)):
            if value <= 0.0:
                continue
            cells = list(run)
            x1, x2 = frame.at_x(cells[0].x - wide), frame.at_x(cells[-1].x + wide)
            y1, y2 = frame.at_y(y + high), frame.at_y(y - high)
            yield (f'<rect x="{x1:g}" y="{y1:g}" width="{x2 - x1:.1f}" height="{y2 - y1:.1f}" fill="#4f9be0" '
                   f'shape-rendering="crispEdges" opacity="{0.12 + 0.5 * value:.2f}"/>')


def _edges(picture: Picture, frame: Frame, colours: dict[str, str]) -> Iterator[str]:
    """The outline of what each listener hears at least half the time."""
    for line in sorted(picture.lines, key=lambda line: line.ours):
        wide, high = _pitch(line.points, "x"), _pitch(line.points, "y")
        heard = {(point.x, point.y): point.value >= ENOUGH for point in line.points}
        steps = []
        for (x, y), inside in heard.items():
            if not inside:
                continue
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                if heard.get((round(x + dx * wide, 6), round(y + dy * high, 6)), False):
                    continue
                if dx:
                    ends = [(x + dx * wide / 2, y - high / 2), (x + dx * wide / 2, y + high / 2)]
                else:
                    ends = [(x - wide / 2, y + dy * high / 2), (x + wide / 2, y + dy * high / 2)]
                steps.append("M" + " L".join(f"{frame.at_x(a):g} {frame.at_y(b):g}" for a, b in ends))
        yield (f'<path d="{" ".join(steps)}" fill="none" stroke="{colours[line.name]}" stroke-width="2.4" '
               'stroke-linecap="square"/>')


# ---- limits ----


def _limits(picture: Picture, frame: Frame) -> Iterator[str]:
    style, k = LIMITS[0], -1
    for limit in picture.limits:
        if limit.label:  # one without a name belongs to the one before
            k += 1
            style = LIMITS[k % len(LIMITS)]
        corners = [*limit.corners, *(limit.corners[:1] if limit.closed else ())]
        yield (f'<polyline points="{frame.path(corners)}" fill="none" stroke="{style[0]}" stroke-width="1.6" '
               f'stroke-dasharray="{style[1]}"/>')
