"""Every figure counted a second time, from lists of what the journal tells: what `audit` holds the shown ones against.

call/figures.py counts as facts come; here everything is kept and summed up at the end, so the two share no arithmetic.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ccappliance.call import facts
from ccappliance.call.cdr import Cdr, CdrReader
from ccappliance.call.figures import Figures, begin_of
from ccappliance.call.journal import Entry, in_journal


@dataclass(frozen=True, slots=True)
class Left:
    """An entry that left a queue."""

    call: str
    queue: str
    outcome: str
    waited: float
    in_time: bool  # within the threshold in force then


@dataclass(slots=True)
class Recount:
    """A reader of the journal. Only entries for which `wanted(at)` holds are counted; all must be heard.

    `per_run`: figures of each run of the daemon begin anew, as those shown live do.
    """

    wanted: Callable[[datetime], bool]
    per_run: bool = False
    entries: int = 0
    calls: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    entered: list[tuple[str, str]] = field(default_factory=list)  # call, queue
    left: list[Left] = field(default_factory=list)
    offers: list[facts.OfferEnded] = field(default_factory=list)
    times: list[tuple[str, str, float]] = field(default_factory=list)  # agent, state, seconds
    cdrs: dict[str, Cdr] = field(default_factory=dict)
    recordings: dict[str, tuple[int, facts.RecordingEnded]] = field(default_factory=dict)
    _thresholds: dict[str, float] = field(default_factory=dict)
    _states: dict[str, tuple[str, float]] = field(default_factory=dict)
    _inside: bool = False
    _reader: CdrReader = field(init=False)
    _entry: Entry | None = None

    def __post_init__(self) -> None:
        self._reader = CdrReader(self._emit)

    def hear(self, entry: Entry) -> None:
        inside = self.wanted(entry.at)
        if inside and not self._inside:
            midnight = entry.now - (entry.at - begin_of(entry.at, self.wanted)).total_seconds()
            self._states = {agent: (state, max(since, midnight)) for agent, (state, since) in self._states.items()}
        self._inside, self._entry = inside, entry
        self._reader.hear(entry)
        if isinstance(entry.fact, facts.DaemonStarted):
            self._states.clear()
            if self.per_run:
                self._forget()
        self.entries += inside
        match entry.fact:
            case facts.QueueApplied(queue=queue, service_level=seconds):
                self._thresholds[queue] = seconds
            case facts.AgentMoved():
                self._moved(entry.fact, entry.now)
            case _ if inside:
                self._count(entry)

    def queue(self, name: str) -> dict[str, Any]:
        """What call/figures.py keeps of a queue."""
        left = [one for one in self.left if one.queue == name]
        answered = [one.waited for one in left if one.outcome == "answered"]
        return {"offered": sum(queue == name for _, queue in self.entered),
                "outcomes": dict(sorted(Counter(one.outcome for one in left).items())),
                "in_time": sum(one.in_time for one in left if one.outcome == "answered"),
                "answer_wait": round(sum(answered), 3),
                "longest_wait": max((one.waited for one in left), default=0.0)}

    def agent(self, number: str) -> dict[str, Any]:
        """What call/figures.py keeps of an agent."""
        outcomes = Counter(fact.outcome for fact in self.offers if fact.agent == number)
        spent: Counter[str] = Counter()
        for agent, state, seconds in self.times:
            if agent == number:
                spent[state] += seconds  # type: ignore[assignment]  # a Counter of seconds
        return {"answered": outcomes["answered"], "missed": outcomes["no_answer"],
                "spent": {state: round(seconds, 2) for state, seconds in sorted(spent.items()) if seconds >= 0.01}}

    def totals(self) -> dict[str, Any]:
        return {"calls": len(self.calls), "lines": dict(sorted(Counter(self.lines).items()))}

    def concerned(self, queue: str) -> list[str]:
        """Calls of a queue, oldest first."""
        return list(dict.fromkeys(call for call, name in self.entered if name == queue))

    # ---- inside ----

    def _forget(self) -> None:
        self.entries = 0
        for kept in (self.calls, self.lines, self.entered, self.left, self.offers, self.times):
            kept.clear()

    def _emit(self, cdr: Cdr) -> None:
        if self._inside:
            self.cdrs[cdr.call] = cdr

    def _moved(self, fact: facts.AgentMoved, now: float) -> None:
        state, since = self._states.get(fact.agent, ("logged_out", 0.0))
        if self._inside and state == fact.left:
            self.times.append((fact.agent, state, now - since))
        self._states[fact.agent] = (fact.state, now)

    def _count(self, entry: Entry) -> None:
        match entry.fact:
            case facts.CallOffered(call=call, line=line):
                self.calls.append(call)
                self.lines.append(line)
            case facts.QueueEntered(call=call, queue=queue):
                self.entered.append((call, queue))
            case facts.QueueLeft(call=call, queue=queue, outcome=outcome, waited=waited):
                self.left.append(Left(call, queue, outcome, waited, waited <= self._thresholds.get(queue, 0.0)))
            case facts.OfferEnded():
                self.offers.append(entry.fact)
            case facts.RecordingEnded(recording=recording):
                self.recordings[recording] = (entry.seq, entry.fact)


def shown(figures: Figures) -> dict[str, Any]:
    """The figures that are shown, in the form of a recount."""
    return {
        "totals": {"calls": figures.calls, "lines": dict(sorted(figures.lines.items()))},
        "queues": {name: {"offered": one.offered, "outcomes": dict(sorted(one.outcomes.items())),
                          "in_time": one.in_time, "answer_wait": round(one.answer_wait, 3),
                          "longest_wait": one.longest_wait} for name, one in figures.queues.items()},
        "agents": {number: {"answered": one.answered, "missed": one.missed,
                            "spent": {state: round(seconds, 2) for state, seconds in sorted(one.spent.items())
                                      if seconds >= 0.01}} for number, one in figures.agents.items()}}


def same_day(day: date, local: Callable[[datetime], date]) -> Callable[[datetime], bool]:
    """`wanted` for one day."""
    return lambda at: local(at) == day


def close(one: Any, other: Any) -> bool:
    """Equal, or seconds that differ by rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, float) or isinstance(other, float):
        return abs(in_journal(float(one)) - float(other)) <= 0.05
    return bool(one == other)
