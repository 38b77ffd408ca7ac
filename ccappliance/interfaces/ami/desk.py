"""What AMI's actions work with: the house as every door sees it, its calls, and the channels that clients name."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ccappliance.apps.acd.acd import Acd
from ccappliance.apps.ivr.agi.database import AgiDatabase
from ccappliance.apps.ivr.agi.names import variable_name
from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.call.call import Call
from ccappliance.call.leg import Leg
from ccappliance.call.switch import Switch
from ccappliance.interfaces.ami.channels import Channel
from ccappliance.interfaces.ami.events import Ear
from ccappliance.interfaces.control.view import HouseView

NO_CHANNEL = "No such channel"
LONGEST_TIMEOUT = 86_400  # s of AbsoluteTimeout
_DIALLED = re.compile(r"[0-9A-D*#]{1,32}")
_APPLICATIONS = {"queue": "queue", "confbridge": "conference", "voicemail": "voicemail", "voicemailmain": "mailbox",
                 "goto": "flow", "ivr": "flow"}  # what Originate may start: the kind of destination it is here


@dataclass(frozen=True, slots=True)
class Target:
    """Whom Originate rings: a station of ours, or a number by a trunk group."""

    station: str = ""
    group: str = ""
    number: str = ""


class Desk:
    """One house."""

    def __init__(self, view: Callable[[], HouseView], switch: Switch, acd: Acd, database: AgiDatabase, ear: Ear,
                 clock: Clock) -> None:
        self._view = view
        self.switch = switch
        self.acd = acd
        self.database = database
        self.ear = ear
        self.clock = clock
        self._timeouts: dict[str, asyncio.TimerHandle] = {}  # by leg

    @property
    def view(self) -> HouseView:
        return self._view()

    def known(self, call: str) -> Mapping[str, str]:
        """A call's variables."""
        alive = self.switch.calls.get(call)
        return alive.known if alive is not None else {}

    # ---- channels ----

    def channel(self, written: str) -> Channel:
        """Refused("no_channel")."""
        found = self.ear.channels.find(written)
        if found is None:
            raise Refused("no_channel", NO_CHANNEL)
        return found

    def leg(self, written: str) -> Leg:
        """Refused("no_channel")."""
        channel = self.channel(written)
        leg = self.switch.leg_on(channel.circuit)
        if leg is None or leg.id != channel.leg or leg.is_gone:
            raise Refused("no_channel", NO_CHANNEL)
        return leg

    def call(self, written: str) -> Call:
        """Refused("no_channel")."""
        return self.leg(written).call

    def hang_up(self, leg: Leg, cause: int, by: str) -> None:
        leg.clear(Cause.of(cause) if cause > 0 else Cause.NORMAL, f"hung up by {by}")

    def limit(self, leg: Leg, seconds: int) -> None:
        """The leg ends after so long; 0: no more."""
        before = self._timeouts.pop(leg.id, None)
        if before is not None:
            before.cancel()
        if seconds > 0:
            self._timeouts[leg.id] = asyncio.get_running_loop().call_later(
                min(seconds, LONGEST_TIMEOUT), leg.clear, Cause.NORMAL, "AbsoluteTimeout")
            leg.on_gone(lambda gone: self.limit(gone, 0))

    # ---- where calls go ----

    def destination(self, context: str, exten: str) -> str:
        """A context that is a kind of destination (queue, flow, station, …) takes the extension as its argument; in any
        other the extension is dialled as from a telephone. Refused("no_extension").
        """
        kind = context.strip().lower()
        if kind in self.switch.destinations.kinds():
            to = kind if kind == "hangup" and exten in ("", "s") else f"{kind}:{exten}"
        else:
            to = self.switch.routes.from_station(exten) or ""
        try:
            self.switch.destinations.find(to)
        except Refused:
            raise Refused("no_extension", "Extension does not exist.") from None
        return to

    def application(self, name: str, data: str) -> str:
        """What Originate's Application is here, as a destination. Refused("no_application")."""
        first = data.partition(",")[0]
        match name.strip().lower():
            case "hangup":
                return "hangup"
            case "playback":
                return f"prompt:{self.switch.language}/{first}"
            case "dial":
                return self.destination("", re.split(r"[/@&]", first.partition("/")[2] or first)[0])
            case known if known in _APPLICATIONS:
                return self.destination(_APPLICATIONS[known], first)
        raise Refused("no_application", f"{name} is no application here: Queue, Playback, Dial, ConfBridge, VoiceMail, "
                                        "Goto (a flow), Hangup")

    def send(self, leg: Leg, to: str, by: str) -> None:
        """A call goes elsewhere, wherever it is. Refused: not_its_own, not_now, turned_away."""
        call = leg.call
        if leg is not call.anchor:
            raise Refused("not_its_own", "Redirect failed: this channel was called; redirect the one that called it")
        waits = any(row["call"] == call.id for queue in self.acd.queues() for row in self.acd.entries(queue["queue"]))
        if waits:
            self.view.supervisor.pull(call.id, to, by, "redirected")
        else:
            self.switch.send(call.id, to, by)

    def transfer(self, leg: Leg, to: str, by: str) -> None:
        """The party of this leg leaves, and the other one goes there. Refused("not_talking")."""
        conversation = leg.call.conversation
        if conversation is None or leg not in conversation.parties:
            raise Refused("not_talking", "No call to transfer: this channel talks to nobody")
        if leg is leg.call.anchor:
            raise Refused("not_now", "Transfer failed: the caller is this channel; redirect it instead")
        conversation.send(to, leg)

    def consult(self, leg: Leg, number: str) -> None:
        """As if he had flashed and dialled: the other party is held meanwhile. Refused: not_talking, bad_number."""
        conversation = leg.call.conversation
        if conversation is None or leg not in conversation.parties or not leg.is_station:
            raise Refused("not_talking", "Atxfer failed: this channel is no telephone that talks to somebody")
        if _DIALLED.fullmatch(number) is None:
            raise Refused("bad_number", "Atxfer failed: the extension can't be dialled")
        conversation.tell("flash", leg)
        for digit in number:
            conversation.tell(f"digit {digit}", leg)

    def target(self, written: str) -> Target:
        """`DAHDI/8001`, `Local/8001@any`, `Agent/1001`, `DAHDI/g1/13800138000`, `DAHDI/pstn/13800138000`.

        Refused("no_target").
        """
        technology, _, rest = written.partition("/")
        parts = [part for part in rest.split("@")[0].split("/") if part] or [written]
        if len(parts) == 2:
            return Target(group=self._group(parts[0]), number=parts[1])
        if technology.lower() == "agent":
            return Target(station=self.view.agent(parts[0])["station"])
        wires = self.ear.channels.wires.values()
        station = parts[0] if self.switch.has_station(parts[0]) else next(
            (wire.station for wire in wires if wire.station and str(wire.number) == parts[0].partition("-")[0]), "")
        if not station:
            raise Refused("no_target", f"{written} is no telephone of this house")
        return Target(station=station)

    def _group(self, written: str) -> str:
        names = list(self.switch.groups)
        if written in names:
            return written
        number = written[1:]
        if written[:1] in "gGrR" and number.isascii() and number.isdigit() and 1 <= int(number) <= len(names):
            return names[int(number) - 1]
        raise Refused("no_target", f"there is no trunk group {written}; there are: {', '.join(names)}")

    # ---- agents ----

    def agent(self, interface: str) -> str:
        """`Agent/1001`, or the telephone he sits at. Refused("no_agent")."""
        technology, _, rest = interface.partition("/")
        number = (rest or technology).partition("@")[0].partition("/")[0]
        rows = self.view.agents()
        found = next((row["number"] for row in rows if row["number"] == number), "")
        if technology.lower() != "agent" and not found:
            found = next((row["number"] for row in rows if row["station"] == number), "")
        if not found:
            raise Refused("no_agent", "Interface not found")
        return found


def assignments(written: Iterable[str]) -> dict[str, str]:
    """`Variable: a=1` or `a=1,b=2`, as often as wanted, under the names flows know."""
    found: dict[str, str] = {}
    for line in written:
        for one in line.split(","):
            name, sign, value = one.partition("=")
            if sign:
                found[variable_name(name)] = value
    return found
