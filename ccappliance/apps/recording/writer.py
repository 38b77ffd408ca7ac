"""The tape writer: empties all tapes into the log, round by round, and alone waits for the disk; and the archiver.

A round every twelfth of a second pushes everything to the system in one write; every third round commits it, so that
one sync in 250 ms serves all calls. In virtual time the same rounds are done by hand.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable

from ccappliance.apps.recording.archive import Archived, ArchiveError, Archiver, lowest_priority
from ccappliance.apps.recording.keys import Locked
from ccappliance.apps.recording.playable import TakeWav
from ccappliance.apps.recording.takes import Label, Take
from ccappliance.apps.recording.tape_log import TapeLog
from ccappliance.media.ports import Tape

ROUND = 1.0 / 12.0  # s between two rounds: what a kill may take; three of them are the 250 ms of a commit
AGAIN = 12  # rounds until a disk that took nothing is tried again; the rings hold ten times as much (F29)
ARCHIVE_AGAIN = 30.0  # s until what could not be archived is tried again
_CATCH_UP = 16  # reads of one tape in one round: whoever is behind catches up without holding up the others


class Reel:
    """One tape on its way to the log. The loop sets `stopping`; everything else belongs to whoever does the rounds."""

    def __init__(self, tape: Tape, label: Label) -> None:
        self.tape = tape
        self.label = label
        self.stopping = False
        self.error = ""  # why it failed; the disk's trouble is everybody's and stands in `Rounds.trouble`
        self.samples = 0  # per leg, read and added to the log
        self.safe = 0  # of them committed
        self.number = 0  # in the log
        self.ended = False  # its end has been added
        self.over = False  # … and committed

    @property
    def missing(self) -> int:
        """Samples per leg on the tape that are not in the log."""
        return max(0, self.tape.samples - self.samples)


class Rounds:
    """What is done in each round. `over(reel)` is told once for each reel, when its end is safe; `troubled(words)`
    when the disk fails, and with "" when it works again."""

    def __init__(self, log: TapeLog, commit_every: int, over: Callable[[Reel], None],
                 troubled: Callable[[str], None]) -> None:
        """`commit_every` rounds; 0: the system writes when it likes."""
        self.log = log
        self.trouble = ""
        self.reels: list[Reel] = []
        self._commit_every = commit_every
        self._over = over
        self._troubled = troubled
        self._count = 0
        self._resting = 0  # rounds until the disk is tried again
        self._freed = False
        self._logger = logging.getLogger("ccappliance.recording")

    @property
    def idle(self) -> bool:
        """Nothing to read, nothing to write, nothing to tidy."""
        return not (self.reels or self.log.waiting or self._freed)

    def add(self, reel: Reel) -> None:
        try:
            reel.number = self.log.begin(reel.label)
        except Locked as error:  # it must be sealed and cannot be: no sound is better than sound in clear
            reel.error, reel.ended = str(error), True
        self.reels.append(reel)

    def free(self, number: int) -> None:
        """The sound of this recording is not needed in the log any more."""
        self.log.free(number)
        self._freed = True

    def free_unused(self) -> None:
        """Look for segments that nobody needs after the next commit."""
        self._freed = True

    def close(self) -> None:
        """Let go of the files, after the last round."""
        with contextlib.suppress(OSError):
            self.log.close()

    def round(self, *, commit: bool = False) -> None:
        """One round; `commit`: whatever the count says. Never raises."""
        if self._resting and not commit:
            self._resting -= 1
            return
        if not self.trouble:
            for reel in self.reels:
                self._empty(reel)
        self._count += 1
        freed, self._freed = self._freed, False
        due = commit or self._commit_every == 0 or self._count % self._commit_every == 0
        try:
            self._write(due)
        except OSError:
            try:  # what failed was one segment: another may do
                self._write(due)
            except OSError as error:
                self._freed = self._freed or freed
                self._rest(error.strerror or str(error))
                return
        self._well()
        if due:
            self._tell()
            if freed:
                with contextlib.suppress(OSError):  # the segments can wait
                    self.log.recycle()
        else:
            self._freed = self._freed or freed

    def _write(self, due: bool) -> None:
        if not due:
            self.log.push()
        elif self._commit_every:
            self.log.commit()
        else:
            self.log.settle()

    def _empty(self, reel: Reel) -> None:
        """Everything on the tape into the log; after its stop, its end as well."""
        if reel.ended:
            return
        stopping = reel.stopping  # read first: what was recorded until the stop is in the ring already
        try:
            for _ in range(_CATCH_UP):
                data = reel.tape.read()
                if not data:
                    break
                count = len(data) // 4
                if reel.tape.hidden:
                    self.log.pause(reel.number, reel.samples, count)
                else:
                    self.log.sound(reel.number, reel.samples, data)
                reel.samples += count
            else:
                return  # more is there: its end comes later
        except Exception as error:  # the outer edge of a thread: one tape's bug, not everybody's silence
            self._logger.exception("tape failed", extra={"fields": {"recording": reel.label.recording}})
            reel.error = f"{type(error).__name__}: {error}"
        if stopping or reel.error:
            self.log.end(reel.number, reel.samples, reel.tape.lost + reel.missing,
                         "failed" if reel.error else "complete")
            reel.ended = True

    def _tell(self) -> None:
        """After a commit: whose end is safe now."""
        over = [reel for reel in self.reels if reel.ended]
        self.reels = [reel for reel in self.reels if not reel.ended]
        for reel in self.reels:
            reel.safe = reel.samples
        for reel in over:
            reel.safe, reel.over = reel.samples, True
            reel.tape.settle()  # before anybody may free it: a later run must not find what was purged
            self._over(reel)

    def _rest(self, words: str) -> None:
        self._resting = AGAIN
        if not self.trouble:
            self.trouble = words
            self._troubled(words)

    def _well(self) -> None:
        if self.trouble:
            self.trouble = ""
            self._troubled("")


class WriterThread:
    """Does the rounds. It may hang in the disk for ever: nobody waits for it."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._requests: queue.SimpleQueue[Reel | int | threading.Event] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._never = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tape-writer", daemon=True)
        self._thread.start()

    def add(self, reel: Reel) -> None:
        self._requests.put(reel)
        self._wake.set()

    def free(self, number: int) -> None:
        self._requests.put(number)
        self._wake.set()

    def wake(self) -> None:
        """There is something to do although no reel runs."""
        self._wake.set()

    def pass_by(self, patience: float) -> None:
        """Wait until the round under way is over, with everything it tells."""
        passed = threading.Event()
        self._requests.put(passed)
        self._wake.set()
        passed.wait(patience)

    def close(self, patience: float) -> None:
        """End the thread when its reels are over, or leave it in its disk after `patience` seconds."""
        self._closing.set()
        self._wake.set()
        self._thread.join(patience)

    def _run(self) -> None:
        rounds = self._rounds
        while not (self._closing.is_set() and rounds.idle and self._requests.empty()):
            if rounds.idle and self._requests.empty():
                self._wake.wait()
            self._wake.clear()
            while not self._requests.empty():
                request = self._requests.get()
                if isinstance(request, int):
                    rounds.free(request)
                elif isinstance(request, Reel):
                    rounds.add(request)
                else:
                    request.set()
            rounds.round()
            if not rounds.idle:
                self._never.wait(ROUND)
        rounds.close()


class ArchiveThread:
    """Gives each recording that is over a file of its own, one after the other, when the machine has nothing better to
    do. `kept(take, archived)` and `troubled(words)` are called in this thread."""

    def __init__(self, archiver: Archiver, log: TapeLog, kept: Callable[[Take, Archived], None],
                 troubled: Callable[[str], None]) -> None:
        self._archiver = archiver
        self._log = log
        self._kept = kept
        self._troubled = troubled
        self._wanted: queue.SimpleQueue[Take | str | Callable[[], None] | None] = queue.SimpleQueue()
        self._again: list[Take | str] = []
        self._trouble = ""
        self._thread = threading.Thread(target=self._run, name="archiver", daemon=True)
        self._thread.start()

    def add(self, take: Take | str | Callable[[], None]) -> None:
        """A recording that is over; the path of a file that is to go for good; or what else is done to files between
        those two, which sees to its own errors."""
        self._wanted.put(take)

    def close(self, patience: float) -> None:
        """Do what waits, at most `patience` seconds: what is not done then lies in the segments, and is done after the
        next start."""
        self._wanted.put(None)
        self._thread.join(patience)

    def _run(self) -> None:
        lowest_priority(threading.get_native_id())
        while True:
            try:
                take = self._wanted.get(timeout=ARCHIVE_AGAIN if self._again else None)
            except queue.Empty:
                again, self._again = self._again, []
                for late in again:
                    self._keep(late)
                continue
            if take is None:
                return
            if callable(take):
                take()
            else:
                self._keep(take)

    def _keep(self, take: Take | str) -> None:
        if isinstance(take, Take) and take.freed_in:  # taken away while it waited
            return
        try:
            if isinstance(take, str):
                self._archiver.purge(take)
                return
            archived = self._archiver.keep(TakeWav(self._log, take), take.label.path, take.label.recording, take.key)
        except (OSError, ArchiveError) as error:
            self._again.append(take)
            self._say(str(error))
            return
        self._say(archived.complaint)
        self._kept(take, archived)

    def _say(self, words: str) -> None:
        if bool(words) != bool(self._trouble):
            self._troubled(words)
        self._trouble = words
