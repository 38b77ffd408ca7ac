"""The border of speech: how recognitions live and end, and that what a script says is understood."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ccappliance.media.ports import MediaPort, Sound
from ccappliance.media.scripted import ScriptedMedia
from ccappliance.media.scripted_speech import ENDS, LOOK, ScriptedSpeech
from ccappliance.media.speech import (
    MOST,
    Listening,
    NoSpeech,
    Phrase,
    Recognised,
    check_phrases,
    phrase_in,
    spoken_form,
)
from ccappliance.media.tones import load_zones
from ccappliance.sim.loop import run_virtual

ZONE = load_zones()["cn"]
MENU = (Phrase("sales"), Phrase("technical support", "support"), Phrase("support"), Phrase("销售", "sales"))


def says(text: str, seconds: float = 1.0, language: str = "en") -> Sound:
    return Sound(f"{language}/{text}", bytes([1, 1]) * int(8000 * seconds))


class Line:
    """A scripted line: the house's end, the caller's end, and who understands."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        media = ScriptedMedia(self.loop, ZONE)
        one, other = media.wire()
        self.house: MediaPort = media.port("house", one)
        self.caller: MediaPort = media.port("caller", other)
        self.speech = ScriptedSpeech(self.loop)


def scripted(story: Callable[[Line], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        await story(Line())

    run_virtual(play())


@pytest.mark.parametrize(("text", "form"), [
    ("Sales, please!", "sales please"), ("  I'd LIKE\tthat ", "i'd like that"), ("销 售，谢谢", "销售谢谢"),
    ("查询 ABC 余额", "查询 abc 余额"), ("ＡＢＣ", "abc"), ("…", ""),
])
def test_texts_are_compared_as_they_are_spoken(text: str, form: str) -> None:
    assert spoken_form(text) == form


def test_the_longest_phrase_that_stands_in_it_was_meant() -> None:
    assert phrase_in("technical support please", MENU) == MENU[1]
    assert phrase_in("the SUPPORT", MENU) == MENU[2]
    assert phrase_in("wholesale", MENU) is None
    assert phrase_in("我找销售", MENU) == MENU[3]


@pytest.mark.parametrize(("phrases", "wrong"), [
    ((), "no phrase"), ((Phrase("?!"),), "no word"), ((Phrase("x" * 121),), "more than 120"),
    ((Phrase("yes", "a"), Phrase("Yes!", "b")), "both a and b"), (tuple(Phrase(f"p{i}") for i in range(201)), "split"),
])
def test_phrases_nobody_could_listen_for_are_found(phrases: tuple[Phrase, ...], wrong: str) -> None:
    assert wrong in check_phrases(phrases)
    assert check_phrases(MENU) == ""


def test_what_is_said_is_matched_after_it_was_said() -> None:
    async def story(line: Line) -> None:
        began: list[float] = []
        listening = line.speech.listen(line.house, MENU, "en")
        listening.on_speech(lambda: began.append(line.loop.time()))
        await asyncio.sleep(1.0)
        line.caller.play([says("Sales, please")])
        result = await listening.wait()
        assert (result.outcome, result.text, result.intent) == ("matched", "sales", "sales")
        assert result.confidence > 0.9
        assert began[0] - 1.0 <= 2 * LOOK
        assert result.seconds == pytest.approx(2.0 + ENDS, abs=2 * LOOK)

    scripted(story)


def test_two_sentences_with_a_short_pause_are_one_utterance() -> None:
    async def story(line: Line) -> None:
        listening = line.speech.listen(line.house, MENU, "en")
        line.caller.play([says("technical", 0.5), says("support", 0.5)])
        assert (await listening.wait()).text == "technical support"

    scripted(story)


def test_another_language_and_other_words_are_unsure() -> None:
    async def story(line: Line) -> None:
        for words in (says("weather"), says("sales", language="zh")):
            listening = line.speech.listen(line.house, MENU, "en")
            line.caller.play([words])
            result = await listening.wait()
            assert (result.outcome, result.intent) == ("unsure", "")
            assert result.confidence < 0.5

    scripted(story)


def test_silence_is_waited_for_from_the_end_of_the_prompt() -> None:
    async def story(line: Line) -> None:
        listening = line.speech.listen(line.house, MENU, "en", first=3.0)
        await asyncio.sleep(100.0)
        assert listening.ended is None
        listening.prompt_over()
        result = await listening.wait()
        assert (result.outcome, result.seconds) == ("silence", 103.0)

    scripted(story)


def test_who_never_ends_is_cut_off() -> None:
    async def story(line: Line) -> None:
        listening = line.speech.listen(line.house, MENU, "en")
        line.caller.play([says("sales", 60.0)])
        result = await listening.wait()
        assert result.outcome == "too_long"
        assert result.seconds == pytest.approx(MOST, abs=3 * LOOK)

    scripted(story)


def test_a_key_cancels_and_nothing_follows() -> None:
    async def story(line: Line) -> None:
        ends: list[Recognised] = []
        listening = line.speech.listen(line.house, MENU, "en")
        listening.on_end(ends.append)
        line.caller.play([says("sales")])
        await asyncio.sleep(0.5)
        listening.cancel()
        listening.cancel()
        await asyncio.sleep(5.0)
        assert [end.outcome for end in ends] == ["cancelled"]
        assert (await listening.wait()).outcome == "cancelled"

    scripted(story)


def test_cancelling_the_waiter_cancels_the_recognition() -> None:
    async def story(line: Line) -> None:
        listening = line.speech.listen(line.house, MENU, "en")
        waiter = line.loop.create_task(listening.wait())
        await asyncio.sleep(0.1)
        waiter.cancel()
        await asyncio.sleep(0.1)
        assert listening.ended is not None
        assert listening.ended.outcome == "cancelled"

    scripted(story)


def test_a_second_recognition_at_a_port_takes_the_place_of_the_first() -> None:
    async def story(line: Line) -> None:
        first = line.speech.listen(line.house, MENU, "en")
        second = line.speech.listen(line.house, MENU, "en")
        assert first.ended is not None
        line.caller.play([says("sales")])
        assert (await second.wait()).matched

    scripted(story)


def test_a_language_without_model_and_no_engine_fail_with_the_reason() -> None:
    async def story(line: Line) -> None:
        result = await line.speech.listen(line.house, MENU, "fr").wait()
        assert (result.outcome, result.why) == ("failed", "there is no model for 'fr'")
        assert line.speech.refusal("fr")
        off = NoSpeech(line.loop, "speech.engine is off")
        result = await off.listen(line.house, MENU, "en").wait()
        assert (result.outcome, result.why) == ("failed", "speech.engine is off")

    scripted(story)


class Slow(Listening):
    """An engine that never answers."""

    left = 0

    def _leave(self) -> None:
        self.left += 1


def test_an_engine_that_never_answers_is_left_after_its_patience() -> None:
    async def story() -> None:
        slow = Slow(asyncio.get_running_loop(), first=5.0, most=8.0, patience=2.0)
        slow.speech_began()
        await asyncio.sleep(1.0)
        slow.speech_ended()
        result = await slow.wait()
        assert (result.outcome, result.seconds) == ("failed", 3.0)
        assert "2 s after" in result.why
        assert slow.left == 1

    run_virtual(story())
