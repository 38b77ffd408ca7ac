"""How fast agents work and how soon callers give up: what the journal's last hours say, and a guess before they do.

What was long ago counts less and less, by half in HALF_LIFE. A call's cost is all the time an agent was not ready, from
reservation to the end of wrap-up, divided by the calls he answered in it: calls he let ring and those he made himself
are in it, because they take him from the queue as well.
"""

from typing import TYPE_CHECKING, ClassVar

from ccappliance.call import facts

if TYPE_CHECKING:
    from ccappliance.call.journal import Entry as JournalEntry
    from ccappliance.call.journal import Wanted

HALF_LIFE = 7_200.0  # s: two hours; a morning's rush is forgotten by the afternoon, a busy hour has data enough
OCCUPIED = ("reserved", "ringing", "talking", "hold", "wrapup")
GUESSED_CALLS = 5.0  # calls that the guess of the settings is worth beside those of all agents of a queue
USUAL_CALLS = 20.0  # calls that all agents' mean is worth beside an agent's own
GUESSED_ABANDONS = 3.0  # abandons that the guess of the settings is worth
ABANDONS = ("abandoned", "short_abandoned")


class Fading:
    """Two sums in which what is old counts less: an amount, and how much of it there was."""

    __slots__ = ("_at", "_count", "_total")

    def __init__(self) -> None:
        self._total = 0.0
        self._count = 0.0
        self._at = 0.0

    def add(self, now: float, total: float, count: float) -> None:
        total_before, count_before = self.at(now)
        self._total, self._count, self._at = total_before + total, count_before + count, now

    def at(self, now: float) -> tuple[float, float]:
        """What is left of (total, count)."""
        left = 0.5 ** ((now - self._at) / HALF_LIFE)
        return self._total * left, self._count * left


class _Stretch:
    """An agent's time from ready to ready."""

    __slots__ = ("answered", "began")

    def __init__(self, began: float) -> None:
        self.began = began
        self.answered = 0


class Pace:
    """A reader of the journal, kept by the ACD."""

    KINDS: ClassVar["Wanted"] = frozenset({facts.AgentMoved, facts.OfferEnded, facts.QueueLeft})

    def __init__(self) -> None:
        self._work: dict[str, Fading] = {}  # by agent: seconds occupied, calls answered
        self._waits: dict[str, Fading] = {}  # by queue: seconds waited, callers who gave up
        self._busy: dict[str, _Stretch] = {}  # agents who are not ready now

    def hear(self, entry: "JournalEntry") -> None:
        fact = entry.fact
        kind = type(fact)
        if kind is facts.AgentMoved:
            assert isinstance(fact, facts.AgentMoved)
            self._agent_moved(fact, entry.now)
        elif kind is facts.OfferEnded:
            assert isinstance(fact, facts.OfferEnded)
            stretch = self._busy.get(fact.agent)
            if stretch is not None and fact.outcome == "answered":
                stretch.answered += 1
        elif kind is facts.QueueLeft:
            assert isinstance(fact, facts.QueueLeft)
            self._waits.setdefault(fact.queue, Fading()).add(entry.now, fact.waited, fact.outcome in ABANDONS)

    def rate(self, agents: list[str], guess: float, now: float) -> float:
        """Calls a second that these agents finish together; `guess`: seconds of a call, if nothing is known."""
        known = [self._work[number].at(now) if number in self._work else (0.0, 0.0) for number in agents]
        seconds = sum(total for total, _ in known) + GUESSED_CALLS * guess
        usual = seconds / (sum(count for _, count in known) + GUESSED_CALLS)
        return sum((count + USUAL_CALLS) / (total + USUAL_CALLS * usual) for total, count in known)

    def patience(self, queue: str, guess: float, now: float) -> float:
        """Seconds a caller of this queue waits before he gives up: waiting time of all / how many gave up."""
        waited, gave_up = self._waits[queue].at(now) if queue in self._waits else (0.0, 0.0)
        return (waited + GUESSED_ABANDONS * guess) / (gave_up + GUESSED_ABANDONS)

    def _agent_moved(self, fact: facts.AgentMoved, now: float) -> None:
        stretch = self._busy.get(fact.agent)
        if fact.state in OCCUPIED:
            if stretch is None:
                self._busy[fact.agent] = _Stretch(now)
        elif stretch is not None:
            del self._busy[fact.agent]
            self._work.setdefault(fact.agent, Fading()).add(now, now - stretch.began, stretch.answered)
