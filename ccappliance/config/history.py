"""The configurations that were in force, with who, when and why: the files as they were, kept beside the journal.

    config-history/000012/entry.json     who, when, comment, digest, what changed
    config-history/000012/files/…        the files, as they were read
An entry is written whole or not at all; beyond MAX_CONFIG_HISTORY the oldest go.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_CONFIG_HISTORY
from ccappliance.config.load import Source

_NUMBER = re.compile(r"[0-9]{6,}")
_BEING_WRITTEN = "new"  # the folder of an entry that is not whole yet
_NEW = ".new"  # ending of a file that is about to take its place
KEPT = "kept"  # `kind` of files that were edited and never in force


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One configuration of the past, or the present one."""

    id: int
    at: datetime  # UTC
    by: str  # "start", "SIGHUP", "cli:root"
    comment: str
    kind: str  # "start" (found at a start of the daemon), "applied", KEPT
    digest: str  # as Loaded.digest
    changes: tuple[str, ...]  # dotted keys that differ from what was in force before
    files: tuple[str, ...]  # relative names


class ConfigHistory:
    """The entries in a directory. Only the daemon writes there; every method may wait for the disk."""

    def __init__(self, directory: Path, *, most: int = MAX_CONFIG_HISTORY) -> None:
        self.directory = directory
        self._most = most

    def entries(self) -> list[HistoryEntry]:
        """Newest first; what cannot be read is left out."""
        found = []
        for number in sorted(self._numbers(), reverse=True):
            try:
                told = json.loads((self._folder(number) / "entry.json").read_text("utf-8"))
                found.append(HistoryEntry(number, datetime.fromisoformat(told["at"]), told["by"], told["comment"],
                                          told["kind"], told["digest"], tuple(told["changes"]), tuple(told["files"])))
            except (OSError, ValueError, KeyError):
                continue
        return found

    def find(self, number: int) -> HistoryEntry:
        """Refused("no_such_entry")."""
        entries = self.entries()
        for entry in entries:
            if entry.id == number:
                return entry
        known = ", ".join(str(entry.id) for entry in entries[:10]) or "none"
        raise Refused("no_such_entry", f"there is no entry {number} in the history; the newest: {known}")

    def in_force(self) -> HistoryEntry | None:
        """The newest that was in force, not only kept."""
        return next((entry for entry in self.entries() if entry.kind != KEPT), None)

    def files(self, entry: HistoryEntry) -> Path:
        """The folder in which its files lie under their names."""
        return self._folder(entry.id) / "files"

    def sources(self, entry: HistoryEntry) -> list[Source]:
        """Its files. Refused("history_damaged") if one is gone."""
        try:
            return [Source(name, (self.files(entry) / name).read_bytes()) for name in entry.files]
        except OSError as error:
            raise Refused("history_damaged", f"entry {entry.id}: {error.filename}: {error.strerror}") from error

    def add(self, sources: Iterable[Source], *, at: datetime, by: str, comment: str, kind: str, digest: str,
            changes: Sequence[str]) -> HistoryEntry:
        """Keep one more, whole or not at all. OSError if the disk does not take it."""
        sources = list(sources)
        entry = HistoryEntry(max(self._numbers(), default=0) + 1, at.astimezone(UTC), by, comment, kind, digest,
                             tuple(changes), tuple(source.name for source in sources))
        folder = self.directory / _BEING_WRITTEN
        shutil.rmtree(folder, ignore_errors=True)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        for source in sources:
            _write(folder / "files" / source.name, source.data)
        told = asdict(entry) | {"at": entry.at.isoformat()}
        _write(folder / "entry.json", json.dumps(told, ensure_ascii=False, indent=1).encode())
        folder.rename(self._folder(entry.id))
        _sync(self.directory)
        for number in sorted(self._numbers())[:-self._most]:
            shutil.rmtree(self._folder(number), ignore_errors=True)
        return entry

    def _numbers(self) -> list[int]:
        try:
            return [int(name) for name in os.listdir(self.directory) if _NUMBER.fullmatch(name)]
        except FileNotFoundError:
            return []

    def _folder(self, number: int) -> Path:
        return self.directory / f"{number:06d}"


def restore(directory: Path, wanted: Iterable[Source], present: Iterable[Source]) -> list[str]:
    """Make a configuration's files be `wanted`, where they are `present`; answers the names that changed.

    All are written beside their places first, then take them one after the other; other files are left alone. If
    anything fails everything is put back: Refused("not_written").
    """
    old, new = {one.name: one.data for one in present}, {one.name: one.data for one in wanted}
    changed = [name for name in new if new[name] != old.get(name)]
    gone = [name for name in old if name not in new]
    beside: list[str] = []
    done: list[str] = []
    try:
        for name in changed:
            _write_like(directory / name, new[name])
            beside.append(name)
        for name in changed:
            (directory / (name + _NEW)).replace(directory / name)
            done.append(name)
        for name in gone:
            (directory / name).unlink()
            done.append(name)
        for folder in dict.fromkeys((directory / name).parent for name in done):
            _sync(folder)
    except OSError as error:
        for name in beside:
            (directory / (name + _NEW)).unlink(missing_ok=True)
        for name in done:
            if name in old:
                _write_like(directory / name, old[name])
                (directory / (name + _NEW)).replace(directory / name)
            else:
                (directory / name).unlink(missing_ok=True)
        raise Refused("not_written", f"{error.filename}: {error.strerror}; nothing was changed. Run this as root, or "
                      "as somebody who may write there") from error
    return [*changed, *gone]


def _write_like(path: Path, data: bytes) -> None:
    """Write PATH.new with the rights of PATH, or of a file beside it: the daemon's user must be able to read it."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    others = sorted(path.parent.glob("*.yaml"))
    beside = path.with_name(path.name + _NEW)
    _write(beside, data)
    like = path if path.exists() else next(iter(others), None)
    if like is None:
        beside.chmod(0o644)
        return
    stat = like.stat()
    beside.chmod(stat.st_mode & 0o7777)
    if (stat.st_uid, stat.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(beside, stat.st_uid, stat.st_gid)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
