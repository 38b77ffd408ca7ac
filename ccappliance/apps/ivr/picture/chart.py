"""What is on a picture of a flow: a box for each node and destination, an arrow for all ways from one to another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.nodes.subflow import Subflow
from ccappliance.apps.ivr.picture.traffic import Traffic
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.apps.ivr.written import Edge, Prompt

Words = Callable[[Prompt], str]  # what a prompt says, in the language of the picture

MOST_WORDS = 44  # columns of the words in a box
MOST_LABEL = 26  # columns of one way's label
DESTINATION = "destination"  # `kind` of a box outside of the flow


@dataclass(frozen=True)
class Box:
    """A node, or a destination the flow leads to. `room` is the module of its kind: "asking", "telling", …"""

    name: str
    kind: str
    room: str = ""
    words: str = ""
    start: bool = False
    visits: int | None = None  # calls that entered it; None: nobody counted
    hung_up: int = 0  # callers who hung up inside


@dataclass(frozen=True)
class Arrow:
    """All ways from one box to another."""

    source: str
    target: str
    ways: tuple[str, ...]  # keys of the edges
    label: str  # what is to be read on it; "" if it goes without saying
    calls: int | None = None  # that took one of the ways; None: nobody counted
    share: float = 0.0  # of the calls that entered the source


@dataclass(frozen=True)
class Chart:
    """One flow's picture, not yet laid out. Names of boxes are unique: a destination has a colon in its name."""

    flow: str
    boxes: Mapping[str, Box]
    arrows: Sequence[Arrow] = field(default_factory=tuple)
    calls: int | None = None  # that entered the flow
    leads: tuple[str, ...] = ()  # flows it leads to, or goes through


def chart(name: str, flow: FlowSettings, words: Words, traffic: Traffic | None = None) -> Chart:
    """The chart of a flow; with `traffic`, what calls really did."""
    boxes = {node_name: _box(name, node_name, node, words, flow.start, traffic)
             for node_name, node in flow.nodes.items()}
    arrows = []
    for node_name, node in flow.nodes.items():
        by_target: dict[str, list[Edge]] = {}
        for edge in node.edges():
            by_target.setdefault(edge.target, []).append(edge)
        for target, edges in by_target.items():
            if target not in boxes:
                boxes[target] = Box(target, DESTINATION)
            arrows.append(_arrow(name, node_name, target, edges, node, traffic))
    if traffic is not None:
        for target, box in boxes.items():
            if box.kind == DESTINATION:
                came = sum(arrow.calls or 0 for arrow in arrows if arrow.target == target)
                boxes[target] = Box(target, DESTINATION, visits=came)
    leads = [arrow.target.removeprefix("flow:") for arrow in arrows if arrow.target.startswith("flow:")]
    leads += [node.flow for node in flow.nodes.values() if isinstance(node, Subflow)]
    return Chart(name, boxes, tuple(arrows), traffic.flows.get(name, 0) if traffic is not None else None,
                 tuple(dict.fromkeys(leads)))


def label_of(edge: Edge, node: Node) -> str:
    """A way in words: "1" for keys.1, the condition for a case, nothing for the way that goes without saying."""
    if edge.key in ("next", "to", "queue"):
        return ""
    head, dot, last = edge.key.rpartition(".")
    if head == "keys":
        return last
    if dot and last == "next":
        written = dict(node.expressions()).get(f"{head}.when", "")
        return shortened(written or head, MOST_LABEL)
    return shortened(edge.key, MOST_LABEL)


def shortened(text: str, columns: int) -> str:
    """At most so many columns of the text, Chinese characters taking two; … where something is left out."""
    told = 0
    for index, letter in enumerate(text):
        told += columns_of(letter)
        if told > columns:
            return text[:index].rstrip() + "…"
    return text


def columns_of(text: str) -> int:
    """Columns a text takes when Chinese characters and their punctuation take two."""
    return sum(2 if ord(letter) >= 0x2E80 else 1 for letter in text)


def _box(flow: str, name: str, node: Node, words: Words, start: str, traffic: Traffic | None) -> Box:
    said = " ".join(words(prompt) for key, prompt in node.prompts() if key.partition("[")[0] == "prompt")
    said = said or _computed(node)
    return Box(name, getattr(node, "type", ""), type(node).__module__.rpartition(".")[2],
               shortened(" ".join(said.split()), MOST_WORDS), name == start,
               traffic.nodes.get((flow, name), 0) if traffic is not None else None,
               traffic.hung_up.get((flow, name), 0) if traffic is not None else 0)


def _computed(node: Node) -> str:
    """What is to be read in the box of a node that plays nothing: its expressions, unless they label its ways."""
    if isinstance(node, Subflow):
        return f"→ {node.flow}"
    told = [f"{key.rpartition('.')[2]} = {source}" for key, source in (*node.expressions(), *node.confidential())
            if not key.endswith(".when")]
    return "; ".join(told) or ", ".join(language for _, language in node.languages())


def _arrow(flow: str, source: str, target: str, edges: Sequence[Edge], node: Node, traffic: Traffic | None) -> Arrow:
    told = [label_of(edge, node) for edge in edges]
    label = " · ".join(dict.fromkeys(one for one in told if one))
    if traffic is None:
        return Arrow(source, target, tuple(edge.key for edge in edges), label)
    calls = sum(traffic.ways.get((flow, source, edge.key), 0) for edge in edges)
    entered = traffic.nodes.get((flow, source), 0)
    return Arrow(source, target, tuple(edge.key for edge in edges), label, calls, calls / entered if entered else 0.0)
