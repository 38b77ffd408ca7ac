"""Whether the wall clock can be trusted enough to delete by age: a dead battery must not make everything old.

The kernel knows whether somebody disciplines its clock (systemd-timesyncd, chrony, ntpd): adjtimex(2) has STA_UNSYNC
then, and after `date -s` as well. What it does not know is checked here: a clock earlier than the newest journal entry
or than this program is wrong, and one that has jumped is believed again only after a while.
"""

import ctypes
from collections.abc import Callable
from datetime import datetime, timedelta

from ccappliance.base.clock import Clock

_STA_UNSYNC = 0x0040  # linux/timex.h
_TIME_ERROR = 5
JUMP = 60.0  # s by which wall and loop clock may part between two looks; NTP slews half a millisecond in a second
SETTLE = 600.0  # s a clock is not believed after a jump: what has set it wrongly is found out meanwhile
BACK = timedelta(seconds=5)  # by which it may lie behind what is written: steps of NTP are smaller


class _Timex(ctypes.Structure):
    """struct timex of the kernel, on 64 and 32 bit."""

    _fields_ = (("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long),
                ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long), ("status", ctypes.c_int),
                ("rest", ctypes.c_byte * 256))


def kernel_trust() -> str:
    """Why the kernel does not take its clock for synchronised; "" it does."""
    timex = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))  # modes 0: asks, and needs no right
    except (OSError, AttributeError) as error:
        return f"the system cannot be asked whether its clock is synchronised ({error})"
    if state < 0:
        return f"the system does not say whether its clock is synchronised (error {ctypes.get_errno()})"
    if timex.status & _STA_UNSYNC or state == _TIME_ERROR:
        return "the system's clock is not synchronised: start systemd-timesyncd or chrony, and see that it reaches a " \
               "server (`timedatectl`)"
    return ""


class TimeTrust:
    """Looks at the clock whenever it is asked; ask once a second."""

    def __init__(self, clock: Clock, synchronised: Callable[[], str], known_past: datetime) -> None:
        """`synchronised`: why the system's clock is not; "" it is. `known_past`: no true clock is earlier."""
        self._clock = clock
        self._synchronised = synchronised
        self._past = known_past
        self._seen = clock.wall(), clock.now()
        self._jumped: float | None = None  # loop clock

    def remember(self, at: datetime) -> None:
        """This moment has been."""
        self._past = max(self._past, at)

    def why_not(self) -> str:
        """Why the wall clock cannot be trusted now, and what to do; "" it can."""
        wall, now = self._clock.wall(), self._clock.now()
        then, before = self._seen
        self._seen = wall, now
        if abs((wall - then).total_seconds() - (now - before)) > JUMP:
            self._jumped = now
        if wall < self._past - BACK:
            return f"the clock says {wall:%Y-%m-%d %H:%M}, but it has been {self._past:%Y-%m-%d %H:%M} already: set it"
        why = self._synchronised()
        if why:
            return why
        if self._jumped is not None and now - self._jumped < SETTLE:
            return f"the clock has jumped; it is believed again in {SETTLE - (now - self._jumped):.0f} s"
        self._past = max(self._past, wall)
        return ""
