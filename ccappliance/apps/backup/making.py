"""Making a backup: everything is gathered, weighed, written, read back; done once more if a file changed meanwhile."""

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccappliance.apps.backup import archive, sealing
from ccappliance.apps.backup.archive import ArchiveError, Changed, Manifest, Piece
from ccappliance.apps.backup.box import DATABASE, STAGING, Content, Places, clear, gather, in_memory
from ccappliance.base.errors import Refused
from ccappliance.service.disk import Disk

_TRIES = 3


@dataclass(frozen=True)
class Asked:
    """What is to be in it, and what it says of itself."""

    made_by: str
    at: str  # ISO 8601, UTC
    box: str
    host: str
    recordings: bool = False
    passphrase: str = ""  # "": keys are left out


@dataclass(frozen=True)
class Made:
    """A whole backup."""

    path: Path
    size: int
    manifest: Manifest


def make(path: Path, places: Places, asked: Asked, disk: Disk, random_bytes: Callable[[int], bytes],
         breathe: Callable[[int], None] = lambda done: None) -> Made:
    """Make one; waits for disks. ArchiveError, Refused, StoreError, OSError: what had this name is there still."""
    if path.name.startswith(".") or path.is_dir():
        raise Refused("bad_file", f"{path} is no name for a backup; name a file such as box.tar.gz")
    if path.absolute().is_relative_to(places.state.absolute() / STAGING):
        raise Refused("bad_file", f"{path} lies where backups are put together; name another place")
    if asked.passphrase and len(asked.passphrase) < sealing.SHORTEST:
        sealing.seal({}, asked.passphrase, random_bytes)  # refuses before any work is done
    for attempt in range(_TRIES):
        try:
            return _make(path, places, asked, disk, random_bytes, breathe)
        except Changed:
            if attempt == _TRIES - 1:
                raise
        finally:
            clear(places)
    raise AssertionError


def _make(path: Path, places: Places, asked: Asked, disk: Disk, random_bytes: Callable[[int], bytes],
          breathe: Callable[[int], None]) -> Made:
    content = gather(places, asked.recordings, breathe)
    _check_reach(content, places)
    pieces = list(content.pieces)
    if content.keys and asked.passphrase:
        pieces.append(Piece(sealing.NAME, 0o600, in_memory(sealing.seal(content.keys, asked.passphrase, random_bytes))))
    members = tuple(archive.weigh(piece, breathe) for piece in pieces)
    keys = ("sealed" if asked.passphrase else "left out") if content.keys else "none"
    manifest = Manifest(asked.made_by, asked.at, asked.box, asked.host, content.entry, content.schema,
                        asked.recordings, keys, {"config": str(places.config), "state": str(places.state),
                                                 "recordings": str(places.recordings)}, members)
    return Made(path, archive.write(disk, path, manifest, pieces, breathe), manifest)


def _check_reach(content: Content, places: Places) -> None:
    """The journal must know what the database does: entries that wait for a failing disk are in no file."""
    if not content.schema:
        return
    try:
        with contextlib.closing(sqlite3.connect(places.state / STAGING / "0000001")) as copy:
            (applied,) = copy.execute("SELECT coalesce(max(applied), 0) FROM reader").fetchone()
    except sqlite3.Error as error:
        raise ArchiveError(f"the copy of {DATABASE} cannot be read ({error}); is the disk of {places.state} "
                           "in order?") from error
    if applied > content.entry:
        raise ArchiveError(f"the database knows entry {applied} of the journal, whose files end with {content.entry}: "
                           f"the journal's disk takes nothing; make room in {places.state}, then try again "
                           f"({DATABASE} and journal must fit together)")


def words(manifest: Manifest) -> list[str]:
    """What must be said to who asked for it."""
    said = []
    if manifest.keys == "left out":
        said.append("KEYS ARE NOT IN THIS BACKUP: encrypted recordings and certificates' private keys cannot be "
                    "restored from it. Give --passphrase-file to take them along, sealed.")
    if not manifest.recordings:
        said.append("The sound of recordings is not in it; --with-recordings takes it along.")
    return said
