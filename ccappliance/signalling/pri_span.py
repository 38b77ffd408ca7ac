"""PRI: the D channel of an ISDN span. It owns the helper, brings calls to channels, and restarts what it must."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import Dials, Match
from ccappliance.base.errors import Refused
from ccappliance.drivers import api
from ccappliance.signalling import pri_protocol as pipe
from ccappliance.signalling.pri import PriCircuit
from ccappliance.signalling.pri_bearer import Bearer
from ccappliance.signalling.pri_helper import Helper
from ccappliance.signalling.pri_layer2 import Layer2, kind_of
from ccappliance.signalling.pri_settings import SIDES, SWITCHES, PriSettings
from ccappliance.signalling.pri_trace import Trace
from ccappliance.signalling.signals import Blocked

AUDIT = 60.0  # seconds between audits, and how long a channel may be in use without an owner (F11)
RESTART_WITHIN = 2.0  # seconds for RESTART ACKNOWLEDGE; Q.931's T316 of 2 minutes would keep a channel too long
RESTART_TRIES = 3  # N316 and one more: the first may be lost with a link that both ends establish at once
SETTLED = 0.3  # seconds after layer 2 came up before RESTARTs are sent, for the same reason
BACK_OFF = (0.1, 0.5, 2.0, 10.0)  # seconds before a helper that died is started again; the last one for ever
STABLE = 60.0  # seconds after which a helper's death is a first one again
SILENT = 15.0  # seconds without layer 2 after a start before somebody is told: a far end that starts as well needs 10
TRANSFER_WITHIN = 10.0  # seconds for the switch to take two calls over
INCOMPATIBLE = 88  # Q.850: incompatible destination, for calls that carry data
VOICE = (0x00, 0x10, 0x11)  # speech, 3.1 kHz audio, 7 kHz audio that falls back to speech (Q.931 table 4-6)

Tell = Callable[[str, str | None], None]


class MakeHelper(Protocol):
    """Starts a helper: PipedHelper or SteppedHelper."""

    def __call__(self, loop: asyncio.AbstractEventLoop, clock: Clock, hear: Callable[[pipe.Answer], None],
                 died: Callable[[str], None]) -> Helper: ...


class PriSpan:
    """One span's signalling. `tell(alarm, words)` hears what stands in the way of all its calls; words None: over.

    `join` takes the channels once, after construction. `owned(name)`: is somebody's call on this circuit?
    """

    def __init__(self, name: str, data: api.DataChannel, settings: PriSettings, numbers: Dials, *, clock: Clock,
                 loop: asyncio.AbstractEventLoop, make: MakeHelper, tell: Tell, owned: Callable[[str], bool]) -> None:
        self.name = name
        self.settings = settings
        self.circuits: Mapping[int, PriCircuit] = {}
        self.trace = Trace(clock, self._set_trace)
        self.layer2 = Layer2()
        self.up = False
        self.helper_deaths = 0
        self.on_transfer: Callable[[PriCircuit, PriCircuit], bool] = lambda one, other: False
        self.down: Blocked | None = Blocked("dchannel_down", f"{name}: signalling has not begun")
        self._data = data
        self._numbers = numbers
        self._clock = clock
        self._loop = loop
        self._make = make
        self._tell = tell
        self._owned = owned
        self._helper: Helper | None = None
        self._begun = 0.0  # when this helper was started
        self._fresh = True  # it has not been up yet: it knows nothing of the channels
        self._link = False  # layer 2 is up
        self._deaths = 0  # in a row
        self._calls: dict[int, PriCircuit] = {}
        self._last_call = 0
        self._last_slot = 0
        self._strays: set[int] = set()  # calls of the helper that the last audit found nobody to know
        self._restarts: deque[PriCircuit] = deque()
        self._restarting: PriCircuit | None = None
        self._restart_tries = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._alarms: dict[str, str] = {}  # told, by code
        self._card_alarm: api.AlarmRaised | None = None
        self._statistics: list[asyncio.Future[str]] = []
        self._transfers: dict[int, asyncio.Future[None]] = {}
        self._closed = False

    def join(self, circuits: Sequence[PriCircuit]) -> None:
        """These are the B channels; begin signalling in the loop's next turn."""
        self.circuits = {circuit.slot: circuit for circuit in circuits}
        self._data.connect(self._frame, self._event)
        for circuit in circuits:
            circuit.look()
        self._loop.call_soon(self._start)
        self._after("audit", AUDIT, self._audit)

    def close(self) -> None:
        """End the helper. Calls must have been cleared before."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        if self._helper is not None:
            self._helper.close()

    # ---- what channels ask (pri_bearer.Signaller) ----

    def ask(self, request: pipe.Request) -> None:
        if self._helper is not None:
            self._helper.ask(request)

    def new_call(self, circuit: Bearer) -> int:
        self._last_call = (self._last_call + 2) % 2**32 or 2
        self._calls[self._last_call] = self.circuits[circuit.slot]
        return self._last_call

    def match(self, digits: str) -> Match:
        return self._numbers.match(digits)

    def restart(self, circuit: Bearer) -> None:
        self._restarts.append(self.circuits[circuit.slot])
        self._next_restart()

    def alarm_changed(self) -> None:
        """A channel's alarm came or went: what the card says is told once for the span."""
        standing: dict[str, list[PriCircuit]] = {}
        for circuit in self.circuits.values():
            own = circuit.own_alarm
            if own is not None and own.alarm not in ("dead", "stuck"):
                standing.setdefault(own.alarm, []).append(circuit)
        for alarm, circuits in standing.items():
            own = circuits[0].own_alarm
            self._raise(alarm, own.words if own else alarm)
        for alarm in [alarm for alarm in self._alarms if alarm not in (*standing, "dchannel_down", "pri_helper")]:
            self._clear(alarm)

    # ---- what people ask ----

    @property
    def helper(self) -> Helper | None:
        """The process, for `pri status` and for those who want it dead."""
        return self._helper

    async def statistics(self) -> str:
        """libpri's own account of the span. Refused("pri_down") when there is no helper."""
        if self._helper is None or not self._helper.alive:
            raise Refused("pri_down", f"{self.name} has no PRI helper now")
        waiting: asyncio.Future[str] = self._loop.create_future()
        self._statistics.append(waiting)
        self.ask(pipe.Statistics())
        return await waiting

    async def transfer(self, one: PriCircuit, other: PriCircuit) -> None:
        """Ask the switch to join two calls and free both channels (ECT, TBCT). Refused("no_transfer")."""
        if not self.settings.transfer:
            raise Refused("no_transfer", f"{self.name} is not set to transfer: set signalling.transfer")
        if one.call == 0 or other.call == 0:
            raise Refused("no_transfer", "both channels must have a call")
        waiting: asyncio.Future[None] = self._loop.create_future()
        call = one.call
        self._transfers[call] = waiting
        self.ask(pipe.Transfer(call, other.call))
        try:
            async with asyncio.timeout(TRANSFER_WITHIN):
                await waiting
        except TimeoutError:
            raise Refused("no_transfer", f"the switch did not take the calls within {TRANSFER_WITHIN:g} s") from None
        finally:
            self._transfers.pop(call, None)

    # ---- the helper's life ----

    def _start(self) -> None:
        if self._closed:
            return
        settings = self.settings
        self._begun = self._clock.now()
        self._helper = self._make(self._loop, self._clock, self._hear, self._died)
        self.ask(pipe.Begin(pipe.VERSION, SIDES[settings.side], SWITCHES[settings.switch],
                            settings.overlap in ("send", "both"), settings.transfer or settings.side == "network",
                            {"t309": round(settings.t309 * 1000)}))
        self._set_trace(self.trace.flags)
        self._fresh = True
        self._link = False
        self._lost("signalling begins")
        self._after("silent", SILENT, self._still_silent)

    def _died(self, why: str) -> None:
        """Every call of the span is lost; a new helper will restart its channels."""
        self._helper = None
        self.helper_deaths += 1
        self.trace.note(why)
        self._raise("pri_helper", why)
        self._lost(why)
        self._calls.clear()
        self._strays.clear()
        self._restarts.clear()
        self._restarting = None
        self._stop("restart")
        for circuit in self.circuits.values():
            circuit.signalling_lost()
        for waiting in self._statistics:
            waiting.cancel()
        self._statistics.clear()
        for transfer in self._transfers.values():
            if not transfer.done():
                transfer.set_exception(Refused("no_transfer", why))
        self._deaths = 0 if self._clock.now() - self._begun > STABLE else self._deaths + 1
        self._after("start", BACK_OFF[min(self._deaths, len(BACK_OFF)) - 1] if self._deaths else BACK_OFF[0],
                    self._start)

    def _lost(self, why: str) -> None:
        self.up = False
        self.down = Blocked("dchannel_down", f"{self.name}: no signalling with the exchange ({why})")
        for circuit in self.circuits.values():
            circuit.look()

    def _came_up(self) -> None:
        if self.up or not self._link or self._card_alarm is not None:
            return
        self.up = True
        self.down = None
        self._clear("dchannel_down")
        self._clear("pri_helper")
        for circuit in self.circuits.values():
            circuit.look()
        fresh, self._fresh = self._fresh, False
        if fresh and (self.settings.restart or self.helper_deaths):
            for circuit in self.circuits.values():
                circuit.ask_restart()
        self._after("settled", SETTLED, self._next_restart)
        self._audit()

    def _still_silent(self) -> None:
        if not self.up:
            self._raise("dchannel_down", "the exchange does not answer on the D channel: check the cable, the side "
                        "(user or network) and the D channel's number")

    def _went_down(self) -> None:
        if self.up:
            self.layer2.losses += 1
            self._lost("layer 2 is down")
            self._raise("dchannel_down", "the D channel is down: no call can come or go; calls that are up are kept "
                        f"for {self.settings.t309:g} s")

    # ---- the wire ----

    def _frame(self, data: bytes) -> None:
        self.layer2.received[kind_of(data)] += 1
        self.ask(pipe.Frame(data))

    def _event(self, event: api.Event) -> None:
        match event:
            case api.AlarmRaised():
                self._card_alarm = event
                self._went_down()
            case api.AlarmCleared():
                self._card_alarm = None
                self._came_up()

    # ---- what the helper tells ----

    def _hear(self, answer: pipe.Answer) -> None:
        match answer:
            case pipe.Send(data):
                self.layer2.sent[kind_of(data)] += 1
                self._data.send(data)
            case pipe.Ring():
                self._rang(answer)
            case pipe.OfCall():
                self._of_call(answer)
            case pipe.Up() | pipe.Down():
                self._link = isinstance(answer, pipe.Up)
                self._came_up() if self._link else self._went_down()
            case pipe.Restarted(channel):
                for circuit in self._named(channel):
                    circuit.restarted()
            case pipe.RestartDone(channel):
                self._restart_done(channel)
            case pipe.Traced(error, text):
                self.trace.heard(text, error)
            case pipe.CallsAre():
                self._audit_calls(answer.calls)
            case pipe.StatisticsAre(text):
                if self._statistics and not (waiting := self._statistics.pop(0)).done():
                    waiting.set_result(text)
            case pipe.RequestRefused(request, call, why):
                self._refused(request, call, why)
            case pipe.TransferAsked(call, other, invoke):
                self._transfer_asked(call, other, invoke)

    def _of_call(self, answer: pipe.OfCall) -> None:
        circuit = self._calls.get(answer.call)
        if isinstance(answer, pipe.Gone):
            self._calls.pop(answer.call, None)
            self._strays.discard(answer.call)
            transfer = self._transfers.get(answer.call)
            if transfer is not None and not transfer.done():
                transfer.set_result(None)
        if circuit is not None:
            circuit.hear(answer)

    def _refused(self, request: int, call: int, why: str) -> None:
        """The helper does not do it. A SETUP that was not sent is followed by Gone; the rest is for the trace."""
        self.trace.note(f"request {request} of call {call} refused: {why}")
        transfer = self._transfers.get(call)
        if request == pipe.Transfer.CODE and transfer is not None and not transfer.done():
            transfer.set_exception(Refused("no_transfer", why))

    def _transfer_asked(self, call: int, other: int, invoke: int) -> None:
        one, two = self._calls.get(call), self._calls.get(other)
        done = one is not None and two is not None and self.on_transfer(one, two)
        self.ask(pipe.TransferAnswer(call, invoke, done))

    def _named(self, channel: int) -> list[PriCircuit]:
        if channel == 0:
            return list(self.circuits.values())
        return [self.circuits[channel]] if channel in self.circuits else []

    # ---- calls that come ----

    def _rang(self, ring: pipe.Ring) -> None:
        if ring.capability not in VOICE:
            self.ask(pipe.Clear(ring.call, INCOMPATIBLE))
            return
        circuit = self._place(ring)
        if circuit is None:
            anywhere = ring.channel == 0 or ring.flexible
            self.ask(pipe.Clear(ring.call, int(Cause.NO_CIRCUIT if anywhere else Cause.NOT_AVAILABLE)))
            return
        self._calls[ring.call] = circuit
        circuit.rang(ring)

    def _place(self, ring: pipe.Ring) -> PriCircuit | None:
        """The channel the network names, or one of ours when it leaves that to us."""
        named = self.circuits.get(ring.channel)
        if named is not None and named.takes(self.settings.side == "user"):
            return named
        if ring.channel and not ring.flexible:
            return None
        slots = sorted(self.circuits)
        if self.settings.selection == "highest":
            slots.reverse()
        elif self.settings.selection == "rotary":
            slots = [slot for slot in slots if slot > self._last_slot] + [slot for slot in slots
                                                                         if slot <= self._last_slot]
        for slot in slots:
            if self.circuits[slot].takes(False):
                self._last_slot = slot
                return self.circuits[slot]
        return None

    # ---- RESTART, one channel after the other ----

    def _next_restart(self) -> None:
        if self._restarting is None and self._restarts and self.up and not self._running("settled"):
            self._restarting = self._restarts.popleft()
            self._restart_tries = 0
            self._send_restart()

    def _send_restart(self) -> None:
        circuit = self._restarting
        if circuit is None:
            return
        if self._restart_tries == RESTART_TRIES:
            self._restarting = None
            circuit.stuck(f"the exchange has not answered {RESTART_TRIES} RESTARTs of this channel")
            self._next_restart()
            return
        self._restart_tries += 1
        self.ask(pipe.Restart(circuit.slot))
        self._after("restart", RESTART_WITHIN, self._send_restart)

    def _restart_done(self, channel: int) -> None:
        circuit = self._restarting
        if circuit is not None and channel in (0, circuit.slot):
            self._stop("restart")
            self._restarting = None
            circuit.restart_done()
            self._next_restart()

    # ---- audit ----

    def _audit(self) -> None:
        """What we and the helper think must be the same (F11)."""
        self._after("audit", AUDIT, self._audit)
        self.ask(pipe.Calls())

    def _audit_calls(self, calls: Sequence[int]) -> None:
        known = set(calls)
        for circuit in self.circuits.values():
            circuit.audit(self._owned(circuit.name), circuit.call in known, AUDIT)
        strays = {call for call in calls if call not in self._calls}
        for call in sorted(strays & self._strays):
            self.ask(pipe.Clear(call, int(Cause.TEMPORARY_FAILURE)))
        self._strays = strays

    # ---- inside ----

    def _set_trace(self, flags: int) -> None:
        self.ask(pipe.Trace(flags))

    def _raise(self, alarm: str, words: str) -> None:
        if alarm not in self._alarms:
            self._alarms[alarm] = words
            self._tell(alarm, words)

    def _clear(self, alarm: str) -> None:
        if self._alarms.pop(alarm, None) is not None:
            self._tell(alarm, None)

    def _after(self, name: str, seconds: float, do: Callable[[], None]) -> None:
        self._stop(name)
        self._timers[name] = self._loop.call_later(seconds, do)

    def _running(self, name: str) -> bool:
        timer = self._timers.get(name)
        return timer is not None and not timer.cancelled() and timer.when() > self._loop.time()

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
