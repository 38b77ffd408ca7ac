"""Callbacks of today, by queue: what was promised, what became of it, and how often the promised time was kept."""

from dataclasses import dataclass, field
from typing import Any

from ccappliance.call import facts
from ccappliance.call.facts import Fact


@dataclass
class CallbackFigures:
    """One queue since midnight. `told` counts the promises of a time whose customer was reached: in it, or not."""

    promised: int = 0
    tried: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    told: int = 0
    kept: int = 0  # reached between the promised times
    early: int = 0
    late: int = 0
    waited: float = 0.0  # seconds from the promise, sum over those reached
    longest: float = 0.0

    @property
    def reached(self) -> int:
        return self.outcomes.get("reached", 0)

    def hear(self, fact: Fact) -> None:
        """A fact of this queue."""
        match fact:
            case facts.CallbackPromised():
                self.promised += 1
            case facts.CallbackTried():
                self.tried += 1
            case facts.CallbackEnded(outcome=outcome):
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
                if outcome == "reached":
                    self._reached(fact)

    def as_row(self) -> dict[str, Any]:
        """For people: the promise beside the truth."""
        return {"promised": self.promised, "tried": self.tried, "reached": self.reached,
                "gave_up": self.outcomes.get("gave_up", 0), "expired": self.outcomes.get("expired", 0),
                "withdrawn": self.outcomes.get("withdrawn", 0), "replaced": self.outcomes.get("replaced", 0),
                "average_wait": round(self.waited / self.reached, 1) if self.reached else None,
                "longest_wait": round(self.longest, 1), "told": self.told, "kept": self.kept, "early": self.early,
                "late": self.late, "kept_share": round(self.kept / self.told, 4) if self.told else None}

    def _reached(self, fact: facts.CallbackEnded) -> None:
        self.waited += fact.waited
        self.longest = max(self.longest, fact.waited)
        if fact.low is not None and fact.high is not None:
            self.told += 1
            self.early += fact.waited < fact.low
            self.late += fact.waited > fact.high
            self.kept += fact.low <= fact.waited <= fact.high
