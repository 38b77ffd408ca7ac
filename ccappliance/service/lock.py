"""A lock file: one process at a time, and the next one is told who holds it."""

import contextlib
import fcntl
import os
from pathlib import Path

from ccappliance.base.errors import Refused


class LockFile:
    """An exclusive flock, held from construction to `release` or the end of the process, however it ends.

    The file stays when the lock goes: to unlink it would let two processes lock two files of one name.
    """

    def __init__(self, path: Path | str, what: str = "ccappliance") -> None:
        """Refused("already_running") naming the process that holds it; OSError if the file cannot be made."""
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _read_pid(self._fd)
            os.close(self._fd)
            who = f"as process {pid} " if pid else ""
            raise Refused("already_running", f"{what} is already running {who}and holds {self.path}; "
                                             "stop it first, or give this one another directory") from None
        with contextlib.suppress(OSError):  # a full disk costs the pid in the message, not the lock
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Let the next one in; harmless twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _read_pid(fd: int) -> int:
    text = os.pread(fd, 32, 0).strip()
    return int(text) if text.isdigit() else 0
