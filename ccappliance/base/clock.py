"""The door through which time and chance come in: nothing above this floor asks the machine for either."""

import asyncio
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ccappliance.base.ids import Ids


class Clock(Protocol):
    """Two of the house's three clocks (the third, the media clock, counts samples in the engine)."""

    def wall(self) -> datetime:
        """The time people use: UTC, aware. May step; only calendars and reports may depend on it."""
        ...

    def now(self) -> float:
        """The loop's clock: monotonic seconds. Every wait, timer and duration is measured with it."""
        ...


class SystemClock:
    """The machine's clocks, for the daemon."""

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def now(self) -> float:
        return time.monotonic()


class LoopClock:
    """A clock that follows an event loop's own time: with a virtual loop, both clocks jump together.

    `epoch` is what the wall shows when the loop shows 0.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, epoch: datetime) -> None:
        if epoch.tzinfo is None:
            raise ValueError("the epoch must be an aware datetime")
        self.now: Callable[[], float] = loop.time
        self._epoch = epoch
        self._asked = 0.0
        self._wall = epoch

    def wall(self) -> datetime:
        now = self.now()
        if now != self._asked:  # virtual time stands still while things happen: many ask at one moment
            self._asked, self._wall = now, self._epoch + timedelta(seconds=now)
        return self._wall


@dataclass(frozen=True)
class Outside:
    """What the house may take from the world: its clock, its chance, its names and its secrets."""

    clock: Clock
    chance: random.Random
    ids: Ids
    secret: Callable[[int], bytes] = os.urandom  # so many bytes nobody can guess: for keys. A simulation has its own
