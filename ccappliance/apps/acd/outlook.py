"""The outlook of a waiting entry: who can take it, who of all queues stands before it for them, and what follows."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ccappliance.apps.acd.entry import Entry
from ccappliance.apps.acd.estimate import Estimate
from ccappliance.apps.acd.lane import Lane
from ccappliance.apps.acd.pace import Pace
from ccappliance.base.clock import Clock

if TYPE_CHECKING:
    from ccappliance.apps.acd.queue import Queue

NOBODY = float("-inf")


class Outlook:
    """`queues()` is every queue that may have entries. Nothing here changes anything."""

    def __init__(self, queues: Callable[[], Sequence["Queue"]], pace: Pace, clock: Clock) -> None:
        self._queues = queues
        self._pace = pace
        self._clock = clock

    def estimate(self, entry: Entry) -> Estimate | None:
        """None: nobody who could take it will be free by himself."""
        lane = entry.lane
        if lane is None:
            return None
        agents = _serving(lane)
        if not agents:
            return None
        announce, now = entry.queue.settings.announce, self._clock.now()
        return Estimate(self._pace.rate(agents, announce.handling, now),
                        self._pace.patience(entry.queue.name, announce.patience, now),
                        self._ahead(entry, dict.fromkeys(agents)))

    def higher(self, entry: Entry) -> int:
        """How many of a higher class stand before this entry, in all queues that its agents serve."""
        first = (-entry.order_class, NOBODY, NOBODY, "")
        return sum(lane.waiting.place(first) for queue in self._queues() for lane in queue.lanes.values()
                   if len(lane.waiting) and (queue is entry.queue or _shares(lane, entry.lane)))

    def _ahead(self, entry: Entry, agents: dict[str, None]) -> float:
        """Who waits before it, each for the part of those who could serve him that could serve this entry as well.

        Whoever is being rung for has an agent already.
        """
        ahead = 0.0
        for queue in self._queues():
            for lane in queue.lanes.values():
                before = lane.waiting.place(entry.key) if len(lane.waiting) else 0
                if not before:
                    continue
                if lane is entry.lane:
                    ahead += before
                    continue
                theirs = _serving(lane)
                shared = sum(number in agents for number in theirs)
                if shared:
                    ahead += before * shared / len(theirs)
        return ahead


def _serving(lane: Lane) -> list[str]:
    return [number for number, agent in lane.able.items() if agent.serving]


def _shares(lane: Lane, other: Lane | None) -> bool:
    return other is not None and any(number in other.able for number in lane.able)
