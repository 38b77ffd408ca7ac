"""The simulated telephone exchange: lines with numbers, calls between them, and hunting where lines share a number.

A trunk to one of our FXO ports and a subscriber with a telephone are the same thing to it. First party release: whoever
hangs up first ends the call (China's exchanges hold a called party who hangs up for up to 90 s; this one does not).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ccappliance.base.dialplan import Match
from ccappliance.drivers.line import SimulatedLine
from ccappliance.media.ports import Bridge, Media, Sound
from ccappliance.media.tones import Zone
from ccappliance.signalling.callerid import Moment, encode_mdmf
from ccappliance.sim.exchange_line import CallerIdMessage, ExchangeLine, LineSettings, LineState, Party

if TYPE_CHECKING:
    import random

NO_ANSWER = 60.0  # seconds of ringing, then the caller hears busy tone
SWITCHING = (0.2, 0.8)  # seconds from the last digit to the first ring, by chance


class Exchange:
    """Connects whoever calls with whom he dials.

    `local_time` is its wall clock, shown with caller ID; without one no time is sent.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, media: Media, zone: Zone, chance: "random.Random", *,
                 local_time: Callable[[], datetime] | None = None) -> None:
        self._loop = loop
        self._media = media
        self._zone = zone
        self._chance = chance
        self._local_time = local_time
        self._lines: list[ExchangeLine] = []
        self._numbers: dict[str, list[Party]] = {}  # lines in the order in which they are hunted
        self._beginnings: Counter[str] = Counter()  # of lines whose number goes on after these digits
        self._announced: dict[str, Sequence[Sound]] = {}
        self._calls = 0
        self.spoil: Callable[[bytes], bytes] = bytes  # what becomes of FSK caller ID on its way (F21)

    @property
    def lines(self) -> Sequence[ExchangeLine]:
        return self._lines

    def add(self, number: str, settings: LineSettings | None = None, *, name: str = "",
            line: SimulatedLine | None = None) -> ExchangeLine:
        """A line of this number; several lines of one number are hunted in order. `line` is made if not given."""
        if not number.isdigit():
            raise ValueError(f"{number!r} is no number of an exchange: digits only")
        pair = line if line is not None else SimulatedLine(self._loop, self._media.wire())
        added = ExchangeLine(self._loop, self._media, self._zone, pair, number, name, settings or LineSettings(),
                             self._dialled)
        self._lines.append(added)
        self.join(number, added)
        return added

    def join(self, number: str, party: Party) -> None:
        """Who calls this number may reach `party`, who is one of ours or a channel of a span."""
        self._numbers.setdefault(number, []).append(party)
        self._beginnings.update(_beginnings(number))

    def announce(self, number: str, sounds: Sequence[Sound]) -> None:
        """Nobody has this number: who dials it hears these sounds, and then congestion."""
        self._announced[number] = sounds
        self._beginnings.update(_beginnings(number))

    def remove(self, line: ExchangeLine) -> None:
        """Take a line out of service for ever; its call ends."""
        connection = line.connection
        line.close()
        if connection is not None:
            connection.hung_up(line)
        self._lines.remove(line)
        self._numbers[line.number].remove(line)
        self._beginnings.subtract(_beginnings(line.number))
        if not self._numbers[line.number]:
            del self._numbers[line.number]

    def close(self) -> None:
        for line in list(self._lines):
            self.remove(line)

    def _dialled(self, line: ExchangeLine, digits: str, no_more: bool) -> bool:
        """`line` dialled `digits` so far. True: that is a whole number, and the call goes on its way."""
        known = digits in self._numbers or digits in self._announced
        if not no_more and (not known or self._beginnings[digits] > 0):
            return False
        self.connect(line, digits)
        return True

    def connect(self, caller: Party, number: str) -> None:
        """`caller` has told a whole number: the call goes on its way."""
        call = ExchangeCall(self, caller, number)
        caller.connection = call
        self._loop.call_later(self._chance.uniform(*SWITCHING), call.begin)

    def transfer(self, one: Party, other: Party) -> bool:
        """Whoever both of them talk with talk with each other from now on (ECT). False: they are not connected."""
        first, second = one.connection, other.connection
        return (isinstance(first, ExchangeCall) and isinstance(second, ExchangeCall)
                and first.take_over(one, second, other))

    # ---- what calls ask ----

    def hunt(self, number: str) -> Party | None:
        """The first free line of the number."""
        return next((line for line in self._numbers.get(number, ()) if line.free), None)

    def announcement(self, number: str) -> Sequence[Sound]:
        """What is said of a number that nobody has."""
        return self._announced.get(number, ())

    def match(self, digits: str) -> Match:
        """What these digits are to the numbers of the exchange."""
        longer = self._beginnings[digits] > 0
        if digits in self._numbers or digits in self._announced:
            return Match.COMPLETE_OR_MORE if longer else Match.COMPLETE
        return Match.PARTIAL if longer or not digits else Match.IMPOSSIBLE

    def reachable(self, number: str) -> bool:
        """Some line of this number exists and is not broken."""
        return any(line.works for line in self._numbers.get(number, ()))

    def bridge(self) -> Bridge:
        self._calls += 1
        return self._media.bridge(f"exchange/call{self._calls}")

    def after(self, seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, do)

    def identity(self, caller: Party) -> CallerIdMessage:
        """What `caller` shows to those he calls."""
        when = Moment.of(self._local_time()) if self._local_time is not None else None
        number, name = ("", "") if caller.settings.withheld else (caller.number, caller.name)
        absence = "withheld" if caller.settings.withheld else "unavailable"
        return CallerIdMessage(fsk=self.spoil(encode_mdmf(number, name, when, absence=absence)),
                               dtmf=f"D{number or '1'}C")  # D1C: withheld


def _beginnings(number: str) -> list[str]:
    return [number[:length] for length in range(1, len(number))]


class ExchangeCall:
    """One call from the last digit until somebody hangs up."""

    def __init__(self, exchange: Exchange, caller: Party, number: str) -> None:
        self.caller = caller
        self.number = number
        self._exchange = exchange
        self._called: Party | None = None
        self._bridge: Bridge | None = None
        self._early: Bridge | None = None  # before the answer
        self._no_answer: asyncio.TimerHandle | None = None
        self._over = False

    def begin(self) -> None:
        """Find a free line and ring it."""
        if self._over:
            return
        called = self._exchange.hunt(self.number)
        if called is None:
            self._over = True
            announced = self._exchange.announcement(self.number)
            if announced:
                self.caller.announce(announced, "congestion")
            else:
                self.caller.part("busy" if self._exchange.reachable(self.number) else "congestion")
            return
        self._called = called
        self.caller.hear_tone("ringback")
        called.ring(self, self._exchange.identity(self.caller))
        self._no_answer = self._exchange.after(NO_ANSWER, self._give_up)

    def progressed(self, line: Party) -> None:
        """The called party, an ISDN one, can be heard before it answers: the caller hears it instead of ringback."""
        if line is self._called and self._bridge is None and self._early is None and not self._over:
            self._early = self._exchange.bridge()
            self.caller.port.silence()
            for party in (self.caller, line):
                self._early.join(party.port)

    def lifted(self, line: Party) -> None:
        """The called party is off-hook (also by glare, between rings): connected."""
        if line is not self._called or self._bridge is not None:
            return
        self._stop_waiting()
        self._bridge = self._exchange.bridge()
        for party in (self.caller, line):
            party.talk()
            self._bridge.join(party.port)
        self.caller.sign_answer()

    def refused(self, line: Party, tone: str) -> None:
        """The called line says that it cannot be reached: a caller hears why."""
        if line is self._called and self._bridge is None:
            self._over = True
            self._stop_waiting()
            self.caller.part(tone)

    def hung_up(self, line: Party) -> None:
        """`line` has left (and is idle again)."""
        self._over = True
        self._stop_waiting()
        if self._bridge is None:
            if line is self.caller and self._called is not None:
                self._called.stop_ringing()
            elif line is self._called:
                self.caller.part("congestion")  # its line was taken away while it rang
            return
        self._bridge.close()
        other = self._called if line is self.caller else self.caller
        if other is not None and other.state is LineState.TALKING:
            other.sign_disconnect()

    def take_over(self, leaving: Party, other: "ExchangeCall", other_leaving: Party) -> bool:
        """Two calls become one: who talks with `leaving` talks with who talks with `other_leaving`. False: not now."""
        mine, theirs = self._partner(leaving), other._partner(other_leaving)
        if self._bridge is None or other._bridge is None or mine is None or theirs is None:
            return False
        self._bridge.leave(leaving.port)
        other._bridge.close()
        other._bridge, other._over = None, True
        self.caller, self._called = mine, theirs
        self._bridge.join(theirs.port)
        theirs.connection = self
        return True

    def _partner(self, line: Party) -> Party | None:
        return self._called if line is self.caller else self.caller

    def _give_up(self) -> None:
        self._over = True
        self._stop_waiting()
        if self._called is not None:
            self._called.stop_ringing()
        self.caller.part("busy")

    def _stop_waiting(self) -> None:
        if self._no_answer is not None:
            self._no_answer.cancel()
            self._no_answer = None
        if self._early is not None:
            self._early.close()
            self._early = None
