"""The legs of a call that is over: who was on each, from when to when, and by which transfer he came."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from ccappliance.call import facts
from ccappliance.call.journal import Entry, Wanted


@dataclass(frozen=True, slots=True)
class CallLeg:
    """One party of a call.

    role: anchor     the party whose end ends the call: the customer, as a rule
          partner    rung by a queue, a flow or a destination
          consulted  asked by `transfer_by`, who had put the other party on hold
          returned   rung back because nobody else was reached for whom `transfer_by` had left
          supervisor listened; `leg` is of a call of his own
    """

    number: int  # in the order in which they came, from 1
    leg: str
    role: str
    line: str
    party: str
    began_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    ended: str  # why, in words
    transfer_by: str = ""  # the leg that consulted it, or handed the call on to it
    transfer: str = ""  # outcome, as in TransferEnded


@dataclass
class _Legs:
    """Of a call under way."""

    seq: int  # of its CallOffered
    legs: dict[str, CallLeg] = field(default_factory=dict)
    over: dict[str, None] = field(default_factory=dict)
    consulting: str = ""  # the leg that transfers now
    consulted: dict[str, None] = field(default_factory=dict)  # whom it has rung for that
    handed_by: str = ""  # the leg that has handed the call on, until somebody answers
    failed_by: str = ""  # the leg whose transfer has failed last
    cut_at: datetime | None = None


class LegsReader:
    """Folds entries into the legs of each call; `emit(call, seq of its CallEnded, legs)` at its end."""

    KINDS: ClassVar[Wanted] = frozenset({
        facts.DaemonStarted, facts.CallOffered, facts.LegMoved, facts.TransferStarted, facts.TransferEnded,
        facts.SupervisionStarted, facts.SupervisionEnded, facts.CallEnded})

    def __init__(self, emit: Callable[[str, int, list[CallLeg]], object]) -> None:
        self._emit = emit
        self._open: dict[str, _Legs] = {}
        self._call_of: dict[str, str] = {}  # by leg
        self._last: datetime | None = None

    def hear(self, entry: Entry) -> None:
        """The next entry, as CdrReader hears them."""
        fact = entry.fact
        match fact:
            case facts.DaemonStarted():
                for call in self._open.values():
                    call.cut_at = call.cut_at or self._last
            case facts.CallOffered():
                self._open[fact.call] = _Legs(entry.seq)
            case facts.LegMoved() if fact.call in self._open:
                self._moved(self._open[fact.call], entry.at, fact)
            case facts.TransferStarted() if fact.call in self._open:
                call = self._open[fact.call]
                call.consulting, call.consulted, call.handed_by, call.failed_by = fact.by, {}, "", ""
            case facts.TransferEnded() if fact.call in self._open:
                self._transferred(self._open[fact.call], fact)
            case facts.SupervisionStarted() if fact.call in self._open:
                self._add(self._open[fact.call], CallLeg(0, fact.leg, "supervisor", "", fact.station, entry.at,
                                                         entry.at, entry.at, ""))
            case facts.SupervisionEnded() if fact.call in self._open:
                self._end(self._open[fact.call], fact.leg, entry.at, fact.why)
            case facts.CallEnded() if fact.call in self._open:
                self._close(self._open.pop(fact.call), entry, fact)
        self._last = entry.at

    def replay_from(self, heard: int) -> int:
        """The entry from which a fresh reader must hear to know as much as this one, which has heard so far."""
        return min((call.seq for call in self._open.values()), default=heard + 1)

    # ---- inside ----

    def _moved(self, call: _Legs, at: datetime, fact: facts.LegMoved) -> None:
        if fact.leg not in call.legs:
            former = self._open.get(self._call_of.get(fact.leg, ""))
            if former is not None:
                self._end(former, fact.leg, at, f"went to call {fact.call}")
            self._call_of[fact.leg] = fact.call
            self._add(call, _begun(call, at, fact))
        elif fact.state == "answered":
            call.legs[fact.leg] = replace(call.legs[fact.leg], answered_at=at)
        elif fact.state == "cleared":
            self._end(call, fact.leg, at, fact.why)
        if fact.state == "answered" and call.legs[fact.leg].transfer_by == call.handed_by:
            call.handed_by = ""

    @staticmethod
    def _add(call: _Legs, leg: CallLeg) -> None:
        call.legs.setdefault(leg.leg, replace(leg, number=len(call.legs) + 1))

    @staticmethod
    def _end(call: _Legs, leg: str, at: datetime, why: str) -> None:
        if leg in call.legs and leg not in call.over:
            call.over[leg] = None
            call.legs[leg] = replace(call.legs[leg], ended_at=at, ended=why)

    @staticmethod
    def _transferred(call: _Legs, fact: facts.TransferEnded) -> None:
        for leg in call.consulted:
            call.legs[leg] = replace(call.legs[leg], transfer=fact.outcome)
        if fact.outcome == "failed":
            call.failed_by = fact.by
        elif not call.consulted:
            call.handed_by = fact.by
        call.consulting = ""

    def _close(self, call: _Legs, entry: Entry, fact: facts.CallEnded) -> None:
        at = call.cut_at or entry.at
        for leg in call.legs:
            self._end(call, leg, at, fact.by if fact.by == "interrupted" else "the call ended")
            self._call_of.pop(leg, None)
        self._emit(fact.call, entry.seq, list(call.legs.values()))


def _begun(call: _Legs, at: datetime, fact: facts.LegMoved) -> CallLeg:
    """A new leg, and which transfer it comes from."""
    role, by, outcome = "partner" if call.legs else "anchor", "", ""
    failed = call.legs.get(call.failed_by)
    if call.consulting:
        role, by = "consulted", call.consulting
        call.consulted[fact.leg] = None
    elif failed is not None and failed.party == fact.party:
        role, by, outcome = "returned", failed.leg, "failed"
        call.failed_by = ""
    elif call.handed_by:
        by, outcome = call.handed_by, "blind"
    return CallLeg(0, fact.leg, role, fact.line, fact.party, at, at if fact.state == "answered" else None, at, "", by,
                   outcome)
