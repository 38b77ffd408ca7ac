"""The picture of flows as SVG: boxes coloured by what they do, arrows as broad as their share of the calls."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from ccappliance.apps.ivr.picture.chart import DESTINATION, Arrow, Box, Chart, columns_of
from ccappliance.apps.ivr.picture.layers import Laid, Line, Size, lay

FONT = "'Noto Sans CJK SC', 'Source Han Sans SC', 'WenQuanYi Micro Hei', 'DejaVu Sans', sans-serif"
COLUMN = 6.7  # pixels of one column of text at 12 px
PADDING = 12.0
LINE = 16.0  # pixels of a line of text
MARGIN = 24.0
HEAD = 40.0  # of a panel, for its title
WORDS = 24  # columns of one line of a box's words
LABEL = 14.0
BROAD = 7.0  # stroke of an arrow all calls take
COLOURS = {"telling": ("#e8f4ea", "#3f8f55"), "asking": ("#e6effb", "#3a6fb5"), "deciding": ("#fdf3d8", "#b88a1a"),
           "collecting": ("#e6effb", "#3a6fb5"), "directory": ("#e6effb", "#3a6fb5"),
           "fetching": ("#def3f1", "#1f8a80"), "script": ("#def3f1", "#1f8a80"), "subflow": ("#ecebfa", "#5b55a8"),
           "message": ("#f3e8f8", "#8a4fa3"), "surveying": ("#f3e8f8", "#8a4fa3"), "meeting": ("#fde9e1", "#c0603a"),
           "reaching": ("#fde9e1", "#c0603a"), "leaving": ("#fde9e1", "#c0603a")}  # of a room: inside, line
PLAIN = ("#eef0f2", "#6b7680")  # of all other rooms
AWAY = ("#ffffff", "#444c55")  # of destinations
KINDS_ZH = {"play": "播放", "say": "报读", "menu": "菜单", "collect": "收号", "language": "语言", "branch": "分支",
            "set": "赋值", "record": "录音", "queue": "排队", "transfer": "转接", "hangup": "挂机", "schedule": "时间",
            "loop": "循环", "return": "返回", "mailbox": "听留言", "dial": "呼叫",
            "subflow": "子流程", "lookup": "查询", "http": "HTTP", "agi": "AGI", "voicemail": "语音信箱",
            "survey": "满意度", "callback": "回呼", "conference": "会议", "directory": "按名查找"}
TITLES = {"en": {"flow": "Flow", "calls": "{} calls", "hung_up": "{} hung up", "flows": "All flows"},
          "zh": {"flow": "流程", "calls": "{} 次呼叫", "hung_up": "{} 次挂断", "flows": "全部流程"}}
LANGUAGES = tuple(TITLES)


def draw(charts: Sequence[Chart], language: str, note: str = "") -> str:
    """One SVG of these flows: one fills the picture, several are panels, joined where one leads to the other.

    `note` is written below: what was counted. The same charts give the same text.
    """
    panels = {chart.flow: _Panel(chart, language) for chart in charts}
    lines = [Line(chart.flow, target, Size(0.0, 0.0)) for chart in charts
             for target in chart.leads if target in panels]
    lines = [line for line in lines if line.source != line.target]
    laid = lay({name: panel.size for name, panel in panels.items()}, lines, [chart.flow for chart in charts[:1]])
    parts = [f'<g transform="translate({_n(x - panels[name].size.width / 2)} {_n(y - panels[name].size.height / 2)})">'
             f"{panels[name].svg(framed=len(charts) > 1)}</g>" for name, (x, y) in laid.boxes.items()]
    parts += [_path(way, "#8a939c", 2.0, dashed=back) for way, back in zip(laid.ways, laid.backward, strict=True)]
    if note:
        parts.append(_text(0, laid.height + 16, note, size=11, colour="#6b7680", anchor="start"))
    title = f"{TITLES[language]['flow']} {charts[0].flow}" if len(charts) == 1 else TITLES[language]["flows"]
    return _document(title, laid, 28.0 if note else 0.0, parts)


def _document(title: str, laid: Laid, below: float, parts: Sequence[str]) -> str:
    width, height = laid.width + 2 * MARGIN, laid.height + below + 2 * MARGIN
    colours = dict.fromkeys(["#555e67", "#8a939c"])
    markers = "".join(
        f'<marker id="tip{colour[1:]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8 10 5 0 9.2z" fill="{colour}"/></marker>'
        for colour in colours)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" font-family={quoteattr(FONT)} font-size="12">',
        f"<title>{escape(title)}</title>", f"<defs>{markers}</defs>",
        f'<rect width="{_n(width)}" height="{_n(height)}" fill="#ffffff"/>',
        f'<g transform="translate({_n(MARGIN)} {_n(MARGIN)})">', *parts, "</g>", "</svg>", ""])


class _Panel:
    """One flow, laid out."""

    def __init__(self, chart: Chart, language: str) -> None:
        self._chart = chart
        self._language = language
        self._words = TITLES[language]
        self._labels = [_label(arrow) for arrow in chart.arrows]
        self._sizes = {name: self._size(box) for name, box in chart.boxes.items()}
        starts = [name for name, box in chart.boxes.items() if box.start]
        self._laid = lay(self._sizes, [
            Line(arrow.source, arrow.target, Size(columns_of(text) * COLUMN * 0.92 + 6, LABEL) if text else Size(0, 0))
            for arrow, text in zip(chart.arrows, self._labels, strict=True)], starts)
        title = columns_of(self._title()) * COLUMN * 1.25
        self.size = Size(max(self._laid.width, title) + 2 * MARGIN, self._laid.height + HEAD + 2 * MARGIN)

    def svg(self, framed: bool) -> str:
        parts = []
        if framed:
            parts.append(f'<rect width="{_n(self.size.width)}" height="{_n(self.size.height)}" rx="10" fill="#fafbfc" '
                         'stroke="#d3d9df"/>')
        parts.append(_text(MARGIN, 28, self._title(), size=15, weight="bold", anchor="start"))
        inner = "".join([*self._arrows(), *(self._box(name, box) for name, box in self._chart.boxes.items()),
                         *self._told()])
        parts.append(f'<g transform="translate({_n(MARGIN)} {_n(HEAD + MARGIN)})">{inner}</g>')
        return "".join(parts)

    def _title(self) -> str:
        counted = "" if self._chart.calls is None else f" · {self._words['calls'].format(self._chart.calls)}"
        return f"{self._words['flow']} {self._chart.flow}{counted}"

    def _size(self, box: Box) -> Size:
        texts = [self._head(box), *_wrapped(box.words), *self._counts(box)]
        return Size(max(max(columns_of(text) * COLUMN for text in texts) + 2 * PADDING, 90.0),
                    len(texts) * LINE + PADDING)

    def _head(self, box: Box) -> str:
        return box.name if box.kind == DESTINATION else f"{box.name}  {self._kind(box)}"

    def _kind(self, box: Box) -> str:
        return KINDS_ZH.get(box.kind, box.kind) if self._language == "zh" else box.kind

    def _counts(self, box: Box) -> list[str]:
        told = [] if box.visits is None else [self._words["calls"].format(box.visits)]
        return [" · ".join([*told, self._words["hung_up"].format(box.hung_up)])] if box.hung_up else told

    def _box(self, name: str, box: Box) -> str:
        x, y = self._laid.boxes[name]
        size = self._sizes[name]
        left, top = x - size.width / 2, y - size.height / 2
        inside, line = AWAY if box.kind == DESTINATION else COLOURS.get(box.room, PLAIN)
        radius = size.height / 2 if box.kind == DESTINATION else 5
        parts = [f"<g><title>{escape(f'{box.name} {box.kind} {box.words}'.strip())}</title>"]
        if box.start:
            parts.append(f'<circle cx="{_n(x)}" cy="{_n(top - 15)}" r="4.5" fill="#222"/>'
                         + _path([(x, top - 11), (x, top)], "#555e67", 1.4))
        parts.append(f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(size.width)}" height="{_n(size.height)}" '
                     f'rx="{_n(radius)}" fill="{inside}" stroke="{line}" stroke-width="{2.2 if box.start else 1.2}"/>')
        at = top + PADDING / 2 + LINE * 0.76
        if box.kind == DESTINATION:
            parts.append(_text(x, at, box.name, weight="bold"))
        else:
            parts.append(f'<text x="{_n(x)}" y="{_n(at)}" text-anchor="middle"><tspan font-weight="bold">'
                         f'{escape(box.name)}</tspan><tspan dx="7" fill="{line}" font-size="11">'
                         f"{escape(self._kind(box))}</tspan></text>")
        for text in _wrapped(box.words):
            at += LINE
            parts.append(_text(x, at, text, size=11, colour="#48525c"))
        for text in self._counts(box):
            at += LINE
            parts.append(_text(x, at, text, size=11, colour="#b3261e" if box.hung_up else "#222", weight="bold"))
        return "".join([*parts, "</g>"])

    def _arrows(self) -> list[str]:
        return [_path(way, "#8a939c" if back else "#555e67", _broad(arrow), dashed=back or arrow.calls == 0)
                for arrow, way, back in zip(self._chart.arrows, self._laid.ways, self._laid.backward, strict=True)]

    def _told(self) -> list[str]:
        """Labels on a white ground, above the arrows they interrupt."""
        parts = []
        for text, (x, y) in zip(self._labels, self._laid.labels, strict=True):
            if text:
                wide = columns_of(text) * COLUMN * 0.92 + 4
                parts.append(f'<rect x="{_n(x - wide / 2)}" y="{_n(y - 7)}" width="{_n(wide)}" height="14" rx="3" '
                             'fill="#ffffff" fill-opacity="0.85"/>' + _text(x, y + 4, text, size=11, colour="#20272e"))
        return parts


def _label(arrow: Arrow) -> str:
    if arrow.calls is None:
        return arrow.label
    return f"{arrow.label}: {arrow.calls} ({arrow.share:.0%})" if arrow.label else f"{arrow.calls} ({arrow.share:.0%})"


def _broad(arrow: Arrow) -> float:
    return 1.3 if arrow.calls is None else 0.9 + arrow.share * (BROAD - 0.9)


def _wrapped(words: str) -> list[str]:
    """At most two lines; broken after a space or between Chinese characters."""
    if columns_of(words) <= WORDS:
        return [words] if words else []
    last = told = 0
    for index, letter in enumerate(words):
        told += columns_of(letter)
        if told > WORDS:
            break
        if letter == " " or columns_of(letter) == 2:
            last = index + 1
    cut = last or index
    return [words[:cut].strip(), words[cut:].strip()]


def _path(points: Sequence[tuple[float, float]], colour: str, width: float, dashed: bool = False) -> str:
    """A smooth line: it leaves and enters each point straight down (or up), so that neighbours stay apart."""
    (x, y), *rest = points
    drawn = [f"M{_n(x)} {_n(y)}"]
    if len(points) == 4 and points[0][0] == points[3][0] and points[1][0] == points[2][0]:  # round to itself
        drawn.append("C" + " ".join(f"{_n(px)} {_n(py)}" for px, py in rest))
        rest = []
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        drawn.append(f"L{_n(to_x)} {_n(to_y)}" if abs(to_x - x) < 0.5 else
                     f"C{_n(x)} {_n(middle)} {_n(to_x)} {_n(middle)} {_n(to_x)} {_n(to_y)}")
        x, y = to_x, to_y
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (f'<path d="{"".join(drawn)}" fill="none" stroke="{colour}" stroke-width="{_n(width)}"{dash} '
            f'marker-end="url(#tip{colour[1:]})"/>')


def _text(x: float, y: float, text: str, *, size: int = 12, colour: str = "#1b2127", weight: str = "normal",
          anchor: str = "middle") -> str:
    return (f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" '
            f'font-weight="{weight}">{escape(text)}</text>')


def _n(value: float) -> str:
    """A number as short as it may be."""
    return f"{value:.1f}".removesuffix(".0")

