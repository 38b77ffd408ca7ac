"""Backups of a running box: made when asked for and by the clock, told in the journal, missed with an alarm."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Protocol

from ccappliance.apps.backup import sealing
from ccappliance.apps.backup.box import Places, clear
from ccappliance.apps.backup.making import Asked, Made, make, words
from ccappliance.apps.backup.settings import BackupSettings
from ccappliance.base.clock import Clock
from ccappliance.base.errors import CcError, Refused
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.service.aside import Aside
from ccappliance.service.disk import Disk

OLD, FAILED = "backup_old", "backup_failed"  # alarms
LOOK = 60.0  # s between two looks at the clock
PATIENCE, STEP = 5.0, 0.05  # s the daemon's end waits for a thread that reads for a backup; between two looks
AGAIN = 3600.0  # s until a backup by the clock that failed is tried again: a disk is not mended sooner
EPOCH = datetime(2024, 1, 1)  # a Monday: from it intervals are counted
_NAME = re.compile(r"ccappliance-(\d{8}T\d{6})Z\.tar\.gz")
_MIB = 1 << 20


class Breath(Protocol):
    """Lets a thread that reads for a backup go no faster than allowed, and ends it when the daemon stops."""

    def __call__(self, done: int) -> None: ...


class Pace:
    """A Breath for a thread beside this loop. The loop's own timers are the clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rate: Callable[[], float]) -> None:
        """`rate`: bytes a second."""
        self._loop, self._rate, self._done = loop, rate, 0
        self.stopped = False

    def __call__(self, done: int) -> None:
        self._done += done
        if self.stopped:
            raise Refused("stopping", "the daemon is stopping; the backup was given up")
        if self._done >= _MIB:
            seconds, self._done = self._done / self._rate(), 0
            try:
                asyncio.run_coroutine_threadsafe(asyncio.sleep(seconds), self._loop).result(seconds + LOOK)
            except (RuntimeError, TimeoutError) as error:  # the loop has ended
                raise Refused("stopping", "the daemon has ended; the backup was given up") from error


@dataclass(frozen=True)
class Means:
    """What a desk works with."""

    clock: Clock
    zone: tzinfo
    alarms: Alarms
    write: Callable[[facts.Fact], object]  # into the journal
    disk: Disk
    aside: Aside  # threads of its own: a backup takes minutes
    random_bytes: Callable[[int], bytes]
    breathe: Breath
    asked: Asked  # who we are


class Backups:
    """One at a time."""

    def __init__(self, settings: Callable[[], BackupSettings], places: Callable[[], Places], means: Means) -> None:
        self._settings, self._places, self._means = settings, places, means
        self._busy = False
        self._failed_at: float | None = None

    async def make(self, path: str, recordings: bool, passphrase: str, by: str) -> dict[str, Any]:
        """A backup under this absolute path; "": into the configured folder, as by the clock. Refused, or another
        CcError, which BackupFailed tells as well."""
        if not path:
            path, passphrase = await self._as_configured()
        if not path.startswith("/"):
            raise Refused("bad_parameters", "'path' must be absolute: the daemon has a folder of its own")
        if self._busy:
            raise Refused("busy", "a backup is being made at this moment; wait until it is whole")
        self._busy = True
        began, means = self._means.clock.now(), self._means
        asked = replace(means.asked, at=means.clock.wall().isoformat(timespec="seconds"), recordings=recordings,
                        passphrase=passphrase)
        try:
            made = await means.aside.do(lambda: make(Path(path), self._places(), asked, means.disk, means.random_bytes,
                                                     means.breathe))
        except (CcError, OSError) as error:
            why = _why(error)
            means.write(facts.BackupFailed(path, by, why))
            if isinstance(error, CcError):
                raise
            raise Refused("backup_failed", why) from error
        finally:
            self._busy = False
        manifest, seconds = made.manifest, round(means.clock.now() - began, 3)
        means.write(facts.BackupMade(path, by, manifest.entry, made.size, seconds, manifest.recordings, manifest.keys))
        return told(made) | {"seconds": seconds}

    async def close(self) -> None:
        """Wait until one under way has been given up, and told."""
        for _ in range(round(PATIENCE / STEP)):
            if not self._busy:
                return
            await asyncio.sleep(STEP)

    # ---- by the clock ----

    async def keep_going(self) -> None:
        """For as long as the daemon lives."""
        await self._means.aside.do(lambda: clear(self._places()))  # what a kill has left
        while True:
            await asyncio.sleep(LOOK)
            await self.look()

    async def look(self) -> None:
        """Make a backup if one is due; raise or clear the alarms."""
        settings, means = self._settings(), self._means
        if not settings.directory:
            self._alarm(OLD, "")
            self._alarm(FAILED, "")
            return
        folder = Path(settings.directory)
        newest = await means.aside.do(lambda: _newest(folder))
        if _due(settings, means.clock.wall(), newest, means.zone) and not self._busy and self._may_try():
            newest = await self._by_the_clock(settings, folder) or newest
        age = means.clock.wall() - newest if newest else None
        if age is not None and age <= timedelta(hours=settings.oldest):
            self._alarm(OLD, "")
        elif age is not None:
            self._alarm(OLD, f"the newest good backup in {folder} is {age.total_seconds() / 3600:.0f} h old, more than "
                             f"{settings.oldest} h: see why in the journal (BackupFailed), or make one by hand")
        elif self._failed_at is not None:
            self._alarm(OLD, f"there is no good backup in {folder}: see why in the journal (BackupFailed)")

    async def _as_configured(self) -> tuple[str, str]:
        """The next file in the configured folder, and the passphrase."""
        settings, passphrase = self._settings(), ""
        if not settings.directory:
            raise Refused("no_folder", "no folder for backups is configured: set backup.directory, or name a file")
        at = self._means.clock.wall().astimezone(UTC)
        if settings.passphrase_file:
            passphrase = await self._means.aside.do(lambda: sealing.read_passphrase(Path(settings.passphrase_file)))
        return str(Path(settings.directory) / f"ccappliance-{at:%Y%m%dT%H%M%S}Z.tar.gz"), passphrase

    async def _by_the_clock(self, settings: BackupSettings, folder: Path) -> datetime | None:
        at = self._means.clock.wall().astimezone(UTC).replace(microsecond=0)
        await self._means.aside.do(lambda: _tidy(folder))
        try:
            await self.make("", settings.recordings, "", "schedule")
        except CcError as error:
            self._failed_at = self._means.clock.now()
            self._alarm(FAILED, f"no backup was made into {folder}: {error}")
            return None
        self._failed_at = None
        self._alarm(FAILED, "")
        await self._means.aside.do(lambda: _prune(folder, settings.keep))
        return at

    def _may_try(self) -> bool:
        return self._failed_at is None or self._means.clock.now() - self._failed_at >= AGAIN

    def _alarm(self, alarm: str, text: str) -> None:
        standing = self._means.alarms.has(alarm, "backup")
        if text and not standing:
            self._means.write(facts.AlarmRaised(alarm, "backup", text))
        elif not text and standing:
            self._means.write(facts.AlarmCleared(alarm, "backup"))


def told(made: Made) -> dict[str, Any]:
    """A backup, as every door tells it."""
    manifest = made.manifest
    return {"path": str(made.path), "size": made.size, "entry": manifest.entry, "files": len(manifest.members),
            "recordings": manifest.recordings, "keys": manifest.keys, "words": words(manifest)}


def last_slot(settings: BackupSettings, now: datetime, zone: tzinfo) -> datetime:
    """The newest moment up to now at which a backup is made by the clock; days begin as the site's do."""
    local = now.astimezone(zone).replace(tzinfo=None)
    first = datetime.combine(EPOCH, settings.at)
    every = timedelta(hours=settings.every)
    return (first + (local - first) // every * every).replace(tzinfo=zone)


def _due(settings: BackupSettings, now: datetime, newest: datetime | None, zone: tzinfo) -> bool:
    return newest is None or newest > now or newest < last_slot(settings, now, zone)


def _backups(folder: Path) -> list[Path]:
    """Ours, oldest first. A folder that is not there holds none."""
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return []


def _newest(folder: Path) -> datetime | None:
    found = _backups(folder)
    match = _NAME.fullmatch(found[-1].name) if found else None
    return datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if match else None


def _prune(folder: Path, keep: int) -> None:
    for path in _backups(folder)[:-keep]:
        with contextlib.suppress(OSError):
            path.unlink()


def _tidy(folder: Path) -> None:
    """Take away what a kill has left of ours; it could be what fills the disk."""
    with contextlib.suppress(OSError):
        for path in folder.glob("ccappliance-*Z.tar.gz.part"):
            path.unlink()


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'the disk'}: {error.strerror or error}"
    return str(error)
