"""The ledger of all recordings: what was kept, purged and given back, each entry chained to the one before, signed.

`chain.log` beside the recordings: one line of JSON each, `prev` being the SHA-256 of the line before (without its line
end), so that nothing can be changed, taken out or put between without breaking all that follows. Every so often an
entry is signed, and the journal, another file, is told its number and hash: whoever cuts the ledger's end off is found
out too. What is deleted by policy is an entry of its own, so that what is gone without one was taken.
"""

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from ccappliance.apps.recording.signing import Signer
from ccappliance.service.disk import Disk

FIRST = "0" * 64  # `prev` of the first entry
SIGN_EVERY = 64  # entries: what can be cut off unseen before the journal knows of it
SIGN_AFTER = timedelta(minutes=10)  # … or so old may the last signed one be when another entry comes
_TAIL = 1 << 18  # bytes read at a start: the end of it, about a thousand entries
_LONGEST = 1 << 16  # bytes of one entry: a cut tears no more
_COPY = 1 << 20


class Entry(NamedTuple):
    """One line. `fields` has n, prev, at, what, and what belongs to its kind."""

    fields: dict[str, Any]
    hash: str
    offset: int
    end: int  # of its line, behind the line end

    @property
    def number(self) -> int:
        return int(self.fields["n"])

    @property
    def what(self) -> str:
        return str(self.fields["what"])


class Ledger:
    """Appends; each entry is on the platter when `add` returns. OSError. Any thread may call."""

    def __init__(self, disk: Disk, path: Path, signer: Signer, wall: Callable[[], datetime],
                 signed: Callable[[int, str], None]) -> None:
        """`signed(n, hash)`: an entry was signed; to be told to another file."""
        self.path = path
        self._disk = disk
        self._signer = signer
        self._wall = wall
        self._signed = signed
        self._lock = threading.RLock()
        self._opened = False
        self._number, self._hash, self._end = 0, FIRST, 0
        self.head: Callable[[], tuple[int, bytes]] = lambda: (0, b"")  # the newest link of the segments: signed too
        self._signed_head = ""
        self._unsigned = 0
        self._signed_at: datetime | None = None
        self._recent: dict[tuple[str, str], None] = {}  # (path, sha256) kept by the newest entries

    def open(self) -> None:
        """Find the end; what a cut has torn there is overwritten by an entry that tells it."""
        with self._lock:
            if self._opened:
                return
            try:
                file = self._disk.open(self.path)
            except FileNotFoundError:
                self._opened = True
                return
            try:
                size = self._disk.size(file)
                start = max(0, size - _TAIL)
                data = self._disk.read(file, size - start, start)
            finally:
                self._disk.close(file)
            first = 0 if not start else data.find(b"\n") + 1
            for _, entry in read(data[first:], start + first):
                if entry is not None:
                    self._took(entry)
            self._opened = True
            if not self._end and size > _LONGEST:  # somebody has destroyed it: what is left stays for `verify`
                self._end = size
            torn = data[self._end - start:]
            if torn.strip(b"\n"):
                self._add({"what": "resumed", "torn": len(torn)}, blank=len(torn))

    def add(self, what: str, **fields: Any) -> None:
        """`what`: began, kept, purged, recycled."""
        with self._lock:
            self.open()
            self._add({"what": what, **fields})
            at = self._wall()
            if self._unsigned >= SIGN_EVERY or self._signed_at is None or at - self._signed_at >= SIGN_AFTER:
                self.sign()

    def sign(self) -> None:
        """Sign all that is there, and tell it; nothing if that was done already, or there is no key to sign with."""
        with self._lock:
            self.open()
            segment, link = self.head()
            if self._signer.name and (self._unsigned or link.hex() != self._signed_head):
                self._add({"what": "signed", "key": self._signer.name, "segment": segment, "link": link.hex()},
                          sign=True)
                self._signed(self._number, self._hash)

    def kept(self, path: str, sha256: str) -> bool:
        """Does one of the newest entries tell of this file? So nothing is told twice after a cut."""
        with self._lock:
            self.open()
            return (path, sha256) in self._recent

    # ---- inside ----

    def _took(self, entry: Entry) -> None:
        self._number, self._hash, self._end = entry.number, entry.hash, entry.end
        fields = entry.fields
        if entry.what == "signed":
            self._signed_head = str(fields.get("link", ""))
            self._unsigned, self._signed_at = 0, datetime.fromisoformat(str(fields["at"]))
            return
        self._unsigned += 1
        if entry.what == "kept":
            self._recent[str(fields.get("path")), str(fields.get("sha256"))] = None
            if len(self._recent) > 4 * SIGN_EVERY:
                del self._recent[next(iter(self._recent))]

    def _add(self, fields: dict[str, Any], *, sign: bool = False, blank: int = 0) -> None:
        told = {"n": self._number + 1, "prev": self._hash, "at": self._wall().isoformat(timespec="milliseconds"),
                **fields}
        if sign:
            told["sig"] = self._signer.sign(pack(told))
        line = pack(told) + b"\n"
        data = line.ljust(blank, b"\n")
        try:
            self._append(data)
        except OSError:
            self._anew(data)
        entry = Entry(told, hashlib.sha256(line[:-1]).hexdigest(), self._end, self._end + len(line))
        self._took(entry)

    def _append(self, data: bytes) -> None:
        try:
            file = self._disk.open(self.path, write=True)
        except FileNotFoundError:
            self._disk.make_directory(self.path.parent)
            file = self._disk.create(self.path)
            self._disk.sync_directory(self.path.parent)
        try:
            self._disk.write(file, [data], self._end)
            self._disk.sync(file)
        finally:
            self._disk.close(file)

    def _anew(self, data: bytes) -> None:
        """A file that has failed is never asked again: all of it into another, with its name."""
        part = self.path.with_name(f"{self.path.name}.part")
        with contextlib.suppress(FileNotFoundError):
            self._disk.unlink(part)
        self._disk.make_directory(self.path.parent)
        into = self._disk.create(part)
        try:
            if self._end:
                file = self._disk.open(self.path)
                try:
                    for offset in range(0, self._end, _COPY):
                        self._disk.write(into, [self._disk.read(file, min(_COPY, self._end - offset), offset)], offset)
                finally:
                    self._disk.close(file)
            self._disk.write(into, [data], self._end)
            self._disk.sync(into)
        finally:
            self._disk.close(into)
        self._disk.rename(part, self.path)
        self._disk.sync_directory(self.path.parent)


def pack(fields: dict[str, Any]) -> bytes:
    """One entry as the bytes that are hashed and signed."""
    return json.dumps(fields, separators=(",", ":")).encode()


def parse(line: bytes, offset: int) -> Entry | None:
    """One line, without its end, at `offset` of the file; None if it is no entry, or not written as we write."""
    try:
        fields = json.loads(line)
        whole = isinstance(fields, dict) and pack(fields) == line and isinstance(fields["n"], int) and all(
            isinstance(fields[name], str) for name in ("prev", "what")) \
            and datetime.fromisoformat(fields["at"]).tzinfo is not None
    except (ValueError, KeyError, TypeError):
        return None
    return Entry(fields, hashlib.sha256(line).hexdigest(), offset, offset + len(line) + 1) if whole else None


def read(data: bytes, offset: int) -> Iterator[tuple[int, Entry | None]]:
    """(offset, entry) of each line from a whole one on that has its end; None: it is no entry. Empty ones are left
    out: what a cut has torn was overwritten by them."""
    *lines, _ = data.split(b"\n")
    for line in lines:
        if line:
            yield offset, parse(line, offset)
        offset += len(line) + 1
