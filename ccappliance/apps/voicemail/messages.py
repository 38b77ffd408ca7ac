"""Messages in the database: a reader of the journal that knows what is in every mailbox, whatever was killed when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ccappliance.call import facts
from ccappliance.store.database import Statement, Store

if TYPE_CHECKING:
    from ccappliance.call.journal import Entry

BEGUN, ENDED, NEW, OLD, SAVED, DELETED = "begun", "ended", "new", "old", "saved", "deleted"
KEPT = (NEW, OLD, SAVED)  # states of messages that are in their mailbox
_READER = "voicemail"


@dataclass(frozen=True, slots=True)
class Message:
    """One row: a message, or one that is still being spoken or brought into its mailbox."""

    message: str
    seq: int
    call: str
    mailbox: str
    calling: str
    name: str
    left_at: str  # ISO 8601, UTC
    seconds: float = 0.0
    source: str = ""  # its recording
    path: str = ""
    state: str = BEGUN
    notice: str = ""  # "", "sent", "failed"

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.left_at)


@dataclass(frozen=True, slots=True)
class Own:
    """What the owner of a mailbox has changed by keypad."""

    mailbox: str
    pin: str = ""
    greeting: str = ""


_COLUMNS = tuple(field.name for field in fields(Message))
_PUT = f"INSERT OR REPLACE INTO voicemail ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_DROP = "DELETE FROM voicemail WHERE message = ?"
_OWN = "INSERT OR REPLACE INTO mailbox (mailbox, pin, greeting) VALUES (?, ?, ?)"
_APPLIED = "INSERT OR REPLACE INTO reader (name, applied, replay_from) VALUES (?, ?, ?)"


class MessageStore:
    """Keeps the tables `voicemail` and `mailbox`, each row and how far the journal was read in one transaction.

    At start as CallbackStore: number the journal on from `applied` at least, `catch_up` from `replay_from`, then let
    the journal tell `hear`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.query("SELECT applied, replay_from FROM reader WHERE name = ?", (_READER,))
        self.applied: int = rows[0]["applied"] if rows else 0
        self.replay_from: int = rows[0]["replay_from"] if rows else 1
        self._messages = {row["message"]: Message(**dict(row))
                          for row in store.query(f"SELECT {', '.join(_COLUMNS)} FROM voicemail ORDER BY seq")}
        self._own = {row["mailbox"]: Own(**dict(row)) for row in store.query("SELECT * FROM mailbox ORDER BY mailbox")}

    def catch_up(self, entries: Iterable["Entry"]) -> None:
        for entry in entries:
            self.hear(entry)

    def hear(self, entry: "Entry") -> None:
        """The next entry of the journal; one that is stored already is passed over."""
        if entry.seq <= self.applied:
            return
        statement = self._fold(entry)
        if statement is not None:
            self.applied = entry.seq
            self._store.put_all([statement, (_APPLIED, (_READER, entry.seq, entry.seq + 1))])

    # ---- what is there ----

    def find(self, message: str) -> Message | None:
        return self._messages.get(message)

    def inside(self, mailbox: str = "", states: tuple[str, ...] = KEPT) -> list[Message]:
        """Messages of a mailbox ("": of all) in these states, oldest first."""
        return [one for one in self._messages.values() if one.state in states and mailbox in ("", one.mailbox)]

    def own(self, mailbox: str) -> Own:
        return self._own.get(mailbox) or Own(mailbox)

    def paths(self) -> Iterator[str]:
        """Every file below the voicemail directory that is needed."""
        yield from (one.path for one in self._messages.values() if one.path and one.state != DELETED)
        yield from (own.greeting for own in self._own.values() if own.greeting)

    def forget(self, message: str) -> None:
        """A deleted message whose file is gone."""
        if self._messages.pop(message, None) is not None:
            self._store.put(_DROP, (message,))

    # ---- inside ----

    def _fold(self, entry: "Entry") -> Statement | None:
        fact = entry.fact
        match fact:
            case facts.VoicemailBegun():
                return self._keep(Message(fact.message, entry.seq, fact.call, fact.mailbox, fact.calling, fact.name,
                                          entry.at.isoformat(timespec="milliseconds"), source=fact.path))
            case facts.RecordingEnded(recording=recording, seconds=seconds) if recording in self._messages:
                return self._change(recording, {BEGUN: ENDED}, seconds=seconds)
            case facts.VoicemailLeft(message=message, path=path, seconds=seconds):
                return self._change(message, {BEGUN: NEW, ENDED: NEW}, path=path, seconds=seconds)
            case facts.VoicemailDropped(message=message):
                return (_DROP, (message,)) if self._messages.pop(message, None) is not None else None
            case facts.VoicemailMoved(message=message, state=state):
                return self._change(message, dict.fromkeys((*KEPT, DELETED), state))
            case facts.NoticeSent(message=message):
                return self._change(message, {}, notice="sent")
            case facts.NoticeFailed(message=message):
                return self._change(message, {}, notice="failed")
            case facts.MailboxChanged(mailbox=mailbox, what=what, value=value):
                own = self._own[mailbox] = replace(self.own(mailbox), **{what: value})
                return _OWN, (own.mailbox, own.pin, own.greeting)
        return None

    def _change(self, message: str, moves: Mapping[str, str], **values: str | float) -> Statement | None:
        kept = self._messages.get(message)
        if kept is None:
            return None
        return self._keep(replace(kept, state=moves.get(kept.state, kept.state), **values))  # type: ignore[arg-type]

    def _keep(self, message: Message) -> Statement:
        self._messages[message.message] = message
        return _PUT, [getattr(message, name) for name in _COLUMNS]
