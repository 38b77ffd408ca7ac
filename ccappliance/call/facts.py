"""The facts of the house: everything that changes state, each written once to the journal before it is acted on.

A fact is a frozen dataclass; its class name is its kind in the journal, its fields are strings, numbers, booleans,
None, or lists and mappings of them. Past participles. `call`, `leg`, `agent`, `queue` are ids, never objects.
Readers (CDR, statistics, feeds, digests) know facts only from here; docs/journal.md explains each (tests/test_docs.py).
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from ccappliance.call.fact import Fact as Fact
from ccappliance.call.facts_recording import RecordingArchived as RecordingArchived
from ccappliance.call.facts_recording import RecordingEnded as RecordingEnded
from ccappliance.call.facts_recording import RecordingPaused as RecordingPaused
from ccappliance.call.facts_recording import RecordingRecovered as RecordingRecovered
from ccappliance.call.facts_recording import RecordingResumed as RecordingResumed
from ccappliance.call.facts_recording import RecordingStarted as RecordingStarted
from ccappliance.call.facts_recording import SegmentsRecovered as SegmentsRecovered

# ---- the daemon ----


@dataclass(frozen=True, slots=True)
class DaemonStarted(Fact):
    version: str
    site: str
    timezone: str = ""  # IANA name: at whose midnight counts begin anew


@dataclass(frozen=True, slots=True)
class DaemonStopped(Fact):
    why: str


@dataclass(frozen=True, slots=True)
class ConfigApplied(Fact):
    changes: list[str]  # dotted keys that changed; empty at start
    by: str  # "start", "SIGHUP", "cli:root"


@dataclass(frozen=True, slots=True)
class AlarmRaised(Fact):
    alarm: str  # stable code: "no_battery", "left_off_hook", "disk_full", "late_ticks", "invariant", …
    subject: str  # what it is about: "fxo/1", "recordings", "queue:sales"
    words: str


@dataclass(frozen=True, slots=True)
class AlarmCleared(Fact):
    alarm: str
    subject: str


# ---- calls and legs ----


@dataclass(frozen=True, slots=True)
class CallOffered(Fact):
    """A call began. Exactly one CallEnded follows."""

    call: str
    line: str  # circuit name
    direction: str  # "in" from the exchange, "internal" from a station, "out" originated by us
    called: str
    calling: str
    name: str


@dataclass(frozen=True, slots=True)
class CallClassified(Fact):
    """What is known of the caller; routes, flows and queues go by it. Written once, after CallOffered."""

    call: str
    number: str  # +8613800138000; "" withheld
    kind: str  # "mobile", "fixed", "short", "free", "station", "international", "unknown", "withheld"
    region: str  # 广东深圳
    carrier: str  # 移动 联通 电信 广电
    vip: str  # class of the VIP list
    language: str  # known of him or his line; "": the site's
    site: str  # where the line is
    order_class: int  # added to every queue's
    boost: float
    label: str


@dataclass(frozen=True, slots=True)
class CallRouted(Fact):
    call: str
    destination: str
    rule: str  # "routes[2]" or "transfer by 8001", "queue sales: max_wait"


@dataclass(frozen=True, slots=True)
class CallAnswered(Fact):
    """The anchor leg's voice path is open for the first time."""

    call: str


@dataclass(frozen=True, slots=True)
class CallEnded(Fact):
    call: str
    cause: int  # Q.850
    by: str  # "caller", "callee", "us", "interrupted"


@dataclass(frozen=True, slots=True)
class LegMoved(Fact):
    """A leg came to be or changed its state: "" → offered/seized → alerting → answered → cleared → released."""

    call: str
    leg: str
    line: str
    party: str  # number of who is on it
    left: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class DigitPressed(Fact):
    call: str
    leg: str
    digit: str  # "?" in a secure node


@dataclass(frozen=True, slots=True)
class FlashPressed(Fact):
    call: str
    leg: str


@dataclass(frozen=True, slots=True)
class PromptStarted(Fact):
    call: str
    leg: str
    sounds: list[str]
    repeat: bool
    begin: float = 0.0  # seconds into them: music goes on where an announcement interrupted it


@dataclass(frozen=True, slots=True)
class PromptEnded(Fact):
    call: str
    leg: str
    completed: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Bridged(Fact):
    """These legs hear each other now (one: alone; none: the bridge is gone)."""

    call: str
    legs: list[str]


# ---- conversations and transfers ----


@dataclass(frozen=True, slots=True)
class ConversationStarted(Fact):
    call: str
    legs: list[str]
    parties: list[str]


@dataclass(frozen=True, slots=True)
class ConversationEnded(Fact):
    call: str
    by: str  # "caller", "callee", "transfer"
    seconds: float


@dataclass(frozen=True, slots=True)
class HoldChanged(Fact):
    call: str
    leg: str  # who hears the hold music
    held: bool


@dataclass(frozen=True, slots=True)
class TransferStarted(Fact):
    call: str
    by: str  # leg that transfers
    target: str  # what was dialled


@dataclass(frozen=True, slots=True)
class TransferEnded(Fact):
    call: str
    by: str
    target: str
    outcome: str  # "attended", "blind", "returned", "failed", "conference", "held_left", "abandoned" (the call ended)


@dataclass(frozen=True, slots=True)
class SupervisionStarted(Fact):
    """A supervisor's telephone hears this call's conversation from now on."""

    call: str  # whose conversation
    leg: str  # the supervisor's, of a call of his own
    station: str
    mode: str  # "monitor" (nobody hears him), "whisper" (the agent does), "barge" (everybody does)
    by: str


@dataclass(frozen=True, slots=True)
class SupervisionChanged(Fact):
    call: str
    leg: str
    mode: str  # as above, or "takeover": he has the agent's place


@dataclass(frozen=True, slots=True)
class SupervisionEnded(Fact):
    call: str
    leg: str
    why: str  # "hung up", "conversation over", "interrupted" (power cut, kill)
    seconds: float


# ---- IVR ----


@dataclass(frozen=True, slots=True)
class FlowEntered(Fact):
    call: str
    flow: str


@dataclass(frozen=True, slots=True)
class NodeEntered(Fact):
    call: str
    flow: str
    node: str


@dataclass(frozen=True, slots=True)
class InputCollected(Fact):
    call: str
    node: str
    digits: str  # "?" repeated in a secure node
    reason: str  # "complete", "terminator", "timeout", "invalid"


# ---- ACD ----


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


# ---- callbacks ----


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


def _all_kinds() -> dict[str, type[Fact]]:
    return {kind.__name__: kind for kind in Fact.__subclasses__()}


class Kinds:
    """The registry: a journal line's kind → its class."""

    BY_NAME: ClassVar[dict[str, type[Fact]]] = _all_kinds()
