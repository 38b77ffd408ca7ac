"""Flows as destinations: a call enters, walks from node to node, and leaves for the next destination or for good."""

import logging
from collections.abc import Mapping

from ccappliance.apps.ivr.graph import expressions
from ccappliance.apps.ivr.names import vocabulary
from ccappliance.apps.ivr.nodes import asking, deciding, leaving, telling
from ccappliance.apps.ivr.settings import (
    Branch,
    Collect,
    FlowSettings,
    Hangup,
    Language,
    Menu,
    Node,
    Play,
    Queue,
    Record,
    Say,
    Set,
    Transfer,
)
from ccappliance.apps.ivr.visit import Leave, Tools, Visit
from ccappliance.base.causes import Cause
from ccappliance.base.errors import Bug, CcError, ConfigError, Finding, Refused
from ccappliance.base.expressions import Expression, ExpressionError, parse
from ccappliance.base.limits import MAX_FLOW_STEPS
from ccappliance.call import facts
from ccappliance.call.call import Call
from ccappliance.call.leg import LegGone

log = logging.getLogger("ccappliance.ivr")


class Flow:
    """One flow. Calls inside keep the Flow they entered, so a reload changes nothing for them."""

    def __init__(self, name: str, settings: FlowSettings, tools: Tools) -> None:
        self.name = name
        self._settings = settings
        self._tools = tools
        self._expressions = _compile(name, settings)

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
                return target
            node = self._settings.nodes[target]
            visit.enter(target)
            step = await _serve(node, visit)
            if isinstance(step, Leave):
                return step.to
            target = step
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
        if self._settings.on_error:
            return self._settings.on_error
        visit.call.anchor.clear(Cause.TEMPORARY_FAILURE)
        return None


class Flows:
    """All flows of one configuration; `find` is the finder of the destinations flow:…"""

    def __init__(self, settings: Mapping[str, FlowSettings], tools: Tools) -> None:
        self._flows = {name: Flow(name, flow, tools) for name, flow in settings.items()}

    def find(self, name: str) -> Flow | None:
        return self._flows.get(name)

    def names(self) -> list[str]:
        return list(self._flows)


async def _serve(node: Node, visit: Visit) -> str | Leave:
    """What the node does: the next target, or Leave."""
    match node:
        case Play():
            return await telling.play(node, visit)
        case Say():
            return await telling.say(node, visit)
        case Menu():
            return await asking.menu(node, visit)
        case Collect():
            return await asking.collect(node, visit)
        case Record():
            return await asking.record(node, visit)
        case Language():
            return await deciding.language(node, visit)
        case Branch():
            return await deciding.branch(node, visit)
        case Set():
            return await deciding.set_variables(node, visit)
        case Queue():
            return await leaving.queue(node, visit)
        case Transfer():
            return await leaving.transfer(node, visit)
        case Hangup():
            return await leaving.hangup(node, visit)


def _compile(flow: str, settings: FlowSettings) -> dict[str, Expression]:
    """Every expression of the flow by its source. ConfigError if one is wrong: it has not been checked before."""
    compiled = {}
    for name, node in settings.nodes.items():
        for where, source in expressions(node):
            try:
                compiled[source] = parse(source, vocabulary)
            except ExpressionError as error:
                raise ConfigError([Finding("flow", f"flows.{flow}.nodes.{name}.{where}", str(error))]) from error
    return compiled
