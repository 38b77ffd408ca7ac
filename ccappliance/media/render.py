"""Voices: text to telephone speech through an outside command, bounded in time and size.

A command is words as a shell would split them, run without a shell. It gets the text on its standard input (or in place
of the word {text}) and writes a WAV file, 16 bit mono, to its standard output (or to the file that replaces {file}).
"""

import contextlib
import io
import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ccappliance.base.errors import CcError
from ccappliance.base.units import RATE, samples
from ccappliance.media.files import SoundFileError, decode_wav
from ccappliance.media.polish import polish

MAX_TEXT = 2_000  # characters of one prompt: about five minutes of speech; the checks refuse more
MAX_WAV = 64 * 1024 * 1024  # bytes a command may answer: ten minutes at 48 kHz; a command that babbles is killed
MAX_COMPLAINT = 300  # characters of the command's error output shown to the technician
REVISION = "1"  # of the polishing: another value renders everything anew


class VoiceError(CcError):
    """A text could not be spoken. `advice` says what to do."""

    def __init__(self, language: str, problem: str, advice: str) -> None:
        self.language = language
        self.problem = problem
        self.advice = advice
        super().__init__(f"voice {language}: {problem} ({advice})")


class Voice(Protocol):
    """Something that speaks. `speak` may be called from several threads at once."""

    def fingerprint(self, language: str) -> str:
        """What the sound depends on besides the text: a part of the cache's key."""
        ...

    def speak(self, text: str, language: str) -> bytes:
        """PCM as in `Sound`. VoiceError if the text cannot be spoken."""
        ...


class CommandVoice:
    """Speaks through one command per language; levels in dBm0 (RMS of the active frames)."""

    def __init__(self, commands: Mapping[str, str], *, timeout: float = 20.0, level: float = -16.0) -> None:
        self._commands = {language: shlex.split(command) for language, command in commands.items()}
        self._timeout = timeout
        self._level = level

    def fingerprint(self, language: str) -> str:
        return f"{REVISION} {self._level} {shlex.join(self._commands.get(language, []))}"

    def speak(self, text: str, language: str) -> bytes:
        words = self._commands.get(language)
        if not words:
            raise VoiceError(language, "no command speaks this language", f"add prompts.commands.{language}")
        if len(text) > MAX_TEXT:
            raise VoiceError(language, f"the text has {len(text)} characters, more than {MAX_TEXT}", "split it")
        wav = _Run(words, language, self._timeout).on(text)
        try:
            pcm = polish(decode_wav(io.BytesIO(wav)), self._level)
        except SoundFileError as error:
            raise VoiceError(language, f"what '{words[0]}' wrote ({len(wav)} bytes) cannot be used: {error.problem}",
                             "it must write a WAV file; try it by hand") from error
        if not pcm:
            raise VoiceError(language, f"'{words[0]}' wrote nothing but silence for {text[:40]!r}",
                             "write something that can be spoken, or try the command by hand")
        return pcm


class _Run:
    """One run of a voice's command."""

    def __init__(self, words: list[str], language: str, timeout: float) -> None:
        self._words = words
        self._language = language
        self._timeout = timeout
        self._late = False

    def on(self, text: str) -> bytes:
        """What the command wrote. It, and whatever it has started, is dead when this returns."""
        with tempfile.TemporaryDirectory(prefix="ccappliance-voice-") as folder, tempfile.TemporaryFile() as complaints:
            target = Path(folder) / "speech.wav"
            places = {"{text}": text, "{file}": str(target)}
            words = [places.get(word, word) for word in self._words]
            try:
                process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
                                           start_new_session=True, cwd=folder)
            except OSError as error:
                raise self._cannot_start(error) from error
            output = self._talk(process, "" if "{text}" in self._words else text)
            complaints.seek(0)
            said = complaints.read(4 * MAX_COMPLAINT).decode("utf-8", "replace").strip()[:MAX_COMPLAINT]
            self._judge(process.returncode, len(output), said)
            if "{file}" not in self._words:
                return output
            return target.read_bytes()[:MAX_WAV] if target.is_file() else b""

    def _talk(self, process: "subprocess.Popen[bytes]", text: str) -> bytes:
        watch = threading.Timer(self._timeout, self._too_late, (process,))
        watch.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            with contextlib.suppress(BrokenPipeError), process.stdin:
                process.stdin.write(text.encode())
            with process.stdout:
                output = process.stdout.read(MAX_WAV + 1)
            if len(output) > MAX_WAV:
                _kill(process)
            process.wait()
            return output
        finally:
            watch.cancel()
            _kill(process)
            process.wait()

    def _too_late(self, process: "subprocess.Popen[bytes]") -> None:
        self._late = True
        _kill(process)

    def _judge(self, code: int, size: int, said: str) -> None:
        command = shlex.join(self._words)
        if self._late:
            raise VoiceError(self._language, f"'{command}' was not done after {self._timeout:g} s and was stopped",
                             "try it by hand, or raise prompts.timeout")
        if size > MAX_WAV:
            raise VoiceError(self._language, f"'{command}' answered more than {MAX_WAV // 2**20} MB and was stopped",
                             "try it by hand")
        if code != 0:
            raise VoiceError(self._language, f"'{command}' ended with code {code}: {said or 'it gave no reason'}",
                             "try it by hand")

    def _cannot_start(self, error: OSError) -> VoiceError:
        name = self._words[0]
        if isinstance(error, FileNotFoundError):
            advice = "apt install espeak-ng" if name == "espeak-ng" else "install it, or change prompts.commands"
            return VoiceError(self._language, f"'{name}' is not installed", advice)
        return VoiceError(self._language, f"'{name}' cannot be run: {error.strerror}", "change prompts.commands")


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the command's whole session; harmless if it has ended."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


class MuteVoice:
    """A voice that moves its lips: silence as long as the text would take to say, the same on every machine.

    For simulations in which prompts are timers and nobody listens: no command is needed, a seed stays a seed.
    """

    HAN_SECONDS = 0.22  # per Chinese character: about 270 a minute, what announcements are spoken at
    LETTER_SECONDS = 0.07  # per other character: about 150 English words a minute

    def fingerprint(self, language: str) -> str:
        return "mute"

    def speak(self, text: str, language: str) -> bytes:
        seconds = sum(self.HAN_SECONDS if "\u3400" <= char <= "\u9fff" else self.LETTER_SECONDS for char in text)
        return bytes(2 * max(RATE // 10, samples(seconds)))
