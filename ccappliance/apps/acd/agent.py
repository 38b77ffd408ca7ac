"""An agent: one person, his state machine, his reservation and his timers. Nobody else moves him.

Every move is a fact first (AgentMoved) and an act second. Counters are folds over the journal; nothing is counted here
but calls missed in a row, which decide whether he is paused.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.base.machine import Machine, MachineState
from ccappliance.call.facts import AgentMoved, DispositionSet
from ccappliance.call.leg import Leg

if TYPE_CHECKING:
    from ccappliance.apps.acd.accept import AcceptKey
    from ccappliance.apps.acd.offer import Step
    from ccappliance.apps.acd.reach import Reach
    from ccappliance.apps.acd.settings import AgentSettings
    from ccappliance.call.journal import Journal

BUSY_RETRY = 5.0  # a station that refused as busy is tried again then, should its release never be told; no fast loop
FAULT_RETRY = 30.0  # a station that refused as blocked: a telephone is replaced in minutes, not in seconds
OUTSIDE_RETRY = 60.0  # a number outside that was busy: each try takes a line and may cost money
STOPS_WITHIN = 5.0  # a telephone that was ringing for nothing is free by then, or it was lifted in that moment
NOT_GIVEN = "disposition not given"
MISSED_REASON = "no_answer"  # reason of the pause after missed calls
MISSED_LONGEST = 7200.0  # who let it ring and has not come back after two hours has gone home


class AgentState(MachineState):
    """未签入 空闲 预占 振铃 通话 保持 话后整理 小休/示忙 线路故障."""

    LOGGED_OUT = "logged_out"
    READY = "ready"
    RESERVED = "reserved"
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"
    WRAPUP = "wrapup"
    PAUSED = "paused"
    LINE_FAULT = "line_fault"


_S = AgentState
_FREE = frozenset({_S.LOGGED_OUT, _S.READY, _S.TALKING, _S.PAUSED, _S.LINE_FAULT})  # where `_settle` may lead
MOVES: dict[AgentState, frozenset[AgentState]] = {
    _S.LOGGED_OUT: frozenset({_S.READY, _S.TALKING, _S.LINE_FAULT, _S.PAUSED, _S.WRAPUP}),
    _S.READY: frozenset({_S.RESERVED, _S.TALKING, _S.PAUSED, _S.LINE_FAULT, _S.LOGGED_OUT}),
    _S.RESERVED: _FREE | {_S.RINGING},
    _S.RINGING: _FREE | {_S.RINGING},
    _S.TALKING: _FREE | {_S.HOLD, _S.WRAPUP, _S.TALKING},
    _S.HOLD: _FREE | {_S.WRAPUP},
    _S.WRAPUP: _FREE | {_S.WRAPUP},
    _S.PAUSED: _FREE,
    _S.LINE_FAULT: _FREE,
}
_OFFERED = frozenset({_S.RESERVED, _S.RINGING})
_AWAY = frozenset({_S.LOGGED_OUT, _S.PAUSED, _S.LINE_FAULT})


class Owner(Protocol):
    """Who holds a reservation."""

    id: str

    def withdraw(self, why: str) -> None:
        """Give the reservation back at once: ends in `Agent.released`."""
        ...


@dataclass(frozen=True, slots=True)
class Reservation:
    """An agent kept for one purpose, by one owner, until a deadline at most."""

    owner: Owner
    call: str
    deadline: float


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause asked for: a reason, the bound after which he is logged out, and who asked if not he himself."""

    reason: str
    longest: float
    by: str = ""

    @property
    def why(self) -> str:
        return f"{self.reason} by {self.by}" if self.by else self.reason


@dataclass(frozen=True, slots=True)
class Work:
    """What a call leaves an agent to do."""

    call: str
    queue: str
    wrapup: float  # seconds
    dispositions: Mapping[str, str]  # key on the keypad → name
    required: bool  # a disposition must be given


class Agent:
    """One agent. `hear(agent, left)` is told after each move; requests that do not fit are Refused with a code."""

    def __init__(self, number: str, settings: "AgentSettings", *, clock: Clock, loop: asyncio.AbstractEventLoop,
                 journal: "Journal", hear: Callable[["Agent", AgentState], None]) -> None:
        self.number = number
        self.settings = settings
        self.station = ""
        self.idle_since = 0.0  # loop clock; over all queues
        self.reservation: Reservation | None = None
        self.call = ""
        self.leg: Leg | None = None
        self.until: float | None = None
        self._wrapup_began = 0.0
        self._pause: Pause | None = None  # the last one
        self.why = ""
        self.in_use = False  # his station is busy with something that is no offer of ours
        self.fault = ""  # what is wrong with his station
        self.pending: Pause | str = ""  # what was asked during a call: a Pause, or "logout"
        self.missed_in_a_row = 0
        self.wrapup = 0.0  # seconds due after this conversation
        self.work: Work | None = None  # of the last conversation
        self.disposed = ""  # the disposition given for it
        self.missed_call = ""  # the last one he let ring
        self.out_of: dict[str, None] = {}  # queues he has left until he joins again or logs out
        self.reach: Reach | None = None  # how he is rung, from login to logout
        self.accept: AcceptKey | None = None  # the key he must press, if he must
        self.steps: Sequence[Step] = ()  # what he must do after answering before he is connected
        self._keeps_idle = False
        self._line: Leg | None = None  # of an agent outside: the line to him, until it is released
        self._clock = clock
        self._loop = loop
        self._journal = journal
        self._hear = hear
        self._timer: asyncio.TimerHandle | None = None
        self._machine = Machine(f"agent {number}", MOVES, AgentState.LOGGED_OUT, clock)

    @property
    def state(self) -> AgentState:
        return self._machine.state

    def moves(self) -> list[tuple[float, AgentState, AgentState, str]]:
        """His last moves, oldest first: when (loop clock), from, to, why."""
        return self._machine.moves()

    @property
    def since(self) -> float:
        return self._machine.since

    @property
    def ready(self) -> bool:
        return self._machine.state is _S.READY

    @property
    def on_call(self) -> bool:
        """In a conversation of a queue."""
        return bool(self.call) and self.state in (_S.TALKING, _S.HOLD)

    @property
    def stopping(self) -> bool:
        """An offer ended without him in this moment; his telephone is not free yet."""
        return self.state is _S.RINGING and self.reservation is None

    @property
    def outside(self) -> bool:
        return self.reach is not None and self.reach.outside

    @property
    def serving(self) -> bool:
        """May become ready again without anybody asking him to."""
        return self.state not in _AWAY and not self.pending

    def reason(self, now: float) -> str:
        """Why he can't be offered a call, for people."""
        if self.reservation is not None:
            return f"{self.state.value} by {self.reservation.owner.id}"
        if self.state is _S.WRAPUP and self.until is not None:
            return f"wrapup {max(0.0, self.until - now):.1f} s left"
        if self.state in (_S.PAUSED, _S.LINE_FAULT):
            return f"{self.state.value}: {self.why}"
        return str(self.state.value)

    # ---- what the agent, a supervisor or the configuration asks ----

    def login(self, reach: "Reach", station: str, why: str, *, in_use: bool, fault: str, pause: Pause | None = None,
              wrapup: float = 0.0) -> None:
        """Take a seat at a station; it is fixed until logout. Who is restored may be paused, or have work to do."""
        if self.state is not _S.LOGGED_OUT:
            raise Refused("already_logged_in", f"agent {self.number} is logged in at {self.station}; log out there")
        self.reach, self._line = reach, None
        self.station, self.in_use, self.fault = station, in_use, fault
        self.pending, self.missed_in_a_row, self.missed_call, self.work = pause or "", 0, "", None
        if wrapup > 0 and not pause:
            self._wrap_up(wrapup, why)
        else:
            self._settle(why)

    def logout(self, why: str) -> bool:
        """Leave; True at once, False after the call under way."""
        self._must_be_here()
        self.pending = "logout"
        if self.on_call:
            self._hear(self, self.state)  # who waits for him alone need not any more
            return False
        if not self._give_back(why):
            self._settle(why)
        return True

    def pause(self, pause: Pause) -> bool:
        """Be offered nothing until `resume`; True at once, False after the call under way."""
        self._must_be_here()
        if self.pending == "logout":
            raise Refused("leaving", f"agent {self.number} is logged out after this call")
        self.pending = pause
        if self.on_call:
            self._hear(self, self.state)
            return False
        if not self._give_back(pause.why):
            self._settle(pause.why)
        return True

    def resume(self, why: str) -> None:
        """End the pause, or take back one that was asked for during a call."""
        self._must_be_here()
        if isinstance(self.pending, Pause):
            self.pending = ""
        elif self.state is _S.PAUSED:
            self.missed_in_a_row = 0
            self._settle(why)
        else:
            raise Refused("not_paused", f"agent {self.number} is {self.state.value}, not paused")

    def end_wrapup(self, why: str) -> None:
        self._must_be_in_wrapup()
        self._settle(why)

    def extend_wrapup(self, why: str) -> None:
        """More time for the work after a call, up to his bound."""
        self._must_be_in_wrapup()
        assert self.until is not None
        until = min(self.until + self.settings.wrapup_extend, self._wrapup_bound)
        if until <= self.until:
            raise Refused("wrapup_longest", f"agent {self.number} has had his {self.settings.wrapup_longest:g} s")
        self._to(_S.WRAPUP, why, until=until)

    def dispose(self, key: str, by: str) -> str:
        """Say what became of the call, by its key on the keypad; once more corrects it. The disposition's name."""
        self._must_be_in_wrapup()
        if self.work is None or key not in self.work.dispositions:
            known = ", ".join(f"{one} {name}" for one, name in self.work.dispositions.items()) if self.work else ""
            raise Refused("no_disposition", f"there is no disposition {key!r}; known: {known or 'none'}")
        overtime = self.owes_disposition and (self.why == NOT_GIVEN or not self.wrapup)
        name = self.work.dispositions[key]
        self._journal.write(DispositionSet(self.work.call, self.number, self.work.queue, name, by))
        self.disposed = name
        if overtime:
            self._settle("disposition given")
        return name

    @property
    def owes_disposition(self) -> bool:
        return self.work is not None and self.work.required and not self.disposed

    def make_ready(self, why: str) -> bool:
        """Whatever keeps him is over: pause, wrap-up, what was to come after the call. False: he is on a call, and
        ready after it, without wrap-up."""
        self._must_be_here()
        if self.state is _S.LINE_FAULT:
            raise Refused("line_fault", f"agent {self.number} can't be ready: {self.why}")
        self.pending = ""
        self.missed_in_a_row = 0
        if self.on_call:
            self.wrapup = 0.0
        elif self.state in (_S.PAUSED, _S.WRAPUP):
            self._settle(why)
        return self.state is not _S.TALKING and self.state is not _S.HOLD

    # ---- what the dispatcher asks ----

    def reserve(self, owner: Owner, call: str, deadline: float) -> None:
        """Ready → reserved: nobody else may offer him anything."""
        self._to(_S.RESERVED, f"offer {owner.id}", call=call, until=deadline)
        self.reservation = Reservation(owner, call, deadline)

    def ring(self, leg: Leg, deadline: float) -> None:
        """His telephone is rung; a second time, on another line, if the first one failed."""
        if self.outside:
            self.occupy(leg)
        if self.state is not _S.RINGING:
            self._to(_S.RINGING, "rung", call=self.call, until=deadline)

    def occupy(self, leg: Leg) -> None:
        """A line to his telephone outside: he can't be rung until it is released."""
        self._line, self.in_use = leg, True
        leg.released.add_done_callback(lambda _: self._line_released(leg))

    def released(self, why: str) -> None:
        """The offer ended without him: back to ready, or to what is due."""
        self.reservation = None
        if self.in_use and self.state is _S.RINGING and not self.pending and not self.fault:
            self._to(_S.RINGING, why, until=self._clock.now() + STOPS_WITHIN)
        else:
            self._settle(why)

    def missed(self, pause_after: int) -> None:
        """He let it ring."""
        self.missed_in_a_row += 1
        self.missed_call = self.call
        if pause_after and self.missed_in_a_row >= pause_after and not self.pending:
            self.pending = Pause(MISSED_REASON, MISSED_LONGEST)
        self.released("no answer")

    def refused(self, code: str, words: str) -> None:
        """His station could not be rung: not free for a while, so that nobody tries it in a fast loop."""
        self.reservation = None
        if code == "busy":
            self.in_use = True
            self._line = None  # its release does not make him free
            rung = self.outside and self.state is _S.RINGING  # or there was no line to ring him on
            self._settle(words, until=self._clock.now() + (OUTSIDE_RETRY if rung else BUSY_RETRY))
        else:
            self.fault = words
            self._settle(words, until=self._clock.now() + FAULT_RETRY)

    def talk(self, leg: Leg, work: Work) -> None:
        """He answered: his state follows this leg until it is gone."""
        if self.state is _S.PAUSED and not self.pending and self._pause is not None:
            self.pending = self._pause  # he picked up a call during his pause, which goes on after it
        self.work, self.disposed = work, ""
        self.reservation = None
        self.missed_in_a_row = 0
        self.wrapup = max(work.wrapup, self.settings.wrapup or 0.0)
        self.leg = leg
        if self.outside:
            leg.again = self._ring_back(leg)
        self._to(_S.TALKING, "answered", call=leg.call.id)

    def follow(self, leg: Leg) -> None:
        """From now on hear of the leg's end (told at once if it is gone)."""
        leg.on_gone(self._left_call)

    def hold(self, held: bool) -> None:
        """His caller hears hold music, or does no more."""
        if self.on_call and (self.state is _S.HOLD) is not held:
            self._to(_S.HOLD if held else _S.TALKING, "hold" if held else "hold over", call=self.call)

    # ---- what the house tells of his station ----

    def station_busy(self, busy: bool, wrapup: float) -> None:
        """His station is, or is no more, in use otherwise; `wrapup` seconds of work follow that use."""
        self.in_use = busy
        if busy and (self.state is _S.READY or self.stopping):
            self._settle("station in use")
        elif not busy and self._in_use_otherwise:
            if wrapup > 0 and not self.pending:
                self.work = None
                self._wrap_up(wrapup)
            else:
                self._settle("station free")
        elif not busy and self.stopping:
            self._settle("station free")

    def station_fault(self, words: str) -> None:
        """His station is out of order (`words` says how), or works again ("")."""
        self.fault = words
        if words and self.reservation is not None:
            self._give_back(words)
        elif self.state is _S.LINE_FAULT or (words and (self.ready or self.stopping or self._in_use_otherwise)):
            self._settle(words or "line works again")

    # ---- inside ----

    @property
    def _in_use_otherwise(self) -> bool:
        return self.state is _S.TALKING and not self.call

    @property
    def _wrapup_bound(self) -> float:
        return self._wrapup_began + max(self.settings.wrapup_longest, self.wrapup)

    def _must_be_in_wrapup(self) -> None:
        self._must_be_here()
        if self.state is not _S.WRAPUP:
            raise Refused("not_in_wrapup", f"agent {self.number} is {self.state.value}, not in wrap-up")

    def _must_be_here(self) -> None:
        if self.state is _S.LOGGED_OUT:
            raise Refused("not_logged_in", f"agent {self.number} is not logged in")

    def _ring_back(self, leg: Leg) -> Callable[[], Leg]:
        """How a transfer that failed after he had hung up comes back to him."""
        reach, accept = self.reach, self.accept

        def again() -> Leg:
            assert reach is not None
            back = reach.ring(leg.call, "")
            self.occupy(back)
            if accept is not None:
                back.screen = lambda _: accept.ask(back, "transfer_returned", None, back.admit, back.clear)
            return back
        return again

    def _line_released(self, leg: Leg) -> None:
        if leg is self._line:
            self._line = None
            self.station_busy(False, 0.0)

    def _give_back(self, why: str) -> bool:
        if self.reservation is None:
            return False
        self.reservation.owner.withdraw(why)
        return True

    def _settle(self, why: str, until: float | None = None) -> None:
        """Go where he belongs now that nothing occupies him."""
        now = self._clock.now()
        if self.pending == "logout":
            self.pending = ""
            self._to(_S.LOGGED_OUT, why)
            self.station, self.reach = "", None
        elif isinstance(self.pending, Pause):
            pause, self.pending = self.pending, ""
            self._pause = pause
            self._to(_S.PAUSED, pause.why, until=now + pause.longest)
        elif self.fault:
            self._to(_S.LINE_FAULT, self.fault, until=until)
        elif self.in_use:
            self._to(_S.TALKING, why, until=until)
        else:
            self._to(_S.READY, why)

    def _left_call(self, leg: Leg) -> None:
        """His leg is gone: he hung up, was hung up on, or transferred the caller away."""
        if leg is not self.leg:
            return
        self.leg = None
        if (self.wrapup > 0 or self.owes_disposition) and self.pending != "logout":
            self._wrap_up(self.wrapup or self.settings.wrapup_longest)
        else:
            self._settle("call over")

    def _wrap_up(self, seconds: float, why: str = "call over") -> None:
        self._wrapup_began = self._clock.now()
        self._to(_S.WRAPUP, why, until=self._clock.now() + seconds)

    def _to(self, to: AgentState, why: str, *, call: str = "", until: float | None = None) -> None:
        """The one place where he moves: fact, move, timer, then those who want to know."""
        if not self._machine.may(to):
            self._machine.move(to, why)  # raises the Bug, with the history, before anything is written
        moved = AgentMoved(self.number, self.state.value, to.value, why, call, until, self.station)
        written = self._journal.write(moved)
        left = self._machine.move(to, why)
        if to is _S.READY and not self._keeps_idle:
            self.idle_since = written.now  # as the journal has it, so that it tells the same order
        # a call he did not get does not end his idle time, nor does the moment his telephone takes to be free again
        self._keeps_idle = to in _OFFERED or (to is _S.TALKING and not call and left in _OFFERED)
        self.call, self.until, self.why = call, until, why
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        reserved = to is _S.RESERVED or self.reservation is not None  # reservations are ended by their owner
        if until is not None and not reserved:
            self._timer = self._loop.call_at(until, self._time_over)
        self._hear(self, left)

    def _time_over(self) -> None:
        self._timer = None
        if self.state is _S.PAUSED:
            self.pending = "logout"
            self._settle(f"pause ({self.why}) over its bound")
        elif self.state is _S.LINE_FAULT:
            self.fault = ""
            self._settle("tried again")
        elif self.state is _S.TALKING:
            self.in_use = False
            self._settle("tried again")
        elif self.state is _S.RINGING:
            self._settle("station in use")
        elif self.state is _S.WRAPUP and self.owes_disposition and self._clock.now() < self._wrapup_bound:
            self._to(_S.WRAPUP, NOT_GIVEN, until=self._wrapup_bound)
        else:
            self._settle("wrap-up over")
