"""E&M: one channel of an E1 span whose ends are on-hook or off-hook; wink or immediate start, DTMF or R1's signals."""

import asyncio

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import Dials, Match
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.base.machine import Machine
from ccappliance.drivers import api
from ccappliance.media.mf import mf_tone
from ccappliance.media.ports import DigitHeard, Ear, Heard, MediaPort, MfHeard, Played, Playing, ToneHeard
from ccappliance.signalling.cas import CasCircuit
from ccappliance.signalling.cas_states import MOVES, OURS, State
from ccappliance.signalling.circuit import Zone
from ccappliance.signalling.em_settings import EmSettings
from ccappliance.signalling.signals import Alerting, Answered, Cleared, Digit, Hear, Offered, Proceeding

KP, ST = 13, 15  # R1's begin and end of a number (Q.320)
KP_ON, MF_ON, MF_OFF = 0.1, 0.068, 0.068  # s (Q.322)
BEFORE_WINK = 0.1  # s from the seizure; less is taken for a bounce
LONGEST_WINK = 0.6  # s; longer off-hook is no wink: the other end has seized as well
ANSWER_AFTER = 0.3  # s of off-hook after dialling that are an answer, and no wink that came late
ANSWER_LEAST = 0.7  # s from a seizure to our answer; sooner it would be taken for a wink, or for glare
TONE = 30.0  # s of busy or congestion for a caller who does not hang up
BUSY = (Cause.BUSY, Cause.NO_ANSWER, Cause.REJECTED, Cause.NO_RESPONSE)
OUT = frozenset({State.PROCEEDING, State.ALERTING})


class EmCircuit(CasCircuit[State]):
    """The signalling of one E&M channel. See signals.Circuit for requests."""

    kind = "em"

    def __init__(self, name: str, channel: api.Channel, port: MediaPort, settings: EmSettings, zone: Zone,
                 numbers: Dials, *, clock: Clock, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        self.withhold = False  # E&M tells no calling number anyway
        self._settings = settings
        self._zone = zone
        self._numbers = numbers
        self._on, self._off = int(settings.on_hook, 2), int(settings.off_hook, 2)
        self._digits = ""  # to be sent, or come so far
        self._begun = False  # R1: KP has come
        self._seized_at = 0.0  # loop clock: when the other end did
        self._playing: Playing | None = None
        mask = self._on ^ self._off
        self._far_off = self._off & mask
        super().__init__(name, channel, port, machine=Machine(name, MOVES, State.IDLE, clock), mask=mask,
                         debounce=settings.debounce, recovery=settings.recovery, retest=settings.retest, clock=clock,
                         loop=loop, hear=hear)

    def _begin(self) -> None:
        status = self._channel.status()
        if status.alarm is not None and not self._alarmed:
            self._alarm_raised(status.alarm, "the span was in alarm when the daemon started")
        self._send(self._on)

    def _is_idle(self) -> bool:
        return self._state is State.IDLE and self._line is not None and not self._far_is_off

    @property
    def _far_is_off(self) -> bool:
        return self._line is not None and self._line & self._mask == self._far_off

    # ---- requests ----

    def _seize(self, called: str, calling: str, name: str) -> None:
        diallable = "0123456789" if self._settings.dialling == "mf" else "0123456789*#ABCD"
        if self._settings.dialling != "none" and (not called or len(called) > MAX_DIALLED
                                                  or any(digit not in diallable for digit in called)):
            raise Refused("invalid_number", f"{called!r} cannot be dialled on {self.name}: 1 to {MAX_DIALLED} of "
                          f"{diallable}")
        self._digits = called
        self._move(State.SEIZED, called)
        if not self._send(self._off):
            return
        if self._settings.start == "wink":
            self._after("wink", self._settings.wink_wait, lambda: self._go(Cause.NOT_AVAILABLE, "no-wink"))
        else:
            self._after("dial", self._settings.before_digits, self._dial)

    def _accept(self) -> None:
        self._must_be_offered("accept")

    def _alert(self) -> None:
        self._must_be_offered("alert")
        if self._settings.tones:
            self.port.tone(self._zone.tone("ringback"))

    def _progress(self) -> None:
        """E&M has no word for it: the voice path is open since the seizure."""
        self._must_be_offered("progress")
        if self._settings.tones:
            self.port.silence()

    def _answer(self) -> None:
        self._must_be_offered("answer")
        begun = self._clock.now() - self._seized_at
        self._after("answer", max(0.0, ANSWER_LEAST - begun), self._answer_now)

    def _answer_now(self) -> None:
        if self._settings.tones:
            self.port.silence()
        if self._send(self._off):
            self._connect(State.ANSWERED)

    def _clear(self, cause: Cause) -> None:
        self._owed = True
        match self._state:
            case State.IDLE:
                self._tell_released()
            case State.CLEARING | State.GUARD | State.RECEIVING:
                pass
            case State.OFFERED:
                self._refuse(cause)
            case _:
                self._release(cause.words)

    def _must_be_offered(self, request: str) -> None:
        if self._state is not State.OFFERED:
            raise self._wrong_state(request)

    # ---- the line ----

    def _line_is(self, bits: int) -> None:
        if self._far_is_off:
            self._far_lifted()
        else:
            self._far_hung_up()

    def _far_lifted(self) -> None:
        match self._state:
            case State.IDLE:
                self._unblock()
                self._seized()
            case State.SEIZED if self._settings.start == "wink":
                self._after("wink", LONGEST_WINK, lambda: self._go(Cause.NOT_AVAILABLE, "glare"))
            case State.SEIZED:
                self._go(Cause.NOT_AVAILABLE, "glare")
            case State.PROCEEDING | State.ALERTING:
                self._after("answer", ANSWER_AFTER, lambda: self._connect(State.CONNECTED))

    def _far_hung_up(self) -> None:
        match self._state:
            case State.IDLE:
                self._unblock()
            case State.SEIZED if self._settings.start == "wink":
                self._stop("wink")
                self._after("dial", self._settings.before_digits, self._dial)
            case State.PROCEEDING | State.ALERTING:
                self._stop("answer")
            case State.CONNECTED | State.OFFERED | State.ANSWERED:
                self._go(Cause.NORMAL, "on-hook")
            case State.RECEIVING:
                self._release("on-hook")
            case State.CLEARING:
                self._calm()

    def _connect(self, to: State) -> None:
        self._move(to, "off-hook")
        self.port.listen(Ear.DTMF)
        self._tell(Answered("off-hook"))

    # ---- calls that go ----

    def _dial(self) -> None:
        self._move(State.DIALLING)
        match self._settings.dialling:
            case "dtmf":
                self._playing = playing = self.port.digits(self._digits, on=self._settings.digit_on,
                                                           off=self._settings.digit_off)
                playing.on_end(lambda played: self._happen(self._sent, playing, played))
            case "mf":
                self._send_mf([KP, *(int(digit) or 10 for digit in self._digits), ST])
            case _:
                self._dialled()

    def _sent(self, playing: Playing, played: Played) -> None:
        if self._state is State.DIALLING and playing is self._playing:
            self._dialled() if played.completed else self._go(Cause.TEMPORARY_FAILURE, "dialling-interrupted")

    def _send_mf(self, signals: list[int]) -> None:
        if not signals:
            self._dialled()
            return
        on = KP_ON if signals[0] == KP else MF_ON
        self.port.tone(mf_tone(Ear.MF_R1, signals[0], on))
        self._after("mf", on + MF_OFF, lambda: self._send_mf(signals[1:]))

    def _dialled(self) -> None:
        self._move(State.PROCEEDING)
        self.port.listen(Ear.PROGRESS)
        self._tell(Proceeding())
        if self._far_is_off:
            self._far_lifted()

    # ---- calls that come ----

    def _seized(self) -> None:
        self._digits, self._begun = "", False
        self._seized_at = self._clock.now()
        self._move(State.RECEIVING)
        if self._settings.start == "wink":
            self._after("wink", BEFORE_WINK, self._wink)
        else:
            self._collect()

    def _wink(self) -> None:
        if self._send(self._off):
            self._after("wink", self._settings.wink, self._winked)

    def _winked(self) -> None:
        if self._send(self._on):
            self._collect()

    def _collect(self) -> None:
        if self._settings.dialling == "none":
            self._offer()
            return
        self.port.listen(Ear.DTMF if self._settings.dialling == "dtmf" else Ear.MF_R1)
        self._after("digits", self._settings.first_digit, self._no_digits)

    def _no_digits(self) -> None:
        """Whoever seizes and says nothing is told so by a tone."""
        self._refuse(Cause.INVALID_NUMBER)

    def _digit(self, digit: str, last: bool = False) -> None:
        self._digits = (self._digits + digit)[:MAX_DIALLED]
        if last or self._whole():
            self._offer()
        else:
            self._after("digits", self._settings.between_digits, self._offer)

    def _whole(self) -> bool:
        if self._settings.digits:
            return len(self._digits) >= self._settings.digits
        return self._settings.dialling == "dtmf" and \
            self._numbers.match(self._digits) in (Match.COMPLETE, Match.IMPOSSIBLE)

    def _mf(self, signal: int) -> None:
        if signal == KP:
            self._digits, self._begun = "", True
        elif self._begun and signal == ST:
            self._digit("", last=True)
        elif self._begun and signal <= 10:
            self._digit(str(signal % 10))

    def _offer(self) -> None:
        """The ear for DTMF stays open, or it would hear the end of the last digit afresh when the call is answered."""
        self._move(State.OFFERED, self._digits)
        self.port.listen(Ear.DTMF if self._settings.dialling == "dtmf" else Ear.NONE)
        self._tell(Offered(self._digits, "", "", "none"))

    def _refuse(self, cause: Cause) -> None:
        self._move(State.CLEARING, cause.words)
        self.port.listen(Ear.NONE)
        if self._settings.tones:
            self.port.tone(self._zone.tone("busy" if cause in BUSY else "congestion"))
            self._after("tone", TONE, self.port.silence)

    def _on_heard(self, heard: Heard) -> None:
        match heard:
            case DigitHeard(digit) if self._state is State.RECEIVING:
                self._digit(digit)
            case MfHeard(signal) if self._state is State.RECEIVING:
                self._mf(signal)
            case DigitHeard(digit) if self._state in (State.CONNECTED, State.ANSWERED):
                self._tell(Digit(digit))
            case ToneHeard("ringback") if self._state is State.PROCEEDING:
                self._move(State.ALERTING)
                self._tell(Alerting())
            case ToneHeard("busy") if self._state in OUT:
                self._go(Cause.BUSY, "busy-tone")
            case ToneHeard("congestion") if self._state in OUT:
                self._go(Cause.CONGESTION, "congestion-tone")

    # ---- end ----

    def _go(self, cause: Cause, how: str) -> None:
        """The call is over for us before we cleared it. Ours is ended on the line at once."""
        ours = self._state in OURS
        self._move(State.GONE, how)
        self._quiet()
        self._tell(Cleared(cause, how))
        if ours:
            self._send(self._on)

    def _release(self, why: str) -> None:
        self._move(State.CLEARING, why)
        self._quiet()
        self._send(self._on)
        if not self._far_is_off or self._alarmed:
            self._calm()
        else:
            self._after("release", self._settings.release_wait, self._not_released)

    def _not_released(self) -> None:
        self._calm()
        self._block("far_stuck", "the other end stays off-hook on an idle circuit")

    def _calm(self) -> None:
        self._quiet()
        self._move(State.GUARD)
        self._after("guard", self._settings.guard, self._rest)

    def _rest(self) -> None:
        """Idle; a seizure that came meanwhile is a new call."""
        self._move(State.IDLE)
        self._tell_released()
        if self._far_is_off and not self._alarmed and self.blocked is None:
            self._seized()

    def _quiet(self) -> None:
        self._playing = None
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
        self._unblock()
        self._send(self._on)
        if self._state is State.IDLE and self._far_is_off:
            self._seized()

    def _retest(self) -> None:
        self._recovered()
