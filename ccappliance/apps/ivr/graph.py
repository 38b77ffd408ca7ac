"""A flow seen as a graph: what each node leads to, plays and computes, each with the key it is written under."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ccappliance.apps.ivr.settings import (
    Branch,
    Collect,
    FlowSettings,
    Hangup,
    Language,
    Menu,
    Node,
    Play,
    Prompt,
    Prompts,
    Queue,
    Record,
    Say,
    Set,
    Transfer,
)


@dataclass(frozen=True, slots=True)
class Edge:
    """From a node to a target; `key` is the dotted key of the target within its node ("keys.1")."""

    key: str
    target: str

    @property
    def leaves(self) -> bool:
        """It leads out of the flow, to a destination."""
        return ":" in self.target


def edges(node: Node) -> list[Edge]:
    """Every way out of the node that is written, in the order tried."""
    match node:
        case Play() | Say() | Language() | Set() | Record():
            return [Edge("next", node.next)]
        case Menu():
            ways = [Edge(f"keys.{key}", target) for key, target in node.keys.items()]
            return ways + _written(("invalid", node.invalid), ("timeout", node.timeout))
        case Collect():
            return [Edge("next", node.next), *_written(("failed", node.failed))]
        case Branch():
            ways = [Edge(f"cases[{index}].next", case.next) for index, case in enumerate(node.cases)]
            return [*ways, Edge("otherwise", node.otherwise)]
        case Queue():
            return [Edge("queue", f"queue:{node.queue}")]
        case Transfer():
            return [Edge("to", node.to)]
        case Hangup():
            return []


def waits(node: Node) -> bool:
    """The node gives the caller a time to act: a loop through it is no endless one."""
    return isinstance(node, Menu | Collect | Record)


def prompts(node: Node) -> list[tuple[str, Prompt]]:
    """Every prompt of the node, with the key it is written under."""
    match node:
        case Menu() | Collect():
            written = (("prompt", node.prompt), ("invalid_prompt", node.invalid_prompt),
                       ("timeout_prompt", node.timeout_prompt))
        case Play() | Queue() | Transfer() | Record() | Hangup():
            return _flat("prompt", node.prompt)
        case _:
            return []
    return [pair for key, value in written for pair in _flat(key, value)]


def expressions(node: Node) -> list[tuple[str, str]]:
    """Every expression of the node, with the key it is written under."""
    match node:
        case Branch():
            return [(f"cases[{index}].when", case.when) for index, case in enumerate(node.cases)]
        case Set():
            return [(f"variables.{name}", source) for name, source in node.variables.items()]
        case Say() if node.value:
            return [("value", node.value)]
        case _:
            return []


def each(written: Prompts) -> Sequence[Prompt]:
    """A prompt or a list of them as a list."""
    return written if isinstance(written, tuple) else (written,)


def flow_texts(flows: Mapping[str, FlowSettings]) -> Iterator[tuple[str, str]]:
    """(language, text) of everything the flows have written out: what `PromptBook.prepare` is to be given."""
    for flow in flows.values():
        for node in flow.nodes.values():
            for _, prompt in prompts(node):
                if not isinstance(prompt, str):
                    yield from prompt.items()


def _written(*ways: tuple[str, str]) -> list[Edge]:
    return [Edge(key, target) for key, target in ways if target]


def _flat(key: str, written: Prompts) -> list[tuple[str, Prompt]]:
    if not isinstance(written, tuple):
        return [(key, written)]
    return [(f"{key}[{index}]", prompt) for index, prompt in enumerate(written)]
