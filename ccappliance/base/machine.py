"""A state machine is a declared table of legal moves, with a ring of the last moves for the crash report."""

from collections import deque
from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

from ccappliance.base.clock import Clock
from ccappliance.base.errors import Bug
from ccappliance.base.limits import MACHINE_HISTORY


class MachineState(Enum):
    """A state of a machine. Tables are looked up by it for every move, and `Enum` would hash its name each time."""

    __hash__ = object.__hash__


S = TypeVar("S", bound=Enum)


class Machine(Generic[S]):
    """One thing's state. Only its owner calls `move`; an undeclared move is a Bug that tells the history."""

    def __init__(self, name: str, table: Mapping[S, frozenset[S]], initial: S, clock: Clock) -> None:
        self.name = name
        self.state = initial
        self.since = clock.now()
        self._table = table
        self._clock = clock
        self._history: deque[tuple[float, S, S, str]] = deque(maxlen=MACHINE_HISTORY)

    def may(self, to: S) -> bool:
        return to in self._table.get(self.state, ())

    def move(self, to: S, why: str = "") -> S:
        """Move to `to` and return the state left. Bug if the table does not allow it."""
        if to not in self._table.get(self.state, ()):
            raise Bug(f"{self.name}: no move from {self.state.value} to {to.value} ({why})\n{self.history()}")
        left, self.state = self.state, to
        self.since = self._clock.now()
        self._history.append((self.since, left, to, why))
        return left

    def history(self) -> str:
        return "\n".join(f"  {at:12.3f}  {left.value} -> {to.value}  {why}" for at, left, to, why in self._history)

    def moves(self) -> list[tuple[float, S, S, str]]:
        """The last moves, oldest first: when (loop clock), from, to, why."""
        return list(self._history)

    def __repr__(self) -> str:
        return f"<{self.name} {self.state.value} since {self.since:.3f}>"
