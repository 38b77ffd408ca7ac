"""The exchange's end of a span with MFC/R2: the same circuits from their other side."""

import asyncio

from ccappliance.base.clock import Clock
from ccappliance.drivers.simulated_cas import CasChannel
from ccappliance.drivers.simulated_span import CableEnd
from ccappliance.media.ports import Media
from ccappliance.media.tones import Zone
from ccappliance.signalling.r2 import R2Circuit
from ccappliance.signalling.r2_settings import R2Settings
from ccappliance.signalling.r2_variants import VARIANTS
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_trunk import ExchangeTrunk
from ccappliance.site import R2Line


class ExchangeR2:
    """Whoever calls one of the span's numbers gets a channel, lowest first; who calls from there is asked."""

    def __init__(self, name: str, line: R2Line, end: CableEnd[CasChannel], exchange: Exchange, *, media: Media,
                 zone: Zone, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        settings = R2Settings()
        self.trunks: dict[int, ExchangeTrunk[R2Circuit]] = {}
        for slot, number in sorted(line.bearers.items()):
            trunk = self.trunks[slot] = ExchangeTrunk(exchange, zone)
            circuit, channel = f"exchange/{name}/{slot}", end.bearers[number]
            trunk.take(R2Circuit(circuit, channel, media.port(circuit, channel.wire), VARIANTS[line.variant], settings,
                                 zone, exchange, clock=clock, loop=loop, hear=trunk.hear))
            for called in line.numbers:
                exchange.join(called, trunk)
