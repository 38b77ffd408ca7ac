"""The tick beside its budget: 240 ports that talk on 120 bridges, every ear open, 240 tapes; and what each part costs.

The peer is the same tick without ears, bridges and tapes: wires and A-law alone. Medians, because a tick that finds the
machine busy says nothing about the tick; the worst is printed too.
"""

import asyncio
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.ears import traffic
from ccappliance.base.units import TICK
from ccappliance.media.engine import EngineMedia
from ccappliance.media.ports import PLAIN, Ear, Sound, Treatment
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import run_virtual

PORTS = 240
TICKS = 400
WARM = 50
BUDGET = 0.10  # of one core (DSP.md, "How fast")
ALL = ~Ear.NONE
TONES = Ear.DTMF | Ear.PROGRESS | Ear.FAX | Ear.SIT


@dataclass(frozen=True)
class Taken:
    """Seconds of a tick, and what it did besides."""

    median: float
    worst: float
    missed: int
    grown: int  # bytes that Python allocated meanwhile
    port_bytes: int
    canceller_bytes: int

    def __str__(self) -> str:
        return f"{self.median * 1e6:.0f} µs a tick, {self.median / TICK:.2%} of its 20 ms"


async def _ticks(sounds: list[Sound], ears: Ear, *, bridged: bool, taped: bool, treatment: Treatment = PLAIN) -> Taken:
    loop = asyncio.get_running_loop()
    zone = load_zones()["cn"]
    near, far = EngineMedia(loop, zone, ports=PORTS), EngineMedia(loop, zone, ports=PORTS, name="street")
    bridge, tapes = near.bridge("b"), []
    for number, sound in enumerate(sounds):
        ends = near.wire()
        port, mouth = near.port(f"p{number}", ends[0], treatment), far.port(f"m{number}", ends[1])
        port.listen(ears)
        mouth.play([sound], repeat=True)
        if bridged:
            if number % 2 == 0:
                bridge = near.bridge(f"b{number}")
            bridge.join(port)
        if taped:
            tapes.append(port.tape())
    took = []
    tracemalloc.start()
    grown = 0
    for beat in range(1, TICKS + 1):
        before = tracemalloc.get_traced_memory()[0]
        began = time.thread_time()
        near.engine.tick(beat)
        took.append(time.thread_time() - began)
        grown += max(0, tracemalloc.get_traced_memory()[0] - before - 512)  # the float that was appended, the list
        far.engine.tick(beat)
        near.dispatch()
        if beat % 100 == 0:
            for tape in tapes:
                tape.read()
    tracemalloc.stop()
    taken = Taken(statistics.median(took[WARM:]), max(took[WARM:]), near.stats().missed, grown,
                  near.engine.port_bytes, near.engine.canceller_bytes)
    near.close()
    far.close()
    return taken


def measure() -> Iterator[str]:
    """The share of 20 ms that a tick of one side takes, whole and by parts."""
    sounds = [Sound(f"channel{number}", pcm) for number, pcm in enumerate(traffic())]

    def tick(ears: Ear, *, bridged: bool = False, taped: bool = False, treatment: Treatment = PLAIN) -> Taken:
        return run_virtual(_ticks(sounds, ears, bridged=bridged, taped=taped, treatment=treatment))

    bare = tick(Ear.NONE)
    whole = tick(ALL, bridged=True, taped=True)
    yield (f"tick of {PORTS} ports, every ear, {PORTS // 2} bridges, {PORTS} tapes: {whole} (asked: {BUDGET:.0%}); "
           f"ratio to wires and A-law alone {whole.median / bare.median:.1f}; worst {whole.worst * 1e6:.0f} µs; "
           f"{whole.missed} frames missed, {whole.grown} bytes allocated")
    talking = tick(ALL & ~Ear.FSK, bridged=True, taped=True)
    yield f"  without the caller ID ear, which is open on idle lines only: {talking}"
    yield (f"  state of a port with every ear {whole.port_bytes / 1024:.1f} KB (asked: 16), its echo canceller "
           f"{whole.canceller_bytes / 1024:.1f} KB besides")
    parts = {"bridges": (Ear.NONE, {"bridged": True}),
             "bridges and tapes": (Ear.NONE, {"bridged": True, "taped": True}),
             "tone ears": (TONES, {}), "caller ID ear": (Ear.FSK, {}), "voice ear": (Ear.VOICE, {}),
             "double talk ear": (Ear.BOTH, {}), "verdict ear": (Ear.VERDICT, {})}
    yield "  besides wires and A-law: " + ", ".join(
        f"{name} {(tick(ears, **more).median - bare.median) * 1e6:.0f} µs"
        for name, (ears, more) in parts.items())
    mended = {"automatic gain": Treatment(agc=-16.0), "echo cancellers": Treatment(echo=0.04)}
    base = tick(Ear.NONE, bridged=True).median
    yield f"  on all {PORTS} ports, bridged: " + ", ".join(
        f"{name} {(tick(Ear.NONE, bridged=True, treatment=treatment).median - base) * 1e6:.0f} µs"
        for name, treatment in mended.items())
