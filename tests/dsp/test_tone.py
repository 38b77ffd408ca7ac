"""The mouth: levels, frequencies, cadences to the sample, edges without clicks, the same in any chunks."""

import math

import numpy as np
import pytest
from dsp_signals import report
from hypothesis import given
from hypothesis import strategies as st

from ccappliance.base.units import RATE, dbm0
from ccappliance.media import _dsp, dsp
from ccappliance.media.ports import Tone, ToneStep
from ccappliance.media.tones import dtmf_tone, parse_tone


def samples_of(pcm):
    return np.frombuffer(pcm, "<i2").astype(float)


@pytest.mark.parametrize("level", [0.0, -10.0, -20.0, -40.0])
@pytest.mark.parametrize("hz", [350.0, 450.0, 1633.0, 3400.0])
def test_level_and_frequency(hz, level):
    tone = Tone("t", (ToneStep((hz,), math.inf, level),))
    x = samples_of(dsp.render_tone(tone, 2.0))[800:-800]
    measured = dbm0(math.sqrt((x**2).mean()))
    t = np.arange(len(x)) / RATE
    halves = [np.sum(part * np.exp(-2j * np.pi * hz * time)) for part, time in
              ((x[:len(x) // 2], t[:len(x) // 2]), (x[len(x) // 2:], t[len(x) // 2:]))]
    off = np.angle(halves[1] / halves[0]) / (2 * np.pi) * RATE / (len(x) // 2)
    report(f"{hz:g} Hz at {level:g} dBm0: level, Hz off", f"{measured:.3f}, {off:.4f}", "0.1 dB, 0.05 Hz")
    assert abs(measured - level) < 0.1
    assert abs(off) < 0.05


def test_cadence_is_exact_to_the_sample_and_edges_are_soft():
    x = samples_of(dsp.render_tone(parse_tone("busy", "450/350,0/350"), 1.4))
    assert len(x) == 11_200
    for start in (2800, 8400):
        assert not x[start:start + 2800].any()
    sounding = np.abs(x[0:2800])
    assert sounding[:4].max() < 200 < sounding[40:80].max()
    assert np.abs(x[2796:2800]).max() < 200
    # a click is energy far from the tone: no more above 1 kHz than quantisation and a soft edge leave
    high = np.abs(np.fft.rfft(x))[int(1000 * 1.4):]
    above = 10 * np.log10((high**2).sum() / (np.abs(np.fft.rfft(x)) ** 2).sum())
    report("energy of busy over 1 kHz, dB to the tone", f"{above:.1f}", "< -50")
    assert above < -50


def test_phase_goes_on_where_a_tone_goes_on():
    joined = Tone("t", (ToneStep((450.0,), 0.101), ToneStep((450.0,), 0.099)), 1)
    single = Tone("t", (ToneStep((450.0,), 0.2),), 1)
    assert dsp.render_tone(joined, 0.2) == dsp.render_tone(single, 0.2)


def test_rounds_end_and_what_is_left_is_silence():
    mouth = dsp.tone_generator(parse_tone("beep", "1000/200,0/100x2"))
    assert len(mouth.run(10_000)) == 2 * 2 * 2400
    assert mouth.run(100) == b""
    assert len(dsp.render_tone(parse_tone("beep", "1000/200x1"), 1.0)) == 16_000


@given(st.lists(st.integers(0, 700), max_size=12), st.integers(1, 3))
def test_any_chunks_make_the_same(chunks, rounds):
    tone = Tone("t", (ToneStep((440.0, 480.0), 0.0301), ToneStep((), 0.0203), ToneStep((1400.0,), 0.006)), rounds)
    whole = dsp.tone_generator(tone).run(10_000)
    mouth = dsp.tone_generator(tone)
    parts = b"".join(mouth.run(n) for n in chunks)
    assert parts + mouth.run(10_000) == whole


@given(st.integers(0, 500))
def test_stop_fades_and_ends_within_5_ms(after):
    mouth = dsp.tone_generator(Tone("t", (ToneStep((450.0,), math.inf, 0.0),)))
    before = samples_of(mouth.run(after))
    mouth.stop()
    rest = samples_of(mouth.run(1000))
    assert len(rest) <= 40
    x = np.concatenate([before, rest, [0.0]])
    assert np.abs(np.diff(x)).max(initial=0.0) < 1.05 * 22_826 * 2 * math.pi * 450 / RATE + 1200


def test_a_loud_sum_is_clipped_not_wrapped():
    x = samples_of(dsp.render_tone(Tone("t", (ToneStep((1000.0, 1000.0, 1000.0), math.inf, 3.0),)), 0.1))
    assert x.max() == 32767
    assert x.min() == -32768
    single = samples_of(dsp.render_tone(Tone("t", (ToneStep((1000.0,), math.inf, 0.0),)), 0.1))
    assert (x * single >= 0).all()


def test_bad_tones_are_refused_and_empty_ones_end():
    assert _dsp.ToneGenerator([]).run(10) == b""
    assert _dsp.ToneGenerator([((450.0,), 1000.0, 0)], 0).run(10) == b""
    with pytest.raises(ValueError, match="at most 32 steps"):
        _dsp.ToneGenerator([((450.0,), 1000.0, 10)] * 33)
    with pytest.raises(ValueError, match="at most 4 frequencies"):
        _dsp.ToneGenerator([((1.0, 2.0, 3.0, 4.0, 5.0), 1000.0, 10)])
    with pytest.raises(ValueError, match="below 4000"):
        _dsp.ToneGenerator([((4000.0,), 1000.0, 10)])
    with pytest.raises(ValueError, match="no DTMF digit"):
        dtmf_tone("E")


def test_digits_are_rendered_at_their_times():
    x = samples_of(dsp.render_digits("1,2", on=0.05, off=0.05))
    assert len(x) == 800 + 8000 + 800
    assert not x[400:8800].any()
    assert np.abs(x[:400]).max() > 10_000
