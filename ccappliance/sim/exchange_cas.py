"""The exchange's end of a span with signalling bits (R2, E&M): the same circuits from their other side."""

import asyncio
from dataclasses import replace

from ccappliance.base.clock import Clock
from ccappliance.drivers.simulated_cas import CasChannel
from ccappliance.drivers.simulated_span import CableEnd
from ccappliance.media.ports import Media
from ccappliance.media.tones import Zone
from ccappliance.signalling.cas_build import build_cas
from ccappliance.signalling.em import EmCircuit
from ccappliance.signalling.r2 import R2Circuit
from ccappliance.signalling.r2_settings import R2Settings
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_trunk import ExchangeTrunk
from ccappliance.site import EmLine, R2Line


class ExchangeCas:
    """Whoever calls one of the span's numbers gets a channel, lowest first; R2 asks who calls from there."""

    def __init__(self, name: str, line: R2Line | EmLine, end: CableEnd[CasChannel], exchange: Exchange, *, media: Media,
                 zone: Zone, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.trunks: dict[int, ExchangeTrunk[R2Circuit | EmCircuit]] = {}
        for slot, number in sorted(line.bearers.items()):
            trunk = self.trunks[slot] = ExchangeTrunk(exchange, zone)
            circuit, channel = f"exchange/{name}/{slot}", end.bearers[number]
            port = media.port(circuit, channel.wire)
            settings = R2Settings() if isinstance(line, R2Line) else replace(line.signalling, digits=0)
            trunk.take(build_cas(circuit, channel, port, settings, line.variant, zone, exchange, clock=clock, loop=loop,
                                 hear=trunk.hear))
            for called in line.numbers:
                exchange.join(called, trunk)
