"""Who may be told which facts: by the subject of a fact and the rights of a role, or because it is one's own."""

from collections.abc import Collection, Mapping

from ccappliance.call import facts
from ccappliance.call.facts import Fact, Kinds
from ccappliance.interfaces.web.access import OWN, Visitor

# module of a kind → the right to be told it. What is not here (a new subject) only who may read the whole journal.
_RIGHTS: Mapping[str, str] = {
    "facts_calls": "calls:read", "facts_ivr": "calls:read", "facts_conference": "calls:read",
    "facts_queue": "queues:entries", "facts_callbacks": "callbacks:read", "facts_recording": "recordings:read",
    "facts_keeping": "recordings:read", "facts_customers": "history:read",
    "facts_voicemail": "voicemail:read", "facts_daemon": "status:read", "facts_web": "users:read",
    "facts_outside": "journal:read"}
# What everybody who is signed in may know, whatever the subject: the state of the house itself.
_FOR_ALL = frozenset({"DaemonStarted", "DaemonStopped", "ConfigApplied"})
# A page names everybody and everything, and is long; it is for programs that make decisions again.
_JOURNAL_ONLY = frozenset({"DayBegan"})
# What an agent is told of himself and of the call he has; not who listens to him, and not what others were doing.
_OWN = frozenset({
    "AgentMoved", "MembershipChanged", "DispositionSet", "OfferEnded", "QueueLeft", "CallAnswered", "CallClassified",
    "CallEnded", "CallNoted", "CallTagged", "LegMoved", "HoldChanged", "TransferStarted", "TransferEnded",
    "ConversationStarted", "ConversationEnded", "VariableSet", "InputCollected", "RecordingStarted", "RecordingEnded",
    "RecordingPaused", "RecordingResumed", "CallbackTried", "CallbackMissed", "CallbackEnded"})
_HAS = frozenset({"reserved", "ringing", "talking", "hold", "wrapup"})  # states in which an agent has his call


def right_for(kind: type[Fact]) -> str:
    """The right that lets one be told facts of this kind."""
    if kind.__name__ in _JOURNAL_ONLY:
        return "journal:read"
    return _RIGHTS.get(kind.__module__.rpartition(".")[2], "journal:read")


def kinds_for(scopes: Collection[str], wanted: Collection[str]) -> frozenset[str]:
    """Names of the kinds that somebody with these rights is told, of those wanted (none named: of all)."""
    return frozenset(
        name for name, kind in Kinds.BY_NAME.items()
        if (not wanted or name in wanted)
        and (name in _FOR_ALL or "journal:read" in scopes or right_for(kind) in scopes))


def own_kinds(visitor: Visitor, wanted: Collection[str]) -> frozenset[str]:
    """Kinds an agent is told because they are about him or his call; none for who is no agent."""
    if not visitor.agent or OWN not in visitor.scopes:
        return frozenset()
    return frozenset(name for name in _OWN if not wanted or name in wanted)


class Concerned:
    """Which agents a fact is about: the one it names, and those who have the call it tells of."""

    def __init__(self) -> None:
        self._having: dict[str, dict[str, None]] = {}  # call → agents
        self._call_of: dict[str, str] = {}

    def know(self, agent: str, call: str) -> None:
        """He has this call now; "": none."""
        former = self._call_of.pop(agent, "")
        if former:
            self._having.get(former, {}).pop(agent, None)
            if not self._having.get(former, True):
                del self._having[former]
        if call:
            self._call_of[agent] = call
            self._having.setdefault(call, {})[agent] = None

    def agents(self, fact: Fact) -> list[str]:
        if type(fact).__name__ not in _OWN:
            return []
        named, call = getattr(fact, "agent", ""), getattr(fact, "call", "")
        concerned = dict.fromkeys(self._having.get(call, ()))
        if named:
            concerned[named] = None
        if isinstance(fact, facts.AgentMoved):
            self.know(fact.agent, fact.call if fact.state in _HAS else "")
        return list(concerned)
