"""Caller ID data: every length and byte, both standards, levels, twist, noise, speed, garbage."""

import numpy as np
import pytest
from dsp_signals import line, noise, pcm, report, silence
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfilt

from ccappliance.base.units import RATE, amplitude, dbm0
from ccappliance.media import dsp, reference

BAND = butter(3, (1000, 2400), "bandpass", fs=RATE, output="sos")  # noise that sounds like data
HZ = {"v23": (1300.0, 2100.0), "bell202": (1200.0, 2200.0)}
BOTH = pytest.mark.parametrize("standard", sorted(HZ))


def message(rng, length=28):
    data = bytes([0x80, length]) + bytes(rng.integers(0, 256, length, dtype=np.uint8))
    return data + bytes([-sum(data) & 255])


def sent(rng, data, standard, *, level=-13.5, twist=0.0, speed=1.0, astray=0.0, seizure=True):
    """Our own sender for tests: any speed, frequency and twist (dB space over mark, the weaker one lowered)."""
    bits = np.array(reference.fsk_bits(data, 300 if seizure else 0, 180 if seizure else 80))
    n = int(len(bits) * RATE / 1200 / speed)
    bit = bits[np.minimum((np.arange(n) * 1200 * speed / RATE).astype(int), len(bits) - 1)]
    mark, space = HZ[standard]
    phase = np.cumsum(2 * np.pi * np.where(bit, mark, space) * (1 + astray) / RATE) + rng.uniform(0, 2 * np.pi)
    weaker = np.where(bit == (twist > 0), 10 ** (-abs(twist) / 20), 1.0)
    wave = amplitude(level) * weaker * np.sin(phase)
    return np.concatenate([silence(800 + int(rng.integers(0, 99))), wave, silence(400)])


def share(rng, standard, snr=None, rounds=20, **how):
    right = 0
    for _ in range(rounds):
        data = message(rng)
        x = sent(rng, data, standard, **how)
        if snr is not None:
            x = x + noise(rng, how.get("level", -13.5) - snr, len(x))
        right += dsp.FskEar().hear(line(x)) == [data]
    return right / rounds


@BOTH
@pytest.mark.parametrize("seizure", [True, False])
def test_what_we_send_we_hear(rng, standard, seizure):
    data = message(rng)
    x = np.frombuffer(dsp.render_fsk(data, standard, seizure=seizure), "<i2")
    assert dsp.FskEar().hear(line(np.concatenate([silence(333), x, silence(100)]))) == [data]


@BOTH
def test_the_sender(rng, standard):
    data = message(rng, 5)
    x = np.frombuffer(dsp.render_fsk(data, standard), "<i2").astype(float)
    bits = 300 + 180 + 10 * len(data) + 10
    level = dbm0(float(np.sqrt((x[100:-100] ** 2).mean())))
    step = np.abs(np.diff(x)).max() / amplitude(-13.5)
    limit = 2 * np.sin(np.pi * HZ[standard][1] / RATE) * 1.01  # the largest step of the higher sine
    report(f"{standard}: samples, level, largest step", f"{len(x)}, {level:.2f}, {step:.2f}",
           f"-13.5 dBm0, {limit:.2f}")
    assert len(x) == round(bits * RATE / 1200)
    assert abs(level + 13.5) < 0.1
    assert step < limit


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("level", [3, -3, -8, -32, -40])
def test_level(rng, standard, level):
    measured = share(rng, standard, level=level)
    report(f"{standard} at {level} dBm0", f"{measured:.0%}", "100 %")
    assert measured == 1.0


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("twist", [-10, -6, 6, 10])
def test_twist(rng, standard, twist):
    measured = share(rng, standard, twist=twist, snr=22)
    report(f"{standard}, space {twist:+d} dB", f"{measured:.0%}", "100 %")
    assert measured == 1.0


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("speed", [0.97, 1.0, 1.03])
def test_noise(rng, standard, speed):
    """DSP.md asks for 99 % at 11 dB, and for skew of 3 %: both at once, with 2 dB in hand at the nominal speed."""
    snr = 9 if speed == 1.0 else 11
    measured = share(rng, standard, snr, rounds=300, seizure=False, speed=speed)
    report(f"{standard} at {snr} dB SNR, speed x {speed}", f"{measured:.1%}", ">= 99 %")
    assert measured >= 0.99


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("twist", [-6, 6])
def test_noise_and_twist(rng, standard, twist):
    measured = share(rng, standard, 14, rounds=200, seizure=False, twist=twist, speed=1.01)
    report(f"{standard} at 14 dB SNR, space {twist:+d} dB", f"{measured:.1%}", ">= 99 %")
    assert measured >= 0.99


@pytest.mark.slow
def test_no_messages_in_noise(rng):
    """Half an hour of noise, half of it in the band of data: the ear opens on nothing."""
    told = []
    for _ in range(45):
        white = noise(rng, -20, 20 * RATE)
        told += dsp.FskEar().hear(line(white)) + dsp.FskEar().hear(line(sosfilt(BAND, white)))
    report("messages in 30 min of noise", len(told), "0")
    assert told == []


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize(("speed", "astray"), [(0.96, 0.0), (1.04, 0.0), (1.0, 0.03), (1.0, -0.03), (0.97, 0.02)])
def test_speed_and_frequency(rng, standard, speed, astray):
    measured = share(rng, standard, speed=speed, astray=astray)
    report(f"{standard} speed x {speed}, frequency {astray:+.0%}", f"{measured:.0%}", "100 %")
    assert measured == 1.0


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("length", [0, 1, 255])
def test_every_length_and_byte(standard, length):
    for shift in (0, 85, 170):
        data = bytes([shift, length, *((k + shift) & 255 for k in range(length)), 0])  # a wrong checksum is told too
        assert dsp.FskEar().hear(line(np.frombuffer(dsp.render_fsk(data, standard), "<i2"))) == [data]


def test_two_messages_and_a_broken_one_between(rng):
    first, second = message(rng, 3), message(rng, 9)
    x = np.concatenate([np.frombuffer(dsp.render_fsk(first, "v23"), "<i2"), silence(800),
                        np.frombuffer(dsp.render_fsk(second, "v23"), "<i2")[:-700], silence(4000),
                        np.frombuffer(dsp.render_fsk(second, "bell202"), "<i2")])
    assert dsp.FskEar().hear(line(x)) == [first, second]


def test_a_lost_frame_loses_the_message_and_not_the_next(rng):
    data = message(rng, 20)
    x = line(np.frombuffer(dsp.render_fsk(data, "bell202"), "<i2"))
    ear = dsp.FskEar()
    told = ear.hear(x[:8000])
    ear.lost(160)
    told += ear.hear(x[8320:])
    assert told == []
    assert ear.hear(bytes(1000) + x) == [data]


@pytest.mark.slow
def test_no_messages_in_speech(readings):
    told = [message for x in readings for message in dsp.FskEar().hear(line(x))]
    report("messages in speech", told or "none", "none")
    assert told == []


@BOTH
def test_the_twin_tells_the_same(rng, standard):
    data = message(rng, 6)
    x = sent(rng, data, standard, twist=3.0, speed=1.005)
    x = np.frombuffer(line(x + noise(rng, -33, len(x))), "<i2")
    assert reference.Fsk().messages(x.tolist()) == dsp.FskEar().hear(x.tobytes()) == [data]


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize(("speed", "snr"), [(0.96, 14), (1.0, 6), (1.03, 9)])
def test_the_twin_tells_the_same_in_noise(rng, standard, speed, snr):
    """Also where bytes are wrong: both take the same edges for bits."""
    for _ in range(4):
        x = sent(rng, message(rng, 6), standard, speed=speed)
        x = np.frombuffer(line(x + noise(rng, -13.5 - snr, len(x))), "<i2")
        assert reference.Fsk().messages(x.tolist()) == dsp.FskEar().hear(x.tobytes())


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 1500), min_size=1, max_size=10), st.binary(max_size=12), st.sampled_from(sorted(HZ)))
def test_any_chunks_and_any_bytes(chunks, payload, standard):
    data = b"\x04" + bytes([len(payload)]) + payload + b"\x55"
    x = dsp.render_fsk(data, standard)
    ear, told, at = dsp.FskEar(), [], 0
    for n in chunks:
        told += ear.hear(x[at:at + 2 * n])
        at += 2 * n
    assert told + ear.hear(x[at:]) == [data]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=3000), st.integers(-5, 5000))
def test_any_input_is_harmless(junk, lost):
    ear = dsp.FskEar()
    ear.hear(junk[:len(junk) // 2 * 2])
    ear.lost(lost)
    data = b"\x80\x02ab\xbb"
    assert ear.hear(bytes(2000) + dsp.render_fsk(data, "v23"))[-1:] == [data]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([1200, 1300, 2100, 2200, 1700]), st.integers(1, 400)), max_size=60))
def test_marks_and_spaces_of_any_length_are_harmless(steps):
    phase, x = 0.0, []
    for hz, n in steps:
        for _ in range(n):
            x.append(9000 * np.sin(phase))
            phase += 2 * np.pi * hz / RATE
    for told in dsp.FskEar().hear(pcm(np.array(x))):
        assert 3 <= len(told) == told[1] + 3 <= 258


def test_bad_requests_are_refused():
    with pytest.raises(ValueError, match="v23, bell202"):
        dsp.render_fsk(b"\x80\x00\x80", "v21")
