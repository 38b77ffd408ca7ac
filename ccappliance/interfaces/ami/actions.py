"""All of AMI's actions in one table; what is not in it is answered as Asterisk answers what it does not know."""

from collections.abc import Mapping
from types import MappingProxyType

from ccappliance.interfaces.ami.action import Action, Client, action
from ccappliance.interfaces.ami.actions_calls import CALL_ACTIONS
from ccappliance.interfaces.ami.actions_queues import QUEUE_ACTIONS
from ccappliance.interfaces.ami.actions_system import SYSTEM_ACTIONS
from ccappliance.interfaces.ami.command import COMMAND
from ccappliance.interfaces.ami.desk import Desk
from ccappliance.interfaces.ami.messages import Answer, success
from ccappliance.interfaces.ami.wire import Asked

_OF_THE_SESSION = (("Challenge", "", "Generate Challenge for MD5 Auth."), ("Events", "", "Control Event Flow."),
                   ("Filter", "system", "Dynamically add filters for the current manager session."),
                   ("Login", "", "Login Manager."), ("Logoff", "", "Logoff Manager."))


def list_commands(desk: Desk, client: Client, asked: Asked) -> Answer:
    every = {one.name: one.line for one in ACTIONS.values()}
    every |= {name: action(name, privileges, list_commands, synopsis).line for name, privileges, synopsis in
              _OF_THE_SESSION}
    return success("", *sorted(every.items(), key=lambda one: one[0].lower()))


ACTIONS: Mapping[str, Action] = MappingProxyType({one.name.lower(): one for one in (
    *CALL_ACTIONS, *QUEUE_ACTIONS, *SYSTEM_ACTIONS, COMMAND,
    action("ListCommands", "", list_commands, "List available manager commands."))})
