"""A test bench for analog circuits: a channel and a port made of notes, a circuit between them, virtual time."""

import asyncio
from datetime import UTC, datetime

from ccappliance.base.clock import LoopClock
from ccappliance.base.dialplan import DialPlan
from ccappliance.base.errors import LineFault
from ccappliance.drivers import api
from ccappliance.media.ports import Ear, Played, Tone, ToneStep
from ccappliance.signalling import signals
from ccappliance.signalling.fxo import FxoCircuit
from ccappliance.signalling.fxs import FxsCircuit
from ccappliance.signalling.settings import FxoSettings, FxsSettings
from ccappliance.sim.loop import run_virtual

EPOCH = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Zone:
    """China: 450 Hz; ringing 1 s on, 4 s off."""

    ring = (1.0, 4.0)

    def tone(self, name):
        cadence = {"ringback": (1.0, 4.0), "busy": (0.35, 0.35), "congestion": (0.7, 0.7)}.get(name)
        if cadence is None:
            return Tone(name, (ToneStep((450.0,), float("inf")),))
        return Tone(name, (ToneStep((450.0,), cadence[0]), ToneStep((), cadence[1])))


class FakePlaying:
    def __init__(self, loop, seconds):
        self._loop = loop
        self._began = loop.time()
        self._tells = []
        self.ended = None
        self._timer = loop.call_later(seconds, self._end, True) if seconds is not None else None

    def on_end(self, tell):
        if self.ended is not None:
            self._loop.call_soon(tell, self.ended)
        else:
            self._tells.append(tell)

    def stop(self):
        if self.ended is None:
            self._end(False)

    def _end(self, completed):
        if self._timer is not None:
            self._timer.cancel()
        self.ended = Played(completed, self._loop.time() - self._began)
        for tell in self._tells:
            self._loop.call_soon(tell, self.ended)


class FakePort:
    """Notes what is played; digits take their time."""

    def __init__(self, name, loop):
        self.name = name
        self.on_heard = None
        self.ears = Ear.NONE
        self.played = []  # "dial", "silence", "digits 123", bytes of FSK
        self._loop = loop
        self._playing = None

    @property
    def sounding(self):
        return self.played[-1] if self.played and self._playing is not None and self._playing.ended is None else ""

    def _play(self, what, seconds):
        if self._playing is not None:
            self._playing.stop()
        self.played.append(what)
        self._playing = FakePlaying(self._loop, seconds)
        return self._playing

    def tone(self, tone, *, over=False):
        return self._play(tone.name, tone.rounds * sum(step.seconds for step in tone.steps) if tone.rounds else None)

    def digits(self, digits, *, on=0.1, off=0.1):
        return self._play(f"digits {digits}", sum(1.0 if digit == "," else on + off for digit in digits))

    def fsk(self, data):
        return self._play(bytes(data), 0.5)

    def silence(self):
        if self._playing is not None:
            self._playing.stop()

    def listen(self, ears):
        self.ears = ears


class FakeChannel:
    """Notes what is asked; `broken` makes every request a LineFault."""

    def __init__(self, kind):
        self.number = 1
        self.span = 1
        self.kind = kind
        self.wire = None
        self.broken = False
        self.off = False  # FXO: our loop; FXS: the telephone
        self.bell = None
        self.alarm = None
        self.pulsed = []
        self.hear = None

    def connect(self, hear):
        assert self.hear is None
        self.hear = hear

    def _work(self):
        if self.broken:
            raise LineFault("the card does not answer")

    def off_hook(self):
        self._work()
        self.off = True

    def on_hook(self):
        self._work()
        self.off = False

    def pulse(self, digits):
        self._work()
        self.pulsed.append(digits)

    def ring(self, cadence):
        self._work()
        self.bell = cadence

    def status(self):
        return api.ChannelStatus(self.off, False, False, self.alarm)


class Rig:
    """The circuit under test, its fakes, and all signals it told, with their times."""

    def __init__(self, kind, settings=None, *, alarm=None, lifted=False, **more):
        self.loop = asyncio.get_running_loop()
        self.failures = []
        self.loop.set_exception_handler(lambda loop, context: self.failures.append(context))
        self.channel = FakeChannel(api.Kind(kind))
        self.channel.alarm = alarm
        self.channel.off = lifted
        self.port = FakePort(f"{kind}/1", self.loop)
        self.told = []
        self.occupied = 0
        self.times = []
        self.asking = False
        common = {"clock": LoopClock(self.loop, EPOCH), "loop": self.loop, "hear": self._hear}
        if kind == "fxo":
            self.circuit = FxoCircuit("fxo/1", self.channel, self.port, settings or FxoSettings(), Zone(), **common)
        else:
            plan = DialPlan(more.pop("patterns", ("8XXX", "*11", "9.")))
            self.circuit = FxsCircuit("fxs/1", self.channel, self.port, settings or FxsSettings(), Zone(), plan,
                                      number="8001", **common, **more)

    def _hear(self, signal):
        assert not self.asking, "heard from inside a request"
        self.told.append(signal)
        self.times.append(self.loop.time())

    def ask(self, request, *args):
        self.asking = True
        try:
            getattr(self.circuit, request)(*args)
        finally:
            self.asking = False

    def event(self, *events):
        for event in events:
            self.channel.hear(event)

    def heard(self, *heards):
        for heard in heards:
            self.port.on_heard(heard)

    async def wait(self, seconds=0.0):
        await asyncio.sleep(seconds)
        for _ in range(4):
            await asyncio.sleep(0)
        assert not self.failures, self.failures

    async def ring(self, times=1):
        """Ring bursts of 1 s with the pauses between them, not after the last."""
        for number in range(times):
            if number:
                await self.wait(4.0)
            self.event(api.RingBegan())
            await self.wait(1.0)
            self.event(api.RingEnded())

    def take(self):
        """All signals since the last take; Occupied is counted in `occupied`, for every dialling begins with it."""
        told, self.told, self.times = self.told, [], []
        self.occupied += told.count(signals.Occupied())
        return [signal for signal in told if signal != signals.Occupied()]

    def kinds(self):
        return [type(signal).__name__ for signal in self.take()]


def bench(kind, story, settings=None, **more):
    """Run `await story(rig)` on a fresh bench in virtual time."""

    async def main():
        rig = Rig(kind, settings, **more)
        await rig.wait()
        await story(rig)
        await rig.wait()
        return rig

    return run_virtual(main())


__all__ = ["EPOCH", "Rig", "Zone", "bench", "signals"]
