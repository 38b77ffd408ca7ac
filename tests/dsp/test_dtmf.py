"""The ear for DTMF against Q.24, through A-law, with random phases and random alignment of blocks."""

import numpy as np
import pytest
from dsp_signals import dtmf, line, noise, pcm, report, silence, sine
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.media import dsp, reference

DIGITS = "0123456789*#ABCD"
ROUNDS = 160  # ten of each digit


def heard(rng, make, rounds=ROUNDS, gap=500, over=None):
    """The share of digits that are told exactly once; `over` is added to the whole stretch of each."""
    ear = dsp.DtmfEar()
    right = 0
    for k in range(rounds):
        digit = DIGITS[k % 16]
        x = np.concatenate([silence(gap + int(rng.integers(0, 40))), make(digit), silence(gap)])
        if over is not None:
            x = x + over(len(x))
        right += ear.hear(line(x)) == digit
    return right / rounds


@pytest.mark.slow
@pytest.mark.parametrize(("low", "high"), [(-3, -3), (-10, -10), (-40, -40), (-10, -18), (-14, -10), (-32, -40),
                                           (-40, -36)])
def test_levels_and_twist_of_40_ms(rng, low, high):
    share = heard(rng, lambda digit: dtmf(rng, digit, 320, low, high))
    report(f"{low}/{high} dBm0, 40 ms", f"{share:.1%}", "100 %")
    assert share == 1.0


@pytest.mark.slow
def test_silent_below_45(rng):
    assert heard(rng, lambda digit: dtmf(rng, digit, 800, -45, -45)) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(("off", "expected"), [(0.018, 1.0), (-0.018, 1.0), (0.030, 0.0), (-0.030, 0.0), (0.035, 0.0),
                                               (-0.035, 0.0)])
def test_frequency(rng, off, expected):
    both = heard(rng, lambda digit: dtmf(rng, digit, 320, off=off))
    apart = heard(rng, lambda digit: dtmf(rng, digit, 320, off=off, off_high=-off))
    row = heard(rng, lambda digit: dtmf(rng, digit, 800, off=off, off_high=0.0))
    column = heard(rng, lambda digit: dtmf(rng, digit, 800, off=0.0, off_high=off))
    measured = f"{both:.0%} {apart:.0%} {row:.0%} {column:.0%}"
    report(f"frequency {off:+.1%}: both, apart, row, column", measured, f"{expected:.0%}")
    assert [both, apart, row, column] == [expected] * 4


@pytest.mark.slow
@pytest.mark.parametrize(("ms", "expected"), [(23, 0.0), (20, 0.0), (36, 1.0), (40, 1.0)])
def test_length(rng, ms, expected):
    share = heard(rng, lambda digit: dtmf(rng, digit, ms * 8), 320)
    report(f"tone of {ms} ms", f"{share:.1%}", f"{expected:.0%}")
    assert share == expected


@pytest.mark.slow
@pytest.mark.parametrize(("ms", "times"), [(5, 1), (10, 1), (15, 1), (36, 2), (40, 2)])
@pytest.mark.parametrize("snr", [15, 99])
def test_interruption_and_pause(rng, ms, times, snr):
    right = 0
    for k in range(ROUNDS):
        digit = DIGITS[k % 16]
        x = dtmf(rng, digit, 800 + 8 * ms)
        at = 400 + int(rng.integers(0, 40))
        x[at:at + 8 * ms] = 0
        x = np.concatenate([silence(300), x, silence(600)])
        right += dsp.DtmfEar().hear(line(x + noise(rng, -7 - snr, len(x)))) == digit * times
    report(f"gap of {ms} ms at {snr} dB SNR makes {times}", f"{right / ROUNDS:.1%}", "100 %")
    assert right == ROUNDS


@pytest.mark.slow
@pytest.mark.parametrize("snr", [10, 12, 15])
def test_noise(rng, snr):
    share = heard(rng, lambda digit: dtmf(rng, digit, 320), 640, over=lambda n: noise(rng, -7 - snr, n))
    report(f"40 ms at {snr} dB SNR", f"{share:.1%}", ">= 99 %")
    assert share >= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("hz", [400.0, 425.0, 450.0])
@pytest.mark.parametrize("over", [-8, 0, 3])
def test_dial_tone_beneath(rng, hz, over):
    share = heard(rng, lambda digit: dtmf(rng, digit, 320, -15, -15), over=lambda n: sine(rng, hz, -15 + over, n))
    report(f"dial tone of {hz:g} Hz, {over:+d} dB to each tone", f"{share:.1%}", ">= 99 %")
    assert share >= 0.99


@pytest.mark.slow
def test_told_in_time(rng):
    worst = 0
    for k in range(ROUNDS):
        lead = 500 + int(rng.integers(0, 40))
        x = line(np.concatenate([silence(lead), dtmf(rng, DIGITS[k % 16], 800)]))
        ear = dsp.DtmfEar()
        at = next(n for n in range(0, len(x), 16) if ear.hear(x[n:n + 16]))
        worst = max(worst, at // 2 + 8 - lead)
    report("digit told after, ms of tone", f"{worst / 8:.1f}", "40 ms and a block: 45")
    assert worst <= 45 * 8


@pytest.mark.slow
def test_talk_off(readings):
    told = [dsp.DtmfEar().hear(line(x * gain)) for x in readings for gain in (1.0, 0.3)]
    report(f"digits in {sum(map(len, readings)) / 8000:.0f} s of speech at two levels", "".join(told) or "none", "none")
    assert "".join(told) == ""


@pytest.mark.slow
def test_under_a_prompt_digits_are_heard(rng, readings):
    """Barge-in: the prompt's echo, its peaks 15 dB below, does not hide digits of 80 ms."""
    prompt = np.concatenate(readings)
    level = 10 ** ((-10 - 15 + 6) / 20)
    share = heard(rng, lambda digit: dtmf(rng, digit, 640),
                  over=lambda n: level * prompt[(at := int(rng.integers(0, len(prompt) - n))):at + n])
    report("80 ms under an echo of speech with peaks 15 dB below", f"{share:.1%}", ">= 97 %")
    assert share >= 0.97


def test_the_twin_tells_the_same(rng):
    parts = []
    for digit, ms, snr in (("1", 40, 30), ("D", 60, 12), ("5", 23, 30), ("9", 33, 9)):
        tone = dtmf(rng, digit, 8 * ms, -12, -9, off=0.01)
        x = np.concatenate([silence(240 + int(rng.integers(0, 40))), tone, silence(160)])
        parts.append(x + noise(rng, -7 - snr, len(x)))
    parts.append(dtmf(rng, "7", 400, -20, -20) + sine(rng, 450.0, -20, 400))
    x = np.frombuffer(line(np.concatenate(parts)), "<i2")
    kernel, twin = dsp.DtmfEar(), reference.Dtmf()
    for at in range(0, len(x), 40):
        chunk = x[at:at + 40]
        assert kernel.hear(chunk.tobytes()) == twin.run(chunk.tolist()), f"at sample {at}"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_any_chunks_tell_the_same(chunks, seed):
    rng = np.random.default_rng(seed)
    x = pcm(np.concatenate([dtmf(rng, digit, 400) + noise(rng, -25, 400) for digit in "19"] + [silence(400)]))
    ear, told, at = dsp.DtmfEar(), "", 0
    for n in chunks:
        told += ear.hear(x[at:at + 2 * n])
        at += 2 * n
    assert told + ear.hear(x[at:]) == dsp.DtmfEar().hear(x)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=4000), st.integers(-5, 5000))
def test_any_input_is_harmless(junk, lost):
    ear = dsp.DtmfEar()
    ear.hear(junk[:len(junk) // 2 * 2])
    ear.lost(lost)
    x = np.concatenate([silence(400), dtmf(np.random.default_rng(1), "8", 640)])
    assert ear.hear(line(x))[-1:] == "8"


def test_a_lost_frame_does_not_make_two_digits(rng):
    x = dtmf(rng, "6", 1280)
    ear = dsp.DtmfEar()
    told = ear.hear(line(x[:480]))
    ear.lost(160)
    assert told + ear.hear(line(x[640:])) == "6"


def test_full_scale_square_waves_are_no_digits():
    square = np.where(np.arange(8000) // 5 % 2, 32767, -32768)
    assert dsp.DtmfEar().hear(pcm(square)) == ""
