"""FXS: a telephone. Lifted, it dials; rung, it shows who calls; left off-hook, it hears the howler."""

import asyncio
from dataclasses import replace
from datetime import UTC, tzinfo

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import Dials, Match
from ccappliance.base.machine import Machine, MachineState
from ccappliance.drivers import api
from ccappliance.media.ports import DigitHeard, Ear, Heard, MediaPort, Played, Tone, ToneStep
from ccappliance.signalling import callerid
from ccappliance.signalling.circuit import LineCircuit, Zone
from ccappliance.signalling.settings import FxsSettings
from ccappliance.signalling.signals import Alerting, Answered, Cleared, Digit, Flash, Hear, Occupied, Offered

STUTTER, STUTTERS = 0.1, 10  # seconds on and off, and how often
DTMF_ID_DIGIT = 0.07  # seconds on and off per digit of DTMF caller ID: 20 digits fit into a ring's pause of 4 s


class State(MachineState):
    """What goes on at the telephone."""

    IDLE = "idle"
    DIALLING = "dialling"
    OFFERED = "offered"
    ALERTING = "alerting"  # as OFFERED, and hears ringback
    RINGING = "ringing"
    CONNECTED = "connected"
    GONE = "gone"  # Cleared is told, `clear` not asked yet
    ENDING = "ending"  # hung up; Released is told in the loop's next turn
    BUSY = "busy"  # we cleared: busy tone until hung up
    REORDER = "reorder"  # nothing that could be dialled: congestion tone until hung up
    HOWLING = "howling"  # left off-hook


_MOVES = {
    State.IDLE: frozenset({State.DIALLING, State.RINGING, State.ENDING}),
    State.DIALLING: frozenset({State.IDLE, State.OFFERED, State.REORDER, State.BUSY}),
    State.OFFERED: frozenset({State.ALERTING, State.CONNECTED, State.GONE, State.BUSY}),
    State.ALERTING: frozenset({State.CONNECTED, State.GONE, State.BUSY}),
    State.RINGING: frozenset({State.CONNECTED, State.GONE, State.ENDING}),
    State.CONNECTED: frozenset({State.GONE, State.BUSY}),
    State.GONE: frozenset({State.ENDING}),
    State.ENDING: frozenset({State.IDLE}),
    State.BUSY: frozenset({State.IDLE, State.HOWLING}),
    State.REORDER: frozenset({State.IDLE, State.BUSY, State.HOWLING}),
    State.HOWLING: frozenset({State.IDLE}),
}


class FxsCircuit(LineCircuit[State]):
    """The signalling of one FXS port. See signals.Circuit for requests, and FxsSettings for every timing.

    `number` and `label` are what others see when this telephone calls; `timezone` is that of its display.
    """

    kind = "fxs"

    def __init__(self, name: str, channel: api.Channel, port: MediaPort, settings: FxsSettings, zone: Zone,
                 dialplan: Dials, *, number: str, label: str = "", timezone: tzinfo = UTC, clock: Clock,
                 loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        super().__init__(name, channel, port, machine=Machine(name, _MOVES, State.IDLE, clock),
                         recovery=settings.recovery, retest=settings.retest, clock=clock, loop=loop, hear=hear)
        self.number = number
        self._settings = settings
        self._zone = zone
        self._dialplan = dialplan
        self._label = label
        self._timezone = timezone
        self._lifted = False  # the telephone's hook, whatever our state
        self._digits = ""
        self._caller = ("", "")  # number and name to show while it rings
        self._told_caller = False
        self._messages = False  # somebody has left some: the dial tone says so

    def _begin(self) -> None:
        status = self._channel.status()
        if status.alarm is not None and not self._alarmed:
            self._alarm_raised(status.alarm, "the telephone port was in alarm when the daemon started")
        self._look_at_hook()

    def _is_idle(self) -> bool:
        return self._state is State.IDLE

    @property
    def _state(self) -> State:
        return self._machine.state

    def message_waiting(self, waiting: bool) -> None:
        """Messages wait for whoever lifts this telephone, or none any more: from the next dial tone on he hears it."""
        self._messages = waiting

    # ---- requests ----

    def _seize(self, called: str, calling: str, name: str) -> None:
        self._caller = (calling, name)
        self._told_caller = False
        self._move(State.RINGING, calling)
        if self._ask(self._channel.ring, tuple(self._zone.ring)):
            self._tell(Alerting())

    def _accept(self) -> None:
        if self._state not in (State.OFFERED, State.ALERTING):
            raise self._wrong_state("accept")

    def _alert(self) -> None:
        self._accept()
        if self._state is State.OFFERED:
            self._move(State.ALERTING)
            self.port.tone(self._zone.tone("ringback"))

    def _progress(self) -> None:
        self._accept()
        self.port.silence()

    def _answer(self) -> None:
        if self._state not in (State.OFFERED, State.ALERTING):
            raise self._wrong_state("answer")
        self._connect()

    def _clear(self, cause: Cause) -> None:
        self._owed = True
        match self._state:
            case State.IDLE | State.GONE:
                self._end()
            case State.RINGING:
                self._end()
                self._stop_bell()
            case State.DIALLING | State.OFFERED | State.ALERTING | State.CONNECTED | State.REORDER:
                self._move(State.BUSY, cause.words)
                self.port.listen(Ear.NONE)
                self.port.tone(self._zone.tone("busy"))
                self._after("howler", self._settings.howler_after, self._howl)
            case State.HOWLING:
                self._tell_released()  # `blocked` keeps the telephone out of use
            case State.BUSY | State.ENDING:
                pass

    # ---- dialling ----

    def _start_dialling(self) -> None:
        self._move(State.DIALLING)
        self._tell(Occupied())
        self._owed = True  # Released, also if nothing comes of it
        self._dial_tone()

    def _dial_tone(self) -> None:
        self._digits = ""
        self.port.listen(Ear.DTMF)
        dial = self._zone.tone("dial")
        if self._messages:
            self.port.tone(stutter(dial)).on_end(self._stuttered)
        else:
            self.port.tone(dial)
        self._after("digit", self._settings.first_digit, self._dialled)

    def _stuttered(self, played: Played) -> None:
        if played.completed and self._state is State.DIALLING:
            self.port.tone(self._zone.tone("dial"))

    def _dial(self, digit: str) -> None:
        if not self._digits:
            self.port.silence()
        before, self._digits = self._digits, self._digits + digit
        match self._dialplan.match(self._digits):
            case Match.COMPLETE:
                self._dialled()
            case Match.PARTIAL | Match.COMPLETE_OR_MORE:
                self._after("digit", self._settings.between_digits, self._dialled)
            case Match.IMPOSSIBLE:
                if digit == "#":  # ends a number that could go on
                    self._digits = before
                self._dialled()

    def _dialled(self) -> None:
        """No further digit comes: offer a number that is whole, else congestion tone."""
        if self._digits and self._dialplan.match(self._digits) in (Match.COMPLETE, Match.COMPLETE_OR_MORE):
            self._move(State.OFFERED, self._digits)
            self._tell(Offered(self._digits, self.number, self._label))
        else:
            self._move(State.REORDER, self._digits)
            self.port.listen(Ear.NONE)
            self.port.tone(self._zone.tone("congestion"))
            self._after("howler", self._settings.howler_after, self._howl)

    # ---- ringing and talking ----

    def _show_caller(self) -> None:
        """Between the first ring and the second (EN 300 659-1 §6.1.1)."""
        number, name = self._caller
        moment = callerid.Moment.of(self._clock.wall().astimezone(self._timezone))
        match self._settings.caller_id:
            case "mdmf":
                self.port.fsk(callerid.encode_mdmf(number, name, moment, alphabet=self._settings.name_alphabet))
            case "sdmf":
                self.port.fsk(callerid.encode_sdmf(number, moment))
            case "dtmf":
                digits = callerid.only_digits(number).replace("+", "")
                if digits:
                    self.port.digits(f"D{digits}C", on=DTMF_ID_DIGIT, off=DTMF_ID_DIGIT)

    def _connect(self) -> None:
        self._move(State.CONNECTED)
        self.port.silence()
        self.port.listen(Ear.DTMF)
        self._tell(Answered("off-hook"))

    def _stop_bell(self) -> None:
        self.port.silence()  # caller ID may be on its way
        self._ask(self._channel.ring, None)

    # ---- the end ----

    def _go(self, cause: Cause, how: str) -> None:
        """The telephone has hung up, or is out of reach."""
        was_ringing = self._state is State.RINGING
        self._move(State.GONE, how)
        self._tell(Cleared(cause, how))
        self.port.silence()
        self.port.listen(Ear.NONE)
        if was_ringing:
            self._stop_bell()

    def _end(self) -> None:
        self._move(State.ENDING)
        self._after("end", 0.0, self._rest)

    def _rest(self) -> None:
        """On-hook, as far as we are concerned; a telephone lifted meanwhile gets dial tone."""
        self._be_idle()
        if self._lifted and self.blocked is None:
            self._start_dialling()

    def _be_idle(self) -> None:
        self._move(State.IDLE)
        self.port.silence()
        self.port.listen(Ear.NONE)
        self._tell_released()

    def _howl(self) -> None:
        """F20: left off-hook. The call is over all the same, so its Released is told now, after Blocked."""
        self._move(State.HOWLING)
        self._block("left_off_hook", "the telephone was left off-hook: hang it up")
        self._tell_released()
        self.port.tone(self._zone.tone("howler"))
        self._after("howler", self._settings.howler, self.port.silence)

    # ---- faults ----

    def _lost(self, how: str) -> None:
        match self._state:
            case State.IDLE | State.GONE | State.ENDING:
                pass
            case State.DIALLING | State.BUSY | State.REORDER | State.HOWLING:
                self._be_idle()  # the hook is looked at again when the port has recovered
            case _:
                self._go(Cause.OUT_OF_ORDER, how)

    def _recovered(self) -> None:
        if self._ask(self._channel.ring, None):  # the bell may not have been stopped
            self._unblock()
            self._look_at_hook()

    def _retest(self) -> None:
        if not self._alarmed:
            self._recovered()

    def _look_at_hook(self) -> None:
        self._lifted = self._channel.status().off_hook
        if self._lifted and self._state is State.IDLE and self.blocked is None:
            self._start_dialling()

    # ---- what the telephone tells ----

    def _on_event(self, event: api.Event) -> None:
        match event:
            case api.HookChanged(off):
                self._hook(off)
            case api.Pulsed(digit):
                self._digit(digit)
            case api.Flashed() if self._state is State.CONNECTED:
                self._tell(Flash())
            case api.Flashed() if self._state is State.DIALLING:
                self._dial_tone()
            case api.RingEnded() if self._state is State.RINGING and not self._told_caller:
                self._told_caller = True
                self._after("caller_id", self._settings.caller_id_delay, self._show_caller)

    def _on_heard(self, heard: Heard) -> None:
        if isinstance(heard, DigitHeard):
            self._digit(heard.digit)

    def _digit(self, digit: str) -> None:
        if self._state is State.CONNECTED:
            self._tell(Digit(digit))
        elif self._state is State.DIALLING:
            self._dial(digit)

    def _hook(self, off: bool) -> None:
        self._lifted = off
        dead = self.blocked is not None and self.blocked.alarm == "dead" and not self._alarmed
        if dead and self._ask(self._channel.ring, None):
            self._unblock()  # whoever lifts or hangs up proves that the port lives
        match self._state:
            case State.IDLE if off and self.blocked is None:
                self._start_dialling()
            case State.RINGING if off:
                self._connect()
                self._stop_bell()
            case State.DIALLING if not off:
                self._rest()
            case State.OFFERED | State.ALERTING | State.CONNECTED if not off:
                self._go(Cause.NORMAL, "on-hook")
            case State.BUSY | State.REORDER if not off:
                self._rest()
            case State.HOWLING if not off:
                self._unblock()
                self._rest()


def stutter(dial: Tone) -> Tone:
    """What stands before the dial tone when messages wait: ten short bursts of it (recall dial tone, GR-506)."""
    burst = replace(dial.steps[0], seconds=STUTTER)
    return Tone("stutter", (burst, ToneStep((), STUTTER)), STUTTERS)
