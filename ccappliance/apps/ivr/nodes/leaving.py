"""Nodes that end the visit, as a rule: queue, callback, transfer and hang up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.nodes.deciding import check_names, computed
from ccappliance.apps.ivr.nodes.reaching import RINGABLE, announce_and_connect
from ccappliance.apps.ivr.visit import Leave, Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Keyed, Prompt, Prompts, edges_of, flat
from ccappliance.base.causes import Cause
from ccappliance.config.keys import Report, key, required

CAUSES = {"normal": Cause.NORMAL, "busy": Cause.BUSY, "no_answer": Cause.NO_ANSWER, "rejected": Cause.REJECTED,
          "unallocated": Cause.UNALLOCATED, "congestion": Cause.CONGESTION}


@dataclass(frozen=True, kw_only=True)
class Queue(Node):
    """Leaves the flow: the call waits for an agent."""

    type: ClassVar[str] = "queue"
    queue: str = required(doc="Name of the queue.")
    priority: int = key(0, least=0, most=100, doc="Added to the queue's strict class; higher ones are served first.")
    boost: float = key(0.0, unit="s", least=-86400, most=86400, doc="Waiting time credited, besides the queue's.")
    skills: str = key("", doc='What an agent must be able to do for this caller, besides what the queue asks for: '
                              '"english >= 3".')
    variables: Mapping[str, str] = key(factory=dict, doc="Variables given along, for the agent and for reports: by "
                                                         "name the expression of the value.")
    prompt: Prompts = key((), doc="Played before.")

    def edges(self) -> list[Edge]:
        return [Edge("queue", f"queue:{self.queue}")]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    def expressions(self) -> Keyed:
        return [(f"variables.{name}", source) for name, source in self.variables.items()]

    def inspect(self, report: Report, path: str) -> None:
        check_names(self.variables, report, path)

    async def run(self, visit: Visit) -> str:
        """With the class and boost the flow gives this caller there, besides his own."""
        computed(self.variables, visit)
        visit.call.require = self.skills or visit.call.require
        await visit.play(self.prompt)
        caller = visit.call.caller
        visit.call.order_class = caller.order_class + self.priority
        visit.call.boost = caller.boost + self.boost
        return "queue"


@dataclass(frozen=True, kw_only=True)
class Callback(Node):
    """Offers to call the caller back when it is his turn in a queue: he confirms his number or enters another."""

    type: ClassVar[str] = "callback"
    waits: ClassVar[bool] = True
    queue: str = required(doc="The queue in whose line the promise stands; it must have callback.enabled.")
    prompt: Prompts = key((), doc="Played before.")
    next: str = key("", doc=f"When it was promised; empty: the call is over. {TARGET}")
    declined: str = required(doc=f"When he wants none or gives no number. {TARGET}")
    not_offered: str = key("", doc=f"When the queue promises none now (closed, or too many); empty: as declined. "
                                   f"{TARGET}")

    def edges(self) -> list[Edge]:
        return [Edge("queue", f"queue:{self.queue}"), *edges_of(
            ("next", self.next), ("declined", self.declined), ("not_offered", self.not_offered))]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    async def run(self, visit: Visit) -> str | Leave:
        await visit.play(self.prompt)
        outcome = await visit.tools.callbacks.request(visit.call, self.queue)
        if outcome != "promised":
            return "not_offered" if outcome == "not_offered" and self.not_offered else "declined"
        if self.next:
            return "next"
        visit.call.anchor.clear(Cause.NORMAL)
        return Leave(way="queue")


@dataclass(frozen=True, kw_only=True)
class Transfer(Node):
    """Leaves the flow: the call goes to any destination; announced, only if who is rung there takes it."""

    type: ClassVar[str] = "transfer"
    to: str = required(doc="The destination, such as station:8001 or flow:night.")
    prompt: Prompts = key((), doc="Played before.")
    announce: Prompts = key((), doc="If written, who answers at `to` hears it and the caller's number, and accepts "
                                    "with 1 or declines with 2; the caller hears music meanwhile.")
    seconds: float = key(30.0, unit="s", least=5, most=300, doc="With announce: how long it rings.")
    failed: str = key("", doc=f"With announce: when nobody takes the call. {TARGET}")

    def edges(self) -> list[Edge]:
        return [Edge("to", self.to), *edges_of(("failed", self.failed))]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return [*flat("prompt", self.prompt), *flat("announce", self.announce)]

    def inspect(self, report: Report, path: str) -> None:
        if self.announce == ():
            if self.failed:
                report.error(f"{path}.failed", "a transfer without announce leaves the flow and does not come back",
                             "add announce:, or use a dial node")
            return
        if not self.failed:
            report.error(path, "nothing is said for callers whom nobody takes", f"add failed: to {path}")
        if self.to.partition(":")[0] not in RINGABLE:
            report.error(f"{path}.to", f"{self.to} is nobody to whom a call can be announced",
                         f"one of {', '.join(f'{kind}:…' for kind in RINGABLE)}")

    async def run(self, visit: Visit) -> str | Leave:
        await visit.play(self.prompt)
        if self.announce == ():
            return "to"
        return await announce_and_connect(visit, self.to, self.seconds, visit.sounds(self.announce))


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
