"""All flows seen at once: what they have written out, and the loops a call could run through unasked."""

from collections.abc import Iterator, Mapping

from ccappliance.apps.ivr.settings import FlowSettings

Spot = tuple[str, str]  # flow, node


def flow_texts(flows: Mapping[str, FlowSettings]) -> Iterator[tuple[str, str]]:
    """(language, text) of everything the flows have written out: what `PromptBook.prepare` is to be given."""
    for flow in flows.values():
        for node in flow.nodes.values():
            for _, prompt in node.prompts():
                if not isinstance(prompt, str):
                    yield from prompt.items()


def endless_loops(flows: Mapping[str, FlowSettings]) -> list[list[Spot]]:
    """Loops, also over several flows, that a call could run through without the caller being asked for anything.

    Whether a branch on the way would end it nobody can tell beforehand: it is a loop all the same.
    """
    found: list[list[Spot]] = []
    done: set[Spot] = set()  # only asked whether something is in it
    for start in ((flow, node) for flow in flows for node in flows[flow].nodes):
        if start not in done:
            found.extend(_loops_from(start, flows, done))
    return found


def _loops_from(start: Spot, flows: Mapping[str, FlowSettings], done: set[Spot]) -> Iterator[list[Spot]]:
    """Depth first, without recursion: the trail is the way from `start` to where we are."""
    trail: dict[Spot, Iterator[Spot]] = {start: _silent_ways(start, flows)}
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
            trail[ahead] = _silent_ways(ahead, flows)


def _silent_ways(spot: Spot, flows: Mapping[str, FlowSettings]) -> Iterator[Spot]:
    """Where a call may go from there, none if the node waits for the caller."""
    flow, name = spot
    node = flows[flow].nodes[name]
    for edge in () if node.waits else node.edges():
        kind, colon, argument = edge.target.partition(":")
        if not colon and edge.target in flows[flow].nodes:
            yield flow, edge.target
        elif kind == "flow" and argument in flows and flows[argument].start in flows[argument].nodes:
            yield argument, flows[argument].start
