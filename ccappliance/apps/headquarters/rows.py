"""What headquarters is told of the journal: a fold from entries to rows of its tables, exactly once each."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from ccappliance.call import facts
from ccappliance.call.cdr import Cdr, CdrReader
from ccappliance.call.cdr_store import COLUMNS, cell
from ccappliance.call.journal import Entry
from ccappliance.call.rollup import Rollup
from ccappliance.call.rollup_store import GRAINS, Key, coarse, count

Row = dict[str, Any]
_MASKED = 4  # digits of a number that are hidden
_SHORTEST = 7  # digits of a number that names a person; stations and service numbers have fewer


@dataclass
class Batch:
    """The rows of some entries, and what the next reader needs to go on after them."""

    applied: int
    replay_from: int
    state: str  # JSON
    entry_at: datetime | None
    rows: dict[str, list[Row]] = field(default_factory=dict)  # PostgreSQL's table → rows


class Rows:
    """A reader of the journal. First it is warmed up with what came before, then `hear` and `take` in turn."""

    def __init__(self, zone: tzinfo, tables: Iterable[str], numbers: str, applied: int, state: str = "") -> None:
        """`applied`: entries up to this are heard for what they leave open, and give no rows. `state`: of a Batch;
        "" if it is lost: then agents' times and promises are learnt from what is heard."""
        known: dict[str, Any] = json.loads(state) if state else {}
        self._tables, self._numbers = frozenset(tables), numbers
        self.applied = applied
        self._knows = bool(state)
        self._ended: list[Cdr] = []
        self._reader = CdrReader(self._ended.append)
        self._fold = Rollup(self._add, zone, known.get("rollup"))
        self._sums: dict[Key, float] = {}
        self._rows: dict[str, list[Row]] = {}
        self._legs: dict[str, Row] = known.get("legs", {})
        self._offers: dict[str, str] = known.get("offers", {})  # offer → queue
        self._since: dict[str, float] = known.get("since", {})  # agent → loop clock of his last move
        self._last: Entry | None = None

    def hear(self, entry: Entry) -> None:
        """The next entry."""
        new = entry.seq > self.applied
        self._reader.hear(entry)
        if new or not self._knows:
            for cdr in self._ended:
                self._fold.ended(cdr)
                self._put("call", self._call(cdr))
            if type(entry.fact) in Rollup.KINDS:
                self._fold.hear(entry)
            self._hear(entry)
        self._ended.clear()
        self._last = entry
        if new:
            self.applied = entry.seq
        else:
            self._rows.clear()
            self._sums.clear()

    def passed(self, seq: int) -> None:
        """There is an entry of this number that nobody can read."""
        self.applied = max(self.applied, seq)

    def take(self) -> Batch:
        """The rows since the last one."""
        rows, self._rows = self._rows, {}
        sums, self._sums = self._sums, {}
        if "rollups" in self._tables:
            rows["rollup"] = [
                {"grain": grain, "subject": subject, "start": start, "name": _clean(name), "figure": figure,
                 "value": value}
                for grain, length in GRAINS.items()
                for (subject, start, name, figure), value in coarse(sums, length).items()]
        state = json.dumps({"rollup": self._fold.state(), "legs": self._legs, "offers": self._offers,
                            "since": self._since}, separators=(",", ":"))
        replay_from = self._reader.replay_from() if self._last else self.applied + 1
        return Batch(self.applied, replay_from, _clean(state), self._last.at if self._last else None,
                     {table: found for table, found in rows.items() if found})

    # ---- inside ----

    def _hear(self, entry: Entry) -> None:
        fact, at = entry.fact, cell(entry.at)
        match fact:
            case facts.DaemonStarted():
                self._cut(entry)
            case facts.LegMoved():
                self._leg(entry, fact)
            case facts.QueueEntered():
                self._event(entry, fact.call, fact.queue, "entered", kind=fact.kind, position=fact.position)
            case facts.QueueLeft():
                self._event(entry, fact.call, fact.queue, "left", agent=fact.agent, outcome=fact.outcome,
                            position=fact.position, seconds=fact.waited)
            case facts.OfferMade():
                self._offers[fact.offer] = fact.queue
                self._event(entry, fact.call, fact.queue, "offered", agent=fact.agent)
            case facts.OfferEnded():
                self._event(entry, fact.call, self._offers.pop(fact.offer, ""), "offer_ended", agent=fact.agent,
                            outcome=fact.outcome, seconds=fact.rang)
            case facts.AgentMoved():
                since = self._since.get(fact.agent)
                self._since[fact.agent] = entry.now
                self._put("agent_state", {
                    "seq": entry.seq, "at": at, "agent": fact.agent, "was": fact.left, "state": fact.state,
                    "seconds": None if since is None else round(entry.now - since, 6), "why": fact.why,
                    "call": fact.call, "station": fact.station})
            case facts.SurveyAnswered():
                self._put("survey", {
                    "seq": entry.seq, "at": at, "call": fact.call, "flow": fact.flow, "question": fact.question,
                    "answer": fact.answer, "queue": fact.queue, "agent": fact.agent})

    def _event(self, entry: Entry, call: str, queue: str, event: str, **told: Any) -> None:
        self._put("queue_event", {"seq": entry.seq, "at": cell(entry.at), "call": call, "queue": queue, "event": event,
                                  "kind": "", "agent": "", "outcome": "", "position": None, "seconds": None} | told)

    def _leg(self, entry: Entry, fact: facts.LegMoved) -> None:
        if not fact.left:
            self._legs[fact.leg] = {"call": fact.call, "leg": fact.leg, "line": fact.line, "began_at": cell(entry.at),
                                    "answered_at": None, "party": fact.party}
        leg = self._legs.get(fact.leg)
        if leg is None:
            return
        leg["party"] = fact.party or leg["party"]
        if fact.state == "answered" and leg["answered_at"] is None:
            leg["answered_at"] = cell(entry.at)
        elif fact.state in ("cleared", "released"):
            self._end_leg(entry, fact.leg, fact.why)

    def _end_leg(self, entry: Entry, name: str, why: str) -> None:
        leg = self._legs.pop(name)
        at = cell(entry.at) if self._last is None or why != "interrupted" else cell(self._last.at)
        self._put("leg", leg | {"seq": entry.seq, "ended_at": at, "why": why, "party": self._number(leg["party"])})

    def _cut(self, entry: Entry) -> None:
        """A new run: what was open has ended with the one before, without a word."""
        for name in list(self._legs):
            self._end_leg(entry, name, "interrupted")
        self._offers.clear()
        self._since.clear()

    def _call(self, cdr: Cdr) -> Row:
        row = {name: cell(getattr(cdr, name)) for name in COLUMNS}
        if self._numbers != "full":
            called = cdr.called if cdr.direction == "in" else self._number(cdr.called)  # then it is our own
            row |= {"calling": self._number(cdr.calling), "called": called, "name": "",
                    "partner": self._number(cdr.partner), "destination": cdr.destination.partition("/")[0],
                    "variables": "{}", "recordings": "[]"}
        return row

    def _number(self, number: str) -> str:
        """As headquarters may know it. Short ones are stations and services, nobody's own."""
        if self._numbers == "full" or len(number) < _SHORTEST:
            return number
        return number[:-_MASKED] + "*" * _MASKED if self._numbers == "masked" else ""

    def _put(self, table: str, row: Row) -> None:
        if _OF[table] in self._tables:
            self._rows.setdefault(table, []).append(
                {name: _clean(value) if isinstance(value, str) else value for name, value in row.items()})

    def _add(self, hour: str, subject: str, name: str, figure: str, value: float) -> None:
        count(self._sums, (subject, hour, name, figure), value)


_OF = {"call": "calls", "leg": "legs", "queue_event": "queue_events", "agent_state": "agent_states",
       "survey": "surveys"}


def _clean(text: str) -> str:
    """What PostgreSQL takes: it has no place for a zero byte, nor for half a surrogate of an undecodable caller ID."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "")
