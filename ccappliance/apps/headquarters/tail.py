"""The journal from any entry on, a batch at a time, and only what is safe on the disk: headquarters must not know more
than the box will after a power cut."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccappliance.call.journal import Entry, JournalError
from ccappliance.call.journal_file import paths

SOME = 20  # entries between two breaths: about a millisecond's work
_PASSED = 500  # lines passed over between two breaths
_SEQ = re.compile(rb'\{"seq":(\d+),')


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the journal. `entry` None: it is none of ours (torn, or of a newer version)."""

    seq: int
    raw: bytes
    entry: Entry | None


class JournalTail:
    """Reads a directory that a daemon writes to. Remembers its place; every method may wait for the disk. OSError."""

    def __init__(self, directory: Path, breathe: Callable[[], None] = lambda: None) -> None:
        """`breathe` is called often: whoever needs the interpreter may have it then."""
        self._directory, self._breathe = directory, breathe
        self._path: Path | None = None
        self._offset = 0
        self._next = 0  # the number sought; 0: nowhere

    def read(self, seq: int, most: int) -> list[Line]:
        """At most `most` entries, from `seq` on."""
        if self._next != seq:
            self._seek(seq)
        found: list[Line] = []
        while len(found) < most and self._path is not None:
            got = self._read_here(most - len(found), seq)
            found += got
            if len(found) < most and not self._go_on():
                break
        self._next = found[-1].seq + 1 if found else seq
        return found

    def _read_here(self, most: int, seq: int) -> list[Line]:
        """What the present segment has, synced."""
        assert self._path is not None
        found: list[Line] = []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for passed, raw in enumerate(file, 1):
                if not raw.endswith(b"\n"):
                    break  # being written at this moment, or torn
                self._offset += len(raw)
                number = _SEQ.match(raw)
                if number is None or int(number[1]) < seq:
                    if passed % _PASSED == 0:
                        self._breathe()
                    continue
                try:
                    entry = Entry.parse(raw)
                except JournalError:
                    entry = None
                found.append(Line(int(number[1]), raw, entry))
                if len(found) % SOME == 0:
                    self._breathe()
                if len(found) == most:
                    break
            os.fdatasync(file.fileno())  # whatever was read above is safe now
        return found

    def _go_on(self) -> bool:
        """To the next segment, if there is one: then nobody writes to this one any more."""
        found = paths(self._directory)
        later = found[found.index(self._path) + 1:] if self._path in found else found
        if not later:
            return False
        self._path, self._offset = later[0], 0
        folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # the new segment's name
        finally:
            os.close(folder)
        return True

    def _seek(self, seq: int) -> None:
        """To the last segment that begins before it; `read` passes over what comes earlier there."""
        self._path, self._offset = None, 0
        for path in paths(self._directory):
            with path.open("rb") as file:
                first = _SEQ.match(file.readline(4096))
            if self._path is None or (first is not None and int(first[1]) <= seq):
                self._path = path
