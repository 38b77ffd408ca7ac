"""A file of lines for others to read: found again after a rotation, and after a kill neither torn nor doubled.

Beside it lies `<file>.at`: up to which entry of the journal the file was written, and how long it was then. What
follows in the file is compared with the lines the journal gives again; only those that are missing are added. The
queue_log and the CDRs in Asterisk's format are such files.
"""

import json
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ccappliance.call.facts import AlarmCleared, AlarmRaised, Fact
from ccappliance.call.journal import Entry

EVERY = 200  # lines between two marks: what a start after a kill compares at most
MOST = 100_000  # lines kept while the disk takes none


class Lines(Protocol):
    """A fold of the journal that gives lines, without their line feed, to whom it was made for."""

    def hear(self, entry: Entry) -> None: ...

    def replay_from(self, seq: int) -> int:
        """The entry from which a fresh fold must hear to go on after `seq` as this one does."""
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """The file as it was after the journal's entry `applied`."""

    applied: int = 0
    replay_from: int = 1
    inode: int = 0
    size: int = 0


class LineFile:
    """A reader of the journal. `begin` once, before it follows; `close` at the end. Alarms go to `on_alarm`."""

    def __init__(self, path: Path, fold: Callable[[Callable[[str], object]], Lines], *, name: str,
                 on_alarm: Callable[[Fact], object]) -> None:
        """`fold` makes what gives the lines; `name` is the alarm's ("queue_log")."""
        self.path = path
        self.name = name
        self.lost = 0  # lines beyond MOST while the disk took none
        self._on_alarm = on_alarm
        self._lines = fold(self._take)
        self._backlog: deque[bytes] = deque()
        self._fd = -1
        self._inode = 0
        self._trouble = False
        self._seq = 0
        self._since_mark = 0
        self._written = False  # the entry being heard is older than the mark: its lines are in the file
        self._there: deque[bytes] = deque()  # lines the file had beyond its mark: not to be written again

    def begin(self, read: Callable[[int], Iterator[Entry]], last_seq: int) -> None:
        """Add what a kill left out. `read`: the journal from a number on; `last_seq`: its last number."""
        mark = self._read_mark()
        if mark is None:  # no file before: it begins today
            self._seq = last_seq
        else:
            self._seq = mark.applied
            self._there = deque(self._beyond(mark))
            for entry in read(mark.replay_from):
                self._hear(entry, written=entry.seq <= mark.applied)
            self._there.clear()
        self._flush()
        self._mark()

    def hear(self, entry: Entry) -> None:
        self._hear(entry, written=False)
        self._flush()
        if self._since_mark >= EVERY:
            self._mark()

    def reopen(self) -> None:
        """Somebody has rotated the file (SIGUSR1; a rename is noticed by itself as well)."""
        self._close()
        self._flush()
        self._mark()

    def close(self) -> None:
        self._flush()
        self._mark()
        self._close()

    # ---- inside ----

    def _hear(self, entry: Entry, *, written: bool) -> None:
        self._written = written
        self._lines.hear(entry)
        self._seq = entry.seq

    def _take(self, line: str) -> None:
        if self._written:
            return
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        if self._there:
            if self._there[0] == data:
                self._there.popleft()
                return
            self._there.clear()  # not what we would have written: somebody else's; add ours behind it
        if len(self._backlog) >= MOST:
            self.lost += 1
            return
        self._backlog.append(data)

    def _flush(self) -> None:
        while self._backlog:
            try:
                self._open_if_moved()
                data = self._backlog[0]
                done = os.write(self._fd, data)
                if done < len(data):
                    self._backlog[0] = data[done:]
                    continue
            except OSError as error:
                self._failed(error)
                return
            self._backlog.popleft()
            self._since_mark += 1
        if self._trouble:
            self._trouble = False
            self._on_alarm(AlarmCleared(self.name, str(self.path)))

    def _failed(self, error: OSError) -> None:
        self._close()
        if not self._trouble:
            self._trouble = True
            words = f"the {self.name} can't be written: {error.strerror}; its lines wait in memory "\
                    "and are written when it can"
            self._on_alarm(AlarmRaised(self.name, str(self.path), words))

    def _open_if_moved(self) -> None:
        try:
            inode = os.stat(self.path).st_ino
        except FileNotFoundError:
            inode = 0
        if self._fd >= 0 and inode == self._inode:
            return
        self._close()
        self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._inode = os.fstat(self._fd).st_ino

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    # ---- the mark ----

    @property
    def _beside(self) -> Path:
        return self.path.with_name(self.path.name + ".at")

    def _mark(self) -> None:
        """Whole or not at all: written beside and renamed."""
        if self._backlog:
            return  # what is not written must be given again
        try:
            self._open_if_moved()
            size = os.fstat(self._fd).st_size
            mark = {"applied": self._seq, "replay_from": self._lines.replay_from(self._seq), "inode": self._inode,
                    "size": size}
            fresh = self._beside.with_name(self._beside.name + ".new")
            fresh.write_text(json.dumps(mark), encoding="utf-8")
            fresh.replace(self._beside)
            self._since_mark = 0
        except OSError as error:
            self._failed(error)

    def _read_mark(self) -> Mark | None:
        try:
            return Mark(**json.loads(self._beside.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _beyond(self, mark: Mark) -> list[bytes]:
        """Whole lines behind the mark, in the file or where a rotation has put it; a torn one is cut off."""
        for path in [self.path, *sorted(self.path.parent.glob(self.path.name + "*"))]:
            try:
                if path.stat().st_ino != mark.inode:
                    continue
                with path.open("r+b") as file:
                    file.seek(mark.size)
                    *lines, torn = file.read().split(b"\n")
                    if torn:
                        file.truncate(file.tell() - len(torn))
            except OSError:
                continue
            return [line + b"\n" for line in lines]
        return []
