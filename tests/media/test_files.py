"""Sound files: every coding, every rate, every kind of damage."""

import contextlib
import io
import math
import struct
from array import array
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from ccappliance.media.files import (
    SoundFileError,
    decode_wav,
    parse_wav,
    read_wav,
    resample,
    wav_header,
    write_wav,
)


def sine(frequency: float, rate: int, seconds: float = 1.0, peak: float = 10_000.0) -> "np.ndarray":
    return np.round(peak * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def wav(data: bytes, *, coding: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16, extensible: bool = False,
        before: bytes = b"", size: int | None = None) -> io.BytesIO:
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", 0xFFFE if extensible else coding, channels, rate, rate * frame, frame, bits)
    if extensible:
        fmt += struct.pack("<HHIH", 22, bits, 0, coding) + b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
    body = (b"WAVE" + before + b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data"
            + struct.pack("<I", len(data) if size is None else size) + data)
    return io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)


def samples(pcm: bytes) -> "np.ndarray":
    return np.frombuffer(pcm, "<i2").astype(float)


def test_what_we_write_we_read(tmp_path: Path) -> None:
    pcm = sine(1000, 8000).tobytes()
    write_wav(tmp_path / "hello.wav", pcm)
    sound = read_wav(tmp_path / "hello.wav")
    assert (sound.name, sound.pcm, sound.seconds) == ("hello", pcm, 1.0)
    assert read_wav(tmp_path / "hello.wav", "zh/hello").name == "zh/hello"


@pytest.mark.parametrize(("bits", "encode"), [
    (8, lambda x: ((x >> 8) + 128).astype(np.uint8).tobytes()),
    (24, lambda x: b"".join(struct.pack("<i", int(v) << 8)[:3] for v in x)),
    (32, lambda x: (x.astype(np.int32) << 16).astype("<i4").tobytes()),
])
@pytest.mark.parametrize("extensible", [False, True])
def test_depths(bits: int, encode: "object", extensible: bool) -> None:
    signal = sine(440, 8000, 0.1)
    got = samples(decode_wav(wav(encode(signal), bits=bits, extensible=extensible)))  # type: ignore[operator]
    assert np.abs(got - signal).max() <= (256 if bits == 8 else 0)


def test_g711_against_the_standards_extremes() -> None:
    """G.711: table 1a and 2a, scaled to 16 bits."""
    codes = bytes([0x55, 0xD5, 0x2A, 0xAA])  # smallest negative, smallest positive, largest negative and positive
    assert list(samples(decode_wav(wav(codes, coding=6, bits=8)))) == [-8, 8, -32256, 32256]
    codes = bytes([0x7F, 0xFF, 0x00, 0x80, 0xFE])
    assert list(samples(decode_wav(wav(codes, coding=7, bits=8)))) == [0, 0, -32124, 32124, 8]
    every = samples(decode_wav(wav(bytes(range(256)), coding=6, bits=8)))
    assert len(set(every)) == 256


def test_channels_are_mixed() -> None:
    left, right = sine(300, 8000, 0.1), sine(700, 8000, 0.1)
    got = samples(decode_wav(wav(np.stack([left, right], 1).tobytes(), channels=2)))
    assert np.abs(got - (left.astype(float) + right) / 2).max() <= 1


@pytest.mark.parametrize("rate", [6000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_rates(rate: int, capsys: pytest.CaptureFixture[str]) -> None:
    """In the telephone's band within 0.1 dB and 60 dB above the noise; never delayed."""
    for frequency in (300.0, 1000.0, 2400.0, 3400.0):
        if frequency > 0.42 * rate:
            continue
        got = samples(decode_wav(wav(sine(frequency, rate, 0.25).tobytes(), rate=rate)))
        assert len(got) == 2000
        wanted = 10_000 * np.sin(2 * np.pi * frequency * np.arange(2000) / 8000)
        middle = slice(400, 1600)
        snr = 10 * math.log10(np.mean(wanted[middle] ** 2) / np.mean((got - wanted)[middle] ** 2))
        gain = 10 * math.log10(np.mean(got[middle] ** 2) / np.mean(wanted[middle] ** 2))
        with capsys.disabled():
            print(f"\n  {rate} Hz, {frequency:.0f} Hz: SNR {snr:.1f} dB (limit 60), "
                  f"gain {gain:+.3f} dB (limit 0.1)", end="")
        assert snr > 60
        assert abs(gain) < 0.1


@pytest.mark.parametrize("frequency", [4100.0, 5000.0, 9000.0])
def test_what_does_not_fit_is_removed_not_folded(frequency: float) -> None:
    got = samples(decode_wav(wav(sine(frequency, 44_100, 0.25).tobytes(), rate=44_100)))
    assert 20 * math.log10(np.std(got[400:1600]) / 7071 + 1e-9) < -55


def test_against_a_resampler_of_others() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 3200)
    spectrum = np.fft.rfft(noise)
    spectrum[int(len(spectrum) * 3000 / 8000):] = 0  # nothing near the edges where two filters may differ
    signal = np.round(np.fft.irfft(spectrum)).astype(np.int16)
    ours = np.array(resample(array("h", signal.tobytes()), 16_000), float)
    theirs = resample_poly(signal.astype(float), 1, 2, window=("kaiser", 10.0))
    assert np.abs(ours - theirs)[100:-100].max() < 60  # 0.2 % of full scale


def test_loud_sounds_are_clipped_not_wrapped() -> None:
    square = np.where(np.arange(1600) % 40 < 20, 32767, -32768).astype(np.int16)
    got = np.array(resample(array("h", square.tobytes()), 16_000))
    assert got.max() == 32767
    assert got.min() == -32768


def test_chunks_before_the_sound_are_passed_over() -> None:
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\x00"
    assert decode_wav(wav(b"\x01\x00" * 80, before=odd)) == b"\x01\x00" * 80


@pytest.mark.parametrize("size", [0xFFFFFFFF, 1000])
def test_a_growing_or_cut_file_is_as_long_as_its_bytes(size: int) -> None:
    assert decode_wav(wav(b"\x01\x00" * 80 + b"\x01", size=size)) == b"\x01\x00" * 80


def test_our_own_growing_header_is_read() -> None:
    form = parse_wav(io.BytesIO(wav_header(2, None) + bytes(400)))
    assert (form.channels, form.length, form.rate) == (2, 400, 8000)


@pytest.mark.parametrize(("file", "said"), [
    (io.BytesIO(b""), "it is empty"),
    (io.BytesIO(b"\xff\xfb\x90\x00" * 50), "not a WAV file"),
    (io.BytesIO(b"RIFF"), "not a WAV file"),
    (io.BytesIO(wav(bytes(80)).getvalue()[:36]), "no data chunk"),
    (io.BytesIO(b"RIFF\x00\x00\x00\x00WAVEdata\x10\x00\x00\x00" + bytes(16)), "format is missing"),
    (io.BytesIO(b"RIFF\x00\x00\x00\x00WAVE" + b"JUNK\x00\x00\x00\x00" * 2000), "no data chunk"),
    (wav(b""), "no sound in it"),
    (wav(b"\x01"), "no sound in it"),
    (wav(bytes(80), coding=3, bits=16), "16 bits per floating point sample"),
    (wav(bytes(80), coding=0x55), "MP3"),
    (wav(bytes(80), coding=99), "number 99"),
    (wav(bytes(80), bits=12), "12 bits"),
    (wav(bytes(80), bits=0), "0 bits"),
    (wav(bytes(80), coding=6, bits=16), "16 bits"),
    (wav(bytes(80), channels=0), "0 channels"),
    (wav(bytes(80), channels=9), "9 channels"),
    (wav(bytes(80), rate=0), "rate is 0 Hz"),
    (wav(bytes(80), rate=4_000_000), "rate is 4000000 Hz"),
])
def test_what_cannot_be_used_is_said(file: io.BytesIO, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(file.getvalue())
    with pytest.raises(SoundFileError, match=said) as error:
        read_wav(path)
    assert str(error.value).startswith(f"{path}: it")
    assert error.value.findings[0].advice


def test_an_hour_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "hour.wav"
    with path.open("wb") as file:  # a sparse file
        file.write(wav_header(1, 3600 * 16_000))
        file.truncate(44 + 3600 * 16_000)
    with pytest.raises(SoundFileError, match="3600 s long, the longest allowed is 600 s"):
        read_wav(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SoundFileError, match="No such file"):
        read_wav(tmp_path / "none.wav")


@settings(deadline=None)  # a header of an odd rate asks for a large filter
@given(st.binary(max_size=200), st.integers(0, 60), st.binary(max_size=4))
def test_hostile_bytes_never_do_worse_than_an_error(tail: bytes, at: int, patch: bytes) -> None:
    """F69: any bytes, and any damage to a good header."""
    good = bytearray(wav(tail).getvalue())
    good[at:at + len(patch)] = patch
    for data in (tail, bytes(good)):
        with contextlib.suppress(SoundFileError):
            decode_wav(io.BytesIO(data), most=1.0)
