"""The file of a backup: a tar within gzip that begins with a manifest and ends with a seal over every byte before it.

    manifest.json     what is in it: each member's name, size and SHA-256, in order
    …                 the members
    (a second gzip member of fixed length: the SHA-256 of all bytes before it)
`tar tzf` reads it. It is written to FILE.part, synced, read back, and only then given its name. Who reads one believes
nothing: names, kinds and sizes must be those of the manifest, and the manifest's must be harmless.
"""

import contextlib
import hashlib
import json
import re
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ccappliance.base.errors import CcError
from ccappliance.base.limits import MAX_BACKUP_MANIFEST, MAX_BACKUP_MEMBERS
from ccappliance.service.disk import Disk

FORMAT = 1
MANIFEST = "manifest.json"
ROOTS = ("config", "state", "recordings", "outside", "sealed")  # what a member's name may begin with
PIECE = 1 << 20  # bytes read, written or told at a time
_BLOCK = 512  # of a tar
_LONGEST = 4096  # bytes of a name
_WRONG = re.compile(r"(?:^|/)(?:\.{0,2})(?:/|$)|[\0-\x1f\x7f]|\\")  # empty parts, ".", "..", control characters
_WORDS = b"ccappliance backup, sha256 of all before: "
_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"  # a member without name or time


class ArchiveError(CcError):
    """This is no whole backup, or it could not be made; the sentence says why."""


class Changed(ArchiveError):
    """A file was another one when it was read for the second time: begin again."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a backup."""

    name: str  # with '/'; ROOTS
    size: int
    sha256: str
    mode: int  # permission bits


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    made_by: str  # version of the program
    at: str  # ISO 8601, UTC
    box: str  # the site's name
    host: str
    entry: int  # the last of the journal in it
    schema: int  # of the database
    recordings: bool  # their sound is in it
    keys: str  # "sealed", "left out", "none"
    places: dict[str, str]  # config, state, recordings: where they lay
    members: tuple[Member, ...]

    def encode(self) -> bytes:
        return json.dumps({"ccappliance_backup": FORMAT, **asdict(self)}, ensure_ascii=False, indent=0).encode(
            "utf-8", "surrogateescape")


@dataclass(frozen=True)
class Piece:
    """A file that goes into a backup. `read` answers its bytes, the same each time, in pieces of at most PIECE."""

    name: str
    mode: int
    read: Callable[[], Iterator[bytes]]


def weigh(piece: Piece, breathe: Callable[[int], None]) -> Member:
    """Read it once: what the manifest says of it."""
    digest, size = hashlib.sha256(), 0
    for data in piece.read():
        digest.update(data)
        size += len(data)
        breathe(len(data))
    return Member(check_name(piece.name), size, digest.hexdigest(), piece.mode & 0o777)


# ---- writing ----

def write(disk: Disk, path: Path, manifest: Manifest, pieces: Iterable[Piece], breathe: Callable[[int], None]) -> int:
    """Make the file: its size. `pieces`: those of the manifest, in its order. Changed, ArchiveError, OSError; whatever
    happens, what was under this name before is there or the whole new one is."""
    part = path.with_name(path.name + ".part")
    with contextlib.suppress(FileNotFoundError):
        disk.unlink(part)  # what a cut has left
    with contextlib.ExitStack() as failed:
        failed.callback(_forget, disk, part)
        with contextlib.ExitStack() as opened:
            file = disk.create(part)
            opened.callback(disk.close, file)
            out = _Out(disk, file)
            _write_tar(out, manifest, pieces, breathe)
            out.seal()
            disk.sync(file)
        try:
            for _ in verified(disk, part, breathe):
                pass
        except ArchiveError as error:
            raise ArchiveError(f"what was written to {part} is not what the disk gives back ({error}); "
                               "use another disk") from error
        disk.rename(part, path)
        failed.pop_all()
    disk.sync_directory(path.parent)
    return out.size


def _forget(disk: Disk, part: Path) -> None:
    with contextlib.suppress(OSError):
        disk.unlink(part)


class _Out:
    """Compresses, counts and sums up what is written."""

    def __init__(self, disk: Disk, file: int) -> None:
        self.size = 0
        self._disk, self._file = disk, file
        self._sha = hashlib.sha256()
        self._zip = zlib.compressobj(1, zlib.DEFLATED, 31)  # sound hardly shrinks: the fastest level

    def put(self, data: bytes) -> None:
        self._append(self._zip.compress(data))

    def seal(self) -> None:
        self._append(self._zip.flush())
        self._append(_seal(self._sha.digest()))

    def _append(self, data: bytes) -> None:
        if data:
            self._disk.write(self._file, [data], self.size)
            self._sha.update(data)
            self.size += len(data)


def _write_tar(out: _Out, manifest: Manifest, pieces: Iterable[Piece], breathe: Callable[[int], None]) -> None:
    text = manifest.encode()
    if len(text) > MAX_BACKUP_MANIFEST or len(manifest.members) > MAX_BACKUP_MEMBERS:
        raise ArchiveError(f"{len(manifest.members)} files are more than one backup takes ({MAX_BACKUP_MEMBERS}); "
                           "leave the recordings out")
    out.put(_header(MANIFEST, len(text), 0o640) + text + _padding(len(text)))
    for member, piece in zip(manifest.members, pieces, strict=True):
        out.put(_header(member.name, member.size, member.mode))
        digest, size = hashlib.sha256(), 0
        for data in piece.read():
            digest.update(data)
            size += len(data)
            if size > member.size:
                break
            out.put(data)
            breathe(len(data))
        if size != member.size or digest.hexdigest() != member.sha256:
            raise Changed(f"{member.name} was changed while it was copied")
        out.put(_padding(size))
    out.put(bytes(2 * _BLOCK))


def _header(name: str, size: int, mode: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, mode
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)


def _seal(digest: bytes) -> bytes:
    """A gzip member of fixed length, stored: no bit of it is without meaning."""
    text = _WORDS + digest.hex().encode() + b"\n"
    return b"".join((_GZIP, b"\x01", struct.pack("<HH", len(text), len(text) ^ 0xFFFF), text,
                     struct.pack("<II", zlib.crc32(text), len(text))))


_SEAL = len(_seal(bytes(32)))


# ---- reading ----

class Reading:
    """A backup whose seal is whole. `manifest`, and then its members once, in order."""

    def __init__(self, disk: Disk, path: Path, breathe: Callable[[int], None] = lambda done: None) -> None:
        """ArchiveError if any byte of the file is not as it was written."""
        self._disk, self._path, self._breathe = disk, path, breathe
        try:
            self._file = disk.open(path)
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error
        with contextlib.ExitStack() as failed:
            failed.callback(self.close)
            self._end = self._sealed()
            self._bytes = _Unzipped(self._raw())
            name, size, _ = self._next_header()
            if name != MANIFEST or size > MAX_BACKUP_MANIFEST:
                raise ArchiveError(f"{path} does not begin with a manifest: it is no backup of this program")
            self.manifest = _manifest(self._bytes.take(size))
            self._bytes.skip_zeros(-size % _BLOCK)
            failed.pop_all()

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Harmless twice."""
        if self._file >= 0:
            self._disk.close(self._file)
            self._file = -1

    def members(self) -> Iterator[tuple[Member, Iterator[bytes]]]:
        """Each member with its bytes, which must be read to their end: only then are they known to be right."""
        for member in self.manifest.members:
            name, size, mode = self._next_header()
            if (name, size, mode) != (member.name, member.size, member.mode):
                raise ArchiveError(f"{name!r} is not what the manifest says comes here ({member.name!r})")
            data = self._data(member)
            yield member, data
            if next(data, None) is not None:
                raise ArchiveError(f"{member.name} was not read to its end")
        self._bytes.skip_zeros(2 * _BLOCK)
        if not self._bytes.at_end():
            raise ArchiveError("there is more in it than the manifest says")

    def _data(self, member: Member) -> Iterator[bytes]:
        digest, left = hashlib.sha256(), member.size
        while left:
            data = self._bytes.take(min(left, PIECE))
            digest.update(data)
            left -= len(data)
            self._breathe(len(data))
            yield data
        if digest.hexdigest() != member.sha256:
            raise ArchiveError(f"{member.name} is damaged: its SHA-256 is not the manifest's")
        self._bytes.skip_zeros(-member.size % _BLOCK)

    def _next_header(self) -> tuple[str, int, int]:
        """Name, size and mode of the next plain file; nothing else is taken."""
        long = ""
        while True:
            try:
                info = tarfile.TarInfo.frombuf(self._bytes.take(_BLOCK), "utf-8", "surrogateescape")
            except tarfile.HeaderError as error:
                raise ArchiveError(f"a header in it is damaged ({error})") from error
            if info.type == tarfile.GNUTYPE_LONGNAME and not long and 0 < info.size <= _LONGEST:
                text = self._bytes.take(info.size)
                self._bytes.skip_zeros(-info.size % _BLOCK)
                long = text.rstrip(b"\0").decode("utf-8", "surrogateescape")
                continue
            if info.type != tarfile.REGTYPE or info.linkname:
                raise ArchiveError(f"{info.name!r} is no plain file: such things are not in our backups")
            return long or info.name, info.size, info.mode

    def _sealed(self) -> int:
        """Where the seal begins. ArchiveError."""
        end = self._disk.size(self._file) - _SEAL
        digest, at = hashlib.sha256(), 0
        while at < end:
            data = self._disk.read(self._file, min(PIECE, end - at), at)
            if not data:
                break
            digest.update(data)
            at += len(data)
            self._breathe(len(data))
        if end <= 0 or at != end or self._disk.read(self._file, _SEAL, end) != _seal(digest.digest()):
            raise ArchiveError(f"{self._path} is no whole backup: it was cut short, or bytes of it have changed since "
                               "it was made; use another one")
        return end

    def _raw(self) -> Iterator[bytes]:
        at = 0
        while at < self._end:
            data = self._disk.read(self._file, min(PIECE, self._end - at), at)
            if not data:
                return
            at += len(data)
            yield data


class _Unzipped:
    """Bytes out of a gzip stream, never more in memory than asked for and a piece."""

    def __init__(self, raw: Iterator[bytes]) -> None:
        self._raw = raw
        self._zip = zlib.decompressobj(31)
        self._ready = b""

    def take(self, size: int) -> bytes:
        parts, left = [], size
        while left:
            if not self._ready and not self._more():
                raise ArchiveError("it ends in the middle of a file")
            part, self._ready = self._ready[:left], self._ready[left:]
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def skip_zeros(self, size: int) -> None:
        if self.take(size).strip(b"\0"):
            raise ArchiveError("there are bytes between its files")

    def at_end(self) -> bool:
        return not self._ready and not self._more() and self._zip.eof and not self._zip.unused_data \
            and not next(self._raw, b"")

    def _more(self) -> bool:
        try:
            while not self._ready and not self._zip.eof:
                data = self._zip.unconsumed_tail or next(self._raw, b"")
                if not data:
                    return False
                self._ready = self._zip.decompress(data, PIECE)
        except zlib.error as error:
            raise ArchiveError(f"it cannot be unpacked ({error})") from error
        return bool(self._ready)


def verified(disk: Disk, path: Path, breathe: Callable[[int], None] = lambda done: None) -> Iterator[Member]:
    """Each member, read and found whole. ArchiveError."""
    with Reading(disk, path, breathe) as reading:
        for member, data in reading.members():
            for _ in data:
                pass
            yield member


def check_name(name: str) -> str:
    """A name that leads nowhere but below its root, or ArchiveError."""
    root, _, rest = name.partition("/")
    if root not in ROOTS or not rest or _WRONG.search(name) or len(name.encode("utf-8", "surrogateescape")) > _LONGEST:
        raise ArchiveError(f"{name[:200]!r} is no name for a file in a backup")
    return name


_KINDS = {"made_by": str, "at": str, "box": str, "host": str, "entry": int, "schema": int, "recordings": bool,
          "keys": str, "places": dict}


def _manifest(text: bytes) -> Manifest:
    try:
        told = json.loads(text.decode("utf-8", "surrogateescape"))
        version = told.pop("ccappliance_backup")
        if version != FORMAT:
            raise ArchiveError(f"this backup is of format {version}, this program knows {FORMAT}: restore it with the "
                               f"version that made it ({told.get('made_by')}) or a newer one")
        if len(told["members"]) > MAX_BACKUP_MEMBERS:
            raise ArchiveError(f"it lists more than {MAX_BACKUP_MEMBERS} files")
        members = tuple(Member(check_name(one["name"]), int(one["size"]), str(one["sha256"]), int(one["mode"]) & 0o777)
                        for one in told.pop("members"))
        manifest = Manifest(**told, members=members)
        for name, kind in _KINDS.items():
            if type(told[name]) is not kind:
                raise ArchiveError(f"its manifest has no right {name!r}")
        if not all(type(place) is str for place in manifest.places.values()):
            raise ArchiveError("its manifest has no right 'places'")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArchiveError(f"its manifest cannot be understood ({type(error).__name__}: {error})") from error
    names = [member.name for member in members]
    if len(dict.fromkeys(names)) != len(names) or any(member.size < 0 for member in members):
        raise ArchiveError("its manifest lists a file twice, or one of no size")
    folders = {name[:at] for name in names for at, letter in enumerate(name) if letter == "/"}
    if any(name in folders for name in names):
        raise ArchiveError("its manifest lists a file that is a folder as well")
    return manifest
