"""Lanes: the entries of a queue that the same agents may take, in order, and which of these agents are free.

However many wait, a run of the dispatcher looks at the heads of lanes. A queue has few: one for each demand that is
waiting now.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent
from ccappliance.apps.acd.skills import Requirement

if TYPE_CHECKING:
    from ccappliance.apps.acd.entry import Entry, OrderKey
    from ccappliance.apps.acd.settings import Seat


@dataclass(frozen=True, slots=True)
class Demand:
    """Who may take an entry: a requirement, the tiers reached so far, and perhaps one agent alone."""

    require: str = ""
    tier: int = 1
    wanted: str = ""  # the agent he spoke to last, or whom he was assigned to
    rest: bool = False  # it keeps its place, and nobody may take it now

    @property
    def words(self) -> str:
        """For people."""
        parts = ["nobody now" if self.rest else "",
                 f"agent {self.wanted} alone" if self.wanted else "", f"tier {self.tier}" if self.tier > 1 else "",
                 self.require]
        return ", ".join(part for part in parts if part) or "everybody"


class Line:
    """Entries in order. Adding, removing and finding a place cost O(log n) and a short memory move."""

    def __init__(self) -> None:
        self._keys: list[OrderKey] = []
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator["Entry"]:
        return iter(self._entries)

    def __getitem__(self, index: int) -> "Entry":
        return self._entries[index]

    def place(self, key: "OrderKey") -> int:
        """How many stand before this key."""
        return bisect_left(self._keys, key)

    def add(self, entry: "Entry") -> None:
        index = bisect_left(self._keys, entry.key)
        self._keys.insert(index, entry.key)
        self._entries.insert(index, entry)

    def remove(self, entry: "Entry") -> None:
        index = bisect_left(self._keys, entry.key)
        assert self._entries[index] is entry
        del self._keys[index], self._entries[index]


class Free:
    """Free agents, the longest idle first (ties by number). Numbers only; few, so a list does."""

    def __init__(self) -> None:
        self._order: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[tuple[float, str]]:
        return iter(self._order)

    def add(self, idle_since: float, number: str) -> None:
        insort(self._order, (idle_since, number))

    def remove(self, idle_since: float, number: str) -> None:
        index = bisect_left(self._order, (idle_since, number))
        if index < len(self._order) and self._order[index] == (idle_since, number):
            del self._order[index]

    def clear(self) -> None:
        self._order.clear()


class Lane:
    """One demand of one queue. `able` is everybody who fulfils it, in the order of the seats."""

    __slots__ = ("able", "demand", "free", "offered", "requirement", "waiting")

    def __init__(self, demand: Demand, requirement: Requirement) -> None:
        self.demand = demand
        self.requirement = requirement
        self.waiting = Line()  # those nobody is being rung for
        self.offered = 0  # how many of its entries are being rung for
        self.able: dict[str, Agent] = {}
        self.free = Free()

    @property
    def empty(self) -> bool:
        return not len(self.waiting) and not self.offered

    def seat(self, members: Mapping[str, Agent], seats: Mapping[str, "Seat"]) -> None:
        """Find out anew who is able and who of them is free: seats, skills or settings have changed."""
        self.able = {number: agent for number, agent in members.items() if self._fits(number, agent, seats)}
        self.free.clear()
        for number, agent in self.able.items():
            if agent.ready:
                self.free.add(agent.idle_since, number)

    def unattended(self) -> bool:
        """Nobody who is able will get free by himself."""
        return not any(agent.serving for agent in self.able.values())

    def _fits(self, number: str, agent: Agent, seats: Mapping[str, "Seat"]) -> bool:
        if self.demand.rest:
            return False
        if self.demand.wanted:
            return number == self.demand.wanted
        return seats[number].tier <= self.demand.tier and self.requirement.met_by(agent.settings.skills)
