"""A-law: all codes and all of int16 against the table of G.711."""

import struct

import numpy as np
import pytest
from dsp_signals import line, report
from hypothesis import given
from hypothesis import strategies as st

from ccappliance.media import dsp, reference


def test_every_code_decodes_to_the_middle_of_its_interval():
    decoded = struct.unpack("<256h", dsp.alaw_to_linear(bytes(range(256))))
    assert list(decoded) == [reference.alaw_decode(code) for code in range(256)]
    assert max(decoded) == 32256
    assert dsp.linear_to_alaw(struct.pack("<2h", 0, -1)) == b"\xd5\x55"  # G.711: +0 and -0 on the wire


def test_every_code_survives_the_round_trip():
    codes = bytes(range(256))
    assert dsp.linear_to_alaw(dsp.alaw_to_linear(codes)) == codes


@pytest.mark.slow
def test_every_int16_encodes_to_its_interval():
    decisions = reference.alaw_decisions()
    interval = 0
    for magnitude in range(0, 32768):
        if magnitude >= decisions[interval + 1]:
            interval += 1
        positive, negative = dsp.linear_to_alaw(struct.pack("<2h", magnitude, -magnitude - 1))
        assert positive == (interval | 0x80) ^ 0x55
        assert negative == interval ^ 0x55


@given(st.integers(-32768, 32767))
def test_the_twin_agrees(value):
    assert dsp.linear_to_alaw(struct.pack("<h", value))[0] == reference.alaw_encode(value)


def test_noise_of_the_law(rng):
    x = np.rint(rng.normal(0, 3000, 80_000))
    error = np.frombuffer(line(x), "<i2") - x
    ratio = 10 * np.log10((x**2).mean() / (error**2).mean())
    report("A-law signal to noise of speech-like noise, dB", f"{ratio:.1f}", ">= 35")
    assert ratio >= 35


@pytest.mark.parametrize("bad", [b"\x00", b"\x00\x00\x00"])
def test_half_a_sample_is_refused(bad):
    with pytest.raises(ValueError, match="even"):
        dsp.linear_to_alaw(bad)


def test_nothing_is_nothing():
    assert dsp.linear_to_alaw(b"") == b""
    assert dsp.alaw_to_linear(b"") == b""
