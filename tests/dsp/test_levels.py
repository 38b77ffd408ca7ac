"""What mouths do to loudness: gain without clicks, automatic gain, the limiter, comfort noise."""

import numpy as np
import pytest
from dsp_signals import EN, noise, pcm, report, silence, sine, speech
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.units import FULL_SCALE_DBM0, RATE, amplitude, dbm0
from ccappliance.media import _levels, reference_mouths
from ccappliance.media.levels import AutomaticGain, ComfortNoise, Gain


def samples_of(data):
    return np.frombuffer(data, "<i2").astype(float)


def active_level(x):
    """dBm0 of the hops within 20 dB of the loudest: near to P.56's active level."""
    hops = np.sqrt((x[:len(x) // 80 * 80].reshape(-1, 80) ** 2).mean(1))
    return dbm0(np.sqrt((hops[hops > hops.max() / 10] ** 2).mean()))


@pytest.mark.parametrize("gain", [-40.0, -6.0, 3.0, 18.0])
def test_gain(rng, gain):
    x = sine(rng, 1000.0, -20.0, 8000)
    out = samples_of(Gain(gain).say(pcm(x)))
    off = dbm0(np.sqrt((out**2).mean())) + 20.0 - gain
    limit = 0.05 + 10 ** (-gain / 20) * 20 * np.log10(1 + 0.5 / 4096)  # half a step of Q12
    report(f"gain {gain:g} dB: off by", f"{off:.3f} dB", f"{limit:.3f}")
    assert abs(off) < limit


def test_unity_is_exact_and_loud_sums_saturate():
    x = np.arange(-32768, 32768, 7, dtype=float)
    assert Gain(0.0).say(pcm(x)) == pcm(x)
    out = samples_of(Gain(12.0).say(pcm(x)))
    assert (out.min(), out.max()) == (-32768, 32767)
    assert (out * x >= 0).all()


def test_a_change_of_gain_makes_no_click(rng):
    x = np.full(400, 8000.0)
    gain = Gain(0.0)
    before = gain.say(pcm(x))
    gain.set(6.0)
    out = np.concatenate([samples_of(before), samples_of(gain.say(pcm(x)))])
    step = np.abs(np.diff(out)).max()
    report("largest step of 6 dB more", f"{step:.0f} of {out[-1] - out[0]:.0f}", "1/40 + 2")
    assert step <= (out[-1] - out[0]) / 40 + 2
    gain.set(-300.0)
    assert not samples_of(gain.say(pcm(x)))[40:].any()


@pytest.mark.slow
@pytest.mark.parametrize("level", [-34.0, -28.0, -16.0, -8.0])
def test_speech_comes_to_its_level(rng, level):
    words = speech("en-us", EN)
    if words is None:
        pytest.skip("espeak-ng is not installed")
    x = words * 10 ** ((level - active_level(words)) / 20)
    x = np.clip(x + noise(rng, -66.0, len(x)), -32000, 32000)
    out = samples_of(AutomaticGain(-16.0).say(pcm(x)))
    got = active_level(out[-6 * RATE:])
    wanted = max(min(-16.0, level + 18.0), level - 12.0)
    report(f"speech of {level:g} dBm0 comes out at", f"{got:.1f} dBm0", f"{wanted:g} +- 2")
    assert abs(got - wanted) < 2.0


def test_noise_and_silence_are_not_pumped_up(rng):
    mouth = AutomaticGain(-16.0)
    mouth.say(pcm(noise(rng, -45.0, 20 * RATE)))
    assert mouth.gain == 0.0
    mouth.say(bytes(2 * 20 * RATE))
    assert mouth.gain == 0.0


@pytest.mark.slow
def test_the_limiter_lets_nothing_over_it(rng):
    words = speech("en-us", EN)
    if words is None:
        pytest.skip("espeak-ng is not installed")
    soft, loud = words * 10 ** (-30 / 20), words * 10 ** (5 / 20)
    mouth = AutomaticGain(-10.0)
    mouth.say(pcm(soft))
    out = samples_of(mouth.say(pcm(np.clip(loud, -32768, 32767))))
    peak = np.abs(out).max()
    report("peak after 18 dB too much", f"{20 * np.log10(peak / 32767) + FULL_SCALE_DBM0:.2f} dBm0", "2.15")
    assert peak <= 29205


@pytest.mark.parametrize("level", [-30.0, -50.0, -60.0])
def test_comfort_noise(level):
    worst = 0.0
    for seed in range(1, 6):
        x = samples_of(ComfortNoise(level, seed).say(4 * RATE))[400:]
        worst = max(worst, abs(dbm0(np.sqrt((x**2).mean())) - level))
        power = np.abs(np.fft.rfft(x)) ** 2
        f = np.fft.rfftfreq(len(x), 1 / RATE)
        slope = 10 * np.log10(power[(f > 900) & (f < 1100)].mean() / power[f > 3800].mean())
        assert abs(x.mean()) < 0.05 * x.std() + 0.5
    limit = 0.3 if level > -55 else 0.6  # a quarter of a step of int16's rounding counts down there
    report(f"comfort noise of {level:g} dBm0: off, slope 1 to 4 kHz", f"{worst:.2f}, {slope:.1f} dB", f"{limit}, 4.5-9")
    assert worst < limit
    if level > -55:
        assert 4.5 < slope < 9.0


def test_comfort_noise_is_of_its_seed_and_changes_softly():
    assert ComfortNoise(-40.0, 7).say(800) == ComfortNoise(-40.0, 7).say(800)
    assert ComfortNoise(-40.0, 7).say(800) != ComfortNoise(-40.0, 8).say(800)
    mouth = ComfortNoise(-60.0, 3)
    mouth.say(800)
    mouth.set(-30.0)
    x = samples_of(mouth.say(4000))
    assert dbm0(np.sqrt((x[:20] ** 2).mean())) < -38
    assert dbm0(np.sqrt((x[2000:] ** 2).mean())) == pytest.approx(-30, abs=0.6)
    mouth.set(-99.0)
    mouth.say(8000)
    assert mouth.say(160) == bytes(320)


SIZES = st.lists(st.integers(1, 700), max_size=6)


@given(st.integers(0, 2**31), st.sampled_from([0, 500, 9000, 90000]), SIZES,
       st.sampled_from(["gain", "agc", "comfort"]))
@settings(deadline=None)
def test_any_chunks_make_the_same(seed, loud, sizes, kind):
    data = pcm(np.random.default_rng(seed).standard_normal(2000) * loud)

    def made():
        if kind == "gain":
            mouth = Gain(0.0)
            mouth.set(5.0)
            return lambda a, b: mouth.say(data[2 * a:2 * b])
        if kind == "agc":
            agc = AutomaticGain(-12.0)
            return lambda a, b: agc.say(data[2 * a:2 * b])
        comfort = ComfortNoise(-40.0, 5)
        return lambda a, b: comfort.say(b - a)

    whole, parts, out, at = made(), made(), b"", 0
    for size in [*sizes, 2000]:
        end = min(2000, at + size)
        out += parts(at, end)
        at = end
    assert out == whole(0, 2000)


@pytest.mark.slow
def test_the_twins_say_the_same(rng):
    words = speech("en-us", "Hello, who is there please?")
    if words is None:
        pytest.skip("espeak-ng is not installed")
    data = pcm(np.concatenate([silence(2000), words * 3, words * 0.05]) + noise(rng, -55, 2000 + 2 * len(words)))
    twin = reference_mouths.automatic_gain(samples_of(data).astype(int).tolist(), -20.0)
    off = np.abs(samples_of(AutomaticGain(-20.0).say(data)) - twin).max()
    peak = amplitude(-40.0) / np.sqrt(2) * np.sqrt(3 * 0.75)
    noises = samples_of(ComfortNoise(-40.0, 99).say(3000)) - reference_mouths.comfort_noise(99, peak, 3000)
    noises = np.abs(noises).max()
    report("automatic gain, comfort noise: largest difference to the twin", f"{off:.0f}, {noises:.0f}", "3, 1")
    assert off <= 3
    assert noises <= 1


def test_bad_arguments_are_refused_and_loss_is_borne():
    mouth = AutomaticGain()
    mouth.lost(5000)
    mouth.reset()
    assert mouth.say(bytes(320)) == bytes(320)
    for wrong in (lambda: Gain(19.0), lambda: Gain(float("nan")), lambda: AutomaticGain(0.0),
                  lambda: AutomaticGain(float("nan")), lambda: ComfortNoise(0.0), lambda: _levels.Gain(4096).run(b"\0"),
                  lambda: ComfortNoise(-40.0).say(-1)):
        with pytest.raises(ValueError, match="not "):
            wrong()
