"""PRI: one B channel of an ISDN span as a circuit. The span's D channel (pri_span.py) speaks for it."""

import asyncio
from dataclasses import replace

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import Match
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.drivers import api
from ccappliance.media.ports import DigitHeard, Ear, Heard, MediaPort, ToneHeard
from ccappliance.signalling import pri_protocol as pipe
from ccappliance.signalling.circuit import Zone
from ccappliance.signalling.pri_bearer import Bearer, Signaller
from ccappliance.signalling.pri_numbers import caller, cause_of, clean, outgoing, presentation, shown_name
from ccappliance.signalling.pri_settings import PriSettings
from ccappliance.signalling.pri_states import HAS_CALL, OUTGOING, State
from ccappliance.signalling.signals import (
    Alerting,
    Answered,
    Cleared,
    Digit,
    Hear,
    Offered,
    Proceeding,
    Progressed,
)

IN_BAND = pipe.INBAND | pipe.NOT_END_TO_END


class PriCircuit(Bearer):
    """The signalling of one B channel. Requests as in signals.Circuit."""

    def __init__(self, name: str, slot: int, channel: api.Channel, port: MediaPort, settings: PriSettings, zone: Zone,
                 span: Signaller, *, clock: Clock, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        super().__init__(name, slot, channel, port, settings, span, clock=clock, loop=loop, hear=hear)
        self.connected_number = ""  # who answered, when the network says so
        self.connected_name = ""
        self.withhold = False  # the next call we make does not show its number
        self._zone = zone
        self._ring: pipe.Ring | None = None  # the call that came
        self._digits = ""  # came so far, or still to be sent
        self._collecting = False  # SETUP ACKNOWLEDGE was sent: digits may follow
        self._in_band = False  # outgoing: the network has said that there is something to hear
        self._doubted = False  # an audit has found the helper not to know our call

    # ---- requests ----

    def _seize(self, called: str, calling: str, name: str) -> None:
        if not called or len(called) > MAX_DIALLED or called != clean(called):
            raise Refused("invalid_number", f"{called!r} cannot be dialled on {self.name}: 1 to {MAX_DIALLED} of "
                          "0123456789*#+ABCD")
        settings, numbering = self._settings, self._settings.numbering
        number, called_plan = outgoing(called, numbering.called_type, numbering)
        calling = clean(calling) or settings.caller_number
        shown, calling_plan = outgoing(calling, numbering.calling_type, numbering)
        in_parts = settings.overlap in ("send", "both")
        allowed = settings.presentation == "allowed" and not self.withhold
        self.withhold = False
        self._digits = number if in_parts else ""
        self.connected_number = self.connected_name = ""
        self._in_band = False
        self.call = self._span.new_call(self)
        self._move(State.SEIZED, called)
        self._span.ask(pipe.Setup(
            self.call, self.slot, True, pipe.AUDIO if settings.capability == "audio" else pipe.SPEECH,
            "" if in_parts else number, called_plan, not in_parts, shown, calling_plan,
            presentation(allowed, shown), shown_name(name or settings.caller_name)))

    def _accept(self) -> None:
        self._must_be_offered("accept")  # PROCEEDING was sent when it came, see _rang

    def _alert(self) -> None:
        self._must_be_offered("alert")
        self._span.ask(pipe.Alert(self.call, self.slot, self._settings.tones))
        if self._settings.tones:
            self.port.tone(self._zone.tone("ringback"))

    def _answer(self) -> None:
        self._must_be_offered("answer")
        self._span.ask(pipe.Connect(self.call, self.slot))
        if self._settings.tones:
            self.port.silence()
        self._connect("connect")

    def progress(self, tone: str = "", cause: Cause | None = None) -> None:
        """Incoming, not answered: say that something can be heard in-band (PROGRESS), and play this tone of the zone.
        Without a tone the port's owner plays what there is to be heard.

        Refused("wrong_state") if no call is offered.
        """
        self._step(self._say_progress, tone, cause)

    def _say_progress(self, tone: str, cause: Cause | None) -> None:
        self._must_be_offered("progress")
        if self._settings.tones:
            self.port.silence()
        self._span.ask(pipe.Progress(self.call, self.slot, int(cause or 0)))
        if tone:
            self.port.tone(self._zone.tone(tone))

    def _clear(self, cause: Cause) -> None:
        self._owed = True
        match self._state:
            case State.IDLE | State.RESTARTING:
                self._tell_released()
            case State.GLARE:
                self._tell_released()
                self._take_next()
            case State.GONE if not self.call:
                self._rest()
            case State.GONE:
                self._move(State.CLEARING)
            case State.CLEARING:
                pass
            case _:
                self._hang_up(cause)

    def _must_be_offered(self, request: str) -> None:
        if self._state is not State.OFFERED:
            raise self._wrong_state(request)

    # ---- calls that come (told by the span) ----

    def takes(self, gives_way: bool) -> bool:
        """May a call come here now? `gives_way`: even against one of ours that nobody has heard of (Q.931 5.7)."""
        if self._own is not None or self._next is not None:
            return False
        return (self._state in (State.IDLE, State.RESTARTING) or (self._state is State.SEIZED and gives_way)
                or (self._state is State.GONE and not self.call))

    def rang(self, ring: pipe.Ring) -> None:
        self._happen(self._rang, ring)

    def _rang(self, ring: pipe.Ring) -> None:
        """Answer at once: libpri clears a call that we have said nothing about without telling us."""
        self._next = ring
        digits = clean(ring.called or ring.keypad)
        self._collecting = self._settings.overlap in ("receive", "both") and not ring.complete \
            and not self._whole(digits)
        self._span.ask(pipe.More(ring.call, self.slot) if self._collecting
                       else pipe.Proceed(ring.call, self.slot, False))
        match self._state:
            case State.SEIZED:
                self._span.ask(pipe.Clear(self.call, int(Cause.NOT_AVAILABLE)))
                self._move(State.GLARE)
                self._tell(Cleared(Cause.NOT_AVAILABLE, "glare"))
            case State.GONE:
                self._move(State.GLARE)
            case _:
                self._take_next()

    def _take_next(self) -> None:
        ring, self._next = self._next, None
        assert ring is not None
        self._ring = ring
        self.call = ring.call
        self._digits = clean(ring.called or ring.keypad)
        if not self._collecting or ring.complete or self._whole(self._digits):
            self._offer()
            return
        self._move(State.COLLECTING, self._digits)
        self._after("digits", self._settings.between_digits, self._offer)

    def _whole(self, digits: str) -> bool:
        return self._span.match(digits) in (Match.COMPLETE, Match.IMPOSSIBLE)

    def _digits_came(self, digits: str, complete: bool) -> None:
        if self._state is not State.COLLECTING:
            return
        self._digits = (self._digits + clean(digits))[:MAX_DIALLED]
        if complete or self._whole(self._digits):
            self._offer()
        else:
            self._after("digits", self._settings.between_digits, self._offer)

    def _offer(self) -> None:
        if self._collecting:
            self._collecting = False
            self._span.ask(pipe.Proceed(self.call, self.slot, False))
        ring = self._ring
        assert ring is not None
        who = caller(ring.calling, ring.calling_plan, ring.presentation, ring.name, self._settings.numbering)
        self._move(State.OFFERED, who.number or who.absence)
        self.port.listen(Ear.NONE)
        self._tell(Offered(self._digits, who.number, who.name, who.absence))

    # ---- what becomes of a call (told by the span) ----

    def hear(self, answer: pipe.OfCall) -> None:
        """The helper tells something about our call."""
        self._happen(self._on_answer, answer)

    def _on_answer(self, answer: pipe.OfCall) -> None:
        if self._next is not None and answer.call == self._next.call:
            self._on_next(self._next, answer)
        elif answer.call == self.call:
            self._on_call(answer)

    def _on_next(self, ring: pipe.Ring, answer: pipe.OfCall) -> None:
        """About the call that waits to be offered."""
        match answer:
            case pipe.DigitsCame(_, digits, complete):
                self._next = replace(ring, called=ring.called + digits, complete=complete)
            case pipe.Disconnected(_, cause, False):
                self._span.ask(pipe.Clear(ring.call, cause))
            case pipe.Gone():
                self._forget_next()

    def _on_call(self, answer: pipe.OfCall) -> None:
        match answer:
            case pipe.DigitsCame(_, digits, complete):
                self._digits_came(digits, complete)
            case pipe.MoreWanted():
                self._progressed(answer)
                if self._digits and self._state in OUTGOING:
                    self._span.ask(pipe.Digits(self.call, self._digits))
                    self._digits = ""
            case pipe.Proceeding() | pipe.Progressed():
                self._progressed(answer)
            case pipe.Alerted():
                self._progressed(answer)
                if self._state in (State.SEIZED, State.PROCEEDING):
                    self._alerting()
            case pipe.Answered(_, channel, number, name):
                if self._state in OUTGOING and self._on_channel(channel):
                    self.connected_number, self.connected_name = clean(number), name.strip()
                    self._connect("connect")
            case pipe.Named(_, number, name):
                self.connected_number = clean(number) or self.connected_number
                self.connected_name = name.strip() or self.connected_name
            case pipe.Keypad(_, digits) if self._state is State.CONNECTED:
                for digit in clean(digits):
                    self._tell(Digit(digit))
            case pipe.Disconnected(_, cause, released):
                self._disconnected(cause, released)
            case pipe.Gone(_, cause):
                self._gone(cause)

    def _progressed(self, answer: pipe.MoreWanted | pipe.Proceeding | pipe.Progressed | pipe.Alerted) -> None:
        if self._state not in OUTGOING or not self._on_channel(answer.channel):
            return
        if self._state is State.SEIZED and not isinstance(answer, pipe.Alerted):
            self._move(State.PROCEEDING)
            self._tell(Proceeding())
        if answer.progress & IN_BAND and not self._in_band:
            self._in_band = True
            self.port.listen(Ear.PROGRESS)  # the network beyond tells by tones what becomes of the call
            self._tell(Progressed())
        if isinstance(answer, pipe.Progressed) and answer.cause and not answer.progress & IN_BAND:
            self._go(cause_of(answer.cause), "progress")

    def _alerting(self) -> None:
        self._move(State.ALERTING)
        self._tell(Alerting())

    def _on_channel(self, channel: int) -> bool:
        """We insist on our channel; a switch that names another cannot be had."""
        if channel in (0, self.slot):
            return True
        self._go(Cause.NOT_AVAILABLE, f"the switch wants channel {channel}")
        return False

    def _connect(self, how: str) -> None:
        self._move(State.CONNECTED, how)
        self.port.listen(Ear.DTMF)
        self._tell(Answered(how))

    def _disconnected(self, cause: int, released: bool) -> None:
        """DISCONNECT, or RELEASE (COMPLETE), or the helper's timers have given up."""
        if not released and self._state is not State.CLEARING:
            self._span.ask(pipe.Clear(self.call, cause))
        if self._state is State.COLLECTING:
            self._move(State.CLEARING)
        elif self._state in HAS_CALL:
            self._part(cause_of(cause), "released" if released else "disconnect")

    def _gone(self, cause: int) -> None:
        self.call = 0
        match self._state:
            case State.CLEARING:
                self._rest()
            case State.COLLECTING:
                self._move(State.CLEARING)
                self._rest()
            case state if state in HAS_CALL:
                self._part(cause_of(cause) if cause else Cause.TEMPORARY_FAILURE, "released")

    def _forget_next(self) -> None:
        self._next = None
        if self._state is State.GLARE:
            self._move(State.GONE)

    # ---- end ----

    def _go(self, cause: Cause, how: str) -> None:
        """We give up a call the network still has."""
        self._span.ask(pipe.Clear(self.call, int(cause)))
        self._part(cause, how)

    def _part(self, cause: Cause, how: str) -> None:
        self._move(State.GONE, how)
        self._quiet()
        self._tell(Cleared(cause, how))

    def _hang_up(self, cause: Cause) -> None:
        self._span.ask(pipe.Clear(self.call, int(cause)))
        self._move(State.CLEARING, cause.words)
        self._quiet()

    def _quiet(self) -> None:
        self.port.listen(Ear.NONE)
        if self._settings.tones:
            self.port.silence()

    def _rest(self) -> None:
        """Nobody has a call here any more."""
        if self._suspect:
            self._suspect = False
            self._move(State.RESTARTING)
            self._span.restart(self)
        else:
            self._move(State.IDLE)
        self._tell_released()
        if self._next is not None:
            self._take_next()
        self.look()

    # ---- RESTART, and the end of the helper ----

    def restarted(self) -> None:
        """The network has restarted the channel: whatever was on it is no more (Q.931 5.5.2)."""
        self._happen(self._restarted)

    def _restarted(self) -> None:
        for call in (self.call, self._next.call if self._next else 0):
            if call:
                self._span.ask(pipe.Forget(call))
        self._drop_calls(Cause.TEMPORARY_FAILURE, "restart")

    def signalling_lost(self) -> None:
        """The helper has died, and with it the calls."""
        self._happen(self._drop_calls, Cause.TEMPORARY_FAILURE, "signalling-lost")

    def _drop_calls(self, cause: Cause, how: str) -> None:
        self.call = 0
        self._next = None
        match self._state:
            case State.COLLECTING:
                self._move(State.IDLE, how)
            case State.CLEARING:
                self._rest()
            case State.GLARE:
                self._move(State.GONE, how)
            case State.RESTARTING if how != "restart":
                self._move(State.IDLE, how)
            case state if state in HAS_CALL:
                self._part(cause, how)

    def audit(self, owned: bool, known: bool, patience: float) -> None:
        """F11: a channel in use without an owner, or whose call the helper does not know, is restarted."""
        self._happen(self._audit, owned, known, patience)

    def _audit(self, owned: bool, known: bool, patience: float) -> None:
        waiting = self._clock.now() - self.since > patience
        self._doubted = self._doubted and not known
        if self.call and not known and self._state is not State.GLARE:
            if self._doubted:  # twice, so that no call is struck whose Gone is on its way
                self._gone(0)
            self._doubted = not self._doubted
        elif self._state in HAS_CALL and not owned and waiting:
            self._suspect = True
            self._hang_up(Cause.TEMPORARY_FAILURE)
        elif self._state in (State.CLEARING, State.GONE) and waiting:
            if self.call:
                self._span.ask(pipe.Forget(self.call))
            self._suspect = True
            self._drop_calls(Cause.TEMPORARY_FAILURE, "audit")

    # ---- alarms ----

    def _lost(self, how: str) -> None:
        self._suspect = True
        if self._next is not None:
            self._span.ask(pipe.Clear(self._next.call, int(Cause.OUT_OF_ORDER)))
            self._forget_next()
        if self._state is State.COLLECTING:
            self._hang_up(Cause.OUT_OF_ORDER)
        elif self._state in HAS_CALL:
            self._go(Cause.OUT_OF_ORDER, how)

    # ---- the voice path ----

    def _on_heard(self, heard: Heard) -> None:
        match heard:
            case DigitHeard(digit) if self._state is State.CONNECTED:
                self._tell(Digit(digit))
            case ToneHeard("ringback") if self._state in (State.SEIZED, State.PROCEEDING):
                self._alerting()
            case ToneHeard("busy") if self._state in OUTGOING:
                self._go(Cause.BUSY, "busy-tone")
            case ToneHeard("congestion") if self._state in OUTGOING:
                self._go(Cause.CONGESTION, "congestion-tone")
