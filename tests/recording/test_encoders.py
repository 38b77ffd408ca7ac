"""The archive with the real encoders: FLAC comes back to the bit, Opus with its length, its voices and nothing else."""

import shutil
import wave
from pathlib import Path

import numpy as np
import pytest

from ccappliance.apps.recording.archive import Archiver
from ccappliance.apps.recording.custody import Custody, Means
from ccappliance.apps.recording.playable import FilePlayable
from ccappliance.apps.recording.settings import ArchiveSettings
from ccappliance.base.units import RATE
from ccappliance.media.files import wav_header
from ccappliance.service.disk import RealDisk

SECONDS = 12
OPUS_SNR = 12.0  # dB; 32 kbit/s for two voices measured 18.9 and 15.4 with opus-tools 0.2
OPUS_LEAK = -50.0  # dB of one voice in the other's channel while he is silent; measured -69, but -26 at 24 kbit/s

pytestmark = pytest.mark.slow


def needs(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"SKIPPED the real encoders: {', '.join(missing)} not installed (apt install flac opus-tools)")


def voice(chance: np.random.Generator, pitch: float) -> np.ndarray:
    """Like speech: gliding harmonics in syllables, with pauses, at about -20 dBm0."""
    t = np.arange(SECONDS * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * t))) / RATE
    tone = sum(np.sin(n * phase + chance.uniform(0, 6)) / n for n in range(1, int(3400 / pitch / 1.1)))
    syllables = np.repeat(chance.random(SECONDS * 4) > 0.35, RATE // 4)
    smooth = np.convolve(syllables, np.hanning(RATE // 20) / (RATE / 40), "same")
    return 2500 * np.asarray(tone) * smooth


def stereo(seed: int) -> bytes:
    """Both talk, for four seconds only the customer does."""
    chance = np.random.default_rng(seed)
    left, right = voice(chance, 210.0), voice(chance, 120.0)
    right[4 * RATE:8 * RATE] = 0
    return np.stack([left, right], axis=1).round().astype("<i2").tobytes()


@pytest.fixture
def recording(tmp_path: Path, seed: int) -> tuple[bytes, Path]:
    """A WAV as the archiver gets one, beside the folder it writes to."""
    pcm = stereo(seed)
    source = tmp_path / "source.wav"
    source.write_bytes(wav_header(2, len(pcm)) + pcm)
    return pcm, tmp_path


def archived(form: str, folder: Path) -> Path:
    disk = RealDisk(patient=False)
    archiver = Archiver(disk, folder, ArchiveSettings(form=form))
    kept = archiver.keep(FilePlayable(disk, disk.open(folder / "source.wav")), "2026/11/22/a.wav")
    assert (kept.form, kept.complaint) == (form, "")
    assert sorted(path.name for path in (folder / "2026/11/22").iterdir()) == [f"a.{form}"], "nothing is left over"
    assert kept.size == (folder / kept.path).stat().st_size
    return folder / kept.path


def played(path: Path, folder: Path) -> bytes:
    """As `recordings play` has it: decoded by the configured command."""
    disk = RealDisk(patient=False)

    class Recorder:
        """Where custody decodes, and with which commands."""

        directory = folder
        settings = type("Settings", (), {"archive": ArchiveSettings()})

    custody = Custody(Means(Recorder(), *[None] * 8))  # type: ignore[arg-type]
    sound = custody._decoded(FilePlayable(disk, disk.open(path)), path.name)
    try:
        return sound.read(0, sound.size)
    finally:
        sound.close()


def test_flac_comes_back_to_the_bit(recording: tuple[bytes, Path]) -> None:
    needs("flac")
    pcm, folder = recording
    path = archived("flac", folder)
    print(f"flac: {path.stat().st_size / len(pcm):.2f} of the WAV")
    assert played(path, folder) == wav_header(2, len(pcm)) + pcm


def test_opus_has_its_length_and_both_voices(recording: tuple[bytes, Path]) -> None:
    needs("opusenc", "opusdec")
    pcm, folder = recording
    path = archived("opus", folder)
    (folder / "back.wav").write_bytes(played(path, folder))
    with wave.open(str(folder / "back.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE)
        back = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float).reshape(-1, 2)
    sent = np.frombuffer(pcm, "<i2").astype(float).reshape(-1, 2)
    assert abs(len(back) - len(sent)) <= 0.1 * RATE
    length = min(len(back), len(sent)) - 200
    found = [max(_snr(sent[100:length, leg], back[100 + late:length + late, leg]) for late in range(-100, 100))
             for leg in (0, 1)]
    silent = slice(5 * RATE, 7 * RATE)
    leak = 20 * np.log10((np.std(back[silent, 1]) + 1e-9) / np.std(sent[silent, 0]))
    print(f"opus: {path.stat().st_size * 8 / SECONDS / 1000:.1f} kbit/s, SNR {found[0]:.1f} and {found[1]:.1f} dB, "
          f"leak {leak:.1f} dB")
    assert min(found) >= OPUS_SNR
    assert leak <= OPUS_LEAK


def _snr(sent: np.ndarray, back: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(sent**2) / max(1.0, np.sum((sent - back)**2))))
