"""The border of speech: what a node may ask of a recogniser, and how a recognition lives and ends.

A recogniser is asked to listen to a port for some phrases and answers exactly once, within bounded time, whatever
becomes of its engine: speech is an offer besides the keys, never instead of them. Two implementations: `ScriptedSpeech`
(media/scripted_speech.py) knows what people of a script say; `SpokenSpeech` (media/spoken.py) hears real samples and
asks an engine in a process of its own. All methods are called in the loop and return at once, but `wait`; all
callbacks come in the loop.
"""

import asyncio
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ccappliance.base.limits import MAX_PHRASE, MAX_PHRASES
from ccappliance.media.ports import MediaPort

FIRST = 5.0  # s from the end of the prompt until the caller must have begun; as long as for a key (call/collect.py)
MOST = 8.0  # s one utterance may take: what stands in a menu is said in two; a radio in the room never ends
PATIENCE = 2.0  # s the engine may think after the end of speech; a caller takes a longer silence for a dead line

# How a recognition ends: a phrase was understood · something was said, but no phrase with enough confidence · nothing
# was said in time · it went on and on · the asker took it back · there is no engine, or it failed or hung.
OUTCOMES = ("matched", "unsure", "silence", "too_long", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a caller may say, in the writing of his language, and what it stands for; several may stand for one."""

    text: str
    intent: str = ""  # empty: the text itself

    @property
    def means(self) -> str:
        return self.intent or self.text


@dataclass(frozen=True, slots=True)
class Recognised:
    """How it ended. `text`, `intent`: the likeliest phrase, of "unsure" too; `confidence` 0 to 1 says how likely."""

    outcome: str  # of OUTCOMES
    text: str = ""
    intent: str = ""
    confidence: float = 0.0
    seconds: float = 0.0  # from the request to the answer
    why: str = ""  # of "failed": for the technician

    @property
    def matched(self) -> bool:
        return self.outcome == "matched"


class Recognition(Protocol):
    """One listening under way. It ends exactly once, with a `Recognised`; it never raises."""

    @property
    def ended(self) -> Recognised | None: ...

    def on_speech(self, tell: Callable[[], None]) -> None:
        """Call `tell` once, when the caller begins to talk (soon, if he has begun): the prompt is to be stopped."""
        ...

    def on_end(self, tell: Callable[[Recognised], None]) -> None:
        """Call `tell` when it ends (soon, if it has ended already)."""
        ...

    async def wait(self) -> Recognised:
        """The result. Cancelling who waits cancels the recognition too."""
        ...

    def prompt_over(self) -> None:
        """The prompt has ended, or there is none: the caller has `first` seconds to begin. Before it he has for ever
        (but no longer than MOST after he has begun)."""
        ...

    def cancel(self) -> None:
        """Stop listening: "cancelled" (a key was pressed, the caller is gone); harmless if it has ended."""
        ...


class Speech(Protocol):
    """A recogniser of callers' speech. One port has at most one recognition at a time; a new one cancels the old."""

    def start(self) -> None:
        """Load the models; what is asked meanwhile waits a little, or fails."""
        ...

    def close(self) -> None:
        """End every recognition and every engine."""
        ...

    def refusal(self, language: str) -> str:
        """Why nothing can be understood in this language, for the technician; "" if it can."""
        ...

    def listen(self, port: MediaPort, phrases: Sequence[Phrase], language: str, *, first: float = FIRST,
               most: float = MOST) -> Recognition:
        """Listen to what arrives at `port` until one of `phrases` was said. Never raises: what cannot be is "failed".

        ValueError for phrases that `check_phrases` finds fault with.
        """
        ...


def spoken_form(text: str) -> str:
    """A text as it is compared: small letters, no punctuation, single spaces, and none between Chinese characters."""
    kept = "".join(letter if unicodedata.category(letter)[0] in "LNM" or letter == "'" else " "
                   for letter in unicodedata.normalize("NFKC", text).casefold())
    words = ""
    for word in kept.split():
        glued = words and _han(words[-1]) and _han(word[0])
        words += word if glued or not words else f" {word}"
    return words


def _han(letter: str) -> bool:
    return "\u3400" <= letter <= "\u9fff"


def phrase_in(said: str, phrases: Sequence[Phrase]) -> Phrase | None:
    """The longest phrase that stands in what was said, word by word: "sales please" holds "sales", "wholesale" not."""
    heard = spoken_form(said)
    found = [phrase for phrase in phrases if _stands_in(spoken_form(phrase.text), heard)]
    return max(found, key=lambda phrase: len(phrase.text), default=None)


def _stands_in(phrase: str, heard: str) -> bool:
    if not phrase or _han(phrase[0]):
        return bool(phrase) and phrase in heard
    return f" {phrase} " in f" {heard} "


def check_phrases(phrases: Sequence[Phrase]) -> str:
    """What is wrong with a node's phrases, and what to do; "" if nothing. For the check of a configuration."""
    if not phrases:
        return "there is no phrase; write at least one"
    if len(phrases) > MAX_PHRASES:
        return f"there are {len(phrases)} phrases, more than {MAX_PHRASES}; split the menu"
    meanings: dict[str, str] = {}
    for phrase in phrases:
        form = spoken_form(phrase.text)
        if not form:
            return f"{phrase.text!r} has no word in it; write what the caller says"
        if len(form) > MAX_PHRASE:
            return f"{phrase.text[:20]!r}… has {len(form)} characters, more than {MAX_PHRASE}; shorten it"
        if meanings.setdefault(form, phrase.means) != phrase.means:
            return f"{phrase.text!r} stands for both {meanings[form]} and {phrase.means}; keep one"
    return ""


class Listening(ABC):
    """What all recognitions share: the timers, the callbacks, and that it ends exactly once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, first: float, most: float,
                 patience: float = PATIENCE) -> None:
        self.ended: Recognised | None = None
        self._loop = loop
        self._first, self._most, self._patience = first, most, patience
        self._began = loop.time()
        self._speaking = False  # he has begun; stays True
        self._timer: asyncio.TimerHandle | None = None
        self._on_speech: list[Callable[[], None]] = []
        self._on_end: list[Callable[[Recognised], None]] = []

    def on_speech(self, tell: Callable[[], None]) -> None:
        if self._speaking:
            self._loop.call_soon(tell)
        else:
            self._on_speech.append(tell)

    def on_end(self, tell: Callable[[Recognised], None]) -> None:
        if self.ended is not None:
            self._loop.call_soon(tell, self.ended)
        else:
            self._on_end.append(tell)

    async def wait(self) -> Recognised:
        if self.ended is not None:
            return self.ended
        done: asyncio.Future[Recognised] = self._loop.create_future()
        self.on_end(lambda result: None if done.done() else done.set_result(result))
        try:
            return await done
        finally:
            self.cancel()

    def prompt_over(self) -> None:
        if self.ended is None and not self._speaking:
            self._wait(self._first, Recognised("silence"))

    def cancel(self) -> None:
        self.end(Recognised("cancelled"))

    # ---- for those who hear ----

    def speech_began(self) -> None:
        """He talks: from now on `most` seconds."""
        if self.ended is None and not self._speaking:
            self._speaking = True
            self._wait(self._most, Recognised("too_long"))
            tells, self._on_speech = self._on_speech, []
            for tell in tells:
                self._loop.call_soon(tell)

    def speech_ended(self) -> None:
        """He has said it: now the engine has `patience` seconds."""
        if self.ended is None:
            self._wait(self._patience, Recognised("failed", why=f"no answer {self._patience:g} s after the speech"))

    def end(self, result: Recognised) -> None:
        """This is how it ends; harmless if it has ended."""
        if self.ended is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self.ended = replace(result, seconds=round(self._loop.time() - self._began, 3))
        self._leave()
        tells, self._on_end = self._on_end, []
        for tell in tells:
            self._loop.call_soon(tell, self.ended)

    def _wait(self, seconds: float, then: Recognised) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self.end, then)

    @abstractmethod
    def _leave(self) -> None:
        """It has ended: listen to nothing any more. Called once."""


class NoSpeech:
    """Nobody listens: speech is off, or its engine is not there. Every recognition fails at once, with the reason."""

    def __init__(self, loop: asyncio.AbstractEventLoop, why: str) -> None:
        self._loop = loop
        self._why = why

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    def refusal(self, language: str) -> str:
        return self._why

    def listen(self, port: MediaPort, phrases: Sequence[Phrase], language: str, *, first: float = FIRST,
               most: float = MOST) -> Recognition:
        refused = _Refused(self._loop, first=first, most=most)
        refused.end(Recognised("failed", why=self._why))
        return refused


class _Refused(Listening):
    """A recognition that fails at once."""

    def _leave(self) -> None:
        pass
