"""Backups and headquarters: the operations of every door. What they are asked of stays with the roof."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Protocol

from ccappliance.interfaces.control.registry import Operations

TICK = 2.0  # s between two words to somebody who waits for a backup


class MakesBackups(Protocol):
    """apps/backup/desk.py."""

    async def make(self, path: str, recordings: bool, passphrase: str, by: str) -> dict[str, Any]: ...


class Headquarters(Protocol):
    """apps/headquarters/courier.py."""

    def status(self) -> dict[str, Any]: ...


def backup_operations(operations: Operations, backups: MakesBackups, headquarters: Headquarters) -> None:
    @operations.operation("backup")
    async def backup(by: str, path: str = "", recordings: bool = False, passphrase: str = ""
                     ) -> AsyncGenerator[dict[str, Any], None]:
        """Put the whole box into one file on the daemon's machine, while calls go on: {seconds} every two seconds, and
        then what was made. Without a path: into the configured folder, under the configured passphrase."""
        making = asyncio.ensure_future(backups.make(path, recordings, passphrase, by))
        waited = 0.0
        try:
            while not making.done():
                await asyncio.wait([making], timeout=TICK)
                if not making.done():
                    waited += TICK
                    yield {"seconds": waited}
            yield making.result()
        finally:
            if not making.done():  # who asked has gone; the backup is made all the same
                making.add_done_callback(_heard)

    @operations.operation("hq.status")
    async def hq_status() -> Any:
        """How far headquarters has been told, and what stands in the way."""
        return headquarters.status()


def _heard(making: "asyncio.Future[dict[str, Any]]") -> None:
    with contextlib.suppress(asyncio.CancelledError):
        making.exception()
