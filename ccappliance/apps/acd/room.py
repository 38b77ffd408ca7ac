"""The waiting room of a queue: those who listen in it, what is played there, and who is asked when the line moves."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ccappliance.apps.acd.announcer import Prompts, Says
from ccappliance.apps.acd.dialog import Callbacks, NoCallbacks
from ccappliance.apps.acd.outlook import Outlook
from ccappliance.apps.acd.player import Turns
from ccappliance.apps.acd.waiting_settings import Messages, Playlist

if TYPE_CHECKING:
    from ccappliance.apps.acd.dispatcher import Dispatcher
    from ccappliance.call.journal import Journal

BATCH = 5  # callers asked in one round of the loop: about two milliseconds; a connection comes before the next round


@dataclass
class WaitingTools:
    """What waiting rooms need of the house. `callbacks`: who keeps promises to call back, once there is somebody."""

    loop: asyncio.AbstractEventLoop
    journal: "Journal"
    dispatcher: "Dispatcher"
    prompts: Prompts
    say: Says
    outlook: Outlook
    chance: Callable[[], float]  # a lot from 0 to 1
    callbacks: Callbacks = field(default_factory=NoCallbacks)


class Listener(Protocol):
    """One who waits in the room."""

    def line_moved(self) -> None:
        """The line has moved, and he is one of those who may be told something."""
        ...

    def exchange_music(self) -> None: ...

    def exchange_messages(self) -> None: ...


class Room:
    """A listener whose last announcement was long enough ago is `open` for news; nobody looks at the others."""

    def __init__(self, tools: WaitingTools) -> None:
        self.tools = tools
        self.music = Playlist()
        self.messages = Messages()
        self._listeners: dict[Listener, None] = {}
        self._open: dict[Listener, None] = {}
        self._asked: deque[Listener] = deque()
        self._scheduled = False
        self._moved = False

    # ---- who is there ----

    def enter(self, listener: Listener) -> None:
        self._listeners[listener] = None

    def leave(self, listener: Listener) -> None:
        self._listeners.pop(listener, None)
        self.close(listener)

    def open(self, listener: Listener) -> None:
        """He may be told something from now on."""
        self._open[listener] = None

    def close(self, listener: Listener) -> None:
        """He has just been told something."""
        self._open.pop(listener, None)

    # ---- the line ----

    def line_moved(self) -> None:
        """Ask everybody who is open, after the dispatcher has run: whom an agent is rung for then is not told."""
        self._moved = True
        if not self._scheduled:
            self._scheduled = True
            self.tools.loop.call_soon(self._ask)

    def _ask(self) -> None:
        if self.tools.dispatcher.scheduled:
            self.tools.loop.call_soon(self._ask)
            return
        if not self._asked and self._moved:
            self._moved = False
            self._asked.extend(self._open)
        for _ in range(min(BATCH, len(self._asked))):
            listener = self._asked.popleft()
            if listener in self._open:
                listener.line_moved()
        self._scheduled = bool(self._asked) or self._moved
        if self._scheduled:
            self.tools.loop.call_soon(self._ask)

    # ---- what is played ----

    def turns(self, what: Playlist | Messages) -> Turns:
        return Turns(what.pieces, what.order, self.tools.chance)

    def exchange(self, music: Playlist, messages: Messages) -> None:
        """Other pieces from now on, for those who listen as well."""
        heard, self.music = self.music, music
        said, self.messages = self.messages, messages
        for listener in list(self._listeners):
            if heard != music:
                listener.exchange_music()
            if said != messages:
                listener.exchange_messages()
