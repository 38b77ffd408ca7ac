"""How recordings are kept, in the database: a reader of the journal, and what retention, holds and auditors ask it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row
from typing import Any, ClassVar

from ccappliance.call import facts
from ccappliance.call.cdr_store import cell
from ccappliance.call.journal import Entry, Wanted
from ccappliance.store.database import Statement, Store

POLICY = "policy"  # `by` of what nobody has asked for
_READER = "keeping"
_APPLIED = "INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES (?, ?, ?)"
_DECIDED = "INSERT OR REPLACE INTO recording_decided (seq, call, record, rule, why, queue, agent, least, days) " \
           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
# What was decided last of its call says by which rule it is kept; dictations have none.
_STARTED = "INSERT OR IGNORE INTO recording_kept (recording, seq, call, path, rule, least, days) " \
           "SELECT ?1, ?2, ?3, ?4, coalesce(max(rule), ''), coalesce(max(least), 0), coalesce(max(days), 0) FROM " \
           "(SELECT rule, least, days FROM recording_decided WHERE call = ?3 AND record = 'yes' " \
           "ORDER BY seq DESC LIMIT 1)"
_ENDED = "UPDATE recording_kept SET ended_at = ? WHERE recording = ? AND ended_at = ''"
_FILED = "UPDATE recording_kept SET file = ? WHERE recording = ?"
_GONE = "UPDATE recording_kept SET gone_at = ?, gone_by = ?, gone_why = ? WHERE recording = ? AND gone_at = ''"
_HOLD = "INSERT OR REPLACE INTO recording_hold (call, by, why, at, seq) VALUES (?, ?, ?, ?, ?)"
_RELEASE = "DELETE FROM recording_hold WHERE call = ? AND by = ?"
_ACCESS = "INSERT OR REPLACE INTO recording_access (seq, call, recording, at, what, by, why) " \
          "VALUES (?, ?, ?, ?, ?, ?, ?)"
_OLDEST = "SELECT * FROM recording_kept WHERE gone_at = '' AND file != '' AND ended_at != '' " \
          "AND (ended_at, seq) > (?, ?) AND ended_at <= ? AND call NOT IN (SELECT call FROM recording_hold) " \
          "ORDER BY ended_at, seq LIMIT ?"


@dataclass(frozen=True, slots=True)
class Kept:
    """One recording, from its beginning to its deletion and after it. "" for what is not yet."""

    recording: str
    seq: int
    call: str
    path: str  # under which it can be heard until it is archived
    rule: str
    least: float  # days promised when it was made
    days: float
    ended_at: datetime | None
    file: str
    gone_at: datetime | None
    gone_by: str
    gone_why: str

    @property
    def place(self) -> tuple[str, int]:
        """In the order of their ends."""
        return cell(self.ended_at) if self.ended_at is not None else "", self.seq


class KeepingStore:
    """Keeps the tables `recording_decided`, `recording_kept`, `recording_hold` and `recording_access`.

    It remembers nothing between two entries, so that it goes on wherever it was cut off.
    """

    KINDS: ClassVar[Wanted] = frozenset({
        facts.RecordingDecided, facts.RecordingStarted, facts.RecordingEnded, facts.RecordingArchived,
        facts.RecordingPurged, facts.RecordingHeld, facts.RecordingGiven})

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.query("SELECT applied FROM reader WHERE name = ?", (_READER,))
        self.applied: int = rows[0]["applied"] if rows else 0
        self.replay_from = self.applied + 1

    def catch_up(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.hear(entry)

    def hear(self, entry: Entry) -> None:
        """The next entry of the journal; one that is stored already is passed over."""
        if entry.seq <= self.applied:
            return
        rows = _rows(entry)
        if rows:
            self.applied = entry.seq
            self._store.put_all([*rows, (_APPLIED, (_READER, entry.seq, entry.seq + 1))])

    # ---- what is asked ----

    def of_call(self, call: str) -> list[Kept]:
        """A call's recordings, oldest first."""
        return [_kept(row) for row in self._store.query("SELECT * FROM recording_kept WHERE call = ? ORDER BY seq",
                                                        (call,))]

    def oldest(self, after: tuple[str, int], until: datetime, most: int) -> list[Kept]:
        """Archived, not held, not deleted, in the order of their ends; those `after` a place, that ended by `until`."""
        return [_kept(row) for row in self._store.query(_OLDEST, (*after, cell(until), most))]

    def last_gone(self, most: int) -> list[Kept]:
        """The recordings deleted last: a power cut may have left their files."""
        return [_kept(row) for row in self._store.query(
            "SELECT * FROM recording_kept WHERE gone_at != '' ORDER BY gone_at DESC LIMIT ?", (most,))]

    def gone(self, recordings: Iterable[str]) -> frozenset[str]:
        """Those of them that are deleted."""
        rows = self._store.query("SELECT recording FROM recording_kept JOIN json_each(?) ON recording = value "
                                 "WHERE gone_at != ''", (json.dumps(list(recordings)),))
        return frozenset(row["recording"] for row in rows)

    def holds(self, call: str) -> list[dict[str, Any]]:
        """Who holds a call, and why: {by, why, at}."""
        return [dict(row) for row in self._store.query(
            "SELECT by, why, at FROM recording_hold WHERE call = ? ORDER BY seq", (call,))]

    def heard(self, call: str) -> list[dict[str, Any]]:
        """Who has played, exported, held, released or deleted recordings of a call, oldest first."""
        return [dict(row) for row in self._store.query(
            "SELECT at, what, by, why, recording FROM recording_access WHERE call = ? ORDER BY seq", (call,))]

    def decisions(self, call: str) -> list[dict[str, Any]]:
        """Why a call was recorded or not, conversation by conversation."""
        return [dict(row) for row in self._store.query(
            "SELECT record, rule, why, queue, agent FROM recording_decided WHERE call = ? ORDER BY seq", (call,))]


def _rows(entry: Entry) -> list[Statement]:
    at, seq = cell(entry.at), entry.seq
    match entry.fact:
        case facts.RecordingDecided() as one:
            told = (one.call, one.record, one.rule, one.why, one.queue, one.agent, one.least, one.days)
            return [(_DECIDED, (seq, *told))]
        case facts.RecordingStarted() as one:
            return [(_STARTED, (one.recording, seq, one.call, one.path))]
        case facts.RecordingEnded() as one:
            return [(_ENDED, (at, one.recording))]
        case facts.RecordingArchived() as one:
            return [(_FILED, (one.file, one.recording))]
        case facts.RecordingPurged() as one:
            gone: Statement = (_GONE, (at, one.by, one.why, one.recording))
            asked: Statement = (_ACCESS, (seq, one.call, one.recording, at, "deleted", one.by, one.why))
            return [gone] if one.by == POLICY else [gone, asked]
        case facts.RecordingGiven() as one:
            return [(_ACCESS, (seq, one.call, one.recording, at, one.what, one.by, one.why))]
        case facts.RecordingHeld() as one:
            hold: Statement = (_HOLD, (one.call, one.by, one.why, at, seq))
            change: Statement = hold if one.on else (_RELEASE, (one.call, one.by))
            return [change, (_ACCESS, (seq, one.call, "", at, "held" if one.on else "released", one.by, one.why))]
    return []


def _kept(row: Row) -> Kept:
    values = dict(row)
    for name in ("ended_at", "gone_at"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return Kept(**values)
