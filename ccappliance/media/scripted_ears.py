"""The ears of scripted media: what a port's detectors tell of the signals that reach it, after the time they need."""

import asyncio
from collections.abc import Callable

from ccappliance.media.mf import signal_of
from ccappliance.media.ports import (
    SIGNALS,
    DigitHeard,
    Ear,
    FskHeard,
    Heard,
    MfEnded,
    MfHeard,
    Sound,
    SoundHeard,
    Tone,
    ToneEnded,
    ToneHeard,
    VoiceHeard,
    signal_ear,
)
from ccappliance.media.scripted_signal import Signal, Thing, audible
from ccappliance.media.scripted_talk import AnswerEar, BothEar, TalkEar
from ccappliance.media.tones import Zone, alike, as_pattern

# What the engine's ears need, measured from the first sample at the wire's other end (tests/contracts/test_media.py):
DIGIT_NEEDS = 0.060  # seconds: two blocks, and the tick's two frames
DIGIT_SHORTEST = 0.032  # no shorter digit is promised to be heard (DSP.md; Q.24 asks for 40 ms)
CONTINUOUS_MARGIN = 0.15  # beyond the longest burst that dial tone might turn out to be
LONG_CYCLE = 2.0  # of cadences up to this two bursts are heard out; of longer ones the first is enough
EDGE = 0.06  # from the edge of a burst until it is certain
BLINK = 0.03  # a burst that is cut so early was none: the pause before it goes on
PAUSE_SPREAD = 1.1  # a pause so many times its nominal length: the tone is over
SAME_OFF = 0.15  # by which a pause may differ from its pattern's
VOICE_NEEDS = 0.22  # ports.VoiceHeard, and a frame
VOICE_OVER = 2.0  # ports.VoiceHeard
SIGNAL_NEEDS = {"sit": 0.9, "cng": 0.56, "ced": 0.66, "modem": 0.66}  # ext: _signal.pyx, "told"
SIGNAL_OVER = 0.1  # from the end of an answering machine's 2100 Hz until it is known
MF_NEEDS = 0.045  # seconds from a signal's begin until it is told, the tick's two frames included
MF_OVER = 0.045  # and from its end
MATCH_NEEDS = 0.2  # the stretch the engine looks for (ext: MATCH_NEEDLE)

# Ears as numbers: in here they are compared at every change of every signal, and enum's own `&` costs ten of these.
DTMF, PROGRESS, FSK, FAX, VOICE, VERDICT, BOTH = (ear.value for ear in (
    Ear.DTMF, Ear.PROGRESS, Ear.FSK, Ear.FAX, Ear.VOICE, Ear.VERDICT, Ear.BOTH))
MF = (Ear.MF_FORWARD | Ear.MF_BACKWARD | Ear.MF_R1).value
TALK = VOICE | VERDICT | BOTH
BAUD = 1200.0  # Bell 202 and V.23 alike
SEIZURE_BITS, MARK_BITS, TRAIL_BITS = 300, 180, 10  # EN 300 659-1 §6.2; the trail lets the last byte out
BITS_PER_BYTE = 10  # start, eight, stop
FSK_LATEST = 0.3  # an ear switched on during the seizure or early mark still hears the message


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
        self._zone = zone
        self._names: dict[Tone, str | None] = {}
        self._cadences = {one.name: (one.on_ms / 1000, one.off_ms / 1000) for one in zone.recognised}
        self._rounds = {one.name: sum(one.cadence) / 1000 for one in zone.recognised if one.cadence}
        self._frequencies = frozenset(hz for one in zone.recognised for hz in one.hz)

    def name(self, tone: Tone) -> str | None:
        """What the ear takes the tone for, whatever it is called; None if it is not among those recognised."""
        if tone not in self._names:
            own = self._zone.tones.get(tone.name)
            pattern = as_pattern(tone)
            if own is not None and own.steps == tone.steps:
                self._names[tone] = tone.name if tone.name in self._cadences else None
            else:
                self._names[tone] = next((one.name for one in self._zone.recognised
                                          if pattern is not None and alike(one, pattern)
                                           and abs(one.off_ms - pattern.off_ms) <= SAME_OFF * one.off_ms), None)
        return self._names[tone]

    def needs(self, tone: Tone) -> float | None:
        """Seconds until the tone is certain; None if it is not among those recognised."""
        name = self.name(tone)
        if name is None:
            return None
        on, off = self._cadences[name]
        if name in self._rounds:
            return self._rounds[name] + EDGE
        if not off:
            return on + CONTINUOUS_MARGIN
        return (2 * on + off if on + off <= LONG_CYCLE else on) + EDGE

    def lasts(self, tone: Tone, played: float) -> float:
        """Seconds until a tone that ceased after `played` is known to be over: its pause must be longer than usual."""
        pause = self._cadences[self.name(tone) or tone.name][1]
        return max(0.0, PAUSE_SPREAD * pause - _silent(tone, played)) + EDGE

    def is_voice(self, thing: Thing) -> bool:
        """Energy beside the zone's frequencies."""
        if isinstance(thing, Sound):
            return audible(thing)
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
        self._mask = 0  # the same
        self.open = False  # anything may be told at all
        self._sought: Sound | None = None
        self._pending: dict[Signal, dict[int, asyncio.TimerHandle]] = {}
        self._match: dict[Signal, asyncio.TimerHandle] = {}
        self._told: dict[Signal, str] = {}  # tones that were told and have not ended
        self._voiced: dict[Signal, None] = {}  # voices that have been heard long enough and are still there
        self._stretch = 0  # grows whenever the ear for progress is switched off
        self._voice_told = False
        self._quiet: asyncio.TimerHandle | None = None
        self._mf: dict[Signal, None] = {}  # multi-frequency signals that were told and have not ended
        self._signalled: dict[Signal, None] = {}  # 2100 Hz that was told and has not ended
        self._talk = TalkEar(loop, tell)
        self._both = BothEar(loop, tell)
        self._answer = AnswerEar(loop, tell)

    # ---- requests ----

    def listen(self, ears: Ear, present: tuple[Signal, ...]) -> None:
        """Exactly these on. One that was on already goes on; one switched on starts afresh."""
        if ears is self._on:
            return
        before, now = self._mask, ears.value
        self._on, self._mask = ears, now
        self.open = now != 0 or self._sought is not None
        fresh, off = now & ~before, before & ~now
        if off and self._pending:
            for timers in self._pending.values():
                for ear in [ear for ear in timers if not ear & ~off]:
                    timers.pop(ear).cancel()
            self._pending = {signal: timers for signal, timers in self._pending.items() if timers}
        if off & PROGRESS:
            self._forget_progress()
        if off & FAX:
            self._signalled.clear()
        if off & MF:
            self._mf.clear()
        if (fresh | off) & TALK:
            self._turn_talk(fresh, off, present)
        if fresh:
            for signal in present:
                self._judge(signal, fresh)

    def listen_for(self, sound: Sound | None, present: tuple[Signal, ...]) -> None:
        for timer in self._match.values():
            timer.cancel()
        self._match.clear()
        self._sought = sound
        self.open = self._mask != 0 or sound is not None
        for signal in present:
            self._seek(signal)

    def deaf(self) -> None:
        """Nothing more is told."""
        self.listen(Ear.NONE, ())
        self.listen_for(None, ())

    def _turn_talk(self, fresh: int, off: int, present: tuple[Signal, ...]) -> None:
        for ear, which in ((VOICE, self._talk), (VERDICT, self._answer)):
            if off & ear:
                which.stop()
            if fresh & ear:
                which.start()
                for signal in present:
                    which.arrived(signal)
        if off & BOTH:
            self._both.stop()
        if fresh & BOTH:
            self._both.heard(present)

    def said(self, signals: tuple[Signal, ...]) -> None:
        """The port itself says this now."""
        if self._mask & BOTH:
            self._both.said(signals)

    def changed(self, before: tuple[Signal, ...], now: tuple[Signal, ...]) -> None:
        """Other signals reach the port than before."""
        for signal in before:
            if signal not in now:
                self._left(signal)
        for signal in now:
            if signal not in before:
                if self._mask & VOICE:
                    self._talk.arrived(signal)
                if self._mask & VERDICT:
                    self._answer.arrived(signal)
                self._judge(signal, self._mask)
                self._seek(signal)
        if self._mask & BOTH:
            self._both.heard(now)

    # ---- arriving and leaving ----

    def _judge(self, signal: Signal, ears: int) -> None:
        thing = signal.thing
        if isinstance(thing, str):
            left = signal.began + signal.seconds - self._loop.time()
            if left >= DIGIT_SHORTEST and ears & DTMF:
                self._later(signal, DTMF, min(DIGIT_NEEDS, left - 0.005), self._digit)
        elif isinstance(thing, bytes):
            if self._loop.time() - signal.began <= FSK_LATEST and ears & FSK:
                whole = signal.began + signal.seconds - TRAIL_BITS / 2 / BAUD
                self._later(signal, FSK, whole - self._loop.time(), self._message)
        elif thing.name in SIGNALS and ears & (ear := signal_ear(thing.name).value):
            self._later(signal, ear, SIGNAL_NEEDS[thing.name], self._signal)
        if ears & MF and isinstance(thing, Tone) and signal_of(thing, Ear(ears & MF)):
            self._later(signal, ears & MF, MF_NEEDS, self._mf_began)
        if ears & PROGRESS:
            needs = self._progress.needs(thing) if isinstance(thing, Tone) else None
            if needs is not None:
                self._later(signal, PROGRESS, needs, self._tone)
            elif self._progress.is_voice(thing):
                self._later(signal, PROGRESS, VOICE_NEEDS, self._voice)

    def _left(self, signal: Signal) -> None:
        for timer in self._pending.pop(signal, {}).values():
            timer.cancel()
        if signal in self._match:
            self._match.pop(signal).cancel()
        if self._mask & VOICE:
            self._talk.left(signal)
        if self._mask & VERDICT:
            self._answer.left(signal)
        if signal in self._signalled:
            del self._signalled[signal]
            self._loop.call_later(SIGNAL_OVER, self._signal_over, signal)
        if signal in self._mf:
            self._loop.call_later(MF_OVER, self._mf_over, signal)
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

    def _later(self, signal: Signal, ear: int, seconds: float, hear: Callable[[Signal], None]) -> None:
        self._pending.setdefault(signal, {})[ear] = self._loop.call_later(max(0.0, seconds), hear, signal)

    def _seek(self, signal: Signal) -> None:
        thing = signal.thing
        if self._sought is not None and isinstance(thing, Sound) and thing.name == self._sought.name:
            if signal.seconds < thing.seconds:
                return  # its beginning, by which it is known, was left out
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
        name = self._told[signal] = self._progress.name(signal.thing) or signal.thing.name
        self._voice_told = False
        self._tell(ToneHeard(name))

    def _tone_over(self, name: str, stretch: int) -> None:
        if stretch == self._stretch and name not in self._told.values():
            self._tell(ToneEnded(name))

    def _signal(self, signal: Signal) -> None:
        thing = signal.thing
        assert isinstance(thing, Sound | Tone)
        self._tell(ToneHeard(thing.name))
        if thing.name in ("ced", "modem"):
            self._signalled[signal] = None
        elif isinstance(thing, Tone) and thing.rounds != 1:  # told each time it comes
            cycle = sum(step.seconds for step in thing.steps)
            self._later(signal, signal_ear(thing.name).value, cycle, self._signal)

    def _signal_over(self, signal: Signal) -> None:
        if self._mask & FAX and isinstance(signal.thing, Sound | Tone):
            self._tell(ToneEnded(signal.thing.name))

    def _mf_began(self, signal: Signal) -> None:
        assert isinstance(signal.thing, Tone)
        self._mf[signal] = None
        self._tell(MfHeard(signal_of(signal.thing, self._on)))

    def _mf_over(self, signal: Signal) -> None:
        if self._mf.pop(signal, self) is None:
            self._tell(MfEnded())

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
