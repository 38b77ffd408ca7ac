"""Today's figures of queues and agents: a fold over the journal, so every number can be recomputed from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar

from ccappliance.call import facts
from ccappliance.call.callback_figures import CallbackFigures
from ccappliance.call.journal import Entry, Wanted

OCCUPIED = ("reserved", "ringing", "talking", "hold", "wrapup")
ABANDONS = ("abandoned", "short_abandoned")
QUARTER = timedelta(minutes=15)  # zones differ from UTC by whole quarters of an hour
MOST_QUARTERS = 4 * 26  # of a day; one on which clocks are set back is longer
VARIANTS = {  # of the service level, which people compare without saying which they mean; entries that have ended count
    "a": "answered in time / offered",
    "b": "answered in time / (offered − short abandons)",
    "c": "answered in time / answered",
    "d": "(answered in time + abandoned in time) / offered",
}


@dataclass
class QueueFigures:
    """One queue since midnight. `variant`, of VARIANTS, says how its service level is reckoned."""

    variant: str = "b"
    offered: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    in_time: int = 0
    abandoned_in_time: int = 0
    answer_wait: float = 0.0  # seconds, sum over answered entries
    longest_wait: float = 0.0
    promised: int = 0  # callers who were told a wait, and of whom is known whether it came true
    promises_kept: int = 0  # whose wait ended within the range told first
    promises_late: int = 0  # who waited longer

    @property
    def answered(self) -> int:
        return self.outcomes.get("answered", 0)

    @property
    def abandoned(self) -> int:
        return sum(self.outcomes.get(outcome, 0) for outcome in ABANDONS)

    @property
    def service_level(self) -> float | None:
        offered, good = sum(self.outcomes.values()), self.in_time
        match self.variant:
            case "b":
                offered -= self.outcomes.get("short_abandoned", 0)
            case "c":
                offered = self.answered
            case "d":
                good += self.abandoned_in_time
        return good / offered if offered else None

    @property
    def promise_level(self) -> float | None:
        """How often the wait that was told came true."""
        return self.promises_kept / self.promised if self.promised else None

    @property
    def average_wait(self) -> float | None:
        """Average speed of answer: seconds from entering the queue to the agent's answer."""
        return self.answer_wait / self.answered if self.answered else None


@dataclass
class AgentFigures:
    """One agent since midnight."""

    answered: int = 0
    missed: int = 0
    spent: dict[str, float] = field(default_factory=dict)  # seconds by state, the present state not included
    state: str = "logged_out"
    since: float = 0.0

    def seconds(self, state: str, now: float) -> float:
        running = now - self.since if self.state == state else 0.0
        return self.spent.get(state, 0.0) + running


@dataclass(frozen=True, slots=True)
class _Told:
    """When an agent was to answer, on the loop clock."""

    begin: float
    until: float


def begin_of(at: datetime, same: Callable[[datetime], bool]) -> datetime:
    """Midnight before `at`: the first quarter of an hour that is of the same day. Nobody need have said a word then."""
    begin = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    for _ in range(MOST_QUARTERS):
        if not same(begin - QUARTER):
            break
        begin -= QUARTER
    return begin


class Figures:
    """A reader of the journal. `threshold(queue)` is the queue's service level in s, `variant(queue)` how it is
    reckoned; `local` tells the local day."""

    KINDS: ClassVar[Wanted] = frozenset({
        facts.AgentMoved, facts.QueueEntered, facts.QueueLeft, facts.QueueAnnounced, facts.OfferEnded,
        facts.CallOffered, facts.CallbackPromised, facts.CallbackTried, facts.CallbackEnded,
        facts.DaemonStarted, facts.DayBegan})  # the last two only for the day they are of

    def __init__(self, threshold: Callable[[str], float], local: Callable[[datetime], date],
                 variant: Callable[[str], str] = lambda queue: "b") -> None:
        self._threshold = threshold
        self._variant = variant
        self._local = local
        self._day: date | None = None
        self._quarter: datetime | None = None
        self.queues: dict[str, QueueFigures] = {}
        self.agents: dict[str, AgentFigures] = {}
        self.lines: dict[str, int] = {}  # calls offered by line
        self.callbacks: dict[str, CallbackFigures] = {}  # by queue
        self._promises: set[str] = set()  # whose entries stand in line: their callers were counted when they came
        self.calls = 0
        self._told: dict[str, _Told] = {}  # of those who wait, by call: what each was told first

    def hear(self, entry: Entry) -> None:
        self._turn_day(entry)
        fact = entry.fact
        kind = type(fact)
        if kind is facts.AgentMoved:
            assert isinstance(fact, facts.AgentMoved)
            self._agent_moved(fact, entry.now)
        elif kind is facts.QueueEntered:
            assert isinstance(fact, facts.QueueEntered)
            if fact.kind == "callback":
                self._promises.add(fact.call)
            else:
                self._queue(fact.queue).offered += 1
        elif kind is facts.QueueLeft:
            assert isinstance(fact, facts.QueueLeft)
            if fact.call in self._promises:
                self._promises.remove(fact.call)
            else:
                self._queue_left(fact)
                self._judge_told(fact, entry.now)
        elif kind is facts.QueueAnnounced:
            assert isinstance(fact, facts.QueueAnnounced)
            if fact.most:
                self._told.setdefault(fact.call, _Told(entry.now + fact.least, entry.now + fact.most))
        elif kind is facts.OfferEnded:
            assert isinstance(fact, facts.OfferEnded)
            agent = self.agent(fact.agent)
            agent.answered += fact.outcome == "answered"
            agent.missed += fact.outcome == "no_answer"
        elif kind is facts.CallOffered:
            assert isinstance(fact, facts.CallOffered)
            self.calls += 1
            self.lines[fact.line] = self.lines.get(fact.line, 0) + 1
        elif isinstance(fact, facts.CallbackPromised | facts.CallbackTried | facts.CallbackEnded):
            self.callbacks.setdefault(fact.queue, CallbackFigures()).hear(fact)

    def queue(self, name: str) -> QueueFigures:
        """A reload may have changed the variant: it is that of now."""
        found = self.queues.get(name) or QueueFigures()
        found.variant = self._variant(name)
        return found

    def agent(self, number: str) -> AgentFigures:
        found = self.agents.get(number)
        if found is None:
            found = self.agents[number] = AgentFigures()
        return found

    # ---- what strategies compare (apps/acd/strategy.py: Counts) ----

    def answered_by(self, number: str) -> int:
        return self.agent(number).answered

    def talked(self, number: str, now: float) -> float:
        agent = self.agent(number)
        return agent.seconds("talking", now) + agent.seconds("hold", now)

    def occupancy(self, number: str, now: float) -> float:
        """Talking, hold, ringing and wrap-up / logged in and not paused; 0 before there is anything to divide."""
        agent = self.agent(number)
        occupied = sum(agent.seconds(state, now) for state in OCCUPIED)
        available = occupied + agent.seconds("ready", now)
        return occupied / available if available else 0.0

    def total(self) -> QueueFigures:
        """All queues together, by the variant they share, or else variant b."""
        variants = list(dict.fromkeys(self._variant(name) for name in self.queues))
        total = QueueFigures(variant=variants[0] if len(variants) == 1 else "b")
        for one in self.queues.values():
            total.offered += one.offered
            total.in_time += one.in_time
            total.abandoned_in_time += one.abandoned_in_time
            total.answer_wait += one.answer_wait
            total.longest_wait = max(total.longest_wait, one.longest_wait)
            total.promised += one.promised
            total.promises_kept += one.promises_kept
            total.promises_late += one.promises_late
            for outcome, count in one.outcomes.items():
                total.outcomes[outcome] = total.outcomes.get(outcome, 0) + count
        return total

    def _queue(self, name: str) -> QueueFigures:
        found = self.queues.get(name)
        if found is None:
            found = self.queues[name] = QueueFigures()
        return found

    def _queue_left(self, fact: facts.QueueLeft) -> None:
        queue = self._queue(fact.queue)
        queue.outcomes[fact.outcome] = queue.outcomes.get(fact.outcome, 0) + 1
        queue.longest_wait = max(queue.longest_wait, fact.waited)
        if fact.outcome in ABANDONS:
            queue.abandoned_in_time += fact.waited <= self._threshold(fact.queue)
        if fact.outcome == "answered":
            queue.answer_wait += fact.waited
            queue.in_time += fact.waited <= self._threshold(fact.queue)

    def _judge_told(self, fact: facts.QueueLeft, now: float) -> None:
        """Was the agent there when he was promised? Who left before that could be known is not counted."""
        promise = self._told.pop(fact.call, None)
        if promise is None or (fact.outcome != "answered" and now <= promise.until):
            return
        queue = self._queue(fact.queue)
        queue.promised += 1
        queue.promises_late += now > promise.until
        queue.promises_kept += promise.begin <= now <= promise.until

    def _agent_moved(self, fact: facts.AgentMoved, now: float) -> None:
        agent = self.agent(fact.agent)
        if agent.state == fact.left:
            agent.spent[agent.state] = agent.spent.get(agent.state, 0.0) + now - agent.since
        agent.state, agent.since = fact.state, now

    def _turn_day(self, entry: Entry) -> None:
        """Begin afresh at the first of KINDS in a new local day, looked for once in each quarter of an hour."""
        at = entry.at
        if self._quarter is not None and self._quarter <= at < self._quarter + QUARTER:
            return
        self._quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
        day = self._local(at)
        if self._day is not None and day != self._day:
            self.queues.clear()
            self.lines.clear()
            self.callbacks.clear()
            self.calls = 0
            midnight = entry.now - (at - begin_of(at, lambda one: self._local(one) == day)).total_seconds()
            for number, agent in self.agents.items():
                self.agents[number] = AgentFigures(state=agent.state, since=max(agent.since, midnight))
        self._day = day
