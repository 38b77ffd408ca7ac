"""What stories have tried of the flows: nodes that were entered, ways that were taken, and those that were not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ccappliance.apps.ivr.picture.traffic import Traffic
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.call.journal import Entry
from ccappliance.config.tree import Place


@dataclass(frozen=True, slots=True)
class Missing:
    """A node no call has entered, or a way none has taken, and where it is written."""

    place: str
    what: str  # "node night", "way menu keys.3 → sales"


@dataclass(frozen=True, slots=True)
class FlowCoverage:
    """How much of one flow was tried."""

    flow: str
    nodes: int
    nodes_tried: int
    ways: int
    ways_tried: int
    missing: tuple[Missing, ...]

    @property
    def percent(self) -> float:
        """Of nodes and ways together; a flow without any is tried whole."""
        whole = self.nodes + self.ways
        return 100.0 * (self.nodes_tried + self.ways_tried) / whole if whole else 100.0


class Coverage:
    """Adds up journals of stories."""

    def __init__(self, flows: Mapping[str, FlowSettings], origins: Mapping[str, Place]) -> None:
        self._flows = flows
        self._origins = origins
        self._traffic = Traffic()

    def add(self, journal: Iterable[bytes]) -> None:
        """One story's journal; each begins with DaemonStarted, so calls of different stories are kept apart."""
        for line in journal:
            self._traffic.hear(Entry.parse(line))

    def report(self) -> list[FlowCoverage]:
        """Flow by flow, in the order of the configuration."""
        return [self._flow(name, flow) for name, flow in self._flows.items()]

    def _flow(self, name: str, flow: FlowSettings) -> FlowCoverage:
        ways = [(node, edge) for node in flow.nodes for edge in flow.nodes[node].edges()]
        untried = [node for node in flow.nodes if not self._traffic.nodes[name, node]]
        untaken = [(node, edge) for node, edge in ways if not self._traffic.ways[name, node, edge.key]]
        missing = [Missing(self._place(f"flows.{name}.nodes.{node}"), f"node {node}") for node in untried]
        missing += [Missing(self._place(f"flows.{name}.nodes.{node}.{edge.key}", f"flows.{name}.nodes.{node}"),
                            f"way {node} {edge.key} → {edge.target}") for node, edge in untaken if node not in untried]
        return FlowCoverage(name, len(flow.nodes), len(flow.nodes) - len(untried), len(ways), len(ways) - len(untaken),
                            tuple(missing))

    def _place(self, *paths: str) -> str:
        return next((str(self._origins[path]) for path in paths if path in self._origins), "")
