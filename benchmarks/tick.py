"""The tick beside its budget: 60 ports that talk on 30 bridges, ears open; and plain Python for scale."""

import asyncio
from collections.abc import Iterator

from benchmarks.timing import best
from ccappliance.base.units import FRAME, TICK
from ccappliance.media import reference
from ccappliance.media.engine import EngineMedia
from ccappliance.media.ports import Ear, Sound
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import run_virtual

PORTS = 60
TICKS = 500


async def _ticks(ports: int) -> float:
    loop = asyncio.get_running_loop()
    zone = load_zones()["cn"]
    near, far = EngineMedia(loop, zone, ports=256), EngineMedia(loop, zone, ports=256, name="street")
    noise = Sound("noise", bytes((i * 7919 >> 3) % 251 for i in range(2 * 8000)))
    bridge = None
    for number in range(ports):
        ends = near.wire()
        port, mouth = near.port(f"p{number}", ends[0]), far.port(f"m{number}", ends[1])
        port.listen(Ear.DTMF | Ear.PROGRESS)
        mouth.play([noise], repeat=True)
        if number % 2 == 0:
            bridge = near.bridge(f"b{number}")
        assert bridge is not None
        bridge.join(port)
    fastest = float("inf")
    for beat in range(1, TICKS + 1):
        fastest = min(fastest, best(lambda beat=beat: near.engine.tick(beat), rounds=1))  # type: ignore[misc]
        far.engine.tick(beat)
    near.close()
    far.close()
    return fastest


def measure() -> Iterator[str]:
    """The share of 20 ms that a tick of one side takes; plain Python for scale."""
    taken = run_virtual(_ticks(PORTS))
    code = bytes(range(FRAME))
    twin = best(lambda: [reference.alaw_decode(one) for one in code]) * PORTS
    yield (f"tick of {PORTS} talking ports, 30 bridges, DTMF and progress ears: {taken * 1e6:.0f} µs, "
           f"{taken / TICK:.2%} of its 20 ms (plain Python needs {twin / TICK:.0%} for A-law decoding alone)")
