"""Work that may wait for a disk, done beside the loop by a few threads of its own; in virtual time done at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ccappliance.base.limits import MAX_ASIDE

T = TypeVar("T")


class Aside:
    """Threads that nobody else waits for: a file system that hangs costs those who asked it, not the journal.

    Whoever awaits `do` under a time limit is free when it is reached; the thread is free when its work is done.
    """

    def __init__(self, *, threaded: bool) -> None:
        self._pool = ThreadPoolExecutor(MAX_ASIDE, thread_name_prefix="aside") if threaded else None

    async def do(self, work: Callable[[], T]) -> T:
        """The result of `work`, or what it raises."""
        if self._pool is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Nothing new begins; what is under way is not waited for."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
