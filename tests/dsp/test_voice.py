"""The ears for voice: where words begin and end on what noise, silence, meters, both at once."""

import numpy as np
import pytest
from dsp_signals import EN, line, noise, pcm, report, silence, sine, speech
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.units import RATE, amplitude
from ccappliance.media import _spectrum, _voice, reference_voice
from ccappliance.media.levels import (
    BothBegan,
    BothEnded,
    Meter,
    SilenceHeard,
    TalkEar,
    VoiceBegan,
    VoiceEar,
    VoiceEnded,
)

PCM = st.one_of(
    st.binary(max_size=4000).map(lambda raw: raw[:len(raw) // 2 * 2]),
    st.tuples(st.integers(0, 2**31), st.sampled_from([0, 40, 3000, 40000])).map(
        lambda given: pcm(np.random.default_rng(given[0]).standard_normal(3000) * given[1])))


def spoken(text="Hello there.", level=-6.0, voice="en-us"):
    x = speech(voice, text)
    if x is None:
        pytest.skip("espeak-ng is not installed")
    loud = np.nonzero(np.abs(x) > np.abs(x).max() * 0.05)[0]
    return x[loud[0]:loud[-1]] * 10 ** ((level + 6.0) / 20)


def chunks_of(data, sizes):
    at, k = 0, 0
    while at < len(data):
        size = 2 * sizes[k % len(sizes)] if sizes else len(data)
        yield data[at:at + size]
        at, k = at + size, k + 1


@pytest.mark.slow
@pytest.mark.parametrize("floor", [-99.0, -60.0, -45.0, -35.0, -25.0])
def test_words_are_found_on_any_noise(rng, floor):
    """Peaks of speech at -6 dBm0: its loud vowels about 14 dB above noise of -25 dBm0."""
    worst_begin = worst_end = 0.0
    for text in ("Hello.", "Good morning.", "Yes, who is there?"):
        words = spoken(text)
        start = 0.6 + rng.uniform(0, 0.01)
        x = np.concatenate([silence(round(start * RATE)), words, silence(RATE)])
        told = VoiceEar(0.0).hear(line(x + noise(rng, floor, len(x))))
        begun = [fact.at for fact in told if isinstance(fact, VoiceBegan)]
        ended = [fact.at for fact in told if isinstance(fact, VoiceEnded)]
        assert begun
        assert len(begun) == len(ended)
        worst_begin = max(worst_begin, abs(begun[0] - start))
        worst_end = max(worst_end, abs(ended[-1] - start - len(words) / RATE))
    limit = 0.06 if floor < -40 else 0.2 if floor < -30 else 0.4  # soft beginnings and ends drown
    report(f"edges of words on noise of {floor:g} dBm0, s", f"{worst_begin:.3f}, {worst_end:.3f}", limit)
    assert worst_begin <= limit
    assert worst_end <= limit


@pytest.mark.parametrize("floor", [-70.0, -50.0, -35.0, -25.0, -15.0])
@pytest.mark.parametrize("kind", ["white", "hum", "dial"])
def test_what_is_steady_is_no_voice(rng, floor, kind):
    """Nothing for white noise; a tone's own beginning may be taken for voice for a second, and no longer."""
    n = 10 * RATE
    x = noise(rng, floor if kind == "white" else -65.0, n)
    if kind != "white":
        x = x + sine(rng, 50.0 if kind == "hum" else 450.0, floor, n)
    told = VoiceEar(0.0).hear(line(x))
    began = [fact.at for fact in told if isinstance(fact, VoiceBegan)]
    report(f"{kind} at {floor:g} dBm0 for 10 s: words", len(began), 0)
    assert not began


def test_a_jump_of_noise_is_forgotten_in_two_seconds(rng):
    x = noise(rng, -60.0, 6 * RATE) + np.concatenate([silence(2 * RATE), noise(rng, -30.0, 4 * RATE)])
    told = VoiceEar(0.0).hear(line(x))
    ended = [fact.at for fact in told if isinstance(fact, VoiceEnded)]
    report("noise 30 dB up after 2 s: voice until, s", f"{ended[-1]:.2f}", "4.0")
    assert len(ended) == 1
    assert ended[0] < 4.0


def test_clicks_are_no_words(rng):
    x = noise(rng, -60.0, 10 * RATE)
    for at in rng.integers(0, len(x) - 50, 15):
        x[at:at + 40] += 9000 * np.exp(-np.arange(40) / 6)
    assert VoiceEar(0.0).hear(line(x)) == []


def test_silence_is_told_once_a_stretch(rng):
    words = spoken()
    x = np.concatenate([silence(3 * RATE), words, silence(5 * RATE)])
    told = VoiceEar(2.0).hear(line(x + noise(rng, -60, len(x))))
    kinds = [type(fact) for fact in told]
    assert kinds[0] is SilenceHeard
    assert kinds[-1] is SilenceHeard
    assert kinds.count(SilenceHeard) == 2
    assert told[0].at == 0.0
    assert told[-1].at == told[-2].at  # since the words' end


@pytest.mark.parametrize("level", [3.0, -10.0, -35.0])
def test_the_meter_is_exact(rng, level):
    x = sine(rng, 1004.0, level, RATE)
    meter = Meter()
    meter.hear(pcm(x))
    read = meter.read()
    report(f"a sine of {level:g} dBm0: level, peak", f"{read.level:.3f}, {read.peak_level:.3f}", "0.02")
    assert abs(read.level - level) < 0.02
    assert abs(read.peak_level - level) < 0.05
    meter.reset()
    assert meter.read().level == -99.0
    meter.hear(pcm(np.array([32767.0, -32768.0, 0.0])))
    assert (meter.read().samples, meter.read().peak, meter.read().clipped) == (3, 32768, 2)


@pytest.mark.slow
def test_both_at_once_and_echo_is_nobody(rng):
    far, near = spoken(EN[:200], -8.0), spoken("I would like to say something too, if you please.", -12.0, "en-gb+f2")
    n = len(far)
    both = np.zeros(n)
    both[2 * RATE:2 * RATE + len(near)] = near
    echo = np.concatenate([silence(160), far])[:n] * 10 ** (-10 / 20)
    dirt = noise(rng, -60, n)
    assert TalkEar().hear(line(echo + dirt), line(far + dirt)) == []
    told = TalkEar().hear(line(echo + both + dirt), line(far + dirt))
    assert isinstance(told[0], BothBegan)
    assert isinstance(told[-1], BothEnded)
    report("both at once from 2.0 s: told from, to", f"{told[0].at:.2f}, {told[-1].at:.2f}", "2.0...")
    assert 1.9 < told[0].at < 2.6
    assert 2.0 + len(near) / RATE - 0.6 < told[-1].at < 2.0 + len(near) / RATE + 1.0


@given(PCM, st.lists(st.integers(1, 700), max_size=6))
def test_any_chunks_make_the_same(data, sizes):
    whole, parts = _voice.Voice(500), _voice.Voice(500)
    expected = whole.run(data)
    assert [one for piece in chunks_of(data, sizes) for one in parts.run(piece)] == expected
    assert parts.look() == whole.look()
    assert np.isfinite(np.array(whole.look()[:3])).all()


@given(PCM, st.integers(0, 40000), PCM)
def test_lost_samples_are_bounded_and_time_goes_on(data, lost, more):
    ear, parts = _voice.Voice(1000), _voice.Voice(1000)
    ear.run(data)
    parts.run(data)
    told = ear.fillin(lost)
    assert [*parts.fillin(lost // 3), *parts.fillin(lost - lost // 3)] == told
    assert parts.run(more) == ear.run(more)
    assert parts.look() == ear.look()
    ear.fillin(2**30 - 1)
    assert not ear.look()[4]


@settings(deadline=None, max_examples=15)
@given(PCM)
def test_the_twin_hears_the_same(data):
    ear = _voice.Voice(0)
    x = np.frombuffer(data, "<i2").astype(int).tolist()
    hops = reference_voice.hops_of(x)
    for k, hop in enumerate(hops):
        ear.run(data[160 * k:160 * (k + 1)])
        level, _, snr, active, _, bands, floors = ear.look()
        assert level == pytest.approx(hop.level, abs=0.01)
        assert bands == pytest.approx(hop.bands, abs=0.02)
        assert floors == pytest.approx(hop.floors, abs=0.05)
        assert abs(snr - hop.snr) < 0.05
        assert active == hop.active or abs(hop.snr - 5.0) < 0.05 or abs(hop.level + 48.0) < 0.02


@pytest.mark.slow
def test_the_twin_finds_the_same_words(rng):
    x = np.concatenate([silence(3000), spoken("Hello, who is there?"), silence(6000)])
    data = line(x + noise(rng, -50, len(x)))
    hops = reference_voice.hops_of(np.frombuffer(data, "<i2").astype(int).tolist())
    expected = reference_voice.edges_of([hop.active for hop in hops])
    assert expected
    assert [(kind == _voice.BEGAN, at // 80) for kind, at in _voice.Voice(0).run(data)] == expected


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.sampled_from(["noise", "sine", "both", "zero", "square"]))
def test_the_spectrum_is_the_twins(seed, kind):
    rng = np.random.default_rng(seed)
    x = silence(256)
    if kind in ("sine", "both"):
        x = x + sine(rng, rng.uniform(200, 3500), rng.uniform(-40, 3), 256)
    if kind in ("noise", "both"):
        x = x + noise(rng, rng.uniform(-60, -10), 256)
    if kind == "square":
        x = np.where(rng.standard_normal(256) > 0, 32767.0, -32768.0)
    data = pcm(x)
    mine, twin = _spectrum.look_at(data), reference_voice.look_at(np.frombuffer(data, "<i2").astype(int).tolist())
    assert mine[:3] == pytest.approx(twin[:3], abs=0.3, rel=1e-3)
    assert mine[4] == pytest.approx(twin[4], abs=2.0)
    if kind != "sine":  # a sine's valleys are rounding, here and there
        assert mine[3] == pytest.approx(twin[3], abs=0.05)
        assert mine[5] == pytest.approx(twin[5], abs=0.05)


@pytest.mark.parametrize("hz", [440.0, 1000.0, 1633.0, 2100.0])
def test_the_spectrum_measures_a_sine(rng, hz):
    worst = [0.0, 0.0, 1.0]
    for _ in range(20):
        look = _spectrum.look_at(line(sine(rng, hz, -12.0, 256)))
        worst = [max(worst[0], abs(look[0] - hz)), max(worst[1], abs(look[2] + 12.0)), min(worst[2], look[1])]
    shown = f"{worst[0]:.2f}, {worst[1]:.2f}, {worst[2]:.4f}"
    report(f"{hz:g} Hz: Hz off, dB off, least purity", shown, "4, 0.5, 0.99")
    assert worst[0] < 4.0
    assert worst[1] < 0.5
    assert worst[2] > 0.99


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="must be even"):
        VoiceEar().hear(b"\0")
    with pytest.raises(ValueError, match="0 to 3600"):
        VoiceEar(-1.0)
    with pytest.raises(ValueError, match="equally many"):
        TalkEar().hear(bytes(4), bytes(2))
    with pytest.raises(ValueError, match="256 samples"):
        _spectrum.look_at(bytes(4))
    with pytest.raises(ValueError, match="2\\*\\*30"):
        VoiceEar().lost(-1)
    assert amplitude(0.0) > 0
