"""What a waiting caller hears: music, and his position at once and whenever it has improved, 30 seconds apart at least.

Nothing here is waited for: an agent's answer stops it in the same moment, and while an agent rings nothing new begins.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ccappliance.apps.acd.entry import Entry, EntryState
from ccappliance.call.facts import QueueAnnounced
from ccappliance.media.ports import Playing, Sound

if TYPE_CHECKING:
    from ccappliance.call.call import Call
    from ccappliance.call.journal import Journal

RINGING_RETRY = 1.0  # s until an announcement skipped because an agent was ringing is looked at again


class Prompts(Protocol):
    """Announcements by name: media's PromptBook."""

    def get(self, name: str, language: str) -> Sound: ...

    def text(self, text: str, language: str) -> Sound: ...


class Says(Protocol):
    """Spoken values: media's Say."""

    def position(self, position: int, language: str) -> Sequence[Sound]: ...


class Announcer:
    """The sound of one entry, from `start` to `stop`."""

    def __init__(self, entry: Entry, call: "Call", *, prompts: Prompts, say: Says, journal: "Journal",
                 loop: asyncio.AbstractEventLoop) -> None:
        self._entry = entry
        self._call = call
        self._settings = entry.queue.settings
        self._prompts = prompts
        self._say = say
        self._journal = journal
        self._loop = loop
        self._spoken = 0  # the position last spoken; 0: none yet
        self._playing: Playing | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    def start(self) -> None:
        self._music()
        if self._settings.announce.position:
            self._timer = self._loop.call_later(0.0, self._tick)  # after the dispatcher's run: perhaps spared

    def stop(self) -> None:
        """Silence, for good."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._playing is not None:
            self._playing.stop()

    @property
    def _over(self) -> bool:
        """Also in the moment in which an agent has answered and the call's task does not know it yet."""
        return self._stopped or not self._entry.in_line or self._call.anchor.is_gone

    def _music(self) -> None:
        if not self._over:
            sound = self._prompts.get(self._settings.music, self._call.language)
            self._playing = self._call.anchor.start([sound], repeat=True)

    def _tick(self) -> None:
        if self._over:
            return
        if self._entry.state is EntryState.OFFERED:
            self._timer = self._loop.call_later(RINGING_RETRY, self._tick)
            return
        self._timer = self._loop.call_later(self._settings.announce.every, self._tick)
        position = self._entry.queue.position(self._entry)
        if not self._spoken or position < self._spoken:
            self._speak(position)

    def _speak(self, position: int) -> None:
        self._spoken = position
        call = self._call
        self._journal.write(QueueAnnounced(call.id, self._entry.queue.name, position))
        speech = call.anchor.start(self._say.position(position, call.language))
        self._playing = speech
        speech.on_end(lambda _: self._music() if self._playing is speech else None)
