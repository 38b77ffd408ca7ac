"""Facts of callbacks, and of what a person decided in place of the rules."""

from dataclasses import dataclass, field

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class CallbackPromised(Fact):
    """A caller may hang up: an entry of this name keeps his place. Exactly one CallbackEnded follows."""

    callback: str  # the `call` of its QueueEntered and OfferMade
    call: str  # in which it was promised
    queue: str
    number: str
    name: str
    language: str
    entered_at: str  # wall clock, UTC: when he first began to wait
    order_class: int  # besides the queue's, as `boost`
    boost: float
    require: str
    low: float | None  # s from now within which he was told to be called; None: he was told nothing
    high: float | None
    variables: dict[str, str] = field(default_factory=dict)  # of the call


@dataclass(frozen=True, slots=True)
class CallbackTried(Fact):
    """The customer is being dialled. CallbackMissed or CallbackEnded follows."""

    callback: str
    call: str  # the one he is dialled in
    queue: str
    agent: str
    number: str
    attempt: int  # from 1; one that was broken off does not count, and its number is used again


@dataclass(frozen=True, slots=True)
class CallbackMissed(Fact):
    """He was not reached."""

    callback: str
    call: str
    outcome: str  # busy no_answer congestion unallocated hung_up not_confirmed failed interrupted; broken_off no_line
    attempts: int  # that count, so far
    again_at: str  # wall clock, UTC: not tried again before; "": as soon as an agent is free


@dataclass(frozen=True, slots=True)
class CallbackEnded(Fact):
    """Exactly one for every CallbackPromised."""

    callback: str
    call: str  # in which he was reached; ""
    queue: str
    number: str
    outcome: str  # reached gave_up expired withdrawn replaced
    why: str
    waited: float  # s since the promise
    low: float | None
    high: float | None
    attempts: int
    by: str  # who decided it; "": the rules


@dataclass(frozen=True, slots=True)
class Intervened(Fact):
    """A person has decided something in place of the rules; what follows from it is told by the facts after it."""

    verb: str  # "move", "assign", "prioritise", "pull", "strategy", "pause", "ready", "logout", "skills", "release"
    call: str  # "" if it is about none; so are queue and agent
    queue: str
    agent: str
    what: str  # to what: a queue, a destination, "class 2, boost 60 s", a strategy, a reason, "now", levels of skills
    by: str
    why: str
