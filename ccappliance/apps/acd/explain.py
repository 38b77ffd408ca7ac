"""What became of one call and why: its decisions made again, who was not free while it waited, and how it ended."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ccappliance.apps.acd.reasons import Reason
from ccappliance.apps.acd.redone import Decision, Redone, excluded
from ccappliance.apps.acd.retold import HEARD
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.journal import Entry

NEEDED = tuple(kind.__name__ for kind in (*HEARD, facts.DayBegan))  # beside what mentions the call
MOST = 20  # states of one agent kept of one wait: the last ones
MOST_TOLD = 1_000  # differences listed; the others are counted
SHORTEST = 0.01  # s: a wait that is over with the dispatcher's next run is none
# Facts of a call that explain nothing about its queues, or are told by a decision or a span.
SILENT: tuple[type[facts.Fact], ...] = (
    facts.AgentMoved, facts.OfferMade, facts.LegMoved, facts.DigitPressed, facts.FlashPressed, facts.PromptStarted,
    facts.PromptEnded, facts.Bridged, facts.NodeEntered, facts.InputCollected, facts.HoldChanged)


@dataclass(slots=True)
class Event:
    """One thing worth telling. `what`: a fact's kind, "Decision" or "Waited"; `told`: its fields as plain data."""

    what: str
    at: datetime
    now: float
    told: dict[str, Any]


@dataclass(slots=True)
class _Span:
    """A time in which the call waited and was offered to nobody."""

    at: datetime
    now: float
    who: dict[str, list[Reason]] = field(default_factory=dict)  # by agent: what kept him, one after the other

    def note(self, reasons: dict[str, Reason]) -> None:
        for number, reason in reasons.items():
            seen = self.who.setdefault(number, [])
            if not seen or (seen[-1].code, seen[-1].detail) != (reason.code, reason.detail):
                if seen and reason.code == "ringing" and seen[-1] == Reason("reserved", reason.detail):
                    continue  # one offer
                seen.append(reason)
                del seen[:-MOST]


class Explainer:
    """A reader of the journal that keeps what concerns one call. `close` when there are no more entries."""

    def __init__(self, call: str) -> None:
        self.call = call
        self.events: list[Event] = []
        self.zone: tzinfo = UTC
        self._redone = Redone(self._decided, self._day)
        self._span: _Span | None = None
        self._last: Entry | None = None

    def hear(self, entry: Entry) -> None:
        fact = entry.fact
        if isinstance(fact, facts.DaemonStarted | facts.DayBegan):
            self.zone = zone_of(fact.timezone)
        ours = getattr(fact, "call", "") == self.call
        if ours and isinstance(fact, facts.OfferMade | facts.QueueLeft):
            self._end_span(entry)
        self._redone.hear(entry)
        if ours and not isinstance(fact, SILENT):
            self.events.append(Event(type(fact).__name__, entry.at, entry.now, fact.as_dict()))
        if type(fact) in HEARD:
            self._look(entry)
        self._last = entry

    def close(self) -> None:
        self._redone.close()
        if self._last is not None:
            self._end_span(self._last)

    # ---- inside ----

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _decided(self, decision: Decision) -> None:
        if decision.call != self.call:
            return
        figures = decision.verdict.figures if decision.verdict is not None else {}
        self.events.append(Event("Decision", decision.at, decision.now, {
            "queue": decision.queue, "strategy": decision.strategy, "demand": decision.demand,
            "candidates": [{"agent": number, "figure": figures.get(number, "")} for number in decision.candidates],
            "excluded": {number: [_plain(reason)] for number, reason in decision.excluded.items()},
            "rule": decision.rule, "agents": decision.agents, "differs": decision.differs,
            "recomputed": decision.verdict is not None}))

    def _look(self, entry: Entry) -> None:
        """Who keeps it waiting now?"""
        retold = self._redone.retold
        stay = retold.stays.get(self.call)
        bench = retold.benches.get(stay.queue) if stay is not None else None
        if stay is None or bench is None or stay.offers:
            return
        if self._span is None:
            self._span = _Span(entry.at, entry.now)
        reasons = excluded(bench, stay, (), retold, entry.now)
        self._span.note({number: reason for number, reason in reasons.items() if reason.code != "idle"})

    def _end_span(self, entry: Entry) -> None:
        span, self._span = self._span, None
        if span is None or entry.now - span.now < SHORTEST:
            return
        event = Event("Waited", span.at, span.now, {
            "until": entry.at, "seconds": round(entry.now - span.now, 3),
            "excluded": {number: [_plain(reason) for reason in reasons] for number, reasons in span.who.items()}})
        self.events.append(event)


def explain(call: str, entries: Iterable[Entry]) -> Explainer:
    """Read the journal for one call. Refused("no_such_call") if it tells of none."""
    explainer = Explainer(call)
    for entry in entries:
        explainer.hear(entry)
    explainer.close()
    if not explainer.events:
        raise Refused("no_such_call", f"the journal tells of no call {call!r}; "
                      "`ccappliance journal tail --kind CallOffered` shows the last ones")
    return explainer


def check(entries: Iterable[Entry], day: date | None = None) -> dict[str, Any]:
    """Make every decision of a day (None: of all days) again: how many there were, and each that differs."""
    found: dict[str, Any] = {"decisions": 0, "unknown": 0, "differences": [], "more": 0}
    zone: tzinfo = UTC

    def decided(decision: Decision) -> None:
        local = decision.at.astimezone(zone)
        if day is None or local.date() == day:
            found["decisions"] += 1
            found["unknown"] += decision.verdict is None and not decision.differs
            room = MOST_TOLD - len(found["differences"])
            found["more"] += max(0, len(decision.differs) - room)
            found["differences"] += [{"seq": decision.seq, "at": local.isoformat(timespec="milliseconds"),
                                      "call": decision.call, "queue": decision.queue, "words": words}
                                     for words in decision.differs[:room]]

    redone = Redone(decided, lambda at: at.astimezone(zone).date())
    for entry in entries:
        if isinstance(entry.fact, facts.DaemonStarted):
            zone = zone_of(entry.fact.timezone)
        redone.hear(entry)
    redone.close()
    return found


def zone_of(name: str) -> tzinfo:
    """A site's time zone as DaemonStarted has it; UTC if this machine does not know it."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _plain(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "detail": reason.detail, "seconds": round(reason.seconds, 1)}
