"""Tones that the streaming ear does not recognise, by their whole cadence: call waiting, and what a zone leaves out."""

import math
from collections.abc import Iterator, Sequence

from ccappliance.base.units import RATE, dbm0
from ccappliance.media.analysis_track import HOP, Event, Run, Taken, Track
from ccappliance.media.ports import Tone
from ccappliance.media.tones import Zone

KINDS = ("call_waiting", "congestion", "ringback", "dial")
LASTING = 1000.0  # ms: from then on a tone is continuous
SHORT = 150.0  # ms: bursts shorter than this are believed only if the whole cadence comes twice
HALF = 0.5  # of a cadence's last pause must be silent before a single round of it is believed


class Cadences:
    """Tones of the zone by their whole cadence. Kind: the tone's name.

    `rhythms`: only tones of several ons, and twice at least. Asked before the streaming ear, which knows a cadence by
    its first on and longest off, and would take Spain's congestion for three busy tones.
    """

    def __init__(self, zone: Zone, *, rhythms: bool = False) -> None:
        known = {one.name for one in zone.recognised}
        plain = {(one.hz, float(one.on_ms), float(one.off_ms)) for one in zone.recognised}
        tones = [zone.tones[name] for name in KINDS if rhythms or name not in known]
        self._rhythms = rhythms
        self._tones = [tone for tone in tones if self._usable(tone) and _plain(tone) not in plain
                       and (not rhythms or (_plain(tone) is None and len(tone.steps) > 1))]

    @staticmethod
    def _usable(tone: Tone) -> bool:
        sounds = {step.frequencies for step in tone.steps if step.frequencies}
        if len(tone.steps) == 1:
            return len(tone.steps[0].frequencies) in (1, 2)
        turns = [bool(step.frequencies) for step in tone.steps]
        return len(sounds) == 1 and len(next(iter(sounds))) <= 2 and turns == [True, False] * (len(turns) // 2)

    def listen(self, track: Track, found: Sequence[Event]) -> Iterator[Event]:
        heard: list[Event] = []
        for tone in self._tones:
            hz = tuple(map(round, next(step.frequencies for step in tone.steps if step.frequencies)))
            taken = Taken([*found, *heard])
            runs = [run for run in track.runs(hz) if not taken.overlaps(run.start, run.end)]
            heard += self._match(track, tone, hz, runs)
        yield from heard

    def _match(self, track: Track, tone: Tone, hz: Sequence[int], runs: Sequence[Run]) -> list[Event]:
        ons, offs = _steps(tone)[::2], _steps(tone)[1::2]
        least = 2 if self._rhythms or max(ons) < SHORT else 1
        if not offs:
            lasting = [run for run in runs if run.ms >= LASTING]
            return [self._event(track, tone, hz, [run], 1) for run in lasting]
        found, at = [], 0
        while at < len(runs):
            rounds, count = _matched(runs[at:], ons, offs, len(track.samples))
            if rounds >= least:
                found.append(self._event(track, tone, hz, runs[at:at + count], rounds))
                at += count
            else:
                at += 1
        return found

    def _event(self, track: Track, tone: Tone, hz: Sequence[int], runs: Sequence[Run], rounds: int) -> Event:
        power = max(track.power(run.start // HOP + 1, run.end // HOP - 1) for run in runs)
        cadence = "/".join(f"{ms:.0f}" for ms in _steps(tone)) if len(tone.steps) > 1 else "continuous"
        value = f"{'+'.join(map(str, hz))} {cadence}"
        return Event(runs[0].start, runs[-1].end, tone.name, value, dbm0(math.sqrt(power)),
                     round(min(0.95, 0.3 + 0.2 * len(runs) + 0.1 * rounds), 2), {"hz": list(hz), "cycles": rounds})


def _plain(tone: Tone) -> tuple[tuple[float, ...], float, float] | None:
    """Frequencies, on and off of a tone that has but one of each; None of others."""
    steps = _steps(tone)
    ons, offs = set(steps[::2]), set(steps[1::2])
    # (a continuous tone has no off)
    return (tone.steps[0].frequencies, ons.pop(), offs.pop()) if len(ons) == 1 and len(offs) == 1 else None


def _steps(tone: Tone) -> list[float]:
    """Its ons and offs in ms, in turn."""
    return [1000.0 * step.seconds for step in tone.steps]


def _matched(runs: Sequence[Run], ons: Sequence[float], offs: Sequence[float], end: int) -> tuple[int, int]:
    """Whole rounds of this cadence from the first of these runs on, and how many runs they and a last cut one take."""
    rounds = 0
    for k, run in enumerate(runs):
        at = k % len(ons)
        following = runs[k + 1] if k + 1 < len(runs) else None
        pause = ((following.start if following else end) - run.end) * 1000 / RATE
        last = following is None or not _near(pause, offs[at])
        if not _near(run.ms, ons[at]):
            cut = rounds and last and run.ms < ons[at]
            return rounds, k + 1 if cut else k
        if at == len(ons) - 1 and (not last or pause >= HALF * offs[at] - 20.0):
            rounds += 1
        if last:
            return rounds, k + 1
    return rounds, len(runs)


def _near(ms: float, nominal: float) -> bool:
    """8 % and two edges: nearer than for the streaming ear, because here edges are measured."""
    return abs(ms - nominal) <= 0.08 * nominal + 10.0
