"""Finding one call in a long journal: bytes are looked through, and only what is needed is read as entries.

A reader that begins at a page (DayBegan, or the house's start) knows what one knows that has read from the beginning.
"""

import contextlib
import mmap
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from ccappliance.call.journal import Entry, JournalError

PAGE = re.compile(rb'"fact":"(?:DayBegan|DaemonStarted)"')
KIND = re.compile(rb'\{"seq":\d+,"at":"[^"]+","now":[^,]+,"fact":"(\w+)"')
OFFERED = re.compile(rb'"fact":"CallOffered","call":"(\d+)\.(\d+)"')
ID = re.compile(r"(\d+)\.(\d+)")  # base/ids.py: a later call has a greater one
APART = 7  # segments in which a call is not mentioned, until it is believed that no more do
HEAD = 256 * 1024  # bytes of a segment in which its first call is looked for


def about(paths: Sequence[Path], call: str, kinds: Collection[str]) -> Iterator[Entry]:
    """What mentions a call, and every entry of these kinds besides, from the last page before its first word to the end
    of the segment with its last one; and that segment's last entry, which tells until when it was heard of.

    `paths`: the journal's segments, oldest first. Nothing if no segment mentions the call.
    """
    word = f'"{call}"'.encode()
    wanted = {kind.encode() for kind in kinds}
    mentioned = _mentioned(paths, call, word)
    if not mentioned:
        return
    index, offset = _page(paths, mentioned[0], _first(paths[mentioned[0]], word))
    last = b""
    for path in paths[index:mentioned[-1] + 1]:
        with path.open("rb") as file:
            file.seek(offset)
            offset = 0
            for line in file:
                if not line.endswith(b"\n"):
                    break  # being written at this moment, or torn
                kind = KIND.match(line)
                last = line
                if word in line or (kind is not None and kind[1] in wanted):
                    last = b""
                    yield from _parsed(line)
    if last:
        yield from _parsed(last)


def _parsed(line: bytes) -> Iterator[Entry]:
    with contextlib.suppress(JournalError):  # as `read_journal`: of a kind only a newer version knows
        yield Entry.parse(line)


def _mentioned(paths: Sequence[Path], call: str, word: bytes) -> list[int]:
    """Which segments mention it, oldest first. Where it began is known by the calls with which segments begin."""
    home = _home(paths, call)
    if home is not None and _first(paths[home], word) >= 0:
        return _near(paths, word, range(home, len(paths)))
    return _near(paths, word, range(len(paths) - 1, -1, -1))[::-1]  # no call's own name, or clocks were set back


def _near(paths: Sequence[Path], word: bytes, indexes: Iterable[int]) -> list[int]:
    found: list[int] = []
    for index in indexes:
        if found and abs(index - found[-1]) > APART:
            break
        if _first(paths[index], word) >= 0:
            found.append(index)
    return found


def _home(paths: Sequence[Path], call: str) -> int | None:
    """The newest segment that begins with no later call."""
    name = ID.fullmatch(call)
    if name is None:
        return None
    sought = int(name[1]), int(name[2])
    for index in range(len(paths) - 1, -1, -1):
        with paths[index].open("rb") as file:
            first = OFFERED.search(file.read(HEAD))
        if first is not None and (int(first[1]), int(first[2])) <= sought:
            return index
    return None


def _first(path: Path, word: bytes) -> int:
    """Where a word stands first in a file; -1: nowhere."""
    if not path.stat().st_size:
        return -1
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(word)


def _page(paths: Sequence[Path], index: int, before: int) -> tuple[int, int]:
    """The last page before this place, or the journal's beginning: segment, and offset of its line."""
    while True:
        if paths[index].stat().st_size:
            with paths[index].open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
                found = -1
                for page in PAGE.finditer(text, 0, before if before >= 0 else len(text)):
                    found = page.start()
                if found >= 0:
                    return index, text.rfind(b"\n", 0, found) + 1
        if index == 0:
            return 0, 0
        index, before = index - 1, -1
