"""Dictation: its protocol, the cutting of recordings into utterances, and real pocketsphinx on a synthetic voice."""

import json
import random
import shutil
import warnings
from array import array
from pathlib import Path

import pytest

from ccappliance.media.accuracy.speakers import Speakers
from ccappliance.media.dictation import LONGEST, Cutter, Utterance
from ccappliance.media.polish import little_endian
from ccappliance.media.speech_protocol import (
    Answer,
    Line,
    Malformed,
    encode_answer,
    encode_dictation,
    parse_answer,
    parse_ask,
)
from ccappliance.media.speech_settings import DEFAULT_MODELS, ModelSettings, SpeechSettings
from ccappliance.media.sphinx import Decoder

RATE = 8_000


def test_a_dictation_is_asked_for_and_answered_with_lines_and_times() -> None:
    head, _, samples = encode_dictation(7, bytes(32_000)).partition(b"\n")
    ask = parse_ask(head)
    assert (ask.id, ask.dictate, ask.samples, ask.phrases) == (7, True, 16_000, ())
    assert len(samples) == 32_000
    lines = (Line(0.0, 0.8, "您好"), Line(0.9, 2.0, "我要退款"))
    assert parse_answer(encode_answer(Answer(7, lines=lines), dictated=True), 0, 2.0) == Answer(7, lines=lines)
    assert parse_answer(encode_answer(Answer(7), dictated=True), 0, 2.0) == Answer(7)
    assert parse_answer(b'{"id": 7, "error": "no model"}', 0, 2.0) == Answer(7, error="no model")


@pytest.mark.parametrize("lines", [
    None, "hello", [1], [{"from": 0, "to": 1}], [{"from": "0", "to": 1, "text": "x"}],
    [{"from": True, "to": 1, "text": "x"}], [{"from": 1, "to": 0, "text": "x"}], [{"from": -1, "to": 0, "text": "x"}],
    [{"from": 0, "to": 9, "text": "x"}],
    [{"from": 1, "to": 1.5, "text": "x"}, {"from": 0, "to": 2, "text": "x"}]])
def test_lines_that_are_none_are_malformed(lines: object) -> None:
    with pytest.raises(Malformed, match="line"):
        parse_answer(json.dumps({"id": 7, "lines": lines}).encode(), 0, 2.0)


def tone(seconds: float, amplitude: float = 8_000.0) -> "array[int]":
    """Something as loud as speech, from a seed."""
    chance = random.Random(3)
    return array("h", (round(chance.uniform(-amplitude, amplitude)) for _ in range(round(seconds * RATE))))


def recording(seconds: float, *said: "tuple[str, float, array[int]]") -> bytes:
    """Stereo of so many seconds, with noises of a leg from a second on."""
    legs = {leg: array("h", bytes(2 * round(seconds * RATE))) for leg in ("caller", "agent")}
    for leg, at, sound in said:
        first = round(at * RATE)
        legs[leg][first:first + len(sound)] = sound
    both = array("h", bytes(4 * round(seconds * RATE)))
    both[0::2], both[1::2] = legs["caller"], legs["agent"]
    return little_endian(both)


def cut(stereo: bytes, piece: int = 100_000) -> list[Utterance]:
    cutter = Cutter()
    found = [one for at in range(0, len(stereo), piece) for one in cutter.feed(stereo[at:at + piece])]
    return [*found, *cutter.end()]


@pytest.mark.parametrize("piece", [4, 3_333, 1 << 20])
def test_utterances_come_with_their_leg_and_time_in_whichever_pieces_it_is_read(piece: int) -> None:
    found = cut(recording(7.0, ("caller", 1.0, tone(1.0)), ("agent", 3.0, tone(1.5)), ("caller", 6.5, tone(0.5))),
                piece)
    assert [one.leg for one in found] == ["caller", "agent", "caller"]
    for one, (begins, lasts) in zip(found, [(1.0, 1.0), (3.0, 1.5), (6.5, 0.5)], strict=True):
        assert begins - 0.5 <= one.begin <= begins
        assert one.begin + len(one.pcm) / 2 / RATE >= begins + lasts - 0.02


def test_silence_as_of_a_pause_is_nothing_and_who_never_stops_is_cut() -> None:
    assert cut(recording(20.0)) == []
    found = cut(recording(34.0, ("caller", 0.5, tone(33.0))))
    assert [len(one.pcm) // 320 for one in found[:2]] == [LONGEST, LONGEST]
    assert found[1].begin == pytest.approx(found[0].begin + LONGEST * 0.02, abs=0.2)


def test_a_command_of_ones_own_is_given_the_language_model() -> None:
    settings = SpeechSettings(command="/opt/asr --lm {language_model} -l {language}", models={
        "zh": ModelSettings(acoustic="/srv/zh", dictionary="/srv/zh.words", language_model="/srv/zh.lm")})
    assert settings.program("zh", dictate=True) == ["/opt/asr", "--lm", "/srv/zh.lm", "-l", "zh"]
    assert SpeechSettings().program("en", dictate=True)[-1].endswith("en-us.lm.bin")
    assert not SpeechSettings().program("en")[-1].endswith(".lm.bin")


@pytest.mark.slow
def test_pocketsphinx_takes_dictation_of_a_voice() -> None:
    model = DEFAULT_MODELS["en"]
    if shutil.which("espeak-ng") is None or not Path(model.language_model).exists():
        warnings.warn("NOT PROVED: dictation by pocketsphinx needs espeak-ng and pocketsphinx-en-us", stacklevel=1)
        pytest.skip("espeak-ng and pocketsphinx-en-us are not installed")
    speakers = Speakers({"en": "espeak-ng -v en-us --stdin --stdout"})
    voice = array("h", speakers.says(speakers.of["en"][0], "i want to pay the money for the account"))
    found = cut(recording(len(voice) / RATE + 3.0, ("caller", 1.0, voice)))
    decoder = Decoder(model.acoustic, model.dictionary, model.rate, model.language_model)
    heard = " ".join(decoder.dictate(one.pcm) for one in found).split()
    assert {one.leg for one in found} == {"caller"}
    # Its model was trained on people at 16 kHz; of a synthesiser at 8 kHz it understands the beginning.
    assert heard[:2] == ["i", "want"], heard
