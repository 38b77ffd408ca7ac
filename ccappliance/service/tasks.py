"""The supervisor: who starts a task here need not wait for it, and yet no task fails unheard or stays behind."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_PATIENCE = 5.0  # s a cancelled task may clean up before `close` goes on without it, and says so


class Supervisor:
    """Starts, names and ends tasks of one part of the house."""

    def __init__(self, name: str = "house", *, on_failure: Callable[[str, BaseException], None] | None = None,
                 log: logging.Logger | None = None, patience: float = _PATIENCE) -> None:
        """`on_failure(task name, exception)` is called in the loop after the trace was logged."""
        self.name = name
        self.failures = 0
        self._on_failure = on_failure
        self._log = log or logging.getLogger("ccappliance.tasks")
        self._patience = patience
        self._tasks: dict[int, asyncio.Task[Any]] = {}  # by number of creation: the order of everything here
        self._count = 0
        self._closing = False

    def spawn(self, coro: Coroutine[Any, Any, T], name: str) -> "asyncio.Task[T]":
        """Start a task. Once `close` has begun, it is cancelled before its first step."""
        task = asyncio.get_running_loop().create_task(coro, name=f"{self.name}/{name}")
        self._count += 1
        number = self._count
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._done(number, task))
        if self._closing:
            task.cancel()
        return task

    def running(self) -> list[str]:
        """Names of the tasks that run, oldest first."""
        return [task.get_name() for task in self._tasks.values()]

    async def close(self) -> None:
        """Cancel every task but the caller, newest first, and wait until each has cleaned up.

        One that takes longer than its patience is logged with where it hangs, and left.
        """
        self._closing = True
        current = asyncio.current_task()
        ending = [task for task in reversed(self._tasks.values()) if task is not current]
        for task in ending:
            task.cancel()
        deadline = asyncio.get_running_loop().time() + self._patience
        for task in ending:
            left = deadline - asyncio.get_running_loop().time()
            await asyncio.wait([task], timeout=max(0.0, left))
            if not task.done():
                frames = task.get_stack(limit=1)
                where = f"{frames[0].f_code.co_filename}:{frames[0].f_lineno}" if frames else "?"
                self._log.error("task did not end", extra={"fields": {"task": task.get_name(), "at": where}})

    def _done(self, number: int, task: "asyncio.Task[Any]") -> None:
        del self._tasks[number]
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        self.failures += 1
        self._log.error("task failed", exc_info=error, extra={"fields": {"task": task.get_name()}})
        if self._on_failure is not None:
            self._on_failure(task.get_name(), error)
