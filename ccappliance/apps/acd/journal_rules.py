"""Rules that the journal alone proves, live and stored: who lost an offer is let go at once, and every queue adds up.

3: when an offer ends without a conversation, its agent is free of it and his telephone stops within 300 ms.
6: every entry ends in exactly one outcome, one that is known, and per queue offered = sum of outcomes + waiting.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ccappliance.apps.acd.retold import RUNG
from ccappliance.call import facts
from ccappliance.call.journal import Entry

STOP = 0.3  # s in which everybody else stops ringing
OUTCOMES = ("answered", "abandoned", "short_abandoned", "timed_out", "exit_key", "empty", "full", "closed",
            "callback_taken", "withdrawn")
_RINGS = ("seized", "offered", "alerting")


@dataclass(slots=True)
class _Sum:
    """One queue's account."""

    offered: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Stop:
    """What must have stopped when."""

    deadline: float
    offer: str
    agent: str
    leg: tuple[str, str]  # call, station
    leg_id: str


class JournalRules:
    """A reader of the journal; `breach(words, call)` is told each breach."""

    def __init__(self, breach: Callable[[str, str], object]) -> None:
        self._breach = breach
        self._sums: dict[str, _Sum] = {}
        self._rung: dict[str, str] = {}  # agent → offer
        self._offers: dict[str, tuple[str, str]] = {}  # open: offer → call, station
        self._ringing: dict[tuple[str, str], str] = {}  # (call, station) → leg that rings
        self._stops: deque[_Stop] = deque()
        self.readers: dict[type, Callable[..., None]] = {  # most facts are none of ours, and cost one look
            facts.DaemonStarted: self._begin, facts.QueueEntered: self._entered, facts.QueueLeft: self._left,
            facts.OfferMade: self._offer_made, facts.OfferEnded: self._offer_ended,
            facts.AgentMoved: self._agent_moved, facts.LegMoved: self._leg_moved}

    def hear(self, entry: Entry) -> None:
        while self._stops and self._stops[0].deadline < entry.now:
            self._judge(self._stops.popleft())
        read = self.readers.get(type(entry.fact))
        if read is not None:
            read(entry.fact, entry.now)

    def close(self) -> None:
        """At rest: do all queues add up?"""
        for queue, account in self._sums.items():
            if account.offered != sum(account.outcomes.values()) + len(account.waiting):
                self._breach(f"6: {queue}: {account.offered} offered, outcomes {account.outcomes}, "
                             f"{len(account.waiting)} waiting", "")

    # ---- inside ----

    def _begin(self, fact: facts.DaemonStarted, now: float) -> None:
        """A new run: nobody rings; entries the run before left open are ended in this one."""
        self._rung.clear()
        self._ringing.clear()
        self._stops.clear()

    def _entered(self, fact: facts.QueueEntered, now: float) -> None:
        account = self._sums.setdefault(fact.queue, _Sum())
        account.offered += 1
        if fact.call in account.waiting:
            self._breach(f"6: call {fact.call} entered {fact.queue} twice", fact.call)
        account.waiting[fact.call] = None

    def _offer_made(self, fact: facts.OfferMade, now: float) -> None:
        self._offers[fact.offer] = (fact.call, fact.station)
        self._rung[fact.agent] = fact.offer

    def _agent_moved(self, fact: facts.AgentMoved, now: float) -> None:
        if fact.state not in RUNG or not fact.call:  # without a call: his telephone is only stopping
            self._rung.pop(fact.agent, None)

    def _leg_moved(self, fact: facts.LegMoved, now: float) -> None:
        if fact.state in _RINGS:
            self._ringing[fact.call, fact.party] = fact.leg
        else:
            self._ringing.pop((fact.call, fact.party), None)

    def _left(self, fact: facts.QueueLeft, now: float) -> None:
        account = self._sums.setdefault(fact.queue, _Sum())
        account.outcomes[fact.outcome] = account.outcomes.get(fact.outcome, 0) + 1
        if fact.outcome not in OUTCOMES:
            self._breach(f"6: call {fact.call} left {fact.queue} as {fact.outcome!r}, which is no outcome", fact.call)
        if fact.call in account.waiting:
            del account.waiting[fact.call]
        else:
            self._breach(f"6: call {fact.call} left {fact.queue}, where it was not", fact.call)

    def _offer_ended(self, fact: facts.OfferEnded, now: float) -> None:
        call, station = self._offers.pop(fact.offer, (fact.call, ""))
        if fact.outcome != "answered":
            leg = self._ringing.get((call, station), "")
            self._stops.append(_Stop(now + STOP, fact.offer, fact.agent, (call, station), leg))

    def _judge(self, stop: _Stop) -> None:
        call, station = stop.leg
        if self._rung.get(stop.agent) == stop.offer:
            self._breach(f"3: agent {stop.agent} is kept for offer {stop.offer} over {STOP} s after it ended", call)
        if stop.leg_id and self._ringing.get(stop.leg) == stop.leg_id:
            self._breach(f"3: station {station} rings for call {call} over {STOP} s after its offer ended", call)
