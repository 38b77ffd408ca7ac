"""The one matcher: free agents and waiting entries of all queues, in one total order, re-run after every change.

Nothing here waits or polls: entries, agents, answers and timers call in, a run is scheduled once for the loop's next
round, and it offers until no eligible agent is free for any eligible entry. Facts are written before they are acted on.
"""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import Agent, AgentState
from ccappliance.apps.acd.entry import Connected, Entry, EntryState, Left, OrderKey
from ccappliance.apps.acd.offer import Offer
from ccappliance.base.causes import Cause
from ccappliance.base.clock import Outside
from ccappliance.base.errors import LineFault, Refused
from ccappliance.call.facts import OfferEnded, OfferMade, QueueEntered, QueueLeft

if TYPE_CHECKING:
    from ccappliance.apps.acd.queue import Queue
    from ccappliance.call.journal import Journal

_AWAY = (AgentState.LOGGED_OUT, AgentState.PAUSED, AgentState.LINE_FAULT)
_CALLER_GONE = ("abandoned", "short_abandoned")


class Dispatcher:
    """`queues` is every queue that may have entries, in a fixed order; `seats` the queues of each agent."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop, outside: Outside, journal: "Journal") -> None:
        self.queues: list[Queue] = []
        self.seats: dict[str, list[Queue]] = {}
        self.scheduled = False
        self.on_empty: Callable[[Queue], None] | None = None  # told when a queue that is being removed has emptied
        self._loop = loop
        self._ids = outside.ids
        self._clock = outside.clock
        self._journal = journal

    # ---- what happens ----

    def schedule(self) -> None:
        """Run in the loop's next round, once for however many changes."""
        if not self.scheduled:
            self.scheduled = True
            self._loop.call_soon(self._run)

    def enter(self, entry: Entry) -> None:
        """An entry joins its queue."""
        self._write_entered(entry)
        entry.queue.add(entry)
        self.schedule()

    def turn_away(self, entry: Entry, outcome: str) -> None:
        """An entry that may not join (closed, full, empty): entered and left in the same moment."""
        self._write_entered(entry)
        entry.move(EntryState.LEFT, outcome)
        self._journal.write(QueueLeft(entry.call.id, entry.queue.name, outcome, 0.0, entry.queue.position(entry), ""))

    def leave(self, entry: Entry, outcome: str, to: str | None = None) -> None:
        """An entry ends without an agent; telephones that ring for it stop. Harmless if it has ended already."""
        if not entry.in_line:
            return
        self._write_left(entry, outcome, "")
        self._take_out(entry, EntryState.LEFT, outcome)
        for offer in list(entry.offers.values()):
            self.end(offer, "caller_gone" if outcome in _CALLER_GONE else "withdrawn", outcome)
        entry.decide(Left(outcome, to))

    def connect(self, offer: Offer) -> None:
        """An agent answered: he has won, everybody else stops ringing."""
        entry, agent, leg = offer.entry, offer.agent, offer.leg
        assert leg is not None
        self._close(offer, "answered")
        agent.talk(leg, entry.queue.settings.wrapup)
        self._write_left(entry, "answered", agent.number)
        self._take_out(entry, EntryState.CONNECTED, f"answered by {agent.number}")
        for other in list(entry.offers.values()):
            self.end(other, "lost", f"{agent.number} answered")
        entry.decide(Connected(offer))
        agent.follow(leg)

    def end(self, offer: Offer, outcome: str, why: str) -> None:
        """An offer ends without a conversation: the agent is let go, his telephone stops, the entry waits again."""
        if offer.over:
            return
        entry, agent = offer.entry, offer.agent
        self._close(offer, outcome)
        if outcome == "no_answer":
            entry.tried[agent.number] = None
            agent.missed(entry.queue.settings.on_no_answer.pause_after)
        elif outcome in ("busy", "fault") and not agent.fault:
            agent.refused("busy" if outcome == "busy" else "blocked", why)
        else:
            agent.released(why)
        if offer.leg is not None:
            offer.leg.clear(Cause.NO_ANSWER if outcome == "no_answer" else Cause.NORMAL)
        if entry.state is EntryState.OFFERED and not entry.offers:
            entry.move(EntryState.WAITING, why)
            entry.queue.wait_again(entry)
            self.schedule()

    def agent_moved(self, agent: Agent, left: AgentState) -> None:
        """Heard from every agent after every move."""
        state = agent.state
        for queue in self.seats.get(agent.number, ()):
            if left is AgentState.READY:
                queue.free.remove(agent.idle_since, agent.number)
            if state is AgentState.READY:
                queue.free.add(agent.idle_since, agent.number)
            if (left in _AWAY) or (state in _AWAY):
                queue.staff_changed = True
        if state is AgentState.READY or state in _AWAY:
            self.schedule()

    # ---- a run ----

    def _run(self) -> None:
        self.scheduled = False
        now = self._clock.now()
        for queue in list(self.queues):
            if queue.staff_changed:
                queue.staff_changed = False
                if len(queue.line) and queue.unstaffed():
                    for entry in list(queue.line):
                        self.leave(entry, "empty", queue.settings.no_agents.to)
        self._offer_waiting(now)
        self._join_ringing(now)

    def _offer_waiting(self, now: float) -> None:
        """Merge the queues' lines by the total order; each entry is offered, or passed over if nobody may take it."""
        heads: list[tuple[OrderKey, int, int]] = [
            (queue.waiting[0].key, number, 0) for number, queue in enumerate(self.queues)
            if len(queue.free) and len(queue.waiting)]
        heapq.heapify(heads)
        while heads:
            _, number, place = heads[0]
            queue = self.queues[number]
            if len(queue.free):
                entry = queue.waiting[place]
                candidates = queue.candidates(entry)
                if not candidates:
                    place += 1  # invisible to those who are free: it blocks nobody behind it
                else:
                    self._offer(entry, candidates, now)  # leaves the line; or its candidates were not free after all
                if len(queue.free) and place < len(queue.waiting):
                    heapq.heapreplace(heads, (queue.waiting[place].key, number, place))
                    continue
            heapq.heappop(heads)

    def _join_ringing(self, now: float) -> None:
        """Agents whom no waiting entry needs help those that are ringing already, where the strategy says so."""
        ringing = [entry for queue in self.queues if queue.strategy.joins and len(queue.free)
                   for entry in queue.offered.values()]
        for entry in sorted(ringing, key=lambda entry: entry.key):
            candidates = entry.queue.candidates(entry)
            if candidates:
                self._offer(entry, candidates, now)

    def _offer(self, entry: Entry, candidates: Sequence[Agent], now: float) -> None:
        queue = entry.queue
        choice = queue.strategy.choose(candidates, now)
        excluded = queue.excluded(entry, choice.agents, now)
        deadline = now + queue.settings.ring_timeout
        for agent in choice.agents:
            offer = Offer(self._ids.part(entry.call.id, "offer"), entry, agent, now, self)
            offer.timer = self._loop.call_at(deadline, offer.time_over)
            self._journal.write(OfferMade(offer.id, entry.call.id, queue.name, agent.number, agent.station,
                                          choice.rule, excluded))
            agent.reserve(offer, entry.call.id, deadline)
            entry.offers[agent.number] = offer
            if entry.state is EntryState.WAITING:
                entry.move(EntryState.OFFERED, offer.id)
                queue.offer(entry)
        for offer in list(entry.offers.values()):
            if offer.leg is None and not offer.over:
                self._ring(offer, deadline)

    def _ring(self, offer: Offer, deadline: float) -> None:
        call, queue = offer.entry.call, offer.entry.queue
        try:
            leg = call.place(offer.agent.station, calling=call.calling, name=call.name or queue.label)
        except Refused as refused:
            self.end(offer, "busy" if refused.code == "busy" else "fault", str(refused))
        except LineFault as fault:
            self.end(offer, "fault", str(fault))
        else:
            offer.agent.ring(deadline)
            offer.ring(leg)

    # ---- inside ----

    def _close(self, offer: Offer, outcome: str) -> None:
        offer.over = True
        if offer.timer is not None:
            offer.timer.cancel()
        del offer.entry.offers[offer.agent.number]
        rang = round(self._clock.now() - offer.made, 3)
        self._journal.write(OfferEnded(offer.id, offer.entry.call.id, offer.agent.number, outcome, rang))

    def _take_out(self, entry: Entry, to: EntryState, why: str) -> None:
        entry.queue.remove(entry)
        entry.move(to, why)
        if entry.queue.removed and not len(entry.queue.line) and self.on_empty is not None:
            self.on_empty(entry.queue)

    def _write_entered(self, entry: Entry) -> None:
        self._journal.write(QueueEntered(entry.call.id, entry.queue.name, entry.queue.position(entry), entry.entered,
                                         entry.order_class, entry.boost))

    def _write_left(self, entry: Entry, outcome: str, agent: str) -> None:
        waited = round(self._clock.now() - entry.joined, 3)
        self._journal.write(QueueLeft(entry.call.id, entry.queue.name, outcome, waited, entry.queue.position(entry),
                                      agent))
