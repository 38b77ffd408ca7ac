"""Scripted speech: what people of a script say is understood word by word, in the time a recogniser would need.

A sound of scripted media carries its text in its name ("en/sales please"), so nothing has to be heard.
"""

import asyncio
from collections.abc import Sequence

from ccappliance.media.ports import MediaPort, Sound
from ccappliance.media.scripted import ScriptedPort
from ccappliance.media.scripted_talk import BEGINS, is_talk
from ccappliance.media.speech import FIRST, MOST, Listening, Phrase, Recognised, Recognition, check_phrases, phrase_in

LOOK = 0.1  # s between two looks at what arrives, as often as `SpokenSpeech` reads its tape
ENDS = 0.6  # s of silence after which somebody has said all: media/endpoint.py waits as long
CERTAIN, UNCERTAIN = 0.95, 0.2  # confidence in what stands among the phrases, and in anything else


class ScriptedSpeech:
    """Understands whoever speaks at scripted ports, in any of the languages."""

    def __init__(self, loop: asyncio.AbstractEventLoop, languages: Sequence[str] = ("zh", "en")) -> None:
        self._loop = loop
        self._languages = tuple(languages)
        self._listening: dict[MediaPort, ScriptedListening] = {}

    def start(self) -> None:
        pass

    def close(self) -> None:
        for listening in list(self._listening.values()):
            listening.cancel()

    def refusal(self, language: str) -> str:
        return "" if language in self._languages else f"there is no model for '{language}'"

    def listen(self, port: MediaPort, phrases: Sequence[Phrase], language: str, *, first: float = FIRST,
               most: float = MOST) -> Recognition:
        if wrong := check_phrases(phrases):
            raise ValueError(wrong)
        if port in self._listening:
            self._listening[port].cancel()
        listening = ScriptedListening(self, self._loop, port, phrases, language, first=first, most=most)
        if why := self.refusal(language):
            listening.end(Recognised("failed", why=why))
        elif not isinstance(port, ScriptedPort):
            listening.end(Recognised("failed", why=f"{port.name} carries real samples, and nobody scripted them"))
        else:
            self._listening[port] = listening
            listening.look()
        return listening

    def forget(self, port: MediaPort) -> None:
        self._listening.pop(port, None)


class ScriptedListening(Listening):
    """One recognition at a scripted port."""

    def __init__(self, speech: ScriptedSpeech, loop: asyncio.AbstractEventLoop, port: MediaPort,
                 phrases: Sequence[Phrase], language: str, *, first: float, most: float) -> None:
        super().__init__(loop, first=first, most=most)
        self._speech = speech
        self._port = port
        self._phrases = phrases
        self._language = language
        self._said: list[str] = []  # names of the sounds, in order
        self._since: float | None = None  # when it became silent after speech
        self._looking: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """See what arrives now."""
        assert isinstance(self._port, ScriptedPort)
        now = self._loop.time()
        names = [signal.thing.name for signal in self._port.incoming
                 if signal.alive and isinstance(signal.thing, Sound) and is_talk(signal.thing)
                 and now - signal.began >= BEGINS]
        if names:
            self._since = None
            self._said += [name for name in names if name not in self._said[-1:]]
            self.speech_began()
        elif self._said:
            self._since = now if self._since is None else self._since
            if now - self._since >= ENDS:
                self.end(self._judge())
        if self.ended is None:
            self._looking = self._loop.call_later(LOOK, self.look)

    def _judge(self) -> Recognised:
        spoken = [name.partition("/") for name in self._said]
        text = " ".join(words for language, _, words in spoken if language == self._language)
        phrase = phrase_in(text, self._phrases)
        if phrase is None:
            return Recognised("unsure", confidence=UNCERTAIN)
        return Recognised("matched", phrase.text, phrase.means, CERTAIN)

    def _leave(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._speech.forget(self._port)
