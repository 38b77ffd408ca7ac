"""Facts of calls and legs, of what they hear, and of conversations."""

from dataclasses import dataclass

from ccappliance.call.fact import Fact

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
    by: str  # "caller", "callee", "us", "interrupted", "exchange" (it has joined the parties: HandedOver)


@dataclass(frozen=True, slots=True)
class CallNoted(Fact):
    """Somebody has written something to a call, alive or over."""

    call: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class CallTagged(Fact):
    """A call has this tag from now on, or has it no more."""

    call: str
    by: str
    tag: str
    on: bool


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
class LegProgressed(Fact):
    """Who is called can be heard before he answers: ringback, or an announcement of his network."""

    call: str
    leg: str


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
    by: str  # "caller", "callee", "transfer", "exchange"
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
class HandedOver(Fact):
    """The exchange has joined the two parties of these legs itself, and their channels are free (ECT, TBCT)."""

    call: str
    legs: list[str]


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
