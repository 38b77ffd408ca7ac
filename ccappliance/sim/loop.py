"""Virtual time: an asyncio loop whose clock jumps to the next timer instead of waiting for it.

Nothing scheduled and nothing to do is a deadlock: the error lists the tasks that wait and where.
Nothing outside may wake such a loop (no threads, no sockets): whatever happens in it is a function of its beginning.
"""

import asyncio
import contextvars
import heapq
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ccappliance.base.ordered import use_numbered_tasks

T = TypeVar("T")

DEAD_TIMERS = 100  # cancelled timers are left in the heap until there are more than this, and than half of all


class Deadlock(RuntimeError):
    """Everybody waits for somebody else."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, starting at `start` seconds. Timers of one moment run in the order they were set.

    It has its own round (`_run_once`) and heap of timers instead of asyncio's: there is nothing to select on, and
    tuples compare several times faster than handles, which counts in a day of ten million of them.
    """

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self._now = start
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._set = 0  # timers ever
        self._dead = 0  # timers that were cancelled and are still in the heap
        use_numbered_tasks(self)

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[..., object], *args: Any,
                context: contextvars.Context | None = None) -> asyncio.TimerHandle:
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._set += 1
        heapq.heappush(self._timers, (when, self._set, timer))
        timer._scheduled = True  # so that its cancel is told to us
        return timer

    def close(self) -> None:
        super().close()
        self._timers.clear()

    def _timer_handle_cancelled(self, timer: asyncio.TimerHandle) -> None:
        self._dead += 1
        if self._dead > DEAD_TIMERS and self._dead * 2 > len(self._timers):
            self._timers = [entry for entry in self._timers if not entry[2].cancelled()]
            heapq.heapify(self._timers)
            self._dead = 0

    def _run_once(self) -> None:
        """One round: what is ready now; if nothing is, time jumps to the next timer first."""
        ready = self._ready
        if not ready and not self._stopping:
            self._jump()
        while self._timers and self._timers[0][0] <= self._now:
            timer = heapq.heappop(self._timers)[2]
            timer._scheduled = False
            if timer.cancelled():
                self._dead -= 1
            else:
                ready.append(timer)
        for _ in range(len(ready)):  # what these make ready is for the next round
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _jump(self) -> None:
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)[2]._scheduled = False
            self._dead -= 1
        if not self._timers:
            raise Deadlock("nothing is scheduled and everybody waits")
        self._now = max(self._now, self._timers[0][0])


def run_virtual(main: Coroutine[Any, Any, T], *, start: float = 0.0) -> T:
    """Run `main` on a virtual loop of its own until it is done; cancel what it left behind."""
    loop = VirtualLoop(start)
    try:
        return loop.run_until_complete(main)
    except Deadlock as error:
        raise Deadlock(f"{error} at {loop.time():.3f} s:\n{_waiting(loop)}") from None
    finally:
        _cancel_all(loop)
        loop.close()


def _waiting(loop: VirtualLoop) -> str:
    lines = []
    for task in sorted(asyncio.all_tasks(loop), key=hash):
        frames = task.get_stack(limit=1)
        place = f"{frames[0].f_code.co_filename}:{frames[0].f_lineno}" if frames else "?"
        lines.append(f"  {task.get_name()} waits at {place}")
    return "\n".join(lines)


def _cancel_all(loop: VirtualLoop) -> None:
    tasks = sorted(asyncio.all_tasks(loop), key=hash)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
