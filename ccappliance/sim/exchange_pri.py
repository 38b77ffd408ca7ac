"""The exchange's end of an ISDN span: the same signalling from its other side, each B channel a line there."""

import asyncio
from collections.abc import Sequence

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.drivers.simulated_span import SpanEnd
from ccappliance.media.ports import Media, Sound
from ccappliance.media.tones import Zone
from ccappliance.signalling.pri import PriCircuit
from ccappliance.signalling.pri_build import build_span
from ccappliance.signalling.pri_settings import PriSettings
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_line import LineState
from ccappliance.sim.exchange_trunk import ExchangeTrunk
from ccappliance.site import PriLine

OTHER_SIDE = {"user": "network", "network": "user"}
OTHER_OVERLAP = {"none": "none", "receive": "send", "send": "receive", "both": "both"}


class ExchangeBearer(ExchangeTrunk[PriCircuit]):
    """One B channel: the exchange plays tones, and can say something before it gives the cause."""

    def hear_tone(self, name: str) -> None:
        super().hear_tone(name)
        self.port.tone(self._zone.tone(name))

    def talk(self) -> None:
        self.port.silence()
        super().talk()

    def announce(self, sounds: Sequence[Sound], tone: str) -> None:
        """Its call came to nothing: these words say why, in-band, and then the cause."""
        self.connection = None
        self._state = LineState.CLEARED
        self.circuit.progress(cause=Cause.UNALLOCATED)
        self.port.play(sounds).on_end(lambda said: self._leave(Cause.UNALLOCATED) if said.completed else None)


class ExchangeSpan:
    """The exchange's end of one span: whoever calls one of its numbers gets a channel, lowest first."""

    def __init__(self, name: str, line: PriLine, end: SpanEnd, exchange: Exchange, *, media: Media, zone: Zone,
                 clock: Clock, loop: asyncio.AbstractEventLoop, stepped: bool) -> None:
        near = line.signalling
        self._exchange = exchange
        settings = PriSettings(side=OTHER_SIDE[near.side], switch=near.switch, overlap=OTHER_OVERLAP[near.overlap],
                               restart=False, t309=near.t309, tones=True)
        self.bearers = {slot: ExchangeBearer(exchange, zone) for slot in line.bearers}
        channels = {slot: end.bearers[number] for slot, number in line.bearers.items()}
        by_circuit = {f"exchange/{name}/{slot}": bearer for slot, bearer in self.bearers.items()}
        self.span = build_span(
            f"exchange/{name}", channels, end.data, settings, zone, exchange, port=media.port,
            hears=lambda circuit: by_circuit[circuit].hear,
            tell=lambda alarm, words: None, owned=lambda circuit: by_circuit[circuit].state is not LineState.IDLE,
            clock=clock, loop=loop, stepped=stepped)
        self.span.on_transfer = self._transfer
        for slot, circuit in self.span.circuits.items():
            self.bearers[slot].take(circuit)
        for number in line.numbers:
            for slot in sorted(self.bearers):
                exchange.join(number, self.bearers[slot])

    def close(self) -> None:
        self.span.close()

    def _transfer(self, one: PriCircuit, other: PriCircuit) -> bool:
        """The house asks us to join two of its calls (ECT): the far parties talk, and both channels are free."""
        first, second = self.bearers[one.slot], self.bearers[other.slot]
        if not self._exchange.transfer(first, second):
            return False
        for bearer in (first, second):
            bearer.sign_disconnect()
        return True
