"""A WAV that grows on disk and can be played at every moment, whatever cuts it off."""

import errno
import os
from pathlib import Path

from ccappliance.base.units import RATE
from ccappliance.media.files import HEADER, wav_header

CHANNELS = 2  # left: what arrived from the party; right: what he was sent
FRAME_BYTES = 2 * CHANNELS
_SECOND = RATE * FRAME_BYTES


class GrowingWav:
    """One recording's file, 8 kHz 16 bit stereo. All its methods may wait for the disk and raise OSError.

    The header first says "unknown length", which players read as "to the end"; it is made right after every second
    of sound and at `close`.
    """

    def __init__(self, path: Path, sync: float = 0.0) -> None:
        """`sync`: seconds of sound after which the disk is made to have it; 0: never."""
        self.path = path
        self.data_bytes = 0
        self._fd = -1
        self._sync = int(sync * _SECOND)
        self._unsynced = 0
        self._unfixed = 0

    @property
    def samples(self) -> int:
        """Samples per channel in the file."""
        return self.data_bytes // FRAME_BYTES

    @property
    def is_open(self) -> bool:
        return self._fd >= 0

    def open(self) -> None:
        """Create it, with its folder; FileExistsError rather than overwrite a recording."""
        self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        os.write(self._fd, wav_header(CHANNELS, None))
        os.lseek(self._fd, HEADER, os.SEEK_SET)

    def write(self, data: bytes) -> None:
        """Append interleaved samples."""
        view = memoryview(data)
        while view:
            done = os.write(self._fd, view)
            self.data_bytes += done
            if done == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            view = view[done:]
        self._unfixed += len(data)
        self._unsynced += len(data)
        if self._unfixed >= _SECOND:
            self.fix()
        if self._sync and self._unsynced >= self._sync:
            os.fdatasync(self._fd)
            self._unsynced = 0

    def fix(self) -> None:
        """Make the header say what is there."""
        os.pwrite(self._fd, wav_header(CHANNELS, self.samples * FRAME_BYTES), 0)
        self._unfixed = 0

    def close(self) -> None:
        """Right header, whole frames, on disk if that was asked for. Harmless twice; the file is closed in any case."""
        if self._fd < 0:
            return
        try:
            self.fix()
            os.ftruncate(self._fd, HEADER + self.samples * FRAME_BYTES)
            if self._sync:
                os.fdatasync(self._fd)
        finally:
            fd, self._fd = self._fd, -1
            os.close(fd)


def seconds_in(path: Path) -> float:
    """Sound in a recording of ours by its size; 0.0 if there is none."""
    try:
        return max(0, path.stat().st_size - HEADER) // FRAME_BYTES / RATE
    except OSError:
        return 0.0


def repair(path: Path) -> bool:
    """Make a recording that was cut off whole: header by its size. True if something had to be done; OSError.

    Idempotent. A file that is not ours (another header) is left as it is.
    """
    size = path.stat().st_size
    samples = max(0, size - HEADER) // FRAME_BYTES
    right = wav_header(CHANNELS, samples * FRAME_BYTES)
    with path.open("r+b") as file:
        header = file.read(HEADER)
        if header == right and size == HEADER + samples * FRAME_BYTES:
            return False
        ours = wav_header(CHANNELS, None)
        if len(header) == HEADER and (header[8:40] != ours[8:40] or header[:4] != ours[:4]):
            return False
        if len(header) < HEADER and header != ours[:len(header)]:
            return False
        file.seek(0)
        file.write(right)
        file.truncate(HEADER + samples * FRAME_BYTES)
        file.flush()
        os.fsync(file.fileno())
    return True


def repair_recent(directory: Path, days: int = 2) -> list[Path]:
    """Repair what a kill left unfinished in the newest `days` day folders (no call lasts longer); those repaired.

    What cannot be repaired (its disk fails) is left for its player, which reads to the end anyway.
    """
    repaired = []
    folders = sorted(folder for folder in directory.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]"))
    for folder in folders[-days:]:
        for path in sorted(folder.glob("*.wav")):
            try:
                if repair(path):
                    repaired.append(path)
            except OSError:
                continue
    return repaired
