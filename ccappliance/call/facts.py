"""The facts of the house: everything that changes state, each written once to the journal before it is acted on.

A fact is a frozen dataclass; its class name is its kind in the journal, its fields are strings, numbers, booleans,
None, or lists and mappings of them. Past participles. `call`, `leg`, `agent`, `queue` are ids, never objects.
Readers (CDR, statistics, feeds, digests) know facts only from here; docs/journal.md explains each (tests/test_docs.py).
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fact:
    """Root of all facts."""

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _field_names(type(self))}


_NAMES: dict[type, tuple[str, ...]] = {}


def _field_names(kind: type) -> tuple[str, ...]:
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = tuple(f.name for f in fields(kind))
    return names


# ---- the daemon ----


@dataclass(frozen=True, slots=True)
class DaemonStarted(Fact):
    version: str
    site: str


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


@dataclass(frozen=True, slots=True)
class QueueApplied(Fact):
    """What the matcher knows of a queue from now on: with it every decision can be made again from the journal."""

    queue: str
    strategy: str
    seats: list[dict[str, Any]]  # in order: {agent, tier, weight, skills}
    why: str  # "configuration", or who changed the strategy


@dataclass(frozen=True, slots=True)
class QueueAnnounced(Fact):
    call: str
    queue: str
    position: int


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


@dataclass(frozen=True, slots=True)
class OfferEnded(Fact):
    offer: str
    call: str
    agent: str
    outcome: str  # "answered", "no_answer", "caller_gone", "lost" (another won), "busy", "fault", "withdrawn"
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


# ---- recording ----


@dataclass(frozen=True, slots=True)
class RecordingStarted(Fact):
    call: str
    recording: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class RecordingEnded(Fact):
    call: str
    recording: str
    path: str
    seconds: float
    lost: float  # seconds replaced by silence
    state: str  # "complete", "failed"


def _all_kinds() -> dict[str, type[Fact]]:
    return {kind.__name__: kind for kind in Fact.__subclasses__()}


class Kinds:
    """The registry: a journal line's kind → its class."""

    BY_NAME: ClassVar[dict[str, type[Fact]]] = _all_kinds()
