"""Custody: who hears, holds and deletes a recording is told before it happens, and what may not be is refused."""

from typing import Any

import pytest
from keeping_world import Keepers

from ccappliance.apps.recording.rules import RecordingRule
from ccappliance.base.errors import Refused
from ccappliance.call import facts


class Sound:
    """A recording's bytes."""

    size = 4

    def read(self, offset: int, length: int) -> bytes:
        return b"RIFF"[offset:offset + length]

    def close(self) -> None:
        pass


class Recorder:
    """Gives any recording, and remembers which."""

    def __init__(self) -> None:
        self.played: list[str] = []

    def play(self, path: str) -> Sound:
        self.played.append(path)
        return Sound()


def refused(world: Keepers, work: Any) -> str:
    before = len(list(world.sink.read()))
    with pytest.raises(Refused) as caught:
        world.run(work)
    assert len(list(world.sink.read())) == before, "a refusal leaves no fact"
    return caught.value.code


def test_who_hears_it_is_told_before_the_first_byte() -> None:
    recorder = Recorder()
    world = Keepers(recorder=recorder)
    path = world.add("a")
    one, sound = world.run(world.custody.give("a", "", "played", "cli:chen", ""))
    assert (one.recording, sound.read(0, 4), recorder.played) == ("a-r", b"RIFF", [path])
    assert world.told(facts.RecordingGiven) == [facts.RecordingGiven("a", "a-r", "played", "cli:chen", "")]
    world.run(world.custody.give("a", "a-r", "exported", "cli:chen", "a complaint"))
    world.run(world.custody.hold("a", "a lawsuit", "cli:lawyer"))
    heard = world.run(world.custody.heard("a"))
    assert [(row["what"], row["by"], row["why"]) for row in heard] == [
        ("played", "cli:chen", ""), ("exported", "cli:chen", "a complaint"), ("held", "cli:lawyer", "a lawsuit")]


def test_what_is_to_be_taken_away_or_deleted_needs_a_reason() -> None:
    world = Keepers(recorder=Recorder())
    world.add("a")
    custody = world.custody
    assert refused(world, custody.give("a", "", "exported", "x", " ")) == "no_reason"
    assert refused(world, custody.hold("a", "", "x")) == "no_reason"
    assert refused(world, custody.release("a", "", "x")) == "no_reason"
    assert refused(world, custody.delete("a", "", "x")) == "no_reason"
    assert refused(world, custody.delete("a", "y" * 201, "x")) == "bad_parameters"


def test_what_there_is_not_cannot_be_heard_held_or_deleted() -> None:
    world = Keepers(recorder=Recorder())
    world.add("a")
    custody = world.custody
    assert refused(world, custody.give("b", "", "played", "x", "")) == "no_recording"
    assert refused(world, custody.give("a", "b", "played", "x", "")) == "no_recording"
    assert refused(world, custody.hold("b", "y", "x")) == "no_recording"
    assert refused(world, custody.delete("b", "y", "x")) == "no_recording"
    assert refused(world, custody.release("a", "y", "x")) == "not_held"


def test_who_deletes_is_told_and_the_row_stays() -> None:
    world = Keepers(recorder=Recorder())
    world.add("a")
    world.add("b")
    assert world.run(world.custody.delete("a", "asked for by the customer", "cli:chen")) == ["a-r"]
    assert world.care().files() == ["b"]
    (fact,) = world.told(facts.RecordingPurged)
    assert (fact.by, fact.why) == ("cli:chen", "asked for by the customer")
    assert [row["what"] for row in world.run(world.custody.heard("a"))] == ["deleted"]
    assert refused(world, world.custody.delete("a", "again", "cli:chen")) == "deleted"
    assert refused(world, world.custody.give("a", "", "played", "cli:chen", "")) == "deleted"


def test_what_is_held_stays_until_everybody_has_let_it_go() -> None:
    world = Keepers(days=1.0)
    world.add("a")
    custody = world.custody
    world.run(custody.hold("a", "a lawsuit", "cli:lawyer"))
    world.run(custody.hold("a", "an audit", "cli:auditor"))
    assert world.days(9.0).care().files() == ["a"]
    assert refused(world, custody.delete("a", "room", "cli:chen")) == "held"
    world.run(custody.release("a", "settled", "cli:lawyer"))
    assert refused(world, custody.delete("a", "room", "cli:chen")) == "held"
    world.run(custody.release("a", "he has left us", "cli:chen", "cli:auditor"))
    last = world.told(facts.RecordingHeld)[-1]
    assert last == facts.RecordingHeld("a", "cli:auditor", "he has left us (by cli:chen)", False)
    assert world.days(0.1).care().files() == []


def test_what_the_law_wants_kept_cannot_be_deleted_by_anybody() -> None:
    world = Keepers(RecordingRule(name="law", least=30.0))
    world.add("a", "law")
    world.add("b")
    assert refused(world, world.custody.delete("a", "why not", "cli:root")) == "too_young"
    world.run(world.custody.delete("b", "why not", "cli:root"))
    world.days(31.0).untrusted = "nobody knows"
    assert refused(world, world.custody.delete("a", "why not", "cli:root")) == "clock_untrusted"
    world.untrusted = ""
    world.run(world.custody.delete("a", "why not", "cli:root"))
    assert world.care().files() == []


def test_what_is_not_archived_yet_is_not_deleted() -> None:
    world = Keepers()
    world.add("a", archived=False)
    assert refused(world, world.custody.delete("a", "why not", "cli:root")) == "under_way"


def test_a_hold_outlives_a_restart() -> None:
    world = Keepers(days=1.0)
    world.add("a")
    world.run(world.custody.hold("a", "a lawsuit", "cli:lawyer"))
    again = Keepers(disk=world.disk, past=list(world.sink.read()), days=1.0)
    assert again.days(9.0).care().files() == ["a"]
