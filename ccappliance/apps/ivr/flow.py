"""Flows as destinations: a call enters, walks from node to node, and leaves for the next destination or for good."""

import logging
from collections.abc import Mapping

from ccappliance.apps.ivr.names import vocabulary
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.apps.ivr.visit import Leave, Tools, Visit
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Bug, CcError, ConfigError, Finding, Refused
from ccappliance.base.expressions import Expression, ExpressionError, parse
from ccappliance.base.limits import MAX_FLOW_STEPS
from ccappliance.call import facts
from ccappliance.call.call import Call
from ccappliance.call.leg import LegGone

log = logging.getLogger("ccappliance.ivr")

ON_ERROR = "on_error"  # the way of a call whose node failed


class Flow:
    """One flow. Calls inside keep the Flow they entered, so a reload changes nothing for them."""

    def __init__(self, name: str, settings: FlowSettings, tools: Tools) -> None:
        self.name = name
        self._settings = settings
        self._tools = tools
        self._expressions = _compile(name, settings)
        self._ways = {name: {edge.key: edge.target for edge in node.edges()} for name, node in settings.nodes.items()}

    async def run(self, call: Call) -> str | None:
        """Serve the call; the next destination, or None when it is over. A node's failure ends in an apology (F46)."""
        self._tools.journal.write(facts.FlowEntered(call.id, self.name))
        call.language = self._settings.language or call.language
        visit = Visit(call, self.name, self._tools, self._expressions)
        try:
            return await self._walk(visit)
        except LegGone:
            raise
        except Exception as error:  # noqa: BLE001 - F46: whatever fails in here, this call gets its apology
            told = log.warning if isinstance(error, CcError) and not isinstance(error, Bug) else log.exception
            told("node failed: %s", error, extra={"fields": {"call": call.id, "flow": self.name, "node": visit.node}})
            return await self._apologise(visit)

    async def _walk(self, visit: Visit) -> str | None:
        target = self._settings.start
        for _ in range(MAX_FLOW_STEPS):
            if ":" in target:
                return visit.leave(target)
            visit.enter(target)
            step = await self._settings.nodes[target].run(visit)
            if isinstance(step, Leave):
                visit.way = step.way
                return visit.leave(step.to)
            visit.way, target = step, self._ways[target][step]
        raise Refused("flow_too_long", f"flow {self.name}: the call has entered {MAX_FLOW_STEPS} nodes; "
                      f"the last one is {visit.node}")

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
            return visit.leave(self._settings.on_error)
        visit.call.anchor.clear(Cause.TEMPORARY_FAILURE)
        return visit.leave(None)


class Flows:
    """All flows of one configuration; `find` is the finder of the destinations flow:…"""

    def __init__(self, settings: Mapping[str, FlowSettings], tools: Tools) -> None:
        self._flows = {name: Flow(name, flow, tools) for name, flow in settings.items()}

    def find(self, name: str) -> Flow | None:
        return self._flows.get(name)

    def names(self) -> list[str]:
        return list(self._flows)


def _compile(flow: str, settings: FlowSettings) -> dict[str, Expression]:
    """Every expression of the flow by its source. ConfigError if one is wrong: it has not been checked before."""
    compiled = {}
    for name, node in settings.nodes.items():
        for where, source in node.expressions():
            try:
                compiled[source] = parse(source, vocabulary)
            except ExpressionError as error:
                raise ConfigError([Finding("flow", f"flows.{flow}.nodes.{name}.{where}", str(error))]) from error
    return compiled
