"""What calls did in flows: how many entered each node, took each way, and hung up where; counted from the journal."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from ccappliance.call import facts
from ccappliance.call.journal import Entry

Spot = tuple[str, str]  # flow, node
Way = tuple[str, str, str]  # flow, node, key of the edge


class Traffic:
    """A reader of the journal. Counts from `since` up to (without) `until`; None: no bound.

    A call counts by the moment of each step, so one that was inside at a bound is counted in part.
    """

    def __init__(self, since: datetime | None = None, until: datetime | None = None) -> None:
        self.flows: Counter[str] = Counter()  # calls that entered
        self.nodes: Counter[Spot] = Counter()
        self.ways: Counter[Way] = Counter()
        self.hung_up: Counter[Spot] = Counter()  # the caller left, or was lost, inside this node
        self._since = since
        self._until = until
        # call → where it is now, behind the subflow nodes it is inside of; None: it has entered no node in there yet
        self._inside: dict[str, list[Spot | None]] = {}

    def read(self, entries: Iterable[Entry]) -> "Traffic":
        for entry in entries:
            self.hear(entry)
        return self

    def hear(self, entry: Entry) -> None:
        """The next entry, in the journal's order."""
        counted = (self._since is None or entry.at >= self._since) and (self._until is None or entry.at < self._until)
        match entry.fact:
            case facts.FlowEntered(call=_, flow=flow) if counted:
                self.flows[flow] += 1
            case facts.NodeEntered(call=call, flow=flow, node=node, way=way):
                trail = self._inside.setdefault(call, [])
                before = trail.pop() if trail else None
                if counted and way and before is not None:
                    self.ways[(*before, way)] += 1
                trail.append((flow, node))
                if counted:
                    self.nodes[flow, node] += 1
            case facts.SubflowEntered(call=call, subflow=flow):
                self._inside.setdefault(call, []).append(None)
                if counted:
                    self.flows[flow] += 1
            case facts.SubflowLeft(call=call, subflow=flow, node=node, way=way):
                del self._inside.get(call, [])[-1:]
                if counted and way:
                    self.ways[flow, node, way] += 1
            case facts.FlowLeft(call=call, flow=flow, node=node, way=way):
                self._inside.pop(call, None)
                if counted and way:
                    self.ways[flow, node, way] += 1
            case facts.CallEnded(call=call):
                left = next((spot for spot in reversed(self._inside.pop(call, [])) if spot is not None), None)
                if counted and left is not None:
                    self.hung_up[left] += 1
            case facts.DaemonStarted():
                self._inside.clear()  # what a kill has cut off
