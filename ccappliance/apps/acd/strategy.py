"""Strategies: which of the free agents are rung for an entry. Each queue has one; they are exchangeable at run time."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from ccappliance.apps.acd.agent import Agent

if TYPE_CHECKING:
    from ccappliance.apps.acd.entry import Entry
    from ccappliance.apps.acd.settings import Seat


class Counts(Protocol):
    """What an agent has done today, over all queues: a reader of the journal counts it (call/figures.py)."""

    def answered_by(self, number: str) -> int: ...

    def talked(self, number: str, now: float) -> float: ...

    def occupancy(self, number: str, now: float) -> float:
        """Share of his working time (pauses left out) in which a call occupied him, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is rung (at least one), and the rule that chose, with the figures it compared, for `explain`."""

    agents: Sequence[Agent]
    rule: str


@dataclass(frozen=True, slots=True)
class Table:
    """What strategies may look at. `seats` are in order: their place counts from 0."""

    seats: Mapping[str, "Seat"]
    places: Mapping[str, int]
    counts: Counts
    chance: Callable[[], float]  # a lot from 0 to 1


class Strategy:
    """One rule. `choose` gets at least one candidate, the longest idle first (ties by agent number)."""

    name = ""
    joins = False  # an agent who gets free while the entry is being rung is rung as well
    grows = False  # every `progress` seconds the next agent is rung as well
    by_tier = True  # of candidates of several tiers, those of the lowest are chosen from

    def __init__(self, table: Table) -> None:
        self._table = table

    def choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        if self.by_tier and len(candidates) > 1:
            tiers = [self._table.seats[agent.number].tier for agent in candidates]
            lowest = min(tiers)
            if lowest != max(tiers):
                candidates = [agent for agent, tier in zip(candidates, tiers, strict=True) if tier == lowest]
        return self._choose(entry, candidates, now)

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        raise NotImplementedError

    def _one(self, agent: Agent, words: str) -> Choice:
        return Choice((agent,), f"{self.name}: {words}")

    def _place(self, agent: Agent) -> int:
        return self._table.places[agent.number]


class LongestIdle(Strategy):
    """The one who has been idle longest, over all queues."""

    name = "longest-idle"

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        return self._one(candidates[0], f"{now - candidates[0].idle_since:.1f} s")


class LongestIdleWeighted(Strategy):
    """By lot, the longer idle the likelier."""

    name = "longest-idle-weighted"

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        return _drawn(self, candidates, [now - agent.idle_since + 1.0 for agent in candidates],
                      self._table.chance())


class WeightedRandom(Strategy):
    """By lot, by the weights of the seats."""

    name = "weighted-random"

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        return _drawn(self, candidates, [self._table.seats[agent.number].weight for agent in candidates],
                      self._table.chance())


class Random(Strategy):
    """By lot."""

    name = "random"

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        return _drawn(self, candidates, [1.0] * len(candidates), self._table.chance())


class FewestCalls(Strategy):
    """The one with the fewest calls today; of equals the longest idle."""

    name = "fewest-calls"

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        agent = min(candidates, key=lambda agent: self._table.counts.answered_by(agent.number))
        return self._one(agent, f"{self._table.counts.answered_by(agent.number)} calls")


class LeastTalk(Strategy):
    """The one who has talked least today; of equals the longest idle."""

    name = "least-talk"

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        talked = [round(self._table.counts.talked(agent.number, now), 1) for agent in candidates]
        least = min(talked)
        return self._one(candidates[talked.index(least)], f"{least:.1f} s")


class LeastOccupied(Strategy):
    """The one whom calls have occupied the smallest share of his working time today; of equals the longest idle."""

    name = "least-occupied"

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        occupied = [round(100 * self._table.counts.occupancy(agent.number, now), 1) for agent in candidates]
        least = min(occupied)
        return self._one(candidates[occupied.index(least)], f"{least:.1f} %")


class RoundRobin(Strategy):
    """In turn: the first one after the seat that was rung last."""

    name = "round-robin"

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._last = -1

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        seats = len(self._table.places)
        agent = min(candidates, key=lambda agent: (self._place(agent) - self._last - 1) % seats)
        after, self._last = self._last, self._place(agent)
        return self._one(agent, f"seat {self._last + 1}, after {after + 1}")


class Linear(Strategy):
    """Each call goes down the seats: on from the one it was rung at last, from the top when it has been to the end."""

    name = "linear"

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        last = next(reversed(entry.tried), None)
        after = self._table.places.get(last, -1) if last is not None else -1
        agent = min(candidates, key=lambda agent: (self._place(agent) <= after, self._place(agent)))
        return self._one(agent, f"seat {self._place(agent) + 1}")


class TopDown(Strategy):
    """Always the first free seat from the top."""

    name = "top-down"

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        agent = min(candidates, key=self._place)
        return self._one(agent, f"seat {self._place(agent) + 1}")


class RingProgressive(TopDown):
    """From the top, and while it rings the next one as well, and the next; the first to answer wins."""

    name = "ring-progressive"
    grows = True


class RingAll(Strategy):
    """Everybody at once; the first to answer wins."""

    name = "ring-all"
    joins = True
    by_tier = False

    def _choose(self, entry: "Entry", candidates: Sequence[Agent], now: float) -> Choice:
        return Choice(candidates, f"{self.name}: {len(candidates)}")


def _drawn(strategy: Strategy, candidates: Sequence[Agent], weights: Sequence[float], lot: float) -> Choice:
    """Draw by weight with a lot from 0 to 1, which the rule tells: so the draw can be repeated from the journal."""
    lot = round(lot, 9)
    ends = list(accumulate(weights))
    agent = candidates[min(bisect_right(ends, lot * ends[-1]), len(ends) - 1)]
    return Choice((agent,), f"{strategy.name}: lot {lot:.9f} among {len(candidates)}")


_ALL = (LongestIdle, LongestIdleWeighted, FewestCalls, LeastTalk, LeastOccupied, RoundRobin, Linear, TopDown, Random,
        WeightedRandom, RingProgressive, RingAll)
STRATEGIES: Mapping[str, Callable[[Table], Strategy]] = MappingProxyType({one.name: one for one in _ALL})
