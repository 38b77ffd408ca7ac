"""The ACD's invariants, checked after every fact on what the journal tells, and on the live objects when at rest.

1 no overtaking, 2 work conserving, 3 no double offer and one winner, 4 not ready means a reason with a bound,
5 wrap-up respected, 6 exactly one outcome, and outcomes add up, 7 one number is dialled for callbacks once at a time,
and each promise is kept or ended once, 8 who is told something waits and is not being rung for, and hears a position
only when it has improved. A fact costs what it touches, never a walk over all.
"""

import asyncio
import heapq
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from ccappliance.apps.acd.acd import Acd
from ccappliance.apps.acd.agent import AgentState
from ccappliance.apps.acd.entry import OrderKey
from ccappliance.apps.acd.journal_rules import JournalRules
from ccappliance.apps.acd.retold import DIRECT, OWN
from ccappliance.base.errors import Bug
from ccappliance.call import facts

if TYPE_CHECKING:
    from ccappliance.apps.acd.lane import Lane
    from ccappliance.apps.acd.queue import Queue
    from ccappliance.call.journal import Entry as JournalEntry
    from ccappliance.call.journal import Wanted

GRACE = 1.0  # s a deadline may be overdue: a loop that is later than this has an alarm of its own
BOUNDED = ("reserved", "ringing", "wrapup", "paused")  # states that must have a deadline
MAX_ENDED = 1_000  # promises remembered to tell that one ended twice: it would at once
MAX_BREACHES = 100  # kept for `must_hold`; `breach` is told all
_OFFERED = (AgentState.RESERVED, AgentState.RINGING)


@dataclass(slots=True)
class _Stay:
    """An entry, as the journal tells it."""

    queue: str
    key: OrderKey
    offers: dict[str, str] = field(default_factory=dict)  # offer → agent
    winner: str = ""
    told: int = 0  # position


@dataclass(slots=True)
class _Person:
    """An agent, as the journal tells it."""

    state: str = "logged_out"
    call: str = ""
    until: float | None = None
    moves: int = 0
    offer: str = ""


class Invariants:
    """A journal reader. `breach(words)` is told every breach: an alarm in production; tests ask `must_hold`.

    A journal need tell only `kinds`: every other fact would only bring a judgement forward that the next of these makes
    of the same state.
    """

    KINDS: ClassVar["Wanted"] = frozenset({
        facts.AgentMoved, facts.OfferMade, facts.OfferEnded, facts.QueueEntered, facts.QueueLeft, facts.EntryChanged,
        facts.QueueAnnounced, facts.CallbackPromised, facts.CallbackTried, facts.CallbackMissed, facts.CallbackEnded,
        facts.CallEnded})

    def __init__(self, acd: Acd, *, loop: asyncio.AbstractEventLoop, breach: Callable[[str], object]) -> None:
        self.breaches: list[str] = []
        self.offered = 0
        self.outcomes: dict[str, int] = {}
        self._acd = acd
        self._loop = loop
        self._breach = breach
        self._stays: dict[str, _Stay] = {}  # open, by call
        self._waiting: dict[str, list[OrderKey]] = {}  # by queue; nobody is being rung for them
        self._offers: dict[str, _Stay] = {}  # open, by offer; its entry may have left a moment ago
        self._direct: dict[str, str] = {}  # open, by offer: the agent
        self._people: dict[str, _Person] = {}
        self._deadlines: list[tuple[float, str, int]] = []
        self._touched: dict[str, None] = {}  # agents
        self._touched_queues: dict[str, None] = {}
        self._scheduled = False
        self._dialled: dict[str, str] = {}  # number → the promise for which it is being dialled
        self._ended: dict[str, None] = {}  # promises: the last MAX_ENDED of them
        self._rules = JournalRules(lambda words, call: self._say(words))
        self.kinds = self.KINDS.union(self._rules.readers)

    def hear(self, entry: "JournalEntry") -> None:
        now, fact = entry.now, entry.fact
        self._rules.hear(entry)
        match fact:
            case facts.AgentMoved():
                self._agent_moved(fact, now)
            case facts.OfferMade():
                self._offer_made(fact)
            case facts.OfferEnded():
                self._offer_ended(fact)
            case facts.QueueEntered():
                self._entered(fact)
            case facts.QueueLeft():
                self._left(fact)
            case facts.EntryChanged():
                self._changed(fact)
            case facts.QueueAnnounced():
                self._announced(fact)
            case facts.CallbackPromised() | facts.CallbackTried() | facts.CallbackMissed() | facts.CallbackEnded():
                self._callback(fact)
            case facts.CallEnded(call) if call in self._stays:
                self._say(f"6: call {call} ended and is still in queue {self._stays[call].queue}")
            case _:
                return
        self._overdue(now)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._at_rest)

    def must_hold(self) -> None:
        """Bug if anything was breached, or outcomes do not add up."""
        if self.offered != sum(self.outcomes.values()) + len(self._stays):
            self._say(f"6: {self.offered} offered, outcomes {self.outcomes}, {len(self._stays)} waiting")
        self._rules.close()
        if self.breaches:
            raise Bug("\n".join(self.breaches))

    # ---- facts ----

    def _entered(self, fact: facts.QueueEntered) -> None:
        if fact.call in self._stays:
            self._say(f"6: call {fact.call} entered {fact.queue} while in {self._stays[fact.call].queue}")
        key = self._key(fact.call, fact.order_class, fact.boost, fact.entered)
        self._stays[fact.call] = _Stay(fact.queue, key)
        self.offered += 1
        self._wait(fact.queue, key)

    def _key(self, call: str, order_class: int, boost: float, entered: float) -> OrderKey:
        return (-order_class, entered - boost if self._acd.settings.ageing else -boost, entered, call)

    def _changed(self, fact: facts.EntryChanged) -> None:
        stay = self._stays.get(fact.call)
        if stay is None or stay.queue != fact.queue:
            self._say(f"6: call {fact.call} was changed in {fact.queue}, where it was not")
            return
        if not stay.offers:
            self._wait_no_more(stay)
        stay.key = self._key(fact.call, fact.order_class, fact.boost, stay.key[2])
        if not stay.offers and not stay.winner:
            self._wait(stay.queue, stay.key)
        self._touched_queues[fact.queue] = None

    def _left(self, fact: facts.QueueLeft) -> None:
        stay = self._stays.pop(fact.call, None)
        if stay is None or stay.queue != fact.queue:
            self._say(f"6: call {fact.call} left {fact.queue}, where it was not")
            return
        self.outcomes[fact.outcome] = self.outcomes.get(fact.outcome, 0) + 1
        if (fact.outcome == "answered") is not bool(stay.winner):
            self._say(f"6: call {fact.call} left as {fact.outcome}, its winner is {stay.winner or 'nobody'}")
        self._wait_no_more(stay)
        for agent in stay.offers.values():
            self._touched[agent] = None

    def _offer_made(self, fact: facts.OfferMade) -> None:
        stay, person = self._stays.get(fact.call), self._person(fact.agent)
        if fact.rule == DIRECT:
            self._direct_made(fact)
            return
        own = fact.rule in OWN  # he took it himself: no decision of the matcher's
        if stay is None or stay.winner:
            self._say(f"3: call {fact.call}, which does not wait, was offered to {fact.agent}")
            return
        if (person.state != "ready" and not own) or person.offer:
            self._say(f"3/5: agent {fact.agent} is {person.state} {person.offer} and was offered call {fact.call}")
        for queue in () if own else self._acd.dispatcher.seats.get(fact.agent, ()):
            self._overtaken(queue.name, stay.key, fact.agent)
        if not stay.offers:
            self._wait_no_more(stay)
        stay.offers[fact.offer] = fact.agent
        person.offer = fact.offer
        self._offers[fact.offer] = stay

    def _direct_made(self, fact: facts.OfferMade) -> None:
        """A call that asks for this agent, and stands in no queue."""
        person = self._person(fact.agent)
        if person.state != "ready" or person.offer:
            self._say(f"3/5: agent {fact.agent} is {person.state} {person.offer} and was called by {fact.call}")
        person.offer = fact.offer
        self._direct[fact.offer] = fact.agent

    def _offer_ended(self, fact: facts.OfferEnded) -> None:
        direct = self._direct.pop(fact.offer, None)
        if direct is not None:
            self._person(direct).offer = ""
            return
        stay = self._offers.pop(fact.offer, None)
        if stay is None:
            self._say(f"3: offer {fact.offer} ended ({fact.outcome}) but was not open")
            return
        del stay.offers[fact.offer]
        self._person(fact.agent).offer = ""
        if fact.outcome == "answered":
            if stay.winner:
                self._say(f"3: call {fact.call} was answered by {stay.winner} and by {fact.agent}")
            stay.winner = fact.agent
        elif not stay.offers and not stay.winner and self._stays.get(fact.call) is stay:
            self._wait(stay.queue, stay.key)

    def _announced(self, fact: facts.QueueAnnounced) -> None:
        stay = self._stays.get(fact.call)
        if stay is None or stay.winner or stay.offers:
            self._say(f"8: call {fact.call} was told its position while it did not wait, or an agent was rung for it")
        elif fact.position:
            if stay.told and fact.position >= stay.told:
                self._say(f"8: call {fact.call} was told position {fact.position} after {stay.told}")
            stay.told = fact.position

    def _agent_moved(self, fact: facts.AgentMoved, now: float) -> None:
        person = self._person(fact.agent)
        if fact.left != person.state:
            self._say(f"4: agent {fact.agent} left {fact.left}, but was {person.state}")
        if fact.state in BOUNDED and fact.until is None:
            self._say(f"4: agent {fact.agent} is {fact.state} ({fact.why}) without a bound")
        if person.state == "wrapup" and fact.why == "wrap-up over" and now < (person.until or 0.0) - 1e-3:
            self._say(f"5: wrap-up of agent {fact.agent} ended {person.until} - {now} s early")
        if person.state in ("talking", "hold") and person.call and fact.state in ("ready", "paused"):
            live = self._acd.book.by_number.get(fact.agent)
            if live is not None and live.wrapup > 0:
                self._say(f"5: agent {fact.agent} went from call {person.call} to {fact.state} without wrap-up")
        person.state, person.call, person.until = fact.state, fact.call, fact.until
        person.moves += 1
        self._touched[fact.agent] = None
        if fact.until is not None:
            heapq.heappush(self._deadlines, (fact.until, fact.agent, person.moves))

    def _callback(self, fact: facts.Fact) -> None:
        match fact:
            case facts.CallbackTried(callback=callback, number=number):
                if self._dialled.setdefault(number, callback) != callback:
                    self._say(f"7: {number} is dialled for {callback} and for {self._dialled[number]}")
                if callback in self._ended:
                    self._say(f"7: callback {callback} is over, and {number} is dialled")
            case facts.CallbackMissed(callback=callback):
                self._no_more_dialled(callback)
            case facts.CallbackEnded(callback=callback):
                self._no_more_dialled(callback)
                if callback in self._ended:
                    self._say(f"7: callback {callback} ended twice")
                self._ended[callback] = None
                if len(self._ended) > MAX_ENDED:
                    del self._ended[next(iter(self._ended))]

    def _no_more_dialled(self, callback: str) -> None:
        for number in [number for number, one in self._dialled.items() if one == callback]:
            del self._dialled[number]

    # ---- the lines, as the journal tells them ----

    def _wait(self, queue: str, key: OrderKey) -> None:
        insort(self._waiting.setdefault(queue, []), key)
        self._touched_queues[queue] = None

    def _wait_no_more(self, stay: _Stay) -> None:
        keys = self._waiting.setdefault(stay.queue, [])
        index = bisect_left(keys, stay.key)
        if index < len(keys) and keys[index] == stay.key:
            del keys[index]

    def _overtaken(self, queue_name: str, key: OrderKey, number: str) -> None:
        """Somebody who stands before `key`, waits, and could have had this agent?"""
        live = next((queue for queue in self._acd.dispatcher.queues if queue.name == queue_name), None)
        if live is None:
            return
        for lane in live.lanes.values():
            if number not in lane.able:
                continue
            for entry in lane.waiting:  # those who tried him are few, and everybody before `key` is one of them
                if entry.key >= key:
                    break
                if number not in entry.tried and self._waits(queue_name, entry.key):
                    self._say(f"1: call {key[3]} was offered to {number} before call {entry.call.id} of {queue_name}")
                    return

    def _waits(self, queue: str, key: OrderKey) -> bool:
        """As the journal tells it."""
        keys = self._waiting.get(queue, [])
        index = bisect_left(keys, key)
        return index < len(keys) and keys[index] == key

    def _check_conserving(self, queue: "Queue") -> None:
        for lane in queue.lanes.values():
            if lane.demand.wanted and len(lane.waiting) and lane.unattended():
                self._check_kept(queue, lane)
            if not len(lane.free):
                continue
            for entry in lane.waiting:
                for _, number in lane.free:
                    if queue.may_take(entry, queue.members[number]):
                        self._say(f"2: agent {number} is free and call {entry.call.id} waits in {queue.name}")

    def _check_kept(self, queue: "Queue", lane: "Lane") -> None:
        for entry in lane.waiting:
            self._say(f"2: call {entry.call.id} of {queue.name} is kept for {lane.demand.wanted}, who is away")

    def _person(self, number: str) -> _Person:
        person = self._people.get(number)
        if person is None:
            person = self._people[number] = _Person()
        return person

    def _overdue(self, now: float) -> None:
        while self._deadlines and self._deadlines[0][0] + GRACE < now:
            until, number, moves = heapq.heappop(self._deadlines)
            person = self._people[number]
            if person.moves == moves:
                self._say(f"4: agent {number} is still {person.state}, {now - until:.3f} s after its bound")

    # ---- the live objects, between two rounds of the loop ----

    def _at_rest(self) -> None:
        if self._acd.dispatcher.scheduled:
            self._loop.call_soon(self._at_rest)
            return
        self._scheduled = False
        for number in self._touched:
            self._check_agent(number)
            for queue in self._acd.dispatcher.seats.get(number, ()):
                self._touched_queues[queue.name] = None
        for queue in self._acd.dispatcher.queues:
            if queue.name in self._touched_queues:
                self._check_conserving(queue)
        for offer, stay in self._offers.items() if self._touched else ():
            if stay.winner:
                self._say(f"3: offer {offer} goes on although {stay.winner} answered")
        self._touched.clear()
        self._touched_queues.clear()

    def _check_agent(self, number: str) -> None:
        agent = self._acd.book.by_number.get(number)
        if agent is None:
            return
        person = self._person(number)
        if agent.state.value != person.state:
            self._say(f"4: agent {number} is {agent.state.value}, the journal says {person.state}")
        rung = agent.state in _OFFERED
        if (rung and not agent.stopping) is not bool(person.offer) or bool(person.offer) is not bool(agent.reservation):
            self._say(f"3: agent {number} is {agent.state.value} with offer {person.offer or 'none'}")
        if agent.on_call and (agent.leg is None or agent.leg.is_gone):
            self._say(f"4: agent {number} is {agent.state.value} on call {agent.call}, and his leg is gone")

    def _say(self, words: str) -> None:
        if len(self.breaches) < MAX_BREACHES:
            self.breaches.append(words)
        self._breach(words)
