"""CDRs: what is left of each call, as a fold over the journal; and the end of calls that a kill left open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.call.facts import Fact
from ccappliance.call.journal import Entry, Wanted

INTERRUPTED = "interrupted"  # `by` of a CallEnded written at the start after a kill, and `state` of its recordings
_UNANSWERED = (Cause.NORMAL, Cause.NO_RESPONSE, Cause.NO_ANSWER, Cause.NORMAL_UNSPECIFIED)
_ABANDONED = ("abandoned", "short_abandoned")


@dataclass(frozen=True, slots=True)
class Cdr:
    """One call, ended. Instants are UTC; lengths are seconds on the loop clock, so a wall clock that steps is harmless.

    disposition: ANSWERED  the anchor's voice path was opened
                 ABANDONED the caller left a queue and had talked to nobody
                 BUSY, NO ANSWER, FAILED  never answered, by cause
                 INTERRUPTED the daemon was killed; the end is the last the journal or a recording knows of
    """

    seq: int  # of its CallEnded in the journal
    call: str
    direction: str  # "in", "internal", "out"
    line: str
    calling: str
    called: str
    name: str
    destination: str  # the last one
    queue: str  # the last one
    agent: str  # the last who answered it from a queue
    partner: str  # number of the last party who answered beside the anchor
    partner_line: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    wait: float  # in queues
    ring: float  # until the first partner answered, at his telephone
    talk: float  # in conversations
    duration: float  # from offer to end
    billable: float  # from answer to end
    disposition: str
    cause: int  # Q.850
    ended_by: str  # "caller", "callee", "us", "interrupted", "exchange"
    transfers: int
    recordings: tuple[str, ...]  # paths below the recordings' directory
    variables: dict[str, str] = field(default_factory=dict)  # what flows have learnt, the last value of each


@dataclass
class _Open:
    """What is known of a call under way."""

    offered: facts.CallOffered
    seq: int
    at: datetime
    now: float
    anchor: str = ""  # the leg that came to be first
    destination: str = ""
    queue: str = ""
    agent: str = ""
    partner: str = ""
    partner_line: str = ""
    answered_at: datetime | None = None
    answered_now: float = 0.0
    queued: dict[str, float] = field(default_factory=dict)  # queue → entered, loop clock
    offers: dict[str, tuple[str, float]] = field(default_factory=dict)  # offer → agent, made
    supervised: dict[str, float] = field(default_factory=dict)  # supervisor's leg → since, loop clock
    abandoned: bool = False
    talking_since: float | None = None
    alerting: dict[str, float] = field(default_factory=dict)  # leg → since
    wait: float = 0.0
    ring: float = 0.0
    talk: float = 0.0
    transfers: int = 0
    recordings: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    cut: float | None = None  # loop clock when the run ended in which it began
    cut_at: datetime | None = None


@dataclass(frozen=True)
class _Tape:
    started: facts.RecordingStarted
    seq: int
    now: float


class CdrReader:
    """Folds entries into CDRs: exactly one for each CallOffered, emitted at its CallEnded.

    A live journal need tell only KINDS. What a run left behind is heard whole: its last entry of any kind is its end.
    """

    KINDS: ClassVar[Wanted] = frozenset({
        facts.DaemonStarted, facts.CallOffered, facts.CallAnswered, facts.CallRouted, facts.CallEnded, facts.LegMoved,
        facts.QueueEntered, facts.QueueLeft, facts.CallbackTried, facts.OfferMade, facts.OfferEnded,
        facts.ConversationStarted, facts.ConversationEnded, facts.SupervisionStarted, facts.SupervisionEnded,
        facts.TransferEnded, facts.RecordingStarted, facts.RecordingEnded, facts.VariableSet})

    def __init__(self, emit: Callable[[Cdr], None]) -> None:
        self._emit = emit
        self._open: dict[str, _Open] = {}
        self._tapes: dict[str, _Tape] = {}
        self._last: Entry | None = None

    def hear(self, entry: Entry) -> None:
        """The next entry; entries must come in order, without a gap within a call."""
        fact = entry.fact
        if type(fact) is facts.DaemonStarted:
            self._cut()
        if type(fact) is facts.CallOffered:
            self._open[fact.call] = _Open(fact, entry.seq, entry.at, entry.now)
        elif type(fact) is facts.CallEnded:
            call = self._open.pop(fact.call, None)
            if call is not None:
                self._emit(_close(call, entry, fact))
        else:
            self._note_tape(entry, fact)
            call = self._open.get(getattr(fact, "call", ""))
            if call is not None:
                _note(call, entry, fact, entry.now if call.cut is None else call.cut)
        self._last = entry

    def is_open(self, call: str) -> bool:
        return call in self._open

    def open_calls(self) -> list[str]:
        """Calls offered and not ended, oldest first."""
        return list(self._open)

    def replay_from(self) -> int:
        """The entry from which a fresh reader must hear to know as much as this one does."""
        begun = [call.seq for call in self._open.values()] + [tape.seq for tape in self._tapes.values()]
        return min(begun) if begun else (self._last.seq + 1 if self._last else 1)

    def unfinished(self, recorded: Callable[[str], float]) -> list[Fact]:
        """What must be written to end everything that is open: see `interrupted`."""
        ends: list[Fact] = []
        last = self._last.now if self._last else 0.0
        for name, tape in self._tapes.items():
            start = tape.started
            ends.append(facts.RecordingEnded(start.call, name, start.path, round(recorded(start.path), 3), 0.0,
                                             INTERRUPTED))
        for name, call in self._open.items():
            until = last if call.cut is None else call.cut
            if call.talking_since is not None:
                ends.append(facts.ConversationEnded(name, INTERRUPTED, _seconds(call.talking_since, until)))
            for leg, since in call.supervised.items():
                ends.append(facts.SupervisionEnded(name, leg, INTERRUPTED, _seconds(since, until)))
            for offer, (agent, made) in call.offers.items():
                ends.append(facts.OfferEnded(offer, name, agent, "withdrawn", _seconds(made, until)))
            for queue, entered in call.queued.items():
                ends.append(facts.QueueLeft(name, queue, "withdrawn", _seconds(entered, until), 0, ""))
            ends.append(facts.CallEnded(name, int(Cause.TEMPORARY_FAILURE), INTERRUPTED))
        return ends

    def _cut(self) -> None:
        """A new run began: what is open ended with the last entry of the run before. (`now` may begin anew.)"""
        for call in self._open.values():
            if call.cut is None and self._last is not None:
                call.cut, call.cut_at = self._last.now, self._last.at

    def _note_tape(self, entry: Entry, fact: Fact) -> None:
        if isinstance(fact, facts.RecordingStarted):
            self._tapes[fact.recording] = _Tape(fact, entry.seq, entry.now)
        elif isinstance(fact, facts.RecordingEnded):
            tape = self._tapes.pop(fact.recording, None)
            call = self._open.get(fact.call)
            if tape is not None and call is not None and call.cut is not None:
                # The tape outlived the journal's last word on a quiet system: it proves the call went on so long.
                beyond = tape.now + fact.seconds - call.cut
                if beyond > 0 and call.cut_at is not None:
                    call.cut, call.cut_at = call.cut + beyond, call.cut_at + timedelta(seconds=round(beyond, 3))


def interrupted(entries: Iterable[Entry], recorded: Callable[[str], float] = lambda path: 0.0) -> list[Fact]:
    """The facts to write at start, after DaemonStarted, for what a kill left open: oldest first, once each.

    `entries`: the journal, at least from `CdrReader.replay_from` of the run before. `recorded`: the seconds in a
    recording's file, by its path below the recordings' directory. Nothing is open: an empty list; so it may be
    done at every start, and again if the start itself was killed.
    """
    reader = CdrReader(lambda cdr: None)
    for entry in entries:
        reader.hear(entry)
    return reader.unfinished(recorded)


def _note(call: _Open, entry: Entry, fact: Fact, now: float) -> None:
    """One fact of a call under way; `now`: the loop clock of the call's own run."""
    match fact:
        case facts.CallAnswered() if call.answered_at is None:
            call.answered_at, call.answered_now = entry.at, entry.now
        case facts.CallRouted(destination=destination):
            call.destination = destination
        case facts.LegMoved(leg=leg):
            call.anchor = call.anchor or leg
            if leg != call.anchor:
                _note_partner(call, fact, now)
        case facts.QueueEntered(queue=queue):
            call.queue, call.abandoned = queue, False
            call.queued[queue] = now
        case facts.QueueLeft(outcome=outcome):
            call.queued.pop(fact.queue, None)
            call.wait += fact.waited
            call.abandoned = outcome in _ABANDONED
            call.agent = fact.agent if outcome == "answered" else call.agent
        case facts.CallbackTried(queue=queue, agent=agent):
            call.queue, call.agent = queue, agent
        case facts.OfferMade():
            call.offers[fact.offer] = (fact.agent, now)
        case facts.OfferEnded():
            call.offers.pop(fact.offer, None)
        case facts.ConversationStarted() if call.talking_since is None:
            call.talking_since = now
        case facts.ConversationEnded(seconds=seconds) if call.talking_since is not None:
            call.talking_since = None
            call.talk += seconds
        case facts.SupervisionStarted(leg=leg):
            call.supervised[leg] = now
        case facts.SupervisionEnded(leg=leg):
            call.supervised.pop(leg, None)
        case facts.TransferEnded(outcome="attended" | "blind"):
            call.transfers += 1
        case facts.VariableSet(name=name, value=value):
            call.variables[name] = value
        case facts.RecordingStarted(path=path) if path not in call.recordings:
            call.recordings.append(path)


def _note_partner(call: _Open, fact: facts.LegMoved, now: float) -> None:
    if fact.state == "alerting":
        call.alerting[fact.leg] = now
    elif fact.state == "answered":
        if not call.partner_line:
            call.ring = _seconds(call.alerting.get(fact.leg, now), now)
        call.partner, call.partner_line = fact.party, fact.line


def _close(call: _Open, entry: Entry, fact: facts.CallEnded) -> Cdr:
    now, at = (entry.now, entry.at) if call.cut is None or call.cut_at is None else (call.cut, call.cut_at)
    talk = call.talk + (now - call.talking_since if call.talking_since is not None else 0.0)
    start = call.offered
    return Cdr(
        seq=entry.seq, call=start.call, direction=start.direction, line=start.line, calling=start.calling,
        called=start.called, name=start.name, destination=call.destination, queue=call.queue, agent=call.agent,
        partner=call.partner, partner_line=call.partner_line,
        started_at=call.at, answered_at=call.answered_at, ended_at=at,
        wait=round(call.wait, 3), ring=call.ring, talk=round(talk, 3), duration=_seconds(call.now, now),
        billable=_seconds(call.answered_now, now) if call.answered_at is not None else 0.0,
        disposition=_disposition(call, fact, talk), cause=fact.cause, ended_by=fact.by, transfers=call.transfers,
        recordings=tuple(call.recordings), variables=call.variables)


def _disposition(call: _Open, fact: facts.CallEnded, talk: float) -> str:
    if fact.by == INTERRUPTED:
        return "INTERRUPTED"
    if call.abandoned and not talk:
        return "ABANDONED"
    if call.answered_at is not None:
        return "ANSWERED"
    if fact.cause == Cause.BUSY:
        return "BUSY"
    return "NO ANSWER" if fact.cause in _UNANSWERED else "FAILED"


def _seconds(since: float, until: float) -> float:
    return round(max(0.0, until - since), 3)
