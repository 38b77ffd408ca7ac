"""Strategies: which of the free agents are rung for an entry. Stateless objects, exchangeable at run time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from ccappliance.apps.acd.agent import Agent


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is rung (at least one), and the rule that chose, for people."""

    agents: Sequence[Agent]
    rule: str


class Strategy(Protocol):
    """`choose` gets at least one candidate, the longest idle first (ties by agent number)."""

    name: str
    joins: bool  # an agent who gets free while the entry is being rung is rung as well

    def choose(self, candidates: Sequence[Agent], now: float) -> Choice: ...


class LongestIdle:
    """One at a time, the one who has been idle longest, over all queues."""

    name = "longest-idle"
    joins = False

    def choose(self, candidates: Sequence[Agent], now: float) -> Choice:
        first = candidates[0]
        return Choice((first,), f"{self.name}: {now - first.idle_since:.1f} s")


class RingAll:
    """Everybody at once; the first to answer wins."""

    name = "ring-all"
    joins = True

    def choose(self, candidates: Sequence[Agent], now: float) -> Choice:
        return Choice(candidates, f"{self.name}: {len(candidates)}")


STRATEGIES: Mapping[str, Strategy] = MappingProxyType({one.name: one for one in (LongestIdle(), RingAll())})
