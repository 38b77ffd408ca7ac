"""Tasks that hash by creation number, so that asyncio's own sets iterate alike in every run.

asyncio keeps tasks in sets hashed by address: `asyncio.wait` and TaskGroup's cancellation would differ from run to run.
Used by the virtual loop and by the daemon alike, so that what is proved in one holds in the other.
"""

import asyncio
import itertools
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


class NumberedTask(asyncio.Task[T]):
    """A task whose hash is its number."""

    def __init__(self, number: int, coro: Coroutine[Any, Any, T] | Generator[Any, None, T], **kw: Any) -> None:
        self.number = number
        super().__init__(coro, **kw)

    def __hash__(self) -> int:
        return self.number

    __eq__ = object.__eq__


def use_numbered_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Make every task of this loop a NumberedTask, counted from 1."""
    numbers = itertools.count(1)

    def make(loop: asyncio.AbstractEventLoop, coro: Any, **kw: Any) -> NumberedTask[Any]:
        return NumberedTask(next(numbers), coro, loop=loop, **kw)

    loop.set_task_factory(make)
