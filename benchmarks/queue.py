"""The dispatcher beside a matcher that sorts and scans: how long a run takes, and what an entry weighs."""

import asyncio
import gc
import math
import random
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from ccappliance.apps.acd.entry import Entry
from ccappliance.sim.loop import run_virtual

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "acd"))
from acd_world import FakeCall, World, queue_settings, settings

AGENTS = 200
QUEUES = 5
RUNS = 300
WAITING = (500, 2_000, 10_000, 50_000)
ASKED = {2_000: 5.0, 10_000: 20.0}  # ms, p99


def measure() -> Iterator[str]:
    """ms of CPU a run at p50 and p99, the same for the naive matcher, the curve's exponent, bytes an entry."""
    medians = []
    for waiting in WAITING:
        took = sorted(run_virtual(_runs(waiting)))
        middle, worst = took[len(took) // 2] * 1e3, took[int(len(took) * 0.99)] * 1e3
        peer = _naive(waiting) * 1e3
        medians.append(middle)
        asked = f" (asked {ASKED[waiting]:g})" if waiting in ASKED else ""
        yield (f"queue: {waiting} wait, {AGENTS} agents: a run {middle:.2f} ms, p99 {worst:.2f} ms{asked}; "
               f"sort and scan {peer:.2f} ms: ratio {middle / peer:.3f}")
    growth = math.log(medians[-1] / medians[0]) / math.log(WAITING[-1] / WAITING[0])
    yield f"queue: a run grows with the number waiting to the power of {growth:.2f} (n log n would be a little over 1)"
    yield f"queue: an entry weighs {run_virtual(_weight()):.0f} bytes"


async def _runs(waiting: int) -> list[float]:
    """Seconds of runs in which an agent gets free and the next entry is offered to him."""
    numbers = [f"1{n:03}" for n in range(AGENTS)]
    queues = {f"q{n}": queue_settings(wrapup=0.0, every=3600.0, room=10_000) for n in range(QUEUES)}
    world = World(settings(queues, numbers), keep=False, check=False)
    world.answer_after = lambda station: 0.0
    world.release_after = 0.0
    world.login(*numbers)
    for n in range(AGENTS + waiting):
        world.offer(f"q{n % QUEUES}")
        if n % 200 == 0:
            await asyncio.sleep(0.01)
    await asyncio.sleep(2)
    run, took = world.acd.dispatcher._run, []

    def timed() -> None:
        began = time.thread_time()
        run()
        took.append(time.thread_time() - began)
    world.acd.dispatcher._run = timed
    gc.freeze()
    talking = [call for call in world.calls if call.recorded]
    for n in range(min(RUNS, AGENTS)):
        talking[n].anchor.hang_up()
        await asyncio.sleep(0.01)
    for call in world.calls:
        call.task.cancel()
    await asyncio.sleep(1)
    gc.unfreeze()
    return took


def _naive(waiting: int) -> float:
    """Seconds of a run as a script would do it: sort everybody, and for each look for a free agent of his queue."""
    chance = random.Random(1)
    entries = [(0, chance.random(), n, n % QUEUES) for n in range(waiting)]
    free = {chance.randrange(AGENTS)}
    best = math.inf
    for _ in range(5):
        began = time.thread_time()
        for _, _, _, queue in sorted(entries):
            if any(agent % QUEUES == queue for agent in range(AGENTS) if agent in free):
                break
        best = min(best, time.thread_time() - began)
    return best


async def _weight() -> float:
    world = World(settings({"sales": queue_settings()}, ["1001"]), keep=False, check=False)
    queue = world.acd.find_queue("sales")
    calls = [FakeCall(world, "13800138000", "in", ()) for _ in range(2_000)]
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    entries = [Entry(call, queue, entered=0.0, clock=world.outside.clock, loop=world.loop) for call in calls]
    for entry in entries:
        queue.add(entry)
    weight = (tracemalloc.get_traced_memory()[0] - before) / len(entries)
    tracemalloc.stop()
    return weight
