"""A waiting entry, its place in the one total order, and the line in which entries stand."""

import asyncio
import enum
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance.base.clock import Clock
from ccappliance.base.machine import Machine

if TYPE_CHECKING:
    from ccappliance.apps.acd.offer import Offer
    from ccappliance.apps.acd.queue import Queue
    from ccappliance.call.call import Call


# Smaller is served earlier: class (higher first), then enter time minus boost (which orders as waited plus boost does,
# because everybody ages alike), then enter time, then call id.
OrderKey = tuple[int, float, float, str]


class EntryState(enum.Enum):
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
    """One call waiting in one queue. The dispatcher alone moves it."""

    __slots__ = ("_machine", "boost", "call", "ended", "entered", "joined", "key", "offers", "order_class", "queue",
                 "tried", "verdict")

    def __init__(self, call: "Call", queue: "Queue", *, entered: float, clock: Clock,
                 loop: asyncio.AbstractEventLoop) -> None:
        self.call = call
        self.queue = queue
        self.entered = entered  # loop clock; of the caller's first queue
        self.joined = clock.now()  # loop clock; of this stay
        self.order_class = queue.settings.order_class + call.order_class
        self.boost = queue.settings.boost + call.boost
        self.key: OrderKey = (-self.order_class, entered - self.boost, entered, call.id)
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

    def move(self, to: EntryState, why: str = "") -> None:
        self._machine.move(to, why)

    def decide(self, verdict: Connected | Left) -> None:
        """Tell the call's task; it may have been cancelled in this very moment, and looks at `ended` then."""
        self.ended = verdict
        if not self.verdict.done():
            self.verdict.set_result(verdict)

    def __repr__(self) -> str:
        return f"<Entry {self.call.id} {self.queue.name} {self.state.value} {self.key}>"


class Line:
    """Entries in order. Adding, removing and finding a place cost O(log n) and a short memory move."""

    def __init__(self) -> None:
        self._keys: list[OrderKey] = []
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]

    def place(self, key: OrderKey) -> int:
        """How many stand before this key."""
        return bisect_left(self._keys, key)

    def add(self, entry: Entry) -> None:
        index = bisect_left(self._keys, entry.key)
        self._keys.insert(index, entry.key)
        self._entries.insert(index, entry)

    def remove(self, entry: Entry) -> None:
        index = bisect_left(self._keys, entry.key)
        assert self._entries[index] is entry
        del self._keys[index], self._entries[index]


class Free:
    """The free agents of a queue, the longest idle first (ties by number). Numbers only; few, so a list does."""

    def __init__(self) -> None:
        self._order: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[tuple[float, str]]:
        return iter(self._order)

    def add(self, idle_since: float, number: str) -> None:
        insort(self._order, (idle_since, number))

    def remove(self, idle_since: float, number: str) -> None:
        index = bisect_left(self._order, (idle_since, number))
        if index < len(self._order) and self._order[index] == (idle_since, number):
            del self._order[index]

    def clear(self) -> None:
        self._order.clear()
