"""Facts of flows: where a call is, by which way it came, what the caller entered."""

from dataclasses import dataclass

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class FlowEntered(Fact):
    call: str
    flow: str


@dataclass(frozen=True, slots=True)
class NodeEntered(Fact):
    call: str
    flow: str
    node: str
    way: str = ""  # key of the edge by which it came from the node before ("keys.1"); "" at the flow's start


@dataclass(frozen=True, slots=True)
class FlowLeft(Fact):
    """The flow is done with the call. Of a caller who hangs up inside, CallEnded tells."""

    call: str
    flow: str
    node: str  # the last one
    way: str  # key of the edge by which it left; "" when the node ended the call
    to: str  # the destination; "" when the call is over


@dataclass(frozen=True, slots=True)
class SubflowEntered(Fact):
    """The call goes through another flow and will come back."""

    call: str
    flow: str
    node: str  # the subflow node
    subflow: str


@dataclass(frozen=True, slots=True)
class SubflowLeft(Fact):
    call: str
    subflow: str
    node: str  # the last one in there
    way: str  # key of the edge by which it led the call away; "" if it came back
    result: str  # of its return node; "" if it did not come back
    to: str  # the destination it led to; "" if it came back, or the call is over


@dataclass(frozen=True, slots=True)
class SpeechHeard(Fact):
    """What a recogniser made of a caller's words in a menu."""

    call: str
    node: str
    outcome: str  # "matched", "unsure", "too_long", "cancelled", "failed"
    text: str  # the likeliest phrase, also of "unsure"
    intent: str  # the key it stands for
    confidence: float  # 0 to 1
    seconds: float  # from the beginning of listening to the answer
    why: str  # of "failed"


@dataclass(frozen=True, slots=True)
class InputCollected(Fact):
    call: str
    node: str
    digits: str  # "?" repeated in a secure node
    reason: str  # "complete", "terminator", "timeout", "invalid", "rejected", "spoken", "unsure"
