"""Copies of what the box knows: its backups, and what headquarters is told; built by hand for one run of the daemon."""

import asyncio
import os
import select
from pathlib import Path
from zoneinfo import ZoneInfo

from ccappliance import VERSION
from ccappliance.apps.backup import desk
from ccappliance.apps.backup.box import Places
from ccappliance.apps.backup.making import Asked
from ccappliance.apps.headquarters import courier
from ccappliance.apps.headquarters.delivery import Delivery
from ccappliance.apps.headquarters.link import Self, connect
from ccappliance.base.clock import Clock
from ccappliance.house import House
from ccappliance.interfaces.control.backups import backup_operations
from ccappliance.interfaces.control.registry import Operations
from ccappliance.service.aside import Aside
from ccappliance.service.disk import RealDisk
from ccappliance.service.tasks import Supervisor
from ccappliance.store.identity import identity

BREATH = 0.0005  # s between two pieces of work of a thread that only computes
_MIB = 1 << 20


class Copies:
    """Both wait for disks and networks in threads that nobody else needs."""

    def __init__(self, house: House, config: Path, state: Path, clock: Clock) -> None:
        self._house, self._config, self._state = house, config, state
        self._threads = Aside(threaded=True)
        self._telling = Aside(threaded=True)
        self._pace = desk.Pace(asyncio.get_running_loop(), lambda: house.site.backup.pace * _MIB)
        site = house.site
        self.backups = desk.Backups(lambda: house.site.backup, self._places, desk.Means(
            clock, ZoneInfo(site.system.timezone), house.alarms, house.journal.write, RealDisk(), self._threads,
            os.urandom, self._pace, Asked(VERSION, "", site.system.name, os.uname().nodename)))
        self.headquarters = courier.Courier(site.headquarters, self._delivery(), courier.Means(
            clock, house.alarms, house.journal.write, self._telling, lambda: house.journal.seq))

    def operations(self, operations: Operations) -> Operations:
        """Add ours."""
        backup_operations(operations, self.backups, self.headquarters)
        return operations

    def begin(self, tasks: Supervisor) -> None:
        tasks.spawn(self.backups.keep_going(), "backups")
        tasks.spawn(self.headquarters.keep_going(), "headquarters")

    async def close(self) -> None:
        """A backup under way is given up, and its file with it. Harmless twice."""
        self._pace.stopped = True
        await self.backups.close()
        await self.headquarters.close()
        self._threads.close()
        self._telling.close()

    # ---- inside ----

    def _places(self) -> Places:
        site, state = self._house.site, self._state
        return Places(self._config, state, Path(site.recording.directory or state / "recordings"),
                      tuple(Path(name) for name in site.files_outside()),
                      (Path(site.backup.directory),) if site.backup.directory else ())

    def _delivery(self) -> Delivery | None:
        site = self._house.site
        if not site.headquarters.enabled:
            return None
        return Delivery(site.headquarters, lambda: Self(
            site.headquarters.branch, identity(self._state, os.urandom), site.system.name, site.system.timezone,
            VERSION), ZoneInfo(site.system.timezone), self._state / "journal", connect, breathe)


def breathe() -> None:
    """A thread that computes lets the loop have the interpreter: else it would wait 5 ms for it, each time."""
    select.select([], [], [], BREATH)
