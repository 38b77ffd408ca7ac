"""Speech from real samples: a port's tape, where speech begins and ends in it, and an engine that is asked what it was.

The tick knows nothing of it: it writes the port's sound into a tape ring, as for a recording, and the loop empties it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ccappliance.media.endpoint import Endpointer
from ccappliance.media.ports import MediaPort
from ccappliance.media.speech import (
    FIRST,
    MOST,
    Listening,
    NoSpeech,
    Phrase,
    Recognised,
    Recognition,
    Speech,
    check_phrases,
)
from ccappliance.media.speech_engine import Engine, PipedEngine, Question, SteppedEngine
from ccappliance.media.speech_protocol import Answer
from ccappliance.media.speech_settings import SpeechSettings

LOOK = 0.1  # s between two looks at the tape, a hundredth of what its ring holds


def speech_of(settings: SpeechSettings, loop: asyncio.AbstractEventLoop, say: Callable[[str, str], None], *,
              stepped: bool = False) -> Speech:
    """Who understands callers by these settings."""
    if not settings.enabled:
        return NoSpeech(loop, "speech recognition is off: set speech.enabled")
    return SpokenSpeech(settings, loop, say, stepped=stepped)


def dictation_engine(settings: SpeechSettings, command: str, language: str, loop: asyncio.AbstractEventLoop,
                     say: Callable[[str], None], *, stepped: bool = False) -> Engine:
    """A process of its own that takes dictation, not yet started. `command`: in place of speech.command, unless ""."""
    make: type[Engine] = SteppedEngine if stepped else PipedEngine
    chosen = replace(settings, command=command) if command else settings
    return make(loop, chosen.program(language, dictate=True), say)


class SpokenSpeech:
    """Understands what is said at ports that carry samples, with one engine for each language that has a model.

    `say(language, words)` is told when an engine fails, and with "" when it is well: the house raises an alarm.
    """

    def __init__(self, settings: SpeechSettings, loop: asyncio.AbstractEventLoop, say: Callable[[str, str], None], *,
                 stepped: bool = False) -> None:
        self._threshold = settings.threshold
        self._loop = loop
        self._listening: dict[MediaPort, SpokenListening] = {}
        make: type[Engine] = SteppedEngine if stepped else PipedEngine
        self._engines = {language: make(loop, settings.program(language), partial(say, language))
                         for language in settings.models}

    def start(self) -> None:
        """Load the models; what is asked meanwhile waits a little, or fails."""
        for engine in self._engines.values():
            engine.start()

    def refusal(self, language: str) -> str:
        if language in self._engines:
            return ""
        return f"there is no model for '{language}': set speech.models.{language}"

    def listen(self, port: MediaPort, phrases: Sequence[Phrase], language: str, *, first: float = FIRST,
               most: float = MOST) -> Recognition:
        if wrong := check_phrases(phrases):
            raise ValueError(wrong)
        if port in self._listening:
            self._listening[port].cancel()
        engine = self._engines.get(language)
        listening = SpokenListening(self, self._loop, port, phrases, engine, first=first, most=most)
        if engine is None:
            listening.end(Recognised("failed", why=self.refusal(language)))
        else:
            self._listening[port] = listening
            listening.look()
        return listening

    def judge(self, answer: Answer, phrases: Sequence[Phrase]) -> Recognised:
        """What an engine's answer means to who asked."""
        if answer.error:
            return Recognised("failed", why=answer.error)
        if answer.phrase is None:
            return Recognised("unsure", answer.text, confidence=answer.confidence)
        phrase = phrases[answer.phrase]
        outcome = "matched" if answer.confidence >= self._threshold else "unsure"
        return Recognised(outcome, phrase.text, phrase.means, answer.confidence)

    def forget(self, port: MediaPort) -> None:
        self._listening.pop(port, None)

    def close(self) -> None:
        """End every recognition and every engine."""
        for listening in list(self._listening.values()):
            listening.cancel()
        for engine in self._engines.values():
            engine.close()


class SpokenListening(Listening):
    """One recognition at a port."""

    def __init__(self, speech: SpokenSpeech, loop: asyncio.AbstractEventLoop, port: MediaPort,
                 phrases: Sequence[Phrase], engine: Engine | None, *, first: float, most: float) -> None:
        super().__init__(loop, first=first, most=most)
        self._speech = speech
        self._port = port
        self._phrases = phrases
        self._engine = engine
        self._tape = port.tape() if engine is not None else None
        self._ends = Endpointer()
        self._question: Question | None = None
        self._looking: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Take what has come."""
        assert self._tape is not None
        assert self._engine is not None
        self._looking = self._loop.call_later(LOOK, self.look)
        while self._ends.said is None and (data := self._tape.read()):
            self._ends.feed(data)
        if self._ends.began:
            self.speech_began()
        if self._ends.said is not None:
            self._looking.cancel()
            self._tape.stop()
            self.speech_ended()
            texts = tuple(phrase.text for phrase in self._phrases)
            self._question = Question(texts, self._ends.said, self._answered)
            self._engine.ask(self._question)

    def _answered(self, answer: Answer) -> None:
        self.end(self._speech.judge(answer, self._phrases))

    def _leave(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        if self._tape is not None:
            self._tape.stop()
        if self._engine is not None and self._question is not None:
            self._engine.forget(self._question)
        self._speech.forget(self._port)
