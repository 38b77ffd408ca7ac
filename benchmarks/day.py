"""A simulated office day beside the bare virtual loop that only wakes as often: what the house adds to its rounds."""

import asyncio
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.timing import best
from ccappliance.interfaces.cli.roof import DayOptions
from ccappliance.sim.day import run
from ccappliance.sim.embedded import DAYS, find
from ccappliance.sim.loop import run_virtual

CALLS = 10_000  # of the day as it is shipped
FEW = 50  # calls of a short day, for which prompts are rendered
HANDLES = 97  # of the loop a call needs, measured: timers that were not cancelled, and callbacks
CONFIG = Path(__file__).resolve().parent.parent / "etc" / "ccappliance"


async def _wake() -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def tick(left: int) -> None:
        if left:
            loop.call_later(0.1, tick, left - 1)
        elif not done.done():
            done.set_result(None)
    tick(CALLS * HANDLES)
    await done


def measure() -> Iterator[str]:
    """ms per call of the whole house in virtual time, scripted sound; and its ratio to the loop alone.

    Every check is on: those of a running box (the ACD's invariants) and those of a simulated day (the ledger).
    """
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        text = find("office-day", DAYS).read_text(encoding="utf-8")
        short = Path(folder) / "short.yaml"
        short.write_text(re.sub(r"(?m)^calls: *[0-9_]+", f"calls: {FEW}", text), encoding="utf-8")
        run(DayOptions(short, 1, None, None), cache, CONFIG)
        began = time.process_time()  # of this process alone: other people's load on the machine hardly counts
        result = run(DayOptions(find("office-day", DAYS), 1, None, None), cache, CONFIG)
        spent = time.process_time() - began
    calls = float(result.figures["calls"])
    bare = best(lambda: run_virtual(_wake()), rounds=3) / CALLS
    house = spent / calls
    yield (f"office day: {1 / house:,.0f} calls a second and core (asked: 1,000), {house * 1000:.2f} ms a call, "
           f"the bare loop {bare * 1000:.3f} ms: ratio {house / bare:.1f}")
