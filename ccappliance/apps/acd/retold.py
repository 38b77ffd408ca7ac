"""The ACD as the journal tells it: agents, seats and entries rebuilt from facts alone, without a live object.

What was recorded is read here, never what was decided: apps/acd/redone.py decides again on it.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from ccappliance.apps.acd.entry import OrderKey
from ccappliance.apps.acd.lane import Demand
from ccappliance.apps.acd.skills import Requirement
from ccappliance.call import facts
from ccappliance.call.figures import AgentFigures, Figures
from ccappliance.call.journal import Entry

RUNG = ("reserved", "ringing")
OWN = ("pickup", "missed")  # rules by which an agent takes a call himself
DIRECT = "direct"  # the rule of calls that ask for one agent, and stand in no queue
AWAY = ("logged_out", "paused", "line_fault")
HEARD: tuple[type[facts.Fact], ...] = (
    facts.DaemonStarted, facts.QueueApplied, facts.AgentMoved, facts.QueueEntered, facts.EntryChanged,
    facts.OfferMade, facts.OfferEnded, facts.QueueLeft)  # with these every decision can be made again


@dataclass(slots=True)
class Person:
    """One agent."""

    number: str
    state: str = "logged_out"
    why: str = ""
    call: str = ""
    until: float | None = None
    offer: str = ""
    idle_since: float = 0.0
    keeps_idle: bool = False  # a call he did not get does not end his idle time

    def move(self, fact: facts.AgentMoved, now: float) -> None:
        if fact.state == "ready" and not self.keeps_idle:
            self.idle_since = now
        self.keeps_idle = fact.state in RUNG or (fact.state == "talking" and not fact.call and fact.left in RUNG)
        self.state, self.why, self.call, self.until = fact.state, fact.why, fact.call, fact.until
        if fact.state not in RUNG or not fact.call:  # without a call: his telephone is only stopping
            self.offer = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One seat of a queue."""

    place: int  # from 0
    tier: int
    weight: float
    skills: Mapping[str, int]


@dataclass(slots=True)
class Bench:
    """A queue: who serves it and by which strategy."""

    strategy: str
    seats: dict[str, Place]
    ageing: bool
    last: int = -1  # place of the seat round-robin rang last
    able: dict[Demand, tuple[str, ...]] = field(default_factory=dict)  # found once for each demand

    def able_for(self, demand: Demand) -> tuple[str, ...]:
        """Who fulfils a demand, in the order of the seats."""
        found = self.able.get(demand)
        if found is None:
            requirement = Requirement(demand.require)
            found = self.able[demand] = tuple(
                number for number, seat in self.seats.items()
                if not demand.rest and (number == demand.wanted if demand.wanted else
                    seat.tier <= demand.tier and requirement.met_by(seat.skills)))
        return found


@dataclass(slots=True)
class Stay:
    """One entry, from QueueEntered to QueueLeft."""

    call: str
    queue: str
    entered: float
    demand: Demand
    key: OrderKey
    kind: str = "call"
    tried: dict[str, None] = field(default_factory=dict)  # agents who did not answer it, in order
    offers: dict[str, str] = field(default_factory=dict)  # open: offer → agent


class Retold:
    """A reader of the journal. `whole` is false until the journal has told a beginning: a start of the daemon."""

    def __init__(self, local: Callable[[datetime], date] | None = None) -> None:
        """`local` tells the site's day, at whose end the counts begin anew; None: UTC."""
        self._local = local or (lambda at: at.date())
        self.whole = False
        self._begin()

    def _begin(self) -> None:
        self.people: dict[str, Person] = {}
        self.benches: dict[str, Bench] = {}
        self.stays: dict[str, Stay] = {}
        self.waiting: dict[str, list[OrderKey]] = {}  # by queue, in order: entries nobody is being rung for
        self.figures = Figures(lambda queue: 0.0, self._local)
        self._offers: dict[str, Stay] = {}

    def person(self, number: str) -> Person:
        found = self.people.get(number)
        if found is None:
            found = self.people[number] = Person(number)
        return found

    def hear(self, entry: Entry) -> None:
        fact = entry.fact
        if type(fact) not in HEARD:
            if isinstance(fact, facts.DayBegan) and not self.whole:
                self._turn_to(fact.page)
            return
        if isinstance(fact, facts.DaemonStarted):
            self._begin()  # agents and counts begin anew with each run; entries of the run before are ended in this
            self.whole = True
        self.whole = self.whole or entry.seq == 1
        self.figures.hear(entry)
        match fact:
            case facts.QueueApplied():
                self._applied(fact)
            case facts.AgentMoved():
                self.person(fact.agent).move(fact, entry.now)
            case facts.QueueEntered():
                demand = Demand(fact.require, fact.tier, fact.wanted)
                key = self._key(fact.queue, fact.call, fact.order_class, fact.boost, fact.entered)
                self.stays[fact.call] = Stay(fact.call, fact.queue, fact.entered, demand, key, fact.kind,
                                              dict.fromkeys(fact.tried))
                self._wait(self.stays[fact.call])
            case facts.EntryChanged():
                self._changed(fact)
            case facts.OfferMade():
                self._offered(fact)
            case facts.OfferEnded():
                self._offer_ended(fact)
            case facts.QueueLeft():
                stay = self.stays.pop(fact.call, None)
                if stay is not None:
                    self._wait_no_more(stay)

    def page(self) -> dict[str, Any]:
        """All that is known, as plain data: what a reader that begins here must know."""
        return {
            "people": [asdict(person) for person in self.people.values()],
            "benches": [{"queue": name, "strategy": bench.strategy, "ageing": bench.ageing, "last": bench.last,
                         "seats": {number: asdict(seat) for number, seat in bench.seats.items()}}
                        for name, bench in self.benches.items()],
            "stays": [asdict(stay) for stay in self.stays.values()],
            "waiting": {queue: [key[3] for key in keys] for queue, keys in self.waiting.items()},
            "counts": {number: asdict(agent) for number, agent in self.figures.agents.items()}}

    # ---- inside ----

    def _turn_to(self, page: Mapping[str, Any]) -> None:
        self._begin()
        self.whole = True
        self.people = {one["number"]: Person(**one) for one in page["people"]}
        for one in page["benches"]:
            seats = {number: Place(**seat) for number, seat in one["seats"].items()}
            self.benches[one["queue"]] = Bench(one["strategy"], seats, one["ageing"], one["last"])
        for one in page["stays"]:
            stay = Stay(**{**one, "demand": Demand(**one["demand"]), "key": tuple(one["key"])})
            self.stays[stay.call] = stay
            self._offers.update(dict.fromkeys(stay.offers, stay))
        for queue, calls in page["waiting"].items():
            self.waiting[queue] = [self.stays[call].key for call in calls]
        self.figures.agents.update({number: AgentFigures(**one) for number, one in page["counts"].items()})

    def _key(self, queue: str, call: str, order_class: int, boost: float, entered: float) -> OrderKey:
        bench = self.benches.get(queue)
        ageing = bench is None or bench.ageing
        return (-order_class, entered - boost if ageing else -boost, entered, call)

    def _applied(self, fact: facts.QueueApplied) -> None:
        before = self.benches.get(fact.queue)
        self.benches[fact.queue] = Bench(fact.strategy, {
            seat["agent"]: Place(place, seat["tier"], seat["weight"], seat["skills"])
            for place, seat in enumerate(fact.seats)}, fact.ageing)
        if before is not None and before.ageing is not fact.ageing:
            self._rank_anew(fact.queue)

    def _rank_anew(self, queue: str) -> None:
        for stay in [stay for stay in self.stays.values() if stay.queue == queue]:
            waits = self._wait_no_more(stay)
            minus_class, place, entered, call = stay.key
            boost = -place if self.benches[queue].ageing else entered - place
            stay.key = self._key(queue, call, -minus_class, boost, entered)
            if waits:
                self._wait(stay)

    def _changed(self, fact: facts.EntryChanged) -> None:
        stay = self.stays.get(fact.call)
        if stay is None:
            return
        waits = self._wait_no_more(stay)
        stay.demand = Demand(fact.require, fact.tier, fact.wanted, fact.rest)
        stay.key = self._key(stay.queue, stay.call, fact.order_class, fact.boost, stay.entered)
        if fact.why == facts.ASKED_ALL:
            stay.tried.clear()
        elif fact.by and fact.wanted:
            stay.tried.pop(fact.wanted, None)  # assigned to him: asked again
        if waits:
            self._wait(stay)

    def _offered(self, fact: facts.OfferMade) -> None:
        self.person(fact.agent).offer = fact.offer
        stay = self.stays.get(fact.call)
        if stay is None or fact.rule == DIRECT:
            return
        self._wait_no_more(stay)
        stay.offers[fact.offer] = fact.agent
        self._offers[fact.offer] = stay
        bench = self.benches.get(stay.queue)
        if fact.rule in OWN:
            return
        if bench is not None and bench.strategy == "round-robin" and fact.agent in bench.seats:
            bench.last = bench.seats[fact.agent].place

    def _offer_ended(self, fact: facts.OfferEnded) -> None:
        stay = self._offers.pop(fact.offer, None)
        if stay is None:
            return
        del stay.offers[fact.offer]
        if fact.outcome == "no_answer":
            stay.tried[fact.agent] = None
        if not stay.offers and fact.outcome != "answered" and self.stays.get(stay.call) is stay:
            self._wait(stay)

    def _wait(self, stay: Stay) -> None:
        insort(self.waiting.setdefault(stay.queue, []), stay.key)

    def _wait_no_more(self, stay: Stay) -> bool:
        """True: it was waiting."""
        keys = self.waiting.setdefault(stay.queue, [])
        index = bisect_left(keys, stay.key)
        if index < len(keys) and keys[index] == stay.key:
            del keys[index]
            return True
        return False
