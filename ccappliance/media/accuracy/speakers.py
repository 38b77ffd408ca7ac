"""Voices for measuring: what the configured speech command says, as several speakers if it is espeak-ng."""

import zlib
from collections.abc import Mapping

from ccappliance.media.accuracy.figures import Silent
from ccappliance.media.render import CommandVoice, VoiceError

VARIANTS = ("", "+f1", "+f4", "+m2", "+m4", "+m6", "+Andy", "+linda")  # of espeak-ng; training uses others
MORE = {"de": "de", "fr": "fr-fr", "es": "es", "it": "it"}  # languages espeak-ng has besides what is configured
LEVEL = -16.0  # dBm0 of their active speech


class Speakers:
    """Who can be heard here: names of speakers by language, and what they say."""

    def __init__(self, commands: Mapping[str, str]) -> None:
        """`commands`: by language, as under prompts.commands."""
        all_ = dict(commands)
        english = commands.get("en", "")
        if english.startswith("espeak-ng -v en-us "):
            all_ |= {language: english.replace("-v en-us ", f"-v {voice} ") for language, voice in MORE.items()}
        self._commands: dict[str, str] = {}
        self.of: dict[str, list[str]] = {}
        for language, command in all_.items():
            words = command.split()
            plain = words[2] if words[:2] == ["espeak-ng", "-v"] and len(words) > 2 and "+" not in words[2] else ""
            for variant in VARIANTS if plain else ("",):
                name = f"{language}{variant}"
                self._commands[name] = command.replace(f"-v {plain} ", f"-v {plain}{variant} ") if plain else command
                self.of.setdefault(language, []).append(name)
        self._voice = CommandVoice(self._commands, level=LEVEL)
        self._said: dict[tuple[str, str], bytes] = {}
        self._print = 0

    def says(self, speaker: str, text: str) -> bytes:
        """PCM at LEVEL. VoiceError."""
        key = speaker, text
        if key not in self._said:
            self._said[key] = self._voice.speak(text, speaker)
            self._print = zlib.crc32(self._said[key], self._print)
        return self._said[key]

    @property
    def fingerprint(self) -> str:
        """Of all that was said so far: another version of the synthesiser speaks otherwise, and measures otherwise."""
        return f"{self._print:08x}"

    def absent(self, ear: str, title: str) -> Silent | None:
        """Why nothing can be measured with speech here; None: it can."""
        try:
            for language, names in self.of.items():
                self.says(names[0], {"zh": "喂"}.get(language, "a"))
        except VoiceError as error:
            return Silent(ear, title, f"not measured: no speech synthesiser ({error.problem}; {error.advice})")
        return None if self.of else Silent(ear, title, "not measured: no speech synthesiser is configured")
