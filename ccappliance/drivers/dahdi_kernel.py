"""What the DAHDI driver asks of the kernel: discovery, one handle per open channel, and one epoll for all of them.

`Kernel` and `Handle` are the border at which tests replace the kernel; `DahdiKernel` is the real one. Both raise
OSError with the kernel's errno, ELAST included; `dahdi_channel.py` knows what to do about that.
"""

import errno
import os
import select
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ccappliance.drivers import _dahdi
from ccappliance.drivers.dahdi_words import (
    DIAL_APPEND,
    DIAL_CANCEL,
    FLUSH_ALL,
    LAW_ALAW,
    POLICY_HALF_FULL,
    POLICY_IMMEDIATE,
    Sig,
)
from ccappliance.media.card import CardClock

MAX_SPANS = 128  # DAHDI_MAX_SPANS
MAX_CHANNELS = 1024  # DAHDI_MAX_CHANNELS
FRAME = 160  # bytes: 20 ms of A-law, a tick's worth
AUDIO_BUFFERS = 4  # frames the card may hold each way: 60 ms of stalls survived, at most 80 ms of delay
DATA_BUFFERS, DATA_SIZE = 32, 1024  # a D channel: a burst of the longest frames (Q.921: 260 octets and FCS)
NO_SUCH_FEATURE = (errno.ENOTTY, errno.ENOSYS, errno.EINVAL)


@dataclass(frozen=True, slots=True)
class Params:
    """What DAHDI knows of a channel at this moment."""

    span: int
    signalling: int  # Sig
    capability: int  # signallings the port could be set to
    off_hook: bool  # the far end's
    hook: int  # raw: HOOK_RINGING, …
    bits: int  # of the far end, CAS
    alarms: int
    name: str


class Timing(Protocol):
    """Timings of an analog channel, in ms."""

    @property
    def flash(self) -> int: ...

    @property
    def shortest_flash(self) -> int: ...

    @property
    def debounce(self) -> int: ...

    @property
    def pulse(self) -> tuple[int, int, int]: ...


class Handle(Protocol):
    """One open channel. `fd` never changes, whatever card is behind it."""

    fd: int

    def event(self) -> int: ...

    def params(self) -> Params: ...

    def prepare_audio(self, clear: bool) -> None: ...

    def prepare_data(self) -> None: ...

    def timing(self, timing: Timing) -> None: ...

    def gains(self, heard: bytes, sent: bytes) -> None: ...

    def echo(self, taps: int) -> None: ...

    def hook(self, what: int) -> None: ...

    def cadence(self, milliseconds: Sequence[int]) -> None: ...

    def polarity(self, reversed_: bool) -> None: ...

    def dial(self, pulses: str) -> None: ...

    def dial_nothing(self) -> None: ...

    def bits(self) -> int: ...

    def send_bits(self, bits: int) -> None: ...

    def read(self, most: int) -> bytes: ...

    def write(self, data: bytes) -> int: ...

    def void(self) -> None: ...

    def adopt(self, other: "Handle") -> None: ...

    def close(self) -> None: ...


class Kernel(Protocol):
    """DAHDI as a whole. `fd` has something to read when `ready` has something to answer."""

    fd: int

    def spans(self) -> Sequence[Mapping[str, Any]]: ...

    def params(self, channel: int) -> Params: ...

    def open(self, channel: int) -> Handle: ...

    def watch(self, handle: Handle, number: int, *, data: bool = False) -> None: ...

    def ready(self) -> Sequence[int]: ...

    def clock(self) -> CardClock | None: ...

    def close(self) -> None: ...


class DahdiHandle:
    """An open channel of the real kernel."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def event(self) -> int:
        return _dahdi.get(self.fd, _dahdi.GETEVENT)

    def params(self) -> Params:
        return _params(_dahdi.params(self.fd, 0))

    def prepare_audio(self, clear: bool) -> None:
        """A-law frames of 20 ms each way, nothing waiting; `clear`: a B channel, which could be data as well.

        Sending begins when two frames are there, and after an underrun again: one is the reserve against jitter.
        """
        if clear:
            _dahdi.put(self.fd, _dahdi.AUDIOMODE, 1)
        _dahdi.buffers(self.fd, POLICY_HALF_FULL, AUDIO_BUFFERS, FRAME)
        _dahdi.put(self.fd, _dahdi.SETLAW, LAW_ALAW)
        _dahdi.put(self.fd, _dahdi.SETLINEAR, 0)
        _dahdi.put(self.fd, _dahdi.BUFFER_EVENTS, 1)
        try:
            _dahdi.put(self.fd, _dahdi.TONEDETECT, 0)  # a card that mutes the digits it hears would mute them to us
        except OSError as error:
            if error.errno not in NO_SUCH_FEATURE:
                raise
        _dahdi.put(self.fd, _dahdi.FLUSH, FLUSH_ALL)

    def prepare_data(self) -> None:
        """Frames as they come; a channel that dahdi_cfg left clear is told to be HDLC with FCS."""
        _dahdi.buffers(self.fd, POLICY_IMMEDIATE, DATA_BUFFERS, DATA_SIZE)
        if self.params().signalling == Sig.CLEAR:
            _dahdi.put(self.fd, _dahdi.HDLCFCSMODE, 1)
        _dahdi.put(self.fd, _dahdi.FLUSH, FLUSH_ALL)

    def timing(self, timing: Timing) -> None:
        _dahdi.timing(self.fd, timing.flash, timing.shortest_flash, timing.debounce, *timing.pulse)

    def gains(self, heard: bytes, sent: bytes) -> None:
        _dahdi.gains(self.fd, heard, sent)

    def echo(self, taps: int) -> None:
        _dahdi.echo(self.fd, taps)

    def hook(self, what: int) -> None:
        try:
            _dahdi.put(self.fd, _dahdi.HOOK, what)
        except OSError as error:
            if error.errno != errno.EINPROGRESS:  # how a descriptor that does not wait says yes
                raise

    def cadence(self, milliseconds: Sequence[int]) -> None:
        _dahdi.cadence(self.fd, milliseconds)

    def polarity(self, reversed_: bool) -> None:
        _dahdi.put(self.fd, _dahdi.SETPOLARITY, int(reversed_))

    def dial(self, pulses: str) -> None:
        _dahdi.dial(self.fd, DIAL_APPEND, b"P" + pulses.encode("ascii"))

    def dial_nothing(self) -> None:
        _dahdi.dial(self.fd, DIAL_CANCEL, b"")

    def bits(self) -> int:
        return _dahdi.get(self.fd, _dahdi.GETRXBITS)

    def send_bits(self, bits: int) -> None:
        _dahdi.put(self.fd, _dahdi.SETTXBITS, bits)

    def read(self, most: int) -> bytes:
        return os.read(self.fd, most)

    def write(self, data: bytes) -> int:
        return os.write(self.fd, data)

    def void(self) -> None:
        """Put nothing behind `fd`: the kernel may forget the card, and the tick meets no stranger's file."""
        nothing = os.open(os.devnull, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        os.dup2(nothing, self.fd, inheritable=False)
        os.close(nothing)

    def adopt(self, other: Handle) -> None:
        """Put `other`'s channel behind our `fd`; `other` is closed."""
        os.dup2(other.fd, self.fd, inheritable=False)
        other.close()

    def close(self) -> None:
        os.close(self.fd)


class DahdiKernel:
    """DAHDI's devices under /dev/dahdi. Raises OSError at construction when there are none."""

    def __init__(self, devices: Path = Path("/dev/dahdi")) -> None:
        self._devices = devices
        self._control = os.open(devices / "ctl", os.O_RDWR | os.O_CLOEXEC)
        self._timer = -1
        self._epoll = select.epoll()
        self._watched: dict[int, int] = {}  # fd → channel
        self.fd = self._epoll.fileno()

    def spans(self) -> Sequence[Mapping[str, Any]]:
        """What DAHDI_SPANSTAT says of each span, by number."""
        found: list[Mapping[str, Any]] = []
        for number in range(1, MAX_SPANS + 1):
            try:
                found.append(_dahdi.span(self._control, number))
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENODEV):
                    raise
            if found and len(found) >= found[0]["spans"]:
                break
        return found

    def params(self, channel: int) -> Params:
        """OSError(EINVAL) if there is no such channel."""
        return _params(_dahdi.params(self._control, channel))

    def open(self, channel: int) -> DahdiHandle:
        fd = os.open(self._devices / "channel", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _dahdi.put(fd, _dahdi.SPECIFY, channel)
        except OSError:
            os.close(fd)
            raise
        return DahdiHandle(fd)

    def watch(self, handle: Handle, number: int, *, data: bool = False) -> None:
        """Tell of events from now on; with `data`, of frames that can be read as well."""
        self._watched[handle.fd] = number
        self._epoll.register(handle.fd, select.EPOLLPRI | (select.EPOLLIN if data else 0))

    def ready(self) -> Sequence[int]:
        """Numbers given to `watch` that have something to tell; the same again until it is fetched."""
        return sorted(self._watched[fd] for fd, _ in self._epoll.poll(0))

    def clock(self) -> CardClock | None:
        """A timer that is tripped every 160 samples of the card that leads DAHDI's clock."""
        if self._timer < 0:
            self._timer = os.open(self._devices / "timer", os.O_RDWR | os.O_CLOEXEC)
            _dahdi.put(self._timer, _dahdi.TIMERCONFIG, FRAME)
        return CardClock(self._timer, _dahdi.TIMERACK)

    def close(self) -> None:
        self._epoll.close()
        os.close(self._control)
        if self._timer >= 0:
            os.close(self._timer)


def _params(told: tuple[int, int, int, int, int, int, int, str]) -> Params:
    span, signalling, capability, off_hook, hook, bits, alarms, name = told
    return Params(span, signalling, capability, bool(off_hook), hook, bits, alarms, name)
