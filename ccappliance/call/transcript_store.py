"""Which recordings are to be transcribed, were, or were given up: a reader of the journal that the work is taken from.

What a kill has interrupted is due still: nothing of the work is remembered anywhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from ccappliance.call import facts
from ccappliance.call.journal import Entry, Wanted
from ccappliance.store.database import Statement, Store

_READER = "transcripts"
_APPLIED = "INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES (?, ?, ?)"
_ENDED = "INSERT OR IGNORE INTO transcript (recording, seq, call, seconds) VALUES (?, ?, ?, ?)"
_FILED = "UPDATE transcript SET file = ? WHERE recording = ?"
_MADE = "UPDATE transcript SET state = 'made', text = ?, why = '' WHERE recording = ? AND state != 'gone'"
_FAILED = "UPDATE transcript SET tries = ?, why = ?, state = iif(?, 'given up', state) WHERE recording = ? " \
          "AND state = 'due'"
_GONE = "UPDATE transcript SET state = 'gone' WHERE recording = ?"
_DUE = "SELECT * FROM transcript WHERE state = 'due' AND file != '' AND seconds >= ? ORDER BY tries, seq DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Transcript:
    """One recording, and what became of its transcript. `text`: its file, "" not yet."""

    recording: str
    seq: int
    call: str
    seconds: float
    file: str
    text: str
    tries: int
    why: str
    state: str  # "due", "made", "given up", "gone"


class TranscriptStore:
    """Keeps the table `transcript`; it remembers nothing between two entries."""

    KINDS: ClassVar[Wanted] = frozenset({
        facts.RecordingEnded, facts.RecordingArchived, facts.RecordingPurged, facts.RecordingTranscribed,
        facts.TranscriptFailed})

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
        row = _row(entry) if entry.seq > self.applied else None
        if row is not None:
            self.applied = entry.seq
            self._store.put_all([row, (_APPLIED, (_READER, entry.seq, entry.seq + 1))])

    def due(self, least: float) -> Transcript | None:
        """What to transcribe next, of at least so many seconds: what has failed least often, of that the newest."""
        rows = self._store.query(_DUE, (least,))
        return Transcript(**dict(rows[0])) if rows else None

    def of(self, recording: str) -> Transcript | None:
        rows = self._store.query("SELECT * FROM transcript WHERE recording = ?", (recording,))
        return Transcript(**dict(rows[0])) if rows else None


def _row(entry: Entry) -> Statement | None:
    told: tuple[str, tuple[Any, ...]] | None = None
    match entry.fact:
        case facts.RecordingEnded() as one if one.path:
            told = _ENDED, (one.recording, entry.seq, one.call, one.seconds)
        case facts.RecordingArchived() as one:
            told = _FILED, (one.file, one.recording)
        case facts.RecordingTranscribed() as one:
            told = _MADE, (one.file, one.recording)
        case facts.TranscriptFailed() as one:
            told = _FAILED, (one.tries, one.why, one.given_up, one.recording)
        case facts.RecordingPurged() as one:
            told = _GONE, (one.recording,)
    return told
