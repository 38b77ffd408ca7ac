"""Collecting digits from a leg: what is asked, what came, and the timers between."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ccappliance.base.limits import MAX_COLLECT


@dataclass(frozen=True, slots=True)
class Collect:
    """What is asked of the party. Seconds; `first` runs from the end of the prompt, `between` after each digit."""

    most: int = 1
    least: int = 1
    terminator: str = "#"  # any of these characters ends it; "" for none
    first: float = 5.0
    between: float = 3.0
    barge_in: bool = True  # the first digit stops the prompt; False: digits during the prompt are ignored
    secure: bool = False  # digits are journalled as "?"

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MAX_COLLECT:
            raise ValueError(f"a collect asks for 1 to {MAX_COLLECT} digits, not {self.most}")


@dataclass(frozen=True, slots=True)
class Collected:
    """What came. `reason`: "complete" (most reached), "terminator", or "timeout"."""

    digits: str
    reason: str


class Collector:
    """One collect under way on a leg: fed with digits, done exactly once. Used by Leg only."""

    def __init__(self, ask: Collect, loop: asyncio.AbstractEventLoop) -> None:
        self.ask = ask
        self.result: asyncio.Future[Collected] = loop.create_future()
        self._digits = ""
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._interrupt: Callable[[], None] | None = None

    @property
    def has_digits(self) -> bool:
        return bool(self._digits)

    def on_first_digit(self, interrupt: Callable[[], None]) -> None:
        """What the first digit stops: the prompt."""
        self._interrupt = interrupt

    def prompt_over(self) -> None:
        """The prompt has ended (or was never played): the party has `first` seconds to begin."""
        if not self.result.done() and not self._digits:
            self.wait_for(self.ask.first)

    def wait_for(self, seconds: float) -> None:
        """Start (again) the timer after which what came must do."""
        self.stop_waiting()
        self._timer = self._loop.call_later(seconds, self._finish, "timeout")

    def stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def feed(self, digit: str) -> None:
        if self.result.done():
            return
        if self._interrupt is not None:
            interrupt, self._interrupt = self._interrupt, None
            interrupt()
        if digit in self.ask.terminator:
            self._finish("terminator")
            return
        self._digits += digit
        if len(self._digits) >= self.ask.most:
            self._finish("complete")
        else:
            self.wait_for(self.ask.between)

    def fail(self, error: Exception) -> None:
        self.stop_waiting()
        if not self.result.done():
            self.result.set_exception(error)

    def _finish(self, reason: str) -> None:
        self.stop_waiting()
        if not self.result.done():
            self.result.set_result(Collected(self._digits, reason))
