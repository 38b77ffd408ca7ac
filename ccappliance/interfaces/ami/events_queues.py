"""Facts of queues and agents as AMI's events, and the members of queues as AMI's clients know them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ccappliance.call import facts
from ccappliance.interfaces.ami.channels import Channels
from ccappliance.interfaces.ami.messages import Event, flag
from ccappliance.interfaces.ami.wire import Field

NOT_IN_USE, IN_USE, BUSY, UNAVAILABLE, RINGING, ON_HOLD = 1, 2, 3, 5, 6, 8  # device states
_DEVICE = {"logged_out": UNAVAILABLE, "ready": NOT_IN_USE, "reserved": RINGING, "ringing": RINGING, "talking": IN_USE,
           "hold": ON_HOLD, "wrapup": BUSY, "paused": NOT_IN_USE, "line_fault": UNAVAILABLE}
_GIVEN_UP = ("abandoned", "short_abandoned")
_RANG_OUT = ("no_answer", "busy", "fault", "caller_gone", "withdrawn")


@dataclass(slots=True)
class Member:
    """One agent. Times are epochs, 0: never."""

    agent: str
    name: str
    state: str = "logged_out"
    reason: str = ""
    station: str = ""
    login: int = 0
    pause: int = 0
    last: int = 0  # when his last call ended
    taken: dict[str, int] = field(default_factory=dict)  # by queue, since start

    @property
    def device(self) -> int:
        return _DEVICE.get(self.state, 0)

    @property
    def interface(self) -> str:
        return f"Agent/{self.agent}"

    def fields(self, queue: str, penalty: int, wrapup: int) -> list[Field]:
        """From Membership on, as QueueMember and the QueueMember… events have them."""
        return [("Membership", "static"), ("Penalty", str(penalty)), ("CallsTaken", str(self.taken.get(queue, 0))),
                ("LastCall", str(self.last)), ("LastPause", str(self.pause)), ("LoginTime", str(self.login)),
                ("InCall", flag(self.state in ("talking", "hold"))), ("Status", str(self.device)),
                ("Paused", flag(self.state == "paused")), ("PausedReason", self.reason), ("Ringinuse", "0"),
                ("Wrapuptime", str(wrapup))]


@dataclass(slots=True)
class _Stay:
    """A call in a queue, and then with its agent."""

    queue: str
    position: int
    agent: str = ""
    hold: float = 0.0
    rang: float = 0.0
    dest: list[Field] = field(default_factory=list)  # his channel, as it was last


class QueueEvents:
    """A fold: facts in order → events. `channels` must have heard the fact before."""

    def __init__(self, channels: Channels, names: dict[str, str]) -> None:
        """`names`: of agents."""
        self._channels = channels
        self._names = names
        self._members: dict[str, Member] = {}
        self.seats: dict[str, dict[str, int]] = {}  # queue → agent → tier
        self._stays: dict[str, _Stay] = {}
        self._offers: dict[str, facts.OfferMade] = {}
        self._count: dict[str, int] = {}

    def member(self, agent: str) -> Member:
        if agent not in self._members:
            self._members[agent] = Member(agent, self._names.get(agent, "") or agent)
        return self._members[agent]

    def hear(self, fact: facts.Fact, epoch: int) -> Iterator[Event]:
        match fact:
            case facts.DaemonStarted():
                self._members.clear()
                self._count.clear()
            case facts.QueueApplied():
                yield from self._applied(fact)
            case facts.QueueEntered():
                yield from self._entered(fact)
            case facts.QueueLeft():
                yield from self._left(fact)
            case facts.OfferMade():
                self._offers[fact.offer] = fact
            case facts.OfferEnded():
                yield from self._offer_ended(fact)
            case facts.LegMoved() if not fact.left:
                yield from self._called(fact)
            case facts.LegMoved() | facts.ConversationStarted():
                self._remember(fact.call)
            case facts.ConversationEnded():
                yield from self._complete(fact, epoch)
            case facts.AgentMoved():
                yield from self._moved(fact, epoch)
            case facts.CallEnded():
                self._stays.pop(fact.call, None)

    # ---- calls ----

    def _entered(self, fact: facts.QueueEntered) -> Iterator[Event]:
        self._count[fact.queue] = self._count.get(fact.queue, 0) + 1
        self._stays[fact.call] = _Stay(fact.queue, fact.position)
        yield from self._caller(fact.call, "QueueCallerJoin", [
            ("Queue", fact.queue), ("Position", str(fact.position)), ("Count", str(self._count[fact.queue]))])

    def _left(self, fact: facts.QueueLeft) -> Iterator[Event]:
        self._count[fact.queue] = count = max(0, self._count.get(fact.queue, 1) - 1)
        stay = self._stays.get(fact.call)
        queue = ("Queue", fact.queue)
        if fact.outcome in _GIVEN_UP:
            began = stay.position if stay is not None else fact.position
            yield from self._caller(fact.call, "QueueCallerAbandon", [
                queue, ("Position", str(fact.position)), ("OriginalPosition", str(began)),
                ("HoldTime", str(int(fact.waited)))])
        yield from self._caller(fact.call, "QueueCallerLeave", [queue, ("Position", str(fact.position)),
                                                                ("Count", str(count))])
        if stay is None:
            return
        if fact.outcome != "answered":
            del self._stays[fact.call]
            return
        stay.agent, stay.hold = fact.agent, fact.waited
        self._remember(fact.call)
        yield from self._caller(fact.call, "AgentConnect", [
            *stay.dest, queue, *self._who(fact.agent), ("HoldTime", str(int(fact.waited))),
            ("RingTime", str(int(stay.rang)))])

    def _called(self, fact: facts.LegMoved) -> Iterator[Event]:
        """The leg of an offer came to be."""
        for offer in self._offers.values():
            channel = self._channels.get(fact.leg)
            if offer.call == fact.call and offer.station == fact.party and channel is not None and offer.queue:
                stay = self._stays.get(fact.call)
                if stay is not None:
                    stay.dest = channel.block("Dest")
                yield from self._caller(fact.call, "AgentCalled", [
                    *channel.block("Dest"), ("Queue", offer.queue), *self._who(offer.agent)])

    def _offer_ended(self, fact: facts.OfferEnded) -> Iterator[Event]:
        offer = self._offers.pop(fact.offer, None)
        stay = self._stays.get(fact.call)
        if fact.outcome == "answered" and stay is not None:
            stay.rang = fact.rang
        elif fact.outcome in _RANG_OUT and offer is not None and offer.queue:
            dest = next((channel.block("Dest") for channel in self._channels.of(fact.call)
                         if channel.party == offer.station), stay.dest if stay is not None else [])
            yield from self._caller(fact.call, "AgentRingNoAnswer", [
                *dest, ("Queue", offer.queue), *self._who(fact.agent), ("RingTime", str(round(fact.rang * 1000)))])

    def _complete(self, fact: facts.ConversationEnded, epoch: int) -> Iterator[Event]:
        stay = self._stays.get(fact.call)
        if stay is None or not stay.agent:
            return
        del self._stays[fact.call]
        member = self.member(stay.agent)
        member.taken[stay.queue] = member.taken.get(stay.queue, 0) + 1
        member.last = epoch
        reason = {"caller": "caller", "callee": "agent"}.get(fact.by, "transfer")
        yield from self._caller(fact.call, "AgentComplete", [
            *stay.dest, ("Queue", stay.queue), *self._who(stay.agent), ("HoldTime", str(int(stay.hold))),
            ("TalkTime", str(int(fact.seconds))), ("Reason", reason)])

    def _remember(self, call: str) -> None:
        """The agent's channel may be gone when its conversation is told to be over."""
        stay = self._stays.get(call)
        station = self.member(stay.agent).station if stay is not None and stay.agent else ""
        for channel in self._channels.of(call) if stay is not None and station else ():
            if stay is not None and channel.party == station:
                stay.dest = channel.block("Dest")

    def _caller(self, call: str, name: str, more: list[Field]) -> Iterator[Event]:
        """With the caller's channel; a promise to call back has none."""
        channel = self._channels.anchor(call)
        yield Event(name, "agent", [*(channel.block() if channel is not None else ()), *more], call)

    def _who(self, agent: str) -> list[Field]:
        member = self.member(agent)
        return [("Interface", member.interface), ("MemberName", member.name)]

    # ---- agents ----

    def _moved(self, fact: facts.AgentMoved, epoch: int) -> Iterator[Event]:
        member = self.member(fact.agent)
        before = member.state
        member.state, member.station = fact.state, fact.station or member.station
        member.reason = fact.why.partition(" by ")[0] if fact.state == "paused" else ""
        if before == "logged_out" and fact.state != "logged_out":
            member.login = epoch
            yield Event("AgentLogin", "agent", [("Agent", fact.agent), ("Channel", f"DAHDI/{fact.station}"),
                                                ("Uniqueid", "")])
        elif before != "logged_out" and fact.state == "logged_out":
            seconds = str(max(0, epoch - member.login))
            yield Event("AgentLogoff", "agent", [("Agent", fact.agent), ("Logintime", seconds)])
        if "paused" in (before, fact.state) and before != fact.state:
            member.pause = epoch if fact.state == "paused" else member.pause
            yield from self._everywhere("QueueMemberPause", member)
        elif _DEVICE.get(before) != member.device:
            yield from self._everywhere("QueueMemberStatus", member)

    def _everywhere(self, name: str, member: Member) -> Iterator[Event]:
        for queue, seats in self.seats.items():
            if member.agent in seats:
                yield self._membership(name, member, queue, seats[member.agent])

    def _membership(self, name: str, member: Member, queue: str, tier: int) -> Event:
        return Event(name, "agent", [("Queue", queue), ("MemberName", member.name), ("Interface", member.interface),
                                     ("StateInterface", member.interface), *member.fields(queue, tier - 1, 0)])

    def _applied(self, fact: facts.QueueApplied) -> Iterator[Event]:
        """Who has come, gone, or changed his tier (Asterisk's penalty counts from 0)."""
        tiers = {seat["agent"]: seat["tier"] for seat in fact.seats}
        before = self.seats.get(fact.queue)
        self.seats[fact.queue] = tiers
        if before is None:
            return
        for agent, tier in tiers.items():
            if agent not in before:
                yield self._membership("QueueMemberAdded", self.member(agent), fact.queue, tier)
            elif before[agent] != tier:
                yield self._membership("QueueMemberPenalty", self.member(agent), fact.queue, tier)
        for agent, tier in before.items():
            if agent not in tiers:
                yield self._membership("QueueMemberRemoved", self.member(agent), fact.queue, tier)
