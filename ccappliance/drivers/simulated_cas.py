"""A simulated E1 cable whose channels carry signalling bits of their own (CAS), in time slot 16 as G.704 has it."""

import asyncio
from collections.abc import Sequence

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import BitsChanged, ChannelStatus, Kind
from ccappliance.drivers.simulated import SimulatedChannel
from ccappliance.drivers.simulated_span import CableEnd
from ccappliance.media.ports import WireEnd

MULTIFRAME = 0.002  # seconds: every channel's bits come around once in sixteen frames (G.704)
UNUSED = 0b1101  # what a channel sends that nobody has begun to use, as DAHDI is told: blocked, to R2


class CasChannel(SimulatedChannel):
    """One end of a channel: sound, and four bits each way."""

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, span: int, wire: WireEnd) -> None:
        super().__init__(loop, number, span, Kind.CAS, wire)
        self.peer: CasChannel | None = None
        self.sent = UNUSED
        self._heard = UNUSED

    def signal(self, bits: int) -> None:
        self._check()
        if not 0 <= bits <= 0b1111:
            raise ValueError(f"signalling bits are 0 to 15, not {bits}")
        if bits != self.sent:
            self.sent = bits
            self._loop.call_later(MULTIFRAME, self._arrive, bits)

    def status(self) -> ChannelStatus:
        return ChannelStatus(off_hook=False, ringing=False, reversed=False,
                             alarm=self._failed.alarm if self._failed else None)

    def _arrive(self, bits: int) -> None:
        if self.peer is not None and self._failed is None:
            self.peer.receive(bits)

    def receive(self, bits: int) -> None:
        """Bits arrive from the wire; a test may send what no peer would."""
        if bits != self._heard:
            self._heard = bits
            self._tell(BitsChanged(bits))

    def _tell_state(self, everything: bool = False) -> None:
        if self.peer is not None:
            self._heard = self.peer.sent
        self._tell_soon(BitsChanged(self._heard))

    def _drop(self) -> None:
        self.sent = UNUSED


class SimulatedCas:
    """The cable and its two ends. `wires` are pairs from `Media.wire()`, one for each channel number."""

    def __init__(self, loop: asyncio.AbstractEventLoop, span: int, numbers: Sequence[int],
                 wires: Sequence[tuple[WireEnd, WireEnd]]) -> None:
        if len(numbers) != len(wires):
            raise LineFault(f"span {span}: {len(numbers)} channels and {len(wires)} wires")
        self.ours: dict[int, CasChannel] = {}
        self.theirs: dict[int, CasChannel] = {}
        for number, (near, far) in zip(numbers, wires, strict=True):
            one, other = CasChannel(loop, number, span, near), CasChannel(loop, number, span, far)
            one.peer, other.peer = other, one
            self.ours[number], self.theirs[number] = one, other
        self.near = CableEnd(span, f"SIM/{span}", self.ours)
        self.far = CableEnd(span, f"EXCHANGE/{span}", self.theirs)
