"""Sounds as scripts name them: announcements of the prompt book, and WAV files below the scripts' own folder."""

import logging
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ccappliance.base.errors import CcError
from ccappliance.media.files import read_wav, write_wav
from ccappliance.media.ports import Sound
from ccappliance.service.aside import Aside

log = logging.getLogger("ccappliance.ivr.agi")


class Book(Protocol):
    """What scripts need of the prompt book."""

    def get(self, name: str, language: str) -> Sound: ...


@dataclass(frozen=True)
class Folder:
    """Where scripts' sounds are. None: there is no disk (stories)."""

    where: Callable[[], Path | None]
    book: Book
    has_prompt: Callable[[str], bool]
    aside: Aside

    async def find(self, name: str, language: str, *, anywhere: bool) -> Sound | None:
        """The announcement or file of that name, without its extension; None if there is none that can be played."""
        forced, slash, plain = name.rpartition("/")
        if self.has_prompt(name) or (slash and self.has_prompt(plain) and not forced.startswith("/")):
            return self.book.get(plain, forced or language)
        path = self.path(name, anywhere=anywhere)
        if path is None:
            return None
        try:
            return await self.aside.do(lambda: read_wav(path, name))
        except (OSError, CcError) as error:
            log.info("no such sound", extra={"fields": {"sound": name, "why": str(error)}})
            return None

    def path(self, name: str, *, anywhere: bool) -> Path | None:
        """The file of a sound below the folder; `anywhere`: absolute names too, for programs of this machine, which may
        read and write all that we may. None if it would lie elsewhere.
        """
        if name.startswith("/") and anywhere:
            return Path(f"{name.removesuffix('.wav')}.wav")
        root = self.where()
        if root is None or not name or not name.isprintable():
            return None
        root = root.resolve()
        path = (root / f"{name.lstrip('/').removesuffix('.wav')}.wav").resolve()
        return path if path.is_relative_to(root) else None

    async def write(self, path: Path, pcm: bytes) -> bool:
        """Keep what was recorded; False if the disk won't."""
        def work() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, pcm)
        try:
            await self.aside.do(work)
        except OSError as error:
            log.warning("a recording of a script was lost", extra={"fields": {"file": path, "why": str(error)}})
            return False
        return True


def heard(stereo: bytes) -> bytes:
    """The left channel of a tape: what arrived."""
    return array("h", stereo)[::2].tobytes()
