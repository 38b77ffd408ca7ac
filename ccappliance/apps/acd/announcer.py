"""What a waiting caller is told, and when it is worth telling: his position, the wait he must expect, the callback.

The position is told first and whenever it has improved. The wait goes with it, as a range of minutes, and never grows
for one caller unless somebody of a higher class has come: what can no longer be promised is not said again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ccappliance.apps.acd.entry import Entry
from ccappliance.apps.acd.estimate import MINUTE
from ccappliance.apps.acd.outlook import Outlook
from ccappliance.call.facts import QueueAnnounced
from ccappliance.media.ports import Sound

if TYPE_CHECKING:
    from ccappliance.call.call import Call

CALLBACK_PRESS, CALLBACK_KEEPS = "callback_press", "callback_keeps"


class Prompts(Protocol):
    """Announcements by name: media's PromptBook."""

    def get(self, name: str, language: str) -> Sound: ...

    def text(self, text: str, language: str) -> Sound: ...


class Says(Protocol):
    """Spoken values: media's Say."""

    def position(self, position: int, language: str) -> Sequence[Sound]: ...

    def wait_range(self, least: int, most: int, language: str) -> Sequence[Sound]: ...

    def digits(self, text: str, language: str) -> Sequence[Sound]: ...

    def number(self, number: int, language: str) -> Sequence[Sound]: ...


@dataclass(frozen=True, slots=True)
class Promise:
    """A wait that was, or is to be, told."""

    least: int = 0  # minutes
    most: int = 0  # minutes; 0: none
    expected: float = 0.0  # seconds
    higher: int = 0  # how many of a higher class stood before him


class Announcer:
    """What one entry has been told."""

    def __init__(self, entry: Entry, call: "Call", *, prompts: Prompts, say: Says, outlook: Outlook) -> None:
        self._entry = entry
        self._call = call
        self._prompts = prompts
        self._say = say
        self._outlook = outlook
        self._position = 0  # last told; 0: none yet
        self._promise = Promise()  # last told
        self._promised_at = 0.0
        self._offered = False

    def news(self, callback: bool, now: float) -> tuple[QueueAnnounced, list[Sound]] | None:
        """What is to be said now, as a fact and as sounds; None: nothing new. `callback`: he may be called back.

        It counts as told.
        """
        settings, language = self._entry.queue.settings.announce, self._call.language
        place = self._entry.queue.position(self._entry)
        position = place if settings.position and (not self._position or place < self._position) else 0
        promise = self._new_promise() if settings.wait and (position or not settings.position) else Promise()
        if not settings.position and promise.most >= (self._promise.most or promise.most + 1):
            promise = Promise()  # told by itself it must be news
        if not position and not promise.most and (self._offered or not callback):
            return None
        sounds: list[Sound] = []
        if position:
            self._position = position
            sounds += self._say.position(position, language)
        if promise.most:
            self._promise, self._promised_at = promise, now
            sounds += self._say.wait_range(promise.least, promise.most, language)
        if callback:
            self._offered = True
            sounds += self._offer(language)
        fact = QueueAnnounced(self._call.id, self._entry.queue.name, position, promise.least * MINUTE,
                              promise.most * MINUTE, promise.expected, callback)
        return fact, sounds

    def told(self, now: float) -> tuple[float, float] | None:
        """The wait last told, in seconds counted from `now`; None: none was told."""
        if not self._promise.most:
            return None
        gone = now - self._promised_at
        return max(0.0, self._promise.least * MINUTE - gone), max(0.0, self._promise.most * MINUTE - gone)

    def _offer(self, language: str) -> list[Sound]:
        key = self._entry.queue.settings.callback.key
        spoken = self._say.number(int(key), language) if key.isdigit() else self._say.digits(key, language)
        return [self._prompts.get(CALLBACK_PRESS, language), *spoken, self._prompts.get(CALLBACK_KEEPS, language)]

    def _new_promise(self) -> Promise:
        estimate = self._outlook.estimate(self._entry)
        if estimate is None or estimate.mean < MINUTE:
            return Promise()
        minutes = estimate.minutes(self._entry.queue.settings.announce.quantile)
        if minutes is None:
            return Promise()
        higher = self._outlook.higher(self._entry)
        least, most = minutes
        if self._promise.most and most > self._promise.most and higher <= self._promise.higher:
            return Promise()
        return Promise(least, most, round(estimate.mean, 1), higher)
