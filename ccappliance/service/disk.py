"""The disk behind a border: the few operations between which the power may fail, so that a test can cut after each.

Whoever must survive a power cut writes through a `Disk`: the real one here, or one of a test that keeps what the system
holds in memory apart from what the platter has. Paths are absolute; numbers of open files are the implementation's own.
"""

import contextlib
import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

_MOST_PARTS = 1024  # IOV_MAX: parts one pwritev takes


class Disk(Protocol):
    """What a recorder asks of a file system. Every method may wait for the disk, and raises OSError."""

    def make_directory(self, path: Path, *, private: bool = False) -> None:
        """With its parents, each of them on the platter when this returns; harmless if it is there. `private`: nobody
        but its owner may look into it."""
        ...

    def names(self, directory: Path) -> list[str]:
        """What lies in a directory, sorted; none if there is no such directory."""
        ...

    def create(self, path: Path, *, private: bool = False) -> int:
        """A new empty file, open to read and write. FileExistsError rather than touch another one. `private`: nobody
        but its owner may read it."""
        ...

    def open(self, path: Path, *, write: bool = False) -> int:
        """An existing file. FileNotFoundError."""
        ...

    def close(self, file: int) -> None: ...

    def allocate(self, file: int, size: int) -> None:
        """Room for `size` bytes, zeros where nothing was written: no write into it can find the disk full."""
        ...

    def size(self, file: int) -> int: ...

    def write(self, file: int, parts: Sequence[bytes], offset: int) -> None:
        """All parts one after the other from `offset` on: in the system's memory when this returns, not yet safe."""
        ...

    def read(self, file: int, length: int, offset: int) -> bytes:
        """At most `length` bytes; fewer only at the end of the file."""
        ...

    def sync(self, file: int) -> None:
        """What was written to this file, and its size, are on the platter when this returns. After an error never ask
        the same file again: the system forgets the error, and the data with it."""
        ...

    def sync_directory(self, path: Path) -> None:
        """Names made, changed and taken away in it are on the platter when this returns."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """At once and whole; what had the new name is gone."""
        ...

    def unlink(self, path: Path) -> None: ...


class RealDisk:
    """The machine's own. `patient` False: what is written reaches the platter when the system likes (virtual time)."""

    def __init__(self, *, patient: bool = True) -> None:
        self._patient = patient

    def make_directory(self, path: Path, *, private: bool = False) -> None:
        if path.is_dir():
            return
        self.make_directory(path.parent)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700 if private else 0o750)
        self.sync_directory(path.parent)

    def names(self, directory: Path) -> list[str]:
        try:
            return sorted(os.listdir(directory))
        except FileNotFoundError:
            return []

    def create(self, path: Path, *, private: bool = False) -> int:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600 if private else 0o640)

    def open(self, path: Path, *, write: bool = False) -> int:
        return os.open(path, (os.O_RDWR if write else os.O_RDONLY) | os.O_CLOEXEC)

    def close(self, file: int) -> None:
        os.close(file)

    def allocate(self, file: int, size: int) -> None:
        os.posix_fallocate(file, 0, size)

    def size(self, file: int) -> int:
        return os.fstat(file).st_size

    def write(self, file: int, parts: Sequence[bytes], offset: int) -> None:
        for first in range(0, len(parts), _MOST_PARTS):
            some = parts[first:first + _MOST_PARTS]
            wanted = sum(map(len, some))
            done = os.pwritev(file, some, offset)
            if done != wanted:
                self._rest(file, memoryview(b"".join(some))[done:], offset + done)
            offset += wanted

    def _rest(self, file: int, rest: memoryview, offset: int) -> None:
        """A write fell short: by a signal, or because there is no more room."""
        while rest:
            done = os.pwrite(file, rest, offset)
            if done == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            rest, offset = rest[done:], offset + done

    def read(self, file: int, length: int, offset: int) -> bytes:
        data = os.pread(file, length, offset)
        if len(data) in (0, length):
            return data
        parts = [data]
        while len(data) and sum(map(len, parts)) < length:  # a large read may come in parts
            got = sum(map(len, parts))
            data = os.pread(file, length - got, offset + got)
            parts.append(data)
        return b"".join(parts)

    def sync(self, file: int) -> None:
        if self._patient:
            os.fdatasync(file)

    def sync_directory(self, path: Path) -> None:
        if not self._patient:
            return
        directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def rename(self, old: Path, new: Path) -> None:
        os.rename(old, new)

    def unlink(self, path: Path) -> None:
        os.unlink(path)
