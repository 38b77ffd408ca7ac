"""Scripted media: facts instead of samples. Prompts are timers, a digit sent at one end is a fact at the other.

The cheap twin of the engine, for whole simulated days; tests/contracts/test_media.py holds the two equal. What a mouth
says is a *signal*; it spreads over wires and bridges of either side to every port that would hear its samples, and the
ears there tell it after the time a detector needs. Levels are ignored, except that -40 dB and less is not heard.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_BRIDGE_PORTS
from ccappliance.base.units import RATE, TICK
from ccappliance.media.ports import (
    PLAIN,
    Ear,
    Heard,
    Levels,
    MediaPort,
    MediaStats,
    Played,
    Sound,
    Tone,
    Treatment,
    WireEnd,
)
from ccappliance.media.scripted_ears import Ears, Progress, air_time
from ccappliance.media.scripted_signal import Signal, Thing
from ccappliance.media.tones import Zone

INAUDIBLE = -40.0  # dB: below this the detectors' floors are reached from nominal level (-10 dBm0)
NOMINAL, NOTHING = -10.0, -99.0  # dBm0
KEYS = "0123456789*#ABCD"
PAUSE = 1.0  # seconds of a "," among digits

Script = Sequence[tuple[Thing | None, float]]  # what is said and for how long; None: silence


class ScriptedWireEnd:
    """One end of a wire: the port on it, and what arrives from the other end."""

    def __init__(self) -> None:
        self.other: ScriptedWireEnd = self
        self.port: ScriptedPort | None = None
        self.arriving: tuple[Signal, ...] = ()


class ScriptedPlaying:
    """One script under way at a port's mouth."""

    def __init__(self, port: "ScriptedPort", script: Script, repeat: bool, over: bool) -> None:
        self.ended: Played | None = None
        self.over = over
        self.signal: Signal | None = None
        self._port = port
        self._loop = port.loop
        self._script = script
        self._whole = script[0][1] if len(script) == 1 else sum([seconds for _, seconds in script])
        self._repeat = repeat and self._whole > 0
        self._began = self._loop.time()
        self._skipped = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._tells: list[Callable[[Played], None]] = []

    def on_end(self, tell: Callable[[Played], None]) -> None:
        if self.ended is not None:
            self._loop.call_soon(tell, self.ended)
        else:
            self._tells.append(tell)

    async def wait(self) -> Played:
        if self.ended is not None:
            return self.ended
        done: asyncio.Future[Played] = self._loop.create_future()
        self.on_end(lambda played: None if done.done() else done.set_result(played))
        return await done

    def stop(self) -> None:
        if self.ended is None:
            self.end(completed=False)
            self._port.fall_silent(self)

    def start(self, begin: float) -> None:
        """Say the script from `begin` seconds on."""
        if not begin:
            self.step(0)
            return
        self._skipped = into = begin % self._whole if self._repeat else min(begin, self._whole)
        at = 0
        while at < len(self._script) and 0 < into >= self._script[at][1]:
            into -= self._script[at][1]
            at += 1
        self.step(at, into)

    def step(self, at: int, into: float = 0.0) -> None:
        """Say the script's `at`th piece from `into` seconds on; past its end begin again or end."""
        if at == len(self._script):
            if not self._repeat:
                self.end(completed=True)
                self._port.fall_silent(self)
                return
            at = 0
        thing, seconds = self._script[at][0], self._script[at][1] - into
        if self.signal is not None:
            self.signal.alive = False
        self.signal = None if thing is None or seconds <= 0 else Signal(thing, seconds, self._loop.time())
        self._timer = None if seconds == float("inf") else self._loop.call_later(seconds, self._next, at + 1)

    def _next(self, at: int) -> None:
        self.step(at)
        spread(self._port)

    def end(self, completed: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.signal is not None:
            self.signal.alive = False
            self.signal = None
        lasted = self._whole - self._skipped if completed else self._loop.time() - self._began
        self.ended = Played(completed, lasted)
        for tell in self._tells:
            self._loop.call_soon(tell, self.ended)
        self._tells.clear()


class ScriptedPort:
    """One end of a voice path that carries facts. After `close` every request is harmless and nothing is heard."""

    def __init__(self, media: "ScriptedMedia", name: str, wire: ScriptedWireEnd, treatment: Treatment = PLAIN) -> None:
        self.name = name
        self.on_heard: Callable[[Heard], None] | None = None
        self.loop = media.loop
        self.wire = wire
        self.bridge: ScriptedBridge | None = None
        self.incoming = wire.arriving
        self.outgoing: tuple[Signal, ...] = ()
        self.media = media
        self._playing: ScriptedPlaying | None = None
        progress = Progress(treatment.tones) if treatment.tones is not None else media.progress
        self.ears = Ears(media.loop, progress, self._tell)
        self._tapes: list[ScriptedTape] = []
        self.closed = False

    # ---- the mouth ----

    def play(self, sounds: Sequence[Sound], *, repeat: bool = False, gain_db: float = 0.0,
             over: bool = False, begin: float = 0.0) -> ScriptedPlaying:
        return self._say([(sound, sound.seconds) for sound in sounds], repeat=repeat, over=over, begin=begin)

    def tone(self, tone: Tone, *, over: bool = False) -> ScriptedPlaying:
        length = sum(step.seconds for step in tone.steps) * (tone.rounds or float("inf"))
        return self._say([(tone, length)], over=over)

    def digits(self, digits: str, *, on: float = 0.1, off: float = 0.1) -> ScriptedPlaying:
        script: list[tuple[Thing | None, float]] = []
        for digit in digits:
            if digit == ",":
                script.append((None, PAUSE))
                continue
            if digit not in KEYS:
                raise ValueError(f"{digit!r} is no DTMF digit: use 0-9 * # A-D, and ',' for a pause")
            if script:
                script.append((None, off))
            script.append((digit, on))
        return self._say(script)

    def fsk(self, data: bytes) -> ScriptedPlaying:
        return self._say([(data, air_time(data))])

    def silence(self) -> None:
        if self._playing is not None:
            self._playing.stop()

    def _say(self, script: Script, *, repeat: bool = False, over: bool = False, begin: float = 0.0) -> ScriptedPlaying:
        replaced, playing = self._playing, ScriptedPlaying(self, script, repeat, over)
        if self.closed:
            playing.end(completed=False)
            return playing
        if replaced is not None:
            replaced.end(completed=False)
        self._playing = playing
        if script:
            playing.start(begin)
        else:
            playing.end(completed=True)
            self._playing = None
        spread(self)
        return playing

    def fall_silent(self, playing: ScriptedPlaying) -> None:
        """`playing` has ended; the bridge is heard again."""
        if self._playing is playing:
            self._playing = None
        spread(self)

    # ---- the ears ----

    def listen(self, ears: Ear) -> None:
        if not self.closed:
            self.ears.listen(ears, self.incoming)
            self.ears.said(self.outgoing)

    def listen_for(self, sound: Sound | None) -> None:
        if not self.closed:
            self.ears.listen_for(sound, self.incoming)

    def _tell(self, heard: Heard) -> None:
        if self.on_heard is not None and not self.closed:
            self.on_heard(heard)

    def levels(self) -> Levels:
        return Levels(_level(self.incoming), _level(self.outgoing))

    # ---- what spreads ----

    def mix(self) -> tuple[Signal, ...]:
        """What goes out on the wire now."""
        playing = self._playing
        own = () if playing is None or playing.signal is None else (playing.signal,)
        if self.bridge is None or (playing is not None and not playing.over):
            return own
        signals = list(own)
        for talker in self.bridge.talkers(self):
            signals += [signal for signal in talker.incoming if signal.alive and signal not in signals]
        return tuple(signals)

    # ---- the rest ----

    def tape(self, name: bytes = b"") -> "ScriptedTape":
        tape = ScriptedTape(self.loop, self.media.keep_audio)
        if self.closed:
            tape.stop()
        else:
            self._tapes = [other for other in self._tapes if other.running] + [tape]
        return tape

    def close(self) -> None:
        if self.closed:
            return
        if self._playing is not None:
            self._playing.end(completed=False)
            self._playing = None
        if self.bridge is not None:
            self.bridge.leave(self)
        for tape in self._tapes:
            tape.stop()
        self.ears.deaf()
        spread(self)
        self.closed = True
        self.wire.port = None
        self.media.forget(self)

    def __repr__(self) -> str:
        said = self._playing.signal if self._playing else None
        return f"<scripted {self.name} says {said} hears {list(self.incoming)}>"


def spread(port: ScriptedPort) -> None:
    """Something changed at this port's mouth or bridge: tell every port that hears it, near or far."""
    changed = [port]
    while changed:
        talker = changed.pop(0)
        signals = talker.mix()
        if signals == talker.outgoing or (len(signals) > 1 and _same(signals, talker.outgoing)):
            continue
        talker.outgoing = signals
        talker.ears.said(signals)
        far = talker.wire.other
        far.arriving = signals
        hearer = far.port
        if hearer is not None:
            before, hearer.incoming = hearer.incoming, signals
            if hearer.ears.open:
                hearer.ears.changed(before, signals)
            if hearer.bridge is not None:
                changed += hearer.bridge.listeners(hearer)


def _level(signals: tuple[Signal, ...]) -> float:
    return NOMINAL if any(signal.alive for signal in signals) else NOTHING


def _same(one: tuple[Signal, ...], other: tuple[Signal, ...]) -> bool:
    return len(one) == len(other) and all(signal in other for signal in one)


class ScriptedBridge:
    """Ports that hear each other. A port is in one bridge at a time: joining another leaves the first."""

    def __init__(self, media: "ScriptedMedia", name: str) -> None:
        self.name = name
        self._media = media
        self._closed = False
        self._members: list[ScriptedPort] = []
        self._deaf: dict[ScriptedPort, dict[ScriptedPort, None]] = {}  # listener → talkers he does not hear

    def join(self, port: MediaPort, *, heard: bool = True) -> None:
        if not isinstance(port, ScriptedPort) or port.media is not self._media:
            raise ValueError(f"{port.name} is a port of another side than bridge {self.name}: bridge it there")
        if self._closed or port.closed or port in self._members:
            return
        if len(self._members) >= MAX_BRIDGE_PORTS:
            raise Refused("bridge_full", f"{self.name} has {MAX_BRIDGE_PORTS} parties; nobody else can join")
        if port.bridge is not None:
            port.bridge.leave(port)
        if not heard:
            for member in self._members:
                self._deaf.setdefault(member, {})[port] = None
        self._members.append(port)
        port.bridge = self
        self._settle()

    def leave(self, port: MediaPort) -> None:
        if isinstance(port, ScriptedPort) and port in self._members:
            self._members.remove(port)
            self._deaf.pop(port, None)
            for deaf in self._deaf.values():
                deaf.pop(port, None)
            port.bridge = None
            spread(port)
            self._settle()

    def weigh(self, listener: MediaPort, talker: MediaPort, gain_db: float | None) -> None:
        if not isinstance(listener, ScriptedPort) or not isinstance(talker, ScriptedPort) \
                or listener not in self._members or talker not in self._members:
            raise Refused("not_in_bridge", f"{listener.name} and {talker.name} are not both in {self.name}")
        deaf = self._deaf.setdefault(listener, {})
        if gain_db is None or gain_db <= INAUDIBLE:
            deaf[talker] = None
        else:
            deaf.pop(talker, None)
        spread(listener)

    def close(self) -> None:
        self._closed = True
        for port in list(self._members):
            self.leave(port)

    def talkers(self, listener: ScriptedPort) -> Iterable[ScriptedPort]:
        deaf = self._deaf.get(listener, {})
        return [port for port in self._members if port is not listener and port not in deaf]

    def listeners(self, talker: ScriptedPort) -> Iterable[ScriptedPort]:
        return [port for port in self._members if port is not talker and talker not in self._deaf.get(port, {})]

    def _settle(self) -> None:
        for port in list(self._members):
            spread(port)


class ScriptedTape:
    """A recording of nothing, of the right length."""

    lost = 0

    def __init__(self, loop: asyncio.AbstractEventLoop, keep_audio: bool) -> None:
        self._loop = loop
        self._began = loop.time()
        self._stopped: int | None = None
        self._read = 0
        self._keep_audio = keep_audio
        self._turns: list[int] = []  # samples at which it was paused, went on, was paused …
        self.hidden = False

    @property
    def running(self) -> bool:
        return self._stopped is None

    @property
    def samples(self) -> int:
        if self._stopped is not None:
            return self._stopped
        return int((self._loop.time() - self._began) * RATE + 1e-3)  # a float may fall short of the whole sample

    def read(self) -> bytes:
        if not self._keep_audio:
            return b""
        turned = bisect_right(self._turns, self._read)
        ready = min([self.samples, *self._turns[turned:turned + 1]])
        self.hidden = turned % 2 == 1
        fresh, self._read = ready - self._read, ready
        return bytes(4 * fresh)

    def pause(self) -> None:
        if len(self._turns) % 2 == 0:
            self._turns.append(self.samples)

    def resume(self) -> None:
        if len(self._turns) % 2 == 1:
            self._turns.append(self.samples)

    def stop(self) -> None:
        self._stopped = self.samples  # the second time the same

    def settle(self) -> None:
        """There is no sound that anybody could miss."""


class ScriptedMedia:
    """All scripted ports and bridges of one side. Wires made by either side connect the two."""

    def __init__(self, loop: asyncio.AbstractEventLoop, zone: Zone, *, keep_audio: bool = False) -> None:
        self.loop = loop
        self.progress = Progress(zone)
        self.keep_audio = keep_audio
        self._began = loop.time()
        self._ports: dict[ScriptedPort, None] = {}
        self._closed = False

    def wire(self) -> tuple[WireEnd, WireEnd]:
        one, other = ScriptedWireEnd(), ScriptedWireEnd()
        one.other, other.other = other, one
        return one, other

    def port(self, name: str, wire: WireEnd, treatment: Treatment = PLAIN) -> ScriptedPort:
        if self._closed:
            raise Refused("media_closed", f"{name}: the media of this side is closed")
        if wire.port is not None:
            raise Refused("wire_in_use", f"{name} cannot be put where {wire.port.name} is: one port to a wire's end")
        port = wire.port = ScriptedPort(self, name, wire, treatment)
        self._ports[port] = None
        return port

    def bridge(self, name: str) -> ScriptedBridge:
        return ScriptedBridge(self, name)

    def stats(self) -> MediaStats:
        ticks = int((self.loop.time() - self._began) / TICK + 1e-3)
        return MediaStats(ticks=ticks, late=0, worst_late=0.0, busiest=0.0, events_lost=0, ports=len(self._ports))

    def close(self) -> None:
        self._closed = True
        for port in list(self._ports):
            port.close()

    def forget(self, port: ScriptedPort) -> None:
        self._ports.pop(port, None)
