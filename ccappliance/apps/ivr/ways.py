"""What holds on every way through all flows: that it can end, and that the variables read on it were set before."""

from collections.abc import Iterator, Mapping

from ccappliance.apps.ivr.graph import Spot, ways
from ccappliance.apps.ivr.names import VARS, any_name
from ccappliance.apps.ivr.nodes.subflow import Return, Subflow
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.base.expressions import ExpressionError, names_read, parse

ANY = "*"  # a node says so that sets variables whose names only a call brings

Flows = Mapping[str, FlowSettings]


def dead_ends(flows: Flows, looping: list[Spot]) -> list[Spot]:
    """Nodes from which no call gets anywhere but round and round, the first of each such part.

    A flow is left by a destination that is no flow, or by a node that has no way on (it hangs up). Parts with an
    endless loop (`looping`) are told as such already.
    """
    back: dict[Spot, list[Spot]] = {}
    ends: list[Spot] = []
    for spot in _spots(flows):
        onward, leaves = _onward(spot, flows)
        for target in onward:
            back.setdefault(target, []).append(spot)
        if leaves or not onward:
            ends.append(spot)
    ending = _reached(ends, back)
    told: dict[Spot, None] = {}
    found = []
    for spot in _spots(flows):
        if spot not in ending and spot not in told:
            part = _reached([spot], {one: _onward(one, flows)[0] for one in _spots(flows)})
            told |= part
            if not any(one in part for one in looping):
                found.append(spot)
    return found


def unset_variables(flows: Flows) -> list[tuple[Spot, str, str]]:
    """(node, key, variable) of every variable that is read where no way there has set it, and default() is not asked.

    What a flow has set is there in flows it leads to, and in all others once it has given the call to a queue.
    """
    before: dict[Spot, dict[str, None]] = {
        spot: dict.fromkeys(flows[spot[0]].parameters) for spot in _spots(flows)}
    secret = {name: None for flow, node in before for _, name in flows[flow].nodes[node].secrets()}  # told elsewhere
    ahead = list(before)
    carried: dict[str, dict[str, None]] = {}  # flow → what its calls have when they leave for something else
    while ahead:
        spot = ahead.pop()
        here = before[spot] | dict.fromkeys(flows[spot[0]].nodes[spot[1]].sets())
        onward, leaves = _onward(spot, flows)
        onward += _back(spot, flows)
        if leaves:
            known = carried.setdefault(spot[0], {})
            if any(name not in known for name in here):
                known |= here
                onward += [start for start in _starts(flows) if start[0] != spot[0]]
        for target in onward:
            if any(name not in before[target] for name in here):
                before[target] |= here
                ahead.append(target)
    return [(spot, key, name) for spot in _spots(flows) for key, name in _read(spot, flows)
            if name not in before[spot] and ANY not in before[spot] and name not in secret]


def _spots(flows: Flows) -> Iterator[Spot]:
    return ((flow, node) for flow in flows for node in flows[flow].nodes)


def _starts(flows: Flows) -> Iterator[Spot]:
    return ((flow, settings.start) for flow, settings in flows.items() if settings.start in settings.nodes)


def _onward(spot: Spot, flows: Flows) -> tuple[list[Spot], bool]:
    """The nodes a call may go to from there, over flows too; and whether it may leave the flows altogether.

    What leads to a node or flow that is not there leaves, for it is told elsewhere.
    """
    edges = flows[spot[0]].nodes[spot[1]].edges()
    within = [edge for edge in edges if edge.target in flows[spot[0]].nodes
              or (edge.target.partition(":")[2] in flows and edge.target.startswith("flow:"))]
    return list(ways(spot, flows)), len(within) < len(edges)


def _back(spot: Spot, flows: Flows) -> list[Spot]:
    """Where a return node leads: behind every node that goes through its flow."""
    node = flows[spot[0]].nodes[spot[1]]
    if not isinstance(node, Return):
        return []
    callers = [(flow, one) for flow in flows for one in flows[flow].nodes.values()
               if isinstance(one, Subflow) and one.flow == spot[0] and node.result in one.returns]
    return [(flow, one.returns[node.result]) for flow, one in callers
            if one.returns[node.result] in flows[flow].nodes]


def _reached(begin: list[Spot], ways: Mapping[Spot, list[Spot]]) -> dict[Spot, None]:
    reached = dict.fromkeys(begin)
    ahead = list(begin)
    while ahead:
        for spot in ways.get(ahead.pop(), ()):
            if spot not in reached:
                reached[spot] = None
                ahead.append(spot)
    return reached


def _read(spot: Spot, flows: Flows) -> Iterator[tuple[str, str]]:
    """(key, variable) of what the node's expressions read and the node does not set itself."""
    node = flows[spot[0]].nodes[spot[1]]
    own = node.sets()
    for key, source in (*node.expressions(), *node.confidential()):
        try:
            names = dict.fromkeys(names_read(parse(source, any_name), but="default"))
        except ExpressionError:
            continue  # that is told elsewhere
        for name in names:
            if name.startswith(VARS) and name.removeprefix(VARS) not in own:
                yield key, name.removeprefix(VARS)
