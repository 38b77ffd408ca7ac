"""Roll-ups in the database: added up by hour, day, month and year, each entry of the journal exactly once."""

import json
from collections.abc import Iterable
from datetime import date, timedelta, tzinfo
from typing import ClassVar

from ccappliance.base.limits import ROLLUP_DAYS
from ccappliance.call.cdr import Cdr, CdrReader
from ccappliance.call.cdr_store import CdrStore
from ccappliance.call.journal import Entry, Wanted
from ccappliance.call.rollup import GREATEST, Rollup
from ccappliance.store.database import Statement, Store

GRAINS = {"hour": 13, "day": 10, "month": 7, "year": 4}  # characters of "2026-11-22T08" that name it
# Seconds of the journal after which sums are written; a report writes them before it reads. So long, because a call
# adds to 28 rows which it shares with the hour's other calls: every five minutes writes four times as many on a day of
# 10,000 calls, to a disk that has to last for years. A start after a kill hears so much of the journal again at most.
EVERY = 1800.0
MOST = 5_000  # sums kept in memory at most before they are written
_READER = "rollup"
_ADD = ("INSERT INTO rollup (grain, subject, start, name, figure, value) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET value = value + excluded.value")
_GREATEST = ("INSERT INTO rollup (grain, subject, start, name, figure, value) VALUES (?, ?, ?, ?, ?, ?) "
             "ON CONFLICT DO UPDATE SET value = max(value, excluded.value)")
_APPLIED = "INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES (?, ?, ?)"
_STATE = "INSERT OR REPLACE INTO rollup_state (name, state) VALUES (?, ?)"
_PRUNE = "DELETE FROM rollup WHERE grain = 'hour' AND subject = ? AND start < ?"
SUBJECTS = ("all", "direction", "disposition", "line", "number", "queue", "agent")

Key = tuple[str, str, str, str]  # subject, hour, name, figure


class RollupStore:
    """A reader of the journal, which hears each entry after CdrStore has; at start as that one.

    Sums are written every few minutes, and by `write`.
    """

    KINDS: ClassVar[Wanted] = Rollup.KINDS

    def __init__(self, store: Store, zone: tzinfo, cdrs: CdrStore) -> None:
        self._store = store
        self._cdrs = cdrs
        rows = store.query("SELECT applied, replay_from FROM reader WHERE name = ?", (_READER,))
        self.applied: int = rows[0]["applied"] if rows else 0
        self.replay_from: int = rows[0]["replay_from"] if rows else 1
        kept = store.query("SELECT state FROM rollup_state WHERE name = ?", (_READER,))
        self._fold = Rollup(self._add, zone, json.loads(kept[0]["state"]) if kept else None)
        self._sums: dict[Key, float] = {}
        self._heard = self.applied
        self._due = 0.0
        self._pruned = ""

    def catch_up(self, entries: Iterable[Entry]) -> None:
        """Hear the journal from `replay_from`; from then on CDRs are those of the CdrStore."""
        ended: list[Cdr] = []
        reader = CdrReader(ended.append)
        for entry in entries:
            reader.hear(entry)
            if entry.seq > self.applied:
                for cdr in ended:
                    self._fold.ended(cdr)
                if type(entry.fact) in self.KINDS:
                    self._hear(entry)
            ended.clear()
        self.write()
        self._cdrs.on_cdr = self._fold.ended

    def hear(self, entry: Entry) -> None:
        self._hear(entry)
        if self._sums and (len(self._sums) > MOST or not self._due - EVERY <= entry.now < self._due):
            self._due = entry.now + EVERY  # a clock that begins anew with a run is another way to be due
            self.write()

    def write(self) -> None:
        """Write what has been added up: with it, in one transaction, how far the journal was read."""
        if self._heard <= self.applied:
            return
        sums, self._sums = self._sums, {}
        self.applied = self._heard
        rows: list[Statement] = [
            (_GREATEST if figure.startswith(GREATEST) else _ADD, (grain, subject, start, name, figure, value))
            for grain, length in GRAINS.items()
            for (subject, start, name, figure), value in coarse(sums, length).items()]
        self._store.put_all([*rows, *self._prune(sums),
                             (_STATE, (_READER, json.dumps(self._fold.state(), separators=(",", ":")))),
                             (_APPLIED, (_READER, self.applied, self._cdrs.replay_point()))])

    # ---- inside ----

    def _hear(self, entry: Entry) -> None:
        self._fold.hear(entry)
        self._heard = entry.seq

    def _add(self, hour: str, subject: str, name: str, figure: str, value: float) -> None:
        count(self._sums, (subject, hour, name, figure), value)

    def _prune(self, sums: dict[Key, float]) -> list[Statement]:
        """Once a day: hours that are older than anybody asks for; their days and months stay."""
        today = max((key[1] for key in sums), default="")[:GRAINS["day"]]
        if today <= self._pruned:
            return []
        self._pruned = today
        oldest = (date.fromisoformat(today) - timedelta(days=ROLLUP_DAYS)).isoformat()
        return [(_PRUNE, (subject, oldest)) for subject in SUBJECTS]


def count(sums: dict[Key, float], key: Key, value: float) -> None:
    was = sums.get(key, 0.0)
    sums[key] = max(was, value) if key[3].startswith(GREATEST) else was + value


def coarse(sums: dict[Key, float], length: int) -> dict[Key, float]:
    """The same by a time of which so many characters are left."""
    found: dict[Key, float] = {}
    for (subject, hour, name, figure), value in sums.items():
        count(found, (subject, hour[:length], name, figure), value)
    return found
