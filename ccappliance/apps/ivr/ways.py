"""What holds on every way through all flows: that it can end, and that the variables read on it were set before."""

from collections.abc import Iterator, Mapping

from ccappliance.apps.ivr.graph import Spot
from ccappliance.apps.ivr.names import vocabulary
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.base.expressions import ExpressionError, names_read, parse

ANY = "*"  # a node says so that sets variables whose names only a call brings
PREFIX = "vars."

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
    before: dict[Spot, dict[str, None]] = {spot: {} for spot in _spots(flows)}
    ahead = list(before)
    carried: dict[str, dict[str, None]] = {}  # flow → what its calls have when they leave for something else
    while ahead:
        spot = ahead.pop()
        here = before[spot] | dict.fromkeys(flows[spot[0]].nodes[spot[1]].sets())
        onward, leaves = _onward(spot, flows)
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
            if name not in before[spot] and ANY not in before[spot]]


def _spots(flows: Flows) -> Iterator[Spot]:
    return ((flow, node) for flow in flows for node in flows[flow].nodes)


def _starts(flows: Flows) -> Iterator[Spot]:
    return ((flow, settings.start) for flow, settings in flows.items() if settings.start in settings.nodes)


def _onward(spot: Spot, flows: Flows) -> tuple[list[Spot], bool]:
    """The nodes a call may go to from there, over flows too; and whether it may leave the flows altogether.

    What leads to a node that is not there leaves, for it is told elsewhere.
    """
    flow, name = spot
    onward: list[Spot] = []
    leaves = False
    for edge in flows[flow].nodes[name].edges():
        kind, colon, argument = edge.target.partition(":")
        there = (argument, flows[argument].start) if kind == "flow" and argument in flows else (flow, edge.target)
        if there[1] in flows[there[0]].nodes and (not colon or kind == "flow"):
            onward.append(there)
        else:
            leaves = True
    return onward, leaves


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
    for key, source in node.expressions():
        try:
            names = dict.fromkeys(names_read(parse(source, vocabulary), but="default"))
        except ExpressionError:
            continue  # that is told elsewhere
        for name in names:
            if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in own:
                yield key, name.removeprefix(PREFIX)
