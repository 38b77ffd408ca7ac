"""The keeper of all sound: log, writer and archiver joined; in threads, or by hand in virtual time."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccappliance.apps.recording.archive import Archived, ArchiveError, Archiver
from ccappliance.apps.recording.cipher import Damaged
from ccappliance.apps.recording.keys import Locked
from ccappliance.apps.recording.playable import FilePlayable, Playable, TakeWav
from ccappliance.apps.recording.recovery import Recovered, recover
from ccappliance.apps.recording.salvage import Remains, salvage
from ccappliance.apps.recording.seal import Seal, Vault
from ccappliance.apps.recording.sealed_file import HEADER as SEALED_HEADER
from ccappliance.apps.recording.sealed_file import SealedFile, key_of
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.recording.takes import Take, Takes
from ccappliance.apps.recording.tape_log import Segments, TapeLog
from ccappliance.apps.recording.writer import ROUND, ArchiveThread, Reel, Rounds, WriterThread
from ccappliance.base.errors import CcError
from ccappliance.service.disk import Disk, RealDisk

SEGMENTS = "segments"  # their folder, below that of the recordings
MIB = 1 << 20
_SOUNDS = (b"RIFF", b"fLaC", b"OggS")  # how files of sound begin; noise is never played


@dataclass(frozen=True)
class Told:
    """Who hears what became of sound. In threads, each is called in the thread that knows it."""

    over: Callable[[Reel], None]  # its end is safe
    kept: Callable[[Take, Archived], None]  # it has a file
    troubled: Callable[[str], None]  # the disk takes nothing; "": it does again
    archive_troubled: Callable[[str], None]
    keys_troubled: Callable[[str], None] = lambda words: None  # keys are missing or damaged
    signed: Callable[[int, str], None] = lambda number, digest: None  # an entry of the ledger


class Keeping:
    """Takes reels, keeps their sound, gives it out again. Nothing here raises because of the disk but `play`."""

    def __init__(self, settings: RecordingSettings, directory: Path, told: Told, *, threaded: bool,
                 disk: Disk | None = None, vault: Vault | None = None, remains: Remains | None = None) -> None:
        """`vault`: of keys and signatures; None: nothing is sealed, and there is no ledger. `remains`: rings that a
        killed run may have left."""
        self.directory = directory
        self._disk = disk or RealDisk(patient=threaded)
        self._seal = Seal(self._disk, directory, vault, told.signed) if vault is not None else None
        self._sealing = settings.encrypt
        if self._seal is not None:
            self._seal.key_of = self._key_of
        self.archiver = Archiver(self._disk, directory, settings.archive, self._seal)
        self._told = told
        self._remains = remains
        self._waiting: dict[int, None] = {}  # takes whose rings wait for their key: neither ended nor filed
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
                self._state = recover(self._disk, segments, self._size,
                                      self._seal.has_key if self._seal is not None else lambda number: True)
            except OSError as error:
                self._state = Recovered(Takes(), Segments(segments))
                self._told.troubled(error.strerror or str(error))
            if self._remains is not None:
                self._salvage(self._remains)
        return self._state

    def _salvage(self, remains: Remains) -> None:
        log, _ = self._opened()
        try:
            saved = salvage(log, remains)
        except OSError as error:  # the next start tries again: the rings stay
            self._told.troubled(error.strerror or str(error))
            return
        state = self.recover()
        self._waiting = dict.fromkeys(take.number for take in saved.waiting)
        found = [take for take in state.interrupted if take.number not in self._waiting]
        state.interrupted = found + [take for take in saved.ended if take not in found]
        if saved.why:
            self._told.keys_troubled(saved.why)
        else:
            remains.forget()

    def apply(self, settings: RecordingSettings) -> None:
        """After a reload: recordings that begin from now on are sealed, or not."""
        self.archiver.settings = settings.archive
        changed, self._sealing = settings.encrypt != self._sealing, settings.encrypt
        if changed and self._log is not None:
            self._open_seal()

    def tidy(self) -> None:
        """Go on with what the last run left: end what it did not end, give files to what has none."""
        state = self.recover()
        log, rounds = self._opened()
        for take in state.interrupted:
            if take.closed is not None:
                continue  # `salvage` has ended it
            log.end(take.number, take.samples, take.missing, "interrupted")
        left = [take for take in state.takes if not take.freed_in and take.number not in self._waiting]
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

    def keep_text(self, file: str, text: bytes, recording: str, told: Callable[[str], None]) -> None:
        """A recording's transcript, after the removals asked for before it. `told`: why it could not be; "" it is safe;
        in threads, in the archiver's."""
        def work() -> None:
            try:
                self.archiver.keep_text(file, text, recording)
            except (OSError, ArchiveError) as error:
                told(str(error) or type(error).__name__)
            else:
                told("")

        if self._threaded:
            self._start_threads()
            assert self._archive is not None
            self._archive.add(work)
        else:
            work()

    # ---- listening ----

    def read_text(self, path: str) -> bytes:
        """A transcript. OSError; Locked or Erased; Damaged."""
        file = self._disk.open(self.directory / path)
        playable: Playable = FilePlayable(self._disk, file)
        try:
            number = key_of(playable.read(0, SEALED_HEADER))
            if number and self._seal is None:
                raise Locked(f"{path} is sealed, and there are no keys here")
            if number and self._seal is not None:
                playable = SealedFile(self._disk, file, number, self._seal.keys.key(number))
            return playable.read(0, playable.size)
        finally:
            playable.close()

    def play(self, path: str) -> Playable:
        """A recording by the path it was told under, or that of its file. FileNotFoundError, OSError; Locked or Erased
        if it is sealed and its key cannot be had."""
        take = self.recover().takes.by_path(path)
        if take is not None and not take.freed_in and self._log is not None:
            if take.key and self._seal is not None:
                self._seal.keys.key(take.key)
            return TakeWav(self._log, take)
        file = self._disk.open(self.directory / path)
        try:
            head = self._disk.read(file, SEALED_HEADER, 0)
            number = key_of(head)
            if not number and head.startswith(_SOUNDS):
                return FilePlayable(self._disk, file)
            if not number:
                raise Damaged(f"{path} is neither sound nor sealed")
            if self._seal is None:
                raise Locked(f"{path} is sealed, and there are no keys here")
            return SealedFile(self._disk, file, number, self._seal.keys.key(number))
        except (CcError, OSError):
            self._disk.close(file)
            raise

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
        if self._seal is not None and self._log is not None:
            with contextlib.suppress(OSError):  # the next start signs it
                self._seal.ledger.sign()

    # ---- inside ----

    def _opened(self) -> tuple[TapeLog, Rounds]:
        if self._log is None or self._rounds is None:
            state = self.recover()
            seal = self._seal
            self._log = TapeLog(self._disk, state.takes, state.segments, self._size, seal.keys, seal.recycled) \
                if seal is not None else TapeLog(self._disk, state.takes, state.segments, self._size)
            self._open_seal()
            self._rounds = Rounds(self._log, self._every, self._over, self._told.troubled)
        return self._log, self._rounds

    def _open_seal(self) -> None:
        assert self._log is not None
        if self._seal is not None:
            log = self._log
            self._seal.ledger.head = lambda: log.head
            self._told.keys_troubled(self._seal.open(sealing=self._sealing, used=self.recover().last_key))
            self._log.sealing = self._sealing

    def _key_of(self, path: str) -> int:
        take = self.recover().takes.by_path(path)
        return take.key if take is not None else 0

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
            archived = self.archiver.keep(TakeWav(self._log, take), take.label.path, take.label.recording, take.key)
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
