"""Journals on disk, for commands that need no daemon: a directory of segments, or one file of a simulated day."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from ccappliance.base.errors import Refused
from ccappliance.call.journal import Entry
from ccappliance.call.journal_file import paths, read_journal, segments
from ccappliance.call.journal_search import about


def reader(path: Path) -> Callable[[], Iterator[Entry]]:
    """The journal of a directory, or of one file. Refused("no_journal") if there is none."""
    if path.is_file():
        return lambda: _file(path)
    if not segments(path):
        raise Refused("no_journal", f"there is no journal in {path}; name the directory that holds "
                      "journal-YYYYMMDD.jsonl")
    return lambda: read_journal(path)


def finder(path: Path) -> Callable[[str, Collection[str]], Iterator[Entry]]:
    """What this journal tells of a call, and what must be known to understand it. Refused("no_journal")."""
    reader(path)
    return lambda call, kinds: about([path] if path.is_file() else paths(path), call, kinds)


def _file(path: Path) -> Iterator[Entry]:
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield Entry.parse(line)
