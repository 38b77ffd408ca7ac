"""Facts of what flows ask of the world outside: sources of data, webhooks, scripts."""

from dataclasses import dataclass

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class SourceAsked(Fact):
    """A flow has looked something up. What was found is in the call's variables."""

    call: str
    node: str
    source: str
    outcome: str  # "found", "missing", "failed", "timeout"
    why: str  # of a failure, for people
    seconds: float


@dataclass(frozen=True, slots=True)
class WebhookEnded(Fact):
    """A webhook was delivered, or nobody tries any more. The call may be over by then."""

    call: str
    node: str
    delivery: str  # its name, which the receiver was told: the same in every attempt
    outcome: str  # "ok", "refused" (an answer that will not change), "failed" (tried often enough), "dropped"
    status: int  # of the last answer; 0: none
    tries: int
    why: str  # of a failure, for people
    seconds: float


@dataclass(frozen=True, slots=True)
class ScriptStarted(Fact):
    """An AGI script has this call now."""

    call: str
    node: str
    script: str  # "balance.py", "agi://host:4573/balance"


@dataclass(frozen=True, slots=True)
class ScriptEnded(Fact):
    """The script is done with the call, or the call with the script."""

    call: str
    node: str
    script: str
    outcome: str  # "done", "failed", "hangup" (the script's), "gone" (the caller is), "timeout"
    commands: int
    why: str  # of a failure, for people
    seconds: float
