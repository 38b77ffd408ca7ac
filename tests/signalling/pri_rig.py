"""A test bench for PRI: two spans at the ends of one simulated cable, each with its helper; virtual time."""

import asyncio
import random
from datetime import UTC, datetime

from analog_rig import FakePort, Zone

from ccappliance.base.causes import Cause
from ccappliance.base.clock import LoopClock
from ccappliance.base.dialplan import DialPlan
from ccappliance.drivers.simulated_span import SimulatedE1
from ccappliance.signalling import signals
from ccappliance.signalling.pri import PriCircuit
from ccappliance.signalling.pri_helper import SteppedHelper
from ccappliance.signalling.pri_settings import PriSettings
from ccappliance.signalling.pri_span import PriSpan
from ccappliance.sim.loop import run_virtual

EPOCH = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SLOTS = [slot for slot in range(1, 32) if slot != 16]
UP = 15.0  # seconds in which layer 2 comes up at the latest: both ends start at once


class End:
    """One end: its span, circuits, and everything they told."""

    def __init__(self, bench, name, end, settings, numbers):
        self.bench = bench
        self.name = name
        self.end = end
        self.told = []  # (time, circuit, signal)
        self.alarms = []  # (time, alarm, words)
        self.owners = set()  # names of circuits with somebody's call
        self.ports = {}
        self.obeys = True  # clears what was Cleared, at once, as the switch does
        self.span = PriSpan(name, end.data, settings, DialPlan(numbers), clock=bench.clock, loop=bench.loop,
                            make=SteppedHelper, tell=self._alarm, owned=lambda circuit: circuit in self.owners)
        self.circuits = {}
        for slot in SLOTS:
            channel = end.bearers[slot]
            port = self.ports[slot] = FakePort(f"{name}/{slot}", bench.loop)
            self.circuits[slot] = PriCircuit(f"{name}/{slot}", slot, channel, port, settings, Zone(), self.span,
                                             clock=bench.clock, loop=bench.loop, hear=self._hears(slot))
        self.span.join(list(self.circuits.values()))

    def _alarm(self, alarm, words):
        self.alarms.append((self.bench.now, alarm, words))

    def _hears(self, slot):
        def hear(signal):
            circuit = self.circuits[slot]
            self.told.append((self.bench.now, circuit, signal))
            match signal:
                case signals.Offered():
                    self.owners.add(circuit.name)
                    self.bench.trip(self, circuit, signal)
                case signals.Cleared() if self.obeys:
                    circuit.clear(Cause.NORMAL)
                case signals.Released():
                    self.owners.discard(circuit.name)
        return hear

    def seize(self, slot, called, calling="", name=""):
        self.owners.add(self.circuits[slot].name)
        self.circuits[slot].seize(called, calling, name)
        return self.circuits[slot]

    def of(self, slot):
        """The signals of one channel."""
        return [signal for _, circuit, signal in self.told if circuit is self.circuits[slot]]

    def kinds(self, slot):
        return [type(signal).__name__ for signal in self.of(slot)]

    def all(self, kind):
        return [(at, circuit, signal) for at, circuit, signal in self.told if isinstance(signal, kind)]

    @property
    def idle(self):
        return [slot for slot, circuit in self.circuits.items() if circuit.idle]


class Bench:
    """`near` is our house, on the user's side unless told; `far` the exchange."""

    def __init__(self, loop, *, near, far, numbers=()):
        self.loop = loop
        self.clock = LoopClock(loop, EPOCH)
        self.chance = random.Random(7)
        self.cable = SimulatedE1(loop, 1, SLOTS, 16, [(None, None)] * len(SLOTS))
        self.on_offer = lambda end, circuit, offered: None
        self.near = End(self, "pri/1", self.cable.near, near, numbers)
        self.far = End(self, "exchange", self.cable.far, far, ["."])

    @property
    def now(self):
        return self.loop.time()

    def trip(self, end, circuit, offered):
        self.loop.call_soon(self.on_offer, end, circuit, offered)

    async def up(self):
        """Both ends are up, and every channel was restarted."""
        for _ in range(200):
            if len(self.near.idle) == len(self.far.idle) == len(SLOTS):
                return
            await self.run(0.1)
        raise AssertionError(f"not up: {self.near.span.down} {self.far.span.down} {len(self.near.idle)} "
                             f"{len(self.far.idle)} {list(self.near.span.trace.lines)[-5:]}")

    async def run(self, seconds):
        await asyncio.sleep(seconds)

    def close(self):
        self.near.span.close()
        self.far.span.close()


def answering(end, circuit, offered):
    """Whoever is called answers at once."""
    circuit.accept()
    circuit.alert()
    circuit.answer()


def bench(story, *, near=None, far=None, numbers=(), ready=True):
    """Run `story(bench)` in virtual time, when both ends are up unless `ready` is False."""
    async def main():
        made = Bench(asyncio.get_running_loop(), near=near or PriSettings(),
                     far=far or PriSettings(side="network", restart=False), numbers=numbers)
        try:
            if ready:
                await made.up()
            return await story(made)
        finally:
            made.close()
    return run_virtual(main())
