"""FXO: a line from the exchange. It rings us and tells who calls; we dial on it and listen for what becomes of it."""

import asyncio

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.base.machine import Machine
from ccappliance.drivers import api
from ccappliance.media.ports import (
    DigitHeard,
    Ear,
    FskHeard,
    Heard,
    MediaPort,
    Played,
    Playing,
    ToneEnded,
    ToneHeard,
    VoiceHeard,
)
from ccappliance.signalling import callerid
from ccappliance.signalling.circuit import LineCircuit, Zone
from ccappliance.signalling.fxo_states import DIALLED, MOVES, State
from ccappliance.signalling.settings import FxoSettings
from ccappliance.signalling.signals import Alerting, Answered, Cleared, Digit, Hear, Offered, Proceeding

SETTLE = 0.5  # seconds after the answer in which a reversal is the exchange switching through, not a hang-up
SAME_RING = 1.0  # seconds: bursts closer than this are one ring (0.4 on 0.2 off 0.4 on 2 off); caller ID comes after it
RINGBACK_LOST = 0.6  # seconds after ToneEnded, which the ear tells 0.4 s beyond the tone's own pause: 1 s in all
DIALLING_LATE = 5.0  # seconds beyond its calculated length after which dialling has failed
PULSE = 0.1  # seconds of one loop break and make: 10 a second
PULSE_PAUSE = 0.7  # seconds between digits (drivers/api.py)
IN_CALL = Ear.DTMF | Ear.PROGRESS
CALLER_ID_EARS = {"both": Ear.FSK | Ear.DTMF, "fsk": Ear.FSK, "dtmf": Ear.DTMF}


class FxoCircuit(LineCircuit[State]):
    """The signalling of one FXO port. See signals.Circuit for requests, and FxoSettings for every timing."""

    kind = "fxo"
    KEPT = LineCircuit.KEPT | {"rings"}  # the bell does not care about our state

    def __init__(self, name: str, channel: api.Channel, port: MediaPort, settings: FxoSettings, zone: Zone, *,
                 clock: Clock, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        super().__init__(name, channel, port, machine=Machine(name, MOVES, State.IDLE, clock),
                         recovery=settings.recovery, retest=settings.retest, clock=clock, loop=loop, hear=hear)
        self._settings = settings
        self._ring_on = zone.ring[0]
        self._ring_off = max(zone.ring[1::2])
        self._rings = 0  # of the call that rings now
        self._bell = False  # ring voltage is on the line
        self._burst_ended = clock.now()
        self._off_hook = False
        self._hook_changed = clock.now()
        self._reader = callerid.CallerIdReader()
        self._called = ""
        self._playing: Playing | None = None  # the number being sent
        self._inferred = False  # answered as far as we can hear; a reversal may still say so late

    def _begin(self) -> None:
        status = self._channel.status()
        if status.alarm is not None and not self._alarmed:
            self._alarm_raised(status.alarm, "the line was in alarm when the daemon started")
        if status.ringing and not self._bell:
            self._ring_began()
        if self._state is State.IDLE:
            self._listen_idle()

    def _is_idle(self) -> bool:
        """Nor while caller ID comes before the first ring: who seized now would meet the caller (F10)."""
        return self._state is State.IDLE and not self._reader.digits_begun

    @property
    def _state(self) -> State:
        return self._machine.state

    # ---- requests ----

    def _seize(self, called: str, calling: str, name: str) -> None:
        diallable = "0123456789" if self._settings.dialling == "pulse" else "0123456789*#ABCD,"
        if not called or len(called) > MAX_DIALLED or any(digit not in diallable for digit in called):
            raise Refused("invalid_number", f"{called!r} cannot be dialled on {self.name}: "
                          f"1 to {MAX_DIALLED} of {diallable}")
        self._called = called
        self._forget_caller()
        self._move(State.SEIZING, called)
        if self._lift():
            self.port.listen(Ear.PROGRESS)
            self._after("dial_tone", self._settings.dial_tone_wait, self._no_dial_tone)

    def _accept(self) -> None:
        if self._state is not State.OFFERED:
            raise self._wrong_state("accept")

    def _alert(self) -> None:
        if self._state is not State.OFFERED:
            raise self._wrong_state("alert")

    def _answer(self) -> None:
        if self._state is not State.OFFERED:
            raise self._wrong_state("answer")
        self._forget_rings()
        if self._lift():
            self._connect("off-hook")

    def _clear(self, cause: Cause) -> None:
        match self._state:
            case State.IDLE:
                self._guard(0.0)
            case State.GONE:
                self._guard(max(0.0, self._settings.guard - (self._clock.now() - self._hook_changed)))
            case State.GLARE:
                self._owed = True
                self._tell_released()
                self._offer()
                return
            case State.REFUSED | State.GUARD:
                pass
            case State.RINGING | State.OFFERED if not self._off_hook:
                self._move(State.REFUSED, cause.words)
                if not self._rings:
                    self._guard(0.0)
            case _:
                self._hang_up()
        self._owed = True

    # ---- ringing and caller ID ----

    def _ring_began(self) -> None:
        if self._off_hook and self._state not in (State.SEIZING, State.TESTING):
            return  # an induced pulse: nobody rings a closed loop
        same = self._rings and not self._bell and self._clock.now() - self._burst_ended < SAME_RING
        self._bell = True
        self._rings += 0 if same else 1
        self._after("rings", self._ring_on + self._ring_off + self._settings.ring_lost, self._rings_stopped)
        match self._state:
            case State.IDLE if not self._alarmed:
                self._unblock()  # a line that rings is not dead
                self._start_ringing()
            case State.RINGING if self._rings == 2 and not same:
                self._after("caller_id", self._settings.caller_id_wait, self._offer)
            case State.SEIZING:
                self._forget_rings()
                self._tell(Cleared(Cause.NOT_AVAILABLE, "glare"))
                self._move(State.GLARE)
            case State.TESTING:
                self._forget_rings()
                self._unblock()
                self._offer()

    def _ring_ended(self) -> None:
        self._bell = False
        self._burst_ended = self._clock.now()
        if self._rings:
            self._after("rings", self._ring_off + self._settings.ring_lost, self._rings_stopped)

    def _rings_stopped(self) -> None:
        if self._bell and self._state is State.RINGING:  # one ring without end: somebody calls all the same
            self._offer()
            self._after("rings", self._ring_off + self._settings.ring_lost, self._rings_stopped)
            return
        self._forget_rings()
        match self._state:
            case State.RINGING:
                self._forget_caller()
                self._move(State.IDLE, "rang once")
                self._listen_idle()
            case State.OFFERED:
                self._go(Cause.NORMAL, "stopped-ringing")
            case State.REFUSED:
                self._guard(0.0)

    def _forget_rings(self) -> None:
        self._rings = 0
        self._bell = False
        self._stop("rings")

    def _start_ringing(self) -> None:
        self._move(State.RINGING)
        if self._settings.caller_id == "none":
            self._offer()
            return
        self.port.listen(self._caller_id_ears())
        if self._rings >= 2:
            self._after("caller_id", self._settings.caller_id_wait, self._offer)
        self._caller_heard()  # what came before the first ring

    def _caller_id_ears(self) -> Ear:
        return CALLER_ID_EARS.get(self._settings.caller_id, Ear.NONE)

    def _listen_idle(self) -> None:
        """On-hook: DTMF caller ID may come before the first ring at any time; FSK then announces itself (reversal)."""
        self.port.listen(self._caller_id_ears() & Ear.DTMF)

    def _herald(self) -> None:
        """A reversal or a digit on an idle line: a call may be coming, with its caller ID before the first ring."""
        self.port.listen(self._caller_id_ears())
        self._after("herald", self._settings.caller_id_early, self._no_ring_came)

    def _no_ring_came(self) -> None:
        self._forget_caller()
        self._stop("caller_id_pause")
        self._listen_idle()

    def _forget_caller(self) -> None:
        self._reader = callerid.CallerIdReader()

    def _caller_digit(self, digit: str) -> None:
        if self._state is State.IDLE and not self._reader.digits_begun:
            self._herald()
        self._reader.digit(digit)
        self._caller_heard()

    def _caller_paused(self) -> None:
        self._reader.silence()
        self._caller_heard()

    def _caller_heard(self) -> None:
        """Offer as soon as the caller ID is understood; while digits come, wait for the silence after them."""
        self._stop("caller_id_pause")
        if self._reader.digits_begun:
            self._after("caller_id_pause", self._settings.caller_id_pause, self._caller_paused)
        elif self._state is State.RINGING and self._reader.best.understood:
            self._offer()

    def _offer(self) -> None:
        caller = self._reader.best
        self._forget_caller()
        self._move(State.OFFERED, caller.number or caller.absence)
        # The digit that ends a DTMF caller ID still sounds: who goes on listening is not told it again as a caller's.
        self.port.listen(Ear.PROGRESS if self._off_hook else self._caller_id_ears() & Ear.DTMF)
        self._tell(Offered("", caller.number, caller.name, caller.absence))

    # ---- dialling ----

    def _no_dial_tone(self) -> None:
        self._go(Cause.OUT_OF_ORDER, "no-dial-tone")
        self._fail_test()

    def _dial(self) -> None:
        self.port.listen(Ear.NONE)
        digits = self._called
        if self._settings.dialling == "pulse":
            length = sum((int(digit) or 10) * PULSE + PULSE_PAUSE for digit in digits)
            if self._ask(self._channel.pulse, digits):
                self._after("dialled", length, self._dialled)
            return
        on, off = self._settings.digit_on, self._settings.digit_off
        length = sum(1.0 if digit == "," else on + off for digit in digits)
        self._after("dialling", length + DIALLING_LATE, self._not_dialled)
        self._playing = playing = self.port.digits(digits, on=on, off=off)
        playing.on_end(lambda played: self._happen(self._sent, playing, played))

    def _sent(self, playing: Playing, played: Played) -> None:
        if self._state is State.DIALLING and playing is self._playing:
            if played.completed:
                self._dialled()
            else:
                self._not_dialled()

    def _not_dialled(self) -> None:
        self._go(Cause.TEMPORARY_FAILURE, "dialling-interrupted")

    def _dialled(self) -> None:
        self._playing = None
        self._move(State.PROCEEDING)
        self._tell(Proceeding())
        self.port.listen(Ear.PROGRESS)
        if self._settings.answer != "polarity":
            self._after("answer", self._settings.answer_after, self._infer)

    def _infer(self) -> None:
        self._connect("inferred")

    def _connect(self, how: str) -> None:
        self._move(State.CONNECTED, how)
        self._inferred = how == "inferred"
        self.port.listen(IN_CALL)
        self._tell(Answered(how))

    # ---- hook and end ----

    def _lift(self) -> bool:
        """Close the loop if it is open. False: the hardware refused, and the circuit is Cleared and blocked."""
        if self._off_hook:
            return True
        self._off_hook = True
        self._hook_changed = self._clock.now()
        return self._ask(self._channel.off_hook)

    def _drop(self) -> bool:
        """Open the loop at once: nobody may be left on a line with live dial tone (F18). False: it refuses."""
        self._playing = None
        if self._off_hook:
            self.port.silence()
            if not self._ask(self._channel.on_hook):
                return False  # asked again when the line has recovered, or is tested
            self._off_hook = False
            self._hook_changed = self._clock.now()
        return True

    def _go(self, cause: Cause, how: str) -> None:
        """The far end is gone or cannot be reached."""
        self._move(State.GONE, how)
        self._tell(Cleared(cause, how))
        self._drop()
        self.port.listen(Ear.NONE)

    def _hang_up(self) -> bool:
        self._guard(self._settings.guard)
        return self._drop()

    def _guard(self, seconds: float) -> None:
        self._move(State.GUARD)
        self.port.listen(Ear.NONE)
        self._after("guard", seconds, self._rest)

    def _rest(self) -> None:
        """Idle again; a bell that began meanwhile is a new call."""
        self._move(State.IDLE)
        self._tell_released()
        self._take_up()

    def _take_up(self) -> None:
        """Begin to be idle, or with the call that rings already."""
        if self._rings and not self._alarmed:
            self._unblock()
            self._start_ringing()
        else:
            self._forget_caller()
            self._listen_idle()

    # ---- faults ----

    def _lost(self, how: str) -> None:
        self._forget_rings()
        match self._state:
            case State.IDLE | State.GONE | State.GUARD:
                pass
            case State.RINGING:
                self._forget_caller()
                self._move(State.IDLE, how)
            case State.REFUSED:
                self._guard(0.0)
            case State.GLARE:  # its outgoing call was Cleared already, its caller never told
                self._move(State.GONE, how)
                self._drop()
            case State.TESTING:
                self._hang_up()
            case _:
                self._go(Cause.OUT_OF_ORDER, how)

    def _recovered(self) -> None:
        if not self._drop():
            return
        self._unblock()
        if self._state is State.IDLE:
            self._take_up()

    def _retest(self) -> None:
        """F19: off-hook, dial tone?, on-hook. While the line is busy or in alarm, later."""
        self._after("retest", self._settings.retest, self._retest)
        if self._state is State.IDLE and not self._alarmed:
            self._forget_caller()
            self._move(State.TESTING)
            if self._lift():
                self.port.listen(Ear.PROGRESS)
                self._after("dial_tone", self._settings.dial_tone_wait, self._end_test)

    def _fail_test(self) -> None:
        if not self._alarmed:
            self._block("no_dial_tone", f"no dial tone within {self._settings.dial_tone_wait:g} s; tested again every "
                        f"{self._settings.retest:g} s: check the cable and the exchange")
            self._after("retest", self._settings.retest, self._retest)

    def _end_test(self) -> None:
        self._hang_up()

    def _pass_test(self) -> None:
        if self._hang_up():
            self._after("guard", self._settings.guard, self._well_again)

    def _well_again(self) -> None:
        if not self._alarmed:
            self._unblock()
        self._rest()

    # ---- what the wire tells ----

    def _on_event(self, event: api.Event) -> None:
        match event:
            case api.RingBegan():
                self._ring_began()
            case api.RingEnded():
                self._ring_ended()
            case api.PolarityReversed():
                self._reversed()
            case api.LoopBroken() if "loop_break" in self._settings.disconnect:
                if self._state in DIALLED:
                    self._go(Cause.TEMPORARY_FAILURE, "loop-break")
                else:
                    self._hung_up("loop-break")

    def _reversed(self) -> None:
        match self._state:
            case State.IDLE:
                self._herald()
            case State.PROCEEDING | State.ALERTING if self._settings.answer != "inferred":
                self._connect("polarity")
            case State.CONNECTED if self._inferred and self._settings.answer == "any":
                self._inferred = False  # the answer itself, later than we heard it
            case State.CONNECTED if "polarity" in self._settings.disconnect:
                if self._clock.now() - self._machine.since >= SETTLE:
                    self._hung_up("polarity")

    def _on_heard(self, heard: Heard) -> None:
        match heard:
            case DigitHeard(digit):
                if self._state is State.CONNECTED:
                    self._tell(Digit(digit))
                elif self._state in (State.IDLE, State.RINGING) and self._settings.caller_id in ("both", "dtmf"):
                    self._caller_digit(digit)
            case FskHeard(data) if self._state in (State.IDLE, State.RINGING):
                self._reader.message(data)
                self._caller_heard()
            case ToneHeard(name):
                self._tone_heard(name)
            case ToneEnded("ringback") if self._state is State.ALERTING and self._settings.answer != "polarity":
                self._after("ringback", RINGBACK_LOST, self._infer)
            case VoiceHeard() if self._state in (State.PROCEEDING, State.ALERTING):
                if self._settings.answer != "polarity":
                    self._infer()

    def _tone_heard(self, name: str) -> None:
        match self._state:
            case State.SEIZING:
                if name == "dial":
                    self._move(State.DIALLING)
                    self._after("dial", self._settings.dial_pause, self._dial)
                elif name in ("busy", "congestion"):
                    self._go(Cause.CONGESTION, f"{name}-tone")
            case State.TESTING if name == "dial":
                self._pass_test()
            case State.PROCEEDING | State.ALERTING:
                self._outcome_heard(name)
            case State.CONNECTED | State.OFFERED | State.GLARE:
                self._hang_up_heard(name)

    def _outcome_heard(self, name: str) -> None:
        """What the exchange says of the number dialled."""
        if name == "ringback":
            self._stop("ringback")
            if self._state is State.PROCEEDING:
                self._move(State.ALERTING)
                self._tell(Alerting())
        elif name == "busy":
            self._go(Cause.BUSY, "busy-tone")
        elif name == "congestion":
            self._go(Cause.CONGESTION, "congestion-tone")
        elif name == "dial":  # it did not take the number
            self._go(Cause.TEMPORARY_FAILURE, "dial-tone")

    def _hang_up_heard(self, name: str) -> None:
        """The tones an exchange without other supervision gives when the far end has hung up (F18)."""
        signs = {"busy": "busy_tone", "congestion": "busy_tone", "dial": "dial_tone"}
        if signs.get(name) in self._settings.disconnect:
            self._hung_up(f"{name}-tone")

    def _hung_up(self, how: str) -> None:
        """The far end of an open line has hung up."""
        if self._state is State.GLARE:  # before we could offer him; the outgoing call was Cleared already
            self._move(State.GONE, how)
            self._drop()
        elif self._state is State.CONNECTED or (self._state is State.OFFERED and self._off_hook):
            self._go(Cause.NORMAL, how)
