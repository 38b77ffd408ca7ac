"""The simulated card: FXO and FXS ports on simulated copper pairs, with the events and delays of a real one."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import (
    AlarmCleared,
    AlarmRaised,
    Channel,
    ChannelStatus,
    DataChannel,
    Event,
    HookChanged,
    Kind,
    LoopBroken,
    RingBegan,
    RingEnded,
    Span,
)
from ccappliance.drivers.hook import HookDecoder
from ccappliance.drivers.line import BatteryChanged, LineEvent, LoopBreaker, LoopChanged, Ringer, SimulatedLine
from ccappliance.media.ports import WireEnd

BATTERY_DEBOUNCE = 0.064  # no battery for so long off-hook: a loop break (wctdm's battdebounce)
BATTERY_ALARM = 1.0  # no battery for so long: an alarm; and back for so long: no alarm (wctdm's battalarm)
FLASH = 0.1  # seconds, as in China; Zone.flash knows those of other countries


class SimulatedChannel(ABC):
    """What both kinds have in common: an owner, a card that may fail, and the requests of the other kind."""

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, span: int, kind: Kind, wire: WireEnd) -> None:
        self.number = number
        self.span = span
        self.kind = kind
        self.wire = wire
        self._loop = loop
        self._hear: Callable[[Event], None] | None = None
        self._failed: AlarmRaised | None = None  # the card is gone: requests are refused, nothing is told

    def connect(self, hear: Callable[[Event], None]) -> None:
        if self._hear is not None:
            raise LineFault(f"channel {self.number} is owned already: one signalling owns a channel")
        self._hear = hear
        if self._failed is not None:
            self._tell_soon(self._failed)
        else:
            self._tell_state()

    def fail(self, alarm: str, words: str) -> None:
        """Break the card at this channel (F01, F12): everything drops, the alarm is told, requests are refused."""
        self._drop()
        if self._failed is None:
            self._failed = AlarmRaised(alarm, words)
            self._tell_soon(self._failed)

    def mend(self) -> None:
        """The card works again: the alarm is cleared and what is out of the ordinary told afresh."""
        if self._failed is not None:
            self._failed = None
            self._tell_soon(AlarmCleared())
            self._tell_state(everything=True)

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

    def _wrong_kind(self, what: str) -> LineFault:
        return LineFault(f"channel {self.number} is an {self.kind.name} port: its {what} is at the other end")

    def _check(self) -> None:
        if self._failed is not None:
            raise LineFault(f"channel {self.number} does not work: {self._failed.words}")

    def _tell(self, event: Event) -> None:
        if self._hear is not None and self._failed is None:
            self._hear(event)

    def _tell_soon(self, event: Event) -> None:
        if self._hear is not None:
            self._loop.call_soon(self._hear, event)

    def close(self) -> None:
        self._drop()

    @abstractmethod
    def status(self) -> ChannelStatus: ...

    @abstractmethod
    def _tell_state(self, everything: bool = False) -> None:
        """Tell what is out of the ordinary now; after a failure everything, for changes may have been missed."""

    @abstractmethod
    def _drop(self) -> None: ...


class FxoChannel(SimulatedChannel):
    """A port into which a line from an exchange is plugged: the closing end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, span: int, line: SimulatedLine,
                 flash: float) -> None:
        super().__init__(loop, number, span, Kind.FXO, line.closing.wire)
        self._end = line.closing
        self._end.hear = self._line_changed
        self._breaker = LoopBreaker(loop, self._end)
        self._flash = flash
        self._alarm: AlarmRaised | None = None
        self._off = False
        self._break_timer: asyncio.TimerHandle | None = None
        self._alarm_timer: asyncio.TimerHandle | None = None

    def off_hook(self) -> None:
        self._check()
        self._off = True
        self._end.close()

    def on_hook(self) -> None:
        self._drop()

    def flash(self) -> None:
        self._check_loop()
        self._breaker.flash(self._flash)

    def pulse(self, digits: str) -> None:
        self._check_loop()
        try:
            self._breaker.pulse(digits)
        except ValueError as error:
            raise LineFault(f"channel {self.number}: {error}") from None

    def status(self) -> ChannelStatus:
        alarm = self._failed or self._alarm
        return ChannelStatus(off_hook=self._off, ringing=self._end.ringing, reversed=self._end.reversed,
                             alarm=alarm.alarm if alarm else None)

    def _check_loop(self) -> None:
        self._check()
        if not self._off:
            raise LineFault(f"channel {self.number} is on-hook: there is no loop to break")

    def _line_changed(self, event: LineEvent) -> None:
        if isinstance(event, BatteryChanged):
            self._battery_changed(event.on)
        elif not isinstance(event, LoopChanged):
            self._tell(event)

    def _battery_changed(self, on: bool) -> None:
        for timer in (self._break_timer, self._alarm_timer):
            if timer is not None:
                timer.cancel()
        self._break_timer = self._alarm_timer = None
        if not on:
            self._break_timer = self._loop.call_later(BATTERY_DEBOUNCE, self._break_certain)
            if self._alarm is None:
                self._alarm_timer = self._loop.call_later(BATTERY_ALARM, self._battery_gone)
        elif self._alarm is not None:
            self._alarm_timer = self._loop.call_later(BATTERY_ALARM, self._battery_back)

    def _break_certain(self) -> None:
        if self._off:
            self._tell(LoopBroken())

    def _battery_gone(self) -> None:
        self._alarm = AlarmRaised("no_battery", "no battery on the line: is it plugged in, and not cut?")
        self._tell(self._alarm)

    def _battery_back(self) -> None:
        self._alarm = None
        self._tell(AlarmCleared())

    def _tell_state(self, everything: bool = False) -> None:
        if self._alarm is not None:
            self._tell_soon(self._alarm)
        elif not self._end.battery and self._alarm_timer is None:
            self._battery_changed(False)
        if self._end.ringing:
            self._tell_soon(RingBegan())

    def _drop(self) -> None:
        self._off = False
        self._breaker.stop()
        self._end.open()


class FxsChannel(SimulatedChannel):
    """A port into which a telephone is plugged: the feeding end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, span: int, line: SimulatedLine) -> None:
        super().__init__(loop, number, span, Kind.FXS, line.feeding.wire)
        self._end = line.feeding
        self._end.hear = self._line_changed
        self._hook = HookDecoder(loop, self._tell)
        self._ringer = Ringer(loop, self._end, self._burst_ended)
        self._end.battery(True)

    def ring(self, cadence: Sequence[float] | None) -> None:
        """Ring trip is the hardware's: a telephone that is off-hook is not rung, and HookChanged is told anyway."""
        self._check()
        if cadence is None:
            self._ringer.stop()
        elif not self._end.current:
            self._ringer.start(cadence)

    def reverse(self, reversed_: bool) -> None:
        self._check()
        self._end.reverse(reversed_)

    def status(self) -> ChannelStatus:
        return ChannelStatus(off_hook=self._hook.off, ringing=self._ringer.active, reversed=self._end.reversed,
                             alarm=self._failed.alarm if self._failed else None)

    def _line_changed(self, event: LineEvent) -> None:
        if isinstance(event, LoopChanged):
            if event.closed:
                self._ringer.stop()
            self._hook.loop_changed(event.closed)

    def _burst_ended(self, bursts: int) -> None:
        self._tell(RingEnded())

    def _tell_state(self, everything: bool = False) -> None:
        if self._hook.off or everything:
            self._tell_soon(HookChanged(self._hook.off))

    def _drop(self) -> None:
        self._ringer.stop()
        self._end.reverse(False)


@dataclass(frozen=True)
class Card:
    """One simulated card: ports of one kind, each with the pair that is plugged into it."""

    description: str
    kind: Kind
    lines: Sequence[SimulatedLine]


class DigitalEnd(Protocol):
    """The near end of a simulated E1 cable: simulated_span.CableEnd."""

    @property
    def data(self) -> DataChannel | None: ...

    def span(self) -> Span: ...

    def channels(self) -> Sequence[Channel]: ...

    def fail(self, alarm: str, words: str) -> None: ...

    def mend(self) -> None: ...


class SimulatedDriver:
    """Simulated cards: each is a span, its ports are channels numbered through from 1."""

    name = "simulated"

    def __init__(self, loop: asyncio.AbstractEventLoop, cards: Sequence[Card], *, flash: float = FLASH,
                 ends: Sequence[DigitalEnd] = ()) -> None:
        """`ends`: near ends of simulated E1 cables (simulated_span.py), whose span numbers follow those of `cards`."""
        self._cards = list(cards)
        self._ends = list(ends)
        self._channels: list[list[FxoChannel | FxsChannel]] = []
        number = 0
        for span, card in enumerate(self._cards, start=1):
            channels: list[FxoChannel | FxsChannel] = []
            for line in card.lines:
                number += 1
                channels.append(FxoChannel(loop, number, span, line, flash) if card.kind is Kind.FXO
                                else FxsChannel(loop, number, span, line))
            self._channels.append(channels)
        self._alarms: dict[int, str] = {}

    def spans(self) -> Sequence[Span]:
        return [Span(number=number, name=f"SIM/{number}", description=card.description,
                     alarm=self._alarms.get(number), channels=tuple(channel.number for channel in channels))
                for number, (card, channels) in enumerate(zip(self._cards, self._channels, strict=True), start=1)
                ] + [end.span() for end in self._ends]

    def channels(self) -> Sequence[Channel]:
        analog: list[Channel] = [channel for channels in self._channels for channel in channels]
        return analog + [channel for end in self._ends for channel in end.channels()]

    def data_channels(self) -> Sequence[DataChannel]:
        return [end.data for end in self._ends if end.data is not None]

    def fail(self, span: int, alarm: str, words: str) -> None:
        """Inject: the whole span is in `alarm` ("red", "removed", …)."""
        if span > len(self._cards):
            self._ends[span - 1 - len(self._cards)].fail(alarm, words)
            return
        self._alarms[span] = alarm
        for channel in self._channels[span - 1]:
            channel.fail(alarm, words)

    def mend(self, span: int) -> None:
        if span > len(self._cards):
            self._ends[span - 1 - len(self._cards)].mend()
            return
        self._alarms.pop(span, None)
        for channel in self._channels[span - 1]:
            channel.mend()

    def close(self) -> None:
        """Leave every line idle: loops open, bells silent."""
        for channels in self._channels:
            for channel in channels:
                channel.close()
