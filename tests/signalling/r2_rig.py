"""A test bench for R2: circuits at both ends of a simulated cable, ports of real or scripted media; virtual time."""

import asyncio
from datetime import UTC, datetime

from ccappliance.base.causes import Cause
from ccappliance.base.clock import LoopClock
from ccappliance.base.dialplan import DialPlan
from ccappliance.drivers.simulated_cas import SimulatedCas
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import VirtualMetronome
from ccappliance.media.scripted import ScriptedMedia
from ccappliance.media.tones import load_zones
from ccappliance.signalling import signals
from ccappliance.signalling.r2 import R2Circuit
from ccappliance.signalling.r2_settings import R2Settings
from ccappliance.signalling.r2_variants import VARIANTS
from ccappliance.sim.loop import run_virtual

EPOCH = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ZONE = load_zones()["cn"]


class End:
    """One end's circuit, its channel and all it told. `owner` does what a switch does."""

    def __init__(self, bench, name, channel, media, make):
        self.bench = bench
        self.channel = channel
        self.told = []
        self.times = []
        self.port = media.port(name, channel.wire)
        self.obeys = True  # clears what was Cleared, at once, as the switch does
        self.on_offer = lambda circuit, offered: circuit.accept()
        self.circuit = make(name, channel, self.port, clock=bench.clock, loop=bench.loop, hear=self._hear)

    def _hear(self, signal):
        self.told.append(signal)
        self.times.append(self.bench.loop.time())
        if isinstance(signal, signals.Offered):
            self.bench.loop.call_soon(self.on_offer, self.circuit, signal)
        if isinstance(signal, signals.Cleared) and self.obeys:
            self.circuit.clear(Cause.NORMAL)

    def kinds(self):
        return [type(signal).__name__ for signal in self.told]

    def first(self, kind):
        return next((signal for signal in self.told if isinstance(signal, kind)), None)

    def when(self, kind):
        return next(at for at, signal in zip(self.times, self.told, strict=True) if isinstance(signal, kind))


class Bench:
    """`near` and `far` are the ends of one channel."""

    def __init__(self, loop, kind, near, far):
        self.loop = loop
        self.failures = []
        loop.set_exception_handler(lambda loop, context: self.failures.append(context))
        self.clock = LoopClock(loop, EPOCH)
        if kind == "engine":
            here, there = EngineMedia(loop, ZONE, ports=8), EngineMedia(loop, ZONE, ports=8, name="street")
            VirtualMetronome(loop, [here, there]).start()
        else:
            here, there = ScriptedMedia(loop, ZONE), ScriptedMedia(loop, ZONE)
        self.media = here, there
        self.cable = SimulatedCas(loop, 1, [1], [here.wire()])
        self.near = End(self, "near", self.cable.ours[1], here, near)
        self.far = End(self, "far", self.cable.theirs[1], there, far)

    async def run(self, seconds):
        await asyncio.sleep(seconds)
        assert not self.failures, self.failures

    def at_rest(self):
        """Both ends are idle and have told so."""
        return self.near.circuit.idle and self.far.circuit.idle


def r2(variant="itu", numbers=("XXXX",), **settings):
    def make(name, channel, port, **common):
        return R2Circuit(name, channel, port, VARIANTS[variant], R2Settings(**settings), ZONE, DialPlan(numbers),
                         **common)
    return make


def bench(story, *, kind="scripted", near, far):
    async def main():
        made = Bench(asyncio.get_running_loop(), kind, near, far)
        await made.run(0.5)
        await story(made)
        assert not made.failures, made.failures
        for media in made.media:
            media.close()
    run_virtual(main())
