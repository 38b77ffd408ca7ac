"""A small site that uses everything keys.py offers; what the tests of this folder bind into."""



import datetime
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.config.keys import Report, key, required
from ccappliance.config.load import Loaded, Source, bind_sources


class Side(enum.Enum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, kw_only=True)
class Play:
    """Play a prompt."""

    type: ClassVar[str] = "play"
    prompt: str = required(doc="Name of the prompt.")


@dataclass(frozen=True, kw_only=True)
class Menu:
    """Let the caller choose."""

    type: ClassVar[str] = "menu"
    tries: int = key(3, least=1, most=9, doc="How often it is played.")
    choices: Mapping[str, str] = key(factory=dict, doc="Digit → next node.")


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One flow."""

    nodes: Mapping[str, Play | Menu] = key(factory=dict, doc="Nodes by name.")
    start: str = key("start", doc="First node.")

    def check(self, report: Report, path: str) -> None:
        if self.nodes and self.start not in self.nodes:
            report.error(f"{path}.start", f"there is no node {self.start!r}", "name one of nodes")


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One queue."""

    number: str = key("", pattern=r"\+?[0-9]*", doc="Number that reaches it.")
    wrapup: float = key(10.0, unit="s", least=0, most=3600, doc="Time after a call.")
    max_len: int = key(100, least=1, most=1000, doc="How many may wait.")
    strategy: str = key("linear", choices=("linear", "ring_all"), doc="Who is rung.")
    tags: tuple[str, ...] = key((), doc="Words.")
    overflow: str | None = key(None, doc="Where callers go who waited too long.")


@dataclass(frozen=True, kw_only=True)
class Route:
    """One rule."""

    to: str = required(doc="Destination.")
    from_: str = key("", doc="Calling number.")


@dataclass(frozen=True, kw_only=True)
class System:
    """The box."""

    name: str = key("box", doc="Its name.")
    gain: float = key(-10.0, unit="dBm0", least=-40, most=3, doc="Level.")
    opens: datetime.time = key(datetime.time(9), doc="When it opens.")
    since: datetime.date | None = key(None, doc="First day.")
    fast: bool = key(True, doc="Hurry.")
    side: Side = key(Side.LEFT, doc="Which side.")
    pin: str = key("", secret=True, pattern="[0-9]+", doc="A secret.")
    cards: int = key(1, least=1, most=8, doc="How many cards.", reload=False)


@dataclass(frozen=True, kw_only=True)
class Site:
    """The whole."""

    system: System = key(factory=System, doc="The box.")
    queues: Mapping[str, Queue] = key(factory=dict, pattern="[a-z_]+", doc="Queues by name.")
    routes: tuple[Route, ...] = key((), doc="Where calls go.")
    flows: Mapping[str, Flow] = key(factory=dict, doc="Flows.")
    hello: str | tuple[str, ...] = key("", doc="One prompt or several.")

    def check(self, report: Report, path: str) -> None:
        for name in self.queues:
            if name == "unused":
                report.warning(f"queues.{name}", "nobody calls this queue")
        for index, route in enumerate(self.routes):
            if route.to.startswith("queue:") and route.to[6:] not in self.queues:
                report.error(f"routes[{index}].to", f"there is no {route.to}")


def bound(text: str, file: str = "a.yaml") -> Loaded[Site]:
    return bind_sources([Source(file, text.encode())], Site)
