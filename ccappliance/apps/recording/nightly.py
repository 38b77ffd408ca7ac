"""The daemon's own verification of its recordings, once a day, slowly enough that nobody notices."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

from ccappliance.apps.recording.seal import Vault
from ccappliance.apps.recording.verify import Verified, Verifier
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.call.fact import Fact
from ccappliance.call.journal import Sink
from ccappliance.service.disk import RealDisk
from ccappliance.service.tasks import Supervisor

PACE = 20e6  # bytes a second: a fifth of a slow disk, half a terabyte in seven hours
_AGAIN = 600.0  # s at the most between two looks at the wall clock, which may step
ALARM, _SUBJECT = "recordings_wrong", "recordings"


class Nightly:
    """Verifies at a time of day; the journal hears what came of it, and an alarm stands while anything is wrong."""

    def __init__(self, recordings: Path | None, vault: Vault | None, sink: Sink, *, zone: tzinfo,
                 aside: Callable[[Callable[[], Any]], Awaitable[Any]], write: Callable[[Fact], object],
                 alarms: Alarms) -> None:
        """`recordings` None: no sound is kept, and there is nothing to verify. What waits for the disk is done `aside`;
        `sink` says what was signed."""
        self._place = (recordings, vault) if recordings is not None and vault is not None else None
        self._sink = sink
        self._zone = zone
        self._aside = aside
        self._write = write
        self._alarms = alarms
        self._tasks = Supervisor("verification")
        self._task: asyncio.Task[None] | None = None

    def apply(self, at: time | None) -> None:
        """From now on at this time of the site's day; None: never. What is under way is ended."""
        if self._task is not None:
            self._task.cancel()
        self._task = None
        if at is not None and self._place is not None:
            self._task = self._tasks.spawn(self._wait(at, *self._place), "nightly")

    async def close(self) -> None:
        await self._tasks.close()

    async def _wait(self, at: time, recordings: Path, vault: Vault) -> None:
        while True:
            due = _next(vault.wall().astimezone(self._zone), at)
            while (left := (due - vault.wall()).total_seconds()) > 0:
                await asyncio.sleep(min(left, _AGAIN))
            await self._verify(Verifier(RealDisk(), recordings, vault.directory))

    async def _verify(self, verifier: Verifier) -> None:
        try:
            signed = await self._aside(self._signed)
            steps = verifier.steps(signed)
            while (read := await self._aside(lambda: next(steps, None))) is not None:
                await asyncio.sleep(max(0.001, read / PACE))
        except OSError as error:
            self._raise(f"they cannot be verified: {error.strerror}")
            return
        self._tell(verifier.result)

    def _signed(self) -> dict[int, str]:
        ever = datetime.min.replace(tzinfo=UTC)
        return {entry.fact.entry: entry.fact.sha256 for entry in self._sink.recent(["LedgerSigned"], ever)
                if isinstance(entry.fact, facts.LedgerSigned)}

    def _tell(self, found: Verified) -> None:
        count = len(found.findings)
        self._write(facts.RecordingsVerified(found.recordings, found.entries, found.signatures, found.segments, count))
        if count:
            first = found.findings[0]
            self._raise(f"{count} wrong, the first: {first.file}: {first.words}; `ccappliance recordings verify` tells "
                        "all")
        elif self._alarms.has(ALARM, _SUBJECT):
            self._write(facts.AlarmCleared(ALARM, _SUBJECT))

    def _raise(self, words: str) -> None:
        if not self._alarms.has(ALARM, _SUBJECT):
            self._write(facts.AlarmRaised(ALARM, _SUBJECT, words))


def _next(now: datetime, at: time) -> datetime:
    """The next such time of day after now."""
    due = datetime.combine(now.date(), at, now.tzinfo)
    return due if due > now else datetime.combine(now.date() + timedelta(days=1), at, now.tzinfo)
