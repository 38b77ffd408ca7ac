"""A DAHDI channel: events fetched to the last, state resynchronised, alarms judged, requests made safe from ELAST.

The kernel keeps 63 events and drops further ones without a word, and while one waits every read and write fails. So
events are always fetched until there is none, and whoever had a full ring compares his state with the kernel's.
"""

import asyncio
import errno
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import AlarmCleared, AlarmRaised, ChannelStatus, Event, Kind
from ccappliance.drivers.dahdi_kernel import Handle, Params
from ccappliance.drivers.dahdi_words import ELAST, Told, alarm_words, fault
from ccappliance.media.card import CardGroup, CardWire

RING = 63  # events DAHDI keeps for a channel (DAHDI_MAX_EVENTSIZE - 1); so many at once, and some may be lost
MOST_AT_ONCE = 4 * RING  # events fetched in one go; a card gone mad gets its next turn after everybody else
STALLED = 3  # frames missed in a row that are worth a warning (F12)
DEAD = 100  # frames missed in a row, 2 s: the card is dead (F12)
TRIES = 3  # of a request that meets ELAST; each fetches all events first

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """How a channel is set up, from the configuration."""

    kind: str = ""  # what it must be: "fxo", "fxs", "bearer", "cas", "a data channel"; "": whatever it is
    place: str = ""  # "port 1 of TE133", for alarms; "": made of the channel's number
    gain_in: float = 0.0  # dB, on what is heard
    gain_out: float = 0.0  # dB, on what is sent
    echo: float = 0.0  # s of echo tail for DAHDI's canceller; 0: off


class DahdiPath(ABC):
    """What voice and data channels have in common: a handle, events, alarms, a card that may be taken out."""

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, params: Params, handle: Handle,
                 plan: ChannelPlan) -> None:
        self.number = number
        self.span = params.span
        self.plan = plan
        self.place = plan.place or f"channel {number}"
        self.signalling = params.signalling
        self.removed = False
        self.dead = False
        self.overruns = 0
        self.underruns = 0
        self.events_lost = 0  # times the event ring was found full
        self._loop = loop
        self._handle = handle
        self._bits = params.alarms
        self._alarm: AlarmRaised | None = None

    # ---- for the driver ----

    @property
    def handle(self) -> Handle:
        return self._handle

    @property
    def alarm(self) -> AlarmRaised | None:
        return self._alarm

    def prepare(self) -> None:
        """Set the channel up and look at its state; when it is opened, and when its card has come back. LineFault."""
        try:
            self._prepare()
            params = self._handle.params()
        except OSError as error:
            raise fault(f"channel {self.number} cannot be set up", error) from None
        self._bits = params.alarms
        self._take_state(params)
        self._judge()

    def attend(self) -> None:
        """Fetch all events and handle them."""
        try:
            fetched = self._fetch()
        except OSError as error:
            self._failed(error)
            return
        if fetched >= RING:
            self.events_lost += 1
            log.warning("channel %d had a full event ring: its state is read afresh", self.number)
            self.look(certain=True)

    def look(self, *, certain: bool = False) -> None:
        """Compare with what the kernel says: an event may have been lost. `certain`: one look is enough."""
        if self.removed:
            return
        try:
            params = self._handle.params()
        except OSError as error:
            self._failed(error)
            return
        self._bits = params.alarms
        self._compare(params, certain)
        self._judge()

    def remove(self) -> None:
        """The card is gone: let go of it, so that the kernel can."""
        if not self.removed:
            self.removed = True
            self._handle.void()
            self._drop()
            self._judge()

    def restore(self, handle: Handle, params: Params) -> None:
        """The card is back: `handle` is its channel, opened afresh. LineFault if it can't be set up."""
        self._handle.adopt(handle)
        self.signalling = params.signalling
        self.dead = False
        self.removed = False
        try:
            self.prepare()
        except LineFault:
            self.remove()
            raise

    # ---- events ----

    def _fetch(self) -> int:
        fetched = 0
        while fetched < MOST_AT_ONCE:
            event = self._handle.event()
            if event == Told.NONE:
                break
            fetched += 1
            self._happened(event)
            if self.removed:
                break
        return fetched

    def _happened(self, event: int) -> None:
        if event in (Told.ALARM, Told.NOALARM):
            self.look()
        elif event == Told.REMOVED:
            self.remove()
        elif event in (Told.READ_OVERRUN, Told.WRITE_UNDERRUN):
            self._glitched(event)
        else:
            self._on_event(event)

    def _ask(self, what: str, request: Callable[[], T]) -> T:
        """Do `request`; LineFault with the reason if the kernel refuses. Events that are in its way are fetched."""
        for _ in range(TRIES):
            try:
                return request()
            except OSError as error:
                if error.errno != ELAST:
                    if error.errno == errno.ENODEV:
                        self.remove()
                    raise fault(f"channel {self.number} {what}", error) from None
            self.attend()
        raise LineFault(f"channel {self.number} {what}: its events never end")

    def _failed(self, error: OSError) -> None:
        if error.errno == errno.ENODEV:
            self.remove()
        elif error.errno != ELAST:
            log.error("channel %d: %s", self.number, fault("it cannot be asked for its state", error))

    # ---- alarms ----

    def _judge(self) -> None:
        """Tell what has changed about whether the channel can be used."""
        alarm = self._present_alarm()
        before, self._alarm = self._alarm, alarm
        if alarm is None and before is not None:
            self._tell(AlarmCleared())
            self._tell_state(everything=True)
        elif alarm is not None and (before is None or before.alarm != alarm.alarm):
            self._tell(alarm)

    def _present_alarm(self) -> AlarmRaised | None:
        if self.removed:
            return AlarmRaised("removed", f"the card of {self.place} was removed, or its module unloaded")
        found = self._words(self._bits)
        if found is not None:
            return AlarmRaised(*found)
        if self.dead:
            return AlarmRaised("dead", f"the card has sent no sound on {self.place} for {DEAD * 0.02:.0f} s: is it "
                                       "still fed, does its interrupt still come (cat /proc/interrupts)?")
        return None

    def _words(self, bits: int) -> tuple[str, str] | None:
        return alarm_words(bits, self.place)

    # ---- what the kinds fill in ----

    @abstractmethod
    def _prepare(self) -> None: ...

    @abstractmethod
    def _take_state(self, params: Params) -> None:
        """The channel was just set up: this is how it is."""

    @abstractmethod
    def _compare(self, params: Params, certain: bool) -> None:
        """Make events of what differs from what we believe."""

    @abstractmethod
    def _on_event(self, event: int) -> None: ...

    @abstractmethod
    def _tell(self, event: Event) -> None: ...

    def _glitched(self, event: int) -> None:
        self.overruns += event == Told.READ_OVERRUN
        self.underruns += event == Told.WRITE_UNDERRUN

    def _tell_state(self, *, everything: bool = False) -> None:  # noqa: B027  # most kinds have none
        """Tell what is out of the ordinary now; after an alarm everything, for changes may have been missed."""

    def _drop(self) -> None:  # noqa: B027
        """The wire is dead: stop all that goes on."""


class DahdiChannel(DahdiPath):
    """A voice path; the kinds of `dahdi_analog.py` and `dahdi_digital.py` fill in the hardware's part."""

    kind: Kind

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, params: Params, handle: Handle, plan: ChannelPlan,
                 group: CardGroup) -> None:
        super().__init__(loop, number, params, handle, plan)
        self.sound = CardWire(handle.fd, group)
        self.wire = self.sound.end
        self.stalls = 0
        self._warned = False
        self._hear: Callable[[Event], None] | None = None

    def connect(self, hear: Callable[[Event], None]) -> None:
        if self._hear is not None:
            raise LineFault(f"channel {self.number} is owned already: one signalling owns a channel")
        self._hear = hear
        if self._alarm is not None:
            self._tell(self._alarm)
        else:
            self._tell_state()

    def off_hook(self) -> None:
        raise self._wrong_kind("hook")

    def on_hook(self) -> None:
        raise self._wrong_kind("hook")

    def flash(self) -> None:
        raise self._wrong_kind("hook")

    def pulse(self, digits: str) -> None:
        raise self._wrong_kind("hook")

    def ring(self, cadence: Sequence[float] | None) -> None:
        raise self._wrong_kind("bell")

    def reverse(self, reversed_: bool) -> None:
        raise self._wrong_kind("battery")

    def signal(self, bits: int) -> None:
        raise self._wrong_kind("signalling bits")

    @abstractmethod
    def status(self) -> ChannelStatus: ...

    # ---- for the driver ----

    def watch(self) -> None:
        """Is sound still coming (F12)? Called a few times a second."""
        missing = 0 if self.removed else self.sound.missing
        if missing >= STALLED and not self._warned:
            self.stalls += 1
            log.warning("no sound comes from the card on %s", self.place)
        self._warned = missing >= STALLED
        dead = missing >= DEAD or (self.dead and missing > 0)
        if dead is not self.dead:
            self.dead = dead
            if dead:
                self._drop()
            self._judge()

    def close(self) -> None:
        """Leave the line idle. The descriptor stays the wire's."""
        if not self.removed:
            self._drop()
            self._idle()
            self.removed = True
            self._handle.void()

    # ---- for the kinds ----

    def _wrong_kind(self, what: str) -> LineFault:
        return LineFault(f"channel {self.number} is an {self.kind.name} port: its {what} is at the other end")

    def _check(self) -> None:
        if self.removed:
            raise LineFault(f"channel {self.number} does not work: its card was removed")

    def _tell(self, event: Event) -> None:
        """In the loop's next turn, so that nothing is told from inside a request."""
        if self._hear is not None:
            self._loop.call_soon(self._hear, event)

    def _glitched(self, event: int) -> None:
        if self.sound.count.frames and not self.sound.held:  # else nobody reads yet, or nobody writes on purpose
            super()._glitched(event)

    def _alarm_code(self) -> str | None:
        return self._alarm.alarm if self._alarm is not None else None

    def _idle(self) -> None:
        """Put the line on-hook, quietly."""
