"""Where agents stood before the daemon stopped or was killed (F40): a fold over the journal, and how it goes on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ccappliance.call.facts import AgentMoved, MembershipChanged
from ccappliance.call.journal import Entry

KINDS = (AgentMoved.__name__, MembershipChanged.__name__)
WITHIN = timedelta(hours=24)  # who has not moved for a day has gone home; so far back a start reads
WHY = "restored"


@dataclass
class Stand:
    """An agent's last word, with both clocks: the loop's may have begun anew since."""

    moved: AgentMoved
    at: datetime
    now: float
    out_of: dict[str, None] = field(default_factory=dict)  # queues

    def left(self, wall: datetime) -> float:
        """Seconds until the bound of his state, by the wall: it went on while nobody counted. 0 if it is over."""
        if self.moved.until is None:
            return 0.0
        return max(0.0, self.moved.until - self.now - max(0.0, (wall - self.at).total_seconds()))


def stands(entries: Iterable[Entry]) -> dict[str, Stand]:
    """By number: everybody who was logged in, in the order of their numbers."""
    found: dict[str, Stand] = {}
    for entry in entries:
        fact = entry.fact
        if isinstance(fact, AgentMoved):
            former = found.get(fact.agent)
            kept = former.out_of if former is not None and fact.state != "logged_out" else {}
            found[fact.agent] = Stand(fact, entry.at, entry.now, kept)
        elif isinstance(fact, MembershipChanged) and fact.agent in found:
            if fact.present:
                found[fact.agent].out_of.pop(fact.queue, None)
            else:
                found[fact.agent].out_of[fact.queue] = None
    return {number: found[number] for number in sorted(found) if found[number].moved.state != "logged_out"}
