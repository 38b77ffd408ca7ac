"""What a power cut or a kill has left of the segments: read at every start, the same however often it is done.

Nothing is ever appended to a segment of an earlier run, so a torn end needs no cutting: its bytes are no records and
never become any. What is found is made safe before it is told, or a second cut could take what the journal has said
is there.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from ccappliance.apps.recording.chain import last_link
from ccappliance.apps.recording.segment import CHAIN, FREE, HEAD, HEADER, Scanned, read_header, scan
from ccappliance.apps.recording.takes import Take, Takes
from ccappliance.apps.recording.tape_log import SPARES, Segments
from ccappliance.service.disk import Disk

_OFFSET, _LENGTH, _KEY = itemgetter(2), 3, 5  # of what is `Laid`
_CHUNK = 1 << 20  # bytes read at once; what a broken sector takes with it is at most so much


@dataclass
class Recovered:
    """What is there, and what is not."""

    takes: Takes
    segments: Segments
    interrupted: list[Take] = field(default_factory=list)  # recordings without an end: the cut has ended them
    broken: int = 0  # bytes of records that were begun and are not whole
    unreadable: int = 0  # bytes the disk would not give
    last_key: int = 0  # the highest key any record names


def recover(disk: Disk, directory: Path, size: int, has_key: Callable[[int], bool] = lambda number: True) -> Recovered:
    """Read all segments of a directory. `size`: bytes of a segment to be used from now on. OSError if the directory or
    a file's length cannot be read; a segment that cannot be opened or read costs its own content. `has_key(number)`:
    a key was made safe, whatever became of it since."""
    state = Recovered(Takes(), Segments(directory))
    found: list[Scanned] = []
    for name in disk.names(directory):
        slot = name.removeprefix("tape-").removesuffix(".seg")
        if name == f"tape-{slot}.seg" and slot.isdigit():
            state.segments.slot = max(state.segments.slot, int(slot))
            scanned = _look_at(disk, directory / name, size, state)
            if scanned is not None:
                found.append(_whole(scanned, has_key, state))
    found.sort(key=lambda one: one.number)
    for one in found:
        state.takes.hear_all(one)
    state.interrupted = [take for take in state.takes if take.closed is None and not take.freed_in]
    return state


def _whole(scanned: Scanned, has_key: Callable[[int], bool], state: Recovered) -> Scanned:
    """Without sealed sound that came after the last link and whose key the cut has taken: it was never safe. What lies
    before a link is: if its key is missing now, somebody must bring it back, and it stays."""
    state.last_key = max(state.last_key, scanned.last_key)
    last = max((one.offset for one in scanned.found if one.record.kind == CHAIN), default=-1)
    known = {0: True}
    laid = {}
    for place, rows in scanned.laid.items():
        after = bisect_right(rows, last, key=_OFFSET)
        kept = rows[:after]
        for row in rows[after:]:
            key = row[_KEY]
            if key not in known:
                known[key] = has_key(key)
            if known[key]:
                kept.append(row)
            else:
                state.broken += HEAD + row[_LENGTH]
        if kept:
            laid[place] = kept
    return scanned._replace(laid=laid)


def _look_at(disk: Disk, path: Path, size: int, state: Recovered) -> Scanned | None:
    """The records of one file, if any; a free one is noted, a wreck taken away."""
    segments, before = state.segments, state.unreadable
    try:
        file = disk.open(path, write=True)
    except OSError:
        state.unreadable += size
        return None
    try:
        header = read_header(_read(disk, file, HEADER, state))
        length = disk.size(file)
        free = header is not None and header[1] == FREE
        data = b"" if free else _read(disk, file, length, state)
        scanned = scan(data)
        if not scanned.empty:
            disk.sync(file)
    except OSError:  # of the sync: what was found is told as interrupted, never as whole
        state.unreadable += length
    finally:
        disk.close(file)
    segments.last = max(segments.last, header[0] if header is not None else 0, scanned.number)
    if not scanned.empty and scanned.number not in segments.in_use:
        state.broken += scanned.broken  # not those of a wreck: it is gone, and a second start would not find them
        segments.in_use[scanned.number] = path
        link = last_link(data, scanned.found)
        if link:
            segments.links[scanned.number] = link
        return scanned
    if free and length == size and len(segments.free) < SPARES:
        segments.free.append(path)
    elif scanned.empty and state.unreadable == before:  # begun and never used, of another size, or one too many
        disk.unlink(path)
    return None


def _read(disk: Disk, file: int, length: int, state: Recovered) -> bytes:
    parts = []
    for offset in range(0, length, _CHUNK):
        wanted = min(_CHUNK, length - offset)
        try:
            parts.append(disk.read(file, wanted, offset))
        except OSError:
            state.unreadable += wanted
            parts.append(bytes(wanted))
    return b"".join(parts)
