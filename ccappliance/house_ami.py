"""AMI's server of a house: its ear follows the journal from now on, so build it before the house opens."""

from collections.abc import Callable

from ccappliance.house import House
from ccappliance.interfaces.ami.actions import ACTIONS
from ccappliance.interfaces.ami.channels import Wire
from ccappliance.interfaces.ami.desk import Desk
from ccappliance.interfaces.ami.events import Ear
from ccappliance.interfaces.ami.messages import Event
from ccappliance.interfaces.ami.server import AmiServer
from ccappliance.interfaces.control.view import HouseView
from ccappliance.site import FxsLine


def ami_server(house: House, view: Callable[[], HouseView], uptime: Callable[[], float]) -> AmiServer:
    """Not started. A house that does not listen has no ear either."""
    sessions: list[AmiServer] = []

    def tell(event: Event) -> None:
        for server in sessions:
            server.tell(event)

    wires: dict[str, Wire] = {}
    for name, circuit in house.switch.circuits.items():
        line, channel = house.site.lines[house.lines.line_of[name]], house.lines.wires[name]
        station = line.station if isinstance(line, FxsLine) else ""
        wires[name] = Wire(channel.number, channel.span, circuit.kind, station)
    outside = house.around.outside
    ear = Ear(wires, {number: agent.name for number, agent in house.site.agents.items()}, house.timezone, tell)
    if house.site.ami.enabled:
        house.journal.follow(ear.hear)
    desk = Desk(view, house.switch, house.acd, house.scripts.database, ear, outside.clock)
    server = AmiServer(lambda: house.site.ami, desk, ACTIONS, outside, uptime)
    sessions.append(server)
    return server
