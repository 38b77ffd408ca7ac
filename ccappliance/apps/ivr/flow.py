"""Flows as destinations: a call enters, walks from node to node, and leaves for the next destination or for good."""

import logging
from collections.abc import Callable, Collection, Mapping

from ccappliance.apps.ivr.graph import shielded
from ccappliance.apps.ivr.names import any_name
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.apps.ivr.visit import Leave, Tools, Visit
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Bug, CcError, ConfigError, Finding, Refused
from ccappliance.base.expressions import Expression, ExpressionError, parse
from ccappliance.base.limits import MAX_FLOW_STEPS, MAX_SUBFLOWS
from ccappliance.call import facts
from ccappliance.call.call import Call
from ccappliance.call.leg import LegGone

log = logging.getLogger("ccappliance.ivr")

ON_ERROR = "on_error"  # the way of a call whose node failed


class Flow:
    """One flow. Calls inside keep the Flow they entered, so a reload changes nothing for them."""

    def __init__(self, name: str, settings: FlowSettings, tools: Tools, shielded: Collection[str],
                 find: "Callable[[str], Flow | None]") -> None:
        """`shielded`: nodes in which the call's shield is up; `find`: the flows of the same configuration."""
        self.name = name
        self._shielded = shielded
        self._find = find
        self._settings = settings
        self._tools = tools
        self._expressions = _compile(name, settings)
        self._ways = {name: {edge.key: edge.target for edge in node.edges()} for name, node in settings.nodes.items()}

    async def run(self, call: Call) -> str | None:
        """Serve the call; the next destination, or None when it is over. A node's failure ends in an apology (F46)."""
        self._tools.journal.write(facts.FlowEntered(call.id, self.name))
        call.language = self._settings.language or call.language
        visit = self._visit(call)
        try:
            step = await self._walk(visit)
            if step.back:
                raise Refused("no_subflow", f"flow {self.name}: no other flow has called it, so there is none to "
                              f"return to from node {visit.node}")
            return await self._leave(visit, step)
        except LegGone:
            raise
        except Exception as error:  # noqa: BLE001 - F46: whatever fails in here, this call gets its apology
            told = log.warning if isinstance(error, CcError) and not isinstance(error, Bug) else log.exception
            told("node failed: %s", error, extra={"fields": {"call": call.id, "flow": self.name, "node": visit.node}})
            return await self._apologise(visit)
        finally:
            call.shield.lower()

    async def through(self, caller: Visit, depth: int) -> str | Leave:
        """Serve a call of another flow: the result it returns there, or Leave. A failing node is the other flow's."""
        visit = self._visit(caller.call, depth)
        visit.take_over(caller)
        journal, call = self._tools.journal, caller.call
        journal.write(facts.SubflowEntered(call.id, caller.flow, caller.node, self.name))
        call.language = self._settings.language or call.language
        step = await self._walk(visit)
        caller.take_over(visit)
        result, way = (step.way, "") if step.back else ("", step.way)
        journal.write(facts.SubflowLeft(call.id, self.name, visit.node, way, result, step.to or ""))
        return result if step.back else Leave(step.to)

    def _visit(self, call: Call, depth: int = 1) -> Visit:
        async def through(flow: str, visit: Visit) -> str | Leave:
            found = self._find(flow)
            if found is None or depth >= MAX_SUBFLOWS:
                raise Bug(f"flow {self.name} goes through flow {flow}, {depth} deep: it was not checked")
            return await found.through(visit, depth + 1)
        return Visit(call, self.name, self._tools, self._expressions, through)

    async def _walk(self, visit: Visit) -> Leave:
        """From node to node, until one leads away or back."""
        target, shield = self._settings.start, visit.call.shield
        while ":" not in target:
            visit.steps += 1
            if visit.steps > MAX_FLOW_STEPS:
                raise Refused("flow_too_long", f"flow {self.name}: the call has entered {MAX_FLOW_STEPS} nodes; "
                              f"the last one is {visit.node}")
            visit.enter(target)
            if target in self._shielded:
                shield.raise_up()
            else:
                shield.lower()
            step = await self._settings.nodes[target].run(visit)
            if isinstance(step, Leave):
                visit.way = step.way
                return step
            visit.way, target = step, self._ways[target][step]
        return Leave(target, visit.way)

    async def _leave(self, visit: Visit, step: Leave) -> str | None:
        """Whoever may hear the caller there does not hear the end of his last secret key."""
        if step.to is not None and not step.to.startswith("flow:"):
            visit.call.shield.lower()
            await visit.call.shield.lowered()
        return visit.leave(step.to)

    async def _apologise(self, visit: Visit) -> str | None:
        """Should even the apology fail, the call goes on to `on_error` or ends all the same."""
        try:
            await visit.play("error")
        except LegGone:
            raise
        except CcError as error:
            log.warning("no apology: %s", error, extra={"fields": {"call": visit.call.id, "flow": self.name}})
        visit.way = ON_ERROR
        if self._settings.on_error:
            return await self._leave(visit, Leave(self._settings.on_error, ON_ERROR))
        visit.call.anchor.clear(Cause.TEMPORARY_FAILURE)
        return visit.leave(None)


class Flows:
    """All flows of one configuration; `find` is the finder of the destinations flow:…"""

    def __init__(self, settings: Mapping[str, FlowSettings], tools: Tools) -> None:
        hidden = shielded(settings)
        self._flows = {name: Flow(name, flow, tools, hidden[name], self.find) for name, flow in settings.items()}

    def find(self, name: str) -> Flow | None:
        return self._flows.get(name)

    def names(self) -> list[str]:
        return list(self._flows)


def _compile(flow: str, settings: FlowSettings) -> dict[str, Expression]:
    """Every expression of the flow by its source. ConfigError if one is wrong: it has not been checked before."""
    compiled = {}
    for name, node in settings.nodes.items():
        for where, source in (*node.expressions(), *node.confidential()):
            try:
                compiled[source] = parse(source, any_name)
            except ExpressionError as error:
                raise ConfigError([Finding("flow", f"flows.{flow}.nodes.{name}.{where}", str(error))]) from error
    return compiled
