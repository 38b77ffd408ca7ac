"""A call: one reason to be connected, from offer to end; a task walks it from destination to destination."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.callers import NOBODY, Caller
from ccappliance.call.collect import Collect, Collected
from ccappliance.call.conversation import Conversation, ConversationEnd
from ccappliance.call.leg import Leg, LegState, Party
from ccappliance.call.recorded import Recorded
from ccappliance.call.shield import Shield
from ccappliance.call.variables import Variables
from ccappliance.media.ports import Played, Sound
from ccappliance.signalling.signals import Circuit

if TYPE_CHECKING:
    from ccappliance.call.routes import Routed
    from ccappliance.call.switch import Switch


@dataclass(frozen=True, slots=True)
class Served:
    """Who has talked to a caller last, and in which queue; "": nobody yet."""

    agent: str = ""
    queue: str = ""


class Call:
    """One call. Made by Switch only, which also runs it; apps get it as the argument of `run(call)`.

    The `anchor` is the leg whose end ends the call: the customer, as a rule. When it goes, the call's task is
    cancelled, unless a conversation has taken the anchor's end into its own hands (a transfer by the anchor).
    """

    def __init__(self, switch: "Switch", call_id: str, direction: str, called: str, calling: str, name: str,
                 line: str, language: str, caller: Caller = NOBODY) -> None:
        self.switch = switch
        self.id = call_id
        self.direction = direction  # "in", "internal", "out"
        self.called = called
        self.calling = calling
        self.name = name or caller.label
        self.line = line
        self.language = caller.language or language
        self.caller = caller
        self.site = caller.site
        self.variables = Variables(call_id, switch.journal)
        self.secrets: dict[str, str] = {}  # entered in secure nodes: read by name where they are needed, shown nowhere
        self.laps: dict[str, int] = {}  # by flow and node: how often a loop has been gone through
        self.shield = Shield(self)
        self.recording = Recorded(self)
        self.order_class = caller.order_class  # of its place in queues, besides the queue's own; a flow may add to it
        self.boost = caller.boost  # seconds
        self.require = ""  # skills an agent must have for it, besides what the queue asks for
        self.served = Served()
        self.before = ()  # nothing has to happen before an agent's station rings
        self.steps = ()  # nor between his answer and the connection
        self.conversation: Conversation | None = None  # the one it is in now
        self.queued_since: float | None = None  # loop clock: when it first began to wait; survives transfers
        self.offered_now = switch.outside.clock.now()
        self.offered_at = switch.outside.clock.wall()
        self.legs: list[Leg] = []
        self.task: asyncio.Task[None] | None = None
        self.sent: Routed | None = None  # where somebody sends it, out of what it is in
        self.ended_by = ""
        self.end_cause = Cause.NORMAL
        self._anchor: Leg | None = None
        self._in_hands: Leg | None = None
        self.hears_early = False  # the anchor hears the leg that is called for him before it answers: EarlySound
        self._answered = False
        self._recorded = False
        self._paused_by = ""  # for whose sake its recordings get silence now

    @property
    def anchor(self) -> Leg:
        assert self._anchor is not None
        return self._anchor

    @property
    def known(self) -> Mapping[str, str]:
        """Its variables, as anybody may see them."""
        return self.variables.shown()

    # ---- what apps ask ----

    async def answer(self) -> None:
        """Open the anchor's voice path; harmless if it is open."""
        await self.anchor.answer()
        self.note_answered()

    async def play(self, sounds: Sequence[Sound]) -> Played:
        await self.answer()
        return await self.anchor.play(sounds)

    async def play_early(self, sounds: Sequence[Sound]) -> Played:
        """Play without answering, where the caller's wire carries sound before the answer; else answer first."""
        if self.anchor.state is LegState.OFFERED and not self.anchor.is_gone:
            try:
                self.anchor.circuit.progress()
            except Refused:
                await self.answer()
        return await self.anchor.play(sounds)

    async def collect(self, ask: Collect, sounds: Sequence[Sound] = ()) -> Collected:
        await self.answer()
        return await self.anchor.collect(ask, sounds)

    def place(self, station: str, *, calling: str = "", name: str = "") -> Leg:
        """Ring a station's telephone. Refused("no_station"/"busy"/"blocked") if it can't be rung now."""
        return self.place_on(self.switch.station(station), station, calling=calling or self.calling,
                             name=name or self.name)

    def place_out(self, group: str, number: str, *, but: Sequence[str] = (), kept: bool = False, calling: str = "",
                  name: str = "") -> Leg:
        """Dial out on the next idle line of a trunk group, none of those in `but`. Refused("no_group"/"no_line").

        `kept`: also on the lines that are kept for callbacks.
        """
        return self.place_on(self.switch.trunk(group, but, kept=kept), number, calling=calling, name=name)

    def place_on(self, circuit: Circuit, number: str, *, calling: str = "", name: str = "") -> Leg:
        """A new outgoing leg on this very circuit."""
        leg = self.switch.make_leg(self, circuit, Party(number), LegState.SEIZED)
        try:
            circuit.seize(number, calling, name)
        except Refused:
            leg.clear(Cause.INVALID_NUMBER)  # or it would keep the line until the call ends
            raise
        return leg

    def pick_up(self, station: str = "") -> bool:
        """The anchor takes a call that rings at a telephone (this one, if named); False if none does."""
        ringing = self.switch.ringing(station)
        if ringing is None or self.anchor.state is not LegState.ANSWERED:
            return False
        ringing.taken_by = self.give_anchor(ringing.call)
        ringing.clear(Cause.NORMAL, "picked up")
        return True

    def give_anchor(self, to: "Call") -> Leg:
        """The anchor becomes a leg of another call; this one has nobody any more, and is over when its task is."""
        leg = self.anchor
        self.legs.remove(leg)
        to.legs.append(leg)
        leg.change_call(to)
        return leg

    async def converse(self, other: Leg, *, record: str = "", queue: str = "", agent: str = "") -> ConversationEnd:
        """Let the anchor and `other` talk until one of them leaves; hook flash transfers. `record`: why, or ""; rules
        of recordings may decide otherwise, by `queue` and `agent` too."""
        return await Conversation(self, self.anchor, other, record, queue, agent).run()

    @property
    def is_recorded(self) -> bool:
        return self._recorded

    def record(self, why: str, leg: Leg | None = None) -> None:
        """Record the call from now to its end, once, at the customer's side: one recording through all transfers."""
        if not self._recorded:
            self._recorded = True
            self.switch.recorder.start(self.id, (leg or self.anchor).port, why)
            if self._paused_by:
                self.switch.recorder.pause(self.id, self._paused_by)

    def stop_recording(self) -> None:
        if self._recorded:
            self._recorded = False
            self.switch.recorder.stop(self.id)

    def pause_recording(self, by: str) -> None:
        """What is recorded of this call from now on is silence, of the same length; also what is begun meanwhile."""
        self._paused_by = by
        self.switch.recorder.pause(self.id, by)

    def resume_recording(self) -> None:
        """Harmless if it is not paused."""
        if self._paused_by:
            by, self._paused_by = self._paused_by, ""
            self.switch.recorder.resume(self.id, by)

    # ---- what legs and conversations tell ----

    def adopt(self, leg: Leg) -> None:
        """A leg of this call was made; the first is the anchor."""
        self.legs.append(leg)
        if self._anchor is None:
            self._anchor = leg

    def note_answered(self) -> None:
        if not self._answered:
            self._answered = True
            self.switch.journal.write(facts.CallAnswered(self.id))

    def take_in_hands(self, leg: Leg | None) -> None:
        """A conversation will see to the end of this leg itself; None: nobody does."""
        self._in_hands = leg

    def re_anchor(self, leg: Leg) -> None:
        """The party whose end now ends the call; the former anchor has transferred himself out of it."""
        self._anchor = leg
        self._in_hands = None

    def leg_alerting(self, leg: Leg) -> None:
        if leg is not self.anchor and self.anchor.state is LegState.OFFERED and not self.anchor.is_gone:
            self.anchor.circuit.alert()
            if self.hears_early:
                self.anchor.port.silence()  # he hears the network's ringback already

    def leg_gone(self, leg: Leg) -> None:
        if leg is self._anchor and leg is not self._in_hands:
            if not self.ended_by:
                self.ended_by = "caller" if leg.far_end_cleared else "us"
            if self.end_cause is Cause.NORMAL:
                self.end_cause = leg.gone.result()
            if self.task is not None and self.task is not asyncio.current_task(self.switch.loop):
                self.task.cancel()

    def __repr__(self) -> str:
        return f"<Call {self.id} {self.direction} {self.calling}→{self.called} legs={self.legs}>"
