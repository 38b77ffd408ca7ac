"""The log of all tapes: one append-only row of segments for the sound of all calls, committed together.

`push` hands what was added to the system in one write: from then on a killed daemon loses nothing of it. `commit`
makes the platter have it: from then on a power cut loses nothing of it either. A write or sync that fails spoils its
segment: it is never asked again (the system forgets such an error, and the data with it); whatever was not committed
is written once more, to another segment, by the next `push`. One thread owns it; `read` and the numbers may be asked
for by others.
"""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from ccappliance.apps.recording.chain import LINK, Chain
from ccappliance.apps.recording.cipher import SEALED, Damaged, seal, unseal
from ccappliance.apps.recording.keys import Keys, Locked
from ccappliance.apps.recording.segment import (
    AGENT,
    BOTH,
    CALLER,
    CHAIN,
    CLOSE,
    FREE,
    FREED,
    HEAD,
    HEADER,
    IN_USE,
    LINEAR,
    OPEN,
    PAUSED,
    SILENCE,
    SOUND,
    Found,
    Record,
    pack,
    pack_header,
    size_of,
    unpack,
)
from ccappliance.apps.recording.sound import decode, encode, split
from ccappliance.apps.recording.takes import Label, Piece, Take, Takes
from ccappliance.base.errors import Bug
from ccappliance.service.disk import Disk

HELD = 2000  # samples of silence that are one record: what comes between two commits; an hour of it takes a third
PASSED_OVER = 1 << 24  # sequences: hours of thirty calls, of which a run that can write nothing keeps seconds
SPARES = 2  # free segments kept for the next use; more are given back to the disk


class Segments:
    """The files: which is which segment, and which are free. `number` → path."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.in_use: dict[int, Path] = {}
        self.free: list[Path] = []
        self.spoilt: dict[int, None] = {}  # in use, and a write or sync of it has failed: never to be written again
        self.last = 0  # the highest number ever given, as far as anything tells
        self.slot = 0  # the highest file number
        self.links: dict[int, bytes] = {}  # the last link of the chain in each segment


class TapeLog:
    """Appends. Every method may wait for the disk and raise OSError; what was added then is kept for the next
    `push`."""

    def __init__(self, disk: Disk, takes: Takes, segments: Segments, size: int, keys: Keys | None = None,
                 recycled: Callable[[int, bytes], None] = lambda number, link: None) -> None:
        """`keys`: of sealed recordings. `recycled(number, its last link)`: before a segment is given back."""
        self.takes = takes
        self.segments = segments
        self.sealing = False  # recordings that begin from now on are sealed
        self._keys = keys
        self._recycled = recycled
        self._sealed: dict[int, tuple[int, bytes]] = {}  # recordings under way → number of the key, and it
        self._chain = Chain(segments.links)
        self._disk = disk
        self._size = size
        self._sequence = takes.last_sequence
        self._pending: list[Record] = []  # added, not yet written
        self._uncommitted: list[Found] = []  # written to the current segment, not yet safe
        self._file = -1
        self._number = 0  # of the current segment; 0: none
        self._at = 0
        self._told: dict[int, None] = {}  # recordings whose OPEN is in the current segment
        self._readers: dict[int, int] = {}  # segment → file, of old segments
        self._labels: dict[int, Label] = {}  # of recordings under way
        self._dirty = False
        self._silent: dict[int, tuple[int, int]] = {}  # by recording, (first, samples): not yet a record

    @property
    def waiting(self) -> int:
        """Records that are not yet safe."""
        return len(self._pending) + len(self._uncommitted) + len(self._silent)

    @property
    def head(self) -> tuple[int, bytes]:
        """(segment, link): the newest of the chain that is safe."""
        return self._chain.head

    # ---- what is added ----

    def begin(self, label: Label) -> int:
        """A recording begins; its number. Locked if it is to be sealed and cannot be."""
        key = self._keys.make() if self._keys is not None and self.sealing else 0
        number = self._next()
        self._labels[number] = label
        if self._keys is not None and key:
            self._sealed[number] = key, self._keys.key(key)
        self._pending.append(Record(number, OPEN, number, label.pack(), key=key))
        return number

    def resume(self, take: Take) -> None:
        """A recording of a killed run goes on, under its own key. Numbers which that run may have sealed with, and of
        which nothing is seen any more, are passed over: none may be a nonce twice. Locked, Erased, OSError."""
        if not take.key:
            return
        if self._keys is None:
            raise Locked(f"recording {take.number} is sealed, and there are no keys here")
        self._sealed[take.number] = take.key, self._keys.key(take.key)
        self._sequence += PASSED_OVER

    def sound(self, tape: int, first: int, stereo: bytes, wanted: tuple[int, ...] = (CALLER, AGENT)) -> None:
        """Sound from sample `first` on, both legs, interleaved; `wanted`: the legs that are written."""
        count = len(stereo) // 4
        legs = [encode(pcm) for pcm in split(stereo)]
        if len(wanted) == len(legs) and all(coding == SILENCE for coding, _ in legs):
            begun, held = self._silent.get(tape, (first, 0))
            if begun + held != first:
                self._break_silence(tape)
                begun, held = first, 0
            self._silent[tape] = begun, held + count
            if held + count >= HELD:
                self._break_silence(tape)
            return
        self._break_silence(tape)
        for leg, (coding, content) in ((leg, legs[leg]) for leg in wanted):
            self._add_sound(Record(self._next(), SOUND, tape, content, leg, first, count, coding))

    def _add_sound(self, record: Record) -> None:
        """Sealed here, once: a record that is written again must be the same bytes."""
        key = self._sealed.get(record.tape)
        self._pending.append(record if key is None else seal(record, *key))

    def pause(self, tape: int, first: int, count: int) -> None:
        """Here was sound that is nobody's business: a mark instead of it."""
        self._break_silence(tape)
        self._pending.append(Record(self._next(), PAUSED, tape, b"", BOTH, first, count))

    def end(self, tape: int, samples: int, lost: int, state: str) -> None:
        """The recording is over: nothing more comes of it."""
        self._break_silence(tape)
        told = json.dumps({"samples": samples, "lost": lost, "state": state}, separators=(",", ":")).encode()
        self._pending.append(Record(self._next(), CLOSE, tape, told))
        self._labels.pop(tape, None)
        self._sealed.pop(tape, None)

    def free(self, tape: int) -> None:
        """Its sound is not needed here any more: it is in a file of its own, or nobody may have it."""
        self._pending.append(Record(self._next(), FREED, tape))

    def _break_silence(self, tape: int) -> None:
        """Silence that was held back comes before whatever comes now."""
        first, count = self._silent.pop(tape, (0, 0))
        if count:
            self._add_sound(Record(self._next(), SOUND, tape, b"", BOTH, first, count, SILENCE))

    # ---- to the disk ----

    def push(self) -> None:
        """Everything added so far to the system, in one write for each segment it takes (nearly always one)."""
        if self._keys is not None and self._pending:
            self._keys.push()
        while self._pending:
            if self._number == 0:
                self._open_segment()
            self._write()

    def commit(self) -> None:
        """Everything added so far onto the platter, and into the index: keys first, or what they seal is lost."""
        self._settle(sync=True)

    def settle(self) -> None:
        """As `commit`, but the platter may wait: what virtual time needs."""
        self._settle(sync=False)

    def _settle(self, *, sync: bool) -> None:
        for tape in list(self._silent):
            self._break_silence(tape)
        self._sync(sync=sync)

    def _sync(self, *, sync: bool) -> None:
        """What is added, but for silence that is held back."""
        if self._keys is not None:
            self._keys.commit()
        self.push()
        if self._dirty:
            try:
                self._link()
                if sync:
                    self._disk.sync(self._file)
            except OSError:
                self._spoil()
                raise
            self._dirty = False
            self._chain.commit()
        self._heard()

    def recycle(self) -> None:
        """Give back segments that hold nothing that is still needed."""
        for number in sorted(self.segments.in_use):
            if number == self._number or any(number in take.segments and not take.freed_in for take in self.takes):
                continue
            held = [take for take in self.takes if take.freed_in == number and any(
                other != number for other in take.segments)]
            if held:  # or a power cut would bring back what was freed: say it again where it stays
                for take in held:
                    self.free(take.number)
                self.commit()
            self._give_back(number)

    def close(self) -> None:
        """Commit, and let go of all files."""
        try:
            self.commit()
        finally:
            for file in [*self._readers.values(), *([self._file] if self._file >= 0 else [])]:
                with contextlib.suppress(OSError):
                    self._disk.close(file)
            self._readers.clear()
            self._file, self._number = -1, 0

    # ---- reading ----

    def read(self, piece: Piece) -> Record | None:
        """The record of a piece; None if the disk has spoilt it, or the segment has been used again meanwhile."""
        file = self._file if piece.segment == self._number else self._readers.get(piece.segment, -1)
        if file < 0:
            path = self.segments.in_use.get(piece.segment)
            if path is None:
                return None
            mine = self._disk.open(path)
            file = self._readers.setdefault(piece.segment, mine)
            if file != mine:  # another thread was as quick
                self._disk.close(mine)
        try:
            data = self._disk.read(file, HEAD + piece.length, piece.offset)
        except OSError:
            return None
        one = unpack(data, 0, piece.offset)
        return one[0] if one is not None and one[1] == piece.segment else None

    def pcm(self, take: Take, leg: int, first: int, end: int) -> bytes:
        """int16 of one leg; what is missing, spoilt or paused is silence. Locked, Erased."""
        out = bytearray(2 * (end - first))
        for piece in take.legs[leg].within(first, end):
            if piece.length == 0:
                continue  # silence, or a pause; perhaps of many records
            record = self.read(piece)
            if record is None or record.kind != SOUND or record.coding > LINEAR or record.flags & ~SEALED:
                continue
            try:
                pcm = decode(record.coding, self._content(record), record.samples)
            except Damaged:
                continue
            begin, stop = max(first, piece.first), min(end, piece.first + piece.samples)
            out[2 * (begin - first):2 * (stop - first)] = pcm[2 * (begin - piece.first):2 * (stop - piece.first)]
        return bytes(out)

    # ---- inside ----

    def _content(self, record: Record) -> bytes:
        if not record.flags & SEALED:
            return record.content
        if self._keys is None:
            raise Locked(f"recording {record.tape} is sealed, and there are no keys here")
        return unseal(record, self._keys.key(record.key))

    def _link(self) -> None:
        """The end of a commit: a link over all that was written since the last one."""
        record = Record(self._next(), CHAIN, 0, self._chain.link(), BOTH, self._chain.begins)
        parts = [pack(record, self._number, self._at), record.content]
        self._disk.write(self._file, parts, self._at)
        self._at += size_of(record)
        self._chain.linked(self._at)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _write(self) -> None:
        """As much of what is pending as the current segment takes, in one write; the segment is left if it is full."""
        parts: list[bytes] = [] if self._at else [pack_header(self._number, IN_USE)]
        at, taken, written = self._at or HEADER, 0, []
        for record in self._pending:
            group = [*self._introduction(record), record]
            if at + sum(map(size_of, group)) > self._size - LINK:
                break
            for one in group:
                parts += [pack(one, self._number, at), one.content]
                written.append(Found(one, self._number, at, len(one.content)))
                self._told[one.tape] = None
                at += size_of(one)
            taken += 1
        try:
            if written:
                self._disk.write(self._file, parts, 0 if not self._at else self._at)
                self._chain.add(parts if self._at else parts[1:])
                self._dirty = True
        except OSError:
            self._spoil()
            raise
        self._uncommitted += written
        if taken:
            self._at = at
            del self._pending[:taken]
        elif not self._at:
            raise Bug(f"a record of {size_of(self._pending[0])} bytes does not fit into a segment of {self._size}")
        if self._pending:
            self._leave_segment()

    def _introduction(self, record: Record) -> list[Record]:
        """Each segment says itself what it holds: the first record of a recording in it is its OPEN."""
        label = self._labels.get(record.tape)
        if record.kind in (OPEN, FREED) or record.tape in self._told:
            return []
        if label is None:
            take = self.takes.by_number.get(record.tape)
            return [Record(self._next(), OPEN, record.tape, take.label.pack(), key=take.key)] if take is not None \
                else []
        return [Record(self._next(), OPEN, record.tape, label.pack(), key=self._sealed.get(record.tape, (0, b""))[0])]

    def _open_segment(self) -> None:
        """Take a free segment, or make one; and one more, so that recordings under way do not need room."""
        segments, disk = self.segments, self._disk
        path = segments.free[0] if segments.free else self._make()
        file = disk.open(path, write=True)
        segments.free = [free for free in segments.free if free != path]
        segments.last += 1
        self._file, self._number, self._at, self._told = file, segments.last, 0, {}
        segments.in_use[self._number] = path
        self._chain.begin(self._number)
        if not segments.free:
            with contextlib.suppress(OSError):  # it is tried again when it is needed
                segments.free.append(self._make())

    def _make(self) -> Path:
        """A new file, allocated, and its name safe."""
        self._disk.make_directory(self.segments.directory)
        self.segments.slot += 1
        path = self.segments.directory / f"tape-{self.segments.slot:06d}.seg"
        file = self._disk.create(path)
        try:
            self._disk.allocate(file, self._size)
            self._disk.write(file, [pack_header(self.segments.last, FREE)], 0)
            self._disk.sync(file)
            self._disk.sync_directory(self.segments.directory)
        except OSError:
            with contextlib.suppress(OSError):
                self._disk.unlink(path)
            raise
        finally:
            self._disk.close(file)
        return path

    def _leave_segment(self) -> None:
        """It is full: what is in it must be safe before anything goes to the next."""
        self.commit_current()
        self._readers[self._number] = self._file
        self._file, self._number, self._at = -1, 0, 0

    def commit_current(self) -> None:
        """What has been written so far onto the platter; what is pending stays so."""
        pending, self._pending = self._pending, []
        try:
            self._sync(sync=True)
        finally:
            self._pending = self._pending + pending

    def _spoil(self) -> None:
        """Never write to this segment again; whatever is not safe in it goes to another."""
        self._pending[:0] = [found.record for found in self._uncommitted]
        self._uncommitted = []
        if self._file >= 0:
            self._readers[self._number] = self._file
            self.segments.spoilt[self._number] = None
        self._file, self._number, self._at, self._dirty = -1, 0, 0, False

    def _heard(self) -> None:
        done, self._uncommitted = self._uncommitted, []
        for found in done:
            self.takes.hear(found)

    def _give_back(self, number: int) -> None:
        """Mark it free, on the platter, before anything of it is forgotten."""
        segments, disk = self.segments, self._disk
        path = segments.in_use[number]
        self._recycled(number, segments.links.get(number, b""))
        reader = self._readers.pop(number, -1)
        if reader >= 0:
            disk.close(reader)
        keep = number not in segments.spoilt and len(segments.free) < SPARES
        if keep:
            file = disk.open(path, write=True)
            try:
                disk.write(file, [pack_header(number, FREE)], 0)
                disk.sync(file)
            except OSError:
                segments.spoilt[number] = None
                raise
            finally:
                disk.close(file)
            segments.free.append(path)
        else:
            disk.unlink(path)
            disk.sync_directory(segments.directory)
        segments.spoilt.pop(number, None)
        segments.links.pop(number, None)
        del segments.in_use[number]
        self.takes.forget(number)
