"""A node of a flow: its keys, what it leads to, plays and computes, and what it does with a call.

A kind of node is one subclass, a dataclass of keys with a `type`; `settings.NODES` lists the kinds.
"""

from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.visit import Leave, Visit
from ccappliance.apps.ivr.written import Edge, Keyed, Prompt
from ccappliance.config.keys import Report


@dataclass(frozen=True, kw_only=True)
class Node:
    """What every kind of node can say of itself."""

    waits: ClassVar[bool] = False  # it gives the caller a time to act: a loop through it is no endless one

    def edges(self) -> list[Edge]:
        """Every way out that is written, in the order tried."""
        return []

    def prompts(self) -> list[tuple[str, Prompt]]:
        """Every prompt, with the key it is written under."""
        return []

    def expressions(self) -> Keyed:
        """Every expression, with the key it is written under."""
        return []

    def confidential(self) -> Keyed:
        """Every expression in which a secret may stand, for nobody hears or reads what becomes of it."""
        return []

    def secrets(self) -> Keyed:
        """Every variable it fills in secret: while a call is there or on the way there its shield is up."""
        return []

    def calendars(self) -> Keyed:
        """Every calendar named, with the key it is written under."""
        return []

    def free_ways(self) -> list[Edge]:
        """The ways a call may take again and again without the caller having been asked for anything."""
        return [] if self.waits else self.edges()

    def languages(self) -> Keyed:
        """Every language named, with the key it is written under."""
        return []

    def sets(self) -> list[str]:
        """Every variable of the call it may set; "*" if only a call brings their names."""
        return []

    def inspect(self, report: Report, path: str) -> None:
        """Say what is wrong with the node by itself, under its path."""

    async def run(self, visit: Visit) -> str | Leave:
        """Serve the call: the key of the edge it goes on by, or Leave."""
        raise NotImplementedError
