"""A call's shield: while it is up, what the caller enters is kept from the journal and from recordings.

Between flow and agent nobody else hears the caller: a call in a flow is on no bridge, and who supervised its last
conversation was let go when that ended.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ccappliance.call.leg import Leg

if TYPE_CHECKING:
    from ccappliance.call.call import Call

SECURE = "secure node"  # for whose sake recordings pause
TAIL = 1.0  # s it stays up afterwards: a key is told when it is certain, 40 ms into a tone as long as the key


class Shield:
    """Made by Call. Keys of the anchor are journalled as "?", and the call's recordings get silence of equal length."""

    def __init__(self, call: "Call") -> None:
        self._call = call
        self._leg: Leg | None = None  # whose keys are masked; None: it is down
        self._falling: asyncio.TimerHandle | None = None
        self._down: asyncio.Future[None] | None = None

    @property
    def is_up(self) -> bool:
        return self._leg is not None

    def raise_up(self) -> None:
        """From this moment on; harmless if it is up."""
        if self._falling is not None:
            self._falling.cancel()
            self._falling = None
        if self._leg is None:
            self._leg = self._call.anchor
            self._leg.masked = True
            self._down = self._call.switch.loop.create_future()
            self._call.pause_recording(SECURE)

    def lower(self) -> None:
        """TAIL seconds from now, unless it is raised again; harmless if it is down or falling."""
        if self._leg is not None and self._falling is None:
            self._falling = self._call.switch.loop.call_later(TAIL, self._fall)

    @contextmanager
    def over(self) -> Iterator[None]:
        """Up for what is done inside, the prompts too: a secret may be typed ahead while one plays."""
        self.raise_up()
        try:
            yield
        finally:
            self.lower()

    async def lowered(self) -> None:
        """Wait until it is down: before somebody else may hear the caller."""
        if self._down is not None:
            await asyncio.shield(self._down)

    def _fall(self) -> None:
        assert self._leg is not None
        assert self._down is not None
        self._leg.masked = False
        self._leg = self._falling = None
        self._call.resume_recording()
        self._down.set_result(None)
        self._down = None
