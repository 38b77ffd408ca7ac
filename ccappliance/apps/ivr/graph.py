"""All flows seen at once: what they have written out, loops a call could run through unasked, ways to secrets."""

from collections import deque
from collections.abc import Iterator, Mapping

from ccappliance.apps.ivr.nodes.subflow import Return, Subflow
from ccappliance.apps.ivr.settings import AnyNode, FlowSettings
from ccappliance.apps.ivr.written import Edge
from ccappliance.base.limits import MAX_SUBFLOWS

Spot = tuple[str, str]  # flow, node
Flows = Mapping[str, FlowSettings]


def flow_texts(flows: Flows) -> Iterator[tuple[str, str]]:
    """(language, text) of everything the flows have written out: what `PromptBook.prepare` is to be given."""
    for flow in flows.values():
        for node in flow.nodes.values():
            for _, prompt in node.prompts():
                if not isinstance(prompt, str):
                    yield from prompt.items()


def endless_loops(flows: Flows) -> list[list[Spot]]:
    """Loops, also over several flows, that a call could run through without the caller being asked for anything.

    Whether a branch on the way would end it nobody can tell beforehand: it is a loop all the same.
    """
    unasked = _Unasked(flows)
    ways = {spot: list(dict.fromkeys(unasked.ways(spot))) for spot in _spots(flows)}
    found: list[list[Spot]] = []
    done: set[Spot] = set()  # only asked whether something is in it
    for start in ways:
        if start not in done:
            found.extend(_loops_from(start, ways, done))
    return found


def shielded(flows: Flows) -> dict[str, frozenset[str]]:
    """Per flow the nodes in which a call's shield is up: those that ask for a secret, and all from which it gets to one
    without having been asked for anything else, for callers who know the flow press ahead.
    """
    before: dict[Spot, list[Spot]] = {}
    for spot in _spots(flows):
        if not _node(spot, flows).waits:
            for to in ways(spot, flows):
                before.setdefault(to, []).append(spot)
    secret = [spot for spot in _spots(flows) if _node(spot, flows).secrets()]
    found = dict.fromkeys(secret)
    ahead = deque(secret)
    while ahead:
        for spot in before.get(ahead.popleft(), ()):
            if spot not in found:
                found[spot] = None
                ahead.append(spot)
    return {flow: frozenset(node for where, node in found if where == flow) for flow in flows}


def _spots(flows: Flows) -> Iterator[Spot]:
    return ((flow, node) for flow in flows for node in flows[flow].nodes)


def _node(spot: Spot, flows: Flows) -> AnyNode:
    return flows[spot[0]].nodes[spot[1]]


def _loops_from(start: Spot, ways: Mapping[Spot, list[Spot]], done: set[Spot]) -> Iterator[list[Spot]]:
    """Depth first, without recursion: the trail is the way from `start` to where we are."""
    trail: dict[Spot, Iterator[Spot]] = {start: iter(ways[start])}
    while trail:
        here = next(reversed(trail))
        ahead = next(trail[here], None)
        if ahead is None:
            del trail[here]
            done.add(here)
        elif ahead in trail:
            spots = list(trail)
            yield spots[spots.index(ahead):]
        elif ahead not in done:
            trail[ahead] = iter(ways[ahead])


class _Unasked:
    """Where calls may go without the caller having been asked for anything, through sub-flows too."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._results: dict[str, list[str]] = {}
        self._within: list[str] = []  # sub-flows being looked at

    def ways(self, spot: Spot) -> Iterator[Spot]:
        """None if the node waits for the caller."""
        yield from _targets(spot[0], self._free(*spot), self._flows)
        yield from _inside(spot, self._flows)

    def results(self, flow: str) -> list[str]:
        """Those a sub-flow may return unasked. Recursion and too deep a nesting are told elsewhere: none."""
        if flow not in self._flows or flow in self._within or len(self._within) > MAX_SUBFLOWS:
            return []
        if flow not in self._results:
            self._within.append(flow)
            self._results[flow] = self._look_through(flow)
            self._within.pop()
        return self._results[flow]

    def _look_through(self, flow: str) -> list[str]:
        results: dict[str, None] = {}
        reached = {self._flows[flow].start: None}
        ahead = list(reached)
        while ahead:
            here = ahead.pop()
            node = self._flows[flow].nodes.get(here)
            if isinstance(node, Return):
                results[node.result] = None
            for edge in self._free(flow, here):
                if edge.target not in reached:
                    reached[edge.target] = None
                    ahead.append(edge.target)
        return list(results)

    def _free(self, flow: str, name: str) -> list[Edge]:
        """Of a subflow node only the ways of results it may have unasked."""
        node = self._flows[flow].nodes.get(name)
        if not isinstance(node, Subflow):
            return node.free_ways() if node is not None else []
        return [Edge(f"returns.{result}", node.returns[result]) for result in self.results(node.flow)
                if result in node.returns]


def ways(spot: Spot, flows: Flows) -> Iterator[Spot]:
    """Where a call may go from there, into a sub-flow too."""
    yield from _targets(spot[0], _node(spot, flows).edges(), flows)
    yield from _inside(spot, flows)


def _inside(spot: Spot, flows: Flows) -> Iterator[Spot]:
    node = _node(spot, flows)
    if isinstance(node, Subflow) and node.flow in flows and flows[node.flow].start in flows[node.flow].nodes:
        yield node.flow, flows[node.flow].start


def _targets(flow: str, edges: list[Edge], flows: Flows) -> Iterator[Spot]:
    for edge in edges:
        kind, colon, argument = edge.target.partition(":")
        if not colon and edge.target in flows[flow].nodes:
            yield flow, edge.target
        elif kind == "flow" and argument in flows and flows[argument].start in flows[argument].nodes:
            yield argument, flows[argument].start
