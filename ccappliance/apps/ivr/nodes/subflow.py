"""Nodes of flows inside flows: subflow goes through another flow and comes back, return is where that one ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Leave, Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Keyed
from ccappliance.config.keys import key, required

RESULT_PATTERN = r"[a-z][a-z0-9_]{0,31}"


@dataclass(frozen=True, kw_only=True)
class Subflow(Node):
    """Goes through another flow and on by its result; that flow may also lead the call away for good."""

    type: ClassVar[str] = "subflow"
    flow: str = required(doc="Name of the flow.")
    with_: Mapping[str, str] = key(factory=dict, doc="Per parameter of that flow the expression of its value, a "
                                                     "variable in there; afterwards it is what it was before.")
    returns: Mapping[str, str] = key(factory=dict, doc=f"Per result of that flow the target. {TARGET}")

    def edges(self) -> list[Edge]:
        return [Edge(f"returns.{result}", target) for result, target in self.returns.items()]

    def expressions(self) -> Keyed:
        return [(f"with.{name}", source) for name, source in self.with_.items()]

    async def run(self, visit: Visit) -> str | Leave:
        """Parameters are all computed before the first is set."""
        variables = visit.call.variables
        given = {name: visit.compute(source) for name, source in self.with_.items()}
        before = {name: variables[name] for name in given if name in variables}
        variables.update(given)
        try:
            came = await visit.through(self.flow)
        finally:
            for name in given:
                variables.pop(name, None)
            variables.update(before)
        return came if isinstance(came, Leave) else f"returns.{came}"


@dataclass(frozen=True, kw_only=True)
class Return(Node):
    """Ends a sub-flow: the call goes on in the flow it came from."""

    type: ClassVar[str] = "return"
    result: str = required(pattern=RESULT_PATTERN, doc="What the calling node goes on by: small letters, digits and _.")

    async def run(self, visit: Visit) -> Leave:
        return Leave(way=self.result, back=True)
