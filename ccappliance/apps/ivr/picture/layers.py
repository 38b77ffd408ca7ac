"""A layered layout (Sugiyama, Tagawa and Toda 1981): boxes in layers from top to bottom, arrows as smooth ways between.

Boxes stand on even layers, by the longest way from the start; on odd layers stand the labels of the arrows, so that no
label can cover another. What spans several layers is led through points on each of them. The order within layers is
found by barycentres with exchanges of neighbours, the places by regression under the least distances.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

SWEEPS = 16  # of the search for few crossings
SETTLING = 40  # sweeps of the search for places
GAP = 26.0  # least distance of neighbours in a layer
POINT_GAP = 14.0  # least distance of an arrow that passes
RISE = 22.0  # between a layer of boxes and the labels beside it
STRAIGHT = 8.0  # how much more an arrow that passes wants to be straight than a box wants to be in the middle
AROUND = 22.0  # how far an arrow from a box to itself goes out


@dataclass(frozen=True)
class Size:
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """An arrow to be laid out: from a box to a box, with the size of its label (0, 0 if it has none)."""

    source: str
    target: str
    label: Size


@dataclass
class Laid:
    """Where everything stands. Boxes and labels by their middles; ways as points, in the arrow's direction."""

    width: float = 0.0
    height: float = 0.0
    boxes: dict[str, tuple[float, float]] = field(default_factory=dict)
    ways: list[list[tuple[float, float]]] = field(default_factory=list)  # one for each line
    labels: list[tuple[float, float]] = field(default_factory=list)  # one for each line
    backward: list[bool] = field(default_factory=list)  # it leads up again


@dataclass(eq=False)
class _Spot:
    """A box (with room at both sides for an arrow to itself), a label, or the point where an arrow passes a layer."""

    layer: int
    size: Size
    box: str = ""
    up: "list[_Spot]" = field(default_factory=list)
    down: "list[_Spot]" = field(default_factory=list)
    place: int = 0  # in its layer
    x: float = 0.0
    y: float = 0.0


def lay(sizes: Mapping[str, Size], lines: Sequence[Line], first: Sequence[str]) -> Laid:
    """Lay out boxes of these sizes; `first` are those at the top if nothing leads to them. Sizes in pixels."""
    downward = _downward(sizes, lines, first)
    ranks = _ranks(sizes, [(source, target) for source, target, _ in downward if source != target])
    beside = {line.source: AROUND + line.label.width for line in lines if line.source == line.target}
    spots = {name: _Spot(2 * ranks[name], Size(size.width + 2 * beside.get(name, 0.0), size.height), name)
             for name, size in sizes.items()}
    layers: list[list[_Spot]] = [[] for _ in range(2 * max(ranks.values(), default=0) + 1)]
    for spot in spots.values():
        layers[spot.layer].append(spot)
    chains = [_chain(line, backward, spots, layers) for line, (_, _, backward) in zip(lines, downward, strict=True)]
    _untangle(layers)
    _place(layers)
    return _measured(layers, spots, sizes, lines, [backward for _, _, backward in downward], chains)


def _downward(sizes: Mapping[str, Size], lines: Sequence[Line], first: Sequence[str]) -> list[tuple[str, str, bool]]:
    """The lines without loops: those that lead back to a box on the way to them are turned round (True)."""
    onward: dict[str, list[str]] = {name: [] for name in sizes}
    for line in lines:
        onward[line.source].append(line.target)
    on_the_way: dict[str, bool] = {}  # True while the search is below it, False when done
    back: set[tuple[str, str]] = set()  # only asked whether something is in it
    for start in [*first, *sizes]:
        trail = [(start, iter(onward[start]))] if start not in on_the_way else []
        on_the_way.setdefault(start, True)
        while trail:
            here, ahead = trail[-1]
            target = next(ahead, None)
            if target is None:
                on_the_way[here] = False
                trail.pop()
            elif target not in on_the_way:
                on_the_way[target] = True
                trail.append((target, iter(onward[target])))
            elif on_the_way[target]:
                back.add((here, target))
    return [(line.target, line.source, True) if (line.source, line.target) in back
            else (line.source, line.target, False) for line in lines]


def _ranks(sizes: Mapping[str, Size], ways: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest way from above, for each box; ways make no loop."""
    above: dict[str, int] = dict.fromkeys(sizes, 0)
    onward: dict[str, list[str]] = {name: [] for name in sizes}
    for source, target in ways:
        above[target] += 1
        onward[source].append(target)
    ranks = dict.fromkeys(sizes, 0)
    ready = [name for name in sizes if not above[name]]
    while ready:
        here = ready.pop()
        for target in onward[here]:
            ranks[target] = max(ranks[target], ranks[here] + 1)
            above[target] -= 1
            if not above[target]:
                ready.append(target)
    return ranks


def _chain(line: Line, backward: bool, spots: Mapping[str, _Spot], layers: list[list[_Spot]]) -> list[_Spot]:
    """The spots of a line from top to bottom, the boxes at its ends included; its label is the spot next its source."""
    if line.source == line.target:
        return []
    top, bottom = (spots[line.target], spots[line.source]) if backward else (spots[line.source], spots[line.target])
    labelled = bottom.layer - 1 if backward else top.layer + 1
    chain = [top]
    for layer in range(top.layer + 1, bottom.layer):
        spot = _Spot(layer, line.label if layer == labelled else Size(0.0, 0.0))
        layers[layer].append(spot)
        chain.append(spot)
    chain.append(bottom)
    for upper, lower in pairwise(chain):
        upper.down.append(lower)
        lower.up.append(upper)
    return chain


# ---- the order within layers ----


def _untangle(layers: list[list[_Spot]]) -> None:
    """Put each spot at the mean place of its neighbours, down and up again; keep the order with fewest crossings."""
    _number(layers)
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        for layer in layers[1:] if downward else layers[-2::-1]:
            layer.sort(key=lambda spot: _barycentre(spot, spot.up if downward else spot.down))
            _number([layer])
        _exchange(layers)
        count = _crossings(layers)
        if count < fewest:
            best, fewest = [list(layer) for layer in layers], count
    for layer, kept in zip(layers, best, strict=True):
        layer[:] = kept
    _number(layers)


def _number(layers: list[list[_Spot]]) -> None:
    for layer in layers:
        for place, spot in enumerate(layer):
            spot.place = place


def _barycentre(spot: _Spot, neighbours: list[_Spot]) -> float:
    return sum(one.place for one in neighbours) / len(neighbours) if neighbours else float(spot.place)


def _exchange(layers: list[list[_Spot]]) -> None:
    """Exchange neighbours as long as that takes crossings away."""
    better = True
    while better:
        better = False
        for layer in layers:
            for index in range(len(layer) - 1):
                left, right = layer[index], layer[index + 1]
                if _crossed(left, right) > _crossed(right, left):
                    layer[index], layer[index + 1] = right, left
                    left.place, right.place = right.place, left.place
                    better = True


def _crossed(left: _Spot, right: _Spot) -> int:
    """Crossings between the ways of two neighbours, if they stand in this order."""
    return sum(one.place > other.place for ones, others in ((left.up, right.up), (left.down, right.down))
               for one in ones for other in others)


def _crossings(layers: list[list[_Spot]]) -> int:
    total = 0
    for layer in layers:
        for index, left in enumerate(layer):
            total += sum(one.place > other.place for right in layer[index + 1:]
                         for one in left.down for other in right.down)
    return total


# ---- places ----


def _place(layers: list[list[_Spot]]) -> None:
    """Each spot as near as may be to the middle of its neighbours, with the least distances kept."""
    for layer in layers:
        at = 0.0
        for spot, after in zip(layer, [*layer[1:], None], strict=True):
            spot.x = at
            at += _distance(spot, after) if after is not None else 0.0
    for sweep in range(SETTLING):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = [_pulled(spot, sweep) for spot in layer]
            for spot, x in zip(layer, _apart(layer, wanted), strict=True):
                spot.x = x
    least = min((spot.x - spot.size.width / 2 for layer in layers for spot in layer), default=0.0)
    for layer in layers:
        for spot in layer:
            spot.x -= least


def _pulled(spot: _Spot, sweep: int) -> tuple[float, float]:
    """Where a spot wants to be, and how much. Early sweeps look one way only; the last ones both."""
    if sweep < SETTLING // 2:
        neighbours = (spot.up or spot.down) if sweep % 2 == 0 else (spot.down or spot.up)
    else:
        neighbours = [*spot.up, *spot.down]
    if not neighbours:
        return spot.x, 0.1
    weights = [STRAIGHT if not spot.box and not one.box else 1.0 for one in neighbours]
    total = sum(weights)
    return sum(one.x * weight for one, weight in zip(neighbours, weights, strict=True)) / total, total


def _distance(left: _Spot, right: _Spot) -> float:
    gap = GAP if left.box and right.box else POINT_GAP
    return (left.size.width + right.size.width) / 2 + gap


def _apart(layer: list[_Spot], wanted: list[tuple[float, float]]) -> list[float]:
    """The places nearest to those wanted (weighted least squares) that keep the order and the least distances.

    Isotonic regression by pooling adjacent violators, of the places minus the distances before them.
    """
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + _distance(left, right))
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for (x, weight), offset in zip(wanted, offsets, strict=False):
        pool = (x - offset, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, heavy, count = pools.pop()
            both = heavy + pool[1]
            pool = ((mean * heavy + pool[0] * pool[1]) / both, both, count + pool[2])
        pools.append(pool)
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


# ---- the result ----


def _measured(layers: list[list[_Spot]], spots: Mapping[str, _Spot], sizes: Mapping[str, Size], lines: Sequence[Line],
              backward: list[bool], chains: list[list[_Spot]]) -> Laid:
    laid = Laid()
    y = 0.0
    for layer in layers:
        height = max((spot.size.height for spot in layer), default=0.0)
        for spot in layer:
            spot.y = y + height / 2
        y += height + RISE
    laid.height = y - RISE
    laid.boxes = {name: (spot.x, spot.y) for name, spot in spots.items()}
    laid.backward = [back or line.source == line.target for line, back in zip(lines, backward, strict=True)]
    ports = _ports(spots, sizes, chains)
    heights = [max((spot.size.height for spot in layer), default=0.0) for layer in layers]
    for index, (line, chain) in enumerate(zip(lines, chains, strict=True)):
        points, label = (_way(index, chain, ports, heights) if chain
                         else _round(spots[line.source], sizes[line.source], line))
        back = bool(chain) and backward[index]
        laid.ways.append(points[::-1] if back else points)
        laid.labels.append((chain[-2 if back else 1].x, chain[-2 if back else 1].y) if chain else label)
    rights = [spot.x + spot.size.width / 2 for layer in layers for spot in layer]
    rights += [x + line.label.width / 2 for (x, _), line in zip(laid.labels, lines, strict=True)]
    laid.width = max(rights, default=0.0)
    return laid


def _ports(spots: Mapping[str, _Spot], sizes: Mapping[str, Size], chains: list[list[_Spot]]
           ) -> dict[tuple[int, str], float]:
    """Where each line touches its boxes: side by side, in the order in which they come from their neighbours."""
    ports: dict[tuple[int, str], float] = {}
    for end in ("down", "up"):
        by_box: dict[str, list[tuple[float, int]]] = {}
        for index, chain in enumerate(chains):
            if chain:
                box, beside = (chain[0], chain[1]) if end == "down" else (chain[-1], chain[-2])
                by_box.setdefault(box.box, []).append((beside.x, index))
        for name, touching in by_box.items():
            spot = spots[name]
            room = min(sizes[name].width * 0.7, 24.0 * (len(touching) - 1))
            for number, (_, index) in enumerate(sorted(touching)):
                share = number / (len(touching) - 1) - 0.5 if len(touching) > 1 else 0.0
                ports[index, end] = spot.x + share * room
    return ports


def _way(index: int, chain: list[_Spot], ports: Mapping[tuple[int, str], float], heights: list[float]
         ) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """From the bottom of the upper box to the top of the lower, straight down through each layer between."""
    top, bottom = chain[0], chain[-1]
    points = [(ports[index, "down"], top.y + top.size.height / 2)]
    if top.size.height < heights[top.layer]:
        points.append((ports[index, "down"], top.y + heights[top.layer] / 2))
    for spot in chain[1:-1]:
        points += [(spot.x, spot.y - heights[spot.layer] / 2), (spot.x, spot.y + heights[spot.layer] / 2)]
    if bottom.size.height < heights[bottom.layer]:
        points.append((ports[index, "up"], bottom.y - heights[bottom.layer] / 2))
    points.append((ports[index, "up"], bottom.y - bottom.size.height / 2))
    return points, (chain[1].x, chain[1].y)


def _round(spot: _Spot, size: Size, line: Line) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Out at the right of the box and back in."""
    right, third = spot.x + size.width / 2, size.height / 4
    points = [(right, spot.y + third), (right + AROUND, spot.y + third), (right + AROUND, spot.y - third),
              (right, spot.y - third)]
    return points, (right + AROUND + line.label.width / 2, spot.y)
