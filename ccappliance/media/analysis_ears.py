"""The streaming ears under analysis: DTMF, call progress and caller ID data, with edges and levels measured exactly.

The ears say what it is, and when they became certain; the samples around that say from when to when, and how loud.
"""

import math
from collections.abc import Iterator, Sequence

from ccappliance.base.units import RATE, dbm0
from ccappliance.media import dsp
from ccappliance.media.analysis_track import FLOOR, HOP, Event, Run, Taken, Track
from ccappliance.media.ports import ToneEnded, ToneHeard
from ccappliance.media.tones import COLUMNS, DIGITS, LONG_OFF, ROWS, SAME_HZ, Recognised, Zone

FEED = 2 * HOP  # bytes an ear is given at a time: then it is known to 5 ms when it became certain
BAUD = 1200
FSK_LINES = {"bell202": (1200, 2200), "v23": (1300, 2100)}  # mark and space, Hz


class Digits:
    """DTMF. Value: the digit."""

    def listen(self, track: Track, found: Sequence[Event]) -> Iterator[Event]:
        free = 0  # sample up to which an earlier digit reaches
        pcm = track.pcm + bytes(2 * RATE // 4)  # a digit at the very end is over in the silence after it
        for digit, began, ended in dsp.DtmfEar().follow(pcm):
            event = self._measure(track, digit, max(began, free), min(ended, len(track.samples)), free)
            free = event.end
            yield event

    def _measure(self, track: Track, digit: str, began: int, ended: int, free: int) -> Event:
        place = DIGITS.index(digit)
        low, high = round(ROWS[place // 4]), round(COLUMNS[place % 4])
        run = track.exact(began, ended)
        inside = (run.start // HOP + 1, max(run.end // HOP - 1, run.start // HOP + 2))
        loud_low, loud_high = track.line_power(low, *inside), track.line_power(high, *inside)
        share = (loud_low + loud_high) / max(track.power(*inside), 1.0)
        levels = (dbm0(math.sqrt(loud_low)), dbm0(math.sqrt(loud_high)))
        return Event(max(run.start, free), run.end, "dtmf", digit, dbm0(math.sqrt(loud_low + loud_high)),
                     min(1.0, 0.5 + 0.5 * share), {"low_dbm0": round(levels[0], 1), "high_dbm0": round(levels[1], 1)})


class Progress:
    """The recognised tones of a zone. Kind: the tone's name; value: its frequencies and cadence."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self._patterns = {one.name: one for one in zone.recognised}

    def listen(self, track: Track, found: Sequence[Event]) -> Iterator[Event]:
        last: Event | None = None
        taken = Taken(one for one in found if one.kind in self._patterns or one.kind in self.zone.tones)
        for name, told, ended in self._stretches(track):
            event = self._measure(track, self._patterns[name], told, ended)
            if event is None or taken.overlaps(event.start, event.end):
                continue
            if last is not None and event.kind == last.kind and event.start <= last.end:  # told twice of one stretch
                continue
            if last is not None:
                yield last
            last = event
        if last is not None:
            yield last

    def _stretches(self, track: Track) -> list[tuple[str, int, int]]:
        """What the ear told: name, sample at which it was certain, sample at which it said it was over."""
        ear = dsp.ProgressEar(self.zone)
        stretches: list[tuple[str, int, int]] = []
        told: dict[str, int] = {}
        silence = bytes(2 * RATE * 5)  # in it the ear tells what the end of the file leaves open
        pcm = track.pcm + silence
        for at in range(0, len(pcm), FEED):
            for fact in ear.hear(pcm[at:at + FEED]):
                if isinstance(fact, ToneHeard) and fact.name in self._patterns:
                    told[fact.name] = at // 2
                elif isinstance(fact, ToneEnded) and fact.name in told:
                    stretches.append((fact.name, told.pop(fact.name), at // 2))
        stretches += [(name, at, len(pcm) // 2) for name, at in told.items()]
        return sorted(stretches, key=lambda one: one[1])

    def _measure(self, track: Track, one: Recognised, told: int, ended: int) -> Event | None:
        hz = tuple(map(round, one.hz))
        if len(hz) == 1:  # an exchange may be 25 Hz off; of two close lines the turn of the phase says nothing
            round_ms = one.on_ms + (one.off_ms if one.off_ms < LONG_OFF else 0) + 100
            true = track.true_hz(hz[0], told // HOP - round_ms * RATE // 1000 // HOP, told // HOP + 2)
            hz = (round(true) if abs(true - hz[0]) <= SAME_HZ else hz[0],)
        reach = (one.on_ms + one.off_ms) * RATE // 1000 // HOP + 40
        runs = track.runs(hz, told // HOP - 12 * reach, ended // HOP + 12 * reach)  # it may go on when the ear gave up
        at = max((k for k, run in enumerate(runs) if run.start <= told), default=None)
        if at is None:
            return None
        chosen = self._chain(one, runs, at) if one.off_ms else [runs[at]]
        return self._event(track, one, hz, chosen)

    def _chain(self, one: Recognised, runs: Sequence[Run], at: int) -> list[Run]:
        """The runs around `at` that are of this cadence."""
        ons, longest = self._ons(one), one.off_ms * 1.15 + 40
        first = last = at
        while first > 0 and _gap(runs, first) <= longest and (
                _fits(runs[first - 1].ms, ons) or (runs[first - 1].start < HOP and runs[first - 1].ms < max(ons))):
            first -= 1
        while last + 1 < len(runs) and _gap(runs, last + 1) <= longest and (
                _fits(runs[last + 1].ms, ons) or (last + 2 == len(runs) and runs[last + 1].ms < max(ons))):
            last += 1
        return list(runs[first:last + 1])

    def _ons(self, one: Recognised) -> list[float]:
        """How long this tone may sound at a time, in ms: as played, and as recognised (it may have been learned)."""
        played = self.zone.tones[one.name].steps if one.name in self.zone.tones else ()
        return [float(one.on_ms), *(1000 * step.seconds for step in played
                                    if step.frequencies == one.hz and not math.isinf(step.seconds))]

    def _event(self, track: Track, one: Recognised, hz: Sequence[int], runs: Sequence[Run]) -> Event:
        powers = [track.power(run.start // HOP + 1, run.end // HOP - 1) for run in runs]
        loud = max(powers)
        details = {"hz": list(hz), "cycles": len(runs), "on_ms": round(runs[len(runs) // 2].ms)}
        if len(runs) > 1:
            details["off_ms"] = round(max(_gap(runs, k) for k in range(1, len(runs))))
        share = track.tone_power(hz, runs[-1].start // HOP + 1, runs[-1].start // HOP + 7) / max(
            track.power(runs[-1].start // HOP + 1, runs[-1].start // HOP + 7), 1.0)
        times = 1.0 if not one.off_ms else min(1.0, len(runs) / (2 if one.off_ms >= LONG_OFF else 3))
        cadence = f"{one.on_ms}/{one.off_ms}" if one.off_ms else "continuous"
        value = f"{'+'.join(f'{line:g}' for line in one.hz)} {cadence}"
        return Event(runs[0].start, runs[-1].end, one.name, value, dbm0(math.sqrt(loud)),
                     round(min(1.0, 0.4 + 0.4 * times + 0.2 * min(1.0, share)), 2), details)


def _gap(runs: Sequence[Run], k: int) -> float:
    """ms between run k and the one before it."""
    return (runs[k].start - runs[k - 1].end) * 1000 / RATE


def _fits(ms: float, ons: Sequence[float]) -> bool:
    return any(abs(ms - on) <= 0.15 * on + 25 for on in ons)


class CallerIdData:
    """Caller ID data. Value: the message in hexadecimal, type and checksum included; what it says is not known here."""

    def listen(self, track: Track, found: Sequence[Event]) -> Iterator[Event]:
        ear = dsp.FskEar()
        pcm = track.pcm + bytes(2 * RATE // 4)
        for at in range(0, len(pcm), FEED):
            for data in ear.hear(pcm[at:at + FEED]):
                yield self._measure(track, data, min(at // FEED + 1, track.hops))

    def _measure(self, track: Track, data: bytes, told: int) -> Event:
        bits = 10 * len(data)
        middle = max(0, told - bits * RATE // BAUD // HOP)
        loud = track.power(middle, told)
        earliest = max(0, middle - (300 + 205) * RATE // BAUD // HOP - 8)  # EN 300 659-1: seizure, longest mark
        first = middle
        while first > earliest and track.power(first - 1, first) > max(loud / 8, FLOOR):
            first -= 1
        last = told
        while last < track.hops and last < told + 12 and track.power(last, last + 1) > max(loud / 8, FLOOR):
            last += 1
        run = track.exact(first * HOP, last * HOP)
        good = len(data) > 2 and sum(data) % 256 == 0
        return Event(run.start, run.end, "callerid", data.hex(), dbm0(math.sqrt(loud)), 1.0 if good else 0.3,
                     {"standard": self._standard(track, first, last), "checksum": good})

    def _standard(self, track: Track, first: int, last: int) -> str:
        """By the mark: 30 ms windows of it hold 1200 Hz or 1300 Hz, and little else."""
        def purest(hz: int) -> float:
            return sum(sorted((track.line_power(hz, k, k + 6) / max(track.power(k, k + 6), 1.0)
                               for k in range(first, max(last - 6, first + 1), 3)), reverse=True)[:3])
        return max(FSK_LINES, key=lambda standard: purest(FSK_LINES[standard][0]))
