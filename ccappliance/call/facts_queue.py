"""Facts of queues, offers and agents."""

from dataclasses import dataclass, field
from typing import Any

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class QueueEntered(Fact):
    call: str
    queue: str
    position: int  # from 1
    entered: float  # the entry's enter time on the loop clock; survives transfers
    order_class: int
    boost: float
    kind: str = "call"  # "callback": a promise to call back, which stands in the caller's place
    require: str = ""  # skills asked for
    tier: int = 1  # seats up to this tier
    wanted: str = ""  # this agent alone
    tried: list[str] = field(default_factory=list)  # agents who did not answer the caller whose place it takes


ASKED_ALL = "asked all"  # `why` of an entry that nobody took: everybody may be asked again


@dataclass(frozen=True, slots=True)
class EntryChanged(Fact):
    """An entry has another place or may be taken by others than before; every field is as it is from now on."""

    call: str
    queue: str
    why: str  # "widened: waited 15 s", "relaxed: …", "wanted: …", "nobody attends", "assigned", "prioritised"
    order_class: int
    boost: float
    require: str
    tier: int
    wanted: str
    by: str  # who decided it; "": the rules
    rest: bool = False  # it keeps its place and nobody may take it now


@dataclass(frozen=True, slots=True)
class QueueApplied(Fact):
    """What the matcher knows of a queue from now on: with it every decision can be made again from the journal."""

    queue: str
    strategy: str
    seats: list[dict[str, Any]]  # in order: {agent, tier, weight, skills}
    why: str  # "configuration", or who changed the strategy
    ageing: bool = True  # whether entries stand by waiting time plus boost, or by boost, then time
    service_level: float = 0.0  # s within which a call should be answered


@dataclass(frozen=True, slots=True)
class QueueAnnounced(Fact):
    call: str
    queue: str
    position: int  # 0: not told
    least: float = 0.0  # seconds from now within which an agent was promised,
    most: float = 0.0  # to these; 0: no time was told
    expected: float = 0.0  # seconds from now, the mean of the estimate; 0: none was made
    callback: bool = False  # he was told how to be called back


@dataclass(frozen=True, slots=True)
class PlaylistChanged(Fact):
    """What waiting callers hear from now on, those who listen included."""

    queue: str
    kind: str  # "music", "messages"
    pieces: list[str]
    order: str  # "in-turn", "random"
    why: str  # "configuration", or who changed it


@dataclass(frozen=True, slots=True)
class QueueLeft(Fact):
    """Exactly one for every QueueEntered."""

    call: str
    queue: str
    outcome: str  # answered abandoned short_abandoned timed_out exit_key empty full closed callback_taken withdrawn
    waited: float
    position: int
    agent: str


@dataclass(frozen=True, slots=True)
class OfferMade(Fact):
    """The dispatcher chose. `excluded` says of every agent of the queue who was not chosen why: {agent: reason}."""

    offer: str
    call: str
    queue: str
    agent: str
    station: str
    rule: str
    excluded: dict[str, str]
    decided: float = 0.0  # loop clock of the decision: the rule's figures are of this moment


@dataclass(frozen=True, slots=True)
class OfferEnded(Fact):
    offer: str
    call: str
    agent: str
    outcome: str  # "answered", "no_answer", "caller_gone", "lost" (another won), "busy", "fault", "withdrawn",
    #               "not_reached" (the customer who was to be called back)
    rang: float


@dataclass(frozen=True, slots=True)
class AgentMoved(Fact):
    agent: str
    left: str
    state: str  # logged_out ready reserved ringing talking hold wrapup paused line_fault
    why: str
    call: str
    until: float | None  # loop clock; None: no deadline
    station: str


@dataclass(frozen=True, slots=True)
class DispositionSet(Fact):
    """What became of a call, as its agent says; a later one for the same call corrects it."""

    call: str
    agent: str
    queue: str
    disposition: str
    by: str


@dataclass(frozen=True, slots=True)
class MembershipChanged(Fact):
    """An agent has left one of his queues for a while, or is back."""

    agent: str
    queue: str
    present: bool
    by: str
