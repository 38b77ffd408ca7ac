"""The legs of calls in the database: a reader of the journal beside the one of CDRs, and what a call's legs were."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any, ClassVar

from ccappliance.call.cdr_legs import CallLeg, LegsReader
from ccappliance.call.cdr_store import cell
from ccappliance.call.journal import Entry, Wanted
from ccappliance.store.database import Statement, Store

_READER = "legs"
_APPLIED = "INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES (?, ?, ?)"
_COLUMNS = tuple(f.name for f in fields(CallLeg))
# Of a call whose end a power cut took from the journal, the row of the first telling stays, and its legs with it.
_INSERT = f"INSERT OR REPLACE INTO cdr_leg (cdr, {', '.join(_COLUMNS)}) " \
          f"SELECT seq{', ?' * len(_COLUMNS)} FROM cdr WHERE seq = ?"
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM cdr_leg WHERE cdr = (SELECT max(seq) FROM cdr WHERE call = ?) " \
          "ORDER BY number"


class LegStore:
    """Keeps the table `cdr_leg`; hears each entry after CdrStore has. At start as that one."""

    KINDS: ClassVar[Wanted] = LegsReader.KINDS

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = LegsReader(self._emit)
        self._rows: list[Statement] = []
        rows = store.query("SELECT applied, replay_from FROM reader WHERE name = ?", (_READER,))
        self.applied: int = rows[0]["applied"] if rows else 0
        self.replay_from: int = rows[0]["replay_from"] if rows else 1

    def catch_up(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.hear(entry)

    def hear(self, entry: Entry) -> None:
        """The next entry of the journal; one that is stored already is heard to know what is open."""
        self._reader.hear(entry)
        rows, self._rows = self._rows, []
        if rows and entry.seq > self.applied:
            self.applied = entry.seq
            self._store.put_all([*rows, (_APPLIED, (_READER, entry.seq, self._reader.replay_from(entry.seq)))])

    def legs(self, call: str) -> list[CallLeg]:
        """Of a call that is over, in the order in which they came."""
        found: list[CallLeg] = []
        for row in self._store.query(_SELECT, (call,)):
            values: dict[str, Any] = dict(row)
            for name in ("began_at", "answered_at", "ended_at"):
                values[name] = datetime.fromisoformat(values[name]) if values[name] else None
            found.append(CallLeg(**values))
        return found

    def _emit(self, call: str, seq: int, legs: list[CallLeg]) -> None:
        self._rows += [(_INSERT, [*(cell(getattr(leg, name)) for name in _COLUMNS), seq]) for leg in legs]
