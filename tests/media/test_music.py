"""The hold music and the beep: level, seam, and nothing in them that a detector would take for a signal."""

import numpy as np
import pytest

from ccappliance.base.units import RATE, dbm0
from ccappliance.media.music import BEEP_DBM0, beep, music

LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


@pytest.fixture(scope="module")
def piece() -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.frombuffer(music(), "<i2").astype(float)


def power(signal: "np.ndarray", hertz: float) -> "np.ndarray":
    """Power of a sine at `hertz` in each row, as a share of the row's power."""
    turns = np.exp(-2j * np.pi * hertz * np.arange(signal.shape[1]) / RATE)
    return 2.0 * np.abs(signal @ turns / signal.shape[1]) ** 2 / np.maximum(1.0, (signal**2).mean(axis=1))


@pytest.mark.slow
def test_music_is_the_same_everywhere(piece: "np.ndarray") -> None:
    assert music() == piece.astype("<i2").tobytes()
    assert len(piece) == 24 * RATE
    assert dbm0(float(np.sqrt((piece**2).mean()))) == pytest.approx(-20.0, abs=0.05)
    assert np.abs(piece).max() < 16_000


@pytest.mark.slow
def test_music_loops_without_a_seam(piece: "np.ndarray") -> None:
    steps = np.abs(np.diff(np.concatenate([piece[-2000:], piece[:2000]])))
    assert steps[1999] <= np.percentile(np.abs(np.diff(piece)), 99.9)


@pytest.mark.slow
def test_music_is_never_silent_for_long(piece: "np.ndarray") -> None:
    seconds = piece.reshape(-1, RATE // 2)
    assert dbm0(float(np.sqrt((seconds**2).mean(axis=1)).min())) > -32.0


@pytest.mark.slow
def test_music_is_no_dtmf(piece: "np.ndarray") -> None:
    """Both tones of a digit within Q.24's twist hold most of a block's power; here no block comes near."""
    blocks = piece[:len(piece) // 102 * 102].reshape(-1, 102)
    low = np.max([power(blocks, hertz) for hertz in LOW], axis=0)
    high = np.max([power(blocks, hertz) for hertz in HIGH], axis=0)
    print(f"most of a block in a DTMF pair's weaker tone: {np.minimum(low, high).max():.4f} (a digit has 0.2 or more)")
    assert np.minimum(low, high).max() < 0.05


@pytest.mark.slow
def test_music_is_no_450_hertz(piece: "np.ndarray") -> None:
    blocks = piece[:len(piece) // 1600 * 1600].reshape(-1, 1600)
    share = max(power(blocks, hertz).max() for hertz in (440, 445, 450, 455, 460))
    print(f"most of 200 ms near 450 Hz: {share:.4f} (a tone has 0.9 or more)")
    assert share < 0.3


def test_beep() -> None:
    tone = np.frombuffer(beep(), "<i2").astype(float)
    assert len(tone) == round(0.35 * RATE)
    middle = tone[400:-400]
    assert dbm0(float(np.sqrt((middle**2).mean()))) == pytest.approx(BEEP_DBM0, abs=0.1)
    assert power(middle[None, :], 1000.0)[0] > 0.99
    assert abs(tone[0]) + abs(tone[-1]) < 300
