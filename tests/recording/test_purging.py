"""Retention: what goes, in which order and at which pace; what never goes; and a power cut after every operation."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest
from keeping_world import ROOT, Keepers, TurnedClock
from simulated_disk import SimulatedDisk

from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.rules import RecordingRule
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.base.ids import Ids
from ccappliance.call import facts
from ccappliance.call.journal import Journal, MemorySink

LAW = RecordingRule(name="law", least=30.0, days=60.0)
SHORT = RecordingRule(name="short", days=7.0)


def test_each_goes_when_its_rule_says_and_its_row_stays() -> None:
    world = Keepers(LAW, SHORT, days=20.0)
    for call, rule in (("a", "law"), ("b", "short"), ("c", ""), ("d", "gone-rule")):
        world.add(call, rule)
    assert world.days(6.9).care().files() == ["a", "b", "c", "d"]
    assert world.days(0.2).care().files() == ["a", "c", "d"]
    assert world.days(13.0).care().files() == ["a"], "a rule that is no more leaves the retention of all"
    assert world.days(41.0).care().files() == []
    assert world.purged() == [("b", "too old"), ("c", "too old"), ("d", "too old"), ("a", "too old")]
    (row,) = world.kept.of_call("b")
    assert (row.gone_by, row.gone_why, row.file) == ("policy", "too old", "2026/11/22/b.wav")
    assert world.told(facts.RecordingPurged)[0].age == pytest.approx(7.1, abs=0.1)
    world.days(100.0).care()
    assert len(world.purged()) == 4


def test_what_was_promised_to_be_kept_is_kept_when_the_rule_is_made_shorter() -> None:
    world = Keepers(RecordingRule(name="law", days=1.0))
    world.add("a", "law", least=30.0)
    assert world.days(29.0).care().files() == ["a"]
    assert world.days(2.0).care().files() == []


def test_a_longer_rule_holds_for_what_was_recorded_before_it() -> None:
    world = Keepers(RecordingRule(name="law", days=90.0))
    world.add("a", "law", days=30.0)
    assert world.days(31.0).care().files() == ["a"]


def test_a_full_disk_takes_the_oldest_that_need_not_be_kept_and_no_more_than_needed() -> None:
    world = Keepers(RecordingRule(name="law", least=30.0), pace=1)
    for call, rule in (("a", "law"), ("b", ""), ("c", ""), ("d", ""), ("e", "")):
        world.add(call, rule)
        world.days(0.1)
    world.add("f", archived=False)
    world.custody_hold("b")
    world.used = 90.0
    world.care(1)
    assert world.purged() == [("c", "the disk is full")]
    world.care(1)
    assert world.purged() == [("c", "the disk is full"), ("d", "the disk is full")]
    world.used = 88.9
    world.care(5)
    assert world.files() == ["a", "b", "e"]
    assert world.told(facts.AlarmRaised) == []


def test_a_full_disk_without_anything_to_delete_is_told_once_and_over_when_there_is_room() -> None:
    world = Keepers(least=30.0)
    world.add("a")
    world.used = 97.0
    world.care(10)
    (alarm,) = world.told(facts.AlarmRaised)
    assert alarm.alarm == "purge_nothing"
    assert "97.0 % full" in alarm.words
    assert world.files() == ["a"]
    world.used = 60.0
    world.care(2)
    assert [fact.alarm for fact in world.told(facts.AlarmCleared)] == ["purge_nothing"]


def test_nothing_goes_while_the_clock_is_not_trusted_and_it_is_told_only_if_something_would() -> None:
    world = Keepers(days=7.0)
    world.add("a")
    world.untrusted = "the clock is not synchronised"
    world.care(2)
    assert world.told(facts.AlarmRaised) == []
    world.days(4000.0).care(5)
    assert world.files() == ["a"]
    (alarm,) = world.told(facts.AlarmRaised)
    assert alarm.alarm == "purge_waits"
    assert "not synchronised" in alarm.words
    world.untrusted = ""
    world.care(4)
    assert world.files() == []
    assert [fact.alarm for fact in world.told(facts.AlarmCleared)] == ["purge_waits"]


@pytest.mark.slow
def test_the_pace_is_kept_and_everything_goes_in_the_end() -> None:
    world = Keepers(days=1.0, pace=3)
    for number in range(250):  # more than are looked at in one second
        world.add(f"{number:03d}")
    world.days(2.0)
    for second in range(1, 20):
        world.care(1)
        assert len(world.purged()) == 3 * second
    world.care(70)
    assert world.files() == []
    assert len(world.purged()) == 250


def test_a_file_goes_only_after_the_journal_was_synced_with_its_end() -> None:
    world = Keepers(days=1.0)
    world.add("a")
    world.days(2.0)
    world.care(1)
    assert world.purged() == [("a", "too old")]
    assert world.files() == ["a"], "what was written during a sync may not be in it"
    world.care(1)
    assert world.files() == ["a"]
    world.care(1)
    assert world.files() == []


@pytest.mark.slow
def test_a_cut_after_every_operation_of_a_purge_leaves_what_the_journal_tells(seed: int) -> None:
    """The journal is cut anywhere behind its last sync, the disk after each operation; the next two starts end it."""
    chance = random.Random(seed)
    cuts = 0
    for _ in range(5):
        world = Keepers(days=1.0, pace=chance.randrange(1, 4))
        calls = [f"c{number}" for number in range(8)]
        for call in calls:
            world.add(call)
        world.days(2.0)
        world.custody_hold(calls[chance.randrange(8)])
        synced = [len(list(world.sink.read()))]

        def cut(name: str, world: Keepers = world, calls: list[str] = calls, synced: list[int] = synced) -> None:
            nonlocal cuts
            for kept in (0.0, 1.0, None):
                cuts += 1
                entries = list(world.sink.read())
                past = entries[:chance.randrange(synced[0], len(entries) + 1)]
                _start(world.disk.cut(chance, kept), past, calls, chance)

        world.disk.on_operation = cut
        for _ in range(10):
            synced[0] = len(list(world.sink.read()))  # a sync of the journal, and then care
            cut("synced")
            world.care(1)
        assert len(world.purged()) == 7
    assert cuts > 250, seed
    print(f"{cuts} cuts")


def _start(disk: SimulatedDisk, past: list[object], calls: list[str], chance: random.Random) -> None:
    gone = {entry.fact.call for entry in past if isinstance(entry.fact, facts.RecordingPurged)}  # type: ignore[attr-defined]
    after = disk
    for _ in range(2):
        world = Keepers(disk=after, past=past, days=1.0)  # type: ignore[arg-type]
        there = world.files()
        assert set(calls) - gone <= set(there), "what the journal does not tell of is there"
        for call in set(calls) - gone:
            file = after.open(ROOT / f"2026/11/22/{call}.wav")
            assert after.read(file, 10_000, 0) == call.encode() * 300
        world.purger.open()
        assert set(world.files()) == set(calls) - gone, "what it tells of is gone"
        after = world.disk.cut(chance, None)
        assert set(world.files(after)) == set(calls) - gone, "… on the platter"


def test_a_purge_that_was_cut_off_is_ended_at_the_next_start() -> None:
    world = Keepers(days=1.0)
    world.add("a")
    world.days(2.0)
    world.care(1)
    again = Keepers(disk=world.disk, past=list(world.sink.read()), days=1.0)
    again.purger.open()
    assert again.files() == []
    assert again.purged() == [("a", "too old")], "it is not told twice"


def test_a_clock_that_steps_an_hour_does_not_delete_or_keep_by_more_than_it() -> None:
    world = Keepers(days=1.0)
    world.add("a")
    world.days(0.9)
    world.clock.step = timedelta(hours=1)
    assert world.care().files() == ["a"]
    world.clock.step = timedelta(hours=-1)
    assert world.days(0.11).care().files() == ["a"]
    assert world.days(0.05).care().files() == []


@pytest.mark.parametrize("threaded", [False, True])
def test_the_recorders_door_takes_a_file_away_and_is_harmless_twice(threaded: bool, tmp_path: Path) -> None:
    """In the archiver's thread, so that calls do not wait for the disk; or at once, in virtual time."""
    gone, other = tmp_path / "2026/11/22/a.wav", tmp_path / "2026/11/22/b.wav"
    gone.parent.mkdir(parents=True)
    for path in (gone, other):
        path.write_bytes(b"RIFF")
    clock = TurnedClock()
    journal = Journal(clock, MemorySink())

    async def main() -> None:
        recorder = Recorder(RecordingSettings(segment=1), clock, journal, tmp_path, Ids(1), threaded=threaded)
        recorder.repair()
        recorder.tidy()
        for _ in range(2):
            recorder.remove("2026/11/22/a.wav")
        recorder.remove("")
        await recorder.close()

    asyncio.run(main())
    assert [path.name for path in gone.parent.iterdir()] == ["b.wav"]
