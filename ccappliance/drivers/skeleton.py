"""The shortest driver that obeys `api.py`: one FXO port with nothing plugged in. Copy it to begin a new card.

It is documentation that runs: tests/contracts/test_driver.py holds it to the same promises as every other driver.
"""

from collections.abc import Callable, Sequence

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import Channel, ChannelStatus, DataChannel, Event, Kind, Span
from ccappliance.media.ports import WireEnd


class SkeletonChannel:
    """A channel keeps what the hardware's registers would say; real ones write a register where we set a field."""

    def __init__(self, wire: WireEnd) -> None:
        self.number = 1  # channels are numbered from 1 over all spans of the driver
        self.span = 1
        self.kind = Kind.FXO
        self.wire = wire  # a file descriptor for a card; a memory wire's end when simulated
        self._hear: Callable[[Event], None] | None = None
        self._off_hook = False

    def connect(self, hear: Callable[[Event], None]) -> None:
        if self._hear is not None:
            raise LineFault(f"channel {self.number} is owned already: one signalling owns a channel")
        # A card's driver calls `hear` in the loop whenever its file descriptor has an event, and here, soon, for what
        # is out of the ordinary at this moment: an alarm, a telephone already off-hook.
        self._hear = hear

    def off_hook(self) -> None:
        self._off_hook = True

    def on_hook(self) -> None:
        self._off_hook = False

    def flash(self) -> None:
        if not self._off_hook:
            raise LineFault(f"channel {self.number} is on-hook: there is no loop to break")

    def pulse(self, digits: str) -> None:
        if not self._off_hook:
            raise LineFault(f"channel {self.number} is on-hook: there is no loop to break")

    def ring(self, cadence: Sequence[float] | None) -> None:
        raise LineFault(f"channel {self.number} is an FXO port: it is rung, it cannot ring")

    def reverse(self, reversed_: bool) -> None:
        raise LineFault(f"channel {self.number} is an FXO port: the exchange feeds the line")

    def signal(self, bits: int) -> None:
        raise LineFault(f"channel {self.number} is an FXO port: it has no signalling bits")

    def status(self) -> ChannelStatus:
        return ChannelStatus(off_hook=self._off_hook, ringing=False, reversed=False, alarm=None)


class SkeletonDriver:
    """One span with one channel."""

    name = "skeleton"

    def __init__(self, wire: WireEnd) -> None:
        self._channel = SkeletonChannel(wire)

    def spans(self) -> Sequence[Span]:
        return [Span(number=1, name="SKEL/1", description="one FXO port, unplugged", alarm=None, channels=(1,))]

    def channels(self) -> Sequence[Channel]:
        return [self._channel]

    def data_channels(self) -> Sequence[DataChannel]:
        return []

    def close(self) -> None:
        self._channel.on_hook()  # whatever happens to us, the line is left idle
