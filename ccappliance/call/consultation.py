"""A consultation: what happens between a hook flash and the moment two (or three) parties talk again."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from ccappliance.base.causes import Cause
from ccappliance.base.dialplan import Match
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.call import facts
from ccappliance.call.leg import Leg, LegState
from ccappliance.call.routing import Reachable

if TYPE_CHECKING:
    from ccappliance.call.conversation import Conversation, ConversationEnd

FIRST_DIGIT = 10.0  # s of dial tone, as a telephone gets it off-hook
NEXT_DIGIT = 4.0  # s; then what was dialled must do
RING_BLIND = 30.0  # s the third party rings after a blind transfer, and the transferrer when he is rung back
FREE_WITHIN = 1.0  # s a telephone that was hung up takes at most until it can be rung
FAILED_TONE = 3.0  # s of busy tone before the held party is back: who hangs up at the tone has 1.25 s until that counts
#                    as on-hook and no flash (drivers/hook.py), and must not lose his caller meanwhile


class Consultation:
    """`by` flashed; `held` waits with music. `run` answers None when the conversation goes on, else its end."""

    def __init__(self, conversation: "Conversation", by: Leg, held: Leg, blind: bool = False) -> None:
        """`blind`: he is let go as soon as the third party rings."""
        self._blind = blind
        self._conversation = conversation
        self._call = conversation.call
        self._switch = conversation.switch
        self._by = by
        self._held = held
        self._third: Leg | None = None
        self._target = ""
        self._digits = ""
        self._open = False  # TransferStarted is written, TransferEnded not yet

    async def run(self) -> "ConversationEnd | None":
        try:
            return await self._consult()
        finally:
            if self._open:
                self._ended("abandoned")  # the call ended under it

    async def _consult(self) -> "ConversationEnd | None":
        self._conversation.connect()
        self._conversation.hold(self._held, True)
        dialled = await self._dial()
        if dialled is None:
            if self._held.is_gone:
                return self._held_left()
            if self._by.is_gone:
                return await self._recall()
            self._back("")
            return None
        self._target = dialled
        self._open = True
        self._switch.journal.write(facts.TransferStarted(self._call.id, self._by.id, dialled))
        destination = self._switch.routes.from_station(dialled)
        if destination is None:
            return await self._fail()
        try:
            found = self._switch.destinations.find(destination)
            if not isinstance(found, Reachable):
                return self._hand_over(destination)
            self._third = found.place(self._call, calling=self._by.party.number)
        except Refused:
            return await self._fail()
        if self._blind:
            self._by.clear(Cause.NORMAL, "transfers blind")
        return await self._ring(self._third)

    # ---- dialling ----

    async def _dial(self) -> str | None:
        """The number dialled, or None: the party flashed back, gave up or left, or the held party did."""
        self._by.port.tone(self._switch.zone.tones["dial"])
        keys = self._by.on_digit
        self._by.on_digit = lambda digit: self._conversation.tell(f"digit {digit}", self._by)
        timer = self._switch.loop.call_later(FIRST_DIGIT, self._conversation.tell, "timeout", self._by)
        try:
            while True:
                event, leg = await self._conversation.event()
                if leg is self._held and event == "gone":
                    return None
                if leg is not self._by:
                    continue
                if event in ("gone", "flash"):
                    return None
                if event == "timeout":
                    return self._digits if self._whole(Match.COMPLETE, Match.COMPLETE_OR_MORE) else None
                timer.cancel()
                self._by.port.silence()
                self._digits += event[-1]
                if self._whole(Match.COMPLETE):
                    return self._digits
                if self._whole(Match.IMPOSSIBLE) or len(self._digits) >= MAX_DIALLED:
                    return self._digits  # nothing can match any more: the caller of _dial finds no destination
                timer = self._switch.loop.call_later(NEXT_DIGIT, self._conversation.tell, "timeout", self._by)
        finally:
            timer.cancel()
            self._by.on_digit = keys

    def _whole(self, *matches: Match) -> bool:
        return bool(self._digits) and self._switch.routes.dialplan.match(self._digits) in matches

    # ---- ringing the third party ----

    async def _ring(self, third: Leg) -> "ConversationEnd | None":
        self._conversation.watch(third)
        third.on_answered(lambda leg: self._conversation.tell("answered", leg))
        third.on_progressed(lambda leg: self._conversation.tell("progressed", leg))
        self._by.port.tone(self._switch.zone.tones["ringback"])
        timer = None
        try:
            while True:
                event, leg = await self._conversation.event()
                if leg is third and event == "gone":
                    return await self._recall() if self._by.is_gone else await self._fail()
                if leg is third and event == "progressed" and not self._by.is_gone and not third.is_gone:
                    self._conversation.connect(self._by, third)  # he hears the network instead of our ringback
                elif leg is third and event == "answered":
                    if self._by.is_gone:
                        self._transferred("blind")
                        return None
                    self._conversation.connect(self._by, third)
                elif leg is third and event == "timeout":
                    third.clear(Cause.NO_ANSWER)
                elif leg is self._by and event == "gone":
                    if third.state is LegState.ANSWERED:
                        self._transferred("attended")
                        return None
                    timer = self._switch.loop.call_later(RING_BLIND, self._conversation.tell, "timeout", third)
                elif leg is self._by and event == "flash":
                    if third.state is LegState.ANSWERED:
                        self._conference()
                    else:
                        third.clear(Cause.NORMAL)
                        self._back("returned")
                    return None
                elif leg is self._held and event == "gone":
                    return self._held_left()
        finally:
            if timer is not None:
                timer.cancel()

    # ---- outcomes ----

    def _ended(self, outcome: str) -> None:
        self._open = False
        self._switch.journal.write(facts.TransferEnded(self._call.id, self._by.id, self._target, outcome))

    def _transferred(self, outcome: str) -> None:
        assert self._third is not None
        self._ended(outcome)
        self._conversation.hold(self._held, False)
        self._conversation.replace(self._by, self._third)

    def _conference(self) -> None:
        assert self._third is not None
        self._ended("conference")
        self._conversation.hold(self._held, False)
        self._conversation.parties.append(self._third)
        self._conversation.connect(*self._conversation.parties)

    def _hand_over(self, destination: str) -> "ConversationEnd":
        """To a queue or a flow: nobody to talk with first, so the call goes there at once."""
        from_hands = self._by is self._call.anchor
        self._ended("blind")
        self._conversation.hold(self._held, False)
        if from_hands:
            self._call.re_anchor(self._held)
        self._by.clear(Cause.NORMAL, "transferred the call")
        return self._conversation.end("transfer", destination)

    def _back(self, outcome: str) -> None:
        if outcome:
            self._ended(outcome)
        self._conversation.hold(self._held, False)
        self._conversation.connect(self._by, self._held)

    async def _fail(self) -> "ConversationEnd | None":
        """Nobody reached: a moment of busy tone, then back to the held party."""
        self._by.port.tone(self._switch.zone.tones["busy"])
        timer = self._switch.loop.call_later(FAILED_TONE, self._conversation.tell, "timeout", self._by)
        try:
            while not self._by.is_gone:
                event, leg = await self._conversation.event()
                if leg is self._by and event in ("timeout", "flash"):
                    self._back("failed")
                    return None
                if leg is self._held and event == "gone":
                    return self._held_left()
        finally:
            timer.cancel()
        return await self._recall()

    def _held_left(self) -> "ConversationEnd | None":
        """The held party hung up: those who consulted go on as a conversation, if they talk already."""
        if self._third is not None and self._third.state is LegState.ANSWERED:
            self._ended("held_left")
            self._conversation.parties = [self._by, self._third]
            return None
        self._call.ended_by = self._call.ended_by or "callee"
        return self._conversation.end("callee", None)

    async def _recall(self) -> "ConversationEnd | None":
        """The transferrer is gone and nobody answered: ring him back rather than lose the held party."""
        if self._open:
            self._ended("failed")
        if self._by is self._call.anchor:
            self._call.re_anchor(self._held)
        try:
            await self._until_free()
            again = self._ring_back()
        except Refused:
            return await self._give_up()
        timer = self._switch.loop.call_later(RING_BLIND, again.clear, Cause.NO_ANSWER)
        self._conversation.watch(again)
        again.on_answered(lambda leg: self._conversation.tell("answered", leg))
        try:
            while not again.is_gone:
                event, leg = await self._conversation.event()
                if leg is again and event == "answered":
                    self._third = again
                    self._conversation.hold(self._held, False)
                    self._conversation.replace(self._by, again)
                    return None
                if leg is self._held and event == "gone":
                    again.clear()
                    return self._conversation.end("callee", None)
        finally:
            timer.cancel()
        return await self._give_up()

    def _ring_back(self) -> Leg:
        if self._by.again is not None:
            return self._by.again()
        return self._call.place(self._by.party.number, calling=self._held.party.number)

    async def _until_free(self) -> None:
        """Until his telephone can ring: he has hung up in this very moment."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FREE_WITHIN):
                await asyncio.shield(self._by.released)

    async def _give_up(self) -> "ConversationEnd":
        self._conversation.hold(self._held, False)
        await self._held.play([self._switch.sounds.get("transfer_failed", self._call.language)])
        return self._conversation.end("callee", None)
