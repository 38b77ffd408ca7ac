"""Puts the circuit of one channel with signalling bits together, whichever of the two its settings are for."""

import asyncio

from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import Dials
from ccappliance.drivers.api import Channel
from ccappliance.media.ports import MediaPort
from ccappliance.signalling.circuit import Zone
from ccappliance.signalling.em import EmCircuit
from ccappliance.signalling.em_settings import EmSettings
from ccappliance.signalling.r2 import R2Circuit
from ccappliance.signalling.r2_settings import R2Settings
from ccappliance.signalling.r2_variants import VARIANTS
from ccappliance.signalling.signals import Hear


def build_cas(name: str, channel: Channel, port: MediaPort, settings: R2Settings | EmSettings, variant: str, zone: Zone,
              numbers: Dials, *, clock: Clock, loop: asyncio.AbstractEventLoop, hear: Hear) -> R2Circuit | EmCircuit:
    """`variant`: of R2, a name in VARIANTS. `numbers`: what callers may dial to reach us."""
    if isinstance(settings, R2Settings):
        return R2Circuit(name, channel, port, VARIANTS[variant], settings, zone, numbers, clock=clock, loop=loop,
                         hear=hear)
    return EmCircuit(name, channel, port, settings, zone, numbers, clock=clock, loop=loop, hear=hear)
