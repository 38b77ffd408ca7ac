"""Is every recording still what was kept? Files, ledger, signatures, keys and segments, held against each other.

It only reads, needs no key but the public one, and may run beside the daemon. A finding is what nobody could have done
by rights; a note is what a power cut may leave, and what the next start puts in order.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ccappliance.apps.recording import ledger
from ccappliance.apps.recording.chain import DIGEST, FIRST, Broken, broken_links, link_of
from ccappliance.apps.recording.keys import ERASED, LIVE, Keys
from ccappliance.apps.recording.ledger import Entry
from ccappliance.apps.recording.seal import LEDGER
from ccappliance.apps.recording.segment import CHAIN, FREE, read_header, scan
from ccappliance.apps.recording.signing import name_of, right
from ccappliance.service.disk import Disk

CHUNK = 1 << 20  # as the ledger's `parts`


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was kept. `first` to `last`: bytes of the file named; -1: all of it."""

    what: str  # "recording", "ledger", "signature", "segment", "key"
    file: str
    words: str
    first: int = -1
    last: int = -1


@dataclass
class Verified:
    """What was looked at, and what was found."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)  # recordings whose key was destroyed by rights
    recordings: int = 0
    size: int = 0  # bytes of their files
    entries: int = 0
    signatures: int = 0
    segments: int = 0


class Verifier:
    """One verification. `progress(done, of, path)` is told before each file, in bytes."""

    def __init__(self, disk: Disk, recordings: Path, keys: Path, public: bytes | None = None,
                 progress: Callable[[int, int, str], None] = lambda done, of, path: None) -> None:
        """`public`: the key that must have signed, 32 bytes; None: `sign.pub` of the keys."""
        self.result = Verified()
        self._disk = disk
        self._recordings = recordings
        self._keys = Keys(disk, keys, bytes)
        self._key_directory = keys
        self._public = public
        self._progress = progress
        self._kept: dict[str, Entry] = {}
        self._purged: dict[str, Entry] = {}
        self._recycled: dict[int, bytes] = {}
        self._heads: dict[int, bytes] = {}  # segment → link that a signature has seen
        self._numbers: set[int] = set()
        self._broken: list[tuple[str, Broken]] = []

    def verify(self, signed: Mapping[int, str], since: datetime | None = None, until: datetime | None = None
               ) -> Verified:
        """`signed`: entry → SHA-256, as the journal was told. `since`, `until`: of the files, when they were kept;
        ledger and segments are always looked at whole. OSError only if a directory cannot be read."""
        for _ in self.steps(signed, since, until):
            pass
        return self.result

    def steps(self, signed: Mapping[int, str], since: datetime | None = None, until: datetime | None = None
              ) -> Iterator[int]:
        """The same, bit by bit: the bytes read since the last one. When they are over `result` is whole."""
        if self._public is None:
            self._public = self._read_public()
        self._read_ledger(signed)
        yield 0
        yield from self._look_at_segments()
        yield from self._look_at_files([(path, entry) for path, entry in self._kept.items()
                                        if _within(entry, since, until)])
        self._look_at_keys()

    def _find(self, what: str, file: str, words: str, first: int = -1, last: int = -1) -> None:
        self.result.findings.append(Finding(what, file, words, first, last))

    # ---- the ledger ----

    def _read_public(self) -> bytes | None:
        data = self._read(self._key_directory / "sign.pub") or b""
        try:
            public = bytes.fromhex(data.decode("ascii"))
        except ValueError:
            return b""
        return public if data == public.hex().encode() + b"\n" else b""

    def _read_ledger(self, signed: Mapping[int, str]) -> None:
        data = self._read(self._recordings / LEDGER)
        if data is None:
            if signed:
                self._find("ledger", LEDGER, f"it is gone; the journal knows of {max(signed)} entries")
            else:
                self.result.notes.append("there is no ledger: nothing was kept since it is written")
            return
        before, at, bad = None, 0, 0
        for offset, entry in ledger.read(data, 0):
            if entry is None:
                bad = bad or offset + 1
                continue
            if bad:
                self._find("ledger", LEDGER, f"these bytes before entry {entry.number} are no entry", bad - 1,
                           offset - 1)
            self._follows(before, entry)
            self._heard(entry, signed)
            before, at, bad = entry, entry.end, 0
        if data[at:].strip(b"\n"):
            self.result.notes.append(f"{LEDGER} ends in bytes {at} to {len(data) - 1} that are no entry: a power cut "
                                     "leaves that, and the next start overwrites it")
        for number in sorted(set(signed) - self._numbers):
            self._find("ledger", LEDGER, f"entry {number} is not there; the journal was told of it")

    def _follows(self, before: Entry | None, entry: Entry) -> None:
        number, prev = (before.number, before.hash) if before is not None else (0, ledger.FIRST)
        if entry.number != number + 1:
            self._find("ledger", LEDGER, f"entry {entry.number} comes after entry {number}: entries were taken out, "
                       "put in or exchanged", entry.offset, entry.end - 1)
        elif entry.fields["prev"] != prev:
            which = f"entry {number}, or this one, was" if number else "what came before it was"
            self._find("ledger", LEDGER, f"entry {entry.number} does not follow: {which} changed", entry.offset,
                       entry.end - 1)

    def _heard(self, entry: Entry, signed: Mapping[int, str]) -> None:
        self.result.entries += 1
        self._numbers.add(entry.number)
        fields = entry.fields
        if signed.get(entry.number, entry.hash) != entry.hash:
            self._find("ledger", LEDGER, f"entry {entry.number} is not the one the journal was told of", entry.offset,
                       entry.end - 1)
        try:
            if entry.what == "kept":
                Path(fields["path"]), int(fields["size"]), int(fields["key"]), bytes.fromhex(fields["sha256"])
                self._kept[fields["path"]] = entry
                self._purged.pop(fields["path"], None)
            elif entry.what == "purged":
                self._kept.pop(fields["path"], None)
                self._purged[fields["path"]] = entry
            elif entry.what == "recycled":
                self._recycled[fields["segment"]] = bytes.fromhex(fields["link"])
            elif entry.what == "signed":
                self._signed(entry)
        except (KeyError, ValueError, TypeError):
            self._find("ledger", LEDGER, f"entry {entry.number} lacks what belongs to it", entry.offset, entry.end - 1)

    def _signed(self, entry: Entry) -> None:
        self.result.signatures += 1
        fields = dict(entry.fields)
        signature, public = fields.pop("sig"), self._public or b""
        if fields["key"] != name_of(public):
            self._find("signature", LEDGER, f"entry {entry.number} was signed by another key than sign.pub",
                       entry.offset, entry.end - 1)
        elif not right(public, ledger.pack(fields), signature):
            self._find("signature", LEDGER, f"entry {entry.number}: its signature is not right", entry.offset,
                       entry.end - 1)
        if fields["segment"]:
            self._heads[fields["segment"]] = bytes.fromhex(fields["link"])

    # ---- files ----

    def _look_at_files(self, wanted: list[tuple[str, Entry]]) -> Iterator[int]:
        total, done = sum(int(entry.fields["size"]) for _, entry in wanted), 0
        for path, entry in wanted:
            self._progress(done, total, path)
            yield from self._look_at_file(path, entry)
            done += int(entry.fields["size"])
        self._progress(total, total, "")
        for directory in sorted({str(Path(path).parent) for path, _ in wanted}):
            for name in self._disk.names(self._recordings / directory):
                path = str(Path(directory) / name)
                if path in self._purged:
                    self.result.notes.append(f"{path} was purged and is there: purge it again")
                elif path not in self._kept and not name.endswith((".part", ".check")):
                    self.result.notes.append(f"{path} stands in no entry of the ledger")

    def _look_at_file(self, path: str, entry: Entry) -> Iterator[int]:
        fields = entry.fields
        self.result.recordings += 1
        name = f"recording {fields.get('recording') or path}"
        digest, parts, size = hashlib.sha256(), [], 0
        try:
            file = self._disk.open(self._recordings / path)
        except FileNotFoundError:
            if not self._purged_meanwhile(path):
                self._find("recording", path, f"{name} is gone, and no entry of the ledger says why")
            return
        try:
            while data := self._disk.read(file, CHUNK, size):
                digest.update(data)
                parts.append(f"{zlib.crc32(data):08x}")
                size += len(data)
                yield len(data)
        except OSError as error:
            self._find("recording", path, f"{name}: the disk does not give it ({error.strerror})", size)
            return
        finally:
            self._disk.close(file)
        self.result.size += size
        if digest.hexdigest() != fields["sha256"]:
            self._changed(path, name, fields, parts, size)
        elif size != fields["size"]:
            self._find("recording", path, f"{name} has {size} bytes, not the {fields['size']} of its entry")

    def _changed(self, path: str, name: str, fields: Mapping[str, object], parts: list[str], size: int) -> None:
        """Which bytes: by the MiB."""
        told, was = str(fields.get("parts", "")), int(str(fields["size"]))
        known = [told[at:at + 8] for at in range(0, len(told), 8)]
        if known == parts:
            self._find("recording", path, f"{name} is not what its entry says, or the entry was changed")
        for index in range(max(len(parts), len(known))):
            if parts[index:index + 1] != known[index:index + 1]:
                first, last = index * CHUNK, min((index + 1) * CHUNK, max(size, was)) - 1
                length = "" if size == was else f", and it has {size} bytes where {was} were kept"
                self._find("recording", path, f"{name} was changed in these bytes{length}", first, last)

    def _purged_meanwhile(self, path: str) -> bool:
        """The daemon may have purged it after the ledger was read."""
        data = self._read(self._recordings / LEDGER) or b""
        return any(entry is not None and entry.what == "purged" and entry.fields.get("path") == path
                   and entry.number not in self._numbers for _, entry in ledger.read(data, 0))

    # ---- keys ----

    def _look_at_keys(self) -> None:
        used = [(path, int(entry.fields["key"])) for path, entry in self._kept.items() if entry.fields.get("key")]
        used += [(path, int(entry.fields["key"])) for path, entry in self._purged.items() if entry.fields.get("key")]
        for path, number in used:
            state = self._keys.state(number)
            if state == ERASED:
                self.result.erased.append(path)
            elif path in self._purged:
                self.result.notes.append(f"{path} was purged and its key {number} is not destroyed yet: purge it again")
            elif state != LIVE:
                self._find("key", path, f"its key {number} is missing or damaged: bring {self._key_directory} back "
                           "from the backup")
        if used:
            self._keys.open(wanted=False, used=max(number for _, number in used), only_look=True)
            if self._keys.trouble:
                self._find("key", "box.key", self._keys.trouble)

    # ---- segments ----

    def _look_at_segments(self) -> Iterator[int]:
        folder = self._recordings / "segments"
        links: dict[int, list[tuple[bytes, bytes]]] = {}  # number → (before, link) of each
        for name in self._disk.names(folder):
            if name.startswith("tape-") and name.endswith(".seg"):
                yield self._look_at_segment(f"segments/{name}", links)
        known = {FIRST, *self._recycled.values(), *(link for mine in links.values() for _, link in mine)}
        followed = {*self._heads.values(), *self._recycled.values()}
        followed.update(before for mine in links.values() for before, _ in mine)
        for name, one in self._broken:
            if one.link and one.link not in followed:
                self.result.notes.append(f"{name} ends in bytes {one.first} to {one.end - 1} that were not yet safe: a "
                                         "power cut leaves that")
            else:
                self._find("segment", name, one.words, one.first, one.end - 1)
        for number in sorted(links):
            if links[number] and links[number][0][0] not in known:
                self._find("segment", f"segment {number}", "the link its first one follows is nowhere: a segment "
                           "before it was taken away, or its end was")
        for number, head in self._heads.items():
            if number in self._recycled:
                continue
            if all(link != head for _, link in links.get(number, [])):
                self._find("segment", f"segment {number}", "the link that was signed is not there: "
                           + ("its end was changed or cut off" if number in links else "it was taken away"))

    def _look_at_segment(self, name: str, links: dict[int, list[tuple[bytes, bytes]]]) -> int:
        """Its bytes."""
        try:
            data = self._read(self._recordings / name) or b""
        except OSError as error:
            self._find("segment", name, f"the disk does not give it ({error.strerror})")
            return 0
        header = read_header(data)
        if header is not None and header[1] == FREE:
            return len(data)
        scanned = scan(data)
        if header is None and not scanned.empty:
            self._find("segment", name, "its header was changed", 0, 511)
        if scanned.empty:
            return len(data)
        self.result.segments += 1
        self._broken += [(name, one) for one in broken_links(data, scanned.found)]
        links[scanned.number] = [(one.record.content[:DIGEST], link_of(one.record)) for one in scanned.found
                                 if one.record.kind == CHAIN]
        return len(data)

    def _read(self, path: Path) -> bytes | None:
        try:
            file = self._disk.open(path)
        except FileNotFoundError:
            return None
        try:
            return self._disk.read(file, self._disk.size(file), 0)
        finally:
            self._disk.close(file)


def _within(entry: Entry, since: datetime | None, until: datetime | None) -> bool:
    at = datetime.fromisoformat(str(entry.fields["at"]))
    return (since is None or at >= since) and (until is None or at < until)
