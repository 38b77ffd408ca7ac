"""Files of messages and greetings: one voice of a recording, which a power cut leaves whole or not at all."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from ccappliance.apps.voicemail.tail import without_tail
from ccappliance.base.units import RATE
from ccappliance.media.files import SoundFileError, read_channels, wav_header
from ccappliance.media.ports import Sound
from ccappliance.media.tones import Zone


@dataclass(frozen=True, slots=True)
class Brought:
    """A file below the voicemail directory ("": none), and the seconds that were spoken."""

    path: str
    seconds: float


class SoundFiles:
    """The voicemail directory. None: no sound is kept, and what is played is silence of the right length.

    Every method may wait for the disk; call them beside the loop.
    """

    def __init__(self, directory: Path | None, recordings: Path | None, zone: Zone) -> None:
        """`zone`: whose tones may stand at the end of a message."""
        self._zone = zone
        self.directory = directory
        self._recordings = recordings

    def bring(self, source: str, seconds: float, to: str, least: float = 0.0) -> Brought:
        """Bring what the customer said in a recording of so many seconds here as `to`, unless it is below `least`.

        OSError if it cannot be written, SoundFileError if the recording cannot be read.
        """
        if self.directory is None or self._recordings is None or not source:
            return Brought("", seconds)
        voice = without_tail(read_channels(self._recordings / source)[0], self._zone)
        seconds = round(len(voice) / 2 / RATE, 3)
        if seconds < least:
            return Brought("", seconds)
        path = self.directory / to
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("wb") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(wav_header(1, len(voice)) + voice)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_folder(path.parent)
        return Brought(to, seconds)

    def spoken(self, source: str, seconds: float) -> Sound:
        """The customer's side of a recording that is not brought yet."""
        if self._recordings is None or not source:
            return _silence(source, seconds)
        try:
            return Sound(f"message/{source}", read_channels(self._recordings / source)[0])
        except SoundFileError:
            return _silence(source, seconds)

    def sound(self, path: str, seconds: float) -> Sound:
        """What was brought; silence if it is not there any more."""
        if self.directory is None or not path:
            return _silence(path, seconds)
        try:
            return Sound(f"message/{path}", read_channels(self.directory / path)[0])
        except SoundFileError:
            return _silence(path, seconds)

    def read(self, path: str) -> bytes:
        """The file itself; b"" if there is none."""
        if self.directory is None or not path:
            return b""
        try:
            return (self.directory / path).read_bytes()
        except OSError:
            return b""

    def remove(self, path: str) -> None:
        if self.directory is not None and path:
            with contextlib.suppress(OSError):
                (self.directory / path).unlink()


def _silence(name: str, seconds: float) -> Sound:
    return Sound(f"message/{name}", bytes(2 * max(160, round(8000 * seconds))))


def _sync_folder(folder: Path) -> None:
    """Make the disk know the file's name as well."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
