"""Recordings that are over, on a disk of a test and in a database, with a clock to turn: for retention and custody."""

import asyncio
import random
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simulated_disk import SimulatedDisk

from ccappliance.apps.recording.archive import Archiver
from ccappliance.apps.recording.custody import Custody, Means
from ccappliance.apps.recording.purging import Purger
from ccappliance.apps.recording.rules import RecordingRule, RetentionSettings, Rules
from ccappliance.apps.recording.settings import ArchiveSettings, RecordingSettings
from ccappliance.call import facts
from ccappliance.call.journal import Entry, Journal, MemorySink
from ccappliance.call.keeping_store import KeepingStore
from ccappliance.service.aside import Aside
from ccappliance.store.database import Store

ROOT = Path("/recordings")
EPOCH = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class TurnedClock:
    """Both clocks, as the test turns them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.step = timedelta()

    def wall(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds) + self.step

    def now(self) -> float:
        return self.seconds


class Keepers:
    """A house's room of kept recordings, without its calls."""

    def __init__(self, *rules: RecordingRule, disk: SimulatedDisk | None = None, past: list[Entry] | None = None,
                 recorder: Any = None, **retention: Any) -> None:
        self.clock = TurnedClock()
        self.sink = MemorySink()
        for entry in past or []:
            self.sink.append(entry, entry.line())
        self.journal = Journal(self.clock, self.sink)
        self.disk = disk or SimulatedDisk()
        self.archiver = Archiver(self.disk, ROOT, ArchiveSettings())
        self.store = Store(":memory:", threaded=False)
        self.kept = KeepingStore(self.store)
        self.kept.catch_up(self.sink.read())
        self.journal.follow(self.kept.hear, self.kept.KINDS)
        self.settings = RecordingSettings(rules=rules, retention=RetentionSettings(**retention))
        self.rules = Rules(lambda: self.settings, random.Random(1).random)
        self.used = 50.0
        self.untrusted = ""
        self.purger = Purger(lambda: self.settings, self.rules, self.kept, remove=self.archiver.purge,
                             used=lambda: self.used, untrusted=lambda: self.untrusted, journal=self.journal,
                             clock=self.clock)
        self.custody = Custody(Means(recorder, self.rules, self.kept, self.purger, self.journal, self.clock,
                                     lambda: self.untrusted, self._flush, Aside(threaded=False)))

    async def _flush(self) -> None:
        """Nothing is behind."""

    def add(self, call: str, rule: str = "", *, archived: bool = True, **decided: float) -> str:
        """A recording of now that is over; its path."""
        path = f"2026/11/22/{call}.wav"
        if rule or decided:
            self.journal.write(facts.RecordingDecided(call, "yes", rule, "", "", "", decided.get("least", 0.0),
                                                      decided.get("days", 0.0)))
        self.journal.write(facts.RecordingStarted(call, f"{call}-r", path, "always"))
        self.journal.write(facts.RecordingEnded(call, f"{call}-r", path, 1.0, 0.0, "complete"))
        if archived:
            self.disk.make_directory((ROOT / path).parent)
            file = self.disk.create(ROOT / path)
            self.disk.write(file, [call.encode() * 300], 0)
            self.disk.sync(file)
            self.disk.close(file)
            self.disk.sync_directory((ROOT / path).parent)
            self.journal.write(facts.RecordingArchived(call, f"{call}-r", path, "wav", 1, ""))
        return path

    def custody_hold(self, call: str) -> None:
        self.run(self.custody.hold(call, "a lawsuit", "cli:lawyer"))

    @staticmethod
    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(work)

    def days(self, days: float) -> "Keepers":
        self.clock.seconds += days * 86400.0
        return self

    def care(self, seconds: int = 3) -> "Keepers":
        for _ in range(seconds):
            self.clock.seconds += 1.0
            self.purger.care()
        return self

    def files(self, disk: SimulatedDisk | None = None) -> list[str]:
        names = (disk or self.disk).names(ROOT / "2026/11/22")
        return [name.removesuffix(".wav") for name in names]

    def told(self, *kinds: type) -> list[Any]:
        return [entry.fact for entry in self.sink.read() if isinstance(entry.fact, kinds)]

    def purged(self) -> list[tuple[str, str]]:
        return [(fact.call, fact.why) for fact in self.told(facts.RecordingPurged)]
