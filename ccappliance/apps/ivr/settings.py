"""What a technician writes of a flow: nodes of many kinds, joined by the names of the nodes that follow."""

from collections.abc import Mapping
from dataclasses import dataclass

from ccappliance.apps.ivr.nodes.asking import Menu
from ccappliance.apps.ivr.nodes.collecting import Collect
from ccappliance.apps.ivr.nodes.deciding import Branch, Language, Loop, Schedule, Set
from ccappliance.apps.ivr.nodes.directory import Directory
from ccappliance.apps.ivr.nodes.fetching import Http, Lookup
from ccappliance.apps.ivr.nodes.leaving import Hangup, Queue, Transfer
from ccappliance.apps.ivr.nodes.message import Record
from ccappliance.apps.ivr.nodes.script import Agi
from ccappliance.apps.ivr.nodes.subflow import Return, Subflow
from ccappliance.apps.ivr.nodes.telling import Play, Say
from ccappliance.config.keys import key, required

AnyNode = (  # one line for each module of nodes/
    Play | Say
    | Menu
    | Collect
    | Directory
    | Language | Branch | Set | Schedule | Loop
    | Subflow | Return
    | Lookup | Http
    | Agi
    | Record
    | Queue | Transfer | Hangup
)


@dataclass(frozen=True, kw_only=True)
class FlowSettings:
    """A flow: what a caller hears and can do before (or instead of) speaking with a person."""

    start: str = required(doc="The node a call enters first.")
    language: str = key("", doc="Language calls begin with; empty: the one they have.")
    on_error: str = key("", doc="Destination of a call whose node failed, after an apology; empty: it is cleared.")
    parameters: tuple[str, ...] = key((), doc="Of a sub-flow: variables that the calling node gives (with).")
    nodes: Mapping[str, AnyNode] = required(doc="The nodes by name: small letters, digits and _.")
