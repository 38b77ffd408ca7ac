"""The end of a message: the exchange's tones and the # key are cut off, words never are."""

import numpy as np
import pytest

from ccappliance.apps.voicemail.tail import without_tail
from ccappliance.base.units import RATE
from ccappliance.media.tones import load_zones

ZONE = load_zones()["cn"]


def words(seconds: float, seed: int = 7) -> bytes:
    """Noise that comes and goes like syllables, at about -20 dBm0."""
    count = round(RATE * seconds)
    noise = np.random.default_rng(seed).normal(0.0, 1500.0, count)
    return (noise * (np.sin(np.arange(count) * 2 * np.pi * 4 / RATE) > -0.3)).astype("<i2").tobytes()


def tone(hz: tuple[float, ...], on: float, off: float, seconds: float) -> bytes:
    at = np.arange(round(RATE * seconds)) / RATE
    sound = sum(4000.0 * np.sin(2 * np.pi * one * at) for one in hz)
    return np.where(at % (on + off) < on, sound, 0.0).astype("<i2").tobytes()


TAILS = {"busy": tone((450.0,), 0.35, 0.35, 4.0), "congestion": tone((450.0,), 0.7, 0.7, 6.0),
         "dial": tone((450.0,), 9.0, 0.0, 5.0), "#": tone((941.0, 1477.0), 0.1, 0.1, 0.1)}


@pytest.mark.parametrize("spoken", [0.0, 4.0, 30.0])
@pytest.mark.parametrize("name", TAILS)
def test_tones_at_the_end_are_cut_off(spoken: float, name: str) -> None:
    left = len(without_tail(words(spoken) + TAILS[name], ZONE)) / 2 / RATE
    assert left == pytest.approx(spoken, abs=0.15), name


@pytest.mark.parametrize("seed", range(5))
def test_words_stay_whole(seed: int) -> None:
    said = words(25.0, seed)
    assert without_tail(said, ZONE) == said, f"seed {seed}"


def test_a_tone_before_the_last_words_stays() -> None:
    said = words(3.0) + tone((450.0,), 0.35, 0.35, 4.0) + bytes(RATE) + words(5.0)
    assert without_tail(said, ZONE) == said
