"""A card as media sees it: wires that are file descriptors, what they count, and a clock to tick by."""

from dataclasses import dataclass

from ccappliance.media._wire import Card, FileWire, WireEnd


@dataclass(frozen=True, slots=True)
class CardClock:
    """A file descriptor that has POLLPRI when 20 ms of the card's time are over, and the ioctl that takes one away."""

    fd: int
    ack: int


@dataclass(frozen=True, slots=True)
class WireCount:
    """What became of a channel's frames since it was opened."""

    frames: int  # heard
    missed: int  # not there when the tick came
    unsent: int  # the card would not take
    dropped: int  # left out, because there were too many: a slip between the card's clock and the tick's
    refused: int  # reads and writes for which an event waited (ELAST)


class CardGroup:
    """Channels that come and go together. `gone`: the tick no longer touches any of them."""

    def __init__(self) -> None:
        self.card = Card()

    @property
    def gone(self) -> bool:
        return self.card.gone

    @gone.setter
    def gone(self, gone: bool) -> None:
        self.card.gone = gone


class CardWire:
    """A channel's voice path. `fd` must be non-blocking and give and take A-law; it is closed when nobody ticks it.

    The number `fd` stays for the wire's whole life: a card that is removed or comes back is put behind it by dup2.
    """

    def __init__(self, fd: int, group: CardGroup) -> None:
        self._wire = FileWire(fd, group.card)
        self.end = WireEnd(self._wire, 0)

    @property
    def held(self) -> bool:
        """Nothing is sent: the card itself is sending something, and would stop."""
        return self._wire.held

    @held.setter
    def held(self, held: bool) -> None:
        self._wire.held = held

    @property
    def missing(self) -> int:
        """Frames missed in a row up to now."""
        return self._wire.missing

    @property
    def count(self) -> WireCount:
        return WireCount(*self._wire.counters)
