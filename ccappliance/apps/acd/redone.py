"""Every decision of the dispatcher, made again from the journal, and held against what was recorded."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from ccappliance.apps.acd.reasons import Reason
from ccappliance.apps.acd.retold import AWAY, DIRECT, OWN, RUNG, Bench, Person, Retold, Stay
from ccappliance.apps.acd.rules import Case, Verdict, decide
from ccappliance.call import facts
from ccappliance.call.journal import Entry

FIGURE = 0.11  # what two figures of one decimal may differ by: both are rounded
_NUMBER = re.compile(r"\d+\.\d(?!\d)")  # a figure of one decimal; lots and counts must be equal to the last digit


@dataclass(slots=True)
class Decision:
    """One decision: what was recorded, what comes of it when it is made again, and what differs."""

    seq: int
    at: datetime
    now: float
    call: str
    queue: str
    strategy: str
    demand: str
    agents: list[str]  # recorded; several if several were rung at once
    rule: str  # recorded
    verdict: Verdict | None = None  # made again; None: the journal does not tell enough
    candidates: list[str] = field(default_factory=list)
    excluded: dict[str, Reason] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)  # chosen when made again, and not rung yet
    differs: list[str] = field(default_factory=list)


class Redone:
    """A reader of the journal. `decided` is told each decision when it is complete.

    `retold` is the ACD as it is after the last entry; `hear` looks at it before the entry changes it.
    """

    def __init__(self, decided: Callable[[Decision], object],
                 local: Callable[[datetime], date] | None = None) -> None:
        self.retold = Retold(local)
        self.decisions = 0
        self.unknown = 0  # decisions before the journal's first beginning: nothing to make them again from
        self._decided = decided
        self._open: Decision | None = None

    def hear(self, entry: Entry) -> None:
        fact = entry.fact
        if isinstance(fact, facts.DayBegan):
            pass  # a page says again what is known
        elif isinstance(fact, facts.OfferMade) and fact.rule not in OWN and fact.rule != DIRECT:
            self._offered(entry, fact)
        elif self._open is not None and not (isinstance(fact, facts.AgentMoved) and fact.state == "reserved"):
            self.close()
        self.retold.hear(entry)

    def close(self) -> None:
        """No more entries for now: the last decision is complete."""
        decision, self._open = self._open, None
        if decision is None:
            return
        if decision.missing:
            decision.differs.append(f"made again, {', '.join(decision.missing)} would have been rung as well")
        self._decided(decision)

    # ---- inside ----

    def _offered(self, entry: Entry, fact: facts.OfferMade) -> None:
        decision = self._open
        if decision is not None and fact.agent in decision.missing and decision.call == fact.call:
            decision.missing.remove(fact.agent)  # rung in the same decision
            decision.agents.append(fact.agent)
            return
        self.close()
        self.decisions += 1
        stay, bench = self.retold.stays.get(fact.call), self.retold.benches.get(fact.queue)
        now = fact.decided or entry.now
        decision = self._open = Decision(entry.seq, entry.at, now, fact.call, fact.queue,
                                         bench.strategy if bench else "", stay.demand.words if stay else "",
                                         [fact.agent], fact.rule)
        if stay is None or bench is None or not self.retold.whole:
            self.unknown += not self.retold.whole
            if self.retold.whole:
                decision.differs.append(f"the journal tells of no such {'entry' if stay is None else 'queue'}")
            return
        self._make_again(decision, fact, stay, bench)

    def _make_again(self, decision: Decision, fact: facts.OfferMade, stay: Stay, bench: Bench) -> None:
        able = bench.able_for(stay.demand)
        people = [self.retold.person(number) for number in able]
        free = sorted((one for one in people if one.state == "ready" and one.number not in stay.tried),
                      key=lambda one: (one.idle_since, one.number))
        decision.candidates = [one.number for one in free]
        if not free:
            decision.differs.append("nobody was free for it")
            return
        verdict = decide(Case(bench, stay, free, self.retold.figures, decision.now, fact.rule))
        if verdict is None:
            decision.differs.append(f"the strategy {bench.strategy} is not known here")
            return
        if stay.kind != "call":  # one customer is dialled for one agent
            verdict = replace(verdict, agents=verdict.agents[:1])
        decision.verdict = verdict
        decision.excluded = excluded(bench, stay, verdict.agents, self.retold, decision.now)
        if fact.agent not in verdict.agents:
            decision.differs.append(f"{fact.agent} was chosen; made again, it is {', '.join(verdict.agents)}")
        decision.missing = [number for number in verdict.agents if number != fact.agent]
        if not same(fact.rule, verdict.rule):
            decision.differs.append(f"the rule was {fact.rule!r}; made again, it is {verdict.rule!r}")
        told = {number: reason.text for number, reason in decision.excluded.items()}
        for number in {**fact.excluded, **told}:
            was, again = fact.excluded.get(number, "(chosen)"), told.get(number, "(chosen)")
            if number not in verdict.agents and not same(was, again):
                decision.differs.append(f"{number} was excluded: {was!r}; made again, it is {again!r}")
        self._check_order(decision, stay, fact.agent)

    def _check_order(self, decision: Decision, stay: Stay, agent: str) -> None:
        """Nobody who waits before it could have had this agent."""
        if stay.offers:
            return  # he joins telephones that ring already: whom no waiting entry needs
        for queue, bench in self.retold.benches.items():
            if agent not in bench.seats:
                continue
            for key in self.retold.waiting.get(queue, ()):
                if key >= stay.key:
                    break
                other = self.retold.stays[key[3]]
                if agent not in other.tried and agent in bench.able_for(other.demand):
                    decision.differs.append(f"call {other.call} of {queue} stands before it and could have had {agent}")
                    return


def excluded(bench: Bench, stay: Stay, chosen: tuple[str, ...], retold: Retold, now: float) -> dict[str, Reason]:
    """Why everybody else of the queue is not rung."""
    able = dict.fromkeys(bench.able_for(stay.demand))
    reasons = {}
    for number, seat in bench.seats.items():
        if number in chosen:
            continue
        person = retold.person(number)
        if person.state != "ready":
            reasons[number] = occupied(person, now)
        elif number in able:
            reasons[number] = Reason("tried") if number in stay.tried else Reason("idle", "", now - person.idle_since)
        elif stay.demand.rest:
            reasons[number] = Reason("rests")
        elif stay.demand.wanted:
            reasons[number] = Reason("kept", stay.demand.wanted)
        elif seat.tier > stay.demand.tier:
            reasons[number] = Reason("tier", str(seat.tier))
        else:
            reasons[number] = Reason("skills", stay.demand.require)
    return reasons


def occupied(person: Person, now: float) -> Reason:
    """Why somebody who is not free is not."""
    if person.state in RUNG and person.offer:
        return Reason(person.state, person.offer)
    if person.state == "wrapup" and person.until is not None:
        return Reason("wrapup", "", max(0.0, person.until - now))
    if person.state in AWAY and person.state != "logged_out":
        return Reason(person.state, person.why)
    return Reason(person.state)


def same(one: str, other: str) -> bool:
    """Two texts of the journal that say the same: figures of one decimal may differ by their rounding."""
    if one == other:
        return True
    figures, others = _NUMBER.findall(one), _NUMBER.findall(other)
    return (_NUMBER.sub("#", one) == _NUMBER.sub("#", other)
            and all(abs(float(a) - float(b)) <= FIGURE for a, b in zip(figures, others, strict=True)))
