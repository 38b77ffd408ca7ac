"""The echo canceller: how much it takes out and how soon, both talking, a new path, no harm to what is no echo."""

import numpy as np
import pytest
from dsp_signals import EN, ZH, line, noise, pcm, report, silence, sine, speech
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.units import RATE
from ccappliance.media import _echo, reference_mouths
from ccappliance.media.levels import EchoCanceller


def samples_of(data):
    return np.frombuffer(data, "<i2").astype(float)


@pytest.fixture(scope="module")
def talk():
    """The far end's words (24 s, loudest vowels -6 dBm0) and the near end's."""
    far = [speech("en-us", EN), speech("cmn-latn-pinyin+f3", ZH)]
    near = speech("de", "Guten Tag, ich möchte gerne eine Auskunft über meine letzte Rechnung haben, die ist "
                        "doch zu hoch.")
    if near is None:
        pytest.skip("espeak-ng is not installed")
    return np.concatenate(far)[:24 * RATE], near


def echo_of(rng, far, loss):
    """Through a hybrid of random sign and size within 31 ms, `loss` dB down in power."""
    taps = rng.standard_normal(250) * np.exp(-np.arange(250) / 35)
    taps[:rng.integers(8, 60)] = 0.0
    echo = np.convolve(far, taps)[:len(far)]
    return echo * np.sqrt((far**2).mean() / (echo**2).mean()) * 10 ** (-loss / 20)


def erle(near, out, begin, end):
    a, b = round(begin * RATE), round(end * RATE)
    return 10 * np.log10((near[a:b] ** 2).sum() / ((out[a:b] ** 2).sum() + 1))


@pytest.mark.slow
@pytest.mark.parametrize("loss", [6.0, 10.0])
@pytest.mark.parametrize("seed", range(4))
def test_speech_converges_in_three_seconds(talk, seed, loss):
    rng = np.random.default_rng(seed)
    far = samples_of(line(talk[0] * 10 ** (-rng.uniform(0, 3) / 20)))
    near = samples_of(line(echo_of(rng, far, loss) + noise(rng, -68.0, len(far))))
    out = samples_of(EchoCanceller().hear(pcm(near), pcm(far)))
    measured = erle(near, out, 3, 8), erle(near, out, 8, 24)
    report(f"ERLE at {loss:g} dB loss, 3-8 s and 8-24 s", "{:.1f}, {:.1f} dB".format(*measured), ">= 25")
    assert min(measured) >= 25.0


@pytest.mark.slow
@pytest.mark.parametrize("softer", [2.0, 6.0, 12.0])
@pytest.mark.parametrize("seed", range(3))
def test_both_talking_spoils_nothing(talk, seed, softer):
    """The near end talks from 8 s on, up to so soft that Geigel's test does not hear it."""
    rng = np.random.default_rng(seed)
    far = samples_of(line(talk[0]))
    echo = echo_of(rng, far, 6.0)
    words = np.zeros(len(far))
    words[8 * RATE:8 * RATE + len(talk[1])] = talk[1] * 10 ** (-softer / 20)
    end = 8 + len(talk[1]) / RATE
    near = samples_of(line(echo + words + noise(rng, -68.0, len(far))))
    out = samples_of(EchoCanceller().hear(pcm(near), pcm(far)))
    while_ = erle(echo, out - words, 8, end)
    after = erle(near, out, end, end + 1)
    a, b = 8 * RATE, round(end * RATE)
    share = 10 * np.log10((out[a:b] ** 2).sum() / (words[a:b] ** 2).sum())
    report(f"near end {softer:g} dB down: echo taken out then, and after", f"{while_:.1f}, {after:.1f} dB", ">= 20, 20")
    report("   its own level changed by", f"{share:.2f} dB", "1")
    assert while_ >= 20.0
    assert after >= 20.0
    assert abs(share) < 1.0


@pytest.mark.slow
def test_a_new_path_is_learnt_and_never_howls(talk, rng):
    far = samples_of(line(talk[0]))
    first, second = echo_of(rng, far, 7.0), echo_of(rng, far, 7.0)
    change = 10 * RATE
    near = samples_of(line(np.concatenate([first[:change], second[change:]]) + noise(rng, -68.0, len(far))))
    out = samples_of(EchoCanceller().hear(pcm(near), pcm(far)))
    before, worst, soon, after = (erle(near, out, *times) for times in ((5, 10), (10, 10.5), (11, 13), (14, 20)))
    report("path changed at 10 s: ERLE 5-10, 10-10.5, 11-13, 14-20 s",
           f"{before:.0f}, {worst:.0f}, {soon:.0f}, {after:.0f} dB", ">= 25, -3, 10, 22")
    assert before >= 25
    assert worst >= -3
    assert soon >= 10
    assert after >= 22


@pytest.mark.slow
def test_tones_do_not_make_it_wander(talk, rng):
    """A tone says nothing about a path; speech after ten seconds of it must be cancelled as before."""
    tone = sine(rng, 450.0, -10.0, 10 * RATE)
    far = samples_of(line(np.concatenate([talk[0][:6 * RATE], tone, talk[0][6 * RATE:14 * RATE]])))
    near = samples_of(line(echo_of(rng, far, 8.0) + noise(rng, -68.0, len(far))))
    out = samples_of(EchoCanceller().hear(pcm(near), pcm(far)))
    measured = erle(near, out, 4, 6), erle(near, out, 7, 16), erle(near, out, 17, 24)
    shown = "{:.0f}, {:.0f}, {:.0f} dB".format(*measured)
    report("ERLE before, in, and after 10 s of dial tone", shown, ">= 20, 25, 22")
    assert measured[0] >= 20
    assert measured[1] >= 25
    assert measured[2] >= 22


def test_what_is_no_echo_passes_untouched(talk, rng):
    """A silent far end: every sample as it was, to one step of rounding."""
    near = line(talk[1] + noise(rng, -50.0, len(talk[1])))
    out = EchoCanceller().hear(near, line(noise(rng, -70.0, len(talk[1]))))
    worst = np.abs(samples_of(out) - samples_of(near)).max()
    report("far end at -70 dBm0: largest change of a sample", worst, 1)
    assert worst <= 1


@given(st.lists(st.integers(1, 900), max_size=6), st.integers(0, 2**31), st.sampled_from([0, 300, 6000, 60000]))
@settings(deadline=None, max_examples=40)
def test_any_chunks_make_the_same(sizes, seed, loud):
    rng = np.random.default_rng(seed)
    far, near = pcm(rng.standard_normal(2500) * loud), pcm(rng.standard_normal(2500) * rng.choice([0, 100, 30000]))
    whole = EchoCanceller().hear(near, far)
    ear, parts, at = EchoCanceller(), [], 0
    for size in [*sizes, 2500]:
        parts.append(ear.hear(near[2 * at:2 * (at + size)], far[2 * at:2 * (at + size)]))
        at += size
    assert b"".join(parts) == whole


@pytest.mark.slow
@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.sampled_from(["square", "steps", "noise", "same", "loop"]))
def test_nothing_makes_it_unstable(seed, kind):
    """Worst inputs at full scale, seconds of them: finite, and within 12 dB of what came in."""
    rng = np.random.default_rng(seed)
    n = 4 * RATE
    far = {"square": np.sign(np.sin(np.arange(n) / rng.uniform(2, 200))) * 32767,
           "steps": np.repeat(rng.choice([-32768, 32767], n // 100), 100),
           "noise": rng.standard_normal(n) * 20000, "same": sine(rng, 1000, 3, n),
           "loop": rng.standard_normal(n) * 9000}[kind]
    near = {"same": far, "loop": -np.concatenate([silence(100), far])[:n]}.get(kind, rng.standard_normal(n) * 15000)
    mouth = EchoCanceller()
    out = samples_of(mouth.hear(pcm(near), pcm(far)))
    _, came, left, taps = mouth._echo.look()
    assert np.isfinite([came, left, *taps]).all()
    assert np.abs(taps).max() < 100
    second = out.reshape(-1, RATE)
    assert ((second**2).mean(1) <= 16 * (samples_of(pcm(near)).reshape(-1, RATE) ** 2).mean(1) + 100).all()


@pytest.mark.slow
def test_the_twin_cancels_the_same(rng):
    n = 2400
    far = samples_of(line(noise(rng, -12.0, n) * (np.arange(n) > 300)))
    near = samples_of(line(echo_of(rng, far, 8.0) + noise(rng, -55.0, n) + (np.arange(n) > 1900) * noise(rng, -8.0, n)))
    mine = samples_of(EchoCanceller().hear(pcm(near), pcm(far)))
    twin = np.array(reference_mouths.Echo().run(far.astype(int).tolist(), near.astype(int).tolist()))
    report("largest difference to the twin, steps", np.abs(mine - twin).max(), 2)
    assert np.abs(mine - twin).max() <= 2
    assert np.abs(mine[1200:1900]).mean() < 0.5 * np.abs(near[1200:1900]).mean()


def test_lost_frames_and_bad_arguments(rng):
    ear = EchoCanceller()
    ear.lost(pcm(noise(rng, -10, 500)))
    assert len(ear.hear(bytes(320), bytes(320))) == 320
    assert ear.erle >= 0.0
    assert ear.both in (True, False)
    ear.reset()
    assert ear.hear(bytes(320), bytes(320)) == bytes(320)
    with pytest.raises(ValueError, match="equally many"):
        ear.hear(bytes(4), bytes(2))
    with pytest.raises(ValueError, match="must be even"):
        _echo.Echo().run(bytes(3), bytes(3))
