"""The one matcher: free agents and waiting entries of all queues, in one total order, re-run after every change.

Nothing here waits or polls: entries, agents, answers and timers call in, a run is scheduled once for the loop's next
round, and it offers until no eligible agent is free for any eligible entry. Facts are written before they are acted on.
"""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ccappliance.apps.acd import loosening
from ccappliance.apps.acd.agent import Agent, AgentState
from ccappliance.apps.acd.entry import Connected, Entry, EntryState, Left, OrderKey
from ccappliance.apps.acd.lane import Demand
from ccappliance.apps.acd.offer import Offer
from ccappliance.apps.acd.standing import AWAY
from ccappliance.base.causes import Cause
from ccappliance.base.clock import Outside
from ccappliance.base.errors import LineFault, Refused
from ccappliance.call.facts import ASKED_ALL, EntryChanged, OfferEnded, OfferMade, QueueEntered, QueueLeft
from ccappliance.call.journal import in_journal
from ccappliance.call.leg import Leg

if TYPE_CHECKING:
    from ccappliance.apps.acd.queue import Queue
    from ccappliance.call.journal import Journal

ASSIGNED_CLASS = 1_000  # above every class that can be configured: whom a supervisor assigns is next
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

    def enter(self, entry: Entry, wanted: str = "", until: float | None = None, *,
              instead_of: Entry | None = None) -> None:
        """An entry joins its queue; kept for the agent `wanted` alone until then, if he is there.

        `instead_of`: it takes over that one's demand, as far as it has loosened.
        """
        if instead_of is not None:
            entry.relaxed, entry.wanted_until = instead_of.relaxed, instead_of.wanted_until
            entry.demand = instead_of.demand
            entry.tried.update(instead_of.tried)
        else:
            entry.demand = loosening.first(entry, wanted, until)
        self._write_entered(entry)
        entry.queue.add(entry)
        self._arm(entry)
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

    def change(self, entry: Entry, why: str, *, demand: Demand | None = None, order_class: int | None = None,
               boost: float | None = None, by: str = "") -> None:
        """Another demand or place for an entry in line: its own loosening, or what somebody has decided."""
        demand = demand if demand is not None else entry.demand
        order_class = order_class if order_class is not None else entry.order_class
        boost = boost if boost is not None else entry.boost
        self._write_changed(entry, why, demand, order_class, boost, by)
        entry.queue.change(entry, demand, order_class, boost)
        self._arm(entry)
        self.schedule()

    def assign(self, entry: Entry, agent: Agent, by: str) -> None:
        """This agent alone gets the entry, as his next; telephones of others stop."""
        entry.wanted_until = None
        entry.tried.pop(agent.number, None)
        self.change(entry, "assigned", demand=replace(entry.demand, wanted=agent.number), order_class=ASSIGNED_CLASS,
                    by=by)
        for offer in list(entry.offers.values()):
            if offer.agent is not agent:
                self.end(offer, "withdrawn", f"assigned to {agent.number}")

    def connect(self, offer: Offer) -> None:
        """An agent answered: he has won, everybody else stops ringing."""
        entry, agent, leg = offer.entry, offer.agent, offer.leg
        assert leg is not None
        self._close(offer, "answered")
        agent.talk(leg, entry.queue.work(entry))
        self._write_left(entry, "answered", agent.number)
        self._take_out(entry, EntryState.CONNECTED, f"answered by {agent.number}")
        for other in list(entry.offers.values()):
            self.end(other, "lost", f"{agent.number} answered")
        entry.decide(Connected(offer))
        agent.follow(leg)

    def pick_up(self, entry: Entry, agent: Agent, leg: Leg, rule: str) -> None:
        """An agent takes this call himself, on a leg of it that is his, whatever the order says. Refused: no_call."""
        if entry.kind != "call":
            raise Refused("no_call", f"{entry.call.id} is no call that can be taken")
        former = entry.offers.get(agent.number)
        if former is not None:
            self.end(former, "withdrawn", rule)
        offer = Offer(self._ids.part(entry.call.id, "offer"), entry, agent, self._clock.now(), 0.0, self)
        self._journal.write(OfferMade(offer.id, entry.call.id, entry.queue.name, agent.number, agent.station, rule, {}))
        if entry.state is EntryState.WAITING:
            entry.move(EntryState.OFFERED, offer.id)
            entry.queue.offer(entry)
            self._arm(entry)
        entry.offers[agent.number] = offer
        offer.leg = leg
        self.connect(offer)

    def extend(self, offer: Offer, seconds: float) -> None:
        """What the offer does now may take so long."""
        if offer.timer is not None:
            offer.timer.cancel()
        offer.timer = self._loop.call_later(seconds, offer.time_over)

    def ring_again(self, offer: Offer) -> None:
        """A line on the way to an agent outside failed us: another one."""
        self.ring(offer)

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
            if (outcome not in ("withdrawn", "not_reached") and entry.demand.wanted == agent.number
                    and entry.wanted_until is not None):
                entry.wanted_until = self._clock.now()  # he has had his chance: now the queue
            self._arm(entry)
            self.schedule()
        if offer.tell is not None:
            offer.tell(offer, outcome)

    def agent_moved(self, agent: Agent, left: AgentState) -> None:
        """Heard from every agent after every move."""
        state = agent.state
        for queue in self.seats.get(agent.number, ()):
            if left is AgentState.READY:
                queue.agent_taken(agent)
            if state is AgentState.READY:
                queue.agent_free(agent)
            if left in AWAY or state in AWAY or agent.pending:
                queue.staff_changed = True
        if state is AgentState.READY or state in AWAY or agent.pending:
            self.schedule()

    # ---- a run ----

    def _run(self) -> None:
        self.scheduled = False
        now = self._now()
        for queue in list(self.queues):
            if queue.staff_changed:
                queue.staff_changed = False
                if len(queue.line):
                    self._staff_changed(queue)
        self._offer_waiting(now)
        self._join_ringing(now)

    def _staff_changed(self, queue: "Queue") -> None:
        """Nobody serves: everybody is sent on. Nobody of a demand's own serves: it need not wait for its time."""
        if queue.unstaffed():
            for entry in list(queue.line):
                if entry.kind == "call":  # a promise waits until somebody is there
                    self.leave(entry, "empty", queue.settings.no_agents.to)
            return
        for lane in [lane for lane in queue.lanes.values()
                     if len(lane.waiting) and not lane.demand.rest and lane.unattended()]:
            for entry in list(lane.waiting):
                demand = lane.demand
                if demand.wanted:
                    entry.wanted_until = None
                    demand = replace(demand, wanted="")
                if not demand.wanted:
                    demand = loosening.attended(entry, demand)
                if demand != lane.demand:
                    self.change(entry, "nobody attends", demand=demand)

    def _offer_waiting(self, now: float) -> None:
        """Merge all lanes by the total order; each entry is offered, or passed over if nobody may take it."""
        lanes = [(queue, lane) for queue in self.queues if queue.line for lane in queue.lanes.values()]
        heads: list[tuple[OrderKey, int, int]] = [
            (lane.waiting[0].key, number, 0) for number, (_, lane) in enumerate(lanes)
            if len(lane.free) and len(lane.waiting)]
        heapq.heapify(heads)
        while heads:
            _, number, place = heads[0]
            _, lane = lanes[number]
            if len(lane.free):
                entry = lane.waiting[place]
                candidates = self._candidates(entry)
                if not candidates:
                    place += 1  # invisible to those who are free: it blocks nobody behind it
                else:
                    self._offer(entry, candidates, now)  # leaves the line; or its candidates were not free after all
                if len(lane.free) and place < len(lane.waiting):
                    heapq.heapreplace(heads, (lane.waiting[place].key, number, place))
                    continue
            heapq.heappop(heads)

    def _join_ringing(self, now: float) -> None:
        """Agents whom no waiting entry needs help those that are ringing already, where the strategy says so."""
        ringing = [entry for queue in self.queues if queue.strategy.joins for entry in queue.offered.values()
                   if entry.kind == "call" and entry.lane is not None and len(entry.lane.free)]
        for entry in sorted(ringing, key=lambda entry: entry.key):
            candidates = self._candidates(entry)
            if candidates:
                self._offer(entry, candidates, now)

    def _offer(self, entry: Entry, candidates: Sequence[Agent], now: float) -> None:
        queue = entry.queue
        choice = queue.strategy.choose(entry, candidates, now)
        agents = choice.agents if entry.kind == "call" else choice.agents[:1]  # one customer is dialled for one agent
        excluded = queue.excluded(entry, agents, now)
        for agent in agents:
            assert agent.reach is not None
            ring = agent.reach.seconds(queue.settings.ring_timeout)
            offer = Offer(self._ids.part(entry.call.id, "offer"), entry, agent, now, ring, self)
            offer.timer = self._loop.call_at(offer.deadline, offer.time_over)
            self._journal.write(OfferMade(offer.id, entry.call.id, queue.name, agent.number, agent.station,
                                          choice.rule, excluded, now))
            agent.reserve(offer, entry.call.id, offer.deadline + offer.before_takes + offer.steps_take)
            if entry.state is EntryState.WAITING:
                entry.move(EntryState.OFFERED, offer.id)
                queue.offer(entry)
                self._arm(entry)
            entry.offers[agent.number] = offer
        for offer in list(entry.offers.values()):
            if offer.leg is None and not offer.over:
                offer.proceed()

    def ring(self, offer: Offer) -> None:
        """What had to come before is done: the agent's station rings."""
        call, queue, reach = offer.entry.call, offer.entry.queue, offer.agent.reach
        assert reach is not None
        if call.before and offer.leg is None:
            seconds = reach.seconds(queue.settings.ring_timeout)  # his time to answer begins now
            offer.deadline = self._clock.now() + seconds
            self.extend(offer, seconds)
        try:
            leg = reach.ring(call, queue.label, offer.failed_lines)
        except Refused as refused:
            self.end(offer, "busy" if refused.code in ("busy", "no_line") else "fault", str(refused))
        except LineFault as fault:
            self.end(offer, "fault", str(fault))
        else:
            offer.agent.ring(leg, offer.deadline + offer.steps_take)
            offer.ring(leg)

    # ---- an entry's own timer: while it waits its demand loosens; while it is rung more telephones may join ----

    def _arm(self, entry: Entry) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None
        if entry.state is EntryState.OFFERED:
            if entry.queue.strategy.grows and entry.kind == "call":
                entry.timer = self._loop.call_later(entry.queue.settings.progress, self._grow, entry)
        elif entry.state is EntryState.WAITING:
            step = loosening.next_step(entry)
            if step is not None:
                entry.timer = self._loop.call_at(step.at, self._loosen, entry, step)

    def _loosen(self, entry: Entry, step: loosening.Step) -> None:
        demand = loosening.take(entry, step)
        self.change(entry, f"{step.kind}: {step.why}", demand=demand)

    def _grow(self, entry: Entry) -> None:
        candidates = self._candidates(entry)
        if candidates:
            self._offer(entry, candidates, self._now())
        self._arm(entry)

    # ---- inside ----

    def _now(self) -> float:
        """The clock as the journal writes it, so that a decision can be made again from it to the last digit."""
        return in_journal(self._clock.now())

    def _candidates(self, entry: Entry) -> list[Agent]:
        """The free agents who may take this entry, the longest idle first.

        Who did not answer it is not asked again before everybody who could take it has been.
        """
        queue = entry.queue
        if entry.tried and queue.asked_all(entry):
            self._write_changed(entry, ASKED_ALL, entry.demand, entry.order_class, entry.boost)
            entry.tried.clear()
        return queue.candidates(entry)

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
        self._arm(entry)
        if entry.queue.removed and not len(entry.queue.line) and self.on_empty is not None:
            self.on_empty(entry.queue)

    def _write_entered(self, entry: Entry) -> None:
        self._journal.write(QueueEntered(entry.call.id, entry.queue.name, entry.queue.position(entry), entry.entered,
                                         entry.order_class, entry.boost, entry.kind, entry.demand.require,
                                         entry.demand.tier, entry.demand.wanted, list(entry.tried)))

    def _write_changed(self, entry: Entry, why: str, demand: Demand, order_class: int, boost: float,
                       by: str = "") -> None:
        self._journal.write(EntryChanged(entry.call.id, entry.queue.name, why, order_class, boost, demand.require,
                                         demand.tier, demand.wanted, by, demand.rest))

    def _write_left(self, entry: Entry, outcome: str, agent: str) -> None:
        waited = round(self._clock.now() - entry.joined, 3)
        self._journal.write(QueueLeft(entry.call.id, entry.queue.name, outcome, waited, entry.queue.position(entry),
                                      agent))
