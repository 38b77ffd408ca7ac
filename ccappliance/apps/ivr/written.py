"""What is written in a node: prompts, targets, and the edges they make.

A *target* is the name of another node of the same flow, or a destination of the form kind:argument ("queue:sales"),
which leaves the flow. A *prompt* is a name of the prompt book ("welcome", "en/welcome" for one language whatever the
caller's), a text per language ({zh: …, en: …}; with a single language it is spoken in that one), or a list of these.
An *expression* is as in base/expressions.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Prompt = str | Mapping[str, str]
Prompts = str | Mapping[str, str] | tuple[str | Mapping[str, str], ...]
Keyed = list[tuple[str, str]]  # values with the dotted keys they are written under, within their node

TARGET = "A node of this flow, or a destination such as queue:sales."
VARIABLE_PATTERN = r"[a-z][a-z0-9_]{0,31}"


@dataclass(frozen=True, slots=True)
class Edge:
    """From a node to a target; `key` is the dotted key of the target within its node ("keys.1"): the way a call takes.

    A target that is known only when a call is there is a pattern ("station:*").
    """

    key: str
    target: str

    @property
    def leaves(self) -> bool:
        """It leads out of the flow, to a destination."""
        return ":" in self.target


def edges_of(*ways: tuple[str, str]) -> list[Edge]:
    """Those that are written."""
    return [Edge(key, target) for key, target in ways if target]


def each(written: Prompts) -> Sequence[Prompt]:
    """A prompt or a list of them as a list."""
    return written if isinstance(written, tuple) else (written,)


def flat(key: str, written: Prompts) -> list[tuple[str, Prompt]]:
    """Every prompt with the key it is written under."""
    if not isinstance(written, tuple):
        return [(key, written)]
    return [(f"{key}[{index}]", prompt) for index, prompt in enumerate(written)]
