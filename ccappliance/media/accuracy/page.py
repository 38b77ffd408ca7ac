"""The accuracy tables as Markdown: what is reached, with how many trials and what confidence, beside the peers."""

from collections.abc import Iterator, Sequence

from ccappliance.media.accuracy.figures import Line, Picture, Point, Silent, wilson
from ccappliance.media.accuracy.trials import Size

ENOUGH = 0.99  # of the trials: heard


def page(size: Size, pictures: Sequence[Picture], silent: Sequence[Silent], peers: Sequence[str]) -> str:
    """The whole page; pictures lie beside it as NAME.svg."""
    beside = f"Beside ours: {' and '.join(peers)}, on the same sounds." if peers else \
        "No peer is installed here (Debian: libspandsp2, libspeexdsp1)."
    parts = ["# Accuracy", "",
             "Written by `ccappliance dsp report`, from seeds, on the kernels that hear calls: every trial has its own "
             "random phase and place, and goes through A-law. Shares stand with their 95 % confidence interval "
             f"(Wilson). {beside} Size of this run: {size.name}.", "",
             "`make accuracy` measures anew, `baseline.json` holds what was reached: it may only get better.", ""]
    parts += ["## At a glance", "", "| | listener | measured | trials |", "|---|---|---|---|"]
    parts += [f"| {' | '.join(row)} |" for picture in pictures for row in glance(picture)]
    parts += ["", *(f"- {one.title}: {one.why}" for one in silent)]
    for picture in pictures:
        parts += ["", f"## {picture.title}", "", picture.about, ""]
        if picture.kind != "numbers":
            parts += [f"![{picture.title}]({picture.name}.svg)", ""]
        parts += _table(picture)
    return "\n".join(parts).rstrip() + "\n"


def glance(picture: Picture) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the summary: title (of the first row only), listener, figure, trials."""
    title = picture.title
    for line in picture.lines:
        if picture.kind == "roc":
            continue
        for what, figure, trials in _summary(picture, line):
            yield title, what, figure, trials
            title = ""


def _summary(picture: Picture, line: Line) -> Iterator[tuple[str, str, str]]:
    if picture.kind == "numbers":
        point = line.points[0]
        if point.trials:
            yield line.name, share(point), str(point.trials)
        else:
            yield line.name, f"{point.value:.0f}" if point.value >= 1000.0 else f"{point.value:.4g}", ""
    elif picture.kind == "values":
        asked = [point.value for point in line.points if point.must]
        yield line.name, f"{sum(asked) / len(asked):.1f} dB, least {min(asked):.1f} dB", ""
    elif picture.kind == "region":
        for wish, what in (("more", "asked"), ("less", "to be refused")):
            points = [point for point in line.points if point.must and point.wish == wish]
            if points:
                hits, trials = sum(point.hits for point in points), sum(point.trials for point in points)
                yield f"{line.name}: {what}", f"heard {share(Point(0.0, hits / trials, trials))}", str(trials)
    else:
        yield line.name, f"{100 * ENOUGH:.0f} % {_reach(picture, line)}", f"{line.points[0].trials} a point"


def share(point: Point) -> str:
    """97.0 % (94.1-98.5); two decimals where there are trials for them."""
    low, high = wilson(point.hits, point.trials)
    digits = 2 if point.trials >= 5000 else 1
    return f"{100 * point.value:.4g} % ({100 * low:.{digits}f}–{100 * high:.{digits}f})"


def _reach(picture: Picture, line: Line) -> str:
    """Over which longest stretch of x at least ENOUGH of the trials are right."""
    runs: list[list[Point]] = [[]]
    for point in line.points:
        if point.value >= ENOUGH:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    best = max(runs, key=len)
    unit = picture.x.label.rpartition(", ")[2]
    if not best:
        return "nowhere"
    first, last = best[0].x, best[-1].x
    if first == line.points[0].x and last == line.points[-1].x:
        return "everywhere"
    if last == line.points[-1].x:
        return f"from {first:g} {unit} on"
    if first == line.points[0].x:
        return f"up to {last:g} {unit}"
    return f"from {first:g} to {last:g} {unit}"


def _table(picture: Picture) -> Iterator[str]:
    """Every point of a curve; of regions and a ROC the picture says more."""
    if picture.kind == "numbers":
        yield from ("| | |", "|---|---|")
        for line in picture.lines:
            yield from (f"| {name} | {figure} |" for name, figure, _ in _summary(picture, line))
    elif picture.kind in ("curve", "values"):
        xs = sorted({point.x for line in picture.lines for point in line.points})
        yield from ("<details><summary>Every point</summary>", "")
        yield "| " + " | ".join([picture.x.label, *(line.name for line in picture.lines)]) + " |"
        yield "|" + "---|" * (len(picture.lines) + 1)
        at = [{point.x: point for point in line.points} for line in picture.lines]
        for x in xs:
            cells = [_cell(points.get(x)) for points in at]
            yield f"| {x:g} | " + " | ".join(cells) + " |"
        yield from ("", "</details>")


def _cell(point: Point | None) -> str:
    if point is None:
        return ""
    return share(point) if point.trials else f"{point.value:.1f}"
