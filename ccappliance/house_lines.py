"""The lines of the house: a circuit for every voice path of the configuration, on its channel of the card."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from ccappliance.base.clock import Outside
from ccappliance.base.dialplan import Match
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.journal import Journal
from ccappliance.call.routes import Routes
from ccappliance.call.switch import Switch
from ccappliance.drivers.api import Channel, Driver
from ccappliance.media.ports import Media
from ccappliance.media.settings import learned_zone
from ccappliance.media.tones import Zone
from ccappliance.signalling.cas_build import build_cas
from ccappliance.signalling.cas_span import CasSpan
from ccappliance.signalling.fxo import FxoCircuit
from ccappliance.signalling.fxs import FxsCircuit
from ccappliance.signalling.pri_build import build_span
from ccappliance.signalling.pri_span import PriSpan
from ccappliance.site import EmLine, FxoLine, Line, PriLine, R2Line, Site, occupied


class Ground(Protocol):
    """What the lines need of the house's surroundings."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...
    @property
    def outside(self) -> Outside: ...
    @property
    def zone(self) -> Zone: ...
    @property
    def media(self) -> Media: ...
    @property
    def driver(self) -> Driver: ...
    @property
    def threaded(self) -> bool: ...


class LiveDialPlan:
    """What telephones may dial now: a reload of the routes changes it under the circuits that ask it."""

    def __init__(self) -> None:
        self.routes: Routes | None = None

    def match(self, digits: str) -> Match:
        return self.routes.dialplan.match(digits) if self.routes is not None else Match.IMPOSSIBLE


class LiveNumbers:
    """What callers may dial to reach us: the same routes, seen from outside (for numbers that come in parts)."""

    def __init__(self, dialplan: LiveDialPlan) -> None:
        self._dialplan = dialplan

    def match(self, digits: str) -> Match:
        routes = self._dialplan.routes
        return routes.incoming.match(digits) if routes is not None else Match.IMPOSSIBLE


class Lines:
    """All circuits, made once: a reload cannot change them."""

    def __init__(self, site: Site, around: Ground, switch: Switch, journal: Journal) -> None:
        self._site = site
        self._around = around
        self._switch = switch
        self._journal = journal
        self._timezone = ZoneInfo(site.system.timezone)
        self.dialplan = LiveDialPlan()
        self.dialplan.routes = switch.routes
        self.spans: dict[str, PriSpan] = {}  # by line name
        self.wires: dict[str, Channel] = {}  # by circuit name
        self.line_of: dict[str, str] = {}  # by circuit name: the name of its line in the configuration

    def install(self) -> None:
        """Every line of the configuration. Refused("no_channel") if the card has not what it asks for."""
        self._switch.joins = self.joins
        channels = {channel.number: channel for channel in self._around.driver.channels()}
        for name, line in sorted(self._site.lines.items(), key=lambda item: item[1].channel):
            self._install(name, line, channels)

    def _install(self, name: str, line: Line, channels: Mapping[int, Channel]) -> None:
        for number in occupied(line):
            if number not in channels and not (isinstance(line, PriLine) and number == line.dchannel):
                raise Refused("no_channel", f"lines.{name}: the card has no channel {number}; "
                              f"it has {', '.join(map(str, sorted(channels))) or 'none'}")
        if isinstance(line, PriLine):
            self._install_span(name, line, channels)
            return
        if isinstance(line, R2Line | EmLine):
            self._install_cas(name, line, channels)
            return
        around, channel = self._around, channels[line.channel]
        self.wires[name] = channel
        self.line_of[name] = name
        tones = self._site.tones.get(line.tones) if isinstance(line, FxoLine) else None
        port = around.media.port(name, channel.wire,
                                 line.sound.treatment(learned_zone(around.zone, tones) if tones else None))
        if isinstance(line, FxoLine):
            self._switch.add(FxoCircuit(name, channel, port, line.signalling, around.zone, clock=around.outside.clock,
                                       loop=around.loop, hear=self._switch.hears(name)))
        else:
            self._switch.add(FxsCircuit(name, channel, port, line.signalling, around.zone, self.dialplan,
                                       number=line.station, timezone=self._timezone, clock=around.outside.clock,
                                       loop=around.loop, hear=self._switch.hears(name)), station=line.station)

    def _install_span(self, name: str, line: PriLine, channels: Mapping[int, Channel]) -> None:
        around = self._around
        data = next((one for one in around.driver.data_channels() if one.number == line.dchannel), None)
        if data is None:
            raise Refused("no_channel", f"lines.{name}.dchannel: the card has no D channel {line.dchannel}")
        bearers = {slot: channels[number] for slot, number in line.bearers.items()}
        span = build_span(name, bearers, data, line.signalling, around.zone, LiveNumbers(self.dialplan),
                          port=lambda circuit, wire: around.media.port(circuit, wire, line.sound.treatment()),
                          hears=self._switch.hears, clock=around.outside.clock, loop=around.loop,
                          stepped=not around.threaded, owned=self._owned,
                          tell=lambda alarm, words: self._span_alarm(name, alarm, words))
        self.spans[name] = span
        for slot, circuit in span.circuits.items():
            self.wires[circuit.name] = bearers[slot]
            self.line_of[circuit.name] = name
            self._switch.add(circuit)

    def _install_cas(self, name: str, line: R2Line | EmLine, channels: Mapping[int, Channel]) -> None:
        around = self._around
        span = CasSpan(lambda alarm, words: self._span_alarm(name, alarm, words))
        for slot, number in sorted(line.bearers.items()):
            circuit = f"{name}/{slot}"
            self.wires[circuit] = channels[number]
            self.line_of[circuit] = name
            port = around.media.port(circuit, channels[number].wire, line.sound.treatment())
            self._switch.add(build_cas(circuit, channels[number], port, line.signalling, line.variant, around.zone,
                                      LiveNumbers(self.dialplan), clock=around.outside.clock, loop=around.loop,
                                      hear=span.hears(circuit, self._switch.hears(circuit))))

    def joins(self, one: str, other: str) -> Coroutine[Any, Any, None] | None:
        """Ask the exchange to join the calls on two circuits: of one ISDN span that is set to transfer. Else None."""
        span = self.spans.get(self.line_of.get(one, ""))
        if span is None or not span.settings.transfer or self.line_of.get(other) != self.line_of.get(one):
            return None
        by_name = {circuit.name: circuit for circuit in span.circuits.values()}
        return span.transfer(by_name[one], by_name[other])

    def _owned(self, circuit: str) -> bool:
        leg = self._switch.leg_on(circuit)
        return leg is not None and not leg.is_gone

    def _span_alarm(self, span: str, alarm: str, words: str | None) -> None:
        self._journal.write(facts.AlarmRaised(alarm, span, words) if words is not None
                           else facts.AlarmCleared(alarm, span))
