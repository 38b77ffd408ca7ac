"""The log of a disk's writes (dm-log-writes), and the disk as a power cut at any moment of it may leave it.

Format: Linux's Documentation/admin-guide/device-mapper/log-writes.rst and drivers/md/dm-log-writes.c. A write is logged
when it has completed, before the flush that makes it durable, and a flush when it is over. So between two flushes stand
the writes that a disk may still have in its cache at the second one: of these any part may survive, each sector by
itself.
"""

import random
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = 0x6A736677736872
SUPER = struct.Struct("<QQQI")  # magic, version, entries, sector size
ENTRY = struct.Struct("<QQQQ")  # sector, sectors, flags, bytes of data
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
SECTOR = 512  # the smallest piece that a disk writes whole, and the unit of the log's numbers


class LogError(Exception):
    """This is no log of writes, or not all of one; the sentence says what is wrong."""


@dataclass(frozen=True, slots=True)
class Write:
    """One entry; its data lies at `at` of the log's file."""

    sector: int
    sectors: int
    flags: int
    at: int
    mark: str


@dataclass(frozen=True)
class Epoch:
    """What was written between two flushes: entries from `first`, which is the first flush, up to `end`, the second."""

    first: int
    end: int
    last_mark: int  # number of the last mark before its end; -1: none


class WriteLog:
    """A log in a file. LogError."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        head = self._file.read(SECTOR)
        magic, version, count, size = SUPER.unpack_from(head)
        if magic != MAGIC or version != 1 or size != SECTOR:
            raise LogError(f"{path} is no log of writes of version 1 with sectors of {SECTOR} bytes")
        self.entries: list[Write] = []
        length = path.stat().st_size
        at = SECTOR
        for number in range(count):
            self._file.seek(at)
            raw = self._file.read(SECTOR)
            if len(raw) < SECTOR:
                raise LogError(f"{path} ends before its entry {number} of {count}")
            sector, sectors, flags, data = ENTRY.unpack_from(raw)
            mark = raw[ENTRY.size:ENTRY.size + data].split(b"\0")[0].decode() if flags & MARK else ""
            self.entries.append(Write(sector, sectors, flags, at + SECTOR, mark))
            at += SECTOR + (0 if flags & (DISCARD | MARK) else sectors * SECTOR)
            if at > length:
                raise LogError(f"{path} ends within its entry {number} of {count}")

    def close(self) -> None:
        self._file.close()

    def epochs(self) -> list[Epoch]:
        """All of them, oldest first; the first begins with the empty disk."""
        found, first, mark = [], 0, -1
        for number, entry in enumerate(self.entries):
            if entry.flags & MARK:
                mark = int(entry.mark) if entry.mark.isdigit() else mark  # the kernel makes one more at the end
            elif entry.flags & FLUSH:
                found.append(Epoch(first, number, mark))
                first = number
        return found

    def durable(self, image: Path, first: int, end: int) -> None:
        """Write the entries from `first` up to `end` into an image, whole."""
        with image.open("r+b") as file:
            for entry in self.entries[first:end]:
                self._apply(file, entry)

    def cut(self, image: Path, epoch: Epoch, chance: random.Random, share: float) -> int:
        """Write what survives of an epoch into an image that has all that came before; answers the sectors that don't.

        About `share` of the sectors survive, each by itself; those the disk was told to write at once (FUA) all do.
        """
        lost = 0
        with image.open("r+b") as file:
            for entry in self.entries[epoch.first:epoch.end]:
                lost += self._apply(file, entry, None if entry.flags & FUA else chance, share)
        return lost

    def _apply(self, file: BinaryIO, entry: Write, chance: random.Random | None = None, share: float = 1.0) -> int:
        if entry.flags & (MARK | DISCARD):  # what is discarded may be there as well: a disk promises nothing about it
            return 0
        self._file.seek(entry.at)
        data = self._file.read(entry.sectors * SECTOR)
        if chance is None:
            file.seek(entry.sector * SECTOR)
            file.write(data)
            return 0
        kept = [number for number in range(entry.sectors) if chance.random() < share]
        for number in kept:
            file.seek((entry.sector + number) * SECTOR)
            file.write(data[number * SECTOR:(number + 1) * SECTOR])
        return entry.sectors - len(kept)
