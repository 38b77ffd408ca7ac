"""Rendered speech and converted recordings on disk, by what they were made from.

Safe for several processes, and for losing power while writing.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ccappliance.base.errors import ConfigError, Finding
from ccappliance.media.files import HEADER, SoundFileError, wav_header
from ccappliance.media.recordings import REVISION, look, make
from ccappliance.media.render import Voice

WORKERS = 4  # commands at once: each is a short process of its own


class SoundCache:
    """`<folder>/<sha256 of voice and text>.wav`. A file is written under another name and renamed, so it is whole."""

    def __init__(self, folder: Path, voice: Voice) -> None:
        self._folder = folder
        self._voice = voice

    def sounds(self, texts: Sequence[tuple[str, str]]) -> tuple[dict[tuple[str, str], bytes], int]:
        """PCM of each (language, text), and how many had to be rendered. VoiceError of the first that cannot be."""
        found: dict[tuple[str, str], bytes] = {}
        absent = []
        for language, text in texts:
            pcm = self._read(self._path(language, text))
            if pcm is None:
                absent.append((language, text))
            else:
                found[language, text] = pcm
        if absent:
            self._make_folder()
            with ThreadPoolExecutor(WORKERS, "voice") as pool:
                futures = [pool.submit(self._render, language, text) for language, text in absent]
                try:
                    for where, future in zip(absent, futures, strict=True):
                        found[where] = future.result()
                finally:
                    pool.shutdown(wait=True, cancel_futures=True)
        return found, len(absent)

    def recording(self, path: Path, level: float) -> bytes:
        """The PCM of a recorded prompt, converted and levelled once. SoundFileError."""
        look(path)
        try:
            brought = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise SoundFileError(error.strerror or str(error), "check its name and owner", str(path)) from error
        kept = self._folder / f"{_digest('recording', REVISION, str(level), path.suffix.lower(), brought)}.wav"
        pcm = self._read(kept)
        if pcm is None:
            self._make_folder()
            pcm = make(path, level).pcm
            self._write(kept, pcm)
        return pcm

    def rendered(self, language: str, text: str) -> bytes | None:
        """The PCM of a text that has been rendered; None: it has not."""
        return self._read(self._path(language, text))

    def computed(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The PCM of a computed sound."""
        path = self._folder / f"{name}-{_digest(name, 'computed 1')[:16]}.wav"
        pcm = self._read(path)
        if pcm is None:
            self._make_folder()
            pcm = make()
            self._write(path, pcm)
        return pcm

    def _path(self, language: str, text: str) -> Path:
        return self._folder / f"{_digest(self._voice.fingerprint(language), language, text)}.wav"

    def _render(self, language: str, text: str) -> bytes:
        pcm = self._voice.speak(text, language)
        self._write(self._path(language, text), pcm)
        return pcm

    def _read(self, path: Path) -> bytes | None:
        """None if it is absent or damaged: then it is made again."""
        try:
            data = path.read_bytes()
        except OSError:
            return None
        pcm = data[HEADER:]
        return pcm if pcm and data[:HEADER] == wav_header(1, len(pcm)) else None

    def _write(self, path: Path, pcm: bytes) -> None:
        """A full disk costs the next start some seconds, not this one its prompts."""
        try:
            handle, temporary = tempfile.mkstemp(prefix=".new-", suffix=".wav", dir=self._folder)
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(wav_header(1, len(pcm)) + pcm)
                stream.flush()
                os.fsync(stream.fileno())  # or a power cut could leave a file of zeros under the final name
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError([Finding("prompts", "prompts.cache", f"'{self._folder}' cannot be made: {error.strerror}",
                                       "choose a folder the daemon may write to")]) from error


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
