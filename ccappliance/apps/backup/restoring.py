"""Restoring a backup: everything is checked first, laid beside its place, made fit for this program, then renamed.

Until the renaming nothing of the box is touched; what was there before stays under another name. A restore that was cut
short is simply done again.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ccappliance.apps.backup import sealing
from ccappliance.apps.backup.archive import ArchiveError, Manifest, Member, Reading
from ccappliance.apps.backup.box import DATABASE, JOURNAL
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_BACKUP_KEYS
from ccappliance.call.journal_file import last_entry, paths
from ccappliance.service.disk import Disk
from ccappliance.service.lock import LockFile
from ccappliance.store import identity
from ccappliance.store.database import Store
from ccappliance.store.snapshot import is_database

_BESIDE = ".restoring"  # ending of a folder that is about to take its place


@dataclass(frozen=True)
class Into:
    """Where the parts of a box go; recordings lie in the state."""

    config: Path
    state: Path
    outside: Path  # what lay elsewhere, below its whole path


@dataclass(frozen=True)
class Restored:
    """What was done, and what is left to do."""

    manifest: Manifest
    schema: int  # of the database now
    kept: tuple[Path, ...]  # what was there before
    todo: tuple[str, ...]


def check(disk: Disk, path: Path, passphrase: str = "") -> Manifest:
    """Read every byte of it. ArchiveError; Refused("wrong_passphrase")."""
    with Reading(disk, path) as reading:
        for member, data in reading.members():
            _read_sealed(member, data, passphrase)
        return reading.manifest


def restore(disk: Disk, path: Path, into: Into, *, passphrase: str = "", force: bool = False) -> Restored:
    """Put a backup in place. Refused("not_empty", "already_running", "no_passphrase", "no_room"), ArchiveError,
    OSError: then everything is as it was."""
    manifest = check(disk, path, passphrase)
    if manifest.keys == "sealed" and not passphrase and not force:
        raise Refused("no_passphrase", "keys are sealed in this backup: give --passphrase-file, or --force to restore "
                                       "without them (what they encrypt is lost then)")
    _check_places(manifest, into, force)
    lock = LockFile(into.state / JOURNAL / "journal.lock", "the daemon") if (into.state / JOURNAL).is_dir() else None
    beside = {root: _beside(place) for root, place in (("config", into.config), ("state", into.state),
                                                       ("outside", into.outside))}
    try:
        for folder in beside.values():
            shutil.rmtree(folder, ignore_errors=True)
        with Reading(disk, path) as reading:
            if reading.manifest != manifest:
                raise ArchiveError(f"{path} was exchanged for another file while it was read")
            for member, data in reading.members():
                _unpack(member, data, beside, passphrase)
        schema = _make_fit(beside["state"], manifest)
        kept = tuple(old for root, place in (("outside", into.outside), ("config", into.config), ("state", into.state))
                     if beside[root].exists() for old in _take_place(beside[root], place))
    finally:
        for folder in beside.values():
            shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            lock.release()
    return Restored(manifest, schema, kept, tuple(_todo(manifest, into, passphrase)))


# ---- before ----

def _check_places(manifest: Manifest, into: Into, force: bool) -> None:
    for place in (into.config, into.state, into.outside):
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise Refused("bad_place", f"{place} is no folder; name another place with --into")
        if place.is_dir() and any(place.iterdir()) and not force:
            raise Refused("not_empty", f"{place} is not empty: restore into another folder with --into, or say --force "
                                       "(what is there is kept beside it)")
    need = sum(member.size for member in manifest.members)
    parent = next(parent for parent in into.state.absolute().parents if parent.is_dir())
    free = shutil.disk_usage(parent).free
    if need > free:
        raise Refused("no_room", f"the backup unpacks to {need >> 20} MiB, {parent} has {free >> 20} MiB: make room, "
                                 "or name another disk with --into")


def _beside(place: Path) -> Path:
    return place.with_name(f"{place.name}{_BESIDE}")


# ---- unpacking ----

def _read_sealed(member: Member, data: Iterator[bytes], passphrase: str) -> dict[str, bytes]:
    """The keys, if this is where they are and they can be opened; else it is read to its end."""
    if member.name != sealing.NAME or not passphrase:
        for _ in data:
            pass
        return {}
    if member.size > 2 * MAX_BACKUP_KEYS:
        raise ArchiveError(f"{member.name} has {member.size} bytes; so many keys no backup of ours has")
    return sealing.unseal(b"".join(data), passphrase)


def _unpack(member: Member, data: Iterator[bytes], beside: dict[str, Path], passphrase: str) -> None:
    if member.name.partition("/")[0] == "sealed":
        for name, key in _read_sealed(member, data, passphrase).items():
            _put(_target(name, beside), iter([key]), 0o600)
        return
    _put(_target(member.name, beside), data, member.mode & 0o755 | 0o600)


def _target(name: str, beside: dict[str, Path]) -> Path:
    root, _, rest = name.partition("/")
    if root == "recordings":
        return beside["state"] / "recordings" / rest
    if root not in beside:
        raise ArchiveError(f"{name!r} belongs nowhere")
    return beside[root] / rest


def _put(path: Path, data: Iterator[bytes], mode: int) -> None:
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "wb") as file:
        for piece in data:
            file.write(piece)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


# ---- making it fit ----

def _make_fit(state: Path, manifest: Manifest) -> int:
    """Bring an older database up to date, and begin the box's next life: the database's version now."""
    state.mkdir(mode=0o750, parents=True, exist_ok=True)
    found = paths(state / JOURNAL) if (state / JOURNAL).is_dir() else []
    last = next((number for path in reversed(found) if (number := last_entry(path)[1])), 0)
    if last != manifest.entry:
        raise ArchiveError(f"its journal ends with entry {last}, not {manifest.entry}: it does not hold together")
    schema = 0
    if (state / DATABASE).exists():
        if not is_database(state / DATABASE):
            raise ArchiveError("its database is none")
        store = Store(state / DATABASE, threaded=False)
        try:
            if store.set_aside is not None:
                raise ArchiveError("its database is corrupt")
            schema = int(store.query("PRAGMA user_version")[0][0])
        finally:
            store.close()
        with contextlib.closing(sqlite3.connect(state / DATABASE)) as database:
            database.execute("PRAGMA journal_mode=DELETE")  # one file, whole and synced
    if (state / identity.FILE).exists():
        box = identity.parse((state / identity.FILE).read_text("utf-8"), identity.FILE)
        identity.write(state, replace(box, life=box.life + 1, since=manifest.entry))
    return schema


def _take_place(beside: Path, place: Path) -> list[Path]:
    """Rename it to its place, with the owner of what was there; answers where that is now."""
    _own(beside, place if place.exists() else beside.parent)
    _sync_tree(beside)
    kept: list[Path] = []
    if place.is_dir() and any(place.iterdir()):
        number = 1
        while (old := place.with_name(f"{place.name}.before-restore-{number}")).exists():
            number += 1
        place.rename(old)
        kept.append(old)
    beside.rename(place)  # over an empty folder too, at once
    _sync(place.parent)
    return kept


def _own(tree: Path, like: Path) -> None:
    """Files belong to whom the place belongs: the daemon's user must be able to write there."""
    told = like.stat()
    if os.geteuid() == 0 and (told.st_uid, told.st_gid) != (0, 0):
        for folder, _, files in os.walk(tree):
            for name in (".", *files):
                os.chown(Path(folder) / name, told.st_uid, told.st_gid, follow_symlinks=False)


def _sync_tree(tree: Path) -> None:
    for folder, _, _ in os.walk(tree):
        _sync(Path(folder))


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# ---- after ----

def _todo(manifest: Manifest, into: Into, passphrase: str) -> Iterator[str]:
    """What a person must do, on another box above all."""
    names = [member.name for member in manifest.members]
    host = os.uname().nodename
    if host != manifest.host:
        yield (f"The backup is of {manifest.host}, this is {host}: compare `cards` with {into.config}/spans.yaml "
               "(ports and their order may differ), and make certificates for this host's name.")
        yield "Stop the old box for good before this one starts: headquarters refuses two that are the same."
    if manifest.keys == "left out" or (manifest.keys == "sealed" and not passphrase):
        yield "Keys were not restored: what they encrypt cannot be read, and new ones are made at the start."
    outside = [name.removeprefix("outside") for name in names if name.startswith("outside/")]
    if outside:
        yield (f"The configuration names files elsewhere; they lie in {into.outside} under their whole paths. Copy "
               f"them back: {', '.join(outside[:5])}{' …' if len(outside) > 5 else ''}")
    old = Path(manifest.places.get("recordings", ""))
    if old != Path(manifest.places.get("state", "")) / "recordings":
        yield f"Recordings lay in {old} (recording.directory); move {into.state / 'recordings'} there."
    if not manifest.recordings:
        yield "The sound of recordings is not in this backup: calls are listed, but cannot be listened to."
    yield f"Check the configuration: `ccappliance config check --config {into.config}`, then start the daemon."
