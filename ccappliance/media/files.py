"""Sound files: any WAV a person may bring → 8 kHz mono in memory; and WAVs written.

Read: PCM of 8, 16, 24 and 32 bit, floating point, A-law and µ-law (G.711), any rate from 4 to 192 kHz, up to 8 channels
(mixed to one). Also every channel by itself, and samples without a header (`read_channels`, `read_raw`).
Not read: compressed formats; the error says what to do.
"""

import math
import os
import struct
import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from ccappliance.base.errors import ConfigError, Finding
from ccappliance.base.limits import MAX_PROMPT_SECONDS
from ccappliance.base.units import RATE
from ccappliance.media._resample import filter_table, polyphase
from ccappliance.media.ports import Sound

HEADER = 44  # bytes before the samples in the WAVs we write
UNKNOWN_LENGTH = 0xFFFFFFFF  # in a header whose file is still growing: players read to the end
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
RAW_ENCODINGS = {"s16": (_PCM, 16), "u8": (_PCM, 8), "s24": (_PCM, 24), "s32": (_PCM, 32), "f32": (_FLOAT, 32),
                 "f64": (_FLOAT, 64), "alaw": (_ALAW, 8), "ulaw": (_ULAW, 8)}  # all little endian
MAX_ANALYSIS_SECONDS = 3600.0  # a longer file is refused: its analysis would need more than 500 MB of memory
_NAMES = {2: "ADPCM", _FLOAT: "floating point", 0x11: "IMA ADPCM", 0x31: "GSM 6.10", 0x55: "MP3", _PCM: "PCM",
          _ALAW: "A-law", _ULAW: "µ-law"}
CODINGS = {_PCM: "PCM", _FLOAT: "floating point", _ALAW: "A-law", _ULAW: "µ-law", "alaw": "A-law", "ulaw": "µ-law"}
_MOST_CHUNKS = 1_000  # before the samples: more is a file made to keep us busy
_ADVICE = "convert it, for example with: sox IN -r 8000 -c 1 -b 16 OUT.wav"
# The resampler's filter: 24 zero crossings each side and Kaiser beta 6 put its transition between 3.4 kHz (the
# telephone's band, G.712) and 4.0 kHz (its Nyquist frequency), with 63 dB beyond it.
_CROSSINGS = 24
_BETA = 6.0
_CUTOFF = 0.925  # of the lower Nyquist frequency: 3.7 kHz


class SoundFileError(ConfigError):
    """A sound file cannot be used. One finding: the file, what is wrong with it, and what to do."""

    def __init__(self, problem: str, advice: str = _ADVICE, path: str = "") -> None:
        self.problem, self.advice = problem, advice
        said = f"{path}: {problem}" if path else problem
        super().__init__([Finding(path, "sound file", said, advice)])
        self.args = (f"{said} ({advice})",)


@dataclass(frozen=True, slots=True)
class WavFormat:
    """What a WAV says of itself, and where its samples are."""

    coding: int  # 1 PCM, 6 A-law, 7 µ-law
    channels: int
    rate: int
    bits: int
    offset: int
    length: int  # bytes of samples that are really there, whole frames

    @property
    def frame(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8

    @property
    def seconds(self) -> float:
        return self.length / self.frame / self.rate


def read_wav(path: Path | str, name: str = "", most: float = MAX_PROMPT_SECONDS) -> Sound:
    """A file as a Sound called `name` (its stem, if not given). SoundFileError if it cannot be used or is longer than
    `most` seconds."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            return Sound(name or path.stem, decode_wav(file, most))
    except OSError as error:
        raise SoundFileError(error.strerror or str(error), "check its name and owner", str(path)) from error
    except SoundFileError as error:
        raise SoundFileError(error.problem, error.advice, str(path)) from error


def decode_wav(file: BinaryIO, most: float = MAX_PROMPT_SECONDS) -> bytes:
    """A WAV file, opened → int16 little endian, 8 kHz, mono. Reads no samples if it is too long. SoundFileError."""
    form = parse_wav(file)
    if form.length == 0:
        raise SoundFileError("it has a header but no sound in it", "record it again")
    if form.seconds > most:
        raise SoundFileError(f"it is {form.seconds:.0f} s long, the longest allowed is {most:.0f} s", "shorten it")
    file.seek(form.offset)
    samples = resample(_mono(form, file.read(form.length)), form.rate)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def read_channels(path: Path | str, most: float = MAX_ANALYSIS_SECONDS) -> list[bytes]:
    """Every channel of a WAV as int16 little endian at 8 kHz; floating point is read too. SoundFileError."""
    return _read_channels(path, most, parse_wav)


def read_raw(path: Path | str, encoding: str = "s16", rate: int = RATE, channels: int = 1,
             most: float = MAX_ANALYSIS_SECONDS) -> list[bytes]:
    """The same of a file that is nothing but samples, interleaved, little endian; `encoding`: see RAW_ENCODINGS."""
    if encoding not in RAW_ENCODINGS:
        raise ValueError(f"no encoding {encoding!r}; there are {', '.join(RAW_ENCODINGS)}")
    coding, bits = RAW_ENCODINGS[encoding]
    fields = struct.pack("<HHIIHH", coding, channels, rate, 0, 0, bits)
    return _read_channels(path, most, lambda file: _format(fields, 0, file.seek(0, os.SEEK_END)))


def _read_channels(path: Path | str, most: float, form_of: Callable[[BinaryIO], WavFormat]) -> list[bytes]:
    try:
        with Path(path).open("rb") as file:
            return _decode_channels(file, form_of(file), most)
    except OSError as error:
        raise SoundFileError(error.strerror or str(error), "check its name and owner", str(path)) from error
    except SoundFileError as error:
        raise SoundFileError(error.problem, error.advice, str(path)) from error


def _decode_channels(file: BinaryIO, form: WavFormat, most: float) -> list[bytes]:
    if form.length == 0:
        raise SoundFileError("it has no sound in it", "record it again")
    if form.seconds > most:
        raise SoundFileError(f"it is {form.seconds:.0f} s long, the longest allowed is {most:.0f} s", "shorten it")
    file.seek(form.offset)
    samples = _linear(form, file.read(form.length))
    # A rate that shares no factor with ours, in a header that is broken more often than not, would need a filter of
    # 8,000 phases, and many seconds to compute it; 2.5 Hz of 24,000 are 0.1 ms in a second.
    rate = form.rate if form.rate < 24_000 else 5 * round(form.rate / 5)
    channels = []
    for channel in range(form.channels):
        one = resample(samples[channel::form.channels], rate)
        if sys.byteorder == "big":
            one.byteswap()
        channels.append(one.tobytes())
    return channels


def parse_wav(file: BinaryIO) -> WavFormat:
    """Find format and samples. A file cut short, or still being written, is as long as its bytes. SoundFileError."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if not head:
        raise SoundFileError("it is empty", "record it again")
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise SoundFileError("it is not a WAV file")
    position, fields = 12, b""
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        chunk = file.read(8)
        if len(chunk) < 8:
            break
        kind, size = struct.unpack("<4sI", chunk)
        position += 8
        if kind == b"fmt ":
            fields = file.read(min(size, 40))
        elif kind == b"data":
            return _format(fields, position, min(size, end - position))
        position += size + size % 2  # chunks begin at even bytes
    raise SoundFileError("it is a WAV file without sound in it (no data chunk)", "record it again")


def _format(fields: bytes, offset: int, length: int) -> WavFormat:
    if len(fields) < 16:
        raise SoundFileError("its format is missing or broken")
    coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", fields)
    if coding == _EXTENSIBLE and len(fields) >= 26:
        (coding,) = struct.unpack_from("<H", fields, 24)  # the sub-format's first two bytes are the coding
    if coding not in (_PCM, _FLOAT, _ALAW, _ULAW):
        name = _NAMES.get(coding, f"number {coding}")
        raise SoundFileError(f"its coding is {name}, not PCM, floating point or G.711")
    if coding == _FLOAT and bits not in (32, 64):
        raise SoundFileError(f"it has {bits} bits per floating point sample, not 32 or 64")
    if coding != _FLOAT and bits not in ((8, 16, 24, 32) if coding == _PCM else (8,)):
        raise SoundFileError(f"it has {bits} bits per sample, not 8, 16, 24 or 32")
    if not 1 <= channels <= 8:
        raise SoundFileError(f"it has {channels} channels, not 1 to 8")
    if not 4_000 <= rate <= 192_000:
        raise SoundFileError(f"its rate is {rate} Hz, not 4,000 to 192,000")
    frame = channels * bits // 8
    return WavFormat(coding, channels, rate, bits, offset, length // frame * frame)


def _mono(form: WavFormat, data: bytes) -> "array[int]":
    samples = _linear(form, data)
    if form.channels == 1:
        return samples
    parts = [samples[channel::form.channels] for channel in range(form.channels)]
    return array("h", [sum(frame) // form.channels for frame in zip(*parts, strict=True)])


def _linear(form: WavFormat, data: bytes) -> "array[int]":
    """Samples of all channels, interleaved, as native int16: of longer samples the upper 16 bits."""
    if form.coding == _FLOAT:
        return _from_floats(data, form.bits)
    if form.coding != _PCM:
        table = _G711[form.coding]
        return array("h", [table[code] for code in data])
    if form.bits == 8:  # unsigned, by the format's definition
        return array("h", [(code - 128) << 8 for code in data])
    if form.bits > 16:
        width = form.bits // 8
        kept = bytearray(len(data) // width * 2)
        kept[0::2] = data[width - 2::width]
        kept[1::2] = data[width - 1::width]
        data = bytes(kept)
    samples = array("h", data)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _from_floats(data: bytes, bits: int) -> "array[int]":
    """-1 to 1 is full scale; beyond is clipped, and what is no number is silence."""
    floats = array("f" if bits == 32 else "d", data)
    if sys.byteorder == "big":
        floats.byteswap()
    return array("h", [round(max(-32768.0, min(32767.0, x * 32768.0))) if x == x else 0 for x in floats])


def resample(samples: "array[int]", rate: int, to: int = RATE) -> "array[int]":
    """Another rate by a windowed sinc, the same length in time: ceil(n·to/rate) samples. Rounded and clipped.

    Sample k of the result is at the instant of input sample k·rate/to, so nothing is delayed.
    """
    if rate == to:
        return samples
    common = math.gcd(rate, to)
    up, down = to // common, rate // common
    half = math.ceil(_CROSSINGS * max(1.0, rate / to) / _CUTOFF)
    padded = array("h", bytes(2 * half)) + samples + array("h", bytes(2 * half + 2))
    # the weights of a phase are for input samples whole-half+1 … whole+half; in `padded` these begin at whole+1
    made = polyphase(padded.tobytes(), _table(up, rate, to, half), up, down, 2 * half, -(-len(samples) * up // down))
    return array("h", made)


@lru_cache(maxsize=8)
def _table(up: int, rate: int, to: int, half: int) -> bytes:
    """The filter: for each of `up` phases, 2·half doubles."""
    cutoff = _CUTOFF * min(1.0, to / rate)  # of the input's Nyquist frequency
    table: bytes = filter_table(up, half, cutoff, _BETA)
    return table


def _alaw(code: int) -> int:
    """G.711 table 1: even bits inverted; sign, three bits of segment, four of interval. To 16 bits."""
    code ^= 0x55
    segment, interval = (code >> 4) & 7, code & 15
    value = (interval << 4) + 8 if segment == 0 else ((interval << 4) + 0x108) << (segment - 1)
    return value if code & 0x80 else -value


def _ulaw(code: int) -> int:
    """G.711 table 2: all bits inverted, bias 33 (132 in 16 bits)."""
    code ^= 0xFF
    value = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return -value if code & 0x80 else value


_G711 = {_ALAW: [_alaw(code) for code in range(256)], _ULAW: [_ulaw(code) for code in range(256)]}


def wav_header(channels: int, data_bytes: int | None, rate: int = RATE) -> bytes:
    """The 44 bytes before int16 samples; `data_bytes` None: not known yet."""
    riff = UNKNOWN_LENGTH if data_bytes is None else min(data_bytes + HEADER - 8, UNKNOWN_LENGTH)
    size = UNKNOWN_LENGTH if data_bytes is None else min(data_bytes, UNKNOWN_LENGTH)
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", riff, b"WAVE", b"fmt ", 16, _PCM, channels, rate,
                       rate * channels * 2, channels * 2, 16, b"data", size)


def write_wav(path: Path | str, pcm: bytes, channels: int = 1, rate: int = RATE) -> None:
    """A WAV of int16 little endian samples (interleaved, if there are several channels). OSError."""
    Path(path).write_bytes(wav_header(channels, len(pcm), rate) + pcm)
