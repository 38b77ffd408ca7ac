"""The ear for DTMF against Q.24, through A-law, with random phases and random alignment of blocks."""

import ctypes
import ctypes.util

import numpy as np
import pytest
from dsp_signals import dtmf, line, noise, pcm, report, silence, sine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from ccappliance.base.units import amplitude
from ccappliance.media import dsp, reference_bank

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
@pytest.mark.parametrize(("low", "high"), [(3, 3), (-3, -3), (-10, -10), (-42, -42), (-10, -18), (-14, -10),
                                           (-34, -42), (-42, -38)])
def test_levels_and_twist_of_40_ms(rng, low, high):
    share = heard(rng, lambda digit: dtmf(rng, digit, 320, low, high))
    report(f"{low}/{high} dBm0, 40 ms", f"{share:.1%}", "100 %")
    assert share == 1.0


@pytest.mark.slow
def test_silent_below_45(rng):
    assert heard(rng, lambda digit: dtmf(rng, digit, 800, -45, -45)) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(("off", "expected"), [(0.018, 1.0), (-0.018, 1.0), (0.028, 0.0), (-0.028, 0.0), (0.035, 0.0),
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
@pytest.mark.parametrize(("ms", "expected"), [(23, 0.0), (20, 0.0), (32, 1.0), (36, 1.0), (40, 1.0)])
def test_length(rng, ms, expected):
    share = heard(rng, lambda digit: dtmf(rng, digit, ms * 8), 480)
    report(f"tone of {ms} ms", f"{share:.1%}", f"{expected:.0%}")
    assert share == pytest.approx(expected, abs=0.0 if ms < 24 or ms > 32 else 0.005)  # 0.1 % of random phases miss


@pytest.mark.slow
@pytest.mark.parametrize(("ms", "times"), [(5, 1), (10, 1), (15, 1), (20, 1), (36, 2), (40, 2)])
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
@pytest.mark.parametrize("snr", [8, 10, 15])
def test_noise(rng, snr):
    share = heard(rng, lambda digit: dtmf(rng, digit, 320), 640, 640, over=lambda n: noise(rng, -7 - snr, n))
    report(f"40 ms at {snr} dB SNR", f"{share:.1%}", ">= 99 %")
    assert share >= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("hz", [400.0, 425.0, 450.0])
@pytest.mark.parametrize("over", [-8, -1, 3, 6])
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
@pytest.mark.parametrize("snr", [99, 10])
@pytest.mark.parametrize("ms", [40, 120])
def test_begin_end_and_muting(rng, ms, snr):
    """From when to when a digit sounded, and how much of it gets past whoever mutes when told to."""
    edges, leaked = [], []
    for k in range(48):
        lead = 1600 + int(rng.integers(0, 40))
        x = np.concatenate([silence(lead), dtmf(rng, DIGITS[k % 16], ms * 8), silence(1600)])
        data, ear, over, open_ = line(x + noise(rng, -7 - snr, len(x))), dsp.DtmfEar(), [], 0
        for at in range(0, len(x), 40):
            over += ear.follow(data[2 * at:2 * at + 80])
            open_ += 0 if ear.mute else max(0, min(at + 40, lead + ms * 8) - max(at, lead))
        assert [digit for digit, _, _ in over] == [DIGITS[k % 16]]
        edges += [abs(over[0][1] - lead), abs(over[0][2] - lead - ms * 8)]
        leaked.append(open_)
    report(f"{ms} ms at {snr} dB: begin and end, worst ms", f"{max(edges) / 8:.1f}", "5")
    report(f"{ms} ms at {snr} dB: leaks past muting, worst ms", f"{max(leaked) / 8:.1f}", "30")
    assert max(edges) <= 5 * 8
    assert max(leaked) <= 30 * 8


def test_digits_without_a_pause_follow_each_other(rng):
    ear = dsp.DtmfEar()
    x = np.concatenate([silence(800), dtmf(rng, "1", 800), dtmf(rng, "9", 800), silence(800)])
    (first, began, changed), (second, again, ended) = ear.follow(line(x))
    assert (first, second) == ("1", "9")
    assert [began, changed, again, ended] == pytest.approx([800, 1600, 1600, 2400], abs=80)
    assert changed <= again


@pytest.mark.slow
def test_speech_is_hardly_muted(readings):
    ear, muted, hops = dsp.DtmfEar(), 0, 0
    for x in readings:
        data = line(x)
        for at in range(0, len(data), 80):
            ear.hear(data[at:at + 80])
            muted, hops = muted + ear.mute, hops + 1
    report("of speech muted", f"{muted / hops:.2%}", "0.5 %")
    assert muted <= 0.005 * hops


@pytest.mark.slow
def test_talk_off(readings):
    told = [dsp.DtmfEar().hear(line(x * gain)) for x in readings for gain in (1.0, 0.3)]
    report(f"digits in {sum(map(len, readings)) / 8000:.0f} s of speech at two levels", "".join(told) or "none", "none")
    assert "".join(told) == ""


def _gliding(rng, n):
    """Two sines that glide through the groups of DTMF, at times with a third."""
    k = n // 1600 + 2

    def sweep(low, high):
        hz = np.interp(np.arange(n), np.arange(k) * 1600, rng.uniform(low, high, k))
        return np.sin(2 * np.pi * np.cumsum(hz) / 8000)

    x = sweep(650, 1000) + rng.uniform(0.5, 1.5) * sweep(1150, 1700)
    return x + (rng.uniform(0, 0.5) * sweep(200, 3000) if rng.random() < 0.5 else 0)


def _vowel(rng, n):
    """A voice whose two formants lie in the groups of DTMF, narrower than any throat's."""
    x = np.diff(np.floor(np.cumsum(np.linspace(*rng.uniform(90, 420, 2), n) / 8000)), prepend=0).astype(float)
    for hz in (rng.uniform(600, 1000), rng.uniform(1150, 1700)):
        r = np.exp(-np.pi * rng.uniform(20, 90) / 8000)
        x = lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * hz / 8000), r * r], x)
    return x * np.hanning(n) ** 0.3


@pytest.mark.slow
@pytest.mark.parametrize(("make", "longest", "most"), [(_vowel, 3200, 0.4), (_vowel, 8000, 0.5), (_gliding, 3200, 0.1),
                                                       (_gliding, 8000, 0.1)])
def test_adversaries(rng, make, longest, most):
    """Vowels and chords made to be taken for digits, as short as syllables and as long as a yawn, beside spandsp."""
    seconds = 600
    parts = []
    while sum(map(len, parts)) < seconds * 8000:
        x = make(rng, int(rng.integers(800, longest)))
        parts += [x / (np.abs(x).max() + 1e-9) * amplitude(rng.uniform(-25, -6)), silence(int(rng.integers(0, 400)))]
    x = line(np.concatenate(parts))
    ours, theirs = len(dsp.DtmfEar().hear(x)), spandsp_digits(x)
    if theirs is None:
        pytest.skip("libspandsp is not installed: `apt install libspandsp2` for the adversaries")
    what = f"digits in {seconds} s of {make.__name__[1:]} to {longest / 8000:g} s, spandsp's"
    report(what, f"{ours}, {theirs}", f"{most:.0%} of spandsp's")
    assert ours <= most * theirs


def spandsp_digits(x):
    """How many digits the peer hears in PCM; None: it is not here."""
    found = ctypes.util.find_library("spandsp")
    if found is None:
        return None
    spandsp = ctypes.CDLL(found)
    spandsp.dtmf_rx_init.restype = ctypes.c_void_p
    spandsp.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    spandsp.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    spandsp.dtmf_rx_free.argtypes = [ctypes.c_void_p]
    state, heard_, count = spandsp.dtmf_rx_init(None, None, None), ctypes.create_string_buffer(129), 0
    for at in range(0, len(x), 320):
        spandsp.dtmf_rx(state, x[at:at + 320], len(x[at:at + 320]) // 2)
        count += spandsp.dtmf_rx_get(state, heard_, 128)
    spandsp.dtmf_rx_free(state)
    return count


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
    kernel, twin = dsp.DtmfEar(), reference_bank.Dtmf()
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
