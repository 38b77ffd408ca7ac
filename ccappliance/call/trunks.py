"""Trunk groups: which lines a call may leave on, and in what order they are tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccappliance.base.errors import Refused
from ccappliance.config.keys import Report, key, required
from ccappliance.signalling.signals import Circuit


@dataclass(frozen=True, kw_only=True)
class TrunkGroupSettings:
    """Lines of one kind that calls leave on."""

    lines: tuple[str, ...] = required(doc="Lines of the group, in the order they are tried, such as fxo/1.")
    order: str = key("rotary", choices=("first", "rotary", "last"),
                     doc="Where hunting begins: at the first line, after the line used last, or at the last line "
                         "(far from where incoming hunting begins, so that glare is rare).")
    reserve: int = key(0, least=0, most=1024, doc="How many lines at the end of `lines` only callbacks leave on.")

    def check(self, report: Report, path: str) -> None:
        if self.reserve > len(self.lines):
            report.error(f"{path}.reserve", f"{self.reserve} of {len(self.lines)} lines", "reserve fewer, or add lines")
        if not self.lines:
            report.error(f"{path}.lines", "a trunk group needs at least one line", "name a line such as fxo/1")


class TrunkGroup:
    """Hands out idle lines. The choice is one step, so two calls never get the same line."""

    def __init__(self, name: str, settings: TrunkGroupSettings, circuits: Mapping[str, Circuit]) -> None:
        self.name = name
        self._order = settings.order
        circuits_in_order = [circuits[line] for line in settings.lines]
        common = len(circuits_in_order) - settings.reserve
        self._circuits: Sequence[Circuit] = circuits_in_order[:common]
        self._kept: Sequence[Circuit] = circuits_in_order[common:]  # for callbacks
        self._next = 0

    def choose(self, *, but: Sequence[str] = (), kept: bool = False) -> Circuit:
        """An idle line, none of those in `but` (already tried). Refused("no_line") if there is none.

        `kept`: the lines kept for callbacks first, then the others.
        """
        for circuit in self._kept if kept else ():
            if circuit.idle and circuit.name not in but:
                return circuit
        count = len(self._circuits)
        for step in range(count):
            at = {"first": step, "last": count - 1 - step}.get(self._order, (self._next + step) % count)
            circuit = self._circuits[at]
            if circuit.idle and circuit.name not in but:
                self._next = (at + 1) % count
                return circuit
        raise Refused("no_line", f"no idle line in trunk group {self.name}: "
                      + ", ".join([f"{c.name} {c.state}" for c in self._circuits]
                                  + [f"{c.name} {c.state}, kept for callbacks" for c in self._kept]))

    def idle(self) -> int:
        """How many callbacks could leave now."""
        return sum(circuit.idle for circuit in (*self._kept, *self._circuits))
