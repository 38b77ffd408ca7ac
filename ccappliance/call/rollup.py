"""What the journal sums up to, hour by hour, for every queue, agent, line, number and disposition: a fold.

A call counts in the hour in which it began, an entry in the hour in which it joined its queue; an agent's time is split
at every full hour. Hours are the site's; when summer time ends, two hours of one name are one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, ClassVar

from ccappliance.call import facts
from ccappliance.call.cdr import Cdr
from ccappliance.call.figures import ABANDONS
from ccappliance.call.journal import Entry, Wanted

HOUR = timedelta(hours=1)
GREATEST = "max_"  # figures that begin so are the greatest seen, all others sums
_BUCKET = 900  # seconds; zones differ from UTC by whole quarters of an hour

Add = Callable[[str, str, str, str, float], object]  # hour ("2026-11-22T08"), subject, name, figure, value


@dataclass(slots=True)
class _Agent:
    """In which state since when, on the wall and on the loop clock."""

    state: str
    at: datetime
    now: float


class Rollup:
    """Tells `add` what each entry of the journal adds, and what each CDR (`ended`) does."""

    KINDS: ClassVar[Wanted] = frozenset({
        facts.AgentMoved, facts.QueueEntered, facts.QueueLeft, facts.OfferEnded, facts.CallbackPromised,
        facts.CallbackEnded, facts.QueueApplied, facts.DaemonStarted, facts.CallEnded})  # at CallEnded CDRs come

    def __init__(self, add: Add, zone: tzinfo, state: Mapping[str, Any] | None = None) -> None:
        """`state`: of the fold before, at the entry it had heard last."""
        self._add = add
        self._zone = zone
        self._hours: dict[int, str] = {}
        known = state or {}
        self._turned: str = known.get("turned", "")  # the hour of the last entry
        self._thresholds: dict[str, float] = dict(known.get("thresholds", {}))
        self._promises: dict[str, None] = dict.fromkeys(known.get("promises", ()))
        self._agents = {number: _Agent(kept["state"], datetime.fromisoformat(kept["at"]), kept["now"])
                        for number, kept in known.get("agents", {}).items()}

    def state(self) -> dict[str, Any]:
        """What a new fold is to be given, as JSON takes it."""
        return {"turned": self._turned, "thresholds": self._thresholds, "promises": list(self._promises),
                "agents": {number: {"state": one.state, "at": one.at.isoformat(), "now": one.now}
                           for number, one in self._agents.items()}}

    def hear(self, entry: Entry) -> None:
        hour = self._hour(entry.at)
        if hour != self._turned:
            self._turned = hour
            for number in self._agents:
                self._spend(number, entry)
        match entry.fact:
            case facts.AgentMoved():
                self._moved(entry.fact, entry)
            case facts.QueueEntered(call=call, queue=queue, kind=kind):
                if kind == "callback":
                    self._promises[call] = None
                else:
                    self._add(hour, "queue", queue, "offered", 1)
            case facts.QueueLeft():
                self._left(entry.fact, entry)
            case facts.OfferEnded(agent=agent, outcome="answered"):
                self._add(hour, "agent", agent, "answered", 1)
            case facts.OfferEnded(agent=agent, outcome="no_answer"):
                self._add(hour, "agent", agent, "missed", 1)
            case facts.CallbackPromised(queue=queue):
                self._add(hour, "queue", queue, "callbacks", 1)
            case facts.CallbackEnded(queue=queue, outcome="reached"):
                self._add(hour, "queue", queue, "callbacks_reached", 1)
            case facts.QueueApplied(queue=queue, service_level=seconds):
                self._thresholds[queue] = seconds
            case facts.DaemonStarted():
                self._agents.clear()  # of the run before; how long they stayed so nobody knows

    def ended(self, cdr: Cdr) -> None:
        """A call is over."""
        told = {"calls": 1.0, "answered": float(cdr.answered_at is not None), "talk": cdr.talk, "wait": cdr.wait,
                "duration": cdr.duration, "max_duration": cdr.duration, "transfers": float(cdr.transfers),
                "talked": float(cdr.talk > 0)}
        subjects = [("all", ""), ("direction", cdr.direction), ("disposition", cdr.disposition), ("line", cdr.line)]
        if cdr.direction == "in":
            subjects.append(("number", cdr.called))
        if cdr.queue:
            subjects.append(("queue", cdr.queue))
            told_queue = {"talk": cdr.talk, "talked": float(cdr.talk > 0), "transfers": float(cdr.transfers)}
        hour = self._hour(cdr.started_at)
        for subject, name in subjects:
            for figure, value in (told_queue if subject == "queue" else told).items():
                if value:
                    self._add(hour, subject, name, figure, value)

    # ---- inside ----

    def _left(self, fact: facts.QueueLeft, entry: Entry) -> None:
        if fact.call in self._promises:
            del self._promises[fact.call]
            return
        joined = self._hour(entry.at - timedelta(seconds=fact.waited))
        in_time = fact.waited <= self._thresholds.get(fact.queue, 0.0)
        told = {f"out_{fact.outcome}": 1.0, "wait": fact.waited, "max_wait": fact.waited}
        if fact.outcome == "answered":
            told |= {"answer_wait": fact.waited, "in_time": float(in_time)}
        elif fact.outcome in ABANDONS:
            told |= {"abandon_wait": fact.waited, "abandoned_in_time": float(in_time)}
        for figure, value in told.items():
            if value or figure.startswith("out_"):
                self._add(joined, "queue", fact.queue, figure, value)

    def _moved(self, fact: facts.AgentMoved, entry: Entry) -> None:
        if fact.agent in self._agents:
            self._spend(fact.agent, entry)
        if fact.state == "logged_out":
            self._agents.pop(fact.agent, None)
        else:
            self._agents[fact.agent] = _Agent(fact.state, entry.at, entry.now)

    def _spend(self, number: str, entry: Entry) -> None:
        """Count an agent's time until now: each hour gets its part, by the loop clock, whatever the wall clock did."""
        agent = self._agents[number]
        left, at = entry.now - agent.now, agent.at
        while left > 0:
            into = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
            part = min(left, (HOUR - into).total_seconds())
            if entry.at < at:  # the clock was set back
                part = left
            self._add(self._hour(at), "agent", number, f"time_{agent.state}", part)
            left -= part
            at += timedelta(seconds=part)
        agent.at, agent.now = entry.at, entry.now

    def _hour(self, at: datetime) -> str:
        bucket = int(at.timestamp()) // _BUCKET
        found = self._hours.get(bucket)
        if found is None:
            if len(self._hours) > 1000:
                self._hours.clear()
            found = self._hours[bucket] = at.astimezone(self._zone).strftime("%Y-%m-%dT%H")
        return found
