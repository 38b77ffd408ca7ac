"""A leg: one party of a call on one circuit. It alone changes its state; it hears the circuit's signals."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance.base.causes import Cause
from ccappliance.base.errors import CcError, Refused
from ccappliance.base.limits import MAX_DIGITS_QUEUED
from ccappliance.base.machine import Machine, MachineState
from ccappliance.call import facts
from ccappliance.call.collect import Collect, Collected, Collector
from ccappliance.media.ports import MediaPort, Played, Playing, Sound, Tone
from ccappliance.signalling import signals

if TYPE_CHECKING:
    from ccappliance.call.call import Call


class LegState(MachineState):
    """From offer (incoming) or seizure (outgoing) to release."""

    OFFERED = "offered"
    SEIZED = "seized"
    ALERTING = "alerting"
    ANSWERED = "answered"
    CLEARED = "cleared"
    RELEASED = "released"


_MOVES = {
    LegState.OFFERED: frozenset({LegState.ANSWERED, LegState.CLEARED}),
    LegState.SEIZED: frozenset({LegState.ALERTING, LegState.ANSWERED, LegState.CLEARED}),
    LegState.ALERTING: frozenset({LegState.ANSWERED, LegState.CLEARED}),
    LegState.ANSWERED: frozenset({LegState.CLEARED}),
    LegState.CLEARED: frozenset({LegState.RELEASED}),
}


@dataclass(frozen=True, slots=True)
class Party:
    """Who is on a leg, as far as we know."""

    number: str
    name: str = ""


class LegGone(CcError):
    """The party is not there any more (or never came)."""

    def __init__(self, leg: "Leg", cause: Cause) -> None:
        self.leg = leg
        self.cause = cause
        super().__init__(f"leg {leg.id} ({leg.party.number or 'unknown'}) is gone: {cause.words}")


class Leg:
    """One party on one circuit. `gone` is done, with the cause, as soon as either side cleared.

    Digits go to a running `collect`, else to `on_digit`, else they wait for the next collect (at most
    MAX_DIGITS_QUEUED; further ones are dropped and counted in `digits_dropped`, F22).
    """

    def __init__(self, leg_id: str, call: "Call", circuit: signals.Circuit, party: Party, state: LegState) -> None:
        switch = call.switch
        self.id = leg_id
        self.call = call
        self.circuit = circuit
        self.party = party
        self.incoming = state is LegState.OFFERED
        self.far_end_cleared = False
        self.answered_now: float | None = None  # loop clock
        self.on_digit: Callable[[str], None] | None = None
        self.on_flash: Callable[[], None] | None = None
        self.screen: Callable[[Leg], None] | None = None  # what stands between the answer and ANSWERED: `admit`
        self.again: Callable[[], Leg] | None = None  # how this party is rung again, if not at his station
        self.may_be_taken = False  # somebody else may answer for this telephone: `taken_by`
        self.taken_by: Leg | None = None
        self.digits_dropped = 0
        self.feature_keys = False  # *1 is his hook flash in a conversation, *2 lets him out of it
        self.masked = False  # what he presses is journalled as "?": the call's shield is up
        self._secure = False  # the same, for one collect
        self._loop = switch.loop
        self._journal = switch.journal
        self._clock = switch.outside.clock
        self._machine = Machine(f"leg {leg_id}", _MOVES, state, self._clock)
        self.gone: asyncio.Future[Cause] = self._loop.create_future()
        self.released: asyncio.Future[None] = self._loop.create_future()  # its circuit is free again
        self._answer: asyncio.Future[None] | None = None
        self._how_answered = ""
        self._waiting_digits: deque[str] = deque()
        self._collector: Collector | None = None
        self._on_gone: list[Callable[[Leg], None]] = []
        self._on_answered: list[Callable[[Leg], None]] = []
        self._on_progressed: list[Callable[[Leg], None]] = []
        self._progressed = False
        self._note("", state, "")

    # ---- state ----

    @property
    def state(self) -> LegState:
        return self._machine.state

    @property
    def since(self) -> float:
        """Loop clock: when it came into this state."""
        return self._machine.since

    @property
    def is_gone(self) -> bool:
        return self.gone.done()

    @property
    def is_station(self) -> bool:
        return self.circuit.kind == "fxs"

    @property
    def port(self) -> MediaPort:
        return self.circuit.port

    def on_gone(self, tell: Callable[["Leg"], None]) -> None:
        """Call `tell(leg)` at the moment the leg clears (at once if it has)."""
        if self.is_gone:
            tell(self)
        else:
            self._on_gone.append(tell)

    def on_answered(self, tell: Callable[["Leg"], None]) -> None:
        """Call `tell(leg)` at the moment the leg is answered (at once if it is)."""
        if self.state is LegState.ANSWERED:
            tell(self)
        else:
            self._on_answered.append(tell)

    def on_progressed(self, tell: Callable[["Leg"], None]) -> None:
        """Call `tell(leg)` when it can be heard before it has answered (at once if it can)."""
        if self._progressed and self.state in (LegState.SEIZED, LegState.ALERTING):
            tell(self)
        else:
            self._on_progressed.append(tell)

    # ---- requests ----

    async def answer(self) -> None:
        """Incoming: open the voice path; returns when it is open. LegGone if the party left meanwhile."""
        if self.state is LegState.OFFERED and not self.is_gone:
            if self._answer is None:
                self._answer = self._loop.create_future()
                self.circuit.answer()
            await asyncio.shield(self._answer)
        self._must_be_here()

    async def answered(self) -> None:
        """Outgoing: wait until the party answers. LegGone(cause) if it never does."""
        if self.state in (LegState.SEIZED, LegState.ALERTING):
            if self._answer is None:
                self._answer = self._loop.create_future()
            await asyncio.shield(self._answer)
        self._must_be_here()

    def clear(self, cause: Cause = Cause.NORMAL, why: str = "") -> None:
        """End the leg from our side; harmless if it is gone."""
        if not self.is_gone:
            self._be_gone(cause, why or cause.words)

    def admit(self) -> None:
        """Answered, as far as anybody else is concerned; told by the circuit, or by the screen that stood before it."""
        if self._machine.may(LegState.ANSWERED):
            self.screen = None
            self.answered_now = self._clock.now()
            self._move(LegState.ANSWERED, self._how_answered)
            self._settle()
            for tell in self._on_answered:
                tell(self)

    def change_call(self, call: "Call") -> None:
        """Pickup: it belongs to another call from now on."""
        self.call = call
        self._note("", self.state, "picked up")

    # ---- sound ----

    def start(self, sounds: Sequence[Sound], *, repeat: bool = False, over: bool = False, begin: float = 0.0
              ) -> Playing:
        """Play to the party, from `begin` seconds into the sounds; journalled as PromptStarted and PromptEnded."""
        self._must_be_here()
        begin = round(begin, 3)
        self._journal.write(facts.PromptStarted(self.call.id, self.id, [sound.name for sound in sounds], repeat, begin))
        playing = self.port.play(sounds, repeat=repeat, over=over, begin=begin)
        playing.on_end(self._prompt_ended)
        return playing

    async def play(self, sounds: Sequence[Sound]) -> Played:
        """Play to the end, or until the party is gone (LegGone)."""
        played = await self.start(sounds).wait()
        self._must_be_here()
        return played

    def tone(self, tone: Tone) -> Playing:
        """Play a tone to the party."""
        self._must_be_here()
        return self.port.tone(tone)

    async def collect(self, ask: Collect, sounds: Sequence[Sound] = ()) -> Collected:
        """Play `sounds`, collect digits as `ask` says. LegGone if the party leaves."""
        self._must_be_here()
        if self._collector is not None:
            raise Refused("busy_collecting", f"leg {self.id} is already collecting digits")
        collector = Collector(ask, self._loop)
        self._secure = ask.secure
        playing: Playing | None = None
        try:
            if not ask.barge_in and sounds:
                await self.play(sounds)
                self._waiting_digits.clear()
            self._collector = collector
            while self._waiting_digits and not collector.result.done():
                collector.feed(self._waiting_digits.popleft())
            if sounds and ask.barge_in and not collector.result.done() and not collector.has_digits:
                playing = self.start(sounds)
                collector.on_first_digit(playing.stop)
                playing.on_end(lambda _: collector.prompt_over())
            else:
                collector.prompt_over()
            return await collector.result
        finally:
            self._collector = None
            self._secure = False
            collector.stop_waiting()
            if playing is not None and not self.is_gone:
                playing.stop()

    # ---- signals from the circuit (called by Switch) ----

    def hear(self, signal: signals.Signal) -> None:
        match signal:
            case signals.Alerting() if self._machine.may(LegState.ALERTING):
                self._move(LegState.ALERTING, "")
                self.call.leg_alerting(self)
            case signals.Progressed() if self.state in (LegState.SEIZED, LegState.ALERTING):
                self._progressed = True
                self._journal.write(facts.LegProgressed(self.call.id, self.id))
                for tell in self._on_progressed:
                    tell(self)
            case signals.Answered(how) if self._machine.may(LegState.ANSWERED):
                self._how_answered = how
                if self.screen is None:
                    self.admit()
                else:
                    self.screen(self)
            case signals.Digit(digit):
                self._digit(digit)
            case signals.Flash() if not self.is_gone:
                self._journal.write(facts.FlashPressed(self.call.id, self.id))
                if self.on_flash is not None:
                    self.on_flash()
            case signals.Cleared(cause, how) if not self.is_gone:
                self.far_end_cleared = True
                self._be_gone(cause, how)
            case signals.Released() if self._machine.may(LegState.RELEASED):
                self._move(LegState.RELEASED, "")
                self.released.set_result(None)
            case _:
                pass  # a signal that crossed our own request on the wire: its time has gone

    # ---- inside ----

    def _digit(self, digit: str) -> None:
        if self.is_gone:
            return
        shown = "?" if self.masked or self._secure else digit
        self._journal.write(facts.DigitPressed(self.call.id, self.id, shown))
        if self._collector is not None:
            self._collector.feed(digit)
        elif self.on_digit is not None:
            self.on_digit(digit)
        elif len(self._waiting_digits) < MAX_DIGITS_QUEUED:
            self._waiting_digits.append(digit)
        else:
            self.digits_dropped += 1

    def _be_gone(self, cause: Cause, why: str) -> None:
        self._move(LegState.CLEARED, why)
        self.gone.set_result(cause)
        self.port.silence()
        self.circuit.clear(cause)
        if self._collector is not None:
            self._collector.fail(LegGone(self, cause))
        self._settle()
        for tell in self._on_gone:
            tell(self)
        self._on_gone.clear()
        self.call.leg_gone(self)

    def _settle(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def _must_be_here(self) -> None:
        if self.is_gone:
            raise LegGone(self, self.gone.result())

    def _prompt_ended(self, played: Played) -> None:
        self._journal.write(facts.PromptEnded(self.call.id, self.id, played.completed, round(played.seconds, 3)))

    def _move(self, to: LegState, why: str) -> None:
        left = self._machine.move(to, why)
        self._note(left.value, to, why)

    def _note(self, left: str, state: LegState, why: str) -> None:
        self._journal.write(facts.LegMoved(self.call.id, self.id, self.circuit.name, self.party.number, left,
                                           state.value, why))

    def __repr__(self) -> str:
        return f"<Leg {self.id} {self.state.value} {self.circuit.name} {self.party.number}>"
