"""The wire: what a telephony card is to the floors above. `skeleton.py` is the shortest driver that obeys it."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ccappliance.media.ports import WireEnd


class Kind(enum.Enum):
    """What our port of the channel is. (DAHDI names the far end instead: there an FXO port is `fxsks`.)"""

    FXO = "fxo"  # a line from an exchange is plugged in here: it rings us
    FXS = "fxs"  # a telephone is plugged in here: we ring it
    BEARER = "bearer"  # a B channel of an ISDN span: sound only, its signalling is in the span's data channel
    CAS = "cas"  # a channel of an E1 span whose signalling is its own four bits (R2, E&M)


# ---- events: facts, past participles ----


@dataclass(frozen=True, slots=True)
class RingBegan:
    """FXO: ring voltage appeared (DAHDI RINGBEGIN)."""


@dataclass(frozen=True, slots=True)
class RingEnded:
    """FXO: a ring burst ended (DAHDI RINGOFFHOOK). FXS: our own ring burst ended (RINGEROFF)."""


@dataclass(frozen=True, slots=True)
class HookChanged:
    """FXS: the telephone went off-hook or on-hook (debounced; a flash or a pulse is not told as a hook change)."""

    off: bool


@dataclass(frozen=True, slots=True)
class Flashed:
    """FXS: hook flash, a break of 100 to 1,250 ms (DAHDI's default rxflash)."""


@dataclass(frozen=True, slots=True)
class Pulsed:
    """FXS: one digit dialled by loop breaks, counted by the driver as DAHDI does."""

    digit: str


@dataclass(frozen=True, slots=True)
class PolarityReversed:
    """FXO: the exchange exchanged the wires' polarity."""


@dataclass(frozen=True, slots=True)
class LoopBroken:
    """FXO, off-hook: the exchange cut the loop current (kewl start disconnect; DAHDI ONHOOK)."""


@dataclass(frozen=True, slots=True)
class BitsChanged:
    """CAS: the far end's signalling bits (G.704 time slot 16), stable since the driver's debounce."""

    bits: int  # ABCD, A is 8


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """The channel cannot be used (no battery, RED, card gone); `words` says so to a technician."""

    alarm: str  # code: "no_battery", "red", "yellow", "blue", "loopback", "not_open", "recovering", "dead", "removed"
    words: str


@dataclass(frozen=True, slots=True)
class AlarmCleared:
    pass


Event = (RingBegan | RingEnded | HookChanged | Flashed | Pulsed | PolarityReversed | LoopBroken | BitsChanged
         | AlarmRaised | AlarmCleared)


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """A snapshot for people: `ccappliance channels show`."""

    off_hook: bool  # FXO: our side; FXS: the telephone
    ringing: bool
    reversed: bool
    alarm: str | None


class Channel(Protocol):
    """One voice path of a card. Requests are imperatives and never wait; LineFault if the hardware refuses."""

    number: int  # DAHDI's number, from 1
    span: int
    kind: Kind
    wire: WireEnd  # what the media engine reads and writes

    def connect(self, hear: Callable[[Event], None]) -> None:
        """Tell events here, in the loop, from now on. Called once, by the signalling that owns the channel."""
        ...

    def off_hook(self) -> None: ...  # FXO: close the loop

    def on_hook(self) -> None: ...  # FXO: open the loop

    def flash(self) -> None: ...  # FXO: break the loop for the zone's flash time

    def pulse(self, digits: str) -> None: ...  # FXO: dial by loop breaks, 10 a second, 700 ms between digits

    def ring(self, cadence: Sequence[float] | None) -> None: ...  # FXS: on, off, on, off … seconds; None: stop

    def reverse(self, reversed_: bool) -> None: ...  # FXS: polarity towards the telephone

    def signal(self, bits: int) -> None: ...  # CAS: our signalling bits ABCD, A is 8

    def status(self) -> ChannelStatus: ...


class DataChannel(Protocol):
    """The D channel of an ISDN span: HDLC frames from Q.921's address on (flags, stuffing and FCS are the driver's)."""

    number: int  # DAHDI's number, from 1
    span: int

    def connect(self, frame: Callable[[bytes], None], event: Callable[[Event], None]) -> None:
        """Tell received frames and alarms here, in the loop, from now on. Called once, by the owner."""
        ...

    def send(self, frame: bytes) -> None:
        """Queue one frame for the wire; never waits. One that finds no room is lost: Q.921 repeats it."""
        ...


@dataclass(frozen=True, slots=True)
class SpanHealth:
    """What a technician wants to know of a span; counted since the card was configured or the daemon started."""

    words: str  # the alarm, with what to do about it; "" if there is none
    slips: int  # frames left out or overrun, because two clocks differ or the machine was late
    crc: int  # CRC-4 errors (G.704)
    code_violations: int
    framing: int  # framing errors
    errored_seconds: int
    interrupts_missed: int
    missed: int  # frames that were not there when the tick came
    unsent: int  # frames the card would not take
    underruns: int
    events_lost: int  # times a channel had more events than the card keeps
    bad_frames: int  # on the D channel: bad FCS, aborted, too long
    worst: int  # overruns and underruns of the channel that has most


@dataclass(frozen=True, slots=True)
class Span:
    """One port of a card."""

    number: int
    name: str
    description: str
    alarm: str | None
    channels: tuple[int, ...]
    health: SpanHealth | None = None  # None: nothing is measured there


class Driver(Protocol):
    """A family of cards."""

    name: str

    def spans(self) -> Sequence[Span]: ...

    def channels(self) -> Sequence[Channel]: ...

    def data_channels(self) -> Sequence[DataChannel]: ...

    def close(self) -> None: ...
