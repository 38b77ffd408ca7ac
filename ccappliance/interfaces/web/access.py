"""Who may do what: scopes, the roles that have them, and what "his own" means. Deny by default."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ccappliance.base.errors import Refused

# scope → what it allows, for people who make tokens
SCOPES: Mapping[str, str] = {
    "floor:read": "follow the floor as one picture: figures, who waits, agents and calls",
    "status:read": "see the box at a glance, and its alarms",
    "lines:read": "see spans, channels and ISDN",
    "lines:trace": "follow what is said on a D channel",
    "calls:read": "see the calls alive",
    "calls:write": "originate, end and mark calls",
    "calls:listen": "monitor, whisper, barge and take over",
    "history:read": "find calls that are over, and have them explained",
    "agents:read": "see agents and their states",
    "agents:write": "log agents in and out, pause them, change their skills",
    "queues:read": "see queues and their figures",
    "queues:entries": "see who waits in a queue",
    "queues:write": "move, assign, prioritise and pull those who wait; change music and strategy",
    "callbacks:read": "see callbacks",
    "callbacks:write": "cancel callbacks, or try them at once",
    "customers:read": "see customers, and whose number one is",
    "customers:card": "make and change cards, write notes, open and solve tickets",
    "customers:erase": "erase a customer for good",
    "recordings:read": "see which recordings there are",
    "recordings:play": "hear recordings",
    "recordings:write": "begin, pause, resume and end a recording",
    "recordings:export": "take recordings away",
    "recordings:hold": "keep recordings from being deleted, and let them go",
    "recordings:delete": "delete recordings before their time",
    "voicemail:read": "see messages",
    "voicemail:write": "play messages to a telephone, and delete them",
    "prompts:write": "play prompts to a telephone",
    "reports:read": "read reports",
    "journal:read": "read the whole journal",
    "audit:read": "have figures and decisions recomputed",
    "config:read": "see the configuration, its plan and its history",
    "config:write": "apply and restore configurations",
    "backups:write": "make a backup into the configured folder",
    "users:read": "see users, sessions and tokens",
    "users:write": "add, change and remove users, sessions and tokens",
}
OWN = "own"  # not a scope: an agent's right to what is his; the route says how that is known

_AGENT = frozenset({OWN, "agents:read", "queues:read", "customers:read", "customers:card"})
_SUPERVISOR = _AGENT | {"floor:read", "status:read", "lines:read", "calls:read", "calls:write", "calls:listen",
                        "history:read", "agents:write", "queues:entries", "queues:write", "callbacks:read",
                        "callbacks:write", "recordings:read", "recordings:play", "recordings:write",
                        "recordings:export", "recordings:hold", "voicemail:read", "voicemail:write", "prompts:write",
                        "reports:read"}
ROLES: Mapping[str, frozenset[str]] = {
    "agent": _AGENT,
    "supervisor": frozenset(_SUPERVISOR),
    "auditor": frozenset({OWN, "floor:read", "status:read", "calls:read", "history:read", "agents:read",
                          "queues:read", "queues:entries", "callbacks:read", "customers:read", "recordings:read",
                          "recordings:play", "reports:read", "journal:read", "audit:read", "config:read",
                          "users:read"}),
    "technician": frozenset({OWN, "status:read", "lines:read", "lines:trace", "agents:read", "queues:read",
                             "prompts:write", "config:read", "config:write"}),
    "admin": frozenset({OWN, *SCOPES}),
}
NOT_FOR_TOKENS = frozenset({"users:write"})  # a stolen token must not make another way in


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: a user in a session, or a token."""

    name: str  # of the user, or the token
    by: str  # as facts have it: "web:NAME", "token:ID"
    role: str  # "" of a token
    agent: str  # his number, "" if he is none
    scopes: frozenset[str]
    address: str
    session: str = ""  # public name of his session; "" of a token
    csrf: str = ""  # what unsafe requests of his session must show


class Owned(Protocol):
    """What the house knows of whose something is."""

    def agent_of_call(self, call: str) -> str:
        """The agent a call alive is with or rings at; "": none."""
        ...

    def station_of_agent(self, agent: str) -> str:
        """Where he sits now, or would; "": nowhere."""
        ...


class Rule(Protocol):
    """What of a route decides."""

    @property
    def scope(self) -> str: ...

    @property
    def own(self) -> str: ...


def permit(visitor: Visitor, rule: Rule, params: Mapping[str, Any], owned: Owned) -> None:
    """Refused("forbidden") unless this visitor may do this with these parameters. "" as scope: whoever is known."""
    if not rule.scope or rule.scope in visitor.scopes:
        return
    if could_own(visitor, rule) and _is_own(visitor, rule.own, params, owned):
        return
    its = f", or it must be your own {rule.own}" if could_own(visitor, rule) else ""
    raise Refused("forbidden", f"this needs the right {rule.scope!r}{its}; an administrator can give it")


def could_own(visitor: Visitor, rule: Rule) -> bool:
    """Is there anything of this kind that might be his? Only the parameters can tell."""
    return OWN in visitor.scopes and bool(visitor.session if rule.own == "user" else rule.own and visitor.agent)


def _is_own(visitor: Visitor, own: str, params: Mapping[str, Any], owned: Owned) -> bool:
    if own == "user":
        return bool(visitor.session) and params.get("user") == visitor.name
    if own == "agent":
        return params.get("agent") == visitor.agent
    if own == "call":
        return owned.agent_of_call(str(params.get("call", ""))) == visitor.agent
    station = owned.station_of_agent(visitor.agent)
    return own == "station" and bool(station) and params.get("station") == station
