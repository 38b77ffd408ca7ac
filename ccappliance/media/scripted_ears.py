"""The ears of scripted media: what a port's detectors tell of the signals that reach it, after the time they need."""

import asyncio
from collections.abc import Callable

from ccappliance.media.ports import (
    DigitHeard,
    Ear,
    FskHeard,
    Heard,
    Sound,
    SoundHeard,
    Tone,
    ToneEnded,
    ToneHeard,
    VoiceHeard,
)
from ccappliance.media.tones import Zone

Thing = Sound | Tone | str | bytes  # what a signal says; str: one DTMF digit, bytes: one caller ID message

# What the engine's ears need, measured from the first sample at the wire's other end (tests/contracts/test_media.py):
DIGIT_NEEDS = 0.060  # seconds: two blocks, and the tick's two frames
DIGIT_SHORTEST = 0.032  # no shorter digit is promised to be heard (DSP.md; Q.24 asks for 40 ms)
CONTINUOUS_MARGIN = 0.15  # beyond the longest burst that dial tone might turn out to be
LONG_CYCLE = 2.0  # of cadences up to this two bursts are heard out; of longer ones the first is enough
EDGE = 0.06  # from the edge of a burst until it is certain
BLINK = 0.03  # a burst that is cut so early was none: the pause before it goes on
PAUSE_SPREAD = 1.1  # a pause so many times its nominal length: the tone is over
VOICE_NEEDS = 0.22  # ports.VoiceHeard, and a frame
VOICE_OVER = 2.0  # ports.VoiceHeard
GLANCE = 1600  # bytes
MATCH_NEEDS = 0.2  # the stretch the engine looks for (ext: MATCH_NEEDLE)

BAUD = 1200.0  # Bell 202 and V.23 alike
SEIZURE_BITS, MARK_BITS, TRAIL_BITS = 300, 180, 10  # EN 300 659-1 §6.2; the trail lets the last byte out
BITS_PER_BYTE = 10  # start, eight, stop
FSK_LATEST = 0.3  # an ear switched on during the seizure or early mark still hears the message


class Signal:
    """One thing a mouth says, on its way; equal only to itself."""

    __slots__ = ("alive", "began", "seconds", "thing")

    def __init__(self, thing: Thing, seconds: float, began: float) -> None:
        self.thing = thing
        self.seconds = seconds
        self.began = began
        self.alive = True

    def __repr__(self) -> str:
        thing = self.thing
        return thing.name if isinstance(thing, Sound | Tone) else repr(thing)


def air_time(data: bytes) -> float:
    """Seconds a caller ID message takes on the line (EN 300 659-1)."""
    return (SEIZURE_BITS + MARK_BITS + BITS_PER_BYTE * len(data) + TRAIL_BITS) / BAUD


def _silent(tone: Tone, played: float) -> float:
    """For how long the tone has paused after `played` seconds; 0 in the middle of a burst."""
    cycle = sum(step.seconds for step in tone.steps)
    at = (played - BLINK) % cycle + BLINK if cycle < float("inf") else 0.0
    silent = 0.0
    for step in tone.steps:
        silent = 0.0 if step.frequencies else silent + min(step.seconds, at)
        at -= step.seconds
        if at <= 0:
            break
    return silent


class Progress:
    """What the ear for progress knows of a zone: names, frequencies and cadences of the tones it recognises."""

    def __init__(self, zone: Zone) -> None:
        self._cadences = {one.name: (one.on_ms / 1000, one.off_ms / 1000) for one in zone.recognised}
        self._rounds = {one.name: sum(one.cadence) / 1000 for one in zone.recognised if one.cadence}
        self._frequencies = frozenset(hz for one in zone.recognised for hz in one.hz)

    def needs(self, tone: Tone) -> float | None:
        """Seconds until the tone is certain; None if it is not among those recognised."""
        if tone.name not in self._cadences:
            return None
        on, off = self._cadences[tone.name]
        if tone.name in self._rounds:
            return self._rounds[tone.name] + EDGE
        if not off:
            return on + CONTINUOUS_MARGIN
        return (2 * on + off if on + off <= LONG_CYCLE else on) + EDGE

    def lasts(self, tone: Tone, played: float) -> float:
        """Seconds until a tone that ceased after `played` is known to be over: its pause must be longer than usual."""
        pause = self._cadences[tone.name][1]
        return max(0.0, PAUSE_SPREAD * pause - _silent(tone, played)) + EDGE

    def is_voice(self, thing: Thing) -> bool:
        """Energy beside the zone's frequencies."""
        if isinstance(thing, Sound):
            start = thing.pcm[:GLANCE]  # a long sound is counted through only if it begins with silence
            return start.count(0) < len(start) or thing.pcm.count(0) < len(thing.pcm)
        if isinstance(thing, Tone):
            return any(hz not in self._frequencies for step in thing.steps for hz in step.frequencies)
        return True


class Ears:
    """The detectors of one port. A signal is judged once, when it arrives or when the ear is switched on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, progress: Progress,
                 tell: Callable[[Heard], None]) -> None:
        self._loop = loop
        self._progress = progress
        self._tell = tell
        self._on = Ear.NONE
        self._sought: Sound | None = None
        self._pending: dict[Signal, dict[Ear, asyncio.TimerHandle]] = {}
        self._match: dict[Signal, asyncio.TimerHandle] = {}
        self._told: dict[Signal, str] = {}  # tones that were told and have not ended
        self._voiced: dict[Signal, None] = {}  # voices that have been heard long enough and are still there
        self._stretch = 0  # grows whenever the ear for progress is switched off
        self._voice_told = False
        self._quiet: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Anything may be told at all."""
        return self._on is not Ear.NONE or self._sought is not None

    # ---- requests ----

    def listen(self, ears: Ear, present: tuple[Signal, ...]) -> None:
        """Exactly these on. One that was on already goes on; one switched on starts afresh."""
        fresh, off = ears & ~self._on, self._on & ~ears
        self._on = ears
        if off:
            for timers in self._pending.values():
                for ear in [ear for ear in timers if ear in off]:
                    timers.pop(ear).cancel()
            self._pending = {signal: timers for signal, timers in self._pending.items() if timers}
        if Ear.PROGRESS in off:
            self._forget_progress()
        if fresh:
            for signal in present:
                self._judge(signal, fresh)

    def listen_for(self, sound: Sound | None, present: tuple[Signal, ...]) -> None:
        for timer in self._match.values():
            timer.cancel()
        self._match.clear()
        self._sought = sound
        for signal in present:
            self._seek(signal)

    def deaf(self) -> None:
        """Nothing more is told."""
        self.listen(Ear.NONE, ())
        self.listen_for(None, ())

    def changed(self, before: tuple[Signal, ...], now: tuple[Signal, ...]) -> None:
        """Other signals reach the port than before."""
        for signal in before:
            if signal not in now:
                self._left(signal)
        for signal in now:
            if signal not in before:
                self._judge(signal, self._on)
                self._seek(signal)

    # ---- arriving and leaving ----

    def _judge(self, signal: Signal, ears: Ear) -> None:
        thing = signal.thing
        if Ear.DTMF in ears and isinstance(thing, str):
            left = signal.began + signal.seconds - self._loop.time()
            if left >= DIGIT_SHORTEST:
                self._later(signal, Ear.DTMF, min(DIGIT_NEEDS, left - 0.005), self._digit)
        if Ear.FSK in ears and isinstance(thing, bytes) and self._loop.time() - signal.began <= FSK_LATEST:
            whole = signal.began + signal.seconds - TRAIL_BITS / 2 / BAUD
            self._later(signal, Ear.FSK, whole - self._loop.time(), self._message)
        if Ear.PROGRESS in ears:
            needs = self._progress.needs(thing) if isinstance(thing, Tone) else None
            if needs is not None:
                self._later(signal, Ear.PROGRESS, needs, self._tone)
            elif self._progress.is_voice(thing):
                self._later(signal, Ear.PROGRESS, VOICE_NEEDS, self._voice)

    def _left(self, signal: Signal) -> None:
        for timer in self._pending.pop(signal, {}).values():
            timer.cancel()
        if signal in self._match:
            self._match.pop(signal).cancel()
        name = self._told.pop(signal, None)
        if name is not None:
            assert isinstance(signal.thing, Tone)
            over = self._progress.lasts(signal.thing, self._loop.time() - signal.began)
            self._loop.call_later(over, self._tone_over, name, self._stretch)
        if signal in self._voiced:
            del self._voiced[signal]
            if not self._voiced:
                self._stop_quiet()
                self._quiet = self._loop.call_later(VOICE_OVER, self._voice_over)

    def _later(self, signal: Signal, ear: Ear, seconds: float, hear: Callable[[Signal], None]) -> None:
        self._pending.setdefault(signal, {})[ear] = self._loop.call_later(max(0.0, seconds), hear, signal)

    def _seek(self, signal: Signal) -> None:
        thing = signal.thing
        if self._sought is not None and isinstance(thing, Sound) and thing.name == self._sought.name:
            needs = min(MATCH_NEEDS, 0.9 * thing.seconds)
            self._match[signal] = self._loop.call_later(needs, self._found, signal)

    # ---- what is told ----

    def _digit(self, signal: Signal) -> None:
        assert isinstance(signal.thing, str)
        self._tell(DigitHeard(signal.thing))

    def _message(self, signal: Signal) -> None:
        assert isinstance(signal.thing, bytes)
        self._tell(FskHeard(signal.thing))

    def _tone(self, signal: Signal) -> None:
        assert isinstance(signal.thing, Tone)
        self._told[signal] = signal.thing.name
        self._voice_told = False
        self._tell(ToneHeard(signal.thing.name))

    def _tone_over(self, name: str, stretch: int) -> None:
        if stretch == self._stretch and name not in self._told.values():
            self._tell(ToneEnded(name))

    def _voice(self, signal: Signal) -> None:
        self._voiced[signal] = None
        self._stop_quiet()
        if not self._voice_told:
            self._voice_told = True
            self._tell(VoiceHeard())

    def _voice_over(self) -> None:
        self._quiet = None
        self._voice_told = False

    def _found(self, signal: Signal) -> None:
        assert self._sought is not None
        name = self._sought.name
        self.listen_for(None, ())
        self._tell(SoundHeard(name))

    def _forget_progress(self) -> None:
        self._stretch += 1
        self._told.clear()
        self._voiced.clear()
        self._voice_told = False
        self._stop_quiet()

    def _stop_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
