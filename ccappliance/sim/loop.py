"""Virtual time: an asyncio loop whose clock jumps to the next timer instead of waiting for it.

Nothing scheduled and nothing to do is a deadlock: the error lists the tasks that wait and where.
Nothing outside may wake such a loop (no threads, no sockets): whatever happens in it is a function of its beginning.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from ccappliance.base.ordered import use_numbered_tasks
from ccappliance.sim._loop import Rounds

T = TypeVar("T")


class Deadlock(RuntimeError):
    """Everybody waits for somebody else."""


class VirtualLoop(Rounds, asyncio.SelectorEventLoop):
    """An event loop in virtual time, starting at `start` seconds. Its rounds are compiled: ext/ccappliance/sim."""

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self.now = start
        self._clock_resolution = 1e-9  # two moments are the same only if they are
        use_numbered_tasks(self)

    def deadlock(self) -> Exception:
        return Deadlock("nothing is scheduled and everybody waits")


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
