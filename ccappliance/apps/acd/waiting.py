"""One caller's time in a queue: what he hears, and what his keys do, until an agent has him or he leaves.

Nothing here is waited for: an agent's answer stops it in the same moment, and while an agent rings nothing new begins.
Exit keys act at any moment; only in the dialog about a callback are keys part of a number.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ccappliance.apps.acd.announcer import Announcer
from ccappliance.apps.acd.dialog import KEPT, PROMISED, ask_number
from ccappliance.apps.acd.entry import Entry, EntryState
from ccappliance.apps.acd.player import Player
from ccappliance.apps.acd.room import Room
from ccappliance.call.leg import LegGone
from ccappliance.media.ports import Playing, Sound

if TYPE_CHECKING:
    from ccappliance.call.call import Call


class Waiting:
    """The sound and the keys of one entry, from `start` to `stop`."""

    def __init__(self, entry: Entry, call: "Call", room: Room) -> None:
        tools = room.tools
        self._entry = entry
        self._call = call
        self._room = room
        self._tools = tools
        self._loop = tools.loop
        self._announcer = Announcer(entry, call, prompts=tools.prompts, say=tools.say, outlook=tools.outlook)
        self._player = Player(call.anchor, room.turns(room.music), self._prompt, tools.loop)
        self._messages = room.turns(room.messages)
        self._message_due = False
        self._may_tell = 0.0  # loop clock: not before
        self._speech: Playing | None = None
        self._dialog: asyncio.Task[None] | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._stopped = False

    def start(self) -> None:
        self._room.enter(self)
        self._call.anchor.on_digit = self._key
        self._loop.call_soon(self._begin)  # after the dispatcher's run: perhaps somebody is free

    def stop(self) -> None:
        """Silence, for good."""
        if self._stopped:
            return
        self._stopped = True
        self._room.leave(self)
        self._call.anchor.on_digit = None
        for timer in self._timers.values():
            timer.cancel()
        if self._dialog is not None:
            self._dialog.cancel()
        if self._speech is not None:
            self._speech.stop()
        self._player.stop()

    def farewell(self) -> list[Sound]:
        """What is said to a caller who will be called back."""
        return [self._prompt(PROMISED)]

    # ---- what the room tells ----

    def line_moved(self) -> None:
        self._tell()

    def exchange_music(self) -> None:
        if not self._over:
            self._player.exchange(self._room.turns(self._room.music))

    def exchange_messages(self) -> None:
        if not self._over:
            self._messages = self._room.turns(self._room.messages)
            self._arm_message()

    # ---- inside ----

    @property
    def _over(self) -> bool:
        """Also in the moment in which an agent has answered and the call's task does not know it yet."""
        return self._stopped or not self._entry.in_line or self._call.anchor.is_gone

    @property
    def _can_speak(self) -> bool:
        """Nothing is being said, no agent is being rung for him."""
        return (not self._over and self._speech is None and self._dialog is None
                and self._entry.state is not EntryState.OFFERED)

    def _prompt(self, name: str) -> Sound:
        return self._tools.prompts.get(name, self._call.language)

    def _at(self, when: float, act: Callable[[], object]) -> None:
        """One timer for each act."""
        self._not(act)
        self._timers[act.__name__] = self._loop.call_at(when, act)

    def _not(self, act: Callable[[], object]) -> None:
        former = self._timers.pop(act.__name__, None)
        if former is not None:
            former.cancel()

    def _begin(self) -> None:
        if self._over:
            return
        if self._tools.dispatcher.scheduled:
            self._loop.call_soon(self._begin)
            return
        callback = self._entry.queue.settings.callback
        if callback.enabled:
            self._at(max(self._loop.time(), self._entry.entered + callback.after), self._tell)
        self._arm_message()
        self._room.open(self)
        self._go_on()

    def _go_on(self) -> None:
        """Say what there is to say, else music."""
        if not self._over and self._dialog is None and not self._tell():
            self._player.go_on()

    # ---- announcements and messages ----

    def _tell(self) -> bool:
        """Say what is due; False: nothing is, or this is not the moment."""
        if not self._can_speak:
            return False
        if self._loop.time() >= self._may_tell:
            news = self._announcer.news(self._callback_open(), self._loop.time())
            announce = self._entry.queue.settings.announce
            if news is not None or not announce.position:  # an estimate costs: who was asked in vain is left in peace
                self._room.close(self)
                self._may_tell = self._loop.time() + announce.every
                self._at(self._may_tell, self._open_again)
            if news is not None:
                fact, sounds = news
                self._tools.journal.write(fact)
                self._say(sounds)
                return True
        if self._message_due:
            self._message_due = False
            self._arm_message()
            self._say([self._prompt(self._messages.next())])
            return True
        return False

    def _open_again(self) -> None:
        if not self._over:
            self._may_tell = self._loop.time()  # a timer may be early by the loop's resolution
            self._room.open(self)
            self._tell()

    def _arm_message(self) -> None:
        messages = self._room.messages
        if messages.pieces:
            self._at(self._loop.time() + messages.every, self._message)
        else:
            self._message_due = False
            self._not(self._message)

    def _message(self) -> None:
        self._message_due = True
        if not self._over:
            self._room.open(self)  # if an agent is being rung: to be asked when that has come to nothing
            self._tell()

    def _say(self, sounds: list[Sound]) -> None:
        self._player.pause()
        speech = self._speech = self._call.anchor.start(sounds)
        speech.on_end(lambda _: self._said(speech))

    def _said(self, speech: Playing) -> None:
        if self._speech is speech:
            self._speech = None
            self._go_on()

    # ---- keys ----

    def _key(self, digit: str) -> None:
        if self._over:
            return
        settings = self._entry.queue.settings
        to = settings.exit_keys.get(digit)
        if to is not None:
            self._tools.dispatcher.leave(self._entry, "exit_key", to)
        elif digit == settings.callback.key and self._callback_open():
            self._player.pause()
            self._speech = None
            self._call.anchor.on_digit = None  # what he presses is for the dialog
            self._dialog = self._loop.create_task(self._ask(), name=f"callback dialog {self._call.id}")
            self._dialog.add_done_callback(self._asked)

    def _callback_open(self) -> bool:
        """Whether he may ask to be called back now."""
        callback = self._entry.queue.settings.callback
        return (callback.enabled and self._loop.time() >= self._entry.entered + callback.after
                and self._tools.callbacks.offered(self._entry))

    async def _ask(self) -> None:
        tools = self._tools
        try:
            number = await ask_number(self._call, tools.prompts, tools.say, tools.callbacks.number_problem)
            if number and not self._over:
                if tools.callbacks.offered(self._entry):
                    tools.callbacks.promise(self._entry, number, self._announcer.told(self._loop.time()))
                else:
                    await self._call.anchor.play([self._prompt(KEPT)])
        except LegGone:
            pass  # he hung up

    def _asked(self, dialog: "asyncio.Task[None]") -> None:
        self._dialog = None
        if not self._over:
            self._call.anchor.on_digit = self._key
            self._go_on()
