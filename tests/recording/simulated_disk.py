"""A disk that keeps what the system holds in memory apart from the platter, fails when told, and can lose its power.

After a power cut, of everything that was not synced any part may be there: each sector of 512 bytes of each write by
itself, each change of a name by itself. That is more than a real file system does, and all that the standard
promises.
"""

import errno
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512


@dataclass
class Inode:
    """One file's bytes: as the system has them, and as the platter has."""

    cache: bytearray = field(default_factory=bytearray)
    platter: bytearray = field(default_factory=bytearray)
    unsynced: list[tuple[int, bytes]] = field(default_factory=list)  # (offset, data); offset -1: a new size


class SimulatedDisk:
    """A `Disk`. `on_operation(name)` is called after everything that changes something; `fault(name, path)` answers an
    errno with which the operation fails, or 0."""

    def __init__(self) -> None:
        self.files: dict[Path, Inode] = {}
        self.safe: dict[Path, Inode] = {}  # the names that are on the platter
        self.renaming: list[tuple[Path | None, Path | None, Inode]] = []  # (old, new): changes not yet safe
        self.on_operation: Callable[[str], None] = lambda name: None
        self.fault: Callable[[str, Path], int] = lambda name, path: 0
        self.operations = 0
        self._opened: dict[int, tuple[Path, Inode]] = {}
        self._last = 2

    # ---- Disk ----

    def make_directory(self, path: Path, *, private: bool = False) -> None:
        self._meet("make_directory", path)

    def names(self, directory: Path) -> list[str]:
        return sorted(path.name for path in self.files if path.parent == directory)

    def create(self, path: Path, *, private: bool = False) -> int:
        self._meet("create", path)
        if path in self.files:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        inode = self.files[path] = Inode()
        self.renaming.append((None, path, inode))
        self._did("create")
        return self._open(path)

    def open(self, path: Path, *, write: bool = False) -> int:
        self._meet("open", path)
        if path not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return self._open(path)

    def close(self, file: int) -> None:
        del self._opened[file]

    def allocate(self, file: int, size: int) -> None:
        path, inode = self._opened[file]
        self._meet("allocate", path)
        inode.cache.extend(bytes(max(0, size - len(inode.cache))))
        inode.unsynced.append((-1, len(inode.cache).to_bytes(8, "little")))
        self._did("allocate")

    def size(self, file: int) -> int:
        return len(self._opened[file][1].cache)

    def write(self, file: int, parts: Sequence[bytes], offset: int) -> None:
        path, inode = self._opened[file]
        data = b"".join(parts)
        code = self.fault("write", path)
        if code:  # it fails in its middle
            _put(inode.cache, offset, data[:len(data) // 2])
            inode.unsynced.append((offset, data[:len(data) // 2]))
            raise OSError(code, os.strerror(code))
        _put(inode.cache, offset, data)
        inode.unsynced.append((offset, data))
        self._did("write")

    def read(self, file: int, length: int, offset: int) -> bytes:
        path, inode = self._opened[file]
        self._meet("read", path)
        return bytes(inode.cache[offset:offset + length])

    def sync(self, file: int) -> None:
        path, inode = self._opened[file]
        code = self.fault("sync", path)
        if code:  # as Linux does: the data is forgotten, and the next sync would say all is well
            inode.unsynced.clear()
            raise OSError(code, os.strerror(code))
        inode.platter = bytearray(inode.cache)
        inode.unsynced.clear()
        self._did("sync")

    def sync_directory(self, path: Path) -> None:
        self._meet("sync_directory", path)
        kept = []
        for change in self.renaming:
            old, new, inode = change
            if path in ((old or new).parent, (new or old).parent):  # type: ignore[union-attr]
                _rename(self.safe, old, new, inode)
            else:
                kept.append(change)
        self.renaming = kept
        self._did("sync_directory")

    def rename(self, old: Path, new: Path) -> None:
        self._meet("rename", old)
        if old not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        inode = self.files[old]
        _rename(self.files, old, new, inode)
        self.renaming.append((old, new, inode))
        self._did("rename")

    def unlink(self, path: Path) -> None:
        self._meet("unlink", path)
        if path not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        inode = self.files.pop(path)
        self.renaming.append((path, None, inode))
        self._did("unlink")

    # ---- what happens to it ----

    def cut(self, chance: random.Random, kept: float | None = None) -> "SimulatedDisk":
        """The disk after a power cut now. `kept`: the share of the unsynced that is there; None: any."""
        share = chance.random() if kept is None else kept
        after = SimulatedDisk()
        copies: dict[int, Inode] = {}
        names = dict(self.safe)
        for old, new, inode in self.renaming:
            if chance.random() < share:
                _rename(names, old, new, inode)
        for path, inode in names.items():
            copy = copies.get(id(inode))
            if copy is None:
                copy = copies[id(inode)] = _survives(inode, chance, share)
            after.files[path] = after.safe[path] = copy
        return after

    def killed(self) -> "SimulatedDisk":
        """The same disk for the next process: what the system had in memory is there, but still not safe."""
        self._opened.clear()
        return self

    def spoil(self, path: Path, offset: int, data: bytes) -> None:
        """Bytes on the platter change by themselves."""
        for inode in {id(one): one for one in (self.files[path], self.safe.get(path, self.files[path]))}.values():
            _put(inode.cache, offset, data)
            _put(inode.platter, offset, data)

    def everything(self) -> bytes:
        """All bytes that lie anywhere on it, in memory or on the platter, but for the zeros at the end of files."""
        inodes = {id(inode): inode for inode in [*self.files.values(), *self.safe.values()]}
        return b"".join(bytes(data).rstrip(b"\0") for inode in inodes.values() for data in (inode.cache, inode.platter))

    # ---- inside ----

    def _open(self, path: Path) -> int:
        self._last += 1
        self._opened[self._last] = (path, self.files[path])
        return self._last

    def _meet(self, name: str, path: Path) -> None:
        code = self.fault(name, path)
        if code:
            raise OSError(code, os.strerror(code))

    def _did(self, name: str) -> None:
        self.operations += 1
        self.on_operation(name)


def _put(data: bytearray, offset: int, piece: bytes) -> None:
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    data[offset:offset + len(piece)] = piece


def _rename(names: dict[Path, Inode], old: Path | None, new: Path | None, inode: Inode) -> None:
    if old is not None and names.get(old) is inode:
        del names[old]
    if new is not None:
        names[new] = inode


def _survives(inode: Inode, chance: random.Random, share: float) -> Inode:
    data = bytearray(inode.platter)
    for offset, piece in inode.unsynced:
        if offset < 0:
            size = int.from_bytes(piece, "little")
            if chance.random() < share:
                data.extend(bytes(max(0, size - len(data))))
            continue
        at = 0
        while at < len(piece):
            step = min(SECTOR - (offset + at) % SECTOR, len(piece) - at)
            if share >= 1.0 or chance.random() < share:
                _put(data, offset + at, piece[at:at + step])
            at += step
    return Inode(bytearray(data), data)
