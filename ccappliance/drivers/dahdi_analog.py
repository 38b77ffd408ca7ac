"""Analog ports on DAHDI: FXO lines and FXS telephones.

DAHDI counts breaks of a telephone's loop up to 200 ms as pulses and calls longer ones a flash, so that the 100 ms of a
Chinese R key would dial a 1. We tell it that no flash is longer than 90 ms: below, it counts pulses with the precision
of its own clock; above, it tells on-hook and off-hook, and whether that was a flash is ours to say, where 20 ms more or
less do not matter.
"""

import asyncio
import errno
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import (
    ChannelStatus,
    Flashed,
    HookChanged,
    Kind,
    LoopBroken,
    PolarityReversed,
    Pulsed,
    RingBegan,
    RingEnded,
)
from ccappliance.drivers.dahdi_channel import ChannelPlan, DahdiChannel
from ccappliance.drivers.dahdi_gains import gain_tables
from ccappliance.drivers.dahdi_kernel import Handle, Params
from ccappliance.drivers.dahdi_words import HOOK_RINGING, Hook, Told, fault, line_alarm_words
from ccappliance.drivers.hook import LONGEST_FLASH
from ccappliance.media.card import CardGroup

KERNEL_FLASH = 0.090  # s; 10 pulses a second break for 60 to 67 ms, the shortest flash key for 100 ms
DEBOUNCE = 0.050  # s after a change of our own hook in which the line settles and changes of the far end's are no news
BREAK, MAKE, BETWEEN_DIGITS = 0.060, 0.040, 0.700  # s: as drivers/line.py, GB/T 15279
HOLD = 0.040  # s between the last frame written and the first pulse: a write would end the dialling
FLASH_TRIES = 5  # a line that still settles refuses a flash for DEBOUNCE
CADENCE_STEPS = 16  # DAHDI_MAX_CADENCE
TAPS = 8000  # echo canceller taps per second

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnalogTiming:
    """Timings of an analog channel as DAHDI wants them, in ms."""

    flash: int
    shortest_flash: int = round(KERNEL_FLASH * 1000)
    debounce: int = round(DEBOUNCE * 1000)
    pulse: tuple[int, int, int] = (round(BREAK * 1000), round(MAKE * 1000), round((BETWEEN_DIGITS - MAKE) * 1000))


class DahdiAnalog(DahdiChannel):
    """What both kinds of analog port share."""

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, params: Params, handle: Handle, plan: ChannelPlan,
                 group: CardGroup, flash: float) -> None:
        super().__init__(loop, number, params, handle, plan, group)
        self._timing = AnalogTiming(round(flash * 1000))

    def _prepare(self) -> None:
        self._handle.prepare_audio(clear=False)
        self._handle.timing(self._timing)
        self._handle.hook(Hook.ONHOOK)
        set_up_sound(self._handle, self.plan, self.number)

    def _idle(self) -> None:
        try:
            self._handle.hook(Hook.ONHOOK)
        except OSError as error:
            log.warning("%s", fault(f"channel {self.number} cannot be put on-hook", error))


class DahdiFxo(DahdiAnalog):
    """A port into which a line from an exchange is plugged."""

    kind = Kind.FXO

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, params: Params, handle: Handle, plan: ChannelPlan,
                 group: CardGroup, flash: float) -> None:
        super().__init__(loop, number, params, handle, plan, group, flash)
        self._off = False
        self._ringing = False
        self._silent_looks = 0
        self._reversed = False
        self._dial_timer: asyncio.TimerHandle | None = None
        self._flash_timer: asyncio.TimerHandle | None = None
        self._to_dial = ""

    def off_hook(self) -> None:
        self._check()
        self._ask("cannot go off-hook", lambda: self._handle.hook(Hook.OFFHOOK))
        self._off = True

    def on_hook(self) -> None:
        self._drop()
        if not self.removed:
            self._ask("cannot go on-hook", lambda: self._handle.hook(Hook.ONHOOK))

    def flash(self) -> None:
        self._check_loop()
        self._flash(FLASH_TRIES)

    def pulse(self, digits: str) -> None:
        self._check_loop()
        wrong = [digit for digit in digits if digit not in "0123456789"]
        if wrong:
            raise LineFault(f"channel {self.number}: {wrong[0]!r} cannot be dialled by pulses: only the "
                            "digits 0 to 9 can")
        if self.sound.held and self._dial_timer is None:
            self._ask("cannot dial", lambda: self._handle.dial(digits))
            return
        if not self.sound.held:
            self._ask("cannot dial", self._handle.dial_nothing)  # now, while a refusal can be told
            self.sound.held = True
            self._dial_timer = self._loop.call_later(HOLD, self._dial)
        self._to_dial += digits

    def status(self) -> ChannelStatus:
        return ChannelStatus(off_hook=self._off, ringing=self._ringing, reversed=self._reversed,
                             alarm=self._alarm_code())

    def _check_loop(self) -> None:
        self._check()
        if not self._off:
            raise LineFault(f"channel {self.number} is on-hook: there is no loop to break")

    def _flash(self, tries: int) -> None:
        self._flash_timer = None
        try:
            self._handle.hook(Hook.FLASH)
        except OSError as error:
            if error.errno != errno.EBUSY or tries == 0:
                raise fault(f"channel {self.number} cannot flash", error) from None
            self._flash_timer = self._loop.call_later(DEBOUNCE, self._flash_late, tries - 1)

    def _flash_late(self, tries: int) -> None:
        try:
            if self._off and not self.removed:
                self._flash(tries)
        except LineFault as refused:
            log.warning("%s", refused)

    def _dial(self) -> None:
        self._dial_timer = None
        digits, self._to_dial = self._to_dial, ""
        try:
            self._ask("cannot dial", lambda: self._handle.dial(digits))
        except LineFault as refused:
            self.sound.held = False
            log.warning("%s", refused)

    def _on_event(self, event: int) -> None:
        if event == Told.RINGBEGIN:
            self._ring(True)
        elif event == Told.RINGOFFHOOK:
            if not self._off:
                self._ring(True)  # its beginning fell into DAHDI's pause after the last call
            self._ring(False)
        elif event == Told.ONHOOK:
            if self._off:
                self._tell(LoopBroken())
        elif event == Told.POLARITY:
            self._reversed = not self._reversed
            self._tell(PolarityReversed())
        elif event == Told.DIALCOMPLETE and self._dial_timer is None:
            self.sound.held = False

    def _ring(self, ringing: bool) -> None:
        self._silent_looks = 0
        if ringing is not self._ringing:
            self._ringing = ringing
            self._tell(RingBegan() if ringing else RingEnded())

    def _take_state(self, params: Params) -> None:
        self._off = False
        self._ringing = params.hook == HOOK_RINGING

    def _compare(self, params: Params, certain: bool) -> None:
        rings = params.hook == HOOK_RINGING
        if rings and not self._off:
            self._ring(True)
        elif self._ringing and not rings:
            self._silent_looks += 1  # DAHDI waits 50 ms before it tells the end of a burst
            if certain or self._silent_looks > 1:
                self._ring(False)

    def _tell_state(self, *, everything: bool = False) -> None:
        if self._ringing:
            self._tell(RingBegan())

    def _words(self, bits: int) -> tuple[str, str] | None:
        return line_alarm_words(bits, self.number)

    def _drop(self) -> None:
        self._off = False
        for timer in (self._dial_timer, self._flash_timer):
            if timer is not None:
                timer.cancel()
        self._dial_timer = self._flash_timer = None
        self._to_dial = ""
        self.sound.held = False


class DahdiFxs(DahdiAnalog):
    """A port into which a telephone is plugged."""

    kind = Kind.FXS

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, params: Params, handle: Handle, plan: ChannelPlan,
                 group: CardGroup, flash: float) -> None:
        super().__init__(loop, number, params, handle, plan, group, flash)
        self._off = False  # debounced: a flash is no change
        self._break: asyncio.TimerHandle | None = None  # the loop is broken, for longer than any pulse
        self._odd_looks = 0
        self._rings = False
        self._reversed = False

    def ring(self, cadence: Sequence[float] | None) -> None:
        """The kernel keeps the cadence. A telephone that is off-hook is not rung, and HookChanged is told anyway."""
        self._check()
        if cadence is None:
            self._silence()
            return
        if not cadence or len(cadence) % 2 or min(cadence) <= 0:
            raise ValueError(f"a ring cadence is pairs of seconds on and off, all above zero, not {list(cadence)}")
        if len(cadence) > CADENCE_STEPS:
            raise ValueError(f"a card rings in at most {CADENCE_STEPS} steps, not {len(cadence)}")
        if not self._off:
            self._ask("cannot ring", lambda: self._ring([max(1, round(step * 1000)) for step in cadence]))
            self._rings = True

    def reverse(self, reversed_: bool) -> None:
        self._check()
        self._ask("cannot reverse its polarity", lambda: self._handle.polarity(reversed_))
        self._reversed = reversed_

    def status(self) -> ChannelStatus:
        return ChannelStatus(off_hook=self._off, ringing=self._rings, reversed=self._reversed,
                             alarm=self._alarm_code())

    def _ring(self, milliseconds: Sequence[int]) -> None:
        self._handle.cadence(milliseconds)
        try:
            self._handle.hook(Hook.RING)
        except OSError as error:
            if error.errno != errno.EBUSY:  # it rings already, or is in the break that tells a telephone of our hang-up
                raise
            self._handle.hook(Hook.RINGOFF)
            self._handle.hook(Hook.RING)

    def _silence(self) -> None:
        if self._rings:
            self._rings = False
            self._ask("cannot stop ringing", lambda: self._handle.hook(Hook.RINGOFF))

    def _on_event(self, event: int) -> None:
        if event == Told.RINGOFFHOOK:
            self._lifted()
        elif event == Told.ONHOOK:
            if self._off and self._break is None:
                self._break = self._loop.call_later(LONGEST_FLASH - KERNEL_FLASH, self._hung_up)
        elif event == Told.WINKFLASH:
            self._tell(Flashed())
        elif event & Told.PULSEDIGIT:
            digit = chr(event & 0xFF)
            if digit in "0123456789":  # a train of more than ten is no digit; DAHDI makes * and # of it
                self._tell(Pulsed(digit))
        elif event == Told.RINGEROFF and self._rings:
            self._tell(RingEnded())

    def _lifted(self) -> None:
        if self._break is not None:
            self._break.cancel()
            self._break = None
            self._tell(Flashed())
        elif not self._off:
            self._off = True
            self._rings = False
            self._set_hook(Hook.OFFHOOK)  # the bell stops, and the line is fed for talking
            self._tell(HookChanged(True))

    def _hung_up(self) -> None:
        self._break = None
        if self._off:
            self._off = False
            self._set_hook(Hook.ONHOOK)
            self._tell(HookChanged(False))

    def _set_hook(self, what: Hook) -> None:
        try:
            self._handle.hook(what)
        except OSError as error:
            self._failed(error)

    def _take_state(self, params: Params) -> None:
        self._off = params.off_hook
        self._rings = False
        if self._off:
            self._set_hook(Hook.OFFHOOK)

    def _compare(self, params: Params, certain: bool) -> None:
        if params.off_hook is self._off or self._break is not None:
            self._odd_looks = 0
            return
        self._odd_looks += 1  # a pulse breaks the loop as well
        if certain or self._odd_looks > 1:
            self._odd_looks = 0
            if params.off_hook:
                self._lifted()
            else:
                self._hung_up()

    def _tell_state(self, *, everything: bool = False) -> None:
        if self._off or everything:
            self._tell(HookChanged(self._off))

    def _drop(self) -> None:
        if self._break is not None:
            self._break.cancel()
            self._break = None
            self._off = False
        self._rings = False


def set_up_sound(handle: Handle, plan: ChannelPlan, number: int) -> None:
    """Gains and DAHDI's echo canceller. A channel without a canceller is no reason not to talk: it is logged."""
    handle.gains(*gain_tables(plan.gain_in, plan.gain_out))
    if plan.echo <= 0:
        return
    try:
        handle.echo(round(plan.echo * TAPS))
    except OSError as error:
        log.warning("%s", fault(f"channel {number} has no echo canceller (echocanceller= in system.conf)", error))
