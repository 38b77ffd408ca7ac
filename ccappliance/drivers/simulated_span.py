"""A simulated E1 cable between two ends: B channels on memory wires, and a D channel of 64 kbit/s in time slot 16."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import AlarmCleared, AlarmRaised, ChannelStatus, Event, Kind, Span
from ccappliance.drivers.simulated import SimulatedChannel
from ccappliance.media.ports import WireEnd

BIT_RATE = 64_000  # of the D channel
FRAMING = 4  # octets around a frame: two flags and the checksum (Q.921 figure 1)
MAX_FRAME = 1_024  # octets a card takes
QUEUED = 64  # frames that wait to be sent; one more is lost, as the border says
C = TypeVar("C", bound=SimulatedChannel)


class BearerChannel(SimulatedChannel):
    """A B channel of one end: sound only."""

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, span: int, wire: WireEnd) -> None:
        super().__init__(loop, number, span, Kind.BEARER, wire)

    def status(self) -> ChannelStatus:
        return ChannelStatus(off_hook=False, ringing=False, reversed=False,
                             alarm=self._failed.alarm if self._failed else None)

    def _tell_state(self, everything: bool = False) -> None:
        pass  # nothing can be out of the ordinary but an alarm

    def _drop(self) -> None:
        pass


class SimulatedDataChannel:
    """A D channel of one end. Frames take their time on the wire, in order. `spoil` changes what the far end gets."""

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, span: int) -> None:
        self.number = number
        self.span = span
        self.peer: SimulatedDataChannel | None = None
        self.cut = False  # nothing that is sent here arrives
        self.spoil: Callable[[bytes], bytes] = bytes
        self._loop = loop
        self._frame: Callable[[bytes], None] | None = None
        self._event: Callable[[Event], None] | None = None
        self._alarm: AlarmRaised | None = None
        self._free_at = 0.0  # when the wire has sent what it was given
        self._queued = 0

    def connect(self, frame: Callable[[bytes], None], event: Callable[[Event], None]) -> None:
        if self._frame is not None:
            raise LineFault(f"D channel {self.number} is owned already")
        self._frame, self._event = frame, event
        if self._alarm is not None:
            self._loop.call_soon(event, self._alarm)

    def send(self, frame: bytes) -> None:
        if self._queued >= QUEUED or not 0 < len(frame) <= MAX_FRAME:
            return
        self._queued += 1
        begin = max(self._loop.time(), self._free_at)
        self._free_at = begin + (len(frame) + FRAMING) * 8 / BIT_RATE
        self._loop.call_at(self._free_at, self._sent, frame)

    def _sent(self, frame: bytes) -> None:
        self._queued -= 1
        if self.peer is not None and not self.cut and self._alarm is None:
            self.peer.receive(self.spoil(frame))

    def receive(self, frame: bytes) -> None:
        """A frame arrives from the wire; one spoilt to nothing does not."""
        if self._frame is not None and frame and self._alarm is None:
            self._frame(frame)

    def fail(self, alarm: str, words: str) -> None:
        if self._alarm is None:
            self._alarm = AlarmRaised(alarm, words)
            self._tell_soon(self._alarm)

    def mend(self) -> None:
        if self._alarm is not None:
            self._alarm = None
            self._tell_soon(AlarmCleared())

    def _tell_soon(self, event: Event) -> None:
        if self._event is not None:
            self._loop.call_soon(self._event, event)


class CableEnd(Generic[C]):
    """One end of a cable: a span of a card, with channels numbered as the card does."""

    def __init__(self, span: int, name: str, channels: Mapping[int, C]) -> None:
        self.number = span
        self.name = name
        self.bearers = channels  # by channel number
        self._alarm: str | None = None

    @property
    def data(self) -> SimulatedDataChannel | None:
        """Its D channel, if it has one."""
        return None

    def span(self) -> Span:
        numbers = [*self.bearers] + ([self.data.number] if self.data is not None else [])
        return Span(self.number, self.name, "simulated E1 span", self._alarm, tuple(sorted(numbers)))

    def channels(self) -> Sequence[C]:
        return [self.bearers[number] for number in sorted(self.bearers)]

    def fail(self, alarm: str, words: str) -> None:
        """The span is in alarm: nothing comes through (F01)."""
        self._alarm = alarm
        if self.data is not None:
            self.data.fail(alarm, words)
        for channel in self.channels():
            channel.fail(alarm, words)

    def mend(self) -> None:
        self._alarm = None
        if self.data is not None:
            self.data.mend()
        for channel in self.channels():
            channel.mend()


class SpanEnd(CableEnd[BearerChannel]):
    """One end of an ISDN span."""

    def __init__(self, span: int, name: str, bearers: Mapping[int, BearerChannel], data: SimulatedDataChannel) -> None:
        super().__init__(span, name, bearers)
        self._data = data

    @property
    def data(self) -> SimulatedDataChannel:
        return self._data


class SimulatedE1:
    """The cable and its two ends. `wires` are pairs from `Media.wire()`, one for each channel number in `bearers`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, span: int, bearers: Sequence[int], data: int,
                 wires: Sequence[tuple[WireEnd, WireEnd]]) -> None:
        near, far = SimulatedDataChannel(loop, data, span), SimulatedDataChannel(loop, data, span)
        near.peer, far.peer = far, near
        pairs = list(zip(bearers, wires, strict=True))
        self.near = SpanEnd(span, f"SIM/{span}", {number: BearerChannel(loop, number, span, wire[0])
                                                  for number, wire in pairs}, near)
        self.far = SpanEnd(span, f"EXCHANGE/{span}", {number: BearerChannel(loop, number, span, wire[1])
                                                      for number, wire in pairs}, far)

    def cut_data(self, cut: bool = True) -> None:
        """Only the D channel is interrupted: the card sees no alarm (F06)."""
        self.near.data.cut = self.far.data.cut = cut
