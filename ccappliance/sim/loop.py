"""Virtual time: an asyncio loop whose clock jumps to the next timer instead of waiting for it.

Nothing scheduled and nothing to do is a deadlock: the error lists the tasks that wait and where.
Nothing outside may wake such a loop (no threads, no sockets): whatever happens in it is a function of its beginning.
"""

import asyncio
import contextvars
import heapq
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, TypeVarTuple

from ccappliance.base.ordered import use_numbered_tasks

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
MANY, MOSTLY = 100, 0.5  # asyncio's own: of more timers than this, when so many are cancelled, those are swept out
LONGEST = 24 * 3600.0  # s, asyncio's own: no select is longer


class Deadlock(RuntimeError):
    """Everybody waits for somebody else."""


class _Jump(selectors.SelectSelector):
    """A selector that never waits: it moves the loop's clock by the time it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Deadlock("nothing is scheduled and everybody waits")
        if timeout > 0:
            self.now += timeout
        return []


class _Timer(asyncio.TimerHandle):
    """asyncio's own, made and cancelled in one step each; equal only to itself."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__
    _repr = _source_traceback = None  # what only debug mode fills

    def __init__(self, when: float, callback: Callable[..., object], args: tuple[Any, ...], loop: "VirtualLoop",
                 context: contextvars.Context | None) -> None:
        if loop._closed:
            raise RuntimeError("Event loop is closed")
        self._context = contextvars.copy_context() if context is None else context
        self._loop: VirtualLoop = loop
        self._callback: Callable[..., object] | None = callback
        self._args = args
        self._when = when
        self._scheduled = True
        self._cancelled = False

    def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            self._callback, self._args = None, ()
            if self._scheduled:
                self._loop._timer_cancelled_count += 1


class _Soon(asyncio.Handle):
    """asyncio's own, made in one step."""

    __slots__ = ()
    _repr = _source_traceback = None

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], loop: "VirtualLoop",
                 context: contextvars.Context | None) -> None:
        if loop._closed:
            raise RuntimeError("Event loop is closed")
        self._context = contextvars.copy_context() if context is None else context
        self._loop: VirtualLoop = loop
        self._callback: Callable[..., object] | None = callback
        self._args = args
        self._cancelled = False


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, starting at `start` seconds.

    A day is mostly timers. asyncio's heap calls TimerHandle.__lt__ in Python for each comparison, ten a timer;
    here it holds pairs (when, timer), of which C compares the first. Nothing else differs: timers of one moment, sweeps
    and rounds come in asyncio's own order (tests/sim/test_loop.py plays the same chance on both).
    """

    _closed: bool
    _ready: deque[Any]  # of handles, whose fields asyncio does not declare
    _stopping: bool
    _timer_cancelled_count: int

    def __init__(self, start: float = 0.0) -> None:
        self._jump = _Jump()
        self._jump.now = start
        super().__init__(self._jump)
        self._clock_resolution = 1e-9  # two moments are the same only if they are
        self._scheduled: list[tuple[float, _Timer]] = []
        use_numbered_tasks(self)

    def time(self) -> float:
        return self._jump.now

    def call_later(self, delay: float, callback: Callable[[*Ts], object], *args: *Ts,
                   context: contextvars.Context | None = None) -> asyncio.TimerHandle:
        when = self._jump.now + delay
        timer = _Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, (when, timer))
        return timer

    def call_at(self, when: float, callback: Callable[[*Ts], object], *args: *Ts,
                context: contextvars.Context | None = None) -> asyncio.TimerHandle:
        timer = _Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, (when, timer))
        return timer

    def call_soon(self, callback: Callable[[*Ts], object], *args: *Ts,
                  context: contextvars.Context | None = None) -> asyncio.Handle:
        handle = _Soon(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def _run_once(self) -> None:
        """Rounds as asyncio's, until it is stopped: what is due joins what is ready, and what is ready now runs."""
        ready, timers, jump, pop = self._ready, self._scheduled, self._jump, heapq.heappop
        while True:
            if timers and (timers[0][1]._cancelled or len(timers) > MANY):
                self._sweep()
            if not ready and not self._stopping:
                jump.select(min(max(0, timers[0][0] - jump.now), LONGEST) if timers else None)
            end = jump.now + self._clock_resolution
            while timers and timers[0][0] < end:
                timer = pop(timers)[1]
                timer._scheduled = False
                ready.append(timer)
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled:
                    try:
                        handle._context.run(handle._callback, *handle._args)
                    except (SystemExit, KeyboardInterrupt):
                        raise
                    except BaseException as error:  # noqa: BLE001  as asyncio: a callback's bug does not end the loop
                        self.call_exception_handler({"message": f"Exception in callback {handle!r}",
                                                     "exception": error, "handle": handle})
            if self._stopping:
                return

    def _sweep(self) -> None:
        """Cancelled timers leave when they are first, or all at once when they are most."""
        timers = self._scheduled
        if len(timers) > MANY and self._timer_cancelled_count / len(timers) > MOSTLY:
            for _, timer in timers:
                timer._scheduled = not timer._cancelled
            timers[:] = [pair for pair in timers if not pair[1]._cancelled]
            heapq.heapify(timers)
            self._timer_cancelled_count = 0
        while timers and timers[0][1]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(timers)[1]._scheduled = False


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
