"""Nodes that end the visit: queue, transfer and hang up."""

from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Leave, Visit
from ccappliance.apps.ivr.written import Edge, Prompt, Prompts, flat
from ccappliance.base.causes import Cause
from ccappliance.config.keys import key, required

CAUSES = {"normal": Cause.NORMAL, "busy": Cause.BUSY, "no_answer": Cause.NO_ANSWER, "rejected": Cause.REJECTED,
          "unallocated": Cause.UNALLOCATED, "congestion": Cause.CONGESTION}


@dataclass(frozen=True, kw_only=True)
class Queue(Node):
    """Leaves the flow: the call waits for an agent."""

    type: ClassVar[str] = "queue"
    queue: str = required(doc="Name of the queue.")
    priority: int = key(0, least=0, most=100, doc="Added to the queue's strict class; higher ones are served first.")
    boost: float = key(0.0, unit="s", least=-86400, most=86400, doc="Waiting time credited, besides the queue's.")
    prompt: Prompts = key((), doc="Played before.")

    def edges(self) -> list[Edge]:
        return [Edge("queue", f"queue:{self.queue}")]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    async def run(self, visit: Visit) -> str:
        """With the class and boost the flow gives this caller there, besides his own."""
        await visit.play(self.prompt)
        caller = visit.call.caller
        visit.call.order_class = caller.order_class + self.priority
        visit.call.boost = caller.boost + self.boost
        return "queue"


@dataclass(frozen=True, kw_only=True)
class Transfer(Node):
    """Leaves the flow: the call goes to any destination."""

    type: ClassVar[str] = "transfer"
    to: str = required(doc="The destination, such as station:8001 or flow:night.")
    prompt: Prompts = key((), doc="Played before.")

    def edges(self) -> list[Edge]:
        return [Edge("to", self.to)]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    async def run(self, visit: Visit) -> str:
        await visit.play(self.prompt)
        return "to"


@dataclass(frozen=True, kw_only=True)
class Hangup(Node):
    """Ends the call."""

    type: ClassVar[str] = "hangup"
    cause: str = key("normal", choices=tuple(CAUSES), doc="What the network is told.")
    prompt: Prompts = key((), doc="Played before.")

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    async def run(self, visit: Visit) -> Leave:
        await visit.play(self.prompt)
        visit.call.anchor.clear(CAUSES[self.cause])
        return Leave()
