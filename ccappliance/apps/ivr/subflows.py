"""The check of flows inside flows: they exist, do not run into themselves, and agree on parameters and results."""

from collections.abc import Iterator, Mapping

from ccappliance.apps.ivr.nodes.subflow import Return, Subflow
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.base.expressions import VARIABLE, hint
from ccappliance.base.limits import MAX_SUBFLOWS
from ccappliance.config.keys import Report

Flows = Mapping[str, FlowSettings]


def is_subflow(flow: FlowSettings) -> bool:
    """It ends in a return node, or takes parameters: calls come to it from other flows only."""
    return bool(flow.parameters) or any(isinstance(node, Return) for node in flow.nodes.values())


def check_subflows(flows: Flows, report: Report, path: str) -> bool:
    """Everything about subflow nodes that one flow alone cannot know. True if a flow runs into itself."""
    for name, flow in flows.items():
        for parameter in flow.parameters:
            if VARIABLE.fullmatch(parameter) is None:
                report.error(f"{path}.{name}.parameters", f"'{parameter}' is no name of a variable",
                             "use small letters, digits and _, beginning with a letter")
        if is_subflow(flow) and flow.on_error:
            report.error(f"{path}.{name}.on_error", "a sub-flow that fails ends where the flow says that called it",
                         "write on_error there")
    for name, where, node in _calls(flows):
        _check_call(flows, node, report, f"{path}.{name}.nodes.{where}")
    return _check_depth(flows, report, path)


def _check_call(flows: Flows, node: Subflow, report: Report, path: str) -> None:
    called = flows.get(node.flow)
    if called is None:
        report.error(f"{path}.flow", f"there is no flow '{node.flow}'{hint(node.flow, sorted(flows))}",
                     f"known: {', '.join(sorted(flows)[:10])}")
        return
    for parameter in called.parameters:
        if parameter not in node.with_:
            report.error(f"{path}.with", f"flow {node.flow} wants the parameter '{parameter}'",
                         f"add {parameter}: and an expression")
    for given in node.with_:
        if given not in called.parameters:
            report.error(f"{path}.with.{given}", f"flow {node.flow} has no parameter '{given}'"
                         f"{hint(given, called.parameters)}", f"add it to flows.{node.flow}.parameters, or remove it")
    results = {one.result: None for one in called.nodes.values() if isinstance(one, Return)}
    for result in results:
        if result not in node.returns:
            report.error(f"{path}.returns", f"flow {node.flow} may return '{result}', for which no way is given",
                         f"add {result}: and a target")
    for result in node.returns:
        if result not in results:
            report.error(f"{path}.returns.{result}", f"flow {node.flow} never returns '{result}'"
                         f"{hint(result, list(results))}", "remove it, or let a return node say so")


def _check_depth(flows: Flows, report: Report, path: str) -> bool:
    """Recursion, told once for each loop at the node that closes it; else how deep they lie in each other."""
    depth: dict[str, int] = {}
    recursive = False
    calls = {name: [(where, node.flow) for flow, where, node in _calls(flows) if flow == name and node.flow in flows]
             for name in flows}
    for root in flows:
        trail: dict[str, Iterator[tuple[str, str]]] = {} if root in depth else {root: iter(calls[root])}
        while trail:
            here = next(reversed(trail))
            where, ahead = next(trail[here], ("", ""))
            if not ahead:
                del trail[here]
                depth[here] = 1 + max((depth.get(to, 0) for _, to in calls[here]), default=0)
            elif ahead in trail:
                names, recursive = list(trail), True
                loop = " → ".join([*names[names.index(ahead):], ahead])
                report.error(f"{path}.{here}.nodes.{where}.flow", f"flow {ahead} runs into itself: {loop}",
                             "lead the call back with a return node, and let a loop node go round")
            elif ahead not in depth:
                trail[ahead] = iter(calls[ahead])
    for name, levels in depth.items():
        if levels == MAX_SUBFLOWS + 1:  # those above it are as wrong for the same reason
            report.error(f"{path}.{name}", f"flows lie {levels} deep in each other, more than {MAX_SUBFLOWS}",
                         "put what they do into fewer flows")
    return recursive


def _calls(flows: Flows) -> Iterator[tuple[str, str, Subflow]]:
    return ((name, where, node) for name, flow in flows.items() for where, node in flow.nodes.items()
            if isinstance(node, Subflow))
