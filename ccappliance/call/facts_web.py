"""Facts of the web door: who came in, who was sent away, what was asked from where, and changes of accounts."""

from dataclasses import dataclass, field

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class SignedIn(Fact):
    user: str
    role: str
    address: str  # where from
    session: str  # its public name: the session cannot be used with it


@dataclass(frozen=True, slots=True)
class SignInRefused(Fact):
    user: str  # as it was written, cut to a name's length; such a user need not exist
    address: str
    why: str  # "wrong", "disabled", "throttled", "code"
    wait: float  # seconds until the next attempt is looked at


@dataclass(frozen=True, slots=True)
class SignedOut(Fact):
    user: str
    session: str
    why: str  # "asked", "idle", "expired", "revoked", "account"


@dataclass(frozen=True, slots=True)
class AccountChanged(Fact):
    user: str
    what: str  # "added", "role", "agent", "disabled", "enabled", "password", "code", "removed"
    value: str  # of a role or agent; never a secret
    by: str


@dataclass(frozen=True, slots=True)
class TokenChanged(Fact):
    token: str  # its public name
    name: str
    what: str  # "made", "revoked"
    by: str
    scopes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WebAsked(Fact):
    """Something was asked through the web that changes something, or that must be accounted for."""

    by: str  # "web:NAME", "token:ID"
    address: str
    operation: str
    about: dict[str, str]  # its parameters, shortened; secrets are left out
    outcome: str  # "ok", or the code of the refusal
