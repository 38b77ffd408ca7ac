"""The journal on disk: daily segments of JSON lines, one write per entry, nothing lost while the disk is full.

    journal-20261122.jsonl      the day's first segment (UTC day)
    journal-20261122-2.jsonl    begun after a write or sync error on the first (F30: never sync a failed fd again)
    journal-20261122.jsonl.torn what was cut off its end when it was opened after a crash: a line that is not whole, and
                                what follows a hole in what was not yet synced
"""

import errno
import json
import os
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from ccappliance.base.limits import MAX_JOURNAL_UNWRITTEN
from ccappliance.call.facts import AlarmCleared, AlarmRaised, Fact
from ccappliance.call.journal import Entry, JournalError, of_kinds
from ccappliance.call.journal_search import about
from ccappliance.service.lock import LockFile

_NAME = re.compile(r"journal-(\d{4})(\d\d)(\d\d)(?:-(\d+))?\.jsonl")
_TAIL = 64 * 1024  # bytes read at a time, backwards, when looking for the last whole line
_UNSYNCED = 1024 * 1024  # bytes at the end in which a power cut may have left holes: …
_UNSYNCED_FOR = 10.0  # s: … a sync every second, and as long as a disk may take for it (F29)
_FULL = (errno.ENOSPC, errno.EDQUOT)
ALARM, SUBJECT = "journal_disk", "journal"


@dataclass(frozen=True, order=True)
class Segment:
    """One file of the journal; they sort in the order in which they were written."""

    day: date
    number: int

    def path(self, directory: Path) -> Path:
        number = f"-{self.number}" if self.number > 1 else ""
        return directory / f"journal-{self.day:%Y%m%d}{number}.jsonl"


def segments(directory: Path) -> list[Segment]:
    """The segments in a directory, oldest first; other files are none of our business."""
    found = []
    for name in os.listdir(directory):
        if match := _NAME.fullmatch(name):
            year, month, day, number = match.groups()
            found.append(Segment(date(int(year), int(month), int(day)), int(number or 1)))
    return sorted(found)


def paths(directory: Path) -> list[Path]:
    """The segments' files, oldest first."""
    return [segment.path(directory) for segment in segments(directory)]


def read_journal(directory: Path, from_seq: int = 0, unreadable: Callable[[Path, bytes], None] | None = None
                 ) -> Iterator[Entry]:
    """Entries from `from_seq` on, in order, from all segments. Needs no lock: others may read while the daemon writes.

    A line that is no entry (torn by a failing disk, or of a kind only a newer version knows) is told to `unreadable`
    and left out.
    """
    found = paths(directory)
    begin = 0
    for index, path in enumerate(found):
        first = _first_seq(path)
        if first is not None and first <= from_seq:
            begin = index
    for path in found[begin:]:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break  # being written at this moment, or torn
                try:
                    entry = Entry.parse(line)
                except JournalError:
                    if unreadable is not None:
                        unreadable(path, line)
                    continue
                if entry.seq >= from_seq:
                    yield entry


class FileSink:
    """The journal's writer: holds the directory's lock, continues after the last entry, keeps order through failures.

    While the disk takes nothing, entries wait in memory (at most `backlog`; `lost` counts those beyond) and are written
    in order as soon as it does. AlarmRaised and AlarmCleared of it go to `on_alarm` (give it `journal.write`).
    """

    def __init__(self, directory: Path | str, *, backlog: int = MAX_JOURNAL_UNWRITTEN) -> None:
        """Refused("already_running") if another process writes there; OSError if the directory cannot be used."""
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock = LockFile(self.directory / "journal.lock", "the journal's writer")
        self.on_alarm: Callable[[Fact], object] | None = None
        self.trouble = ""  # why nothing can be written now; "": all is well
        self.lost = 0
        self.failures = 0  # writes and syncs that failed, ever
        self.torn = 0  # bytes cut off at opening
        self._backlog: deque[tuple[date, bytes]] = deque()
        self._most = backlog
        self._fd = -1
        self._size = 0
        self._segment: Segment | None = None
        self._fresh = False  # the segment is spoilt: the next write begins another
        self._retired: list[int] = []  # segments left behind, not yet synced; only `sync` and `close` close them
        try:
            self.last_seq = self._recover()
        except OSError:
            self._lock.release()
            raise

    @property
    def unwritten(self) -> int:
        """Entries waiting in memory for the disk."""
        return len(self._backlog)

    @property
    def path(self) -> Path | None:
        """The segment being written; None before the first entry."""
        return self._segment.path(self.directory) if self._segment else None

    def append(self, entry: Entry, line: bytes) -> None:
        self.last_seq = entry.seq
        if len(self._backlog) >= self._most and not self.retry():
            self.lost += 1
            return
        self._backlog.append((entry.at.date(), line + b"\n"))
        self.retry()

    def retry(self) -> bool:
        """Write what waits; True when nothing does. Every `append` does it; call it every second or so as well."""
        while self._backlog:
            day, line = self._backlog[0]
            try:
                self._write(day, line)
            except OSError as error:
                self._note(error)
                return False
            self._backlog.popleft()
        if self.trouble:
            self.trouble = ""
            self._tell(AlarmCleared(ALARM, SUBJECT))
        return True

    def sync(self) -> None:
        """fdatasync what was written so far; waits for the disk. May be called by one other thread.

        A failure is acted on by the next `append`: a new segment and an alarm. A failed fd is never synced again, for
        the kernel forgets the error and the data with it.
        """
        while self._retired:
            fd = self._retired.pop()
            try:
                os.fdatasync(fd)
            except OSError:
                self.failures += 1
            finally:
                os.close(fd)
        if self._fd >= 0 and not self._fresh:
            try:
                os.fdatasync(self._fd)
            except OSError:
                self.failures += 1
                self._fresh = True

    def read(self, from_seq: int = 0) -> Iterator[Entry]:
        """What is on disk from this number on."""
        return read_journal(self.directory, from_seq)

    def recent(self, kinds: Sequence[str], since: datetime) -> Iterator[Entry]:
        """Entries of these kinds in the segments from the day of `since` on."""
        day = since.astimezone(UTC).date()
        for segment in segments(self.directory):
            if segment.day >= day:
                with segment.path(self.directory).open("rb") as file:
                    yield from of_kinds(file, kinds)

    def about(self, call: str, kinds: Collection[str]) -> Iterator[Entry]:
        """From the last page before the call's first word to the end of the segment with its last one."""
        return about(paths(self.directory), call, kinds)

    def close(self) -> None:
        """Write what waits, sync, let the lock go. No `sync` may be running elsewhere."""
        self.retry()
        self.sync()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._lock.release()

    # ---- inside ----

    def _write(self, day: date, line: bytes) -> None:
        # The wall clock may step back over midnight: entries still go to the newest segment, so that order holds.
        if self._fd < 0 or self._fresh or self._segment is None or day > self._segment.day:
            self._begin_segment(day)
        try:
            done = os.write(self._fd, line)
            if done != len(line):  # the disk filled up within the line
                os.ftruncate(self._fd, self._size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._fresh = error.errno not in _FULL
            raise
        self._size += done

    def _begin_segment(self, day: date) -> None:
        segment = self._segment
        if segment is None or day > segment.day:
            segment = Segment(day, 1)
        elif self._fresh and segment.path(self.directory).stat().st_size > 0:
            segment = Segment(segment.day, segment.number + 1)
        fd = os.open(segment.path(self.directory), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        if self._fd >= 0:
            self._retired.append(self._fd)
        self._fd, self._segment, self._size, self._fresh = fd, segment, os.fstat(fd).st_size, False

    def _note(self, error: OSError) -> None:
        self.failures += 1
        first, self.trouble = not self.trouble, os.strerror(error.errno or errno.EIO)
        if first:
            self._tell(AlarmRaised(ALARM, SUBJECT, f"the journal cannot be written to {self.directory} "
                                   f"({self.trouble}); up to {self._most} entries wait in memory: make room there"))

    def _tell(self, fact: Fact) -> None:
        if self.on_alarm is not None:
            self.on_alarm(fact)

    def _recover(self) -> int:
        """Cut a torn end off the last segment, continue in it; the number of the last entry there is.

        Of what was not synced a disk keeps any sectors it likes: lines may be gone, and later ones be there. What
        follows such a hole is cut off too, so that no fact stands here without those it follows from.
        """
        last = 0
        for segment in reversed(segments(self.directory)):
            path = segment.path(self.directory)
            keep, last = _before_hole(path, *last_entry(path))
            self._cut(path, keep)
            self._segment = self._segment or segment
            if last:
                break
        return last

    def _cut(self, path: Path, keep: int) -> None:
        size = path.stat().st_size
        if size == keep:
            return
        with path.open("rb+") as file, open(f"{path}.torn", "ab") as torn:
            file.seek(keep)
            torn.write(file.read())
            torn.flush()
            os.fsync(torn.fileno())  # first the copy, then the cut: a second crash doubles it at worst
            file.truncate(keep)
        self.torn += size - keep


def last_entry(path: Path) -> tuple[int, int]:
    """(bytes up to the end of the last line that is an entry, its number); (0, 0) if there is none.

    Only lines that are not even JSON of ours are torn: an entry of a kind we do not know still counts.
    """
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        tail, begin = b"", end
        while True:
            while begin > 0 and tail.count(b"\n") < 2:
                step = min(_TAIL, begin)
                begin -= step
                file.seek(begin)
                tail = file.read(step) + tail
            last = tail.rfind(b"\n")
            if last < 0:
                return 0, 0
            start = tail.rfind(b"\n", 0, last) + 1
            seq = _seq_of(tail[start:last])
            if seq is not None:
                return begin + last + 1, seq
            if begin == 0 and start == 0:
                return 0, 0
            tail = tail[:start]


def _before_hole(path: Path, end: int, last: int) -> tuple[int, int]:
    """(bytes up to the first hole in what may not have been synced before `end`, the number of the entry before it).

    A hole is older if an entry before it is: a disk has spoilt it since, and what follows is dear.
    """
    with path.open("rb") as file:
        at = max(0, end - _UNSYNCED)
        file.seek(at)
        lines = file.read(end - at).splitlines(keepends=True)
    if at and lines:
        at += len(lines.pop(0))
    entries = [_whole(line) for line in lines]
    if None not in entries:
        return end, last
    times = [entry[1] for entry in entries if entry is not None]
    if not times:
        return end, last
    since, seq = times[0], 0
    for line, entry in zip(lines, entries, strict=True):
        if entry is not None:
            seq, since = entry
        elif abs((times[-1] - since).total_seconds()) <= _UNSYNCED_FOR and (seq or at == 0):
            return at, seq
        at += len(line)
    return end, last


def _whole(line: bytes) -> tuple[int, datetime] | None:
    """Number and time of an entry, whatever its kind; None if the line is none."""
    seq = _seq_of(line)
    try:
        return (seq, datetime.fromisoformat(json.loads(line)["at"])) if seq is not None else None
    except (ValueError, KeyError, TypeError):
        return None


def _first_seq(path: Path) -> int | None:
    with path.open("rb") as file:
        return _seq_of(file.readline())


_SEQ = re.compile(rb'\{"seq":(\d+),"at":"[^"]+","now":[^,]+,"fact":"\w+"[,}]')


def _seq_of(line: bytes) -> int | None:
    match = _SEQ.match(line)
    return int(match[1]) if match and line.rstrip().endswith(b"}") else None
