"""Recorded prompts: what a file a person brings is, whether it is fit for callers, and made fit: one level, no silence.

A file is read as it is once, and kept as 8 kHz, 16 bit, mono: in the prompt cache, or where `prompts import` puts it.
Known: WAV as media/files.py reads it, floating point too, and samples without a header if the name says so (.al .ul).
"""

from dataclasses import dataclass
from pathlib import Path

from ccappliance.base.limits import MAX_PROMPT_SECONDS, MAX_RECORDING_BYTES
from ccappliance.base.units import FRAME, RATE, amplitude, dbm0
from ccappliance.media.files import CODINGS, SoundFileError, decode_wav, parse_wav, read_raw
from ccappliance.media.polish import active_level, from_pcm, level, to_pcm, trim

RAW = {".al": "alaw", ".alaw": "alaw", ".ul": "ulaw", ".ulaw": "ulaw"}  # suffix → encoding of a file without header
SUFFIXES = (".wav", *RAW)  # in this order, if a prompt is there twice
QUIETEST = -40.0  # dBm0 of active speech: raised by more than 20 dB, its noise is heard as loud as other prompts' words
CLIPPED_FROM = amplitude(2.5)  # a sample beyond is at the end of A-law's scale, 3.14 dBm0
MOST_CLIPPED = 0.001  # of the samples: a plosive may touch the end of the scale, a wrong gain lives there
REVISION = "1"  # of the making: another value converts everything anew


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was brought."""

    coding: str  # "PCM 16 bit", "A-law", "A-law without header", …
    rate: int
    channels: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Made:
    """A prompt made of it; levels are of active speech, in dBm0."""

    source: Source
    pcm: bytes  # 8 kHz, mono
    level_before: float
    level: float
    trimmed: float  # seconds of silence taken off both ends
    complaints: tuple[str, ...]  # what is not well, and cannot be mended here

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / RATE


def look(path: Path, most: float = MAX_PROMPT_SECONDS) -> Source:
    """What the file says of itself, without reading its samples. SoundFileError: it cannot be a prompt."""
    try:
        size = path.stat().st_size
        if size > MAX_RECORDING_BYTES:
            most_mb = MAX_RECORDING_BYTES // 2**20
            raise SoundFileError(f"it has {size // 2**20} MB, more than {most_mb} MB", "shorten it")
        if path.suffix.lower() in RAW:
            source = Source(f"{CODINGS[RAW[path.suffix.lower()]]} without header", RATE, 1, size / RATE)
        else:
            with path.open("rb") as file:
                form = parse_wav(file)
            words = f"PCM {form.bits} bit" if form.coding == 1 else CODINGS[form.coding]
            source = Source(words, form.rate, form.channels, form.seconds)
    except OSError as error:
        raise SoundFileError(error.strerror or str(error), "check its name and owner", str(path)) from error
    except SoundFileError as error:
        raise SoundFileError(error.problem, error.advice, str(path)) from error
    if not source.seconds:
        raise SoundFileError("it has a header but no sound in it", "record it again", str(path))
    if source.seconds > most:
        raise SoundFileError(f"it is {source.seconds:.0f} s long, the longest allowed is {most:.0f} s", "shorten it",
                             str(path))
    return source


def read_recording(path: Path, most: float = MAX_PROMPT_SECONDS) -> bytes:
    """The sound as it is, 8 kHz mono. SoundFileError."""
    look(path, most)
    if path.suffix.lower() in RAW:
        return read_raw(path, RAW[path.suffix.lower()], most=most)[0]
    try:
        with path.open("rb") as file:
            return decode_wav(file, most)
    except OSError as error:
        raise SoundFileError(error.strerror or str(error), "check its name and owner", str(path)) from error
    except SoundFileError as error:
        raise SoundFileError(error.problem, error.advice, str(path)) from error


def make(path: Path, target: float, most: float = MAX_PROMPT_SECONDS) -> Made:
    """A prompt at `target` dBm0 of active speech, or less where a peak would clip. SoundFileError, also for silence."""
    source = look(path, most)
    signal = from_pcm(read_recording(path, most))
    kept = trim(signal)
    if not kept:
        raise SoundFileError("it has nothing but silence in it", "record it again", str(path))
    before = active_level(kept)
    pcm = to_pcm(level(kept, target))
    clipped = sum(abs(sample) > CLIPPED_FROM for sample in signal) / len(signal)
    complaints = []
    if clipped > MOST_CLIPPED:
        complaints.append(f"it is clipped ({clipped:.1%} of it is at the end of the scale): record it with less gain")
    if before < QUIETEST:
        complaints.append(f"it is too quiet ({before:.0f} dBm0): raised, its noise is heard; record it louder")
    if len(kept) < 5 * FRAME:
        complaints.append(f"it is only {len(kept) / RATE:.2f} s long: is anything missing?")
    return Made(source, pcm, before, active_level(from_pcm(pcm)), (len(signal) - len(kept)) / RATE, tuple(complaints))


def level_of(pcm: bytes) -> float:
    """Active level of a prompt in dBm0; -99: silence."""
    return active_level(from_pcm(pcm)) if pcm else dbm0(0.0)
