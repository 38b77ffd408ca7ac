"""A caller's keys while a script has him: they wait for whoever asks next, and stop what is being played."""

import asyncio
from collections import deque
from collections.abc import Sequence

from ccappliance.base.limits import MAX_DIGITS_QUEUED
from ccappliance.call.call import Call
from ccappliance.call.collect import Collect
from ccappliance.call.leg import LegGone
from ccappliance.media.ports import Played, Sound

ANY = "0123456789*#ABCD"


class Keys:
    """Hears the anchor's keys from `listen` to `release`."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._waiting: deque[str] = deque()
        self._moved = asyncio.Event()

    async def listen(self) -> None:
        """From now on; keys pressed before it count too."""
        early = Collect(most=1, terminator="", first=0.0)
        while (came := await self._call.anchor.collect(early)).digits:
            self._waiting.extend(came.digits)
        self._call.anchor.on_digit = self._hear

    def release(self) -> None:
        """Somebody else listens now, and has nothing of what was pressed before."""
        if self._call.anchor.on_digit == self._hear:
            self._call.anchor.on_digit = None
        self._waiting.clear()

    def left(self) -> str:
        """What nobody has asked for; it is forgotten."""
        left = "".join(self._waiting)
        self._waiting.clear()
        return left

    async def play(self, sounds: Sequence[Sound], stops: str, begin: float = 0.0) -> tuple[str, Played]:
        """Play from `begin` seconds on, until the end or one of the keys `stops` (others are dropped): the key, or "".

        LegGone when the caller leaves.
        """
        playing = self._call.anchor.start(sounds, begin=begin)
        playing.on_end(lambda _: self._moved.set())
        try:
            while True:
                digit = self._take(stops)
                if digit:
                    playing.stop()
                    return digit, await playing.wait()
                if playing.ended is not None:
                    self._must_be_here()
                    return "", playing.ended
                await self._move()
        finally:
            if not self._call.anchor.is_gone:
                playing.stop()

    async def wait(self, seconds: float | None, stops: str = ANY) -> str:
        """The next key of `stops` within so many seconds (None: for ever), or "". LegGone."""
        anchor = self._call.anchor
        anchor.on_gone(lambda _: self._moved.set())
        try:
            async with asyncio.timeout(seconds):
                while not (digit := self._take(stops)):
                    self._must_be_here()
                    await self._move()
                return digit
        except TimeoutError:
            return ""

    def _hear(self, digit: str) -> None:
        if len(self._waiting) < MAX_DIGITS_QUEUED:
            self._waiting.append(digit)
        self._moved.set()

    def _take(self, stops: str) -> str:
        while self._waiting:
            digit = self._waiting.popleft()
            if digit in stops:
                return digit
        return ""

    async def _move(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def _must_be_here(self) -> None:
        anchor = self._call.anchor
        if anchor.is_gone:
            raise LegGone(anchor, anchor.gone.result())
