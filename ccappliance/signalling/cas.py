"""What circuits with signalling bits share: bits count when they have stood a while, and only those that signal."""

import asyncio
from abc import abstractmethod

from ccappliance.base.clock import Clock
from ccappliance.base.machine import Machine
from ccappliance.drivers import api
from ccappliance.media.ports import MediaPort
from ccappliance.signalling.circuit import LineCircuit, S
from ccappliance.signalling.signals import Hear


class CasCircuit(LineCircuit[S]):
    """A channel-associated circuit. `mask`: the bits that signal; others may do what they like (G.704's C and D).

    Masked and debounced bits keep what a card's driver leaks of the neighbour channel (see tests/cards/README.md) and
    bit errors from being taken for signals.
    """

    KEPT = LineCircuit.KEPT | {"bits"}

    def __init__(self, name: str, channel: api.Channel, port: MediaPort, *, machine: Machine[S], mask: int,
                 debounce: float, recovery: float, retest: float, clock: Clock, loop: asyncio.AbstractEventLoop,
                 hear: Hear) -> None:
        self._mask = mask
        self._debounce = debounce
        self._line: int | None = None  # the far end's bits, certain and masked; None: not known yet
        super().__init__(name, channel, port, machine=machine, recovery=recovery, retest=retest, clock=clock,
                         loop=loop, hear=hear)

    @abstractmethod
    def _line_is(self, bits: int) -> None:
        """The far end's bits have changed to these; told in every state, not during an alarm."""

    def _send(self, bits: int) -> bool:
        """Our bits from now on; nothing while the span is in alarm. False: the card refuses."""
        return self._alarmed or self._ask(self._channel.signal, bits)

    def _on_event(self, event: api.Event) -> None:
        if not isinstance(event, api.BitsChanged):
            return
        bits = event.bits & self._mask
        if bits == self._line:
            self._stop("bits")
        else:
            self._after("bits", self._debounce, lambda: self._certain(bits))

    def _certain(self, bits: int) -> None:
        self._line = bits
        if not self._alarmed:
            self._line_is(bits)

    @property
    def _state(self) -> S:
        return self._machine.state
