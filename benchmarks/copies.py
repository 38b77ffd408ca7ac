"""Backups and headquarters: what they take, beside tar and the box's own tables, and how late the loop is meanwhile."""

import asyncio
import gc
import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ccappliance.apps.backup.box import Places
from ccappliance.apps.backup.desk import Pace
from ccappliance.apps.backup.making import Asked, make
from ccappliance.apps.headquarters.courier import Courier, Means
from ccappliance.base.clock import SystemClock
from ccappliance.call.alarms import Alarms
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.copies import breathe
from ccappliance.service.aside import Aside
from ccappliance.service.disk import RealDisk

TESTS = Path(__file__).resolve().parent.parent / "tests" / "headquarters"
DAYS, CALLS = 7, 900  # of a week without a line: about 100,000 entries
LOOK = 0.005  # s between two looks at the loop
IDLE = 3.0  # s of a loop with nothing to do


def measure() -> Iterator[str]:
    sys.path.insert(0, str(TESTS))
    try:
        branch_box, postgres = importlib.import_module("branch_box"), importlib.import_module("postgres")
    except ImportError as error:
        yield f"headquarters and backup: NOT MEASURED, {error}"
        return
    with tempfile.TemporaryDirectory(prefix="ccappliance-copies-") as folder:
        branch = branch_box.Branch(Path(folder) / "state", "")
        for _ in range(DAYS):
            branch.begin()
            branch.calls(CALLS)
            branch.clock.seconds = (branch.clock.seconds // 86400 + 1) * 86400.0
        began = time.perf_counter()
        branch.local(Path(folder) / "state" / "ccappliance.db").close()
        local = time.perf_counter() - began
        yield _backup(Path(folder), branch)
        programs = postgres.programs()
        if programs is None:
            yield "headquarters: NOT MEASURED, there is no PostgreSQL"
            return
        server = postgres.Server(programs)
        try:
            yield _backlog(branch, server, local)
        finally:
            server.close()
        branch.close()


def _backup(folder: Path, branch: Any) -> str:
    (folder / "etc").mkdir()
    (folder / "etc" / "a.yaml").write_text("a: 1\n")
    state = folder / "state"
    for number in range(40):
        path = state / "recordings" / f"{number}.wav"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(1 << 20))
    places, asked = Places(folder / "etc", state, state / "recordings"), Asked("1", "", "box", "host", recordings=True)
    began = time.perf_counter()
    made = make(folder / "b.tar.gz", places, asked, RealDisk(), os.urandom)
    took = time.perf_counter() - began
    began = time.perf_counter()
    subprocess.run(f"tar c -C {folder} state etc | gzip -1 > {folder}/p.tar.gz && sync {folder}/p.tar.gz && "
                   f"gzip -dc {folder}/p.tar.gz | tar tf - > /dev/null", shell=True, check=True)
    peer = time.perf_counter() - began
    size = sum(member.size for member in made.manifest.members) / 2**20

    async def beside() -> None:
        aside = Aside(threaded=True)
        pace = Pace(asyncio.get_running_loop(), lambda: float(20 << 20))
        await aside.do(lambda: make(folder / "c.tar.gz", places, asked, RealDisk(), os.urandom, pace))
        aside.close()

    idle, late = _late(lambda: asyncio.sleep(IDLE)), _late(beside)
    return (f"backup of {size:.0f} MiB: {took:.1f} s, ratio to tar, gzip -1, sync and a test of it {took / peer:.2f}; "
            f"at 20 MiB/s beside a loop: p99 of its lateness {late[0]:.1f} ms, worst {late[1]:.1f} (idle "
            f"{idle[0]:.1f} and {idle[1]:.1f})")


def _backlog(branch: Any, server: Any, local: float) -> str:
    entries = branch.journal.seq
    branch.settings = replace(branch.settings, url=server.database("bench"), batch=500)
    delivery = branch.new_delivery()
    began = time.perf_counter()
    while delivery.step():
        pass
    took = time.perf_counter() - began
    delivery.end()
    branch.settings = replace(branch.settings, url=server.database("bench2"))
    delivery = branch.new_delivery(breathe=breathe)
    gc.collect()
    gc.freeze()  # as the daemon does

    async def beside() -> None:
        aside, alarms = Aside(threaded=True), Alarms()
        courier = Courier(branch.settings, delivery, Means(
            SystemClock(), alarms, Journal(SystemClock(), MemorySink()).write, aside, lambda: entries))
        await courier.round(delivery)
        await courier.close()
        aside.close()

    began = time.perf_counter()
    late = _late(beside)
    slow = time.perf_counter() - began
    delivery.end()
    return (f"headquarters, a week of {entries:,} entries: {entries / took:,.0f} entries/s into PostgreSQL, ratio to "
            f"the box's own tables {took / local:.2f}; caught up beside a loop at {entries / slow:,.0f}: p99 of its "
            f"lateness {late[0]:.1f} ms, worst {late[1]:.1f}")


def _late(work: Callable[[], Coroutine[Any, Any, None]]) -> tuple[float, float]:
    """How late a loop wakes up while this goes on beside it, in ms: p99, worst."""
    late: list[float] = []

    async def watch() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(LOOK)
            late.append((time.perf_counter() - began - LOOK) * 1e3)

    async def scene() -> None:
        watching = asyncio.ensure_future(watch())
        await work()
        watching.cancel()

    asyncio.run(scene())
    return statistics.quantiles(late, n=100)[98], max(late)


if __name__ == "__main__":
    for line in measure():
        print(line)
