"""The ear for multi-frequency signals, against Q.455 (R2 receivers) and Q.323 (R1): levels, twist, frequency, times."""

import itertools

import numpy as np
import pytest
from dsp_signals import line, noise, report, silence, sine

from ccappliance.media.dsp import MfEar
from ccappliance.media.mf import FREQUENCIES, MF_EARS, mf_tone, pair_of, signal_of
from ccappliance.media.ports import Ear, MfEnded, MfHeard

SIGNALS = range(1, 16)


def signal(rng, plan, number, *, ms=100, level=-11.5, twist=0.0, off=(0.0, 0.0)):
    low, high = pair_of(plan, number)
    n = 8 * ms
    return sine(rng, low + off[0], level, n) + sine(rng, high + off[1], level - twist, n)


def placed(rng, x):
    """At any place of the ear's step."""
    return np.concatenate([silence(400 + int(rng.integers(0, 40))), x, silence(800)])


def heard(x, plan):
    return MfEar(plan).hear(line(x))


def test_signals_have_the_frequencies_of_the_recommendations():
    # Q.441 table 5 and Q.320: the digit and its pair
    assert pair_of(Ear.MF_FORWARD, 1) == (1380.0, 1500.0)
    assert pair_of(Ear.MF_FORWARD, 10) == (1740.0, 1860.0)
    assert pair_of(Ear.MF_FORWARD, 15) == (1860.0, 1980.0)
    assert pair_of(Ear.MF_BACKWARD, 3) == (1020.0, 900.0)
    assert pair_of(Ear.MF_BACKWARD, 6) == (900.0, 780.0)
    assert pair_of(Ear.MF_R1, 13) == (1100.0, 1700.0)  # KP
    assert pair_of(Ear.MF_R1, 15) == (1500.0, 1700.0)  # ST
    for plan in MF_EARS:
        assert len({pair_of(plan, number) for number in SIGNALS}) == 15
        assert all(signal_of(mf_tone(plan, number), plan) == number for number in SIGNALS)
    with pytest.raises(ValueError, match="1 to 15"):
        pair_of(Ear.MF_R1, 16)


@pytest.mark.parametrize("plan", MF_EARS)
@pytest.mark.parametrize(("level", "twist", "off"), [
    (-5.0, 0.0, 0.0), (-11.5, 0.0, 0.0), (-35.0, 0.0, 0.0), (-11.5, 7.0, 10.0), (-28.0, 7.0, -10.0),
    (-12.0, -7.0, 10.0)])
def test_every_signal_is_heard_once_within_the_limits_of_q455(rng, plan, level, twist, off):
    for number in SIGNALS:
        for signs in ((1, 1), (1, -1)):
            x = placed(rng, signal(rng, plan, number, level=level, twist=twist, off=(off * signs[0], off * signs[1])))
            assert heard(x, plan) == [MfHeard(number), MfEnded()], (number, signs)


def test_it_is_told_and_its_end_well_within_the_time_q455_allows(rng):
    late = ended = 0
    for number, _ in itertools.product(SIGNALS, range(20)):
        before = 400 + int(rng.integers(0, 40))
        x = np.concatenate([silence(before), signal(rng, Ear.MF_FORWARD, number, ms=80), silence(800)])
        (_, at), (_, end) = MfEar(Ear.MF_FORWARD).follow(line(x))
        late = max(late, at - before)
        ended = max(ended, end - before - 640)
    report("operate + release, ms", f"{late / 8:.1f} + {ended / 8:.1f}", "80")
    assert late + ended <= 400  # 50 ms: the kernel's data sheet


def test_what_is_no_signal_is_not_heard(rng):
    for plan in MF_EARS:
        f = FREQUENCIES[plan]
        one = sine(rng, f[2], -10.0, 1600)
        three = sum(sine(rng, hz, -12.0, 1600) for hz in f[1:4])
        faint = signal(rng, plan, 5, ms=200, level=-42.0)
        short = signal(rng, plan, 5, ms=7)
        for x in (one, three, faint, short, noise(rng, -10.0, 8000)):
            assert heard(placed(rng, x), plan) == []
    assert heard(placed(rng, signal(rng, Ear.MF_FORWARD, 9)), Ear.MF_BACKWARD) == []


def test_an_interruption_of_7_ms_does_not_end_it_and_one_of_40_does(rng):
    for number in SIGNALS:
        x = signal(rng, Ear.MF_BACKWARD, number, ms=200)
        x[800:856] = 0.0
        assert heard(placed(rng, x), Ear.MF_BACKWARD) == [MfHeard(number), MfEnded()]
        x[800:1120] = 0.0
        assert heard(placed(rng, x), Ear.MF_BACKWARD) == [MfHeard(number), MfEnded()] * 2


def test_noise_20_db_below_does_not_disturb(rng):
    for number in SIGNALS:
        x = placed(rng, signal(rng, Ear.MF_FORWARD, number, level=-20.0, ms=200))
        assert heard(x + noise(rng, -40.0, len(x)), Ear.MF_FORWARD) == [MfHeard(number), MfEnded()]


def test_the_own_side_s_echo_is_in_another_band(rng):
    """Our backward signal comes back from the far end's hybrid 10 dB down while its forward signal sounds."""
    for number, ours in itertools.product(SIGNALS, (1, 6, 15)):
        x = signal(rng, Ear.MF_FORWARD, number, level=-20.0) + signal(rng, Ear.MF_BACKWARD, ours, level=-21.5)
        assert heard(placed(rng, x), Ear.MF_FORWARD) == [MfHeard(number), MfEnded()]


def test_a_lost_frame_does_not_end_it(rng):
    x = line(signal(rng, Ear.MF_FORWARD, 4, ms=200))
    ear = MfEar(Ear.MF_FORWARD)
    assert ear.hear(x[:1600]) == [MfHeard(4)]
    ear.lost(160)
    assert ear.hear(x[1920:]) == []
    assert ear.hear(bytes(1600)) == [MfEnded()]


def test_chunks_make_no_difference(rng):
    x = line(np.concatenate([placed(rng, signal(rng, Ear.MF_R1, number)) for number in SIGNALS]))
    ear, parts = MfEar(Ear.MF_R1), []
    for at in range(0, len(x), 2 * 37):
        parts += ear.hear(x[at:at + 2 * 37])
    assert parts == MfEar(Ear.MF_R1).hear(x)
    assert len(parts) == 30
