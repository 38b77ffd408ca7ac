"""Tape rings that outlive the process: a file in memory that the tick fills, and what is left of those of earlier runs.

    0     4096 bytes  magic, version, how many rings, frames of each, bytes of each, the machine's boot; CRC
    4096  rings       one after the other: `tape_t` of ext/ccappliance/media/src/tape.h

The file lies on a tmpfs, for the tick must never wait for a disk to take a page: `kill -9` leaves it, a power cut takes
it. Every run makes a file of its own, so nothing of an earlier one is overwritten before it is safe elsewhere. Nothing
that is read is believed before its bounds are looked at; there can be no CRC over what is written at every moment.
"""

import mmap
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ccappliance.base.limits import TAPE_SECONDS
from ccappliance.base.units import TICK

VERSION = 1
BASE = 4096  # of the first ring
TAPE_FRAMES = round(TAPE_SECONDS / TICK)
_MAGIC = b"CCRINGS\n"
_FILE = struct.Struct("<8sIIII64s")
_SUFFIX = ".rings"

# tape_t and tape_slot_t, as tape.h promises
_NAMED = 0x676E6972
_HEAD = 4096
_NAME, _LONGEST = 192, 4096 - 256
_SPARE = 25
_RING = struct.Struct("<qqqq32xqq")  # named, length, check, room; head, pushed
_SLOT = struct.Struct("<qqq640s")  # at, lost_before, paused, stereo
_STRIDE = (_HEAD + (TAPE_FRAMES + _SPARE) * _SLOT.size + 4095) // 4096 * 4096
_MOST = 1 << 40  # frames; 700 years


class Frame(NamedTuple):
    """20 ms of a tape: `at` counts from its beginning; interleaved int16 stereo."""

    at: int
    paused: bool
    stereo: bytes


class Left(NamedTuple):
    """A ring that a killed run has left: its newest frames, in order; `frames` were pushed, lost ones included."""

    name: bytes
    frames: int
    newest: list[Frame]


class Rings:
    """This run's file, mapped and present; and the files of earlier runs in the same folder."""

    def __init__(self, folder: Path, count: int, boot: str) -> None:
        """`count` rings of TAPE_SECONDS. OSError: the folder is not ours alone, or has no room for all of them.

        Whoever makes it holds the lock of the state directory: nobody else uses this folder.
        """
        self.count = count
        self._folder = folder
        self._boot = boot.encode("ascii", "replace")[:64].ljust(64, b"\0")
        _keep_private(folder)
        self._earlier = sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX)
        last = max((int(path.stem) for path in self._earlier if path.stem.isdigit()), default=0)
        self._path = folder / f"{last + 1:06d}{_SUFFIX}"
        size = BASE + count * _STRIDE
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, size)  # now, or the tick would die of SIGBUS when the memory is full
            self.memory = mmap.mmap(file, size, mmap.MAP_SHARED)
            self.memory[:BASE] = _header(count, self._boot).ljust(BASE, b"\0")
        except OSError:
            os.unlink(self._path)
            raise
        finally:
            os.close(file)

    def left(self) -> Iterator[Left]:
        """What earlier runs since the machine's start have not settled; what is no such ring is passed over."""
        for path in self._earlier:
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                count = _count(os.pread(file, BASE, 0), self._boot)
                for place in range(count):
                    ring = read_ring(os.pread(file, _STRIDE, BASE + place * _STRIDE))
                    if ring is not None:
                        yield ring
            finally:
                os.close(file)

    def forget(self) -> None:
        """What earlier runs have left is safe elsewhere."""
        for path in self._earlier:
            path.unlink(missing_ok=True)
        self._earlier = []

    def close(self) -> None:
        """The end: nothing is left of this run, unless the disk took nothing and the next one has to save it. Whatever
        is still mapped stays so until nobody uses it."""
        places = range(BASE, BASE + self.count * _STRIDE, _STRIDE)
        if not any(_RING.unpack_from(self.memory, place)[0] == _NAMED for place in places):
            self._path.unlink(missing_ok=True)


def open_rings(folders: list[Path], count: int, boot: str) -> tuple[Rings | None, str]:
    """In the first folder that has room; else (None, why not)."""
    why = "no folder in memory was found"
    for folder in folders:
        try:
            return Rings(folder, count, boot), ""
        except OSError as error:
            why = f"{folder}: {error.strerror or error}"
    return None, why


def read_ring(data: bytes) -> Left | None:
    """A ring as the tick left it, at any moment; None if nobody would miss it or it is not to be believed."""
    if len(data) != _STRIDE:
        return None
    named, length, check, room, head, pushed = _RING.unpack_from(data)
    name = data[_NAME:_NAME + length] if 0 < length <= _LONGEST else b""
    if named != _NAMED or room != TAPE_FRAMES + _SPARE or not 0 <= head <= _MOST or not 0 <= pushed <= _MOST \
            or not name or zlib.crc32(name) != check:
        return None
    newest: list[Frame] = []
    for number in range(max(0, head - room + 1), head):  # the oldest one was perhaps just being overwritten
        at, _, paused, stereo = _SLOT.unpack_from(data, _HEAD + number % room * _SLOT.size)
        if at < number or at > pushed or paused not in (0, 1) or (newest and at <= newest[-1].at):
            return None
        newest.append(Frame(at, bool(paused), stereo))
    return Left(name, max(pushed, newest[-1].at + 1 if newest else 0), newest)  # killed between slot and count


def _header(count: int, boot: bytes) -> bytes:
    head = _FILE.pack(_MAGIC, VERSION, count, TAPE_FRAMES, _STRIDE, boot)
    return head + struct.pack("<I", zlib.crc32(head))


def _count(header: bytes, boot: bytes) -> int:
    """Rings of a file; 0 if it is none of this version and this start of the machine."""
    if len(header) < BASE:
        return 0
    count = int(_FILE.unpack_from(header)[2])
    return count if header.startswith(_header(count, boot)) else 0


def _keep_private(folder: Path) -> None:
    """There, and nobody else's: conversations lie in it, and /dev/shm is everybody's. OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise PermissionError(1, f"it is there already and not the daemon's alone; remove it: {folder}") from None
