"""Concealment of lost frames: near to what was lost, without steps, silent after 60 ms, gone when sound is back."""

import numpy as np
import pytest
from dsp_signals import EN, ZH, line, noise, pcm, report, sine, speech
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.media import reference_mouths
from ccappliance.media.levels import Concealer

FRAME = 160


def samples_of(data):
    return np.frombuffer(data, "<i2").astype(float)


def concealed(data, lost):
    """What is said of frames of 20 ms, of which some were lost."""
    mouth = Concealer()
    return b"".join(mouth.lost(FRAME) if k in lost else mouth.say(data[2 * FRAME * k:2 * FRAME * (k + 1)])
                    for k in range(len(data) // 2 // FRAME))


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.02, 0.05, 0.10])
@pytest.mark.parametrize(("voice", "text"), [("en-us", EN), ("cmn-latn-pinyin+f3", ZH)])
def test_speech_with_gaps_is_nearer_than_silence(rng, voice, text, share):
    words = speech(voice, text)
    if words is None:
        pytest.skip("espeak-ng is not installed")
    data = line(words[:len(words) // FRAME * FRAME])
    x = samples_of(data)
    lost = set(np.nonzero(rng.random(len(x) // FRAME) < share)[0])
    out = samples_of(concealed(data, lost))
    gaps = np.isin(np.arange(len(x)) // FRAME, list(lost))

    def apart(a, b):
        """Distance of the spectra's logarithms over 300-3400 Hz in the frames that were lost, dB."""
        window = np.hanning(FRAME)
        far = []
        for k in lost:
            one, other = (np.abs(np.fft.rfft(y[FRAME * k:FRAME * (k + 1)] * window))[6:68] for y in (a, b))
            if (one**2).mean() > 1e6:
                far.append(np.abs(20 * np.log10((one + 300) / (other + 300))).mean())
        return np.mean(far)

    with_it, without = apart(x, out), apart(x, np.where(gaps, 0.0, x))
    report(f"{share:.0%} lost, {voice}: spectra apart; with silence", f"{with_it:.1f}; {without:.1f} dB", "half of it")
    assert with_it < without / 2


def test_a_vowel_goes_on(rng):
    """A steady periodic sound (125 Hz and harmonics): the gap of 20 ms can hardly be heard."""
    x = sum(sine(rng, 125.0 * k, -14.0 - 3 * k, 8000) for k in range(1, 12))
    out = samples_of(concealed(line(x), {20}))
    clean = samples_of(line(x))
    gap = slice(20 * FRAME, 21 * FRAME)
    error = 10 * np.log10((clean[gap] ** 2).sum() / ((out - clean)[gap] ** 2).sum())
    report("a vowel's lost frame: signal to error", f"{error:.1f} dB", ">= 12")
    assert error >= 12.0  # the second 10 ms are up to 20 % softer by intention
    assert (out[:20 * FRAME] == clean[:20 * FRAME]).all()
    assert (out[21 * FRAME + 80:] == clean[21 * FRAME + 80:]).all()


def test_joints_make_no_steps(rng):
    worst = 0.0
    for _ in range(40):
        hz = rng.uniform(70, 195)
        x = sum(sine(rng, hz * k, -12.0 - 3 * k, 4000) for k in range(1, 8)) + noise(rng, -50, 4000)
        at = int(rng.integers(8, 20))
        out = samples_of(concealed(pcm(x), set(range(at, at + int(rng.integers(1, 4))))))
        worst = max(worst, np.abs(np.diff(out)).max() / np.abs(np.diff(x)).max())
    report("largest step in and around a gap, to the sound's own", f"{worst:.2f}", 1.5)
    assert worst < 1.5


def test_it_falls_silent_and_comes_back(rng):
    x = sum(sine(rng, 110.0 * k, -12.0 - 2 * k, 6000) for k in range(1, 8))
    data = pcm(x)
    mouth = Concealer()
    mouth.say(data[:6400])
    gone = samples_of(mouth.lost(2000))
    levels = np.sqrt((gone[:480].reshape(-1, 80) ** 2).mean(1))
    shares = " ".join(f"{one / levels[0]:.2f}" for one in levels)
    report("level in each 10 ms of a gap, to the first", shares, "0.2 each")
    assert (np.diff(levels[1:]) < 0).all()
    assert not gone[480:].any()
    back = samples_of(mouth.say(data[6400 + 4000:]))
    assert (back[80:] == samples_of(data)[3200 + 2000 + 80:]).all()
    assert np.abs(np.diff(np.concatenate([gone[-1:], back]))).max() < 1.2 * np.abs(np.diff(x)).max()


def test_before_anything_was_said_a_gap_is_silence():
    assert Concealer().lost(1000) == bytes(2000)
    with pytest.raises(ValueError, match=r"2\*\*30"):
        Concealer().lost(-1)


@pytest.mark.parametrize("hz", [80.0, 100.0, 140.0, 190.0])
def test_pitch_is_found(rng, hz):
    mouth = Concealer()
    mouth.say(line(sum(sine(rng, hz * k, -12.0 - 2 * k, 1600) for k in range(1, 10))))
    mouth.lost(10)
    ratio = mouth._mouth.period / (8000 / hz)
    report(f"pitch of {hz:g} Hz: periods in the one found", f"{ratio:.3f}", "a whole number +- 0.02")
    assert abs(ratio - round(ratio)) < 0.02
    assert round(ratio) >= 1


PLAN = st.lists(st.tuples(st.booleans(), st.integers(0, 700)), max_size=10)


@given(PLAN, PLAN, st.integers(0, 2**31), st.sampled_from([0, 1, 500, 90000]))
@settings(deadline=None)
def test_any_chunks_make_the_same(plan, cuts, seed, loud):
    rng = np.random.default_rng(seed)
    whole, parts = Concealer(), Concealer()
    sizes = [size + 1 for _, size in cuts] or [1000]
    for lost, count in plan:
        data = pcm(rng.standard_normal(count) * loud)
        expected = whole.lost(count) if lost else whole.say(data)
        assert len(expected) == 2 * count
        out, at, k = b"", 0, 0
        while at < count:
            end = min(count, at + sizes[k % len(sizes)])
            out += parts.lost(end - at) if lost else parts.say(data[2 * at:2 * end])
            at, k = end, k + 1
        assert out == expected


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 400)), max_size=8), st.integers(0, 2**31))
def test_the_twin_says_the_same(plan, seed):
    rng = np.random.default_rng(seed)
    mine, twin = Concealer(), reference_mouths.Conceal()
    t, hz = 0, rng.uniform(60, 210)
    for lost, count in [(False, 500), *plan]:
        x = 8000 * np.sign(np.sin(2 * np.pi * hz * np.arange(t, t + count) / 8000))
        x = x + rng.standard_normal(count) * 1500
        t += count
        data = pcm(x)
        out = samples_of(mine.lost(count) if lost else mine.say(data))
        other = twin.fillin(count) if lost else twin.run(samples_of(data).astype(int).tolist())
        if count:
            assert np.abs(out - np.array(other)).max() <= 1
