"""A channel of a digital span at the exchange: whatever its signalling, a party of the exchange's calls."""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from ccappliance.base.causes import Cause
from ccappliance.media.ports import Sound
from ccappliance.media.tones import Zone
from ccappliance.signalling import signals
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_line import CallerIdMessage, Connection, LineSettings, LineState

TONE_OF = {Cause.BUSY: "busy", Cause.NO_ANSWER: "busy", Cause.REJECTED: "busy"}  # all others: congestion


class TrunkCircuit(signals.Circuit, Protocol):
    """A circuit that may withhold the number of the call it makes next."""

    withhold: bool


Trunk = TypeVar("Trunk", bound=TrunkCircuit)


class ExchangeTrunk(Generic[Trunk]):
    """One channel of a span, as the exchange sees it: a line that is called, and that calls."""

    def __init__(self, exchange: Exchange, zone: Zone) -> None:
        self.number = ""  # of who calls on it now
        self.name = ""
        self.settings = LineSettings()
        self.connection: Connection | None = None
        self._exchange = exchange
        self._zone = zone
        self._circuit: Trunk | None = None
        self._state = LineState.IDLE
        self._ringing = False  # ringback has begun: what comes now is no busy line

    def take(self, circuit: Trunk) -> None:
        self._circuit = circuit
        self.port = circuit.port

    @property
    def circuit(self) -> Trunk:
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
        """Offer the call to what is at the far end; who calls is told on the way."""
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
            self.circuit.alert()  # and the circuit plays it

    def talk(self) -> None:
        """The voice path is open from now on; the circuit ends its ringback, when it has nothing else to say."""
        if self._state is LineState.CALLING:
            self.circuit.answer()
        self._state = LineState.TALKING

    def sign_answer(self) -> None:
        """The circuit has said so."""

    def part(self, tone: str) -> None:
        """Its call came to nothing."""
        if tone == "busy":
            self._leave(Cause.NO_ANSWER if self._ringing else Cause.BUSY)
        else:
            self._leave(Cause.OUT_OF_ORDER if self._ringing else Cause.UNALLOCATED)

    def announce(self, sounds: Sequence[Sound], tone: str) -> None:
        """Its call came to nothing, and the circuit has no words for why."""
        self.part(tone)

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
            case signals.Progressed() if self._state is LineState.RINGING and self.connection is not None:
                self.connection.progressed(self)
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
