"""Fixtures of the DSP tests: a generator of chance that is the same in every run, and minutes of speech."""

import numpy as np
import pytest
from dsp_signals import VOICES, speech


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261122)


@pytest.fixture(scope="session")
def readings() -> list[np.ndarray]:
    """Ten voices, Chinese and English, each at two speeds and pitches: about eleven minutes at 8 kHz."""
    made = [speech(voice, text, speed, pitch) for voice, text in VOICES for speed, pitch in ((150, 45), (185, 65))]
    if any(one is None for one in made):
        pytest.skip("espeak-ng is not installed: `apt install espeak-ng` for the talk-off tests")
    return [one for one in made if one is not None]
