"""The format of a segment: preallocated files into which the sound of all calls is appended together.

    0    512 bytes  header: magic, version, state (in use or free), the segment's number; zeros; CRC
    512  records    one after the other, none across segments: 52 bytes of head, then `length` bytes of content
         rest       zeros, or what an earlier use of the file has left

A record's CRC-32 covers its place in the file, its head and its content, and the head names the segment's number; so
what an earlier use has left, or what was written to a wrong place, is never taken for a record. docs/recording.md
says it all.
"""

import struct
import zlib
from typing import NamedTuple

VERSION = 1
HEADER = 512  # the smallest piece that a disk writes whole
IN_USE, FREE = 1, 2

# kinds of records; a reader passes over those it does not know, if their CRC is right
OPEN, SOUND, PAUSED, CLOSE, FREED, CHAIN = 1, 2, 3, 4, 5, 6

# how sound is written: see `sound.py`
SILENCE, ALAW, LINEAR = 0, 1, 2

CALLER, AGENT, BOTH = 0, 1, 255  # leg: what arrived from the party; what he was sent; a record of both (or neither)

_LAID = (SOUND, PAUSED)
_MAGIC = b"CCTp"
_HEADER = struct.Struct("<8sHHIQ")
_HEADER_MAGIC = b"CCTAPE\r\n"  # a transfer that changes line ends is found out at once
_HEAD = struct.Struct("<4sIIIBBBBQQQII")
HEAD = _HEAD.size
MAX_LENGTH = 1 << 20  # bytes of one record's content: a ring of 10 s has 160,000 bytes a leg


class Record(NamedTuple):
    """One record. Of one leg, or both: `samples` from sample `first` of the recording on."""

    sequence: int  # counts up over all segments; a record written again after an error keeps its number
    kind: int
    tape: int  # the recording: the sequence of its first OPEN
    content: bytes = b""
    leg: int = BOTH
    first: int = 0
    samples: int = 0
    coding: int = SILENCE
    flags: int = 0  # bit 0: the content is ciphertext under `key`, its tag at the end; all else must be 0
    key: int = 0  # 0: none


class Found(NamedTuple):
    """A record where it lies: `offset` of its head in its segment. They sort by the sequence of their records."""

    record: Record
    segment: int
    offset: int
    length: int  # of its content


Laid = tuple[int, int, int, int, bool, int]  # first sample, samples, offset, length of the content, paused, key


def pack_header(number: int, state: int) -> bytes:
    """The 512 bytes at the beginning of a segment."""
    body = _HEADER.pack(_HEADER_MAGIC, VERSION, state, HEADER, number).ljust(HEADER - 4, b"\0")
    return body + struct.pack("<I", zlib.crc32(body))


def read_header(data: bytes) -> tuple[int, int] | None:
    """(number, state), or None if it is no header of a version we know."""
    if len(data) < HEADER or zlib.crc32(data[:HEADER - 4]) != int.from_bytes(data[HEADER - 4:HEADER], "little"):
        return None
    magic, version, state, _, number = _HEADER.unpack_from(data)
    return (number, state) if magic == _HEADER_MAGIC and version == VERSION else None


def pack(record: Record, segment: int, offset: int) -> bytes:
    """The head of a record that will lie at `offset` of this segment; its content follows it."""
    head = _HEAD.pack(_MAGIC, 0, len(record.content), segment, record.kind, record.leg, record.coding, record.flags,
                      record.sequence, record.tape, record.first, record.samples, record.key)
    return head[:4] + struct.pack("<I", zlib.crc32(record.content, zlib.crc32(head[8:], offset))) + head[8:]


def size_of(record: Record) -> int:
    """Bytes it takes in a segment."""
    return HEAD + len(record.content)


def unpack(data: bytes | memoryview, at: int, offset: int) -> tuple[Record, int] | None:
    """(the record whose head is at `at` of `data` and at `offset` of its segment, the number of that segment).

    None if there is none, or not all of it: no length is believed before the CRC is right.
    """
    if len(data) - at < HEAD:
        return None
    magic, crc, length, segment, kind, leg, coding, flags, sequence, tape, first, count, key = \
        _HEAD.unpack_from(data, at)
    end = at + HEAD + length
    if magic != _MAGIC or length > MAX_LENGTH or end > len(data) or zlib.crc32(data[at + 8:end], offset) != crc:
        return None
    return Record(sequence, kind, tape, bytes(data[at + HEAD:end]), leg, first, count, coding, flags, key), segment


class Scanned(NamedTuple):
    """What a segment holds. `number` 0: the file is free, or holds nothing."""

    number: int
    found: list[Found]  # all but sound and pauses
    laid: dict[tuple[int, int], list[Laid]]  # these, by recording and leg, in the order in which they lie there
    broken: int  # bytes of records that were begun and are not whole: a torn end, or a damaged disk
    last: int  # the highest sequence
    last_key: int  # the highest key

    @property
    def empty(self) -> bool:
        return not self.found and not self.laid


def scan(data: bytes) -> Scanned:
    """All whole records of a segment, whatever lies between them. Without its header the first of them tells the
    number. Nearly all of them are sound, of which nothing but its place is kept: a GB has a million and a half."""
    header = read_header(data)
    if header is not None and header[1] == FREE:
        return Scanned(0, [], {}, 0, 0, 0)
    number = header[0] if header is not None else 0
    found: list[Found] = []
    laid: dict[tuple[int, int], list[Laid]] = {}
    view, size = memoryview(data), len(data)
    unpack_from, crc32 = _HEAD.unpack_from, zlib.crc32
    at, broken, last, last_key = data.find(_MAGIC, HEADER), 0, 0, 0
    while 0 <= at <= size - HEAD:
        magic, crc, length, segment, kind, leg, coding, flags, sequence, tape, first, count, key = \
            unpack_from(data, at)
        if magic != _MAGIC:
            at = data.find(_MAGIC, at)
            continue
        end = at + HEAD + length
        if segment == number or number == 0:
            if length <= MAX_LENGTH and end <= size and crc32(view[at + 8:end], at) == crc:
                number = segment
                if sequence > last:
                    last = sequence
                if key > last_key:
                    last_key = key
                if kind in _LAID:
                    row = (first, count, at, length, kind == PAUSED, key)
                    try:
                        laid[tape, leg].append(row)
                    except KeyError:
                        laid[tape, leg] = [row]
                else:
                    found.append(Found(Record(sequence, kind, tape, data[at + HEAD:end], leg, first, count, coding,
                                              flags, key), segment, at, length))
                at = end
                continue
            if number:
                broken += min(HEAD + length, size - at)
        at = data.find(_MAGIC, at + 4)
    return Scanned(number, found, laid, broken, last, last_key)
