"""A simulated copper pair: battery, polarity and ring voltage go one way, the loop the other; voice is a media wire.

The feeding end is the exchange or an FXS card; the closing end is a telephone or an FXO card. What one end does the
other is told through the loop, never from inside the request, as on a real pair.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ccappliance.drivers.api import PolarityReversed, RingBegan, RingEnded
from ccappliance.media.ports import WireEnd


@dataclass(frozen=True, slots=True)
class LoopChanged:
    """To the feeding end: loop current began or ceased to flow."""

    closed: bool


@dataclass(frozen=True, slots=True)
class BatteryChanged:
    """To the closing end: battery came or went (also when the pair was cut)."""

    on: bool


LineEvent = LoopChanged | BatteryChanged | RingBegan | RingEnded | PolarityReversed
Hear = Callable[[LineEvent], None]


class SimulatedLine:
    """The pair itself. `wire` are the two ends made by `Media.wire()`: feeding end first."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wire: tuple[WireEnd, WireEnd]) -> None:
        self._loop = loop
        self._whole = True
        self._told_battery = self._told_reversed = self._told_ring = self._told_current = False
        self.feeding = FeedingEnd(self, wire[0])
        self.closing = ClosingEnd(self, wire[1])

    def cut(self) -> None:
        """Cut the pair (F19): no battery at one end, no loop current at the other."""
        self._whole = False
        self.settle()

    def mend(self) -> None:
        self._whole = True
        self.settle()

    @property
    def current(self) -> bool:
        return self._whole and self.feeding.has_battery and self.closing.closed

    @property
    def battery(self) -> bool:
        return self._whole and self.feeding.has_battery

    @property
    def ringing(self) -> bool:
        return self._whole and self.feeding.is_ringing

    def settle(self) -> None:
        """Tell both ends what has changed for them since they were told last."""
        feeding = self.feeding
        battery = self._whole and feeding.has_battery
        ringing = self._whole and feeding.is_ringing
        current = battery and self.closing.closed
        if battery is not self._told_battery:
            self._told_battery = battery
            self._tell(self.closing, BatteryChanged(battery))
        if feeding.reversed is not self._told_reversed:
            self._told_reversed = feeding.reversed
            if battery:
                self._tell(self.closing, PolarityReversed())
        if ringing is not self._told_ring:
            self._told_ring = ringing
            self._tell(self.closing, RingBegan() if ringing else RingEnded())
        if current is not self._told_current:
            self._told_current = current
            self._tell(self.feeding, LoopChanged(current))

    def _tell(self, end: "FeedingEnd | ClosingEnd", event: LineEvent) -> None:
        if end.hear is not None:
            self._loop.call_soon(end.hear, event)


class FeedingEnd:
    """Where the battery is: the exchange's end, or the FXS card's."""

    def __init__(self, line: SimulatedLine, wire: WireEnd) -> None:
        self._line = line
        self.wire = wire
        self.hear: Hear | None = None
        self.has_battery = False
        self.reversed = False
        self.is_ringing = False

    def battery(self, on: bool) -> None:
        self.has_battery = on
        self._line.settle()

    def reverse(self, reversed_: bool) -> None:
        self.reversed = reversed_
        self._line.settle()

    def ring(self, on: bool) -> None:
        self.is_ringing = on
        self._line.settle()

    @property
    def current(self) -> bool:
        """Loop current flows: the other end is off-hook."""
        return self._line.current


class ClosingEnd:
    """Where the loop is closed and the bell hangs: the telephone's end, or the FXO card's."""

    def __init__(self, line: SimulatedLine, wire: WireEnd) -> None:
        self._line = line
        self.wire = wire
        self.hear: Hear | None = None
        self.closed = False

    def close(self) -> None:
        self.closed = True
        self._line.settle()

    def open(self) -> None:
        self.closed = False
        self._line.settle()

    @property
    def battery(self) -> bool:
        return self._line.battery

    @property
    def reversed(self) -> bool:
        return self._line.feeding.reversed

    @property
    def ringing(self) -> bool:
        return self._line.ringing


class LoopBreaker:
    """Flashes and dials by breaking a closed loop, at the closing end."""

    BREAK = 0.060  # seconds; 10 pulses a second with 60:40 break to make, GB/T 15279 and ITU Q.11's usual ratio
    MAKE = 0.040
    BETWEEN_DIGITS = 0.700  # any exchange tells digits apart by then

    def __init__(self, loop: asyncio.AbstractEventLoop, end: ClosingEnd) -> None:
        self._loop = loop
        self._end = end
        self._free_at = 0.0
        self._timers: list[asyncio.TimerHandle] = []

    def flash(self, seconds: float) -> float:
        """Break once for `seconds`. Returns the seconds until the loop is whole again."""
        return self._run([(seconds, 0.0)])

    def pulse(self, digits: str) -> float:
        """Dial `digits` (0-9), after what is still being dialled. Returns the seconds until all is dialled."""
        wrong = [digit for digit in digits if digit not in "0123456789"]
        if wrong:
            raise ValueError(f"{wrong[0]!r} cannot be dialled by pulses: only the digits 0 to 9 can")
        steps = []
        for digit in digits:
            steps += [(self.BREAK, self.MAKE)] * (int(digit) or 10)
            steps[-1] = (self.BREAK, self.BETWEEN_DIGITS)
        return self._run(steps)

    def stop(self) -> None:
        """Forget what is left to dial; the loop stays as it is."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._free_at = 0.0

    def _run(self, steps: Sequence[tuple[float, float]]) -> float:
        now = self._loop.time()
        at = max(now, self._free_at)
        if at == now:
            self._timers.clear()  # they are all over
        for break_, make in steps:
            self._timers.append(self._loop.call_at(at, self._end.open))
            self._timers.append(self._loop.call_at(at + break_, self._end.close))
            at += break_ + make
        self._free_at = at
        return at - now


class Ringer:
    """Rings the closing end's bell in a cadence, at the feeding end; `burst_ended(n)` is told after the nth burst."""

    def __init__(self, loop: asyncio.AbstractEventLoop, end: FeedingEnd, burst_ended: Callable[[int], None]) -> None:
        self._loop = loop
        self._end = end
        self._burst_ended = burst_ended
        self._timer: asyncio.TimerHandle | None = None
        self._cadence: Sequence[float] = ()
        self._bursts = 0

    @property
    def active(self) -> bool:
        return self._timer is not None

    def start(self, cadence: Sequence[float]) -> None:
        """Ring at once: on, off, on, off … seconds, and again from the first."""
        if not cadence or len(cadence) % 2 or min(cadence) <= 0:
            raise ValueError(f"a ring cadence is pairs of seconds on and off, all above zero, not {list(cadence)}")
        self.stop()
        self._cadence = tuple(cadence)
        self._bursts = 0
        self._step(0)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._end.ring(False)

    def _step(self, at: int) -> None:
        loud = at % 2 == 0
        self._end.ring(loud)
        self._timer = self._loop.call_later(self._cadence[at], self._step, (at + 1) % len(self._cadence))
        if not loud:
            self._bursts += 1
            self._burst_ended(self._bursts)
