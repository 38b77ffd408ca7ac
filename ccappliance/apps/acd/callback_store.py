"""Promises in the database: a reader of the journal that knows which are open, whatever was killed when."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from ccappliance.call import facts
from ccappliance.store.database import Store

if TYPE_CHECKING:
    from ccappliance.call.journal import Entry, Wanted

_READER = "callback"


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise as the journal tells it: one row. Instants are texts, ISO 8601 in UTC; "" is never."""

    callback: str
    seq: int
    call: str
    queue: str
    number: str
    name: str
    language: str
    promised_at: str
    entered_at: str
    order_class: int
    boost: float
    require: str
    low: float | None
    high: float | None
    attempts: int = 0
    trying: str = ""
    tried_at: str = ""
    again_at: str = ""
    joined_at: str = ""
    offer: str = ""
    agent: str = ""
    answered: int = 0
    ended_at: str = ""
    outcome: str = ""
    why: str = ""
    waited: float = 0.0
    variables: str = "{}"  # JSON: what is known of the caller


_COLUMNS = tuple(field.name for field in fields(Kept))
_PUT = f"INSERT OR REPLACE INTO callback ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM callback"
_APPLIED = "INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES (?, ?, ?)"


class CallbackStore:
    """Keeps the table `callback`, each row and how far the journal was read in one transaction.

    At start, as with CdrStore: number the journal on from `applied` at least, `catch_up` from `replay_from`, then let
    the journal tell `hear`; write what `unfinished` answers, and give `open` to the engine.
    """

    KINDS: ClassVar["Wanted"] = frozenset({
        facts.CallbackPromised, facts.CallbackTried, facts.CallbackMissed, facts.CallbackEnded, facts.QueueEntered,
        facts.QueueLeft, facts.OfferMade, facts.OfferEnded})

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.query("SELECT applied, replay_from FROM reader WHERE name = ?", (_READER,))
        self.applied: int = rows[0]["applied"] if rows else 0
        self.replay_from: int = rows[0]["replay_from"] if rows else 1
        self._known = {row["callback"]: Kept(**dict(row)) for row in store.query(
            f"{_SELECT} WHERE outcome = '' OR joined_at <> '' OR offer <> '' ORDER BY seq")}

    def catch_up(self, entries: Iterable["Entry"]) -> None:
        for entry in entries:
            self.hear(entry)

    def hear(self, entry: "Entry") -> None:
        """The next entry of the journal; one that is stored already is passed over."""
        if entry.seq <= self.applied:
            return
        kept = self._fold(entry)
        if kept is None:
            return
        self.applied = entry.seq
        if kept.outcome and not kept.joined_at and not kept.offer:
            self._known.pop(kept.callback, None)
        else:
            self._known[kept.callback] = kept
        self._store.put_all([(_PUT, [getattr(kept, name) for name in _COLUMNS]),
                             (_APPLIED, (_READER, entry.seq, entry.seq + 1))])

    def open(self) -> list[Kept]:
        """Those to be kept, in the order in which they were promised."""
        return [kept for kept in self._known.values() if not kept.outcome]

    def ended(self, limit: int) -> list[Kept]:
        """The newest that are over, newest first."""
        return [Kept(**dict(row)) for row in self._store.query(
            f"{_SELECT} WHERE outcome <> '' ORDER BY ended_at DESC, seq DESC LIMIT ?", (limit,))]

    def unfinished(self, now: datetime) -> list[facts.Fact]:
        """What must be written at start, after DaemonStarted, to end what a kill left open of promises: oldest first.

        A promise whose customer was connected in the last moment is over; every other one goes on.
        """
        ends: list[facts.Fact] = []
        for kept in self._known.values():
            if kept.offer:
                ends.append(facts.OfferEnded(kept.offer, kept.callback, kept.agent, "withdrawn", 0.0))
            if kept.joined_at:
                waited = max(0.0, (now - datetime.fromisoformat(kept.joined_at)).total_seconds())
                ends.append(facts.QueueLeft(kept.callback, kept.queue, "withdrawn", round(waited, 3), 0, ""))
            if kept.answered and not kept.outcome:
                waited = _seconds(kept.promised_at, kept.tried_at or kept.promised_at)
                ends.append(facts.CallbackEnded(kept.callback, kept.trying, kept.queue, kept.number, "reached", "",
                                                waited, kept.low, kept.high, kept.attempts + 1, ""))
        return ends

    # ---- inside ----

    def _fold(self, entry: "Entry") -> Kept | None:
        """The row this entry changes; None: it changes none."""
        fact = entry.fact
        if type(fact) not in self.KINDS:
            return None
        at = entry.at.isoformat(timespec="milliseconds")
        match fact:
            case facts.CallbackPromised():
                return kept_of(entry.seq, at, fact)
            case facts.CallbackTried() | facts.CallbackMissed() | facts.CallbackEnded():
                kept = self._known.get(fact.callback)
                return self._moved(kept, fact, at) if kept is not None else None
            case facts.QueueEntered() | facts.QueueLeft() | facts.OfferMade() | facts.OfferEnded():
                kept = self._known.get(fact.call)
                return self._stands(kept, fact, at) if kept is not None else None
        return None

    @staticmethod
    def _moved(kept: Kept, fact: facts.Fact, at: str) -> Kept:
        match fact:
            case facts.CallbackTried(call=call):
                return replace(kept, trying=call, tried_at=at)
            case facts.CallbackMissed(attempts=attempts, again_at=again_at):
                return replace(kept, trying="", attempts=attempts, again_at=again_at)
            case facts.CallbackEnded(outcome=outcome, why=why, waited=waited, attempts=attempts):
                return replace(kept, ended_at=at, outcome=outcome, why=why, waited=waited, attempts=attempts)
        return kept

    @staticmethod
    def _stands(kept: Kept, fact: facts.Fact, at: str) -> Kept:
        match fact:
            case facts.QueueEntered():
                return replace(kept, joined_at=at)
            case facts.QueueLeft(outcome=outcome):
                return replace(kept, joined_at="", answered=int(outcome == "answered"))
            case facts.OfferMade(offer=offer, agent=agent):
                return replace(kept, offer=offer, agent=agent)
            case facts.OfferEnded():
                return replace(kept, offer="")
        return kept


def kept_of(seq: int, at: str, fact: facts.CallbackPromised) -> Kept:
    """A promise as it was made at `at` (wall clock, UTC)."""
    return Kept(fact.callback, seq, fact.call, fact.queue, fact.number, fact.name, fact.language, at, fact.entered_at,
                fact.order_class, fact.boost, fact.require, fact.low, fact.high,
                variables=json.dumps(fact.variables, ensure_ascii=False))


def _seconds(since: str, until: str) -> float:
    return round((datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds(), 3)
