"""Nodes that only decide and remember: language, branch, set, schedule and loop. They take no time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.written import TARGET, VARIABLE_PATTERN, Edge, Keyed, edges_of
from ccappliance.config.keys import Report, key, required


@dataclass(frozen=True, kw_only=True)
class Language(Node):
    """Changes the caller's language for the rest of the call."""

    type: ClassVar[str] = "language"
    to: str = required(doc="One of prompts.languages.")
    next: str = required(doc=TARGET)

    def edges(self) -> list[Edge]:
        return [Edge("next", self.next)]

    def languages(self) -> Keyed:
        return [("to", self.to)]

    async def run(self, visit: Visit) -> str:
        visit.call.language = self.to
        return "next"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way out of a branch."""

    when: str = required(doc="Expression that must be true.")
    next: str = required(doc=TARGET)


@dataclass(frozen=True, kw_only=True)
class Branch(Node):
    """Goes the way of the first case that is true."""

    type: ClassVar[str] = "branch"
    cases: tuple[Case, ...] = required(doc="Tried in this order.")
    otherwise: str = required(doc=f"If none is true. {TARGET}")

    def edges(self) -> list[Edge]:
        ways = [Edge(f"cases[{index}].next", case.next) for index, case in enumerate(self.cases)]
        return [*ways, Edge("otherwise", self.otherwise)]

    def expressions(self) -> Keyed:
        return [(f"cases[{index}].when", case.when) for index, case in enumerate(self.cases)]

    def inspect(self, report: Report, path: str) -> None:
        if not self.cases:
            report.error(f"{path}.cases", "there is no case",
                         "write at least one, or lead the node before to 'otherwise'")
        known: dict[str, int] = {}
        for index, case in enumerate(self.cases):
            first = known.setdefault(" ".join(case.when.split()), index)
            always = next((word for word in known if word in ("true", "not false")), None)
            if first != index or (always is not None and known[always] < index):
                earlier = first if first != index else known[always or ""]
                report.warning(f"{path}.cases[{index}]", f"no call gets here: cases[{earlier}] takes them all before",
                               "remove it, or put it before")

    async def run(self, visit: Visit) -> str:
        for index, case in enumerate(self.cases):
            if visit.compute(case.when):
                return f"cases[{index}].next"
        return "otherwise"


@dataclass(frozen=True, kw_only=True)
class Set(Node):
    """Sets variables of the call; queues and reports see them too."""

    type: ClassVar[str] = "set"
    variables: Mapping[str, str] = required(doc="Per variable the expression of its value, computed in this order.")
    next: str = required(doc=TARGET)

    def edges(self) -> list[Edge]:
        return [Edge("next", self.next)]

    def sets(self) -> list[str]:
        return list(self.variables)

    def expressions(self) -> Keyed:
        return [(f"variables.{name}", source) for name, source in self.variables.items()]

    def inspect(self, report: Report, path: str) -> None:
        check_names(self.variables, report, path)

    async def run(self, visit: Visit) -> str:
        """In the order written: a later one sees the earlier ones."""
        computed(self.variables, visit)
        return "next"


@dataclass(frozen=True, kw_only=True)
class Schedule(Node):
    """Goes by what a calendar says of this moment."""

    type: ClassVar[str] = "schedule"
    calendar: str = required(doc="Name of a calendar.")
    open: str = required(doc=f"While it is open. {TARGET}")
    closed: str = required(doc=f"While it is not. {TARGET}")
    lunch: str = key("", doc=f"In a break between two spans of a day; empty: as closed. {TARGET}")
    holiday: str = key("", doc=f"On a holiday; empty: as closed. {TARGET}")

    def edges(self) -> list[Edge]:
        return edges_of(("open", self.open), ("closed", self.closed), ("lunch", self.lunch), ("holiday", self.holiday))

    def calendars(self) -> Keyed:
        return [("calendar", self.calendar)]

    async def run(self, visit: Visit) -> str:
        state = visit.tools.calendar(self.calendar)
        written = {edge.key for edge in self.edges()}
        return state if state in written else "closed"


@dataclass(frozen=True, kw_only=True)
class Loop(Node):
    """Lets a call go round a bounded number of times: `again` so often, then `done`, where counting begins anew."""

    type: ClassVar[str] = "loop"
    times: int = required(least=1, most=100, doc="How often a call goes by again.")
    again: str = required(doc=TARGET)
    done: str = required(doc=f"Afterwards. {TARGET}")

    def edges(self) -> list[Edge]:
        return [Edge("again", self.again), Edge("done", self.done)]

    def free_ways(self) -> list[Edge]:
        """Only the way out: how often a call goes by the other is counted."""
        return [Edge("done", self.done)]

    async def run(self, visit: Visit) -> str:
        """Counted per call and node, also over several visits to the flow."""
        laps, here = visit.call.laps, f"{visit.flow} {visit.node}"
        if laps.get(here, 0) < self.times:
            laps[here] = laps.get(here, 0) + 1
            return "again"
        del laps[here]
        return "done"


def check_names(variables: Mapping[str, str], report: Report, path: str) -> None:
    """Can variables have these names?"""
    for name in variables:
        if re.fullmatch(VARIABLE_PATTERN, name) is None:
            report.error(f"{path}.variables.{name}", f"'{name}' is no name of a variable",
                         "use small letters, digits and _, beginning with a letter")


def computed(variables: Mapping[str, str], visit: Visit) -> None:
    """Set variables of the call to the values of their expressions, one after the other."""
    for name, source in variables.items():
        visit.call.variables[name] = visit.compute(source)
