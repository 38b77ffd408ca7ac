"""The hook decoder: tells off-hook, on-hook, flash and dial pulses apart by the length of the breaks of a loop.

As DAHDI's core does for its FXS ports (`rxflashtime`, pulse counting), so that both drivers tell the same events; the
simulated exchange hears its subscribers with it as well.
"""

import asyncio
from collections.abc import Callable

from ccappliance.drivers.api import Flashed, HookChanged, Pulsed

SHORTEST_PULSE = 0.015  # a shorter break is contact noise (DAHDI_MINPULSETIME)
SHORTEST_FLASH = 0.100  # pulses are 60 ms nominal; the shortest flash keys in use (R, 100 ms) begin here
LONGEST_FLASH = 1.250  # DAHDI's default rxflash: a longer break is on-hook
PULSES_OVER = 0.150  # the loop stayed closed this long: the digit is complete (DAHDI_PULSETIMEOUT)
MOST_PULSES = 10  # "0"; a longer train is no digit and is dropped

HookEvent = HookChanged | Flashed | Pulsed


class HookDecoder:
    """Fed with every change of the loop, tells what the person did. `off` is the debounced hook."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[HookEvent], None], *,
                 longest_flash: float = LONGEST_FLASH) -> None:
        self._loop = loop
        self._tell = tell
        self._longest_flash = longest_flash
        self._broken_at: float | None = None
        self._pulses = 0
        self._timer: asyncio.TimerHandle | None = None  # on-hook while broken, end of digit while closed
        self.off = False

    def loop_changed(self, closed: bool) -> None:
        self._cancel()
        if not self.off:
            if closed:
                self.off = True
                self._tell(HookChanged(True))
        elif not closed:
            self._broken_at = self._loop.time()
            self._timer = self._loop.call_later(self._longest_flash, self._hung_up)
        elif self._broken_at is not None:
            self._closed_again(self._loop.time() - self._broken_at)

    def reset(self) -> None:
        """Forget everything: on-hook, nothing counted."""
        self._cancel()
        self._broken_at = None
        self._pulses = 0
        self.off = False

    def _closed_again(self, broken: float) -> None:
        self._broken_at = None
        # a virtual clock adds up floats: a break of exactly 100 ms must not fall short by a rounding error
        if broken >= SHORTEST_FLASH - 1e-6:
            self._digit_complete()
            self._tell(Flashed())
            return
        if broken >= SHORTEST_PULSE:
            self._pulses += 1
        if self._pulses:
            self._timer = self._loop.call_later(PULSES_OVER, self._digit_complete)

    def _digit_complete(self) -> None:
        self._timer = None
        pulses, self._pulses = self._pulses, 0
        if 0 < pulses <= MOST_PULSES:
            self._tell(Pulsed(str(pulses % 10)))

    def _hung_up(self) -> None:
        self.reset()
        self._tell(HookChanged(False))

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
