"""Voice and silence: what is louder than the line's own noise and no tone, and where nothing is.

The floor of noise is the lowest tenth of the 20 ms frames of the seconds around; frames of found tones are left out.
Energy as steady as noise is no voice: speech moves by several dB from frame to frame.
"""

import math
from collections.abc import Iterator, Sequence
from statistics import pstdev

from ccappliance.base.units import RATE, dbm0
from ccappliance.media.analysis_track import HOP, Event, Track

FRAME = 4  # hops: 20 ms
SECOND = RATE // (FRAME * HOP)  # frames
OVER = 8.0  # dB over the floor of noise that are a sound
QUIETEST = -48.0  # dBm0: below it nothing is a sound
LOUDEST_SILENCE = -38.0  # dBm0: above it nothing is silence, however steady
JOIN = 15  # frames: a pause of 300 ms is within speech
LEAST = 8  # frames: 160 ms; less is a click
STEADY = 1.3  # dB: frames of white noise differ by 0.5, of speech by 5 and more
SILENCE = 25  # frames: half a second


class Voice:
    """Voice and silence. Value: "" """

    def listen(self, track: Track, found: Sequence[Event]) -> Iterator[Event]:
        levels = [dbm0(math.sqrt(track.power(k, k + FRAME))) for k in range(0, track.hops - FRAME + 1, FRAME)]
        taken = _taken(found, len(levels))
        floors = _floors(levels, taken)
        limits = [max(QUIETEST, floor + OVER) for floor in floors]
        sounding = [level > limit and not tone for level, limit, tone in zip(levels, limits, taken, strict=True)]
        quiet = [level < min(limit, LOUDEST_SILENCE) and not tone
                 for level, limit, tone in zip(levels, limits, taken, strict=True)]
        for first, last in _stretches(sounding, taken, JOIN):
            part = levels[first:last]
            if sum(sounding[first:last]) >= LEAST and not (len(part) > 12 and pstdev(part[2:-2]) < STEADY):
                yield self._event(track, "voice", first, last, _sure(part, limits[first:last]))
        for first, last in _stretches(quiet, taken, 1):
            if last - first >= SILENCE:
                yield self._event(track, "silence", first, last, 1.0)

    def _event(self, track: Track, kind: str, first: int, last: int, sure: float) -> Event:
        start, end = first * FRAME * HOP, last * FRAME * HOP
        if track.hops * HOP - end < FRAME * HOP:
            end = len(track.samples)
        return Event(start, end, kind, "", track.level(start, end), sure)


def _taken(found: Sequence[Event], frames: int) -> list[bool]:
    """Frames in which something else was found."""
    taken = [False] * frames
    for event in found:
        for run in event.details.get("runs", ((event.start, event.end),)):
            first, last = run[0] // (FRAME * HOP) - 1, -(-run[1] // (FRAME * HOP)) + 1
            taken[max(0, first):last] = [True] * (min(frames, last) - max(0, first))
    return taken


def _floors(levels: Sequence[float], taken: Sequence[bool]) -> list[float]:
    """The noise's level at each frame."""
    seconds: list[float | None] = []
    for at in range(0, len(levels), SECOND):
        free = sorted(level for level, tone in zip(levels[at:at + SECOND], taken[at:at + SECOND], strict=True)
                      if not tone)
        seconds.append(free[len(free) // 10] if len(free) >= 5 else None)
    floors = []
    for k in range(len(seconds)):
        near = [one for one in seconds[max(0, k - 2):k + 3] if one is not None]
        floors += [min(near) if near else -99.0] * SECOND
    return floors[:len(levels)]


def _stretches(flags: Sequence[bool], taken: Sequence[bool], join: int) -> list[tuple[int, int]]:
    """Frames in a row that are flagged; gaps of at most `join` frames without a tone in them are bridged."""
    found: list[tuple[int, int]] = []
    for k, flag in enumerate(flags):
        if not flag:
            continue
        if found and k - found[-1][1] <= join and not any(taken[found[-1][1]:k]):
            found[-1] = (found[-1][0], k + 1)
        else:
            found.append((k, k + 1))
    return found


def _sure(levels: Sequence[float], limits: Sequence[float]) -> float:
    """More with every dB over the limit, up to 12."""
    over = sum(max(0.0, level - limit) for level, limit in zip(levels, limits, strict=True)) / max(1, len(levels))
    return round(min(1.0, 0.5 + over / 24.0), 2)
