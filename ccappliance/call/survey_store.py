"""Answers of surveys in the database: a reader of the journal, each row and how far it has read in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar

from ccappliance.call import facts
from ccappliance.call.journal import Wanted
from ccappliance.store.database import Store

if TYPE_CHECKING:
    from ccappliance.call.journal import Entry

_READER = "survey"
_APPLIED = "INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `at`: ISO 8601, UTC."""

    seq: int
    at: str
    call: str
    flow: str
    question: str
    answer: str
    queue: str
    agent: str


_COLUMNS = tuple(field.name for field in fields(Answer))
_PUT = f"INSERT OR REPLACE INTO survey ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM survey"


class SurveyStore:
    """Keeps the table `survey`. At start as CallbackStore: `applied`, `catch_up` from `replay_from`, then `hear`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.query("SELECT applied, replay_from FROM reader WHERE name = ?", (_READER,))
        self.applied: int = rows[0]["applied"] if rows else 0
        self.replay_from: int = rows[0]["replay_from"] if rows else 1

    def catch_up(self, entries: Iterable["Entry"]) -> None:
        for entry in entries:
            self.hear(entry)

    KINDS: ClassVar[Wanted] = frozenset({facts.SurveyAnswered})

    def hear(self, entry: "Entry") -> None:
        """The next entry of the journal; one that is stored already is passed over."""
        fact = entry.fact
        if entry.seq <= self.applied or not isinstance(fact, facts.SurveyAnswered):
            return
        self.applied = entry.seq
        self._store.put_all([
            (_PUT, (entry.seq, entry.at.isoformat(timespec="milliseconds"), fact.call, fact.flow, fact.question,
                    fact.answer, fact.queue, fact.agent)),
            (_APPLIED, (_READER, entry.seq, entry.seq + 1))])

    def of_call(self, call: str) -> list[Answer]:
        """What one caller has answered, in order."""
        return [Answer(**dict(row)) for row in self._store.query(f"{_SELECT} WHERE call = ? ORDER BY seq", (call,))]
