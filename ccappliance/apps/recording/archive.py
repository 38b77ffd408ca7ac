"""The archiver: moves a recording that is over out of the segments into a file of its own, verified before it is freed.

    write NAME.part → sync → read it back and compare → rename to NAME → sync the directory → ledger → FREED in the log

A cut between any two leaves the recording whole in the segments, in its file, or in both; the next start goes on.
"""

import contextlib
import hashlib
import os
import shlex
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccappliance.apps.recording.playable import FRAME, Playable
from ccappliance.apps.recording.seal import Seal
from ccappliance.apps.recording.sealed_file import HEADER as SEALED_HEADER
from ccappliance.apps.recording.sealed_file import SealedSound, key_of
from ccappliance.apps.recording.settings import ArchiveSettings
from ccappliance.base.errors import Refused
from ccappliance.base.units import RATE
from ccappliance.media.files import HEADER
from ccappliance.service.disk import Disk

CHUNK = 1 << 20  # bytes copied at once: the archiver keeps at most so much in memory
TRANSCRIPT = ".transcript"  # behind the name of a recording's file: that of what was said in it
NAMES = 100  # other names tried when one is taken
ENCODER_PATIENCE = 600.0  # s an encoder may take: ten hours of sound at a sixtieth of its length
LOSSY_LENGTH = 0.1  # s by which the length of an Opus file may differ: its frames are 20 ms, its pre-skip 6.5 ms


class Written:
    """Bytes in memory, to be sealed like a file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset:offset + max(0, length)]

    def close(self) -> None:
        """Nothing is held."""


class ArchiveError(Exception):
    """What was written is not what should have been; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Archived:
    """A recording's own file."""

    path: str  # below the recordings' directory
    form: str  # "wav", "flac", "opus"
    size: int
    digest: str  # SHA-256 of the file, hexadecimal
    complaint: str = ""  # why it is not of the form that was asked for
    parts: str = ""  # the CRC-32 of each MiB, hexadecimal: where a file was changed, once its digest says so


class Archiver:
    """Writes files. All its methods may wait for the disk; one thread at a time."""

    def __init__(self, disk: Disk, directory: Path, settings: ArchiveSettings, seal: Seal | None = None) -> None:
        """`seal`: keys and ledger; None: neither."""
        self.settings = settings
        self._seal = seal
        self._disk = disk
        self._directory = directory

    def keep(self, sound: Playable, path: str, recording: str = "", key: int = 0) -> Archived:
        """Give this WAV a file: `path`, or a name beside it if another file has that; sealed if it has a key. It
        stands in the ledger when this returns. OSError, ArchiveError."""
        try:
            if key and self._seal is not None:
                sound = SealedSound(sound, key, self._seal.keys.key(key))
            archived = self._keep(sound, path, plain=not key)
        except Refused as error:  # the key is missing or destroyed, or the recording was taken away meanwhile
            raise ArchiveError(f"{path}: {error}") from error
        if self._seal is not None and not self._seal.ledger.kept(archived.path, archived.digest):
            parts = archived.parts or self._digest(self._directory / archived.path)[1]
            self._seal.ledger.add("kept", path=archived.path, sha256=archived.digest, size=archived.size,
                                  form=archived.form, key=key, recording=recording, parts=parts)
        return archived

    def _keep(self, sound: Playable, path: str, *, plain: bool) -> Archived:
        wanted, parts = _digest_of(sound.size, lambda offset: sound.read(offset, CHUNK))
        known = self._there_already(path, sound.size, wanted)
        if known:
            return Archived(known, "wav", sound.size, wanted, parts=parts)
        target = self._directory / path
        self._disk.make_directory(target.parent)
        part = target.with_name(f"{target.name}.part")
        self._write(part, sound)
        if self._digest(part)[0] != wanted:
            raise ArchiveError(f"{part} does not read back as it was written: see to its disk")
        complaint = ""
        if self.settings.form != "wav" and plain:  # an encoder would need a sealed one's sound in clear on the disk
            try:
                return self._encoded(part, target, sound.size, wanted)
            except (ArchiveError, OSError, subprocess.SubprocessError) as error:
                complaint = str(error)  # a WAV is better than nothing, and nothing is lost by it
        final = self._free_name(target)
        self._place(part, final)
        return Archived(str(final.relative_to(self._directory)), "wav", sound.size, wanted, complaint, parts)

    def keep_text(self, file: str, text: bytes, recording: str) -> None:
        """Write the transcript of a recording that has a file, beside it, in place of an earlier one; sealed if that
        is. OSError (FileNotFoundError: the recording is gone), ArchiveError."""
        key = key_of(self._head(self._directory / file))
        path = file + TRANSCRIPT
        sound: Playable = Written(text)
        try:
            if key:
                if self._seal is None:
                    raise ArchiveError(f"{file} is sealed, and there are no keys here")
                sound = SealedSound(sound, key, self._seal.keys.key(key))
        except Refused as error:
            raise ArchiveError(f"{file}: {error}") from error
        wanted, parts = _digest_of(sound.size, lambda offset: sound.read(offset, CHUNK))
        target = self._directory / path
        part = target.with_name(f"{target.name}.part")
        self._write(part, sound)
        if self._digest(part)[0] != wanted:
            raise ArchiveError(f"{part} does not read back as it was written: see to its disk")
        self._place(part, target)
        if self._seal is not None and not self._seal.ledger.kept(path, wanted):
            self._seal.ledger.add("kept", path=path, sha256=wanted, size=sound.size, form="transcript", key=key,
                                  recording=recording, parts=parts)

    def purge(self, path: str, key: int = 0) -> None:
        """Take a recording and its transcript away for good: into the ledger, their key destroyed, their files gone;
        harmless to do again, and if there is none. Only after the log has freed it. `key`: its own, if it has no file
        yet."""
        target = self._directory / path
        text = target.with_name(target.name + TRANSCRIPT)
        if self._seal is not None:
            if self._head(text, missing=b"none") != b"none":
                self._seal.ledger.add("purged", path=path + TRANSCRIPT, key=self._key_of(text))
            key = key or self._key_of(target) or self._seal.key_of(path)
            self._seal.purged(path, key)
        for victim in (text, text.with_name(f"{text.name}.part"), target, target.with_name(f"{target.name}.part")):
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(victim)
                self._disk.sync_directory(target.parent)

    # ---- inside ----

    def _key_of(self, path: Path) -> int:
        return key_of(self._head(path, missing=b""))

    def _head(self, path: Path, missing: bytes | None = None) -> bytes:
        """How a file begins; `missing`: what to answer if there is none. OSError."""
        try:
            file = self._disk.open(path)
        except FileNotFoundError:
            if missing is None:
                raise
            return missing
        try:
            return self._disk.read(file, SEALED_HEADER, 0)
        finally:
            self._disk.close(file)

    def _there_already(self, path: str, size: int, wanted: str) -> str:
        """The name under which exactly this lies there: a cut came between its name and its FREED."""
        target = self._directory / path
        for name in self._names(target):
            try:
                file = self._disk.open(name)
            except FileNotFoundError:
                return ""
            try:
                same = self._disk.size(file) == size
            finally:
                self._disk.close(file)
            if same and self._digest(name)[0] == wanted:
                self._disk.sync_directory(target.parent)  # the cut may have been a kill: its name is not yet safe
                return str(name.relative_to(self._directory))
        return ""

    def _write(self, part: Path, sound: Playable) -> None:
        with contextlib.suppress(FileNotFoundError):  # of an attempt that was cut
            self._disk.unlink(part)
        file = self._disk.create(part)
        try:
            for offset in range(0, sound.size, CHUNK):
                self._disk.write(file, [sound.read(offset, CHUNK)], offset)
            self._disk.sync(file)
        finally:
            self._disk.close(file)

    def _digest(self, path: Path) -> tuple[str, str]:
        file = self._disk.open(path)
        try:
            return _digest_of(self._disk.size(file), lambda offset: self._disk.read(file, CHUNK, offset))
        finally:
            self._disk.close(file)

    def _place(self, part: Path, final: Path) -> None:
        self._disk.rename(part, final)
        self._disk.sync_directory(final.parent)

    def _free_name(self, target: Path) -> Path:
        for name in self._names(target):
            try:
                self._disk.close(self._disk.open(name))
            except FileNotFoundError:
                return name
        raise ArchiveError(f"{target} and {NAMES} names beside it are taken: tidy up there")

    @staticmethod
    def _names(target: Path) -> list[Path]:
        return [target, *(target.with_name(f"{target.stem}-{n}{target.suffix}") for n in range(2, NAMES))]

    # ---- other forms ----

    def _encoded(self, wav: Path, target: Path, size: int, wanted: str) -> Archived:
        """Through the configured encoder and back: exact for FLAC, of the right length for Opus."""
        form = self.settings.form
        encoder, decoder = ((self.settings.flac, self.settings.flac_check) if form == "flac"
                            else (self.settings.opus, self.settings.opus_check))
        final = self._free_name(target.with_suffix(f".{form}"))
        coded, back = wav.with_name(f"{final.name}.part"), wav.with_name(f"{final.name}.check")
        try:
            self._run(encoder, wav, coded)
            self._run(decoder, coded, back)
            self._compare(back, size, wanted, exact=form == "flac")
            self._sync(coded)
            digest, parts = self._digest(coded)
            self._place(coded, final)
        finally:
            for left in (coded, back):
                with contextlib.suppress(FileNotFoundError):
                    self._disk.unlink(left)
        self._disk.unlink(wav)
        return Archived(str(final.relative_to(self._directory)), form, self._size(final), digest, parts=parts)

    def _compare(self, back: Path, size: int, wanted: str, *, exact: bool) -> None:
        if exact and self._digest(back)[0] != wanted:
            raise ArchiveError(f"what {self.settings.form} has made does not come back as it was")
        if not exact and abs(self._size(back) - size) > LOSSY_LENGTH * RATE * FRAME + HEADER:
            raise ArchiveError(f"what {self.settings.form} has made has another length when it comes back")

    def _run(self, command: str, source: Path, to: Path) -> None:
        """At the lowest priority, without a shell."""
        places = {"{from}": str(source), "{to}": str(to)}
        words = [places.get(word, word) for word in shlex.split(command)]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=ENCODER_PATIENCE)
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()[-200:]
            raise ArchiveError(f"'{words[0]}' failed with code {done.returncode}: {said}")

    def _size(self, path: Path) -> int:
        file = self._disk.open(path)
        try:
            return self._disk.size(file)
        finally:
            self._disk.close(file)

    def _sync(self, path: Path) -> None:
        file = self._disk.open(path, write=True)
        try:
            self._disk.sync(file)
        finally:
            self._disk.close(file)


def _digest_of(size: int, read: Callable[[int], bytes]) -> tuple[str, str]:
    """(SHA-256, the CRC-32 of each MiB), hexadecimal."""
    digest, parts = hashlib.sha256(), []
    for offset in range(0, size, CHUNK):
        data = read(offset)
        digest.update(data)
        parts.append(f"{zlib.crc32(data):08x}")
    return digest.hexdigest(), "".join(parts)


def lowest_priority(thread: int) -> None:
    """Calls come first: this thread and the encoders it starts run when nobody else wants to. `thread`: its native
    id."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, 19)
