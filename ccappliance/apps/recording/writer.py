"""The tape writer: empties tapes into files, and alone waits for the disk; as a thread, or by hand in virtual time."""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable

from ccappliance.apps.recording.wav import FRAME_BYTES, GrowingWav
from ccappliance.media.ports import Tape

PUMP = 0.1  # s between two rounds: a hundredth of what a tape's ring holds, and a fifth of what F37 may lose


class Reel:
    """One tape on its way to its file. The loop sets `stopping`; everything else belongs to whoever pumps."""

    def __init__(self, tape: Tape, file: GrowingWav) -> None:
        self.tape = tape
        self.file = file
        self.stopping = False
        self.error = ""  # why it failed
        self.hushed: tuple[tuple[int, int | None], ...] = ()  # by the loop: silent from, until (None: still)
        self.missing = 0  # samples per channel on the tape that are not in the file
        self._opened = False

    def pump(self) -> bool:
        """Write what there is; True when it is over: stopped and all written, or failed (`error`)."""
        stopping = self.stopping  # read first: what was recorded until the stop is in the ring already
        recorded = self.tape.samples
        try:
            if not self._opened:
                self.file.open()
                self._opened = True
            while data := self.tape.read():
                self.file.write(self._hush(data))
                if not stopping:
                    break
            if stopping:
                self.file.close()
        except OSError as error:
            self.error = error.strerror or str(error)
            with contextlib.suppress(OSError):
                self.file.close()
        self.missing = max(0, recorded - self.file.samples)
        return stopping or bool(self.error)


    def _hush(self, data: bytes) -> bytes:
        """Silence instead of what falls into a pause. Looks after reading: a pause is known before its first sample."""
        begin = self.file.samples
        count = len(data) // FRAME_BYTES
        for since, until in self.hushed:
            first = min(max(since - begin, 0), count)
            last = count if until is None else min(max(until - begin, first), count)
            if first < last:
                data = data[:first * FRAME_BYTES] + bytes((last - first) * FRAME_BYTES) + data[last * FRAME_BYTES:]
        return data


class WriterThread:
    """Pumps all reels every 100 ms. It may hang in the disk for ever: nobody waits for it."""

    def __init__(self, over: Callable[[Reel], None]) -> None:
        """`over(reel)` is called in this thread, once for each reel, when it is over."""
        self._over = over
        self._reels: list[Reel] = []
        self._new: queue.SimpleQueue[Reel] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._closing = False
        self._log = logging.getLogger("ccappliance.recording")
        self._thread = threading.Thread(target=self._run, name="tape-writer", daemon=True)
        self._thread.start()

    def add(self, reel: Reel) -> None:
        self._new.put(reel)
        self._wake.set()

    def hurry(self) -> None:
        """Do the next round at once: a reel was stopped."""
        self._wake.set()

    def close(self, patience: float) -> None:
        """End the thread when its reels are over, or leave it in its disk after `patience` seconds."""
        self._closing = True
        self._wake.set()
        self._thread.join(patience)

    def _run(self) -> None:
        while self._reels or not self._closing or not self._new.empty():
            self._wake.wait(PUMP if self._reels else None)
            self._wake.clear()
            while not self._new.empty():
                self._reels.append(self._new.get())
            self._reels = [reel for reel in self._reels if not self._pump(reel)]

    def _pump(self, reel: Reel) -> bool:
        try:
            over = reel.pump()
        except Exception as error:  # noqa: BLE001  the outer edge of a thread: one tape's bug, not everybody's silence
            self._log.exception("tape failed", extra={"fields": {"path": str(reel.file.path)}})
            reel.error = f"{type(error).__name__}: {error}"
            over = True
        if over:
            self._over(reel)
        return over
