"""The chain through the segments: at the end of each commit a link, the SHA-256 of the one before and of its bytes.

A link is the content of a CHAIN record, 64 bytes: the link before it (32 zeros for the first of all), and the SHA-256
of that, of the segment's number and of every byte from `first` of the record up to its head. It is taken over what
lies on the disk, so whoever checks it needs no key, and destroying a key breaks no link. Each segment ends with one.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ccappliance.apps.recording.segment import CHAIN, HEAD, HEADER, Found, Record

DIGEST = 32
LINK = HEAD + 2 * DIGEST  # bytes of a CHAIN record: room that each segment keeps
FIRST = bytes(DIGEST)


class Chain:
    """What the writer knows of it. A link counts when its commit is safe."""

    def __init__(self, links: dict[int, bytes]) -> None:
        """`links`: the last of each segment, kept up to date here."""
        self.begins = HEADER  # where in the segment the bytes begin that the next link is of
        self._links = links
        self.head = (max(links), links[max(links)]) if links else (0, FIRST)  # (segment, link): the newest that is safe
        self._new = b""
        self._number = 0
        self._hash = hashlib.sha256()

    def begin(self, number: int) -> None:
        """A segment is begun."""
        self._number, self.begins, self._new = number, HEADER, b""
        self._start()

    def add(self, parts: Iterable[bytes]) -> None:
        """What was written to it."""
        for part in parts:
            self._hash.update(part)

    def link(self) -> bytes:
        """The content of the next link."""
        self._new = self._hash.digest()
        return self.head[1] + self._new

    def linked(self, at: int) -> None:
        """It was written; the next one's bytes begin at `at`. If that commit fails the segment is left."""
        self.begins = at

    def commit(self) -> None:
        """The link is safe."""
        self._links[self._number] = self._new
        self.head = self._number, self._new
        self._start()

    def _start(self) -> None:
        self._hash = begun(self.head[1], self._number)


def begun(before: bytes, number: int) -> "hashlib._Hash":
    """The hash of a link in segment `number` after `before`, to be given its bytes."""
    return hashlib.sha256(before + struct.pack("<Q", number))


def link_of(record: Record) -> bytes:
    return record.content[DIGEST:]


class Broken(NamedTuple):
    """Bytes of a segment, `first` up to `end`, that are not those its links were made of. `link` of a last one: if
    nothing follows it, a power cut may have torn it before it was safe."""

    first: int
    end: int
    words: str
    link: bytes = b""


def broken_links(data: bytes, found: list[Found]) -> Iterator[Broken]:
    """Nothing if all is well."""
    links = [one for one in found if one.record.kind == CHAIN]
    at, before = HEADER, None
    for one in links:
        first, content = one.record.first, one.record.content
        if len(content) != 2 * DIGEST or first != at:
            yield Broken(at, one.offset, "a link of the chain is missing before here")
        elif before is not None and content[:DIGEST] != before:
            yield Broken(one.offset, one.offset + LINK, "this link does not follow the one before it")
        elif not _right(data, one):
            yield Broken(first, one.offset, "what is there is not what was written",
                         content[DIGEST:] if one is links[-1] else b"")
        at, before = one.offset + HEAD + one.length, content[DIGEST:]


def last_link(data: bytes, found: list[Found]) -> bytes:
    """The newest link of a segment whose bytes are all there; b"" if there is none."""
    for one in reversed(found):
        if one.record.kind == CHAIN and _right(data, one):
            return link_of(one.record)
    return b""


def _right(data: bytes, one: Found) -> bool:
    digest = begun(one.record.content[:DIGEST], one.segment)
    digest.update(memoryview(data)[one.record.first:one.offset])
    return digest.digest() == link_of(one.record)
