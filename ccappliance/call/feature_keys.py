"""Feature keys of a conversation: * and a digit. The other party hears them too."""

import asyncio
from collections.abc import Callable

FLASH, LEAVE, RECORD = "1", "2", "3"
TOGETHER = 2.0  # s between the star and the digit; a star alone is nothing


def _nothing() -> None:
    """A key that means nothing to this party."""


class FeatureKeys:
    """Takes a leg's digits one by one: *1 is a hook flash, *2 a blind transfer, or the end of one under way (both for a
    party without a hook flash), *3 begins or ends a recording on demand."""

    def __init__(self, loop: asyncio.AbstractEventLoop, flash: Callable[[], None] = _nothing,
                 leave: Callable[[], None] = _nothing, record: Callable[[], None] = _nothing) -> None:
        self._loop = loop
        self._acts = {FLASH: flash, LEAVE: leave, RECORD: record}
        self._star_until = 0.0

    def digit(self, digit: str) -> None:
        now = self._loop.time()
        if digit == "*":
            self._star_until = now + TOGETHER
        elif now < self._star_until:
            self._star_until = 0.0
            if digit in self._acts:
                self._acts[digit]()
