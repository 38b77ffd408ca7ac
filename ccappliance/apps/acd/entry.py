"""A waiting entry, its place in the one total order, and its demand, which loosens in time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ccappliance.apps.acd.lane import Demand, Lane
from ccappliance.base.clock import Clock
from ccappliance.base.machine import Machine, MachineState
from ccappliance.call.journal import in_journal

if TYPE_CHECKING:
    from ccappliance.apps.acd.offer import Offer, Step
    from ccappliance.apps.acd.queue import Queue
    from ccappliance.call.leg import Leg


# Smaller is served earlier: class (higher first), then enter time minus boost (which orders as waited plus boost does,
# because everybody ages alike; without ageing, minus boost alone), then enter time, then id.
OrderKey = tuple[int, float, float, str]


class Waiter(Protocol):
    """Who waits: a call, or the promise to call somebody back. `place` rings a station for him."""

    id: str
    calling: str
    name: str
    language: str
    order_class: int  # what has been decided of his place in queues, besides the queue's own
    boost: float  # seconds
    require: str  # skills asked for, besides the queue's
    site: str  # of the line he called on; "": none

    @property
    def known(self) -> Mapping[str, str]:
        """What flows have learnt of him, by name, as anybody may see it."""
        ...

    @property
    def before(self) -> Sequence["Step"]:
        """What must happen before an agent's station rings; only for those who are offered to one agent at a time."""
        ...

    @property
    def steps(self) -> Sequence["Step"]:
        """What must happen after an agent's answer before they are connected."""
        ...

    def place(self, station: str, *, calling: str = "", name: str = "") -> "Leg": ...

    def place_out(self, group: str, number: str, *, but: Sequence[str] = (), calling: str = "",
                  name: str = "") -> "Leg": ...


class EntryState(MachineState):
    """From entering to the one outcome."""

    WAITING = "waiting"
    OFFERED = "offered"
    CONNECTED = "connected"
    LEFT = "left"


_S = EntryState
_MOVES = {
    _S.WAITING: frozenset({_S.OFFERED, _S.LEFT}),
    _S.OFFERED: frozenset({_S.WAITING, _S.CONNECTED, _S.LEFT}),
}


@dataclass(frozen=True, slots=True)
class Connected:
    """An agent answered."""

    offer: "Offer"


@dataclass(frozen=True, slots=True)
class Left:
    """The entry ended without an agent: its outcome, and where the call goes on (None: it is over)."""

    outcome: str
    to: str | None


class Entry:
    """One waiter in one queue. The dispatcher alone moves it."""

    __slots__ = ("_machine", "at_home", "boost", "call", "demand", "ended", "entered", "joined", "key", "kind", "lane",
                 "offers", "order_class", "queue", "relaxed", "timer", "tried", "verdict", "wanted_until")

    def __init__(self, call: Waiter, queue: "Queue", *, entered: float, clock: Clock,
                 loop: asyncio.AbstractEventLoop, kind: str = "call") -> None:
        self.call = call
        self.queue = queue
        self.kind = kind  # "call", "callback"
        self.entered = in_journal(entered)  # loop clock; of the waiter's first queue
        self.joined = clock.now()  # loop clock; of this stay
        self.key: OrderKey
        self.order_class = 0
        self.boost = 0.0
        self.rank(queue.settings.order_class + call.order_class, queue.settings.boost + call.boost)
        self.demand = Demand()
        self.lane: Lane | None = None  # where it stands, as long as it is in line
        self.at_home = bool(call.site and queue.settings.skills.site_wait)  # kept for agents of his site
        self.relaxed = 0  # steps of skills.relax taken
        self.wanted_until: float | None = None  # until when it waits for demand.wanted alone; None: for ever
        self.timer: asyncio.TimerHandle | None = None  # the demand's next change, or the next agent's ringing
        self.offers: dict[str, Offer] = {}  # by agent number
        self.tried: dict[str, None] = {}  # agents who did not answer this entry, in order
        self.verdict: asyncio.Future[Connected | Left] = loop.create_future()
        self.ended: Connected | Left | None = None
        self._machine = Machine(f"entry {call.id} in {queue.name}", _MOVES, EntryState.WAITING, clock)

    @property
    def state(self) -> EntryState:
        return self._machine.state

    @property
    def in_line(self) -> bool:
        return self._machine.state in (_S.WAITING, _S.OFFERED)

    def rank(self, order_class: int, boost: float) -> None:
        """Its place in the one order. Only while it stands in no line."""
        self.order_class, self.boost = order_class, boost
        aged = self.entered - boost if self.queue.ageing else -boost
        self.key = (-order_class, aged, self.entered, self.call.id)

    def move(self, to: EntryState, why: str = "") -> None:
        self._machine.move(to, why)

    def decide(self, verdict: Connected | Left) -> None:
        """Tell the waiter's task; it may have been cancelled in this very moment, and looks at `ended` then."""
        self.ended = verdict
        if not self.verdict.done():
            self.verdict.set_result(verdict)

    def __repr__(self) -> str:
        return f"<Entry {self.call.id} {self.queue.name} {self.state.value} {self.key}>"
