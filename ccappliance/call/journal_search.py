"""Finding one call in a long journal: bytes are looked through, and only what is needed is read as entries.

A reader that begins at a page (DayBegan, or the house's start) knows what one knows that has read from the beginning.
"""

import mmap
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ccappliance.call.journal import Entry, JournalError

PAGE = re.compile(rb'"fact":"(?:DayBegan|DaemonStarted)"')
APART = 7  # segments in which a call is not mentioned, until it is believed that older ones know nothing of it


def about(paths: Sequence[Path], call: str) -> Iterator[Entry]:
    """Entries from the last page before this call's first word to the end of the segment with its last one.

    `paths`: the journal's segments, oldest first. Nothing if no segment mentions the call.
    """
    word = f'"{call}"'.encode()
    mentioned: list[int] = []
    for index in range(len(paths) - 1, -1, -1):
        if mentioned and mentioned[-1] - index > APART:
            break
        if _first(paths[index], word) >= 0:
            mentioned.append(index)
    if not mentioned:
        return
    index, offset = _page(paths, mentioned[-1], _first(paths[mentioned[-1]], word))
    for path in paths[index:mentioned[0] + 1]:
        with path.open("rb") as file:
            file.seek(offset)
            offset = 0
            for line in file:
                if not line.endswith(b"\n"):
                    break  # being written at this moment, or torn
                try:
                    yield Entry.parse(line)
                except JournalError:
                    continue  # as `read_journal`: of a kind only a newer version knows


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
