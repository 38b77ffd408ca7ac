"""R2: one channel of an E1 span with MFC/R2. Line signals in bits (Q.421, Q.422); registers say who is called."""

import asyncio

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import Dials, Match
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.base.machine import Machine
from ccappliance.drivers import api
from ccappliance.media.mf import mf_tone
from ccappliance.media.ports import DigitHeard, Ear, Heard, MediaPort, MfEnded, MfHeard, ToneHeard
from ccappliance.signalling.cas import CasCircuit
from ccappliance.signalling.cas_states import MOVES, OURS, THEIRS, State
from ccappliance.signalling.circuit import Zone
from ccappliance.signalling.r2_register import InRegister, OutRegister, Register
from ccappliance.signalling.r2_settings import R2Settings
from ccappliance.signalling.r2_variants import ACKNOWLEDGE, ANSWER, IDLE, LINE_BITS, SEIZE, Variant
from ccappliance.signalling.signals import Alerting, Answered, Cleared, Digit, Hear, Offered, Proceeding

DOUBLE_SEIZURE = 0.1  # s for which both ends keep it, so that both see it (Q.416)
BEFORE_ANSWER = 0.15  # s from the last register signal to the answer, so that the far end has heard it end
SETTLE = 2.0  # s in which an exchange that begins, or releases, may show other bits than idle
TONE = 30.0  # s of busy or congestion for a caller who does not hang up
TONES = {Cause.BUSY: "busy", Cause.NO_ANSWER: "busy", Cause.REJECTED: "busy", Cause.NO_RESPONSE: "busy"}
WORDS = {
    ACKNOWLEDGE: ("far_blocked", "the exchange has blocked the circuit: its end is out of service, or not started"),
    ANSWER: ("bad_bits", "the exchange sends bits that mean nothing on an idle circuit (01): check that both ends "
                         "are R2 and framed alike"),
    SEIZE: ("far_stuck", "the exchange holds the circuit and does not release it"),
}


class R2Circuit(CasCircuit[State]):
    """The signalling of one R2 channel. See signals.Circuit for requests."""

    kind = "r2"

    def __init__(self, name: str, channel: api.Channel, port: MediaPort, variant: Variant, settings: R2Settings,
                 zone: Zone, numbers: Dials, *, clock: Clock, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        self.withhold = False  # the next call we make does not show its number
        self._variant = variant
        self._settings = settings
        self._zone = zone
        self._numbers = numbers
        self._register: InRegister | OutRegister | None = None
        self._trail: list[str] = []  # of the last register, for people
        self._free = False  # incoming: the decision is that the call is welcome …
        self._said_free = False  # … which the exchange knows, and registers are silent
        self._silent_since = 0.0  # registers are
        self._answering = False  # as soon as they are
        super().__init__(name, channel, port, machine=Machine(name, MOVES, State.IDLE, clock), mask=LINE_BITS,
                         debounce=settings.debounce, recovery=settings.recovery, retest=settings.retest, clock=clock,
                         loop=loop, hear=hear)

    def _begin(self) -> None:
        status = self._channel.status()
        if status.alarm is not None and not self._alarmed:
            self._alarm_raised(status.alarm, "the span was in alarm when the daemon started")
        self._line_signal(IDLE)

    def _is_idle(self) -> bool:
        return self._state is State.IDLE and self._line == IDLE

    def history(self) -> list[str]:
        """Its last moves, and what the last registers said (>) and heard (<)."""
        trail = self._register.trail if self._register is not None else self._trail
        return super().history() + ([f"registers: {' '.join(trail)}"] if trail else [])

    # ---- requests ----

    def _seize(self, called: str, calling: str, name: str) -> None:
        if not called or len(called) > MAX_DIALLED or not (called.isascii() and called.isdecimal()):
            raise Refused("invalid_number", f"{called!r} cannot be dialled on {self.name}: R2 carries digits only, "
                          f"1 to {MAX_DIALLED}")
        settings = self._settings
        shown = calling if calling.isascii() and calling.isdecimal() else settings.caller_number
        shown, self.withhold = "" if self.withhold else shown, False
        self._move(State.SEIZED, called)
        self._register = OutRegister(self, self._variant, self, called, shown, category=settings.category,
                                     call_type=settings.call_type)
        if self._line_signal(SEIZE):
            self._after("acknowledge", settings.acknowledge_wait, self._not_acknowledged)

    def _accept(self) -> None:
        self._must_be_offered("accept")
        self._after("decide", self._settings.decide, self._say_free)

    def _alert(self) -> None:
        self._must_be_offered("alert")
        self._say_free()
        self._after("ringback", 0.0, self._ringback)

    def _answer(self) -> None:
        self._must_be_offered("answer")
        self._answering = True
        self._say_free()
        if self._said_free:
            self._answer_soon()

    def _clear(self, cause: Cause) -> None:
        self._owed = True
        match self._state:
            case State.IDLE:
                self._tell_released()
            case State.OFFERED:
                self._refuse(cause)
            case State.ANSWERED:
                self._move(State.CLEARING, cause.words)
                self._quiet()
                self._line_signal(SEIZE if self._settings.forced_release else ACKNOWLEDGE)
            case State.GONE:
                self._release("")
            case State.CLEARING | State.GUARD | State.RECEIVING:
                pass
            case _:
                self._release(cause.words)

    def _must_be_offered(self, request: str) -> None:
        if self._state is not State.OFFERED:
            raise self._wrong_state(request)

    # ---- the line ----

    def _line_signal(self, bits: int) -> bool:
        return self._send(bits | self._variant.unused_bits)

    def _line_is(self, bits: int) -> None:
        state = self._state
        if state is State.IDLE:
            self._idle_line(bits)
        elif state is State.CLEARING:
            if bits == IDLE:
                self._line_signal(IDLE)
                self._calm()
        elif state in THEIRS and bits == IDLE:
            self._cleared_forward()
        elif state is State.SEIZED:
            self._after_seizure(bits)
        elif state in OURS:
            self._backward(bits)

    def _idle_line(self, bits: int) -> None:
        self._stop("blocked")
        if bits == SEIZE:
            self._unblock()
            self._seized()
        elif bits == IDLE:
            self._unblock()
        else:  # not idle, and so not seized; told only if it lasts
            self._after("blocked", SETTLE, lambda: self._block(*WORDS[bits]))

    def _after_seizure(self, bits: int) -> None:
        if bits == ACKNOWLEDGE:
            self._move(State.DIALLING)
            self.port.listen(Ear.MF_BACKWARD)
            assert isinstance(self._register, OutRegister)
            self._register.start()
        elif bits == SEIZE:
            self._after("acknowledge", DOUBLE_SEIZURE, lambda: self._go(Cause.NOT_AVAILABLE, "glare"))

    def _not_acknowledged(self) -> None:
        self._go(Cause.NOT_AVAILABLE, "seizure-not-acknowledged")

    def _backward(self, bits: int) -> None:
        """A line signal of the called end."""
        if bits == ANSWER:
            self._stop("clear-back")
            if self._state is not State.CONNECTED:
                self._connect(State.CONNECTED)
        elif bits == ACKNOWLEDGE and self._state is State.CONNECTED:
            pause = self._settings.charging_pulse if self._settings.charging_pulses else 0.0
            self._after("clear-back", pause, lambda: self._go(Cause.NORMAL, "clear-back"))
        elif bits == SEIZE:
            self._go(Cause.NORMAL if self._state is State.CONNECTED else Cause.CONGESTION, "forced-release")
        elif bits == IDLE:
            self._go(Cause.TEMPORARY_FAILURE, "released")

    def _connect(self, to: State) -> None:
        self._move(to, "answer")
        self._end_register()
        self.port.listen(Ear.DTMF)
        self._tell(Answered("answer"))

    # ---- calls that come ----

    def _seized(self) -> None:
        settings = self._settings
        self._move(State.RECEIVING)
        self._free = self._said_free = self._answering = False
        self._register = InRegister(self, self._variant, self, calling=settings.calling,
                                    between=settings.between_digits)
        self.port.listen(Ear.MF_FORWARD)
        if self._line_signal(ACKNOWLEDGE):
            self._register.start()

    def whole(self, called: str) -> bool:
        """Asked by the register: is this number complete?"""
        if self._settings.digits:
            return len(called) >= self._settings.digits
        return self._numbers.match(called) in (Match.COMPLETE, Match.IMPOSSIBLE)

    def came(self, called: str, calling: str, absence: str) -> None:
        """Told by the register: a call, whose caller waits for our decision."""
        self._move(State.OFFERED, calling or absence)
        self._tell(Offered(called, calling, "", absence))

    def told(self) -> None:
        """Told by the register: the exchange knows the decision."""
        if self._state is State.OFFERED:
            self._end_register()
            self._said_free = True
            self._silent_since = self._clock.now()
            if self._answering:
                self._answer_soon()
        else:
            self._quiet()
            if self._free:
                self._refuse_by_tone(Cause.CONGESTION)

    def failed(self, how: str) -> None:
        """Told by the register: it could not understand; the exchange is to clear."""
        if self._state is State.OFFERED:
            self._go(Cause.INTERWORKING, how)
        elif self._state is State.RECEIVING:
            self._move(State.CLEARING, how)

    def _say_free(self) -> None:
        self._stop("decide")
        if isinstance(self._register, InRegister) and self._register.undecided:
            self._free = True
            self._register.decide(self._variant.free)

    def _answer_soon(self) -> None:
        silent = self._clock.now() - self._silent_since
        self._after("answer", max(0.0, BEFORE_ANSWER - silent), self._answer_now)

    def _answer_now(self) -> None:
        if self._settings.tones:
            self.port.silence()
        if self._line_signal(ANSWER):
            self._connect(State.ANSWERED)

    def _ringback(self) -> None:
        if not self._said_free:
            self._after("ringback", BEFORE_ANSWER, self._ringback)
        elif self._settings.tones and not self._answering:
            self.port.tone(self._zone.tone("ringback"))

    def _refuse(self, cause: Cause) -> None:
        """Before the exchange was told that the line is free, by a signal; later by a tone."""
        self._move(State.CLEARING, cause.words)
        if isinstance(self._register, InRegister):
            self._register.decide(self._variant.rejection(cause))
        else:
            self._refuse_by_tone(cause)

    def _refuse_by_tone(self, cause: Cause) -> None:
        if self._settings.tones:
            self.port.tone(self._zone.tone(TONES.get(cause, "congestion")))
            self._after("tone", TONE, self.port.silence)

    def _cleared_forward(self) -> None:
        if self._state is State.RECEIVING:
            self._release("clear-forward")
        else:
            self._go(Cause.NORMAL, "clear-forward")

    # ---- calls that go (told by the register) ----

    def accepted(self, free: bool) -> None:
        self._end_register()
        self._move(State.ALERTING if free else State.PROCEEDING)
        self.port.listen(Ear.PROGRESS)
        self._tell(Proceeding())
        if free:
            self._tell(Alerting())

    def refused(self, cause: Cause, how: str) -> None:
        self._go(cause, how)

    # ---- what registers borrow (r2_register.Voice) ----

    def say(self, signal: int) -> None:
        plan = Ear.MF_FORWARD if isinstance(self._register, OutRegister) else Ear.MF_BACKWARD
        self.port.tone(mf_tone(plan, signal))

    def hush(self) -> None:
        self.port.silence()

    def wait(self, seconds: float, do: Register) -> None:
        self._after("register", seconds, do.late)

    def wait_no_more(self) -> None:
        self._stop("register")

    def _move(self, to: State, why: str = "") -> None:
        """Timers of a register outlive a change of state: it says itself when it is over."""
        waiting = self._timers.pop("register", None)
        super()._move(to, why)
        if waiting is not None and not waiting.cancelled():
            self._timers["register"] = waiting

    def _end_register(self) -> None:
        if self._register is not None:
            self._trail = self._register.trail
            self._register = None
            self._stop("register")
            self.port.silence()

    def _on_heard(self, heard: Heard) -> None:
        match heard:
            case MfHeard(signal) if self._register is not None:
                self._register.heard(signal)
            case MfEnded() if self._register is not None:
                self._register.ended()
            case DigitHeard(digit) if self._state in (State.CONNECTED, State.ANSWERED):
                self._tell(Digit(digit))
            case ToneHeard("ringback") if self._state is State.PROCEEDING:
                self._move(State.ALERTING)
                self._tell(Alerting())
            case ToneHeard("busy") if self._state in (State.PROCEEDING, State.ALERTING):
                self._go(Cause.BUSY, "busy-tone")
            case ToneHeard("congestion") if self._state in (State.PROCEEDING, State.ALERTING):
                self._go(Cause.CONGESTION, "congestion-tone")

    # ---- end ----

    def _go(self, cause: Cause, how: str) -> None:
        """The call is over for us before we cleared it. Ours is cleared forward at once."""
        ours = self._state in OURS
        self._move(State.GONE, how)
        self._quiet()
        self._tell(Cleared(cause, how))
        if ours:
            self._line_signal(IDLE)

    def _release(self, why: str) -> None:
        """Idle from our side; the circuit is free when the exchange is idle as well."""
        self._move(State.CLEARING, why)
        self._quiet()
        self._line_signal(IDLE)
        if self._line == IDLE or self._alarmed:
            self._calm()
        else:
            self._after("release", self._settings.release_wait, self._not_released)

    def _calm(self) -> None:
        self._quiet()
        self._move(State.GUARD)
        self._after("guard", self._settings.guard, self._rest)

    def _not_released(self) -> None:
        self._calm()
        if self._line is not None and self._line != IDLE:
            self._block(*WORDS[self._line])

    def _rest(self) -> None:
        """Idle; a seizure that came meanwhile is a new call."""
        self._move(State.IDLE)
        self._tell_released()
        if self._line == SEIZE and not self._alarmed and self.blocked is None:
            self._seized()
        elif self._line is not None and self._line != SEIZE and not self._alarmed:
            self._idle_line(self._line)

    def _quiet(self) -> None:
        self._end_register()
        self.port.silence()
        self.port.listen(Ear.NONE)

    # ---- faults ----

    def _lost(self, how: str) -> None:
        match self._state:
            case State.IDLE | State.GONE | State.GUARD:
                pass
            case State.CLEARING:
                self._calm()
            case State.RECEIVING:
                self._move(State.CLEARING, how)
                self._calm()
            case _:
                self._go(Cause.OUT_OF_ORDER, how)

    def _recovered(self) -> None:
        """The span works: say that we are idle, and see what the exchange says."""
        self._unblock()
        self._line_signal(IDLE)
        if self._state is State.IDLE and self._line is not None:
            self._idle_line(self._line)

    def _retest(self) -> None:
        self._recovered()
