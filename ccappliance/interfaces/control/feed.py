"""A bounded feed from a synchronous teller (a journal reader) to one asynchronous follower."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_JOURNAL_BACKLOG

T = TypeVar("T")


class Feed(Generic[T]):
    """`push` never waits. A follower who falls more than `most` items behind gets what he has room for, then
    Refused("too_slow"): the teller and the other followers never notice him (F68).
    """

    def __init__(self, most: int = MAX_JOURNAL_BACKLOG) -> None:
        self._items: deque[T] = deque()
        self._most = most
        self._news = asyncio.Event()
        self._closed = False
        self.overrun = False

    def push(self, item: T) -> None:
        if self._closed or self.overrun:
            return
        if len(self._items) >= self._most:
            self.overrun = True
        else:
            self._items.append(item)
        self._news.set()

    def close(self) -> None:
        """No more will come; the follower ends after what there is."""
        self._closed = True
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[T]:
        while True:
            while self._items:
                yield self._items.popleft()
            if self.overrun:
                raise Refused("too_slow", f"the follower was more than {self._most} entries behind; follow again")
            if self._closed:
                return
            self._news.clear()
            await self._news.wait()
