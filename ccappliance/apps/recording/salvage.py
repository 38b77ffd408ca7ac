"""What a killed run's rings hold and its segments do not: written to the log as its sound would have been, once.

Every recording's frames are counted from its beginning, in the ring as in the segments, so that which of them is new
needs no trust in what the writer had noted: a sample is in the log or it is appended. Whatever is in the log twice or
out of bounds is left out; whoever has an end, or was freed, has had everything.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple, Protocol

from ccappliance.apps.recording.keys import Erased, Locked
from ccappliance.apps.recording.segment import AGENT, CALLER
from ccappliance.apps.recording.takes import Label, Take
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.base.units import RATE, TICK
from ccappliance.media.rings import Frame, Left

FRAME = round(RATE * TICK)
_MOST = 50  # frames of one record: a second


class Remains(Protocol):
    """`media/rings.py`'s Rings, or a test's."""

    def left(self) -> Iterator[Left]: ...

    def forget(self) -> None: ...


class Salvaged(NamedTuple):
    """What became of rings."""

    ended: list[Take]
    waiting: list[Take]  # sealed, and their key cannot be had now: not ended, a later start does it
    why: str  # of what must wait, though it be not in `waiting` because the log knows nothing of it; "": all is done


def salvage(log: TapeLog, remains: Remains) -> Salvaged:
    """Append what is missing, make it safe, end those recordings: as often as one likes.

    OSError of the disk or of the rings' file: then the rings stay for the next start, as they do if anything waits.
    """
    ended: list[Take] = []
    waiting: list[Take] = []
    why = ""
    open_takes = {take.label.recording: take for take in log.takes if take.closed is None and not take.freed_in}
    known = {take.label.recording: None for take in log.takes}
    for ring in remains.left():
        label = _label(ring)
        if label is None or (label.recording in known and label.recording not in open_takes):
            continue
        take = open_takes.pop(label.recording, None)
        known[label.recording] = None
        try:
            number = _number(log, take, label)
        except Erased:
            continue  # nobody may hear it any more
        except Locked as error:
            why = str(error)
            waiting += [take] if take is not None else []
            continue
        _append(log, number, take, ring)
        log.commit()
        take = log.takes.by_number[number]
        whole = max(take.samples, ring.frames * FRAME)
        log.end(number, whole, take.missing + whole - take.samples, "interrupted")
        log.commit()
        ended.append(take)
    return Salvaged(ended, waiting, why)


def _number(log: TapeLog, take: Take | None, label: Label) -> int:
    """Of a recording that is ready to be gone on with. Locked, Erased."""
    if take is None:
        return log.begin(label)
    log.resume(take)
    return take.number


def _label(ring: Left) -> Label | None:
    try:
        return Label.unpack(ring.name)
    except (ValueError, KeyError, TypeError):  # a version of another day named its rings in another way
        return None


def _append(log: TapeLog, number: int, take: Take | None, ring: Left) -> None:
    ends = [leg.end for leg in take.legs] if take is not None else [0, 0]
    for first, paused, stereo in _runs(ring.newest):
        count = len(stereo) // 4
        if paused:
            begin = max(first, *ends)
            if begin < first + count:
                log.pause(number, begin, first + count - begin)
            continue
        for legs, begin, end in ((_behind(ends), min(ends), max(ends)), ((CALLER, AGENT), max(ends), first + count)):
            begin, end = max(begin, first), min(end, first + count)  # a kill may have torn the last write between legs
            if begin < end and legs:
                log.sound(number, begin, stereo[4 * (begin - first):4 * (end - first)], legs)


def _behind(ends: list[int]) -> tuple[int, ...]:
    """The leg that ends before the other."""
    return () if ends[CALLER] == ends[AGENT] else (CALLER,) if ends[CALLER] < ends[AGENT] else (AGENT,)


def _runs(newest: list[Frame]) -> Iterator[tuple[int, bool, bytes]]:
    """(first sample, paused, stereo) of frames that follow each other and are alike, at most a second of them."""
    def run_of(numbered: tuple[int, Frame]) -> tuple[int, int, bool]:
        at, frame = numbered
        return frame.at - at, at // _MOST, frame.paused

    for _, group in groupby(enumerate(newest), run_of):
        frames = [frame for _, frame in group]
        yield frames[0].at * FRAME, frames[0].paused, b"".join(frame.stereo for frame in frames)
