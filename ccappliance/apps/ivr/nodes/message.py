"""Nodes that keep what the caller says: record."""

from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Prompt, Prompts, flat
from ccappliance.call.collect import Collect as Ask
from ccappliance.config.keys import key, required

MIN_MESSAGE = 0.05  # seconds of a message still left for which another wait is worth while


@dataclass(frozen=True, kw_only=True)
class Record(Node):
    """Records a message of the caller."""

    type: ClassVar[str] = "record"
    waits: ClassVar[bool] = True
    prompt: Prompts = key("leave_message", doc="Played before the beep.")
    beep: bool = key(True, doc="Whether a beep says that it begins.")
    most: float = key(120.0, unit="s", least=1, most=3600, doc="Longest message.")
    end_keys: str = key("#", pattern=r"[0-9*#A-D]{0,16}", doc="Keys that end the message; \"\" for none.")
    next: str = required(doc=TARGET)

    def edges(self) -> list[Edge]:
        return [Edge("next", self.next)]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    async def run(self, visit: Visit) -> str:
        """Record a message until an end key, the longest time or the caller's end. Other keys do not end it."""
        await visit.play(self.prompt)
        if self.beep:
            await visit.play("beep")
        await visit.call.answer()
        clock = visit.tools.clock
        until = clock.now() + self.most
        visit.call.record("message")
        try:
            while (left := until - clock.now()) > MIN_MESSAGE:
                came = await visit.call.collect(Ask(most=1, terminator=self.end_keys, first=left))
                if came.reason != "complete":
                    break
        finally:
            visit.call.stop_recording()
        visit.collected("", came.reason)
        return "next"
