"""What belongs to a box: every file of it, and how each is copied while others write to it.

Configuration is read whole and read again until nothing moved; databases are copied as of one moment; of files that
only grow (journal, chain) as much is taken as was there; finished sound is held by a second name, so that nobody can
take it away meanwhile; keys go apart. What is unknown but lies in the state directory is taken along: a later version's
rooms need say nothing here.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ccappliance.apps.backup.archive import PIECE, Changed, Piece
from ccappliance.call.journal_file import last_entry, paths
from ccappliance.store.snapshot import is_database, snapshot

DATABASE = "ccappliance.db"
JOURNAL = "journal"
STAGING = ".backup"  # below the state directory: copies and second names, while a backup is made
SEGMENTS = "segments"  # of sound that has no file of its own yet
_SECRET_FOLDERS = ("keys", "secrets")
_SECRET_ENDINGS = (".key", ".pem", ".p12")
_LEFT = (".part", ".new", ".lock", ".sock", "-wal", "-shm", "-journal", ".pid")  # endings of what means nothing later
_STEADY = 5  # readings of the configuration until it is given up


@dataclass(frozen=True)
class Places:
    """Where a box's things lie."""

    config: Path
    state: Path
    recordings: Path
    outside: tuple[Path, ...] = ()  # files and folders elsewhere that the configuration names: prompts, tables, scripts
    left: tuple[Path, ...] = ()  # folders that are not to be taken: where backups lie


@dataclass
class Content:
    """All that goes into one backup."""

    pieces: list[Piece] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)  # name → bytes, not among the pieces
    schema: int = 0
    entry: int = 0  # the last of the journal


def gather(places: Places, recordings: bool, breathe: Callable[[int], None]) -> Content:
    """Everything, in the order of names within its root. OSError, Changed, StoreError."""
    staging = places.state / STAGING
    clear(places)
    staging.mkdir(mode=0o700, parents=True)
    content = Content()
    held = _Held(staging, breathe)
    for piece in _configuration(places.config):
        if _is_secret(Path(piece.name)):
            content.keys[piece.name] = b"".join(piece.read())
        else:
            content.pieces.append(piece)
    if (places.state / DATABASE).exists():  # before the journal: it may know less than that, never more
        copy = held.name()
        content.schema = snapshot(places.state / DATABASE, copy, breathe)
        content.pieces.append(_file(f"state/{DATABASE}", copy, copy.stat().st_size))
    for path in _walk(places.state, [places.recordings, places.state / JOURNAL, staging, *places.left]):
        if path != places.state / DATABASE:
            _add(content, held, f"state/{_relative(path, places.state)}", path)
    for path in _walk(places.recordings, [staging, *places.left]):
        inside = path.relative_to(places.recordings)
        if recordings or len(inside.parts) == 1 or _is_secret(inside):
            copied = inside.parts[0] == SEGMENTS  # written to in their middle
            _add(content, held, f"recordings/{_relative(path, places.recordings)}", path, copied=copied)
    for root in places.outside:
        for path in [root] if root.is_file() else _walk(root, [places.config, places.state, places.recordings]):
            if not path.is_relative_to(places.config) and not path.is_relative_to(places.state):
                _add(content, held, f"outside/{_relative(path, Path('/'))}", path)
    _journal(content, held, places.state / JOURNAL)
    return content


def clear(places: Places) -> None:
    """Take away what `gather` has put aside."""
    shutil.rmtree(places.state / STAGING, ignore_errors=True)


def in_memory(data: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: (data[at:at + PIECE] for at in range(0, len(data), PIECE))


# ---- inside ----

class _Held:
    """Files put aside: by a second name where the file system can, else they stay where they are."""

    def __init__(self, staging: Path, breathe: Callable[[int], None]) -> None:
        self._staging, self._breathe, self._count = staging, breathe, 0

    def name(self) -> Path:
        self._count += 1
        return self._staging / f"{self._count:07d}"

    def second_name(self, path: Path) -> Path:
        beside = self.name()
        try:
            os.link(path, beside, follow_symlinks=False)
        except FileNotFoundError:
            raise
        except OSError:  # another file system, or one without links
            return path
        return beside

    def copy(self, path: Path) -> Path:
        beside = self.name()
        with path.open("rb") as source, beside.open("xb") as target:
            while data := source.read(PIECE):
                target.write(data)
                self._breathe(len(data))
        return beside


def _configuration(directory: Path) -> list[Piece]:
    """Every file below the directory, as they all were at one moment."""
    for _ in range(_STEADY):
        before = _stamps(directory)
        found = [Piece(f"config/{name}", path.stat().st_mode, in_memory(path.read_bytes()))
                 for name, path in ((_relative(path, directory), path) for path in before)]
        if found and _stamps(directory) == before:
            return found
    raise Changed(f"the configuration in {directory} is empty, or is being edited without end")


def _stamps(directory: Path) -> dict[Path, tuple[int, int, int]]:
    stamps = {}
    for path in _walk(directory, [], follow=True):
        told = path.stat()
        stamps[path] = (told.st_mtime_ns, told.st_size, told.st_ino)
    return stamps


def _journal(content: Content, held: _Held, directory: Path) -> None:
    found = paths(directory) if directory.is_dir() else []
    for path in reversed(found):
        whole, number = last_entry(path)
        size = path.stat().st_size if content.entry else whole
        content.entry = content.entry or number
        content.pieces.append(_file(f"state/{JOURNAL}/{path.name}", held.second_name(path), size))


def _add(content: Content, held: _Held, name: str, path: Path, *, copied: bool = False) -> None:
    try:
        if _is_secret(Path(name)):
            content.keys[name] = path.read_bytes()
        elif is_database(path):
            copy = held.name()
            snapshot(path, copy, lambda done: None)
            content.pieces.append(_file(name, copy, copy.stat().st_size))
        else:
            size = path.stat().st_size
            content.pieces.append(_file(name, held.copy(path) if copied else held.second_name(path), size))
    except FileNotFoundError:
        return  # gone since it was listed: it is no part of the box any more


def _file(name: str, path: Path, size: int) -> Piece:
    """The first `size` bytes of a file."""
    def read() -> Iterator[bytes]:
        left = size
        with path.open("rb") as file:
            while left and (data := file.read(min(PIECE, left))):
                left -= len(data)
                yield data
    return Piece(name, path.stat().st_mode, read)


def _walk(root: Path, without: list[Path], *, follow: bool = False) -> list[Path]:
    """Plain files below a folder, sorted; links are left alone (or, of a configuration, followed to files)."""
    found = []
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and here / name not in without)
        for name in sorted(files):
            if name.startswith(".") or name.endswith(_LEFT) or ".corrupt-" in name:
                continue
            try:
                kind = (here / name).stat(follow_symlinks=follow).st_mode
            except FileNotFoundError:
                continue
            if stat.S_ISREG(kind):
                found.append(here / name)
    return found


def _is_secret(path: Path) -> bool:
    return any(part in _SECRET_FOLDERS for part in path.parts[:-1]) or path.suffix in _SECRET_ENDINGS


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
