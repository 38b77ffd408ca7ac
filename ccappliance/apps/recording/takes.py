"""The index of the segments: which recordings lie in them, and where each piece of each leg is; in memory only.

It is a fold over records, the same while recording and at a start after a power cut. A piece takes 29 bytes here, 24 of
them come in a second of a call: 2.5 MB for an hour.
"""

import json
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from ccappliance.apps.recording.segment import (
    AGENT,
    BOTH,
    CALLER,
    CHAIN,
    CLOSE,
    FREED,
    OPEN,
    PAUSED,
    SOUND,
    Found,
    Laid,
    Scanned,
)

LEGS = (CALLER, AGENT)
_OFFSET = itemgetter(2)


class Piece(NamedTuple):
    """`samples` of one leg from `first` on, in the record at `offset` of a segment."""

    first: int
    samples: int
    segment: int
    offset: int
    length: int


class Pieces:
    """The pieces of one leg, in the order of their samples, none over another."""

    def __init__(self) -> None:
        self._first = array("q")
        self._count = array("Q")
        self._segment = array("Q")
        self._offset = array("I")
        self._length = array("I")
        self.end = 0  # samples from the beginning to the end of the last piece

    def __len__(self) -> int:
        return len(self._first)

    def __getitem__(self, at: int) -> Piece:
        return Piece(self._first[at], self._count[at], self._segment[at], self._offset[at], self._length[at])

    def add(self, first: int, samples: int, segment: int, offset: int, length: int) -> None:
        """One more, later than those there are; a piece that is there already (written again) is passed over."""
        if first < self.end or samples == 0:
            return
        if length == 0 and first == self.end and self._length and self._length[-1] == 0 \
                and self._segment[-1] == segment:  # an hour of silence is one piece
            self._count[-1] += samples
            self.end += samples
            return
        self._first.append(first)
        self._count.append(samples)
        self._segment.append(segment)
        self._offset.append(offset)
        self._length.append(length)
        self.end = first + samples

    def lay(self, rows: Sequence[Laid], segment: int) -> None:
        """`add` of many, all of one segment: what a start does for every piece there is."""
        at_end, silent = self.end, bool(self._length) and self._length[-1] == 0 and self._segment[-1] == segment
        firsts, counts, offsets, lengths = array("q"), array("Q"), array("I"), array("I")
        for first, samples, offset, length, _, _ in rows:
            if first < at_end or samples == 0:
                continue
            if length == 0 and silent and first == at_end:
                if counts:
                    counts[-1] += samples
                else:
                    self._count[-1] += samples
            else:
                firsts.append(first)
                counts.append(samples)
                offsets.append(offset)
                lengths.append(length)
                silent = length == 0
            at_end = first + samples
        self._first.extend(firsts)
        self._count.extend(counts)
        self._segment.extend(array("Q", [segment]) * len(firsts))
        self._offset.extend(offsets)
        self._length.extend(lengths)
        self.end = at_end

    def within(self, first: int, end: int) -> Iterator[Piece]:
        """Those that hold any sample from `first` up to `end`."""
        for at in range(max(0, bisect_right(self._first, first) - 1), len(self._first)):
            piece = self[at]
            if piece.first >= end:
                return
            if piece.first + piece.samples > first:
                yield piece

    def gaps(self, end: int) -> list[tuple[int, int]]:
        """(from, to) of samples that are in no piece, up to `end`."""
        gaps, at = [], 0
        for index in range(len(self._first)):
            if self._first[index] > at:
                gaps.append((at, self._first[index]))
            at = self._first[index] + self._count[index]
        if end > at:
            gaps.append((at, end))
        return gaps


@dataclass(frozen=True, slots=True)
class Label:
    """What a recording is called: the content of its OPEN record, as JSON."""

    recording: str
    call: str
    path: str  # of its file, below the recordings' directory, when it has one
    why: str
    began_at: str  # UTC, ISO 8601, milliseconds

    def pack(self) -> bytes:
        fields = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, content: bytes) -> "Label":
        """ValueError if it is none; what a newer version has added is left out."""
        fields = json.loads(content)
        return cls(**{name: str(fields[name]) for name in cls.__slots__})


class Take:
    """One recording as it lies in the segments."""

    def __init__(self, number: int, label: Label) -> None:
        self.number = number
        self.label = label
        self.legs = (Pieces(), Pieces())
        self.pauses: list[tuple[int, int]] = []  # (from, to) of samples that were not to be heard by anybody
        self.segments: dict[int, None] = {}  # where any of it lies, oldest first
        self.closed: dict[str, Any] | None = None  # what its CLOSE says: samples, lost, state
        self.key = 0  # of its sealed sound; 0: it lies there in clear
        self.freed_in = 0  # the segment of its newest FREED; 0: its sound is still needed

    @property
    def samples(self) -> int:
        """Samples per leg, from its beginning to the end of what is there."""
        told = int(self.closed["samples"]) if self.closed is not None else 0
        return max(told, *(leg.end for leg in self.legs))

    def gaps(self) -> list[tuple[int, int, int]]:
        """(leg, from, to) of samples that should be there and are not."""
        return [(leg, first, end) for leg in LEGS for first, end in self.legs[leg].gaps(self.samples)]

    @property
    def missing(self) -> int:
        """Samples of which at least one leg is missing."""
        spans = sorted((first, end) for _, first, end in self.gaps())
        total = at = 0
        for first, end in spans:
            total += max(0, end - max(first, at))
            at = max(at, end)
        return total


class Takes:
    """All recordings of the segments, by number."""

    def __init__(self) -> None:
        self.by_number: dict[int, Take] = {}
        self.orphans = 0  # samples whose OPEN is nowhere: they belong to nobody
        self.last_sequence = 0

    def __iter__(self) -> Iterator[Take]:
        return iter(list(self.by_number.values()))  # another thread may add to it meanwhile

    def by_path(self, path: str) -> Take | None:
        return next((take for take in self if take.label.path == path), None)

    def hear(self, found: Found) -> None:
        """The next record, in the order of their sequence."""
        record = found.record
        if record.sequence > self.last_sequence:
            self.last_sequence = record.sequence
        take = self.by_number.get(record.tape)
        if record.kind == SOUND and record.leg != BOTH and take is not None:  # nearly all of them: the shortest way
            take.segments[found.segment] = None
            take.legs[record.leg].add(record.first, record.samples, found.segment, found.offset, found.length)
            return
        if record.kind == CHAIN:
            return  # of the segment, not of a recording
        if take is None:
            if record.kind == OPEN:
                take = self.by_number[record.tape] = Take(record.tape, Label.unpack(record.content))
                take.key = record.key
            elif record.kind == FREED:
                return  # nothing else of it is left
            else:
                self.orphans += record.samples
                return
        if record.kind == FREED:
            take.freed_in = found.segment
            return  # it keeps no segment from being used again
        take.segments[found.segment] = None
        if record.kind == CLOSE:
            take.closed = json.loads(record.content)
        elif record.kind in (SOUND, PAUSED):
            for leg in LEGS if record.leg == BOTH else (record.leg,):
                take.legs[leg].add(record.first, record.samples, found.segment, found.offset, found.length)
            if record.kind == PAUSED:
                self._paused(take, record.first, record.first + record.samples)

    def hear_all(self, scanned: Scanned) -> None:
        """A whole segment, in the order of their numbers: first whose it is, then its sound, then what became of it."""
        number = scanned.number
        self.last_sequence = max(self.last_sequence, scanned.last)
        for found in scanned.found:
            if found.record.kind == OPEN:
                self.hear(found)
        takes: dict[int, Take] = {}
        for (tape, _), rows in scanned.laid.items():
            take = self.by_number.get(tape)
            if take is None:
                self.orphans += sum(row[1] for row in rows)
            else:
                takes[tape] = take
        for take in takes.values():
            take.segments[number] = None
            self._lay(take, scanned)
        for found in scanned.found:
            if found.record.kind != OPEN:
                self.hear(found)

    def _lay(self, take: Take, scanned: Scanned) -> None:
        """One recording's. What is of both legs lies between what is of one: by place, if there is any of it."""
        both = scanned.laid.get((take.number, BOTH), [])
        for leg in LEGS:
            rows = scanned.laid.get((take.number, leg), [])
            if both:
                rows = sorted(rows + both, key=_OFFSET) if rows else both
            take.legs[leg].lay(rows, scanned.number)
        for first, samples, _, _, paused, _ in both:
            if paused:
                self._paused(take, first, first + samples)

    def forget(self, segment: int) -> None:
        """This segment is to be used again."""
        for number, take in list(self.by_number.items()):
            take.segments.pop(segment, None)
            if not take.segments:
                del self.by_number[number]

    @staticmethod
    def _paused(take: Take, first: int, end: int) -> None:
        if take.pauses and take.pauses[-1][1] == first:
            take.pauses[-1] = (take.pauses[-1][0], end)
        elif not take.pauses or take.pauses[-1][1] < first:
            take.pauses.append((first, end))
