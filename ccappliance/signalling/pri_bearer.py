"""The upkeep of a B channel: what blocks it, and RESTART, which makes both ends agree that it is idle."""

import asyncio
from abc import abstractmethod
from typing import Protocol

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import Match
from ccappliance.base.machine import Machine
from ccappliance.drivers import api
from ccappliance.media.ports import MediaPort
from ccappliance.signalling import pri_protocol as pipe
from ccappliance.signalling.circuit import LineCircuit
from ccappliance.signalling.pri_settings import PriSettings
from ccappliance.signalling.pri_states import HAS_CALL, MOVES, State
from ccappliance.signalling.signals import Blocked, Hear, Unblocked

OWN_ALARMS = ("dead", "stuck")  # of one channel; what the whole span has is told once, for the span


class Signaller(Protocol):
    """What a channel asks of its span's D channel."""

    @property
    def down(self) -> Blocked | None:
        """Why nobody can be called now."""
        ...

    def ask(self, request: pipe.Request) -> None: ...

    def new_call(self, circuit: "Bearer") -> int: ...

    def restart(self, circuit: "Bearer") -> None:
        """Send RESTART when its turn comes; `restart_done` or `stuck` follows."""
        ...

    def alarm_changed(self) -> None: ...

    def match(self, digits: str) -> Match:
        """What these digits are to the numbers callers may dial here."""
        ...


class Bearer(LineCircuit[State]):
    """A B channel without its calls, which are `pri.py`. `slot` is its number in Q.931's channel identification."""

    kind = "pri"

    def __init__(self, name: str, slot: int, channel: api.Channel, port: MediaPort, settings: PriSettings,
                 span: Signaller, *, clock: Clock, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        super().__init__(name, channel, port, machine=Machine(name, MOVES, State.IDLE, clock),
                         recovery=settings.recovery, retest=settings.retest, clock=clock, loop=loop, hear=hear)
        self.slot = slot
        self.call = 0  # the helper's number of the call on this channel; 0: it knows of none
        self._settings = settings
        self._span = span
        self._own: Blocked | None = None
        self._next: pipe.Ring | None = None  # a call that waits for the end of the one before
        self._suspect = False  # RESTART before it is used again

    def _begin(self) -> None:
        status = self._channel.status()
        if status.alarm is not None and not self._alarmed:
            self._alarm_raised(status.alarm, "the span was in alarm when the daemon started")

    def _is_idle(self) -> bool:
        return self._state is State.IDLE and self._span.down is None and self._next is None

    @property
    def _state(self) -> State:
        return self._machine.state

    @abstractmethod
    def _drop_calls(self, cause: Cause, how: str) -> None:
        """There are no calls on this channel any more, whatever we thought."""

    # ---- RESTART ----

    def ask_restart(self) -> None:
        """Restart the channel now if nobody is on it, else as soon as he has left."""
        self._happen(self._ask_restart)

    def _ask_restart(self) -> None:
        if self._state is State.IDLE:
            self._move(State.RESTARTING)
            self._span.restart(self)
        elif self._state is not State.RESTARTING:
            self._suspect = True

    def restart_done(self) -> None:
        self._happen(self._restart_done)

    def _restart_done(self) -> None:
        if self._state is State.RESTARTING:
            self._move(State.IDLE, "restart acknowledged")
        if self._own is not None and self._own.alarm == "stuck":
            self._unblock()

    def stuck(self, words: str) -> None:
        """Nobody answers for this channel: out of use until a RESTART is acknowledged (F11)."""
        self._happen(self._stuck, words)

    def _stuck(self, words: str) -> None:
        if self._state is State.RESTARTING:
            self._move(State.IDLE, words)
        if not self._alarmed:
            self._block("stuck", words)
            self._after("retest", self._settings.retest, self._retest)

    # ---- alarms ----

    def look(self) -> None:
        """What blocks the channel now: something of its own, or the span; a call keeps it unblocked till its end."""
        down = self._span.down if self._state not in HAS_CALL else None
        self.blocked = self._own or down

    def _block(self, alarm: str, words: str) -> None:
        told = self._own
        self._own = Blocked(alarm, words)
        self.look()
        if alarm in OWN_ALARMS and (told is None or told.alarm != alarm):
            self._tell(self._own)
        self._span.alarm_changed()

    def _unblock(self) -> None:
        self._stop("retest")
        own, self._own = self._own, None
        self.look()
        if own is not None and own.alarm in OWN_ALARMS:
            self._tell(Unblocked())
        self._span.alarm_changed()

    @property
    def own_alarm(self) -> Blocked | None:
        """What blocks this channel and not the span."""
        return self._own

    def _recovered(self) -> None:
        self._unblock()
        self._ask_restart()

    def _retest(self) -> None:
        self._after("retest", self._settings.retest, self._retest)
        if self._own is not None and self._own.alarm == "dead":
            self._unblock()
        self._ask_restart()

    def _on_event(self, event: api.Event) -> None:
        """A B channel has no signalling of its own."""
