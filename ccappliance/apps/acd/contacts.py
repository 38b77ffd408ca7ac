"""Who talked to whom last, and who has just lost his place: what a queue remembers of a number that calls again."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from ccappliance.call import facts
from ccappliance.call.cdr import Cdr
from ccappliance.call.journal import Entry, Wanted

MOST = 20_000  # numbers remembered of each kind; the one heard of longest ago is forgotten
_LOST = ("abandoned", "short_abandoned", "withdrawn")  # withdrawn: also a caller whose line was cut


@dataclass(slots=True)
class _Open:
    """A call under way."""

    number: str
    agent: str = ""  # the last who answered it from a queue
    queue: str = ""  # the last it has left without an agent; "": it waits, or has been answered
    entered: float = 0.0


class Contacts:
    """A reader of the journal. `normal` gives a number its one form; "" for one that nobody can be known by.

    Bounded. `restore` gives it its memory back after a restart of the daemon.
    """

    KINDS: ClassVar[Wanted] = frozenset({
        facts.CallOffered, facts.QueueEntered, facts.QueueLeft, facts.ConversationStarted, facts.CallEnded})

    def __init__(self, normal: Callable[[str], str], most: int = MOST) -> None:
        self._normal = normal
        self._most = most
        self._open: dict[str, _Open] = {}
        self._talked: OrderedDict[str, tuple[str, datetime]] = OrderedDict()  # number → agent, end (wall)
        # (number, queue) → enter time and when he was gone (loop clock), for each of those who call with this number
        self._gone: OrderedDict[tuple[str, str], list[tuple[float, float]]] = OrderedDict()

    def hear(self, entry: Entry) -> None:
        fact = entry.fact
        if isinstance(fact, facts.CallOffered):
            if fact.direction == "in" and (number := self._normal(fact.calling)):
                self._open[fact.call] = _Open(number)
            return
        call = self._open.get(getattr(fact, "call", ""))
        if call is None:
            return
        if isinstance(fact, facts.QueueEntered):
            call.queue, call.entered = "", fact.entered
        elif isinstance(fact, facts.QueueLeft):
            call.queue = fact.queue if fact.outcome in _LOST else ""
            call.agent = fact.agent or call.agent
        elif isinstance(fact, facts.ConversationStarted):
            call.queue = ""  # he has been served elsewhere
        elif isinstance(fact, facts.CallEnded):
            del self._open[fact.call]
            if call.agent:
                self._remember(call.number, call.agent, entry.at)
            if call.queue:
                self._lost(call, entry.now)

    def restore(self, cdrs: Iterable[Cdr]) -> None:
        """What the CDRs of before a restart say; any order."""
        for cdr in sorted(cdrs, key=lambda cdr: cdr.seq):
            if cdr.direction == "in" and cdr.agent and (number := self._normal(cdr.calling)):
                self._remember(number, cdr.agent, cdr.ended_at)

    def last_agent(self, calling: str, within: float, at: datetime) -> str:
        """The agent this number talked to last, if that ended at most `within` seconds before `at` (wall); or ""."""
        agent, ended = self._talked.get(self._normal(calling), ("", at))
        return agent if (at - ended).total_seconds() <= within else ""

    def resume(self, calling: str, queue: str, within: float, now: float) -> float | None:
        """The enter time this number had in this queue, if it left at most `within` s ago; each is given back once."""
        key = (self._normal(calling), queue)
        places = [place for place in self._gone.pop(key, []) if now - place[1] <= within]
        if not places:
            return None
        first = min(places)
        places.remove(first)
        if places:
            self._gone[key] = places
        return first[0]

    def _remember(self, number: str, agent: str, at: datetime) -> None:
        self._talked[number] = (agent, at)
        self._talked.move_to_end(number)
        if len(self._talked) > self._most:
            self._talked.popitem(last=False)

    def _lost(self, call: _Open, now: float) -> None:
        key = (call.number, call.queue)
        places = self._gone.setdefault(key, [])
        places.append((call.entered, now))
        del places[:-8]  # a company's one number: more than eight of its people in a minute are forgotten
        self._gone.move_to_end(key)
        if len(self._gone) > self._most:
            self._gone.popitem(last=False)
