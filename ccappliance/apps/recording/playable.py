"""A recording as a WAV that nobody has written: computed from the segments, any range of its bytes, at any moment.

Stereo, 16 bit, 8 kHz: left the customer, right what the customer heard. It needs no clean end of the recording: what is
safe in the segments can be played while the call goes on, and after a power cut.
"""

from typing import Protocol

from ccappliance.apps.recording.sound import join
from ccappliance.apps.recording.takes import LEGS, Take
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.base.errors import Refused
from ccappliance.media.files import HEADER, wav_header
from ccappliance.service.disk import Disk

CHANNELS = 2
FRAME = 2 * CHANNELS  # bytes of one sample of both


class Playable(Protocol):
    """What a player or a web server needs: HTTP's ranges are `read(first, last + 1 - first)`."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """These bytes; fewer only at the end. Waits for the disk. Refused("moved"): ask for the recording again."""
        ...

    def close(self) -> None: ...


class TakeWav:
    """A take of the log as a WAV; its length is that of the moment in which it was made."""

    def __init__(self, log: TapeLog, take: Take) -> None:
        self.samples = take.samples
        self._log = log
        self._take = take
        self._header = wav_header(CHANNELS, self.samples * FRAME)

    @property
    def size(self) -> int:
        return HEADER + self.samples * FRAME

    def read(self, offset: int, length: int) -> bytes:
        end = min(self.size, offset + max(0, length))
        if offset < 0 or offset >= end:
            return b""
        head = self._header[offset:end] if offset < HEADER else b""
        begin, stop = max(0, offset - HEADER), end - HEADER
        if stop <= begin:
            return head
        first, last = begin // FRAME, -(-stop // FRAME)
        left, right = (self._log.pcm(self._take, leg, first, last) for leg in LEGS)
        if self._take.freed_in:  # its segments may be used again by now
            raise Refused("moved", f"recording {self._take.label.recording} has moved into its file: open it again")
        return head + join(left, right)[begin - first * FRAME:stop - first * FRAME]

    def close(self) -> None:
        """Nothing is held."""


class FilePlayable:
    """A recording that has a file of its own."""

    def __init__(self, disk: Disk, file: int) -> None:
        self._disk = disk
        self._file = file
        self.size = disk.size(file)

    def read(self, offset: int, length: int) -> bytes:
        end = min(self.size, offset + max(0, length))
        return self._disk.read(self._file, end - offset, offset) if 0 <= offset < end else b""

    def close(self) -> None:
        self._disk.close(self._file)
