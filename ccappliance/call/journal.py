"""The journal: every state change, one fact each, numbered and written once before it is acted on.

CDRs, figures, feeds and digests are its readers. `write` is synchronous: an entry is numbered, encoded, handed to the
sink, and then told to every reader in the order in which they began to follow.
"""

import hashlib
import json
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, BinaryIO, Protocol

from ccappliance.base.clock import Clock
from ccappliance.base.errors import Bug, CcError
from ccappliance.base.limits import MAX_JOURNAL_TAIL
from ccappliance.call.facts import Fact, Kinds

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_quote = json.encoder.encode_basestring  # what the encoder itself uses for a text
_DIGITS = 6  # of a float: a microsecond; more would let two machines' last bits into the digest


class JournalError(CcError):
    """A line is not a journal entry of ours."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. `at`: wall clock, UTC, whole milliseconds; `now`: loop clock, seconds."""

    seq: int
    at: datetime
    now: float
    fact: Fact

    def as_dict(self) -> dict[str, Any]:
        """The entry as plain data, as its line has it."""
        return {"seq": self.seq, "at": _stamp(self.at), "now": round(self.now, _DIGITS),
                "fact": type(self.fact).__name__,
                **{name: value if type(value) in _PLAIN else _rounded(value)
                   for name, value in self.fact.as_dict().items()}}

    def line(self) -> bytes:
        """The entry as one line of JSON in UTF-8, without its line feed. Bug if a field cannot be written so."""
        return _line(self, _stamp(self.at), _number(self.now))

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
        self.rounded = round(now, _DIGITS)
        self.stamp = _stamp(self.at)
        self.written = _number(self.rounded)


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
        self._untold.append(entry)
        outermost, self._busy = not self._busy, True
        try:
            self._sink.append(entry, line)
            if outermost:
                while self._untold:
                    told = self._untold.popleft()
                    self._tell(told, self._by_kind.get(type(told.fact)) or self._followers(type(told.fact)))
        finally:
            if outermost:
                self._busy = False
        return entry

    def tail(self, count: int) -> list[Entry]:
        """The newest entries written since start, oldest first; at most `count` and what the ring holds."""
        return list(self._ring)[-count:] if count > 0 else []

    def _followers(self, kind: type[Fact]) -> tuple[Reader, ...]:
        readers = self._by_kind[kind] = tuple(
            reader for reader, kinds in self._readers if kinds is None or kind in kinds)
        return readers

    def _tell(self, entry: Entry, readers: tuple[Reader, ...]) -> None:
        for reader in readers:
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


_PLAIN = frozenset({str, int, bool, type(None)})


def in_journal(seconds: float) -> float:
    """A time or duration to the digit to which the journal keeps it."""
    return round(seconds, _DIGITS)


def _number(value: float) -> str:
    if value - value != 0.0:
        raise ValueError(f"JSON has no {value}")
    return repr(round(value, _DIGITS))


def _mapping(value: dict[Any, Any]) -> str:
    try:
        return "{" + ",".join([f"{_quote(key)}:{_written(inner)}" for key, inner in value.items()]) + "}"
    except TypeError:  # a key that is no text
        return _encode(_rounded(value))


def _sequence(value: Iterable[Any]) -> str:
    return "[" + ",".join([_written(inner) for inner in value]) + "]"


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _quote, int: repr, float: _number, bool: {True: "true", False: "false"}.__getitem__,
    type(None): {None: "null"}.__getitem__, dict: _mapping, list: _sequence, tuple: _sequence}


def _written(value: Any) -> str:
    """A value as JSON, as `_encode(_rounded(value))` writes it, which writes what is of none of these very types."""
    return _WRITERS.get(type(value), _of_another)(value)


def _of_another(value: Any) -> str:
    return _encode(_rounded(value))


def _line(entry: Entry, stamp: str, now: str) -> bytes:
    """One format for each kind, its names written once: a busy day has half a million lines, and a JSON encoder's call
    for one number costs more than ten of its digits.
    """
    fact = entry.fact
    form = _FORMS.get(type(fact)) or _form(type(fact))
    try:
        text = form.text % (entry.seq, stamp, now, *[
            _quote(value) if type(value) is str else _WRITERS.get(type(value), _of_another)(value)
            for value in form.values(fact)])
        # A lone surrogate (undecodable caller ID) becomes \udcXX, which is JSON's own way to write it.
        return text.encode("utf-8", "backslashreplace")
    except (TypeError, ValueError) as error:
        raise Bug(f"the fact {fact!r} cannot be written to the journal: {error}") from error


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind is written: the format of its line, and its fields' values in their order."""

    text: str
    values: Callable[[Fact], Iterable[Any]]


_FORMS: dict[type, _Form] = {}


def _form(kind: type[Fact]) -> _Form:
    names = [field.name for field in fields(kind)]
    keys = "".join(f',"{name}":%s' for name in names)
    # attrgetter answers a tuple only of two names or more
    values = attrgetter(*names) if len(names) > 1 else lambda fact: [getattr(fact, name) for name in names]
    form = _FORMS[kind] = _Form(f'{{"seq":%d,"at":"%s","now":%s,"fact":"{kind.__name__}"{keys}}}', values)
    return form


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")[:-6] + "Z"  # [:-6]: "+00:00"
