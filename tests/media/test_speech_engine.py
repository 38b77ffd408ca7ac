"""Engines of speech: the pipe protocol, where speech begins and ends, crashes and hangs, and pocketsphinx itself."""

import asyncio
import math
import random
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ccappliance.base.units import RATE, amplitude
from ccappliance.config.keys import Report
from ccappliance.media.accuracy.speakers import Speakers
from ccappliance.media.dsp import through_alaw
from ccappliance.media.endpoint import Endpointer
from ccappliance.media.polish import from_pcm, little_endian, to_pcm
from ccappliance.media.speech_engine import AGAIN, ANSWER_WITHIN, Engine, PipedEngine, Question, SteppedEngine
from ccappliance.media.speech_protocol import (
    Answer,
    Malformed,
    Ready,
    encode_answer,
    encode_ask,
    encode_ready,
    parse_answer,
    parse_ask,
)
from ccappliance.media.speech_settings import DEFAULT_MODELS, ModelSettings, SpeechSettings
from ccappliance.media.sphinx import Decoder, SphinxError, split_words
from ccappliance.sim.loop import run_virtual

HISS, WORD = -50.0, -18.0  # dBm0

# An engine of a few lines: hears the phrase whose number is the utterance's first sample; 98 is a hang, 99 a crash.
ENGINE = """
import json, struct, sys, time
print(json.dumps({"ready": 1, "engine": "toy"}), flush=True)
while line := sys.stdin.buffer.readline():
    ask = json.loads(line)
    first = struct.unpack("<h", sys.stdin.buffer.read(2 * ask["samples"])[:2])[0]
    if first == 99:
        sys.exit(3)
    while first == 98:
        time.sleep(1)
    if first == 97:
        print("nonsense", flush=True)
        continue
    print(json.dumps({"id": ask["id"], "phrase": first, "text": "", "confidence": 0.75}), flush=True)
"""
TOY = [sys.executable, "-c", ENGINE]


def noise(seconds: float, level: float, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    sigma = amplitude(level) / math.sqrt(2)
    return [chance.gauss(0.0, sigma) for _ in range(round(seconds * RATE))]


def stereo(heard: list[float], sent: list[float] | None = None) -> bytes:
    left, right = from_pcm(to_pcm(heard)), from_pcm(to_pcm(sent or [0.0] * len(heard)))
    mixed = left + right
    mixed[0::2], mixed[1::2] = left, right
    return little_endian(mixed)


# ---- where speech begins and ends ----


@pytest.mark.parametrize("hiss", [-65.0, -45.0, -35.0])
def test_an_utterance_is_cut_out_of_a_noisy_line(hiss: float) -> None:
    ends = Endpointer()
    line = noise(2.0, hiss) + noise(1.0, WORD, 2) + noise(0.3, hiss, 3) + noise(0.5, WORD, 4) + noise(1.5, hiss, 5)
    data = stereo(line)
    for start in range(0, len(data), 3200 + 4):  # never at a frame's edge
        ends.feed(data[start:start + 3200 + 4])
    assert ends.began
    assert ends.said is not None
    assert len(ends.said) / 2 / RATE == pytest.approx(0.3 + 1.8 + 0.2, abs=0.1)


def test_a_click_and_a_humming_line_are_no_speech() -> None:
    for line in (noise(1.0, HISS) + noise(0.06, -10.0) + noise(1.0, HISS), noise(5.0, -30.0)):
        ends = Endpointer()
        ends.feed(stereo(line))
        assert not ends.began


def test_the_echo_of_our_prompt_is_no_speech_but_a_caller_over_it_is() -> None:
    prompt = noise(2.0, -16.0, 7)
    echo = [a + 0.25 * b for a, b in zip(noise(2.0, HISS), [0.0] * 800 + prompt, strict=False)]  # -12 dB, 100 ms late
    ends = Endpointer()
    ends.feed(stereo(echo, prompt))
    assert not ends.began
    ends.feed(stereo([a + b for a, b in zip(echo, noise(2.0, WORD, 9), strict=True)], prompt))
    assert ends.began


# ---- the protocol ----


def test_messages_come_back_as_they_were_sent() -> None:
    head, _, pcm = encode_ask(7, ("销售", "sales"), b"\1\2\3\4").partition(b"\n")
    ask = parse_ask(head)
    assert (ask.id, ask.phrases, ask.samples, pcm) == (7, ("销售", "sales"), 2, b"\1\2\3\4")
    for answer in (Answer(7, 1, "sales", 0.5), Answer(7), Answer(7, error="no such word")):
        assert parse_answer(encode_answer(answer), 2) == answer
    assert parse_answer(encode_ready("toy"), 0) == Ready("toy")


@pytest.mark.parametrize("line", [
    b"", b"[]", b"{}", b"\xff", b'{"ready": 2}', b'{"id": -1}', b'{"id": true}', b'{"id": 1, "phrase": 2}',
    b'{"id": 1, "phrase": 0.5}', b'{"id": 1, "confidence": 2}', b'{"id": 1, "confidence": NaN}',
    b'{"id": 1, "confidence": true}', b"[" * 50_000,
])
def test_an_answer_that_is_none_is_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        parse_answer(line, 2)


@pytest.mark.parametrize("line", [b"x", b'{"id": 1, "samples": 2}', b'{"id": 1, "phrases": [1], "samples": 2}'])
def test_a_request_that_is_none_is_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        parse_ask(line)


# ---- the process ----


class Asker:
    """An engine, and what it told."""

    def __init__(self, make: type[Engine], command: list[str]) -> None:
        self.told: list[str] = []
        self.engine = make(asyncio.get_running_loop(), command, self.told.append)
        self.engine.start()

    async def ask(self, number: int) -> Answer:
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        pcm = number.to_bytes(2, "little") + bytes(200_000)  # more than a pipe holds
        self.engine.ask(Question(("a", "b", "c"), pcm, done.set_result))
        return await done


Story = Callable[[type[Engine]], Coroutine[Any, Any, None]]


def both(story: Story) -> None:
    """In real time with pipes that are never waited for, and in virtual time step by step."""
    asyncio.run(asyncio.wait_for(story(PipedEngine), 30.0))
    run_virtual(story(SteppedEngine))


def test_utterances_are_answered_in_order() -> None:
    async def story(make: type[Engine]) -> None:
        asker = Asker(make, TOY)
        answers = await asyncio.gather(*[asker.ask(number) for number in (2, 0, 1)])
        assert [answer.phrase for answer in answers] == [2, 0, 1]
        assert (asker.engine.name, asker.told) == ("toy", [""])
        asker.engine.close()
        assert asker.engine.pid == 0

    both(story)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "why"), [
    (99, "has died"), (97, "protocol"), (98, f"no answer for {ANSWER_WITHIN:g} s")])
def test_a_crash_a_lie_or_a_hang_costs_one_recognition(number: int, why: str) -> None:
    async def story(make: type[Engine]) -> None:
        asker = Asker(make, TOY)
        assert (await asker.ask(1)).phrase == 1
        first, second = await asyncio.gather(asker.ask(number), asker.ask(2))
        assert why in first.error
        assert second.phrase == 2  # asked of the dead one, answered by the next
        assert why in asker.told[1]
        assert asker.told[2] == ""
        asker.engine.close()

    both(story)


def test_an_engine_that_cannot_start_is_told_and_tried_again() -> None:
    async def story() -> None:
        asker = Asker(SteppedEngine, ["/no/such/engine"])
        assert "cannot be started" in asker.told[0]
        assert (await asker.ask(1)).error == "the engine does not run"
        await asyncio.sleep(sum(AGAIN) + 1)
        assert len(asker.told) == 1 + len(AGAIN)
        asker.engine.close()

    run_virtual(story())


# ---- settings ----


class Findings(Report):
    def __init__(self) -> None:
        self.errors: list[str] = []

    def error(self, path: str, problem: str, advice: str = "") -> None:
        self.errors.append(f"{path}: {problem} ({advice})")

    def warning(self, path: str, problem: str, advice: str = "") -> None:
        raise AssertionError(problem)


def test_a_model_of_ones_own_is_passed_to_the_engine(tmp_path: Path) -> None:
    chinese = ModelSettings(acoustic=str(tmp_path), dictionary=str(tmp_path / "zh.dict"), rate=8000)
    settings = SpeechSettings(enabled=True, models={"zh": chinese})
    assert settings.program("zh")[-3:] == [str(tmp_path), str(tmp_path / "zh.dict"), "8000"]
    own = SpeechSettings(enabled=True, models={"zh": chinese},
                         command="asr --lang={language} {acoustic} '{dictionary}'")
    assert own.program("zh") == ["asr", "--lang=zh", str(tmp_path), str(tmp_path / "zh.dict")]
    findings = Findings()
    settings.check(findings, "speech")
    assert findings.errors == [f"speech.models.zh.dictionary: there is no '{tmp_path}/zh.dict' (name where it is)"]


def test_words_of_a_phrase_are_those_of_the_dictionary() -> None:
    words = frozenset({"technical", "support", "销售", "销", "部", "don't"})
    assert split_words("Technical support!", words) == ["technical", "support"]
    assert split_words("销售部", words) == ["销售", "部"]
    assert split_words("Don't", words) == ["don't"]
    with pytest.raises(SphinxError, match="no word 'supporter'"):
        split_words("technical supporter", words)


# ---- pocketsphinx ----


@pytest.fixture(scope="module")
def english() -> Decoder:
    model = DEFAULT_MODELS["en"]
    try:
        return Decoder(model.acoustic, model.dictionary, model.rate)
    except SphinxError as error:
        pytest.skip(f"no pocketsphinx with English: apt install libpocketsphinx3 pocketsphinx-en-us ({error})")


def heard(pcm: bytes) -> bytes:
    """What the endpointer cuts out of a call in which this is said, through A-law."""
    said = [float(sample) for sample in from_pcm(pcm)]
    silence = [0.0] * RATE
    line = [a + b for a, b in zip(silence + said + silence, noise(2.0 + len(said) / RATE, -45.0), strict=False)]
    ends = Endpointer()
    ends.feed(stereo([float(sample) for sample in from_pcm(through_alaw(to_pcm(line)))]))
    assert ends.said is not None
    return ends.said


@pytest.mark.slow
def test_english_phrases_are_told_apart_and_other_words_are_not_taken(english: Decoder) -> None:
    """The whole figure is docs/accuracy/speech.md; this is a sample of it."""
    phrases = ("technical support", "opening hours", "account balance", "report a fault", "main menu")
    speakers = Speakers({"en": "espeak-ng -v en-us --stdin --stdout"})
    if absent := speakers.absent("speech", "speech"):
        pytest.skip(absent.why)
    right = wrong = taken = 0
    for speaker in ("en", "en+f4", "en+m4"):
        for index, phrase in enumerate(phrases):
            number, confidence = english.understand(phrases, heard(speakers.says(speaker, phrase)))
            right += number == index and confidence >= 0.5
            wrong += number != index and confidence >= 0.5
        for other in ("what is the weather today", "can you hear me", "my name is peter"):
            taken += english.understand(phrases, heard(speakers.says(speaker, other)))[1] >= 0.5
    assert right >= 12
    assert wrong <= 1
    assert taken <= 2


@pytest.mark.slow
def test_another_model_directory_and_a_chinese_dictionary_reach_the_engine(english: Decoder, tmp_path: Path) -> None:
    """No package has a Chinese model: English phones, in a directory and under words of our own, prove the path."""
    speakers = Speakers({"en": "espeak-ng -v en-us --stdin --stdout"})
    if absent := speakers.absent("speech", "speech"):
        pytest.skip(absent.why)
    model = tmp_path / "zh"
    model.symlink_to(DEFAULT_MODELS["en"].acoustic)
    dictionary = tmp_path / "zh.dict"
    dictionary.write_text("技术 T EH K N IH K AH L\n支持 S AH P AO R T\n余额 B AE L AH N S\n账户 AH K AW N T\n",
                          encoding="utf-8")
    settings = SpeechSettings(enabled=True,
                              models={"zh": ModelSettings(acoustic=str(model), dictionary=str(dictionary))})

    async def story(make: type[Engine]) -> None:
        asker = Asker(make, settings.program("zh"))
        for said, index in (("technical support", 0), ("account balance", 1)):
            done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            asker.engine.ask(Question(("技术支持", "账户余额"), heard(speakers.says("en", said)), done.set_result))
            answer = await done
            assert (answer.phrase, answer.text) == (index, ("技术支持", "账户余额")[index])
        unknown: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        asker.engine.ask(Question(("人工",), heard(speakers.says("en", "support")), unknown.set_result))
        assert "no word '人工'" in (await unknown).error
        asker.engine.close()

    both(story)
