"""Channels as AMI's clients know them: one for each leg, with the names, numbers and states that tools parse.

`DAHDI/<channel>-1` for an analog line, `DAHDI/i<span>/<number>-<seq hex>` for a digital one; Uniqueid `<epoch>.<seq>`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.interfaces.ami.wire import Field

DOWN, DIALING, RING, RINGING, UP = 0, 3, 4, 5, 6
STATES: Mapping[int, str] = MappingProxyType({DOWN: "Down", DIALING: "Dialing", RING: "Ring", RINGING: "Ringing",
                                              UP: "Up"})
UNKNOWN = "<unknown>"
_STATE_OF = {"offered": RING, "seized": DOWN, "alerting": RINGING, "answered": UP}
_ANALOG = ("fxo", "fxs")
_LEG = re.compile(r"(?P<epoch>[0-9]+)\.[0-9]+-l(?:(?P<run>[0-9]+)\.)?(?P<number>[0-9]+)")
_CAUSES = {cause.words: cause for cause in Cause}


@dataclass(frozen=True, slots=True)
class Wire:
    """What a circuit's channels are called by: the channel of the card, its span, its kind, its telephone."""

    number: int
    span: int
    kind: str
    station: str = ""


@dataclass(slots=True)
class Channel:
    """One leg."""

    leg: str
    call: str
    circuit: str
    name: str
    uniqueid: str
    party: str  # who is on it
    incoming: bool
    state: int
    created: float  # loop clock
    number: str = ""
    called_name: str = ""
    connected: str = ""
    connected_name: str = ""
    language: str = "zh"
    context: str = "default"
    exten: str = "s"
    bridge: str = ""
    dialled: str = ""  # DialStatus once its dialling is over; "" while it is under way
    answered: float | None = None

    def block(self, prefix: str = "") -> list[Field]:
        """The fields that say what a channel is; `Dest` before those of a second party."""
        values = (("Channel", self.name), ("ChannelState", str(self.state)), ("ChannelStateDesc", STATES[self.state]),
                  ("CallerIDNum", self.number or UNKNOWN), ("CallerIDName", self.called_name or UNKNOWN),
                  ("ConnectedLineNum", self.connected or UNKNOWN),
                  ("ConnectedLineName", self.connected_name or UNKNOWN),
                  ("Language", self.language), ("AccountCode", ""), ("Context", self.context), ("Exten", self.exten),
                  ("Priority", "1"), ("Uniqueid", self.uniqueid), ("Linkedid", self.call))
        return [(f"{prefix}{name}", value) for name, value in values]


@dataclass(slots=True)
class Talk:
    """One call as channels see it."""

    offered: facts.CallOffered
    anchor: str = ""  # leg
    context: str = "default"
    exten: str = "s"
    application: str = ""
    data: str = ""
    bridges: int = 0  # made until now
    bridge: str = ""
    members: list[str] = field(default_factory=list)  # legs in it
    gone: dict[str, Channel] = field(default_factory=dict)  # legs that have left it: who transfers hangs up first


class Channels:
    """All channels alive, kept by facts."""

    def __init__(self, wires: Mapping[str, Wire]) -> None:
        self.wires = wires
        self.calls: dict[str, Talk] = {}
        self._legs: dict[str, Channel] = {}

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._legs.values())

    def get(self, leg: str) -> Channel | None:
        return self._legs.get(leg)

    def of(self, call: str) -> list[Channel]:
        return [channel for channel in self if channel.call == call]

    def anchor(self, call: str) -> Channel | None:
        """The call's own channel; if that has gone, the oldest that is left."""
        talk = self.calls.get(call)
        found = self._legs.get(talk.anchor) if talk is not None else None
        return found or next(iter(self.of(call)), None)

    def partner(self, channel: Channel) -> Channel | None:
        """Who hears it now."""
        talk = self.calls.get(channel.call)
        members = talk.members if talk is not None and channel.leg in talk.members else []
        return next((found for leg in members if leg != channel.leg and (found := self._legs.get(leg))), None)

    def begin(self, fact: facts.LegMoved, now: float) -> Channel:
        """A leg came to be."""
        talk = self.calls.get(fact.call)
        offered = talk.offered if talk is not None else facts.CallOffered(fact.call, fact.line, "out", "", "", "")
        first = talk is not None and not talk.anchor
        if talk is not None and first:
            talk.anchor = fact.leg
        channel = Channel(fact.leg, fact.call, fact.line, self._name(fact), fact.call if first else _uniqueid(fact.leg),
                          fact.party, fact.state == "offered", _STATE_OF.get(fact.state, DOWN), now)
        if first:
            channel.number = offered.calling if channel.incoming else fact.party
            channel.called_name = offered.name
            channel.connected = "" if channel.incoming else offered.called
            channel.exten = offered.called or "s"
        else:
            channel.number, channel.exten = fact.party, fact.party or "s"
            channel.connected, channel.connected_name = offered.calling, offered.name
        self._legs[fact.leg] = channel
        return channel

    def move(self, channel: Channel, state: str) -> None:
        channel.state = _STATE_OF.get(state, channel.state)

    def end(self, leg: str) -> None:
        channel = self._legs.pop(leg, None)
        if channel is not None and channel.call in self.calls:
            self.calls[channel.call].gone[leg] = channel

    def last(self, call: str, leg: str) -> Channel | None:
        """A leg of a call, also one that has left it."""
        talk = self.calls.get(call)
        return self._legs.get(leg) or (talk.gone.get(leg) if talk is not None else None)

    def find(self, written: str) -> Channel | None:
        """A channel by its name, its Uniqueid, its line, or its telephone: as a client may have learnt it, also from
        `agi_channel` or the file of CDRs.
        """
        if not written:
            return None
        lower = written.lower()
        return next((channel for channel in self if lower in self._names(channel)), None)

    def _names(self, channel: Channel) -> Sequence[str]:
        wire = self.wires.get(channel.circuit)
        names = [channel.name, channel.uniqueid, channel.leg, channel.circuit, f"DAHDI/{channel.circuit}-1",
                 f"{channel.circuit}-{channel.call.rpartition('.')[2]}"]
        if wire is not None and wire.kind in _ANALOG:
            names.append(f"DAHDI/{wire.number}")
        if wire is not None and wire.station:
            names += [f"DAHDI/{wire.station}", f"SIP/{wire.station}", f"PJSIP/{wire.station}"]
        return [name.lower() for name in names]

    def _name(self, fact: facts.LegMoved) -> str:
        wire = self.wires.get(fact.line)
        if wire is None:
            return f"DAHDI/{fact.line}-1"
        if wire.kind in _ANALOG:
            return f"DAHDI/{wire.number}-1"
        found = _LEG.fullmatch(fact.leg)
        return f"DAHDI/i{wire.span}/{fact.party}-{int(found['number']) if found else 0:x}"


def _uniqueid(leg: str) -> str:
    """`1795319743.000001-l5` → `1795319743.100000005`: nine digits, where a call's own have six."""
    found = _LEG.fullmatch(leg)
    return f"{found['run'] or found['epoch']}.1{int(found['number']):08d}" if found else leg


def cause_of(why: str) -> Cause:
    """What a leg's end was, from its words."""
    if why in _CAUSES:
        return _CAUSES[why]
    return Cause.BUSY if "busy" in why else Cause.NORMAL
