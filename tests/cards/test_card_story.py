"""A call through a whole house on real channels: the simulated card's journal, and a recording exact to the sample."""

import difflib
import hashlib
import json
import os
import wave
from array import array
from pathlib import Path
from typing import Any

import pytest
from card_house import CardHouse, Told, tell
from rehearse import script_and_site

from ccappliance.call.facts import ConversationStarted
from ccappliance.call.journal import Entry
from ccappliance.media.dsp import alaw_to_linear, linear_to_alaw

STORY = "card-call"
REHEARSED = Path(os.environ.get("CARDS_REHEARSED", "/nowhere"))
IDLE = 8  # what A-law's idle code 0xD5 decodes to
CLOCKS = {"seq", "at", "now", "rule"}  # of an entry, and fields that tell times in words
ENDED, ARCHIVED = "RecordingEnded", "RecordingArchived"
SIGNED = "LedgerSigned"  # when the archiver's thread is done, and its hash has the time in it
LATER = {ENDED, ARCHIVED}  # told when the disk's threads have finished: anywhere after the call


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def told(recordings: Path) -> Told:
    script, site = script_and_site(STORY)
    return tell(script, site, REHEARSED / "prompts", recordings, watch_the_talk)


TALK: list[dict[int, Any]] = []  # what became of both channels' frames, at two moments of the conversation


def watch_the_talk(card: CardHouse) -> None:
    """A hook event keeps the tick from its channel for a frame or two; between the events nothing may be missing."""
    def count() -> None:
        TALK.append({channel.number: channel.sound.count for channel in card.driver.channels()
                     if channel.number in (1, 5)})

    def hear(entry: Entry) -> None:
        if isinstance(entry.fact, ConversationStarted):
            card.loop.call_later(1.0, count)
            card.loop.call_later(7.0, count)

    card.house.journal.follow(hear)


def test_the_call_goes_as_told(told: Told) -> None:
    assert not told.failed
    assert told.breaches == ()
    assert told.in_use == ()


def test_the_tick_follows_the_card_and_is_never_late(told: Told) -> None:
    """The guest's processor is slow, but its time is its own: late is late, whatever machine emulates it."""
    assert told.card_ticks == told.ticks
    assert (told.late, told.skipped) == (0, 0)


def test_no_frame_is_lost_while_people_talk(told: Told) -> None:
    began, ended = TALK
    for channel, before in began.items():
        after = ended[channel]
        assert (after.missed, after.unsent, after.dropped) == (before.missed, before.unsent, before.dropped), channel
        assert abs(after.frames - before.frames - 300) <= 1  # 6 s


def test_the_journal_is_that_of_the_simulated_card(told: Told) -> None:
    """The same facts in the same order; times and durations differ by the card's delays."""
    assert differences(STORY, told) == ""
    assert [fact["fact"] for fact in map(json.loads, told.journal) if fact["fact"] in LATER] == [ENDED, ARCHIVED]


def differences(story: str, told: Told) -> str:
    """Between the simulated card's journal and the real one's, timeless."""
    simulated = (REHEARSED / f"{story}.jsonl").read_bytes().splitlines()
    return "\n".join(difflib.unified_diff(timeless(simulated), timeless(told.journal), "simulated", "real",
                                          lineterm="", n=1))


def timeless(lines: Any) -> list[str]:
    facts = [json.loads(line) for line in lines]
    return [json.dumps({key: value for key, value in fact.items()
                        if key not in CLOCKS and not isinstance(value, float)}, ensure_ascii=False)
            for fact in facts if fact["fact"] not in {*LATER, SIGNED}]


def test_the_recording_holds_every_sample_that_was_sent(told: Told, recordings: Path) -> None:
    """Left is the customer, right what he heard. A-law is all that has happened to their words."""
    script, _ = script_and_site(STORY)
    ended, archived = (fact for fact in map(json.loads, told.journal) if fact["fact"] in LATER)
    assert ended["lost"] == 0.0
    assert archived["sha256"] == hashlib.sha256((recordings / archived["file"]).read_bytes()).hexdigest()
    with wave.open(str(recordings / archived["file"])) as file:
        both = memoryview(file.readframes(file.getnframes())).cast("h")
    left, right = both[0::2].tobytes(), both[1::2].tobytes()
    words = [(step.who, str(step.argument)) for step in script.steps if step.verb == "says"]
    assert len(words) >= 3
    for who, text in words:
        sent = alaw_to_linear(linear_to_alaw(told.spoken[text]))
        channel = left if who == "wang" else right
        assert silenced(sent) in silenced(channel), f"“{text}” is not there sample by sample"


def silenced(samples: bytes) -> bytes:
    """A-law has no zero: its idle code, +8, stands for it, and the engine hears a frame of idle codes as zeros."""
    return array("h", [0 if sample == IDLE else sample for sample in memoryview(samples).cast("h")]).tobytes()
