"""The exchange's end of an ISDN span: the same signalling from its other side, each B channel a line there."""

import asyncio
from collections.abc import Sequence

from ccappliance.base.causes import Cause
from ccappliance.base.clock import Clock
from ccappliance.drivers.simulated_span import SpanEnd
from ccappliance.media.ports import Media, Sound
from ccappliance.media.tones import Zone
from ccappliance.signalling import signals
from ccappliance.signalling.pri import PriCircuit
from ccappliance.signalling.pri_build import build_span
from ccappliance.signalling.pri_settings import PriSettings
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_line import CallerIdMessage, Connection, LineSettings, LineState
from ccappliance.site import PriLine

OTHER_SIDE = {"user": "network", "network": "user"}
OTHER_OVERLAP = {"none": "none", "receive": "send", "send": "receive", "both": "both"}
TONE_OF = {Cause.BUSY: "busy", Cause.NO_ANSWER: "busy", Cause.REJECTED: "busy"}  # all others: congestion


class ExchangeBearer:
    """One B channel, as the exchange sees it: a line that is called, and that calls."""

    def __init__(self, exchange: Exchange, zone: Zone) -> None:
        self.number = ""  # of who calls on it now
        self.name = ""
        self.settings = LineSettings()
        self.connection: Connection | None = None
        self._exchange = exchange
        self._zone = zone
        self._circuit: PriCircuit | None = None
        self._state = LineState.IDLE
        self._ringing = False  # ringback has begun: what comes now is no busy line

    def take(self, circuit: PriCircuit) -> None:
        self._circuit = circuit
        self.port = circuit.port

    @property
    def circuit(self) -> PriCircuit:
        assert self._circuit is not None
        return self._circuit

    @property
    def state(self) -> LineState:
        return self._state

    @property
    def free(self) -> bool:
        return self._state is LineState.IDLE and self.circuit.idle

    @property
    def works(self) -> bool:
        return self.circuit.blocked is None

    # ---- what calls ask of it ----

    def ring(self, connection: Connection, caller: CallerIdMessage) -> None:
        """Offer the call to what is at the far end; ISDN shows the caller in the same message."""
        self._state = LineState.RINGING
        self.connection = connection
        party = connection.caller
        self.circuit.withhold = party.settings.withheld
        self.circuit.seize(connection.number, party.number, party.name)

    def stop_ringing(self) -> None:
        self._leave(Cause.NORMAL)

    def hear_tone(self, name: str) -> None:
        if name == "ringback" and not self._ringing:
            self._ringing = True
            self.circuit.alert()
        self.port.tone(self._zone.tone(name))

    def talk(self) -> None:
        """The voice path is open from now on."""
        self.port.silence()
        if self._state is LineState.CALLING:
            self.circuit.answer()
        self._state = LineState.TALKING

    def sign_answer(self) -> None:
        """CONNECT has said so."""

    def part(self, tone: str) -> None:
        """Its call came to nothing."""
        if tone == "busy":
            self._leave(Cause.NO_ANSWER if self._ringing else Cause.BUSY)
        else:
            self._leave(Cause.OUT_OF_ORDER if self._ringing else Cause.UNALLOCATED)

    def announce(self, sounds: Sequence[Sound], tone: str) -> None:
        """Its call came to nothing: these words say why, in-band, and then the cause."""
        self.connection = None
        self._state = LineState.CLEARED
        self.circuit.progress(cause=Cause.UNALLOCATED)
        self.port.play(sounds).on_end(lambda said: self._leave(Cause.UNALLOCATED) if said.completed else None)

    def sign_disconnect(self) -> None:
        self._leave(Cause.NORMAL)

    def _leave(self, cause: Cause) -> None:
        self.connection = None
        self._state = LineState.CLEARED
        self.port.silence()
        self.circuit.clear(cause)

    # ---- what the span tells ----

    def hear(self, signal: signals.Signal) -> None:
        match signal:
            case signals.Offered(called, calling, name, absence):
                self._state = LineState.CALLING
                self._ringing = False
                self.number, self.name = calling, name
                self.settings = LineSettings(withheld=absence == "withheld")
                self.circuit.accept()
                self._exchange.connect(self, called)
            case signals.Answered() if self._state is LineState.RINGING and self.connection is not None:
                self.connection.lifted(self)
            case signals.Cleared(cause):
                self._cleared(cause)
            case signals.Released() if self._state is LineState.CLEARED:
                self._state = LineState.IDLE

    def _cleared(self, cause: Cause) -> None:
        connection, state = self.connection, self._state
        self._leave(Cause.NORMAL)
        if connection is not None and state is LineState.RINGING:
            connection.refused(self, TONE_OF.get(cause, "congestion"))
        elif connection is not None:
            connection.hung_up(self)


class ExchangeSpan:
    """The exchange's end of one span: whoever calls one of its numbers gets a channel, lowest first."""

    def __init__(self, name: str, line: PriLine, end: SpanEnd, exchange: Exchange, *, media: Media, zone: Zone,
                 clock: Clock, loop: asyncio.AbstractEventLoop, stepped: bool) -> None:
        near = line.signalling
        self._exchange = exchange
        settings = PriSettings(side=OTHER_SIDE[near.side], switch=near.switch, overlap=OTHER_OVERLAP[near.overlap],
                               restart=False, t309=near.t309)
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
