"""The node that hands a call to a script: agi."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.agi.settings import script_problem
from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.visit import Leave, Visit
from ccappliance.apps.ivr.written import TARGET, Edge, Keyed, edges_of
from ccappliance.base.causes import Cause
from ccappliance.config.keys import Report, key, required


@dataclass(frozen=True, kw_only=True)
class Agi(Node):
    """Lets a script talk with the caller, by Asterisk's Gateway Interface."""

    type: ClassVar[str] = "agi"
    waits: ClassVar[bool] = True  # what a script does nobody can tell; it has a time of its own
    script: str = required(doc="A program in agi.directory, or agi://HOST[:PORT]/PATH (FastAGI, port 4573).")
    arguments: Mapping[str, str] = key(factory=dict, doc="By name the expression of each argument: agi_arg_1, "
                                                         "agi_arg_2 … in this order; the program's own arguments too.")
    seconds: float = key(600.0, unit="s", least=1, most=7200, doc="How long it may take.")
    next: str = required(doc=f"When the script has ended. {TARGET}")
    failed: str = required(doc=f"If it can't be begun, ends with an error or takes too long. {TARGET}")
    hangup: str = key("", doc=f"If the script hangs up; empty: the call is over. {TARGET}")

    def edges(self) -> list[Edge]:
        return edges_of(("next", self.next), ("failed", self.failed), ("hangup", self.hangup))

    def sets(self) -> list[str]:
        return ["*"]

    def expressions(self) -> Keyed:
        return [(f"arguments.{name}", source) for name, source in self.arguments.items()]

    def inspect(self, report: Report, path: str) -> None:
        problem = script_problem(self.script)
        if problem:
            report.error(f"{path}.script", problem, "write the name of a program in agi.directory, or agi://HOST/PATH")

    async def run(self, visit: Visit) -> str | Leave:
        arguments = [visit.compute(source) for source in self.arguments.values()]
        outcome = await visit.tools.reach.scripts.run(visit, self.script, arguments, self.seconds)
        if outcome != "hangup":
            return "next" if outcome == "done" else "failed"
        if self.hangup:
            return "hangup"
        visit.call.anchor.clear(Cause.NORMAL)
        return Leave()
