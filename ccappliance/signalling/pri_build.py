"""Puts an ISDN span together: its D channel, its circuits, and the helper between them."""

import asyncio
from collections.abc import Callable, Mapping

from ccappliance.base.clock import Clock
from ccappliance.base.dialplan import Dials
from ccappliance.drivers.api import Channel, DataChannel
from ccappliance.media.ports import MediaPort, WireEnd
from ccappliance.signalling.circuit import Zone
from ccappliance.signalling.pri import PriCircuit
from ccappliance.signalling.pri_helper import PipedHelper, SteppedHelper
from ccappliance.signalling.pri_settings import PriSettings
from ccappliance.signalling.pri_span import PriSpan, Tell
from ccappliance.signalling.signals import Hear


def build_span(name: str, bearers: Mapping[int, Channel], data: DataChannel, settings: PriSettings, zone: Zone,
               numbers: Dials, *, port: Callable[[str, WireEnd], MediaPort], hears: Callable[[str], Hear],
               tell: Tell, owned: Callable[[str], bool], clock: Clock, loop: asyncio.AbstractEventLoop,
               stepped: bool) -> PriSpan:
    """A span whose circuits are named `name/slot`; `bearers` by time slot.

    `hears(circuit)` is who hears its signals, `tell` who hears what hinders the whole span. `stepped`: time is virtual.
    """
    span = PriSpan(name, data, settings, numbers, clock=clock, loop=loop,
                   make=SteppedHelper if stepped else PipedHelper, tell=tell, owned=owned)
    circuits = []
    for slot, channel in sorted(bearers.items()):
        circuit = f"{name}/{slot}"
        circuits.append(PriCircuit(circuit, slot, channel, port(circuit, channel.wire), settings, zone, span,
                                   clock=clock, loop=loop, hear=hears(circuit)))
    span.join(circuits)
    return span
