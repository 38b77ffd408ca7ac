"""Lines of Asterisk's `queue_log`, folded from the journal, so that tools that read its file read ours.

`epoch|call|queue|agent|EVENT|…`
Source: app_queue.c and app_agent_pool.c of Asterisk 22, and a transcript of one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ccappliance.call import facts
from ccappliance.call.journal import Entry

NOBODY = "NONE"
_TURNED_AWAY = ("full", "closed", "empty")  # outcomes of a call that never stood in the queue
_LEFT: Mapping[str, str] = MappingProxyType({
    "abandoned": "ABANDON", "short_abandoned": "ABANDON", "timed_out": "EXITWITHTIMEOUT", "exit_key": "EXITWITHKEY",
    "callback_taken": "EXITWITHKEY", "withdrawn": "WITHDRAW", "empty": "EXITEMPTY"})
_RANG: Mapping[str, str] = MappingProxyType({
    "no_answer": "RINGNOANSWER", "busy": "RINGNOANSWER", "fault": "RINGNOANSWER",
    "caller_gone": "RINGCANCELED", "withdrawn": "RINGCANCELED"})  # "lost": another was first; Asterisk writes nothing
_TRANSFERRED: Mapping[str, str] = MappingProxyType({"blind": "BLINDTRANSFER", "attended": "ATTENDEDTRANSFER"})


@dataclass(slots=True)
class _Stay:
    """A call in a queue, and then with its agent."""

    queue: str
    seq: int
    position: int
    calling: str
    came: int  # epoch
    key: str = ""
    rang: float = 0.0
    agent: str = ""
    hold: float = 0.0
    since: float = 0.0  # of the conversation


class QueueLogLines:
    """A reader of the journal; `write(line)` gets each line, without its line feed."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._stays: dict[str, _Stay] = {}
        self._newest: tuple[str, _Stay] | None = None  # its ENTERQUEUE is not written: it may be turned away
        self._callers: dict[str, tuple[int, str]] = {}  # call → seq, calling number
        self._legs: dict[tuple[str, str], str] = {}  # (call, station) → leg that answered
        self._promises: dict[str, str] = {}  # call of an attempt → the promise, under whose name it stands in line
        self._seats: dict[str, dict[str, int]] = {}  # queue → agent → tier
        self._stations: dict[str, tuple[str, float]] = {}  # agent → station, logged in at (loop clock)
        self._paused: dict[str, None] = {}
        self._direct: dict[str, None] = {}  # open offers of calls that ask for one agent: of no queue

    def replay_from(self, seq: int) -> int:
        """The entry from which a fresh fold must hear to go on after `seq` as this one does."""
        return min([stay.seq for stay in self._stays.values()] + [begun for begun, _ in self._callers.values()]
                   + [seq + 1])

    def hear(self, entry: Entry) -> None:
        fact, epoch = entry.fact, int(entry.at.timestamp())
        self._settle(fact)
        match fact:
            case facts.DaemonStarted():
                self._stations.clear()
                self._direct.clear()
                self._paused.clear()
                self._line(epoch, NOBODY, NOBODY, NOBODY, "QUEUESTART")
            case facts.ConfigApplied() if fact.by != "start":
                self._line(epoch, NOBODY, NOBODY, NOBODY, "CONFIGRELOAD")
            case facts.QueueApplied():
                self._applied(epoch, fact)
            case facts.AgentMoved():
                self._agent_moved(epoch, entry.now, fact)
            case facts.CallOffered():
                self._callers[fact.call] = (entry.seq, fact.calling)
            case facts.LegMoved() if fact.state == "answered":
                self._legs[fact.call, fact.party] = fact.leg
            case facts.DigitPressed() if fact.call in self._stays:
                self._stays[fact.call].key = fact.digit
            case facts.CallEnded():
                self._call_ended(epoch, entry.now, fact)
            case _:
                self._queue_fact(epoch, entry, fact)

    # ---- calls ----

    def _queue_fact(self, epoch: int, entry: Entry, fact: facts.Fact) -> None:
        match fact:
            case facts.QueueEntered():
                calling = self._callers.get(fact.call, (0, ""))[1]
                stay = self._stays[fact.call] = _Stay(fact.queue, entry.seq, fact.position, calling, epoch)
                self._newest = (fact.call, stay)
            case facts.QueueLeft():
                self._left(epoch, fact, entry.now)
            case facts.OfferMade() if not fact.queue:
                self._direct[fact.offer] = None
            case facts.OfferEnded() if fact.offer in self._direct:
                del self._direct[fact.offer]
            case facts.OfferEnded():
                self._offer_ended(epoch, fact)
            case facts.CallbackTried():
                self._promises[fact.call] = fact.callback
            case facts.ConversationEnded() if fact.by != "transfer":
                self._complete(epoch, fact.call, fact.by, fact.seconds)
            case facts.TransferEnded() if fact.outcome in _TRANSFERRED:
                self._transferred(epoch, entry.now, fact)

    def _settle(self, fact: facts.Fact) -> None:
        """Calls that were not turned away in the moment they came are in the queue."""
        if isinstance(fact, facts.QueueLeft) and fact.outcome in _TURNED_AWAY and not fact.waited:
            return
        if self._newest is not None:
            call, stay = self._newest
            self._newest = None
            self._line(stay.came, call, stay.queue, NOBODY, "ENTERQUEUE", "", stay.calling, stay.position)

    def _left(self, epoch: int, fact: facts.QueueLeft, now: float) -> None:
        stay = self._stays.get(fact.call)
        if stay is None:
            return
        if fact.outcome == "answered":
            stay.agent, stay.hold, stay.since = fact.agent, fact.waited, now
            leg = self._legs.get((fact.call, self._stations.get(fact.agent, ("", 0.0))[0]), fact.call)
            self._line(epoch, fact.call, stay.queue, fact.agent, "CONNECT", int(fact.waited), leg, int(stay.rang))
            return
        del self._stays[fact.call]
        if self._newest is not None and self._newest[1] is stay:
            self._newest = None
            return  # turned away: Asterisk writes nothing of a call that never joined
        places = (fact.position, stay.position, int(fact.waited))
        event = _LEFT.get(fact.outcome, "WITHDRAW")
        if event == "EXITWITHKEY":
            self._line(epoch, fact.call, stay.queue, NOBODY, event, stay.key, *places)
        elif event == "WITHDRAW":
            self._line(epoch, fact.call, stay.queue, NOBODY, event, *places, "")
        else:
            self._line(epoch, fact.call, stay.queue, NOBODY, event, *places)

    def _offer_ended(self, epoch: int, fact: facts.OfferEnded) -> None:
        stay = self._stays.get(fact.call)
        if fact.outcome == "answered" and stay is not None:
            stay.rang = fact.rang
        elif fact.outcome in _RANG:
            queue = stay.queue if stay is not None else NOBODY
            self._line(epoch, fact.call, queue, fact.agent, _RANG[fact.outcome], round(fact.rang * 1000))

    def _complete(self, epoch: int, call: str, by: str, seconds: float) -> None:
        call = self._in_line(call)
        stay = self._stays.get(call)
        if stay is not None and stay.agent:
            del self._stays[call]
            event = "COMPLETEAGENT" if by == "callee" else "COMPLETECALLER"
            self._line(epoch, call, stay.queue, stay.agent, event, int(stay.hold), int(seconds), stay.position)

    def _transferred(self, epoch: int, now: float, fact: facts.TransferEnded) -> None:
        call = self._in_line(fact.call)
        stay = self._stays.get(call)
        if stay is None or not stay.agent:
            return
        del self._stays[call]
        target = (fact.target, "") if fact.outcome == "blind" else (fact.target,)  # exten|context, or target
        self._line(epoch, call, stay.queue, stay.agent, _TRANSFERRED[fact.outcome], *target, int(stay.hold),
                   int(max(0.0, now - stay.since)), stay.position)

    def _in_line(self, call: str) -> str:
        """Under which name this call stood in line: a customer who waited as a caller again, under its own."""
        return call if call in self._stays else self._promises.get(call, call)

    def _call_ended(self, epoch: int, now: float, fact: facts.CallEnded) -> None:
        stay = self._stays.get(self._in_line(fact.call))
        if stay is not None:
            self._complete(epoch, fact.call, fact.by, max(0.0, now - stay.since))
        self._promises.pop(fact.call, None)
        self._callers.pop(fact.call, None)
        for key in [key for key in self._legs if key[0] == fact.call]:
            del self._legs[key]

    # ---- agents ----

    def _applied(self, epoch: int, fact: facts.QueueApplied) -> None:
        """Who has come, gone, or changed his tier (Asterisk's penalty counts from 0)."""
        tiers = {seat["agent"]: seat["tier"] for seat in fact.seats}
        before = self._seats.get(fact.queue)
        self._seats[fact.queue] = tiers
        for agent, tier in tiers.items() if before is not None else ():
            if before is not None and agent not in before:
                self._line(epoch, NOBODY, fact.queue, agent, "ADDMEMBER")
            elif before is not None and before[agent] != tier:
                self._line(epoch, NOBODY, fact.queue, agent, "PENALTY", tier - 1)
        for agent in before or ():
            if agent not in tiers:
                self._line(epoch, NOBODY, fact.queue, agent, "REMOVEMEMBER")

    def _agent_moved(self, epoch: int, now: float, fact: facts.AgentMoved) -> None:
        agent = fact.agent
        if agent in self._paused and fact.state != "paused":
            del self._paused[agent]
            self._everywhere(epoch, agent, "UNPAUSE", "")
        if fact.left == "logged_out" and fact.state != "logged_out":
            self._stations[agent] = (fact.station, now)
            self._line(epoch, NOBODY, NOBODY, agent, "AGENTLOGIN", fact.station)
        elif fact.state == "logged_out" and agent in self._stations:
            station, since = self._stations.pop(agent)
            self._line(epoch, NOBODY, NOBODY, agent, "AGENTLOGOFF", station, int(max(0.0, now - since)))
        if fact.state == "paused" and agent not in self._paused:
            self._paused[agent] = None
            self._everywhere(epoch, agent, "PAUSE", fact.why.partition(" by ")[0])

    def _everywhere(self, epoch: int, agent: str, event: str, reason: str) -> None:
        self._line(epoch, NOBODY, NOBODY, agent, f"{event}ALL", reason)
        for queue, tiers in self._seats.items():
            if agent in tiers:
                self._line(epoch, NOBODY, queue, agent, event, reason)

    def _line(self, epoch: int, call: str, queue: str, agent: str, event: str, *data: object) -> None:
        cells = [_cell(value) for value in data] or [""]
        self._write("|".join([str(epoch), call, _cell(queue), _cell(agent), event, *cells]))


def _cell(value: object) -> str:
    """A field: what would end it or the line becomes `_` (a caller's number is what he says it is)."""
    return "".join("_" if letter == "|" or not letter.isprintable() else letter for letter in str(value))
