"""A conversation: two legs on one bridge, with consultation, transfer and conference by hook flash.

Flash: the other party is held with music, the one who flashed hears dial tone and dials. Then
  he hangs up while it rings          → transferred blind (and rung back if nobody answers)
  he hangs up after it was answered   → transferred, attended
  he flashes while it rings           → back to the held party
  he flashes after it was answered    → conference of three
  the third party is busy or leaves   → back to the held party
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.consultation import Consultation
from ccappliance.call.feature_keys import FeatureKeys
from ccappliance.call.leg import Leg
from ccappliance.call.supervision import Listeners

if TYPE_CHECKING:
    from ccappliance.call.call import Call


BOTH_GONE = 3.0  # s after the exchange has taken one call over until it has taken the other


@dataclass(frozen=True, slots=True)
class ConversationEnd:
    """How it ended. `by`: "caller" (the anchor's side), "callee", "transfer", "exchange" (it has joined the two);
    `next`: where the call goes on."""

    by: str
    next: str | None = None


class Conversation:
    """Two parties talk. One instance per `Call.converse`; its `run` owns the bridge and leaves nothing behind."""

    def __init__(self, call: "Call", anchor: Leg, other: Leg, record: str, queue: str = "", agent: str = "") -> None:
        self.call = call
        self.switch = call.switch
        self.parties: list[Leg] = [anchor, other]
        self._record = record  # why the queue, station or flow wants it; "" it does not
        self._served = queue, agent
        self._events: asyncio.Queue[tuple[str, Leg]] = asyncio.Queue()
        self.bridge = self.switch.media.bridge(call.id)
        self.connected: list[Leg] = []  # who hears each other now
        customer = self._customer()
        self.coached: Leg | None = other if customer is anchor else anchor  # who hears a supervisor's whisper
        self.listeners = Listeners(self)
        self._consulting: Leg | None = None  # who consults somebody now
        self._asked: asyncio.Task[bool] | None = None  # the exchange was asked to take both parties over
        self._sent = ""  # where a door sends it
        self._began = self.switch.outside.clock.now()

    async def run(self) -> ConversationEnd:
        """Until one leaves or the call goes elsewhere. Clears every leg but the anchor's; cancelled with the call."""
        end = ConversationEnd("caller")
        try:
            await self.call.answer()
            self.call.conversation = self
            self.watch(self.parties[0])
            self.watch(self.parties[1])
            self.call.recording.begin(self._record, self._customer(), *self._served)
            self._start()
            end = await self._talk()
            return end
        finally:
            if self._asked is not None:
                self._asked.cancel()
            self.call.conversation = None
            self.call.recording.over()
            self.listeners.close()
            self.bridge.close()
            self.call.take_in_hands(None)
            seconds = self.switch.outside.clock.now() - self._began
            self.switch.journal.write(facts.ConversationEnded(self.call.id, end.by, round(seconds, 3)))
            for leg in list(self.call.legs):
                leg.on_flash = None
                if leg.feature_keys or leg.is_station:
                    leg.on_digit = None
                if leg is not self.call.anchor:
                    leg.clear(Cause.NORMAL)

    # ---- for the consultation ----

    def watch(self, leg: Leg) -> None:
        """Hear of this leg's flash and end through the conversation's own queue."""
        leg.on_gone(lambda gone: self._events.put_nowait(("gone", gone)))
        if leg.is_station:
            leg.on_flash = lambda: self._events.put_nowait(("flash", leg))
        if leg.feature_keys:
            leg.on_digit = FeatureKeys(self.switch.loop, lambda: self._events.put_nowait(("flash", leg)),
                                       lambda: self._leave(leg), lambda: self.call.recording.toggle(leg)).digit
        elif leg.is_station:
            leg.on_digit = FeatureKeys(self.switch.loop, record=lambda: self.call.recording.toggle(leg)).digit

    async def event(self) -> tuple[str, Leg]:
        return await self._events.get()

    def end(self, by: str, next_: str | None) -> ConversationEnd:
        return ConversationEnd(by, next_)

    def tell(self, event: str, leg: Leg) -> None:
        self._events.put_nowait((event, leg))

    def connect(self, *legs: Leg) -> None:
        """Exactly these legs hear each other now."""
        self.listeners.step_out()
        for leg in [*self.call.legs, *self.listeners.parties()]:
            if leg not in legs:
                self.bridge.leave(leg.port)
        present = self.connected = [leg for leg in legs if not leg.is_gone]
        for leg in present:
            leg.port.silence()
            self.bridge.join(leg.port)
        self.listeners.step_in()
        self.switch.journal.write(facts.Bridged(self.call.id, [leg.id for leg in present]))

    def hold(self, leg: Leg, held: bool) -> None:
        """Hold music for a party, or an end of it."""
        if leg.is_gone:
            return
        self.switch.journal.write(facts.HoldChanged(self.call.id, leg.id, held))
        if held:
            leg.start([self.switch.sounds.get("music", self.call.language)], repeat=True)
        else:
            leg.port.silence()

    def replace(self, leaver: Leg, successor: Leg) -> None:
        """`successor` takes the seat of a party who transferred himself out."""
        kept = self.parties[0] if self.parties[1] is leaver else self.parties[1]
        if leaver is self.call.anchor:
            self.call.re_anchor(kept)
        if leaver is self.coached:
            self.coached = successor if successor.is_station else None
        self.parties = [kept, successor]
        self.connect(kept, successor)

    # ---- for supervisors ----

    def may_take_over(self) -> None:
        """Refused("not_now")."""
        if self._consulting is not None or self.coached not in self.parties:
            raise Refused("not_now", f"call {self.call.id} can't be taken over while its agent consults somebody")

    def take_over(self, leg: Leg) -> None:
        """`leg`, of another call, takes the agent's place; the agent's leg ends. After `may_take_over`."""
        agent = self.coached
        assert agent is not None
        others = [party for party in self.parties if party is not agent]
        if agent is self.call.anchor:
            self.call.re_anchor(others[0])
        self.parties = [*others, leg]
        self.coached = leg
        self.watch(leg)
        self.connect(*self.parties)
        agent.clear(Cause.NORMAL, f"taken over by {leg.party.number}")

    # ---- for the doors ----

    def send(self, destination: str, by: Leg | None = None) -> None:
        """The anchor goes elsewhere, as if the other one (`by`) had transferred him blind. Refused("not_now")."""
        by = by or next((party for party in self.parties if party is not self.call.anchor), None)
        busy = self._consulting is not None or self._asked is not None or self._sent
        if busy or by is None or self.call.anchor not in self.parties:
            raise Refused("not_now", f"call {self.call.id} can't be sent elsewhere while somebody in it is consulting")
        self._sent = destination
        self.switch.journal.write(facts.TransferStarted(self.call.id, by.id, destination))
        self.tell("sent", by)

    # ---- the exchange may join them itself ----

    def _ask_exchange(self, one: Leg, other: Leg) -> None:
        """Both parties came over one span: its exchange may join them and free both channels. Meanwhile, and if it does
        not, they talk through us."""
        joined = self.switch.joins(one.circuit.name, other.circuit.name)
        if joined is None:
            return
        self.call.take_in_hands(self.call.anchor)
        self._asked = self.switch.loop.create_task(self._joined(joined), name=f"join {self.call.id}")
        self._asked.add_done_callback(lambda _: self.tell("asked", one))

    async def _joined(self, joined: Coroutine[Any, Any, None]) -> bool:
        """Did it, and are both channels free? One party's hanging up meanwhile is no transfer."""
        one, other = self.parties
        try:
            await joined
            async with asyncio.timeout(BOTH_GONE):
                await asyncio.wait([one.gone, other.gone])
        except Refused as refused:
            self.switch.log.info("the exchange does not join two calls", extra={"fields": {
                "call": self.call.id, "why": str(refused)}})
            return False
        except TimeoutError:
            return False
        return True

    async def _answer_of_exchange(self) -> ConversationEnd | None:
        """While the exchange is asked, somebody has left, or it has answered."""
        assert self._asked is not None
        asked = await self._asked
        self._asked = None
        self.call.take_in_hands(None)
        if asked:
            self.switch.journal.write(facts.HandedOver(self.call.id, [party.id for party in self.parties]))
            self.call.ended_by = "exchange"
            return ConversationEnd("exchange")
        gone = next((party for party in self.parties if party.is_gone), None)
        if gone is None:
            return None
        if gone is self.call.anchor:
            self.call.end_cause = gone.gone.result()
        return self._left(gone)

    # ---- inside ----

    def _customer(self) -> Leg:
        trunks = [leg for leg in self.parties if not leg.is_station]
        return trunks[0] if trunks else self.parties[0]

    def _start(self) -> None:
        self.switch.journal.write(facts.ConversationStarted(
            self.call.id, [leg.id for leg in self.parties], [leg.party.number for leg in self.parties]))
        self.connect(*self.parties)

    async def _talk(self) -> ConversationEnd:
        while True:
            event, leg = await self.event()
            if event == "gone" and leg in self.parties and len(self.parties) == 3 and leg is not self.call.anchor:
                self.parties.remove(leg)
                self.connect(*self.parties)
            elif self._asked is not None and leg in self.parties and event in ("gone", "asked"):
                end = await self._answer_of_exchange()
                if end is not None:
                    return end
            elif event == "gone" and leg in self.parties:
                return self._left(leg)
            elif event == "sent":
                self.switch.journal.write(facts.TransferEnded(self.call.id, leg.id, self._sent, "blind"))
                return ConversationEnd("transfer", self._sent)
            elif event in ("flash", "blind") and leg in self.parties and len(self.parties) == 2 and not self._asked:
                before = list(self.parties)
                end = await self._consult(leg, event == "blind")
                if end is not None:
                    return end
                if len(self.parties) == 2 and self.parties != before:
                    self._ask_exchange(*self.parties)

    def _left(self, leg: Leg) -> ConversationEnd:
        by = "caller" if leg is self.call.anchor or leg is self.parties[0] else "callee"
        self.call.ended_by = self.call.ended_by or by
        return ConversationEnd(by)

    def _leave(self, leg: Leg) -> None:
        """*2: out of a transfer under way, or the beginning of a blind one."""
        if self._consulting is leg:
            leg.clear(Cause.NORMAL, "leaves the transfer")
        else:
            self._events.put_nowait(("blind", leg))

    async def _consult(self, by: Leg, blind: bool) -> ConversationEnd | None:
        self._consulting = by
        held = self.parties[0] if by is self.parties[1] else self.parties[1]
        if by is self.call.anchor:
            self.call.take_in_hands(by)
        try:
            return await Consultation(self, by, held, blind).run()
        except Refused as refused:
            self.switch.log.info("consultation refused", extra={"fields": {"call": self.call.id, "code": refused.code}})
            self.hold(held, False)
            self.connect(*self.parties)
            return None
        finally:
            self._consulting = None
            self.call.take_in_hands(None)
