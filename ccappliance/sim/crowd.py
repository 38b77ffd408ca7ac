"""The crowd of a day: callers and agents as callbacks on their telephones, many at once and each of them cheap.

A caller knows what he hears: dial tone (he dials), a voice (somebody or something answered: he listens, presses his
key, loses patience), the agent's greeting (he talks), busy or congestion tone (he hangs up). An agent hears his bell,
lifts, greets, and hangs up after the talk or at any tone.
"""

import asyncio
import math
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance.apps.acd.agent import MISSED_REASON, AgentState
from ccappliance.base.errors import Refused
from ccappliance.drivers.hook import LONGEST_FLASH
from ccappliance.drivers.line import SimulatedLine
from ccappliance.media.ports import Media, Sound
from ccappliance.media.tones import Zone
from ccappliance.sim.day_settings import Break, Day, Times
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_line import HUNG_UP, LineState
from ccappliance.sim.people import VOICE, Telephone

if TYPE_CHECKING:
    import random

    from ccappliance.apps.acd.acd import Acd

FIRST_SUBSCRIBER = 13_000_000_001  # eleven digits, as mobile numbers in China
VOICE_KNOWN = 0.22  # seconds from a voice until it is recognised (media/ports.py, VoiceHeard)
LET_GO = 1.0  # seconds after hanging up until the exchange has surely let a telephone go (HUNG_UP, and a margin)
PARTING = ("busy", "congestion", "dial", "howler")  # nothing comes of waiting on a line with one of these

GREETING = Sound("greeting", array("h", [4000, -4000, 3000, -3000] * 2000).tobytes())  # 1 s that is no tone of a zone


def draw(times: Times, chance: "random.Random") -> float:
    """Seconds, as `times` says."""
    match times.shape:
        case "exponential":
            return -times.mean * math.log(1.0 - chance.random())
        case "lognormal":
            variance = math.log1p(times.spread ** 2)
            return times.mean * math.exp(math.sqrt(variance) * chance.gauss(0.0, 1.0) - variance / 2)
        case "uniform":
            return 2.0 * times.mean * chance.random()
    return times.mean


@dataclass(frozen=True)
class Caller:
    """What one caller has decided before he lifts the receiver. Lengths in seconds."""

    key: str
    listens: float
    leaves_menu: bool
    patience: float | None
    talk: float


class Callers:
    """Draws callers; each quality comes from a stream of its own, so a change of one leaves the others as they were."""

    def __init__(self, day: Day, stream: Callable[[str], "random.Random"]) -> None:
        self._settings = day.callers
        self._pure = day.pure
        self._keys = list(day.callers.keys)
        self._weights = list(day.callers.keys.values())
        self._key, self._listen, self._leave, self._patience, self._talk = (
            stream(name) for name in ("keys", "listen", "leave_menu", "patience", "talk"))

    def next(self) -> Caller:
        settings = self._settings
        patience = None if settings.patience is None else draw(settings.patience, self._patience)
        if patience is not None and self._pure:
            patience = max(0.0, patience - VOICE_KNOWN - HUNG_UP)
        return Caller(key=self._key.choices(self._keys, self._weights)[0] if self._keys else "",
                      listens=draw(settings.listen, self._listen),
                      leaves_menu=self._leave.random() < settings.leave_menu,
                      patience=patience, talk=draw(settings.talk, self._talk))


class Subscriber:
    """A telephone at the exchange, used by one caller after the other."""

    def __init__(self, town: "Town", number: str, line: SimulatedLine) -> None:
        self._town = town
        self._line = town.exchange.add(number, line=line)
        self._phone = Telephone(town.loop, town.media, town.zone, line, number, self._notice)
        self._caller: Caller | None = None
        self._connected = False
        self._talking = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        return self._caller is None and not self._phone.off_hook and self._line.state is LineState.IDLE

    def call(self, caller: Caller) -> None:
        """Lift and wait for dial tone; the rest is told by the line."""
        self._caller = caller
        self._connected = self._talking = False
        self._phone.lift()

    def close(self) -> None:
        self._stop_timer()
        self._phone.close()

    def _notice(self, what: str) -> None:
        caller, phone = self._caller, self._phone
        if caller is None:
            return
        if phone.tone == "dial" and not self._connected:
            phone.tone = ""
            phone.port.digits(self._town.number)
            phone.listen_for(GREETING)
        elif phone.tone in PARTING:
            self._leave("hung up on" if self._connected else "heard nobody")
        elif phone.found and not self._talking:
            self._connected = self._talking = True
            self._stop_timer()
            if self._town.day.ends == "caller":
                self._after(caller.talk, self._leave, "talked")
        elif what == VOICE and not self._connected:
            self._connected = True
            if not caller.key:
                self._wait()
            else:
                self._after(caller.listens, self._press)

    def _press(self) -> None:
        assert self._caller is not None
        if self._caller.leaves_menu:
            self._leave("left the menu")
            return
        self._phone.port.digits(self._caller.key)
        self._wait()

    def _wait(self) -> None:
        assert self._caller is not None
        if self._caller.patience is not None:
            self._after(self._caller.patience, self._leave, "lost patience")

    def _leave(self, why: str) -> None:
        self._stop_timer()
        self._town.left[why if why != "hung up on" or not self._talking else "talked"] += 1
        self._caller = None
        self._phone.hang_up()
        self._town.loop.call_later(LET_GO, self._town.give_back, self)

    def _after(self, seconds: float, do: Callable[..., None], *args: object) -> None:
        self._stop_timer()
        self._timer = self._town.loop.call_later(seconds, do, *args)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Town:
    """Everybody who may call: as many telephones as are in use at once, made when needed."""

    def __init__(self, day: Day, number: str, *, loop: asyncio.AbstractEventLoop, media: Media, zone: Zone,
                 exchange: Exchange) -> None:
        self.day = day
        self.number = number
        self.loop = loop
        self.media = media
        self.zone = zone
        self.exchange = exchange
        self.left: Counter[str] = Counter()  # callers who are gone, by why
        self.called = 0
        self._free: list[Subscriber] = []
        self._all: list[Subscriber] = []

    @property
    def gone(self) -> bool:
        """Everybody who called has left, and his telephone is at rest."""
        return len(self._free) == len(self._all)

    def call(self, caller: Caller) -> None:
        """Somebody calls, from a free telephone."""
        self.called += 1
        subscriber = self._free.pop() if self._free else self._install()
        subscriber.call(caller)

    def give_back(self, subscriber: Subscriber) -> None:
        if subscriber.idle:
            self._free.append(subscriber)
        else:
            self.loop.call_later(LET_GO, self.give_back, subscriber)

    def close(self) -> None:
        for subscriber in self._all:
            subscriber.close()

    def _install(self) -> Subscriber:
        line = SimulatedLine(self.loop, self.media.wire())
        subscriber = Subscriber(self, str(FIRST_SUBSCRIBER + len(self._all)), line)
        self._all.append(subscriber)
        return subscriber


class Seat:
    """An agent at his telephone, from login to logout."""

    def __init__(self, number: str, station: str, line: SimulatedLine, day: Day, acd: "Acd", *,
                 stream: Callable[[str], "random.Random"], loop: asyncio.AbstractEventLoop, media: Media,
                 zone: Zone) -> None:
        self.number = number
        self._station = station
        self._day = day
        self._acd = acd
        self._loop = loop
        self._chance = stream(f"agent/{number}")
        self._talks = stream(f"agent/{number}/talk")
        self._phone = Telephone(loop, media, zone, line, f"station {station}", self._notice)
        self._heeded = False  # the bell rings and he has decided what to do
        self._timer: asyncio.TimerHandle | None = None  # until he lifts, or ends the talk
        self._later: dict[str, asyncio.TimerHandle] = {}  # breaks, by reason, and coming back

    @property
    def off_hook(self) -> bool:
        return self._phone.off_hook

    def begin(self) -> None:
        self._acd.login(self.number, self._station, "the day begins")
        for pause in self._day.staff.breaks:
            self._plan(pause)

    def end(self) -> None:
        """Go home; a call under way is finished first."""
        for timer in self._later.values():
            timer.cancel()
        self._later.clear()
        if self._acd.book.get(self.number).state is not AgentState.LOGGED_OUT:
            self._acd.logout(self.number, "the day is over")

    def close(self) -> None:
        self._stop_timer()
        self._phone.close()

    # ---- the telephone ----

    def _notice(self, what: str) -> None:
        phone = self._phone
        if phone.off_hook:
            if phone.tone in PARTING:
                self._hang_up()
        elif not phone.ringing:
            self._heeded = False
            self._stop_timer()
            self._bell_stopped()
        elif not self._heeded:
            self._heed_bell()

    def _heed_bell(self) -> None:
        """Decide, once for each time it begins to ring, whether and when to lift."""
        self._heeded = True
        if self._chance.random() >= self._day.staff.miss:
            seconds = draw(self._day.staff.answer, self._chance)
            if seconds > 0:
                self._timer = self._loop.call_later(seconds, self._lift)
            else:
                self._lift()

    def _lift(self) -> None:
        self._timer = None
        phone = self._phone
        if not phone.ringing:
            return
        self._heeded = False
        phone.lift()
        phone.port.play([GREETING])
        if self._day.ends == "agent":
            seconds = draw(self._day.callers.talk, self._talks)
            if self._day.pure:  # the line takes that long to tell hanging up from a flash
                seconds = max(0.0, seconds - LONGEST_FLASH)
            self._timer = self._loop.call_later(seconds, self._hang_up)

    def _hang_up(self) -> None:
        self._stop_timer()
        self._phone.hang_up()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ---- pauses ----

    def _plan(self, pause: Break) -> None:
        self._after(pause.reason, draw(pause.after, self._chance), self._pause, pause)

    def _pause(self, pause: Break) -> None:
        try:
            self._acd.pause(self.number, pause.reason, "himself")
        except Refused:
            self._plan(pause)  # not now
            return
        self._after(pause.reason, draw(pause.lasts, self._chance), self._come_back, pause)

    def _come_back(self, pause: Break) -> None:
        self._resume()
        self._plan(pause)

    def _bell_stopped(self) -> None:
        """If it was one call too many that he let ring, he is paused, and finds out after a while."""
        agent = self._acd.book.get(self.number)
        if agent.state is AgentState.PAUSED and agent.why == MISSED_REASON and "missed" not in self._later:
            self._after("missed", draw(self._day.staff.back, self._chance), self._resume_missed)

    def _resume_missed(self) -> None:
        del self._later["missed"]
        self._resume()

    def _resume(self) -> None:
        try:
            self._acd.resume(self.number, "himself")
        except Refused as refused:
            if refused.code == "not_logged_in":  # the pause was longer than its bound
                self._acd.login(self.number, self._station, "back from a long pause")

    def _after(self, name: str, seconds: float, do: Callable[..., None], *args: object) -> None:
        self._later[name] = self._loop.call_later(seconds, do, *args)
