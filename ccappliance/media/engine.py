"""Media with real samples: the Python face of the Cython tick (`ext/ccappliance/media/`), one object per side.

Requests become commands in a ring; the tick (a metronome's) obeys them within 20 ms. What it hears comes back as events
through a second ring, and is told to the ports in the loop. Memory and ownership: `_engine.pyx`.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_BRIDGE_PORTS, MAX_PORTS
from ccappliance.base.units import RATE, TICK, amplitude, dbm0, samples
from ccappliance.media import _engine
from ccappliance.media._engine import Engine
from ccappliance.media._wire import Wire, WireEnd
from ccappliance.media.dsp import render_fsk
from ccappliance.media.mf import MF_EARS
from ccappliance.media.ports import (
    PLAIN,
    SIGNALS,
    BeepHeard,
    BothBegan,
    BothEnded,
    DigitHeard,
    Ear,
    FskHeard,
    GreetingEnded,
    Heard,
    Levels,
    MediaPort,
    MediaStats,
    MfEnded,
    MfHeard,
    Played,
    SilenceHeard,
    Sound,
    SoundHeard,
    TalkBegan,
    TalkEnded,
    Tone,
    ToneEnded,
    ToneHeard,
    ToneStep,
    Treatment,
    Verdict,
    VoiceHeard,
    WireStalled,
    signal_ear,
)
from ccappliance.media.rings import BASE, TAPE_FRAMES, Rings
from ccappliance.media.tones import Recognised, Zone, dtmf_tone
from ccappliance.media.verdict import zone_tones

UNTOLD = -1
PAUSE = 1.0  # seconds of a ',' in a dialled string

SOUGHT = 2 * RATE  # samples of a sound that are listened for: whoever hears a long one knows it by its beginning


class Timing(Protocol):
    """Who ticks us: how late it was."""

    @property
    def late(self) -> int: ...

    @property
    def worst_late(self) -> float: ...


class EnginePlaying:
    """One playback under way; ends when the tick has given its sounds back."""

    def __init__(self, media: "EngineMedia", port: "EnginePort", number: int) -> None:
        self._media = media
        self._port = port
        self._number = number
        self._began = media.loop.time()
        self._ended: Played | None = None
        self._tells: list[Callable[[Played], None]] = []

    @property
    def ended(self) -> Played | None:
        return self._ended

    def on_end(self, tell: Callable[[Played], None]) -> None:
        if self._ended is not None:
            self._media.loop.call_soon(tell, self._ended)
        else:
            self._tells.append(tell)

    async def wait(self) -> Played:
        if self._ended is not None:
            return self._ended
        end: asyncio.Future[Played] = self._media.loop.create_future()
        self._tells.append(lambda played: None if end.done() else end.set_result(played))
        return await end

    def stop(self) -> None:
        self._port.stop_play(self._number)

    def end(self, completed: bool, made: int) -> None:
        """The tick has dropped it after `made` samples; UNTOLD: it never will say."""
        if self._ended is not None:
            return
        seconds = made / RATE if made != UNTOLD else self._media.loop.time() - self._began
        self._ended = Played(completed, seconds)
        tells, self._tells = self._tells, []
        for tell in tells:
            self._media.loop.call_soon(tell, self._ended)


class EngineTape:
    """A recording of a port; it may outlive its port, and be read until the last byte is out."""

    def __init__(self, port: "EnginePort", tape: Any | None) -> None:
        self._port = port
        self._tape = tape  # None: of a port that was closed already

    @property
    def samples(self) -> int:
        return self._tape.samples if self._tape else 0

    @property
    def lost(self) -> int:
        return self._tape.lost if self._tape else 0

    def read(self) -> bytes:
        return self._tape.read() if self._tape else b""

    @property
    def hidden(self) -> bool:
        return bool(self._tape.hidden) if self._tape else False

    def pause(self) -> None:
        if self._tape is not None:
            self._port.pause_tape(self._tape, True)

    def resume(self) -> None:
        if self._tape is not None:
            self._port.pause_tape(self._tape, False)

    def stop(self) -> None:
        if self._tape is not None:
            self._port.stop_tape(self._tape)

    def settle(self) -> None:
        if self._tape is not None:
            self._tape.settle()


class EnginePort:
    """One end of a voice path. After `close` every request is harmless and nothing is heard."""

    def __init__(self, media: "EngineMedia", name: str, wire: WireEnd, treatment: Treatment) -> None:
        zone = treatment.tones or media.zone
        self.name = name
        self.on_heard: Callable[[Heard], None] | None = None
        self.ears = Ear.NONE
        self.closed = False
        self.media = media
        self.patterns = [tone.name for tone in zone.recognised]
        self.handle = media.engine.open(
            wire, media.tones_of(zone), math.pow(10.0, treatment.gain_in / 20.0),
            math.pow(10.0, treatment.gain_out / 20.0), treatment.agc, treatment.comfort,
            0 if treatment.echo is None else max(1, round(treatment.echo / TICK)))
        self.in_bridge: EngineBridge | None = None
        self._wire = wire
        self._needle = 0
        wire.taken = True

    # ---- mouth ----

    def play(self, sounds: Sequence[Sound], *, repeat: bool = False, gain_db: float = 0.0,
             over: bool = False, begin: float = 0.0) -> EnginePlaying:
        if self.closed:
            return self._never_played()
        gain = math.pow(10.0, gain_db / 20.0)
        first, total = samples(begin), sum(sound.samples for sound in sounds)
        first = first % total if repeat and total else min(first, total)
        return self._playing(self.media.engine.play(self.handle, [sound.pcm for sound in sounds], repeat, gain, over,
                                                    first))

    def tone(self, tone: Tone, *, over: bool = False) -> EnginePlaying:
        return self._tone(tone.steps, tone.rounds, over)

    def digits(self, digits: str, *, on: float = 0.1, off: float = 0.1) -> EnginePlaying:
        """ValueError for what is no digit. Nothing follows the last digit; a ',' comes instead of the gap before it."""
        return self._tone(digit_steps(digits, on, off), 1, False)

    def fsk(self, data: bytes) -> EnginePlaying:
        return self.play([Sound("fsk", render_fsk(data, self.media.zone.fsk))])

    def silence(self) -> None:
        self.stop_play(0)

    def stop_play(self, number: int) -> None:
        if not self.closed:
            self.media.engine.stop(self.handle, number)

    def _tone(self, steps: Sequence[ToneStep], rounds: int, over: bool) -> EnginePlaying:
        if self.closed:
            return self._never_played()
        made = [(step.frequencies, amplitude(step.level), -1 if math.isinf(step.seconds) else samples(step.seconds))
                for step in steps]
        most = _engine.STEPS
        chain = [made[at:at + most] for at in range(0, len(made), most)]
        # one tone goes round by itself, in phase; a chain goes round as a whole
        inner, outer = (rounds, 1) if len(chain) == 1 else (1, rounds)
        if not any(length for _, _, length in made):
            inner = outer = 1  # nothing for ever would never end
        return self._playing(self.media.engine.tone(self.handle, chain, outer, inner, over))

    def _playing(self, play: Any) -> EnginePlaying:
        playing = EnginePlaying(self.media, self, play.number)
        self.media.expect(play.number, playing.end)
        return playing

    def _never_played(self) -> EnginePlaying:
        playing = EnginePlaying(self.media, self, -1)
        playing.end(False, 0)
        return playing

    # ---- ears ----

    def listen(self, ears: Ear) -> None:
        if not self.closed:
            self.ears = ears
            self.media.engine.listen(self.handle, ears.value)

    def listen_for(self, sound: Sound | None) -> None:
        if self.closed:
            return
        if sound is None or sound.samples == 0:  # nothing can never arrive
            self._needle = 0
            self.media.engine.seek(self.handle, None)
            return
        number = self._needle = self.media.engine.seek(self.handle, sound.pcm[:2 * SOUGHT]).number
        name = sound.name

        def found(heard: bool, _: int) -> None:
            if heard and self._needle == number:
                self._needle = 0
                self.hear(SoundHeard(name), Ear.NONE)

        self.media.expect(number, found)

    def hear(self, heard: Heard, ear: Ear) -> None:
        """Tell what came from the tick, unless it was on its way when the ear was switched off."""
        if not self.closed and ear in self.ears and self.on_heard is not None:
            self.on_heard(heard)

    def levels(self) -> Levels:
        if self.closed:
            return Levels(dbm0(0.0), dbm0(0.0))
        heard, sent = self.handle.levels
        return Levels(round(dbm0(math.sqrt(heard)), 1), round(dbm0(math.sqrt(sent)), 1))

    # ---- tape ----

    def tape(self, name: bytes = b"") -> EngineTape:
        if self.closed:
            return EngineTape(self, None)
        return EngineTape(self, self.media.engine.record(self.handle, TAPE_FRAMES, self.media.arena, name))

    def pause_tape(self, tape: Any, paused: bool) -> None:
        if not self.closed:
            self.media.engine.pause(self.handle, tape, paused)

    def stop_tape(self, tape: Any) -> None:
        if not self.closed:  # a closed port has stopped its tapes
            self.media.engine.unrecord(self.handle, tape)

    def close(self) -> None:
        if self.closed:
            return
        if self.in_bridge is not None:
            self.in_bridge.leave(self)
        self.closed = True
        self._wire.taken = False
        self.media.engine.close_port(self.handle)
        self.media.forget(self)


class EngineBridge:
    """Lets ports hear each other. A port is in one bridge at a time: joining another leaves the first."""

    def __init__(self, media: "EngineMedia", name: str) -> None:
        self.name = name
        self._media = media
        self._handle = media.engine.bridge()
        self._members: list[EnginePort] = []
        self._closed = False

    def join(self, port: MediaPort, *, heard: bool = True) -> None:
        if not isinstance(port, EnginePort) or port.media is not self._media:
            raise ValueError(f"{port.name} is a port of another side than bridge {self.name}: bridge it there")
        if self._closed or port.closed or port in self._members:
            return
        if len(self._members) == MAX_BRIDGE_PORTS:
            raise Refused("bridge_full", f"bridge {self.name} has {MAX_BRIDGE_PORTS} parties, the most there may be")
        if port.in_bridge is not None:
            port.in_bridge.leave(port)
        port.in_bridge = self
        self._members.append(port)
        self._media.engine.join(self._handle, port.handle, heard)

    def leave(self, port: MediaPort) -> None:
        if not isinstance(port, EnginePort) or port not in self._members:
            return
        self._members.remove(port)
        port.in_bridge = None
        self._media.engine.leave(self._handle, port.handle)

    def weigh(self, listener: MediaPort, talker: MediaPort, gain_db: float | None) -> None:
        """Refused("not_in_bridge") if one of them is not. Forgotten when one of them leaves. At most +18 dB."""
        if not isinstance(listener, EnginePort) or not isinstance(talker, EnginePort) \
                or listener not in self._members or talker not in self._members:
            raise Refused("not_in_bridge", f"{listener.name} and {talker.name} are not both in bridge {self.name}")
        gain = 0.0 if gain_db is None else math.pow(10.0, gain_db / 20.0)
        self._media.engine.weigh(self._handle, listener.handle, talker.handle, gain)

    def close(self) -> None:
        if self._closed:
            return
        for port in list(self._members):
            self.leave(port)
        self._closed = True
        self._media.engine.dissolve(self._handle)
        self._media.forget(self)


class EngineMedia:
    """All ports and bridges of one side. Somebody ticks it: a metronome of `media/metronome.py`.

    Two sides joined by memory wires must be ticked by the same metronome. Refused("ports_full") beyond `ports`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, zone: Zone, *, ports: int = 256,
                 name: str = "appliance", rings: Rings | None = None) -> None:
        """`rings`: where named tapes outlive the process."""
        if not 1 <= ports <= MAX_PORTS:
            raise ValueError(f"a side has 1 to {MAX_PORTS} ports, not {ports}")
        self.loop = loop
        self.zone = zone
        self.name = name
        self.timing: Timing | None = None
        self._room = ports
        self.engine = Engine(ports, self._flush_later)
        self.arena = None if rings is None else _engine.Arena(rings.memory, BASE, rings.count, TAPE_FRAMES)
        self._tones: dict[tuple[Recognised, ...], Any] = {}  # ports of one kind of exchange share them
        self._ports: dict[int, EnginePort] = {}
        self._bridges: dict[EngineBridge, None] = {}
        self._expected: dict[int, Callable[[bool, int], None]] = {}
        self._closed = False
        self._attended = False

    # ---- the border ----

    def wire(self) -> tuple[WireEnd, WireEnd]:
        wire = Wire()
        return WireEnd(wire, 0), WireEnd(wire, 1)

    def port(self, name: str, wire: WireEnd, treatment: Treatment = PLAIN) -> EnginePort:
        if self._closed:
            raise Refused("media_closed", f"{name}: the media of side {self.name} is closed")
        if len(self._ports) == self._room:
            raise Refused("ports_full", f"{name}: side {self.name} has {self._room} ports, the most it was built for")
        if wire.taken:
            raise Refused("wire_in_use", f"{name}: another port is attached to this end of the wire; close it first")
        port = EnginePort(self, name, wire, treatment)
        self._ports[port.handle.number] = port
        return port

    def bridge(self, name: str) -> EngineBridge:
        bridge = EngineBridge(self, name)
        self._bridges[bridge] = None
        return bridge

    def stats(self) -> MediaStats:
        late, worst = (self.timing.late, self.timing.worst_late) if self.timing is not None else (0, 0.0)
        engine = self.engine
        return MediaStats(engine.ticks, late, worst, engine.busiest, engine.events_lost, len(self._ports),
                          engine.frames_missed)

    def close(self) -> None:
        """Close all ports and bridges; every playback ends now, because perhaps no tick will follow."""
        if self._closed:
            return
        self._closed = True
        for port in list(self._ports.values()):
            port.close()
        for bridge in list(self._bridges):
            bridge.close()
        self.unattend()
        expected, self._expected = self._expected, {}
        for back in expected.values():
            back(False, UNTOLD)

    # ---- for ports, bridges and metronomes ----

    def tones_of(self, zone: Zone) -> Any:
        """What the tick needs to know of a zone."""
        known = self._tones.get(zone.recognised)
        if known is None:
            known = _engine.Tones([tone[1:] for tone in zone.recognised], zone_tones(zone))
            self._tones[zone.recognised] = known
        return known

    def expect(self, number: int, back: Callable[[bool, int], None]) -> None:
        """Call `back(completed, samples)` when loan `number` comes back from the tick."""
        self._expected[number] = back

    def forget(self, gone: EnginePort | EngineBridge) -> None:
        if isinstance(gone, EnginePort):
            self._ports.pop(gone.handle.number, None)
        else:
            self._bridges.pop(gone, None)

    def attend(self, timing: Timing, *, watch: bool) -> None:
        """`timing` ticks us from now on; `watch`: from a thread, so let its eventfd wake the loop."""
        self.timing = timing
        if watch and not self._closed:
            self.loop.add_reader(self.engine.fd, self.dispatch)
            self._attended = True

    def unattend(self) -> None:
        if self._attended:
            self.loop.remove_reader(self.engine.fd)
            self._attended = False

    def dispatch(self) -> None:
        """Tell what the tick has told since the last time, each in a callback of its own, in order."""
        for kind, number, value, made, data in self.engine.take():
            if kind == _engine.RETURNED:
                back = self._expected.pop(number, None)
                if back is not None:
                    self.loop.call_soon(back, bool(value), made)
            elif number in self._ports:
                port = self._ports[number]
                self.loop.call_soon(port.hear, *_heard(kind, value, made, data, port.patterns))

    def _flush_later(self) -> None:
        self.loop.call_later(TICK, self._flush)

    def _flush(self) -> None:
        if not self.engine.flush():
            self._flush_later()


def _heard(kind: int, value: int, at: int, data: bytes, patterns: Sequence[str]) -> tuple[Heard, Ear]:
    """An event of the tick as a fact, and the ear that heard it."""
    if kind in (_engine.TONE_HEARD, _engine.TONE_ENDED):
        fact = ToneHeard if kind == _engine.TONE_HEARD else ToneEnded
        if value >= _engine.SIGNALS:
            name = SIGNALS[value - _engine.SIGNALS]
            return fact(name), signal_ear(name)
        return fact(patterns[value]), Ear.PROGRESS
    if kind == _engine.DIGIT:
        return DigitHeard(chr(value & 0x7F), (value >> 8) / RATE), Ear.DTMF
    if kind == _engine.VOICE:
        return VoiceHeard(), Ear.PROGRESS
    if kind == _engine.FSK:
        return FskHeard(data), Ear.FSK
    if kind == _engine.TALK:
        return _TALK[value]
    if kind == _engine.VERDICT:
        answer, confidence = divmod(value, _engine.SCALE)
        return Verdict(_engine.ANSWERS[answer], confidence / (_engine.SCALE - 1), at / RATE), Ear.VERDICT
    if kind == _engine.BEEP:
        return BeepHeard(value, at / RATE), Ear.VERDICT
    if kind == _engine.GREETING:
        return GreetingEnded(), Ear.VERDICT
    if kind == _engine.MF:
        return MfHeard(value & 0xFF) if value & 0xFF else MfEnded(), MF_EARS[value >> 8]
    return WireStalled(value / RATE), Ear.NONE


_TALK: Mapping[int, tuple[Heard, Ear]] = {
    _engine.BEGAN: (TalkBegan(), Ear.VOICE), _engine.ENDED: (TalkEnded(), Ear.VOICE),
    _engine.SILENCE: (SilenceHeard(), Ear.VOICE), _engine.BOTH: (BothBegan(), Ear.BOTH),
    _engine.ONE: (BothEnded(), Ear.BOTH)}


def digit_steps(digits: str, on: float, off: float) -> list[ToneStep]:
    """The cadence of a dialled string. ValueError for what is no digit."""
    steps: list[ToneStep] = []
    for digit in digits:
        if digit == ",":
            steps.append(ToneStep((), PAUSE))
        else:
            if steps:
                steps.append(ToneStep((), off))
            steps.append(dtmf_tone(digit, on).steps[0])
    return steps
