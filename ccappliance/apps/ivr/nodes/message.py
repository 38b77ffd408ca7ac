"""Nodes that keep what the caller says: record and voicemail; and mailbox, which lets an owner hear it."""

from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Leave, Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Prompt, Prompts, edges_of, flat
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


@dataclass(frozen=True, kw_only=True)
class Voicemail(Node):
    """Lets the caller leave a message in a mailbox."""

    type: ClassVar[str] = "voicemail"
    waits: ClassVar[bool] = True
    mailbox: str = required(doc="Number of the mailbox.")
    prompt: Prompts = key((), doc="Played before the mailbox's greeting.")
    next: str = key("", doc=f"When the message was left; empty: the call is over. {TARGET}")
    full: str = key("", doc=f"When the mailbox can take none, or nobody spoke; empty: as next. {TARGET}")

    def edges(self) -> list[Edge]:
        return [Edge("mailbox", f"voicemail:{self.mailbox}"), *edges_of(("next", self.next), ("full", self.full))]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    async def run(self, visit: Visit) -> str | Leave:
        """Without `next` the mailbox is the call's last destination."""
        await visit.play(self.prompt)
        if not self.next and not self.full:
            return "mailbox"
        outcome = await visit.tools.mail.take(visit.call, self.mailbox)
        if outcome != "sent" and self.full:
            return "full"
        if self.next:
            return "next"
        visit.call.anchor.clear()
        return Leave(way="mailbox")


@dataclass(frozen=True, kw_only=True)
class Mailbox(Node):
    """Leaves the flow: the owner of a mailbox enters his PIN and hears his messages."""

    type: ClassVar[str] = "mailbox"
    mailbox: str = key("ask", doc="Number of the mailbox, or ask: the caller enters it.")
    prompt: Prompts = key((), doc="Played before.")

    def edges(self) -> list[Edge]:
        return [Edge("mailbox", f"mailbox:{self.mailbox}")]

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("prompt", self.prompt)

    async def run(self, visit: Visit) -> str:
        await visit.play(self.prompt)
        return "mailbox"
