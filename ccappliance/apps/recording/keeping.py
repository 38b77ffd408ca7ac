"""The keeper of all sound: log, writer and archiver joined; in threads, or by hand in virtual time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccappliance.apps.recording.archive import Archived, ArchiveError, Archiver
from ccappliance.apps.recording.playable import FilePlayable, Playable, TakeWav
from ccappliance.apps.recording.recovery import Recovered, recover
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.recording.takes import Take, Takes
from ccappliance.apps.recording.tape_log import Segments, TapeLog
from ccappliance.apps.recording.writer import ROUND, ArchiveThread, Reel, Rounds, WriterThread
from ccappliance.service.disk import Disk, RealDisk

SEGMENTS = "segments"  # their folder, below that of the recordings
MIB = 1 << 20


@dataclass(frozen=True)
class Told:
    """Who hears what became of sound. In threads, each is called in the thread that knows it."""

    over: Callable[[Reel], None]  # its end is safe
    kept: Callable[[Take, Archived], None]  # it has a file
    troubled: Callable[[str], None]  # the disk takes nothing; "": it does again
    archive_troubled: Callable[[str], None]


class Keeping:
    """Takes reels, keeps their sound, gives it out again. Nothing here raises because of the disk but `play`."""

    def __init__(self, settings: RecordingSettings, directory: Path, told: Told, *, threaded: bool,
                 disk: Disk | None = None) -> None:
        self.directory = directory
        self.archiver = Archiver(disk or RealDisk(patient=threaded), directory, settings.archive)
        self._disk = disk or RealDisk(patient=threaded)
        self._told = told
        self._threaded = threaded
        self._size = (settings.segment if threaded else 1) * MIB  # stories are short, and leave many folders behind
        self._every = max(1, round(settings.sync / ROUND)) if threaded and settings.sync else 0
        self._state: Recovered | None = None
        self._log: TapeLog | None = None
        self._rounds: Rounds | None = None
        self._writer: WriterThread | None = None
        self._archive: ArchiveThread | None = None

    # ---- at start ----

    def recover(self) -> Recovered:
        """What is there; waits for the disk the first time. A directory that cannot be read holds nothing, and is
        told."""
        if self._state is None:
            segments = self.directory / SEGMENTS
            try:
                self._state = recover(self._disk, segments, self._size)
            except OSError as error:
                self._state = Recovered(Takes(), Segments(segments))
                self._told.troubled(error.strerror or str(error))
        return self._state

    def tidy(self) -> None:
        """Go on with what the last run left: end what it did not end, give files to what has none."""
        state = self.recover()
        log, rounds = self._opened()
        for take in state.interrupted:
            log.end(take.number, take.samples, take.missing, "interrupted")
        left = [take for take in state.takes if not take.freed_in]
        if left or state.segments.in_use:
            rounds.free_unused()
        if self._threaded:
            self._start_threads()
            assert self._writer is not None
            self._writer.wake()
        else:
            rounds.round(commit=True)
        for take in left:
            self._file(take)

    # ---- recording ----

    def add(self, reel: Reel) -> None:
        _, rounds = self._opened()
        if self._threaded:
            self._start_threads()
            assert self._writer is not None
            self._writer.add(reel)
        else:
            rounds.add(reel)

    def round(self, *, commit: bool = False) -> None:
        """By hand: one round of the writer."""
        if self._rounds is not None and not self._threaded:
            self._rounds.round(commit=commit)

    @property
    def trouble(self) -> str:
        """Why nothing can be recorded now; "": it can."""
        return self._rounds.trouble if self._rounds is not None else ""

    def remove(self, path: str) -> None:
        """A file goes for good, soon in the archiver's thread, or at once; again later if the disk fails."""
        if self._threaded:
            self._start_threads()
            assert self._archive is not None
            self._archive.add(path)
            return
        try:
            self.archiver.purge(path)
        except OSError as error:
            self._told.archive_troubled(str(error))

    # ---- listening ----

    def play(self, path: str) -> Playable:
        """A recording by the path it was told under, or that of its file. FileNotFoundError, OSError."""
        take = self.recover().takes.by_path(path)
        if take is not None and not take.freed_in and self._log is not None:
            return TakeWav(self._log, take)
        return FilePlayable(self._disk, self._disk.open(self.directory / path))

    def take(self, path: str) -> Take | None:
        return self.recover().takes.by_path(path)

    # ---- end ----

    def close(self, patience: float) -> None:
        """Archive and commit what waits, at most `patience` seconds for each; what is left is done after the next
        start."""
        if self._writer is not None and self._archive is not None:
            self._writer.pass_by(patience)  # what was over a moment ago is on its way to the archiver
            self._archive.close(patience)
            self._writer.close(patience)
        elif self._rounds is not None:
            self._rounds.round(commit=True)
            self._rounds.close()

    # ---- inside ----

    def _opened(self) -> tuple[TapeLog, Rounds]:
        if self._log is None or self._rounds is None:
            state = self.recover()
            self._log = TapeLog(self._disk, state.takes, state.segments, self._size)
            self._rounds = Rounds(self._log, self._every, self._over, self._told.troubled)
        return self._log, self._rounds

    def _start_threads(self) -> None:
        if self._writer is None:
            log, rounds = self._opened()
            self._writer = WriterThread(rounds)
            self._archive = ArchiveThread(self.archiver, log, self._kept, self._told.archive_troubled)

    def _over(self, reel: Reel) -> None:
        self._told.over(reel)
        take = self.recover().takes.by_number.get(reel.number)
        if take is not None:
            self._file(take)

    def _file(self, take: Take) -> None:
        """Soon in a thread, or at once."""
        if self._archive is not None:
            self._archive.add(take)
            return
        assert self._log is not None
        try:
            archived = self.archiver.keep(TakeWav(self._log, take), take.label.path)
        except (OSError, ArchiveError) as error:
            self._told.archive_troubled(str(error))
            return
        self._told.archive_troubled(archived.complaint)
        self._kept(take, archived)

    def _kept(self, take: Take, archived: Archived) -> None:
        self._told.kept(take, archived)
        if self._writer is not None:
            self._writer.free(take.number)
        else:
            assert self._rounds is not None
            self._rounds.free(take.number)
