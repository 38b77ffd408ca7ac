"""The journal: every state change, one fact each, numbered and written once before it is acted on.

CDRs, figures, feeds and digests are its readers. `write` is synchronous: an entry is numbered, encoded, handed to the
sink, and then told to every reader in the order in which they began to follow.
"""

import hashlib
import json
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple, Protocol

from ccappliance.base.clock import Clock
from ccappliance.base.errors import Bug, CcError
from ccappliance.base.limits import MAX_JOURNAL_TAIL
from ccappliance.call._line import DIGITS, Form, number, rounded
from ccappliance.call.facts import Fact, Kinds


class JournalError(CcError):
    """A line is not a journal entry of ours."""


class Entry(NamedTuple):
    """One line of the journal. `at`: wall clock, UTC, whole milliseconds; `now`: loop clock, seconds."""

    seq: int
    at: datetime
    now: float
    fact: Fact

    def as_dict(self) -> dict[str, Any]:
        """The entry as plain data, as its line has it."""
        return {"seq": self.seq, "at": _stamp(self.at), "now": round(self.now, DIGITS),
                "fact": type(self.fact).__name__,
                **{name: rounded(value) for name, value in self.fact.as_dict().items()}}

    def line(self) -> bytes:
        """The entry as one line of JSON in UTF-8, without its line feed. Bug if a field cannot be written so."""
        return _line(self, _stamp(self.at), number(self.now))

    @classmethod
    def parse(cls, line: bytes) -> "Entry":
        """An entry from its line. Fields we do not know (a newer version wrote them) are left out. JournalError."""
        try:
            record = json.loads(line)
            kind = Kinds.BY_NAME[record.pop("fact")]
            seq, at, now = record.pop("seq"), datetime.fromisoformat(record.pop("at")), float(record.pop("now"))
            known = kind.__dataclass_fields__
            return cls(int(seq), at.astimezone(UTC), now, kind(**{k: v for k, v in record.items() if k in known}))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JournalError(f"not a journal entry: {line[:80]!r} ({type(error).__name__}: {error})") from error


Reader = Callable[[Entry], None]
Wanted = frozenset[type[Fact]]  # the kinds a reader wants to be told


class Sink(Protocol):
    """Where entries are kept. Never raises for trouble with its medium: it holds entries back and tells an alarm."""

    @property
    def last_seq(self) -> int:
        """The number of the last entry it has; 0: none."""
        ...

    def append(self, entry: Entry, line: bytes) -> None:
        """Keep one entry; `line` is its encoding, without line feed."""
        ...

    def read(self, from_seq: int = 0) -> Iterator[Entry]:
        """Entries from this number on, in order."""
        ...

    def recent(self, kinds: Sequence[str], since: datetime) -> Iterator[Entry]:
        """Entries of these kinds, in order, from the day of `since` (UTC) on at least; cheap on a long journal."""
        ...

    def about(self, call: str, kinds: Collection[str]) -> Iterator[Entry]:
        """At least what mentions a call and all of these kinds, from a page (DayBegan) before it on; cheap on a long
        journal.
        """
        ...


class _Moment:
    """A time of both clocks, as entries have it and as lines have it."""

    __slots__ = ("at", "now", "rounded", "stamp", "wall", "written")

    def __init__(self, wall: datetime, now: float) -> None:
        self.wall = wall
        self.now = now
        self.at = wall.replace(microsecond=wall.microsecond // 1000 * 1000)
        self.rounded = round(now, DIGITS)
        self.stamp = _stamp(self.at)
        self.written = number(self.rounded)


class Journal:
    """Numbers facts, keeps them, and tells them."""

    def __init__(self, clock: Clock, sink: Sink, log: logging.Logger | None = None,
                 ring: int = MAX_JOURNAL_TAIL, at_least: int = 0) -> None:
        """Number on from the sink's last entry, or from `at_least` if that is more: what a reader has stored, for a
        power cut may take the journal's last entries and leave the rows made of them, and no number may be used twice.
        """
        self._clock = clock
        self._sink = sink
        self._log = log or logging.getLogger("ccappliance.journal")
        self._seq = max(sink.last_seq, at_least)
        self._readers: tuple[tuple[Reader, Wanted | None], ...] = ()
        self._by_kind: dict[type[Fact], tuple[Reader, ...]] = {}  # filled when a kind is told, emptied by follow
        self._moment: _Moment | None = None
        self._ring: deque[Entry] = deque(maxlen=ring)
        self._untold: deque[Entry] = deque()
        self._busy = False

    @property
    def seq(self) -> int:
        """The number of the last entry written."""
        return self._seq

    def follow(self, reader: Reader, kinds: Wanted | None = None) -> None:
        """Tell `reader` every entry written from now on; with `kinds`, only those whose facts are of these very types.

        Most readers want a few kinds of many: naming them spares a call for each of the others.
        """
        self._readers = (*self._readers, (reader, kinds))
        self._by_kind = {}

    def unfollow(self, reader: Reader) -> None:
        """Tell it nothing more; harmless if it does not follow."""
        self._readers = tuple(other for other in self._readers if other[0] != reader)
        self._by_kind = {}

    def write(self, fact: Fact) -> Entry:
        """Write a fact down and tell it. Bug if the fact cannot be encoded (then nothing was written).

        A reader that writes while it is told gets its entry at once, numbered and kept; it is told to everybody after
        the entry being told, so that every reader hears all entries in order.
        """
        wall, now, moment = self._clock.wall(), self._clock.now(), self._moment
        if moment is None or moment.wall != wall or moment.now != now:  # most facts come in bursts
            moment = self._moment = _Moment(wall, now)
        entry = Entry(self._seq + 1, moment.at, moment.rounded, fact)
        line = _line(entry, moment.stamp, moment.written)
        self._seq = entry.seq
        self._ring.append(entry)
        if self._busy:
            self._untold.append(entry)
            self._sink.append(entry, line)
            return entry
        self._busy = True
        try:
            self._sink.append(entry, line)
            self._tell(entry)
            while self._untold:
                self._tell(self._untold.popleft())
        finally:
            self._busy = False
        return entry

    def tail(self, count: int) -> list[Entry]:
        """The newest entries written since start, oldest first; at most `count` and what the ring holds."""
        return list(self._ring)[-count:] if count > 0 else []

    def _followers(self, kind: type[Fact]) -> tuple[Reader, ...]:
        readers = self._by_kind[kind] = tuple(
            reader for reader, kinds in self._readers if kinds is None or kind in kinds)
        return readers

    def _tell(self, entry: Entry) -> None:
        kind = type(entry.fact)
        for reader in self._by_kind.get(kind) or self._followers(kind):
            try:
                reader(entry)
            except Exception:  # noqa: BLE001  a reader's bug must cost neither the call nor the other readers
                self._log.exception("reader failed", extra={"fields": {
                    "reader": getattr(reader, "__qualname__", repr(reader)), "seq": entry.seq,
                    "fact": type(entry.fact).__name__}})


class MemorySink:
    """Keeps entries in memory and a running digest of their lines: the journal of simulations and tests."""

    def __init__(self, keep: bool = True, copy: BinaryIO | None = None) -> None:
        """`keep=False`: only the digest, for long days. `copy`: a file that gets every line as well."""
        self.lines: list[bytes] = []
        self.last_seq = 0
        self._keep = keep
        self._copy = copy
        self._sha = hashlib.sha256()

    def append(self, entry: Entry, line: bytes) -> None:
        self.last_seq = entry.seq
        whole = line + b"\n"
        self._sha.update(whole)
        if self._copy is not None:
            self._copy.write(whole)
        if self._keep:
            self.lines.append(line)

    def read(self, from_seq: int = 0) -> Iterator[Entry]:
        for entry in map(Entry.parse, list(self.lines)):
            if entry.seq >= from_seq:
                yield entry

    def recent(self, kinds: Sequence[str], since: datetime) -> Iterator[Entry]:
        return of_kinds(list(self.lines), kinds)

    def about(self, call: str, kinds: Collection[str]) -> Iterator[Entry]:
        return self.read()

    def digest(self) -> str:
        """SHA-256 of all lines so far, each with its line feed: the same as of the file a FileSink would write."""
        return self._sha.copy().hexdigest()


def of_kinds(lines: Iterable[bytes], kinds: Sequence[str]) -> Iterator[Entry]:
    """The entries of these kinds; others are not even parsed. What is no entry is left out."""
    wanted = tuple(f'"fact":"{kind}"'.encode() for kind in kinds)
    for line in lines:
        if any(kind in line for kind in wanted):
            try:
                entry = Entry.parse(line)
            except JournalError:
                continue
            if type(entry.fact).__name__ in kinds:
                yield entry


def in_journal(seconds: float) -> float:
    """A time or duration to the digit to which the journal keeps it."""
    return round(seconds, DIGITS)


_FORMS: dict[type, Form] = {}


def _line(entry: Entry, stamp: str, now: str) -> bytes:
    fact = entry.fact
    kind = type(fact)
    try:
        form = _FORMS[kind]
    except KeyError:
        form = _FORMS[kind] = Form(kind.__name__, [field.name for field in fields(kind)])
    try:
        return form.line(fact, entry.seq, stamp, now)
    except (TypeError, ValueError) as error:
        raise Bug(f"the fact {fact!r} cannot be written to the journal: {error}") from error


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")[:-6] + "Z"  # [:-6]: "+00:00"
