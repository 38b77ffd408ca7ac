"""What a call knows of its recording: who decides whether there is one, what the caller is told, and what is asked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.collect import Collect
from ccappliance.call.leg import Leg, LegState

if TYPE_CHECKING:
    from ccappliance.call.call import Call

YES, NO, ON_DEMAND = "yes", "no", "on demand"
REFUSAL_WITHIN = 2.0  # s after the announcement in which the caller may press the key: nobody waits longer for a queue


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule may ask of a conversation, before it begins."""

    direction: str  # as in CallOffered
    calling: tuple[str, ...]  # as it came, and in its one form
    called: tuple[str, ...]
    line: str
    queue: str
    agent: str | None  # None: nobody knows yet who will answer; "" nobody's
    asked: str  # why the queue, station or flow wants it recorded; "" it does not


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a conversation is recorded."""

    record: str  # YES, NO, ON_DEMAND
    rule: str = ""
    why: str = ""
    announce: str = ""  # the prompt that tells the caller
    refuse_key: str = ""  # by which he may say no
    least: float = 0.0  # days
    days: float = 0.0


class RecordingPolicy(Protocol):
    """Who decides: apps/recording/rules.py."""

    def judge(self, subject: Subject, lots: dict[str, float]) -> Verdict:
        """`lots`: what was drawn for this call so far, by rule; a call draws once from each."""
        ...


class AsAsked:
    """Without rules: what queues, stations and flows say."""

    def judge(self, subject: Subject, lots: dict[str, float]) -> Verdict:
        return Verdict(YES if subject.asked else ON_DEMAND, "", subject.asked or "nobody has asked for it")


class Recorded:
    """A call's side of it. One continuous recording through all conversations; where a rule says no, it is silent."""

    def __init__(self, call: "Call") -> None:
        self._call = call
        self._lots: dict[str, float] = {}
        self._told: dict[str, None] = {}  # announcements he has heard
        self._refused = False  # by the caller
        self._verdict: Verdict | None = None  # of the conversation under way
        self._subject: Subject | None = None
        self._leg: Leg | None = None
        self._hushed = ""  # for whose sake this conversation is silent
        self._demanded = False

    async def tell(self, asked: str, queue: str = "") -> None:
        """Tell a caller from outside, once, that he may be recorded, if the rules say so; he may say no by a key."""
        call = self._call
        if call.direction != "in":
            return
        verdict = self._judge(asked, queue, None)
        if verdict.record == NO or not verdict.announce or verdict.announce in self._told:
            return
        self._told[verdict.announce] = None
        sounds = [call.switch.sounds.get(verdict.announce, call.language)]
        if not verdict.refuse_key:
            await call.play(sounds)
            return
        answer = await call.collect(Collect(terminator="", first=REFUSAL_WITHIN), sounds)
        self._refused = answer.digits == verdict.refuse_key

    def begin(self, asked: str, leg: Leg, queue: str, agent: str) -> None:
        """A conversation begins; `leg` is the customer's."""
        call, self._leg = self._call, leg
        verdict = self._verdict = self._judge(asked, queue, agent)
        self._write(verdict, queue, agent)
        if verdict.record == NO and call.is_recorded:
            self._hushed = f"rule {verdict.rule}" if verdict.rule else verdict.why
            call.switch.recorder.pause(call.id, self._hushed)
        elif verdict.record == YES:
            call.record(asked or f"rule {verdict.rule}", leg)

    def over(self) -> None:
        """It is over: the call may go on to another."""
        self._verdict = None
        if self._hushed:
            hushed, self._hushed = self._hushed, ""
            self._call.switch.recorder.resume(self._call.id, hushed)

    def demand(self, by: str) -> None:
        """Record from now on. Refused: no_conversation, never_recorded, recorded_already."""
        call, verdict = self._call, self._verdict
        if verdict is None or self._subject is None or self._leg is None:
            raise Refused("no_conversation", f"call {call.id} is in no conversation: record it when somebody talks")
        if verdict.record == NO:
            raise Refused("never_recorded", f"call {call.id} must not be recorded: {verdict.why}")
        if call.is_recorded:
            raise Refused("recorded_already", f"call {call.id} is being recorded already")
        self._write(Verdict(YES, verdict.rule, f"asked for by {by}", least=verdict.least, days=verdict.days),
                    self._subject.queue, self._subject.agent or "")
        self._demanded = True
        call.record(f"on demand by {by}", None if self._leg.is_gone else self._leg)

    def release(self, by: str) -> None:
        """Stop what was asked for. Refused: not_recorded, must_be_recorded."""
        call = self._call
        if not call.is_recorded:
            raise Refused("not_recorded", f"call {call.id} is not being recorded")
        if not self._demanded:
            raise Refused("must_be_recorded", f"the recording of call {call.id} was not begun on demand: pause it with "
                                              "`ccappliance recordings pause`")
        self._demanded = False
        call.stop_recording()
        if self._verdict is not None and self._subject is not None:
            self._write(Verdict(ON_DEMAND, self._verdict.rule, f"stopped by {by}"), self._subject.queue,
                        self._subject.agent or "")

    def toggle(self, leg: Leg) -> None:
        """The record key at a telephone: begin or stop, and say which; nothing, where it may not be asked for."""
        call = self._call
        if self._verdict is None or (self._verdict.record != ON_DEMAND and not self._demanded):
            return
        if call.is_recorded:
            self.release(leg.party.number)
        else:
            self.demand(leg.party.number)
        if leg.state is LegState.ANSWERED:
            name = "recording_on" if call.is_recorded else "recording_off"
            leg.start([call.switch.sounds.get(name, call.language)], over=True)

    # ---- inside ----

    def _judge(self, asked: str, queue: str, agent: str | None) -> Verdict:
        call, known = self._call, self._call.caller.number.normal
        calling = tuple(dict.fromkeys(number for number in (call.calling, known) if number))
        self._subject = Subject(call.direction, calling, (call.called,), call.line, queue, agent, asked)
        verdict = call.switch.policy.judge(self._subject, self._lots)
        return Verdict(NO, verdict.rule, "the caller does not want it") if self._refused else verdict

    def _write(self, verdict: Verdict, queue: str, agent: str) -> None:
        self._call.switch.journal.write(facts.RecordingDecided(
            self._call.id, verdict.record, verdict.rule, verdict.why, queue, agent, verdict.least, verdict.days))
