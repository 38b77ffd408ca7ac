"""CDRs and recordings in the database: rows and back, and exactly the rows of the journal, whatever was killed when."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from sqlite3 import Row
from typing import Any, ClassVar

from ccappliance.call import facts
from ccappliance.call.cdr import Cdr, CdrReader
from ccappliance.call.journal import Entry, Wanted
from ccappliance.store.database import Statement, Store

_READER = "cdr"
COLUMNS = tuple(f.name for f in fields(Cdr))
_INSERT = f"INSERT OR REPLACE INTO cdr ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
_INSERT_RECORDING = "INSERT OR REPLACE INTO recording (seq, recording, call, path, ended_at, seconds, lost, state) " \
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FILE = "UPDATE recording SET file = ?, form = ?, size = ?, sha256 = ? WHERE recording = ?"
_GAPS = "UPDATE recording SET gaps = ? WHERE recording = ?"
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM cdr"
_INSTANTS = ("started_at", "answered_at", "ended_at")
_APPLIED = "INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A recording that has ended."""

    seq: int  # of its RecordingEnded in the journal
    recording: str
    call: str
    path: str
    ended_at: datetime
    seconds: float
    lost: float
    state: str
    file: str = ""  # where its sound is, below the recordings' directory; "": in the segments, or nowhere
    form: str = ""
    size: int = 0
    sha256: str = ""
    gaps: str = ""  # JSON: [leg, from, to] in samples, after a power cut


class CdrStore:
    """A reader of the journal that keeps the tables `cdr` and `recording`.

    At start:  cdrs = CdrStore(store)
               journal = Journal(clock, sink, at_least=cdrs.applied)
               cdrs.catch_up(sink.read(cdrs.replay_from))
               journal.follow(cdrs.hear)
    Then write DaemonStarted, and after it what `interrupted(sink.read(cdrs.replay_from))` answered before.
    """

    KINDS: ClassVar[Wanted] = CdrReader.KINDS | {facts.RecordingArchived, facts.RecordingRecovered}

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = CdrReader(self._emit)
        self._rows: list[Statement] = []
        self.on_cdr: Callable[[Cdr], object] = lambda cdr: None
        rows = store.query("SELECT applied, replay_from FROM reader WHERE name = ?", (_READER,))
        self.applied: int = rows[0]["applied"] if rows else 0
        self.replay_from: int = rows[0]["replay_from"] if rows else 1

    def catch_up(self, entries: Iterable[Entry]) -> int:
        """Hear the journal from `replay_from`: the number of rows that were missing and are put now."""
        return sum(self._hear(entry) for entry in entries)

    def hear(self, entry: Entry) -> None:
        """The next entry of the journal."""
        self._hear(entry)

    def replay_point(self) -> int:
        """From which entry the journal must be heard to know what is open now."""
        return self._reader.replay_from()

    def open_calls(self) -> list[str]:
        return self._reader.open_calls()

    def recent(self, limit: int = 100, before_seq: int | None = None) -> list[Cdr]:
        """The newest CDRs, newest first; `before_seq`: only those older than this, to page on."""
        where, params = ("WHERE seq < ? ", [before_seq]) if before_seq is not None else ("", [])
        return [cdr_of(row) for row in self._store.query(f"{_SELECT} {where}ORDER BY seq DESC LIMIT ?",
                                                       [*params, limit])]

    def find(self, call: str) -> Cdr | None:
        rows = self._store.query(f"{_SELECT} WHERE call = ?", (call,))
        return cdr_of(rows[0]) if rows else None

    def recordings(self, limit: int = 100, call: str | None = None) -> list[RecordingRow]:
        """Ended recordings, newest first; `call`: only this call's."""
        where, params = ("WHERE call = ? ", [call]) if call is not None else ("", [])
        rows = self._store.query(f"SELECT * FROM recording {where}ORDER BY seq DESC LIMIT ?", [*params, limit])
        return [_recording_of(row) for row in rows]

    def find_recording(self, recording: str) -> RecordingRow | None:
        """An ended recording by its id, however old: the table has an index of them."""
        rows = self._store.query("SELECT * FROM recording WHERE recording = ? ORDER BY seq DESC LIMIT 1", (recording,))
        return _recording_of(rows[0]) if rows else None

    # ---- inside ----

    def _emit(self, cdr: Cdr) -> None:
        if cdr.disposition == "INTERRUPTED" and self.find(cdr.call) is not None:
            return  # a power cut took the CallEnded from the journal, but not its row from here
        self.on_cdr(cdr)
        self._rows.append((_INSERT, [cell(getattr(cdr, name)) for name in COLUMNS]))

    def _hear(self, entry: Entry) -> int:
        self._reader.hear(entry)
        self._hear_recording(entry)
        if not self._rows:
            return 0
        rows, self._rows = self._rows, []
        if entry.seq <= self.applied:
            return 0  # heard only to know what was open; its rows are there
        self.applied = entry.seq
        self._store.put_all([*rows, (_APPLIED, (_READER, entry.seq, self._reader.replay_from()))])
        return len(rows)


    def _hear_recording(self, entry: Entry) -> None:
        match entry.fact:
            case facts.RecordingEnded() as end:
                self._rows.append((_INSERT_RECORDING,
                                   (entry.seq, end.recording, end.call, end.path, cell(entry.at), end.seconds,
                                    end.lost, end.state)))
            case facts.RecordingArchived() as kept:
                self._rows.append((_FILE, (kept.file, kept.form, kept.size, kept.sha256, kept.recording)))
            case facts.RecordingRecovered() as left:
                self._rows.append((_GAPS, (json.dumps(left.gaps), left.recording)))


def cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()  # undecodable bytes of a caller ID
    return value


def _recording_of(row: Row) -> RecordingRow:
    return RecordingRow(**{**dict(row), "ended_at": datetime.fromisoformat(row["ended_at"])})


def cdr_of(row: Row) -> Cdr:
    """A row of the table `cdr`, with its COLUMNS."""
    values = dict(row)
    for name in _INSTANTS:
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    values["recordings"] = tuple(json.loads(values["recordings"]))
    values["variables"] = json.loads(values["variables"])
    return Cdr(**values)
