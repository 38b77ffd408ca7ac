"""What every kind of circuit shares: one step at a time, signals told in order, named timers, alarms.

A *step* is a request or an event being handled. Signals are collected during a step and told after it: after an event
at once, after a request in the loop's next turn. An event that the hardware tells inside a step waits for its end.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.base.errors import LineFault, Refused
from ccappliance.base.machine import Machine
from ccappliance.drivers import api
from ccappliance.media.ports import Heard, MediaPort, Tone, WireStalled
from ccappliance.signalling.signals import Blocked, Hear, Released, Signal, Unblocked

DEAD_AFTER = 2.0  # seconds without a frame: the card is dead (F12)
FLAPS = 4  # so many alarms …
FLAP_WINDOW = 60.0  # … within so many seconds are a flapping line …
FLAP_RECOVERY = 10.0  # … which must be quiet for so long before it is used (F04)

S = TypeVar("S", bound=Enum)


class Zone(Protocol):
    """What signalling must know of a country."""

    @property
    def ring(self) -> Sequence[float]:
        """The bell's cadence: on, off, on, off … seconds."""
        ...

    def tone(self, name: str) -> Tone:
        """The country's tone of this name ("dial", "busy", "ringback", "congestion", "howler")."""
        ...


class LineCircuit(ABC, Generic[S]):
    """The frame of a circuit; `fxo.py`, `fxs.py`, `pri.py`, `r2.py` and `em.py` fill in the states."""

    kind = "line"
    KEPT = frozenset({"retest", "recover"})  # timers that outlive the state they were set in

    def __init__(self, name: str, channel: api.Channel, port: MediaPort, *, machine: Machine[S], recovery: float,
                 retest: float, clock: Clock, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        self.name = name
        self.port = port
        self.blocked: Blocked | None = None
        self._channel = channel
        self._machine = machine
        self._recovery = recovery
        self._retest_after = retest
        self._clock = clock
        self._loop = loop
        self._hear = hear
        self._steps = 0
        self._telling = False
        self._outbox: deque[Signal] = deque()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._alarmed = False  # the card says so; `blocked` may have other reasons as well
        self._alarms: deque[float] = deque(maxlen=FLAPS)
        self._owed = False  # `clear` was asked and Released not told yet
        channel.connect(self._event)
        port.on_heard = self._heard
        loop.call_soon(self._step, self._begin)

    # ---- requests, see signals.Circuit ----

    @property
    def state(self) -> str:
        return str(self._machine.state.value)

    @property
    def since(self) -> float:
        return self._machine.since

    def history(self) -> list[str]:
        now = self._clock.now()
        return [f"{now - at:.1f} s ago: {left.value} → {to.value}" + (f" ({why})" if why else "")
                for at, left, to, why in self._machine.moves()]

    @property
    def idle(self) -> bool:
        return self._is_idle() and self.blocked is None and not self._outbox and not self._owed

    def seize(self, called: str, calling: str = "", name: str = "") -> None:
        """Outgoing. Refused("blocked") or ("wrong_state") if the circuit is not idle; ("invalid_number")."""
        if self.blocked is not None:
            raise Refused("blocked", f"{self.name} cannot be used: {self.blocked.words}")
        if not self.idle:
            raise self._wrong_state("seize")
        self._step(self._seize, called, calling, name)

    def accept(self) -> None:
        """Nothing to do on an analog line, but there must be an offer."""
        self._step(self._accept)

    def alert(self) -> None:
        self._step(self._alert)

    def progress(self) -> None:
        self._step(self._progress)

    def answer(self) -> None:
        self._step(self._answer)

    def clear(self, cause: Cause) -> None:
        self._step(self._clear, cause)

    # ---- what the kinds fill in ----

    @abstractmethod
    def _begin(self) -> None:
        """The loop runs: look at the hardware and begin."""

    @abstractmethod
    def _is_idle(self) -> bool: ...

    @abstractmethod
    def _seize(self, called: str, calling: str, name: str) -> None: ...

    @abstractmethod
    def _accept(self) -> None: ...

    @abstractmethod
    def _alert(self) -> None: ...

    def _progress(self) -> None:
        """The voice path to the caller opens before the answer, where there is such a thing."""
        raise Refused("no_early_sound", f"{self.name} carries no sound to a caller before the call is answered")

    @abstractmethod
    def _answer(self) -> None: ...

    @abstractmethod
    def _clear(self, cause: Cause) -> None: ...

    @abstractmethod
    def _on_event(self, event: api.Event) -> None:
        """An event of the wire other than an alarm."""

    @abstractmethod
    def _on_heard(self, heard: Heard) -> None: ...

    @abstractmethod
    def _lost(self, how: str) -> None:
        """The line cannot be used from now on: end what is on it with Cleared(OUT_OF_ORDER, how)."""

    @abstractmethod
    def _recovered(self) -> None:
        """The line may be usable again: the alarm is over, or a dead one has rested."""

    @abstractmethod
    def _retest(self) -> None: ...

    # ---- steps and signals ----

    def _step(self, do: Callable[..., None], *args: Any) -> None:
        """Handle a request or something the loop calls; its signals are told in the loop's next turn."""
        self._steps += 1
        try:
            do(*args)
        finally:
            self._steps -= 1
            if self._outbox:
                self._loop.call_soon(self._flush)

    def _happen(self, do: Callable[..., None], *args: Any) -> None:
        """Handle an event; its signals are told at once, or after the step in which the hardware told it."""
        if self._steps:
            self._loop.call_soon(self._happen, do, *args)
            return
        self._steps += 1
        try:
            do(*args)
        finally:
            self._steps -= 1
        self._flush()

    def _tell(self, signal: Signal) -> None:
        self._outbox.append(signal)

    def _flush(self) -> None:
        if self._telling or self._steps:
            return
        self._telling = True
        try:
            while self._outbox:
                self._hear(self._outbox.popleft())
        finally:
            self._telling = False
            if self._outbox:  # the hearer failed: the others must still be told
                self._loop.call_soon(self._flush)

    def _tell_released(self) -> None:
        """Keep the promise of `clear`, once; nothing if nobody asked."""
        if self._owed:
            self._owed = False
            self._tell(Released())

    def _wrong_state(self, request: str) -> Refused:
        return Refused("wrong_state", f"{self.name} is {self.state}: {request} does not fit")

    # ---- states and timers ----

    def _move(self, to: S, why: str = "") -> None:
        """Change the state; timers of the old one are void."""
        self._machine.move(to, why)
        for name in [name for name in self._timers if name not in self.KEPT]:
            self._stop(name)

    def _after(self, name: str, seconds: float, do: Callable[[], None]) -> None:
        """Call `do` after `seconds`, unless the timer of this name is set again, or stopped, or its state left."""
        self._stop(name)
        self._timers[name] = self._loop.call_later(seconds, self._expired, name, do)

    def _expired(self, name: str, do: Callable[[], None]) -> None:
        del self._timers[name]
        self._happen(do)

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    # ---- hardware, alarms ----

    def _ask(self, request: Callable[..., None], *args: Any) -> bool:
        """Ask the channel for something. False: it refused, and the circuit is blocked as dead."""
        try:
            request(*args)
        except LineFault as fault:
            self._die("dead", str(fault))
            return False
        return True

    def _event(self, event: api.Event) -> None:
        match event:
            case api.AlarmRaised(alarm, words):
                self._happen(self._alarm_raised, alarm, words)
            case api.AlarmCleared():
                self._happen(self._alarm_cleared)
            case _:
                self._happen(self._on_event, event)

    def _heard(self, heard: Heard) -> None:
        if isinstance(heard, WireStalled):
            if heard.seconds >= DEAD_AFTER:
                self._happen(self._die, "stalled", f"the card has sent no sound for {heard.seconds:.1f} s")
        else:
            self._happen(self._on_heard, heard)

    def _alarm_raised(self, alarm: str, words: str) -> None:
        self._alarms.append(self._clock.now())
        self._alarmed = True
        self._stop("recover")
        self._lost("alarm")
        self._block(alarm, words)

    def _alarm_cleared(self) -> None:
        if not self._alarmed:
            return
        flapping = len(self._alarms) == FLAPS and self._clock.now() - self._alarms[0] < FLAP_WINDOW
        self._after("recover", FLAP_RECOVERY if flapping else self._recovery, self._alarm_over)

    def _alarm_over(self) -> None:
        self._alarmed = False
        self._recovered()

    def _die(self, how: str, words: str) -> None:
        """The hardware does not do its work, and no alarm says so: out of use until a test finds it well."""
        self._lost(how)
        if not self._alarmed:
            self._block("dead", words)
            self._after("retest", self._retest_after, self._retest)

    def _block(self, alarm: str, words: str) -> None:
        told = self.blocked
        self.blocked = Blocked(alarm, words)
        if told is None or told.alarm != alarm:
            self._tell(self.blocked)

    def _unblock(self) -> None:
        self._stop("retest")
        if self.blocked is not None:
            self.blocked = None
            self._tell(Unblocked())
