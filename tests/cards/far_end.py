"""The far end of a card's channels, with DAHDI's ioctls and nothing of ours: an exchange (fxoks), a telephone (fxsks).

It shares no code with the driver, so that a mistake of the driver's is not answered by the same mistake here. The state
of the wire is read from the signalling bits themselves (G.704 ABCD), not from what DAHDI makes of them.
"""

import contextlib
import errno
import fcntl
import os
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Sequence

FRAME = 160  # samples of 20 ms
ELAST = 500  # errno: an event waits; DAHDI's own

# ioctls: direction << 30 | size << 16 | 0xDA << 8 | number (dahdi/user.h)
_READ, _WRITE = 2, 1


def _code(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | 0xDA << 8 | number


SET_BLOCKSIZE = _code(_WRITE, 1, 4)
FLUSH = _code(_WRITE, 3, 4)
HOOK = _code(_WRITE, 7, 4)
GETEVENT = _code(_READ, 8, 4)
SPANSTAT = _code(_READ | _WRITE, 10, 256)
SET_BUFINFO = _code(_WRITE, 27, 24)
SPECIFY = _code(_WRITE, 38, 4)
SETLAW = _code(_WRITE, 39, 4)
SETCADENCE = _code(_WRITE, 42, 64)
GETRXBITS = _code(_READ, 43, 4)
SETTXBITS = _code(_WRITE, 43, 4)
BUFFER_EVENTS = _code(_WRITE, 105, 4)
DYNAMIC_CREATE = _code(_READ | _WRITE, 80, 72)
DYNAMIC_DESTROY = _code(_WRITE, 81, 72)

ON_HOOK, OFF_HOOK, RING, RING_OFF = 0, 1, 5, 6  # HOOK
A_LAW = 2  # SETLAW
FLUSH_ALL = 7
IMMEDIATE, WHEN_FULL = 0, 1  # SET_BUFINFO
LONG = 60_000  # ms of a ring that ends when told

# the bits an end receives (dahdi-base.c, dahdi_rbs_sethook)
A, B = 8, 4
EVENTS = {1: "on-hook", 2: "ring-off-hook", 3: "wink-flash", 4: "alarm", 5: "no-alarm", 10: "ringer-on",
          11: "ringer-off", 12: "hook-complete", 13: "bits-changed", 14: "pulse-start", 17: "polarity",
          18: "ring-begin", 20: "removed"}
PULSED = 1 << 16


class FarChannel:
    """One channel of /dev/dahdi, opened for A-law frames of 20 ms, never waiting."""

    def __init__(self, number: int, *, buffers: int = 4) -> None:
        self.number = number
        self.fd = os.open("/dev/dahdi/channel", os.O_RDWR | os.O_NONBLOCK)
        try:
            self._put(SPECIFY, number)
            self._put(SETLAW, A_LAW)
            fcntl.ioctl(self.fd, SET_BUFINFO, struct.pack("6i", IMMEDIATE, IMMEDIATE, buffers, FRAME, 0, 0))
            self._put(SET_BLOCKSIZE, FRAME)
            self._put(BUFFER_EVENTS, 0)  # DAHDI keeps this from whoever had the channel before
        except OSError:
            os.close(self.fd)
            raise

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def leave(self) -> None:
        """Hang up; the descriptor belongs to somebody else by now, who will close it."""
        if self.fd >= 0:
            self.hook(RING_OFF)
            self.fd = -1

    def _put(self, code: int, value: int) -> None:
        fcntl.ioctl(self.fd, code, struct.pack("i", value))

    # ---- signalling ----

    def hook(self, state: int) -> None:
        """ON_HOOK, OFF_HOOK, RING or RING_OFF. OSError(EBUSY) while DAHDI drops battery (800 ms)."""
        try:
            self._put(HOOK, state)
        except OSError as error:
            if error.errno != errno.EINPROGRESS:  # what a ring says to who does not wait
                raise

    def ring_long(self) -> None:
        """One burst that ends when told: the cadence is whoever calls us."""
        fcntl.ioctl(self.fd, SETCADENCE, struct.pack("16i", LONG, 1000, *[0] * 14))
        self.hook(RING)

    @property
    def bits(self) -> int:
        """What comes in: ABCD, A is 8. Dynamic spans put the neighbour's four bits above them, which are not ours."""
        return self._get(GETRXBITS) & 0x0F

    def signal(self, bits: int) -> None:
        """CAS channels: what goes out."""
        self._put(SETTXBITS, bits)

    @property
    def sees_loop(self) -> bool:
        """fxoks: the other end is off-hook. (1011 is a channel of no kind: nothing is plugged in.)"""
        return self.bits & (A | B) == A | B

    @property
    def sees_ring(self) -> bool:
        """fxsks: ring voltage."""
        return not self.bits & B

    @property
    def sees_battery(self) -> bool:
        """fxsks: the other end feeds the line."""
        return self.bits & (A | B) != A | B

    def events(self) -> list[str]:
        """What DAHDI has queued, oldest first; empties it."""
        told = []
        while event := self._get(GETEVENT):
            told.append(f"pulse {chr(event & 0xFF)}" if event & PULSED else EVENTS.get(event, f"event {event}"))
        return told

    def _get(self, code: int) -> int:
        value: int = struct.unpack("i", fcntl.ioctl(self.fd, code, bytes(4)))[0]
        return value

    # ---- sound ----

    def flush(self) -> None:
        self._put(FLUSH, FLUSH_ALL)

    def read(self) -> bytes:
        """What was heard, up to a frame; b"" for nothing yet."""
        return self._unless_waiting(lambda: os.read(self.fd, FRAME)) or b""

    def write(self, codes: bytes) -> int:
        """How many codes the channel took; 0 when its buffers are full."""
        return self._unless_waiting(lambda: os.write(self.fd, codes)) or 0

    def _unless_waiting(self, do):  # type: ignore[no-untyped-def]
        try:
            return do()
        except OSError as error:
            if error.errno == ELAST:
                self.events()
            elif error.errno != errno.EAGAIN:
                raise
            return None


@contextlib.contextmanager
def channels(*numbers: int) -> Iterator[Sequence[FarChannel]]:
    """Open these, close them whatever happens."""
    with contextlib.ExitStack() as stack:
        opened = []
        for number in numbers:
            channel = FarChannel(number)
            stack.callback(channel.close)
            opened.append(channel)
        yield opened


# ---- spans that come and go ----


def _dynamic(code: int, address: str, channels_: int, timing: int) -> None:
    fd = os.open("/dev/dahdi/ctl", os.O_RDWR)
    try:
        fcntl.ioctl(fd, code, struct.pack("20s40s3i", b"loc", address.encode(), channels_, timing, 0))
    finally:
        os.close(fd)


def plug_in(address: str, channels_: int, timing: int = 0) -> None:
    """Make a local span ("1:0"). With `timing` 1 on both of a pair, they wait for each other and alarms flap."""
    _dynamic(DYNAMIC_CREATE, address, channels_, timing)


def unplug(address: str) -> None:
    """Take a local span away. OSError(EBUSY) while somebody has one of its channels open."""
    _dynamic(DYNAMIC_DESTROY, address, 0, 0)


def assign(device: str, span: int, base_channel: int) -> None:
    """Give a span of `device` (dynamic:loc:0) its number and its channels theirs, from `base_channel` on."""
    _sysfs(device, "assign_span", f"1:{span}:{base_channel}")


def unassign(device: str) -> None:
    """Take number and channels away: whoever has one open hears `removed`, as when a card is pulled."""
    _sysfs(device, "unassign_span", "1")


def configure(*lines: str) -> None:
    """What dahdi_cfg does for these lines of a system.conf: a span that was assigned again has channels of no kind."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="ascii") as file:
        file.write("\n".join([*lines, "loadzone=cn", "defaultzone=cn", ""]))
        file.flush()
        subprocess.run(["dahdi_cfg", "-c", file.name], check=True, stdout=subprocess.DEVNULL)


def _sysfs(device: str, attribute: str, words: str) -> None:
    with open(f"/sys/bus/dahdi_devices/devices/{device}/{attribute}", "w", encoding="ascii") as file:
        file.write(words)
