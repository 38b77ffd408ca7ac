"""The node that leads into a conference room: conference."""

from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Prompt, Prompts, edges_of, flat
from ccappliance.config.keys import Report, key


@dataclass(frozen=True, kw_only=True)
class Conference(Node):
    """Lets the caller into a conference room, by its PIN; he leaves it with #."""

    type: ClassVar[str] = "conference"
    waits: ClassVar[bool] = True
    room: str = key("ask", doc="Number of the room, or ask: the caller enters it.")
    prompt: Prompts = key((), doc="Played before.")
    next: str = key("", doc=f"When he has left it; empty: the call is over. {TARGET}")
    failed: str = key("", doc=f"With next: when the room is full or the PIN wrong; empty: as next. {TARGET}")

    def edges(self) -> list[Edge]:
        return [Edge("room", f"conference:{self.room}"), *edges_of(("next", self.next), ("failed", self.failed))]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    def inspect(self, report: Report, path: str) -> None:
        if self.failed and not self.next:
            report.error(f"{path}.failed", "without next the call ends in the room", f"add next: to {path}")

    async def run(self, visit: Visit) -> str:
        """Without a way back the room is the call's last destination."""
        await visit.play(self.prompt)
        if not self.next:
            return "room"
        outcome = await visit.tools.conferences.enter(visit.call, self.room)
        return "failed" if outcome != "left" and self.failed else "next"
