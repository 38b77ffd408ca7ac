"""Copper whose other end is a real card: DAHDI channels presented as the ends of a pair, for the simulated exchange.

`FarLine` stands where a `SimulatedLine` stands: the simulated exchange feeds its `feeding` end through an fxoks
channel, and a simulated telephone closes its `closing` end through an fxsks channel. Each has only the end that is ours
to play; the other one is the port under test. What bits in a span cannot carry is refused (`NotCarried`).
"""

import asyncio
import errno
from collections.abc import Callable, Sequence

from far_end import OFF_HOOK, ON_HOOK, RING_OFF, FarChannel

from ccappliance.drivers.api import RingBegan, RingEnded
from ccappliance.drivers.line import BatteryChanged, LineEvent, LoopChanged
from ccappliance.media.card import CardGroup, CardWire

LOOK = 0.010  # s between two looks at the bits: a pulse lasts 33 ms at least


class NotCarried(Exception):
    """DAHDI's local spans cannot carry this."""


class FarFeeding:
    """The exchange's end: battery and bell go out through an fxoks channel, the loop is seen in its bits."""

    def __init__(self, channel: FarChannel, group: CardGroup) -> None:
        self.channel = channel
        self.wire = CardWire(channel.fd, group).end
        self.hear: Callable[[LineEvent], None] | None = None
        self.has_battery = False
        self.reversed = False
        self.is_ringing = False
        self.current = False

    def battery(self, on: bool) -> None:
        """Off: DAHDI's kewl start disconnect, 500 ms without battery and then battery again, whatever is wanted.

        While the other end is on-hook there is no such sign, and none is needed: nobody notices.
        """
        dropped = self.has_battery and not on
        self.has_battery = on
        if dropped and self.current:
            self._hook(OFF_HOOK)  # DAHDI drops battery of a line in use only
            self._hook(ON_HOOK)

    def reverse(self, reversed_: bool) -> None:
        if reversed_:
            raise NotCarried("local spans carry no polarity")

    def ring(self, on: bool) -> None:
        if on is self.is_ringing:
            return
        self.is_ringing = on
        if self.current:
            return  # lifted: `look` has stopped it
        self._hook(RING_OFF)
        if on:
            self.channel.ring_long()

    def look(self) -> None:
        self.channel.events()  # an event that waits would keep sound from us
        closed = self.channel.sees_loop
        if closed is self.current:
            return
        self.current = closed
        self._hook(OFF_HOOK if closed else RING_OFF)
        if self.hear is not None:
            self.hear(LoopChanged(closed))

    def _hook(self, state: int) -> None:
        try:
            self.channel.hook(state)
        except OSError as error:
            if error.errno != errno.EBUSY:  # it is dropping battery, and will be idle afterwards
                raise


class FarClosing:
    """The telephone's end: the loop is closed through an fxsks channel, bell and battery are seen in its bits."""

    reversed = False  # local spans carry no polarity

    def __init__(self, channel: FarChannel, group: CardGroup) -> None:
        self.channel = channel
        self.wire = CardWire(channel.fd, group).end
        self.hear: Callable[[LineEvent], None] | None = None
        self.closed = False
        self.battery = False
        self.ringing = False

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.channel.hook(OFF_HOOK)

    def open(self) -> None:
        if self.closed:
            self.closed = False
            self.channel.hook(ON_HOOK)

    def look(self) -> None:
        self.channel.events()
        battery, ringing = self.channel.sees_battery, self.channel.sees_ring
        events: list[LineEvent] = []
        if battery is not self.battery:
            self.battery = battery
            events.append(BatteryChanged(battery))
        if ringing is not self.ringing:
            self.ringing = ringing
            events.append(RingBegan() if ringing else RingEnded())
        for event in events:
            if self.hear is not None:
                self.hear(event)


class FarLine:
    """A pair of which one end is a card's port under test."""

    def __init__(self, far: FarFeeding | FarClosing) -> None:
        self._far = far

    @property
    def feeding(self) -> FarFeeding:
        assert isinstance(self._far, FarFeeding), "the port under test feeds this line"
        return self._far

    @property
    def closing(self) -> FarClosing:
        assert isinstance(self._far, FarClosing), "the port under test closes this line"
        return self._far

    def cut(self) -> None:
        raise NotCarried("a wire between two spans cannot be cut for one channel")

    def mend(self) -> None:
        pass


class FarSpan:
    """The far end's channels, looked at every 10 ms while it is open."""

    def __init__(self, loop: asyncio.AbstractEventLoop, feeding: Sequence[int], closing: Sequence[int]) -> None:
        self._loop = loop
        self._group = CardGroup()
        self.lines: dict[int, FarLine] = {}
        self._ends: list[FarFeeding | FarClosing] = []
        for number in feeding:
            self._add(number, FarFeeding(FarChannel(number), self._group))
        for number in closing:
            self._add(number, FarClosing(FarChannel(number), self._group))
        self._timer = loop.call_soon(self._look)

    def _add(self, number: int, end: FarFeeding | FarClosing) -> None:
        self._ends.append(end)
        self.lines[number] = FarLine(end)

    def _look(self) -> None:
        self._timer = self._loop.call_later(LOOK, self._look)  # first: one end's trouble must not blind the others
        for end in self._ends:
            end.look()

    def close(self) -> None:
        """Let go of the channels; their descriptors belong to the wires and go with them."""
        self._timer.cancel()
        for end in self._ends:
            end.channel.leave()
