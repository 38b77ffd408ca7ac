"""One continuous recording through every transfer, and each voice on its channel, by its samples."""

import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import fftconvolve
from storyteller import HERE, facts, tell, trouble

from ccappliance.base.units import RATE
from ccappliance.sim.play import Stage
from ccappliance.sim.script import Step, read_script

pytestmark = pytest.mark.slow

TRANSFERS = [*sorted(HERE.glob("transfer-*.yaml")), *sorted(HERE.glob("conference-*.yaml"))]
RECORDED = [path for path in TRANSFERS if "by-the-caller" not in path.stem]  # queues record, trunks do not unless told
PRESENT = 0.95  # correlation of a sentence with itself: nothing but A-law has happened to it
ABSENT = 0.90  # at most, with anything else: one voice speaks all, and many sentences share words


def likeness(channel: np.ndarray, sound: np.ndarray) -> float:
    """The best normalised correlation of a sound with any place of a channel: 1 is itself."""
    if len(channel) < len(sound):
        return 0.0
    found = fftconvolve(channel, sound[::-1], mode="valid")
    energy = np.maximum(fftconvolve(channel**2, np.ones(len(sound)), mode="valid"), 1e5 * len(sound))
    return float(np.max(np.abs(found) / np.sqrt(energy * np.sum(sound**2))))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_each_voice_is_on_its_channel(path: Path, prompts: Path, tmp_path: Path) -> None:
    """Left is the customer, right what he heard; what agents say to each other is on neither."""
    script = read_script(path)
    spoken: dict[str, np.ndarray] = {}

    def interfere(stage: Stage) -> None:
        for step in script.steps:
            if step.verb == "says":
                spoken[step.argument] = _samples(stage.house.prompts.text(step.argument, "zh").pcm)

    played = tell(script, prompts, engine=True, recordings=tmp_path, interfere=interfere)
    assert not played.failed, f"{played.step} {played.failed}"
    assert trouble(played) == []
    begun, ended = facts(played, "RecordingStarted"), facts(played, "RecordingEnded")
    assert len(begun) == len(ended) == 1, "one call, one recording"
    assert ended[0]["state"] == "complete"
    assert ended[0]["lost"] == 0.0
    with wave.open(str(tmp_path / ended[0]["path"])) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, RATE, 2)
        both = _samples(file.readframes(file.getnframes()))
    assert len(both) / 2 / RATE == pytest.approx(ended[0]["now"] - begun[0]["now"], abs=0.05)
    left, right = both[0::2], both[1::2]
    heard = [(step, likeness(left, spoken[step.argument]), likeness(right, spoken[step.argument]))
             for step in script.steps if step.verb == "says"]
    wrong = [f"{step.place} {step}: left {on_left:.2f}, right {on_right:.2f}, expected {_expected(step)}"
             for step, on_left, on_right in heard if not _right(step, on_left, on_right)]
    assert heard or "nobody-at-all" in path.stem or "abandoned" in path.stem
    assert not wrong, "\n".join(wrong)


def _expected(step: Step) -> tuple[bool, bool]:
    """(on the left, on the right). In a conference everybody hears everybody."""
    conference = "conference" in step.place and step.argument != "我们一起谈。"
    return step.who == "wang", step.who != "wang" and (step.options.get("to") == "wang" or conference)


def _right(step: Step, left: float, right: float) -> bool:
    return all(likely > PRESENT if wanted else likely < ABSENT
               for likely, wanted in zip((left, right), _expected(step), strict=True))


def _samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(float)
