"""Backups by the clock: when one is due, what is kept, when an alarm stands; on a clock set by hand."""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccappliance.apps.backup import desk
from ccappliance.apps.backup.box import Places
from ccappliance.apps.backup.desk import FAILED, OLD, Backups, last_slot
from ccappliance.apps.backup.making import Asked
from ccappliance.apps.backup.settings import BackupSettings
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.service.aside import Aside
from ccappliance.service.disk import RealDisk

CHINA = ZoneInfo("Asia/Shanghai")


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def wall(self) -> datetime:
        return self.at

    def now(self) -> float:
        return self.at.timestamp()


class Office:
    """A box at rest, and the desk that keeps its backups."""

    def __init__(self, folder: Path, **settings: object) -> None:
        (folder / "etc").mkdir()
        (folder / "etc" / "a.yaml").write_text("a: 1\n")
        (folder / "state").mkdir()
        self.backups = folder / "backups"
        self.backups.mkdir()
        self.settings = replace(BackupSettings(directory=str(self.backups), keep=3), **settings)  # type: ignore[arg-type]
        self.clock, self.alarms, self.sink = Hand(), Alarms(), MemorySink()
        self.journal = Journal(self.clock, self.sink)
        self.journal.follow(self.alarms.hear)
        self.desk = Backups(lambda: self.settings, lambda: Places(folder / "etc", folder / "state", folder / "rec"),
                            desk.Means(self.clock, CHINA, self.alarms, self.journal.write, RealDisk(),
                                       Aside(threaded=False), os.urandom, lambda done: None,
                                       Asked("1", "", "box", "host")))

    def pass_time(self, hours: float, step: float = 1.0) -> None:
        for _ in range(round(hours / step)):
            self.clock.at += timedelta(hours=step)
            asyncio.run(self.desk.look())

    def names(self) -> list[str]:
        return sorted(path.name for path in self.backups.iterdir())

    def told(self) -> list[facts.Fact]:
        return [entry.fact for entry in self.sink.read()]


def test_slots_are_the_site_s(chance: object) -> None:
    daily = BackupSettings(at=time(3, 30))
    assert last_slot(daily, datetime(2026, 11, 22, 12, tzinfo=UTC), CHINA) == datetime(2026, 11, 22, 3, 30,
                                                                                     tzinfo=CHINA)
    assert last_slot(daily, datetime(2026, 11, 22, 19, 29, tzinfo=UTC), CHINA).day == 22
    assert last_slot(daily, datetime(2026, 11, 22, 19, 30, tzinfo=UTC), CHINA).day == 23
    often = BackupSettings(at=time(3, 30), every=6)
    assert last_slot(often, datetime(2026, 11, 22, 12, tzinfo=UTC), CHINA).hour == 15
    weekly = BackupSettings(at=time(3, 30), every=168)
    assert last_slot(weekly, datetime(2026, 11, 22, 12, tzinfo=UTC), CHINA).weekday() == 0


@pytest.mark.slow
def test_one_a_night_and_the_oldest_go(tmp_path: Path) -> None:
    office = Office(tmp_path)
    (office.backups / "mine.tar.gz").write_bytes(b"not theirs")
    (office.backups / "ccappliance-20261101T033000Z.tar.gz.part").write_bytes(b"left by a kill")
    office.pass_time(24 * 6)
    names = office.names()
    assert names[-1] == "mine.tar.gz"
    assert [name[12:23] for name in names[:-1]] == ["20261125T20", "20261126T20", "20261127T20"]  # 04:00 in China
    made = [fact for fact in office.told() if isinstance(fact, facts.BackupMade)]
    assert len(made) == 7  # one at once, for there was none
    assert {fact.by for fact in made} == {"schedule"}
    assert office.alarms.standing() == []


@pytest.mark.slow
def test_one_that_was_missed_is_made_up_for(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.pass_time(1)
    office.clock.at += timedelta(days=9)  # it was switched off
    asyncio.run(office.desk.look())
    assert len(office.names()) == 2
    asyncio.run(office.desk.look())
    assert len(office.names()) == 2


def test_a_disk_that_is_gone_raises_alarms_that_its_return_clears(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.pass_time(1)
    (name,) = office.names()
    office.backups.rename(tmp_path / "gone")
    office.pass_time(60)
    assert office.alarms.has(FAILED, "backup")
    failed = [fact for fact in office.told() if isinstance(fact, facts.BackupFailed)]
    assert 30 <= len(failed) <= 61  # once an hour, not once a minute
    (tmp_path / "gone").rename(office.backups)
    asyncio.run(office.desk.look())
    office.pass_time(2)
    assert office.names()[0] == name
    assert len(office.names()) == 2
    assert office.alarms.standing() == []


def test_an_old_one_is_an_alarm(tmp_path: Path) -> None:
    office = Office(tmp_path, passphrase_file=str(tmp_path / "absent"))
    (office.backups / "ccappliance-20261120T033000Z.tar.gz").write_bytes(b"")
    asyncio.run(office.desk.look())
    assert office.alarms.has(OLD, "backup")
    assert office.alarms.has(FAILED, "backup")
    office.settings = replace(office.settings, passphrase_file="")
    office.pass_time(2)
    assert office.alarms.standing() == []
    office.settings = replace(office.settings, directory="")
    office.pass_time(200)
    assert office.alarms.standing() == []


def test_only_one_at_a_time_and_only_full_paths(tmp_path: Path) -> None:
    office = Office(tmp_path)

    async def scene() -> None:
        with pytest.raises(Refused, match="absolute"):
            await office.desk.make("b.tar.gz", False, "", "cli:root")
        office.desk._busy = True
        with pytest.raises(Refused, match="at this moment"):
            await office.desk.make("/b.tar.gz", False, "", "cli:root")

    asyncio.run(scene())


def test_a_thread_goes_no_faster_than_allowed_and_ends_with_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def scene() -> None:
        pace = desk.Pace(asyncio.get_running_loop(), lambda: float(20 << 20))
        aside = Aside(threaded=True)
        monkeypatch.setattr(desk.asyncio, "sleep", sleep)
        await aside.do(lambda: [pace(1 << 19) for _ in range(20)])
        assert slept == [0.05] * 10
        pace.stopped = True
        with pytest.raises(Refused, match="stopping"):
            await aside.do(lambda: pace(1))
        aside.close()

    asyncio.run(scene())
