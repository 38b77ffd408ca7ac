"""The ear for signals: SIT, fax calling and answering, modem, against E.180, T.30 and V.25; none in speech."""

import numpy as np
import pytest
from dsp_signals import cadence, dtmf, line, noise, pcm, report, silence, sine
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.media import dsp, reference_bank
from ccappliance.media.ports import SIGNALS, ToneEnded, ToneHeard

ROUNDS = 40
SIT = (950.0, 1400.0, 1800.0)
AMERICAN = ((913.8, 1370.6, 1776.7), (985.2, 1370.6, 1776.7), (913.8, 1428.5, 1776.7), (985.2, 1428.5, 1776.7))


def sit(rng, tones=SIT, lengths=(330, 330, 330), gap=0, level=-20.0):
    parts = []
    for hz, ms in zip(tones, lengths, strict=True):
        parts += [sine(rng, hz, level, 8 * ms), silence(8 * gap)]
    return np.concatenate(parts)


def answer(rng, seconds, reversals=0.0, level=-15.0, hz=2100.0):
    """2100 Hz of any phase, reversed every so many seconds at any place of the hop."""
    x = sine(rng, hz, level, int(seconds * 8000))
    if reversals:
        x *= np.where(np.arange(len(x)) // int(reversals * 8000) % 2, -1, 1)
    return x


def hear(x):
    return dsp.SignalEar().hear(line(x))


def share(rng, make, expected, snr=None, rounds=ROUNDS):
    right = 0
    for _ in range(rounds):
        x = np.concatenate([silence(800 + int(rng.integers(0, 160))), make(), silence(1600)])
        if snr is not None:
            x = x + noise(rng, -20 - snr, len(x))
        right += hear(x) == expected
    return right / rounds


CED = [ToneHeard("ced"), ToneEnded("ced")]
MODEM = [ToneHeard("modem"), ToneEnded("modem")]


@pytest.mark.slow
@pytest.mark.parametrize("level", [-5, -20, -38])
@pytest.mark.parametrize("snr", [None, 10])
def test_levels_and_noise(rng, level, snr):
    if snr is not None and level != -20:
        pytest.skip("noise is measured at one level")
    right = [share(rng, lambda: sit(rng, level=level), [ToneHeard("sit")], snr),
             share(rng, lambda: sine(rng, 1100, level, 4000), [ToneHeard("cng")], snr),
             share(rng, lambda: answer(rng, 2.6, level=level), CED, snr, 20),
             share(rng, lambda: answer(rng, 3.0, 0.45, level), MODEM, snr, 20)]
    report(f"sit, cng, ced, modem at {level} dBm0, SNR {snr}", " ".join(f"{one:.0%}" for one in right), "100 %")
    assert right == [1.0] * 4


@pytest.mark.slow
@pytest.mark.parametrize("tones", [*AMERICAN, (900.0, 1350.0, 1750.0), (1000.0, 1450.0, 1850.0)])
@pytest.mark.parametrize("lengths", [(330, 330, 330), (274, 274, 380), (380, 380, 380), (260, 260, 260),
                                     (400, 400, 400)])
def test_every_sit(rng, tones, lengths):
    right = share(rng, lambda: sit(rng, tones, lengths, int(rng.integers(0, 31))), [ToneHeard("sit")], rounds=20)
    report(f"SIT {tones} {lengths}", f"{right:.0%}", "100 %")
    assert right == 1.0


@pytest.mark.slow
@pytest.mark.parametrize(("off", "heard"), [(-38, 1.0), (38, 1.0), (-70, 0.0), (70, 0.0)])
def test_cng_frequency(rng, off, heard):
    right = share(rng, lambda: sine(rng, 1100 + off, -20, 4000), [ToneHeard("cng")])
    report(f"CNG {off:+d} Hz", f"{right:.0%}", f"{heard:.0%}")
    assert right == heard


@pytest.mark.slow
@pytest.mark.parametrize(("off", "heard"), [(-15, 1.0), (15, 1.0), (-40, 0.0), (40, 0.0)])
@pytest.mark.parametrize("reversals", [0.0, 0.425, 0.475])
def test_answer_frequency_and_reversals(rng, off, heard, reversals):
    right = share(rng, lambda: answer(rng, 2.6, reversals, hz=2100 + off), MODEM if reversals else CED, rounds=20)
    report(f"2100{off:+d} Hz, reversed every {reversals} s", f"{right:.0%}", f"{heard:.0%}")
    assert right == heard


@pytest.mark.slow
@pytest.mark.parametrize(("ms", "heard"), [(425, 1.0), (575, 1.0), (350, 0.0), (660, 0.0)])
def test_cng_length(rng, ms, heard):
    right = share(rng, lambda: sine(rng, 1100, -20, 8 * ms), [ToneHeard("cng")])
    report(f"CNG of {ms} ms", f"{right:.0%}", f"{heard:.0%}")
    assert right == heard


def test_times(rng):
    x = line(np.concatenate([answer(rng, 1.0), silence(1600), answer(rng, 1.0, 0.45)]))
    ear = dsp.SignalEar()
    told = [((at + 160) / 16_000, fact) for at in range(0, len(x), 160) for fact in ear.hear(x[at:at + 160])]
    assert [fact for _, fact in told] == [*CED, ToneHeard("modem")]
    report("CED told after, s; over after", f"{told[0][0]:.2f} {told[1][0] - 1:.2f}", "0.65, 0.10")
    assert told[0][0] <= 0.65
    assert told[1][0] <= 1.1
    assert told[2][0] <= 1.2 + 0.65


def test_order_and_company_matter(rng):
    assert hear(sit(rng, (1400.0, 950.0, 1800.0))) == []
    assert hear(sit(rng, gap=150)) == []
    assert hear(np.concatenate([sine(rng, 950, -20, 2640), sine(rng, 1400, -20, 2640), silence(3000)])) == []
    both = cadence(rng, (1100.0, 1700.0), -10, ((500, 300),), 2)  # two tones of the same level are neither
    assert hear(both) == []


def test_two_come_one_after_the_other(rng):
    x = np.concatenate([sit(rng), silence(4000), sit(rng), sine(rng, 1100, -20, 4000), silence(24_000),
                        sine(rng, 1100, -20, 4000), silence(800)])
    assert hear(x) == [ToneHeard("sit"), ToneHeard("sit"), ToneHeard("cng"), ToneHeard("cng")]


@pytest.mark.slow
def test_speech_is_no_signal(readings):
    told = [fact for x in readings for gain in (1.0, 0.3) for fact in hear(x * gain)]
    report(f"signals in {sum(map(len, readings)) / 4000:.0f} s of speech", len(told), "0")
    assert told == []


def test_digits_and_progress_tones_are_no_signals(rng):
    parts = [dtmf(rng, digit, 4000) for digit in "0123456789*#ABCD"]
    parts += [cadence(rng, (hz,), -10, ((500, 500),), 3) for hz in (425.0, 450.0, 480.0, 620.0, 1000.0)]
    assert hear(np.concatenate(parts)) == []


def test_the_twin_tells_the_same(rng):
    x = np.concatenate([sit(rng, gap=20), silence(500), sine(rng, 1110, -20, 3900), silence(700),
                        answer(rng, 0.9, 0.45), silence(1000), answer(rng, 0.7)])
    x = np.frombuffer(line(x + noise(rng, -38, len(x))), "<i2")
    ear, twin = dsp.SignalEar(), reference_bank.Signal()
    names = []
    for at in range(0, len(x), 80):
        told = [(fact.name, isinstance(fact, ToneEnded)) for fact in ear.hear(x[at:at + 80].tobytes())]
        assert told == twin.run(x[at:at + 80].tolist()), f"at sample {at}"
        names += [name for name, _ in told]
    assert set(names) == set(SIGNALS)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=25), st.integers(0, 2**32 - 1))
def test_any_chunks_tell_the_same(chunks, seed):
    rng = np.random.default_rng(seed)
    x = pcm(np.concatenate([sit(rng), noise(rng, -20, 800), answer(rng, 0.8, 0.45), silence(900)]))
    ear, told, at = dsp.SignalEar(), [], 0
    for n in chunks:
        told += ear.hear(x[at:at + 2 * n])
        at += 2 * n
    assert told + ear.hear(x[at:]) == dsp.SignalEar().hear(x)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=4000), st.integers(-5, 100_000))
def test_any_input_is_harmless(junk, lost):
    ear = dsp.SignalEar()
    ear.hear(junk[:len(junk) // 2 * 2])
    ear.lost(lost)
    ear.hear(bytes(16_000))
    assert ear.hear(line(sit(np.random.default_rng(1)))) == [ToneHeard("sit")]


def test_a_lost_frame_breaks_nothing(rng):
    x = np.concatenate([answer(rng, 1.5), silence(800)])
    ear = dsp.SignalEar()
    told = ear.hear(line(x[:2000]))
    ear.lost(160)
    assert told + ear.hear(line(x[2160:])) == CED
