"""The conference rooms as destinations: who enters by number and PIN hears the others, and leaves with #."""

import asyncio
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from ccappliance.apps.conference.settings import ConferenceSettings
from ccappliance.base.clock import Clock
from ccappliance.call import facts
from ccappliance.call.collect import Collect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ccappliance.call.call import Call
    from ccappliance.call.leg import Leg
    from ccappliance.media.ports import Bridge, Media, Sound

ASK = "ask"  # `conference:ask`: the caller enters the room's number
TRIES = 3
LEAVE = "#"
LEFT, FULL, FAILED = "left", "full", "failed"  # how it ended, for flows
_NUMBER = Collect(most=8, first=8.0)
_PIN = Collect(most=12, first=8.0, secure=True)


class Prompts(Protocol):
    """The prompt book."""

    def get(self, name: str, language: str) -> "Sound": ...


class Says(Protocol):
    """Spoken numbers."""

    def number(self, number: int, language: str) -> "Sequence[Sound]": ...


class Writes(Protocol):
    """Where facts are written."""

    def write(self, fact: facts.Fact) -> object: ...


class Room:
    """Those who are in one room now. Its bridge lasts from the first to the last of them."""

    def __init__(self, number: str, bridge: "Bridge", prompts: Prompts, clock: Clock, journal: Writes) -> None:
        self.settings = ConferenceSettings()
        self._number = number
        self._bridge = bridge
        self._prompts = prompts
        self._clock = clock
        self._journal = journal
        self._since: dict[Leg, float] = {}  # loop clock, by who is in it

    def __len__(self) -> int:
        return len(self._since)

    def join(self, leg: "Leg") -> None:
        others = list(self._since)
        self._since[leg] = self._clock.now()
        self._journal.write(facts.ConferenceJoined(leg.call.id, self._number, leg.id, len(self._since)))
        if len(others) == 1:
            others[0].port.silence()  # his music
        self._bridge.join(leg.port)
        if others:
            self._tell(others, "conference_joined")
        else:
            self._keep_company()

    def leave(self, leg: "Leg") -> None:
        """Harmless if he is not in it."""
        since = self._since.pop(leg, None)
        if since is None:
            return
        self._bridge.leave(leg.port)
        self._journal.write(facts.ConferenceLeft(leg.call.id, self._number, leg.id, len(self._since),
                                                 round(self._clock.now() - since, 3)))
        if not leg.is_gone:
            leg.port.silence()
        self._tell(list(self._since), "conference_left")
        if not self._since:
            self._bridge.close()

    def _tell(self, legs: "list[Leg]", name: str) -> None:
        """Over what they say to each other; who is alone afterwards hears his music after it."""
        if not self.settings.announce:
            self._keep_company()
            return
        for leg in [one for one in legs if not one.is_gone]:
            leg.start([self._prompts.get(name, leg.call.language)], over=True).on_end(lambda _: self._keep_company())

    def _keep_company(self) -> None:
        if len(self._since) == 1 and self.settings.music:
            leg = next(iter(self._since))
            if not leg.is_gone:
                leg.start([self._prompts.get("music", leg.call.language)], repeat=True)


class Conferences:
    """All rooms. `find` is the finder of the destinations conference:…; `settings` are replaced by a reload."""

    def __init__(self, settings: Mapping[str, ConferenceSettings], *, media: "Media", prompts: Prompts, say: Says,
                 clock: Clock, journal: Writes) -> None:
        self.settings = settings
        self._media = media
        self._prompts = prompts
        self._say = say
        self._clock = clock
        self._journal = journal
        self._rooms: dict[str, Room] = {}  # that somebody is in

    def find(self, argument: str) -> "Conference | None":
        return Conference(self, argument) if argument in (ASK, *self.settings) else None

    def rows(self) -> dict[str, int]:
        """How many are in each room that is not empty."""
        return {number: len(room) for number, room in self._rooms.items()}

    async def enter(self, call: "Call", number: str) -> str:
        """From the door to # (LEFT); FULL, or FAILED if the room or PIN is wrong. LegGone if he hangs up."""
        await call.answer()
        number = await self._admitted(call, number)
        if not number:
            return FAILED
        if len(self._rooms.get(number, ())) >= self.settings[number].most:
            await call.play([self._prompts.get("conference_full", call.language)])
            return FULL
        await call.play(self._welcome(call, number))
        if len(self._rooms.get(number, ())) >= self.settings[number].most:
            return FULL  # somebody was faster
        await self._stay(call, number)
        return LEFT

    # ---- inside ----

    async def _admitted(self, call: "Call", number: str) -> str:
        """The room, if the caller may come in; "" if not."""
        for _ in range(TRIES):
            wanted = number if number != ASK else await self._ask(call, "conference_enter_number", _NUMBER)
            settings = self.settings.get(wanted)
            if settings is not None and not settings.pin:
                return wanted
            pin = await self._ask(call, "conference_enter_pin", _PIN)
            if settings is not None and hmac.compare_digest(pin, settings.pin):
                return wanted
            await call.play([self._prompts.get("conference_wrong_pin", call.language)])
        return ""

    async def _ask(self, call: "Call", prompt: str, ask: Collect) -> str:
        return (await call.collect(ask, [self._prompts.get(prompt, call.language)])).digits

    def _welcome(self, call: "Call", number: str) -> "list[Sound]":
        present = len(self._rooms.get(number, ()))
        if not present:
            return [self._prompts.get("conference_first", call.language)]
        return [self._prompts.get("conference_present", call.language), *self._say.number(present, call.language)]

    async def _stay(self, call: "Call", number: str) -> None:
        leg, over = call.anchor, asyncio.Event()
        room = self._rooms.get(number)
        if room is None:
            room = self._rooms[number] = Room(number, self._media.bridge(f"conference {number}"), self._prompts,
                                              self._clock, self._journal)
        room.settings = self.settings.get(number, room.settings)
        leg.on_digit = lambda digit: over.set() if digit == LEAVE else None
        leg.on_gone(lambda _: over.set())
        room.join(leg)
        try:
            await over.wait()
        finally:
            leg.on_digit = None
            room.leave(leg)
            if not len(room):
                self._rooms.pop(number, None)


class Conference:
    """`conference:300`, `conference:ask`: afterwards the call is over."""

    def __init__(self, rooms: Conferences, number: str) -> None:
        self._rooms = rooms
        self._number = number

    async def run(self, call: "Call") -> str | None:
        await self._rooms.enter(call, self._number)
        return None
