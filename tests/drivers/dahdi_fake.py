"""A kernel without a kernel: what DAHDI would answer, kept in fields a test sets; the wire itself is a socket pair."""

import errno
import os
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ccappliance.drivers.dahdi_kernel import Handle, Params, Timing
from ccappliance.drivers.dahdi_words import Sig, Told
from ccappliance.media.card import CardClock

MOST_EVENTS = 63  # DAHDI drops further ones


@dataclass
class FakePort:
    """One channel of the card, whoever has it open."""

    number: int
    span: int
    signalling: int
    off_hook: bool = False
    hook: int = 0
    bits: int = 0
    alarms: int = 0
    events: deque[int] = field(default_factory=deque)
    asked: list[tuple[Any, ...]] = field(default_factory=list)  # requests, in order
    refuse: dict[str, deque[int]] = field(default_factory=dict)  # request → errnos of the next ones
    frames: deque[bytes] = field(default_factory=deque)  # on a D channel, to be read
    sent: list[bytes] = field(default_factory=list)
    gone: bool = False
    open: bool = False
    lost: int = 0

    def tell(self, *events: int) -> None:
        """Events happen. As in DAHDI, the 64th that waits is lost."""
        for event in events:
            if len(self.events) < MOST_EVENTS:
                self.events.append(event)
            else:
                self.lost += 1


class FakeHandle:
    """An open channel."""

    def __init__(self, port: FakePort) -> None:
        self.port: FakePort | None = port
        port.open = True
        self._near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._near.setblocking(False)
        self.fd = os.dup(self._near.fileno())  # a wire closes what it is given
        self.closed = False

    def _ask(self, *request: Any) -> FakePort:
        port = self.port
        if port is None:
            raise OSError(errno.ENODEV, "void")
        if port.gone:
            raise OSError(errno.ENODEV, "the card is gone")
        waiting = port.refuse.get(request[0])
        if waiting:
            raise OSError(waiting.popleft(), "refused")
        if request[0] not in ("event", "params", "bits", "read"):
            port.asked.append(request)
        return port

    def event(self) -> int:
        port = self._ask("event")
        return port.events.popleft() if port.events else Told.NONE

    def params(self) -> Params:
        return params_of(self._ask("params"))

    def prepare_audio(self, clear: bool) -> None:
        self._ask("audio", clear).events.clear()

    def prepare_data(self) -> None:
        self._ask("data").events.clear()

    def timing(self, timing: Timing) -> None:
        self._ask("timing", timing.flash, timing.shortest_flash, timing.debounce, timing.pulse)

    def gains(self, heard: bytes, sent: bytes) -> None:
        self._ask("gains", heard, sent)

    def echo(self, taps: int) -> None:
        self._ask("echo", taps)

    def hook(self, what: int) -> None:
        self._ask("hook", int(what))

    def cadence(self, milliseconds: Sequence[int]) -> None:
        self._ask("cadence", tuple(milliseconds))

    def polarity(self, reversed_: bool) -> None:
        self._ask("polarity", reversed_)

    def dial(self, pulses: str) -> None:
        self._ask("dial", pulses)

    def dial_nothing(self) -> None:
        self._ask("dial_nothing")

    def bits(self) -> int:
        return self._ask("bits").bits

    def send_bits(self, bits: int) -> None:
        self._ask("send_bits", bits)

    def read(self, most: int) -> bytes:
        port = self._ask("read")
        if port.events:
            raise OSError(500, "an event waits")
        if not port.frames:
            raise BlockingIOError(errno.EAGAIN, "nothing")
        return port.frames.popleft()[:most]

    def write(self, data: bytes) -> int:
        port = self._ask("write")
        if port.events:
            raise OSError(500, "an event waits")
        port.sent.append(data)
        return len(data)

    def void(self) -> None:
        if self.port is not None:
            self.port.open = False
        self.port = None

    def adopt(self, other: Handle) -> None:
        assert isinstance(other, FakeHandle)
        self.port, other.port = other.port, None
        other.close()

    def close(self) -> None:
        self.void()
        self.closed = True
        os.close(self.fd)


class FakeKernel:
    """One span per entry of `spans`: the signallings of its channels."""

    def __init__(self, *spans: Sequence[int]) -> None:
        self._wake, self._sleep = socket.socketpair()
        self.fd = self._wake.fileno()
        self.ports: dict[int, FakePort] = {}
        self.alarms: dict[int, int] = {}
        self.watched: dict[int, FakeHandle] = {}
        self.absent: set[int] = set()  # spans whose card is out
        self.closed = False
        for span, signallings in enumerate(spans, start=1):
            for signalling in signallings:
                number = len(self.ports) + 1
                self.ports[number] = FakePort(number, span, signalling)
        self._spans = len(spans)

    def spans(self) -> Sequence[Mapping[str, Any]]:
        return [{"number": span, "name": f"FAKE/{span}", "description": f"a fake card {span}", "device": "",
                 "type": "E1" if self._of(span)[0].signalling == Sig.CLEAR else "", "alarms": self.alarms.get(span, 0),
                 "channels": len(self._of(span)), "spans": self._spans - len(self.absent), "crc4": 7, "code": 0,
                 "bipolar": 3, "framing": 0, "fas": 2, "errored_seconds": 1, "irq_misses": 0}
                for span in range(1, self._spans + 1) if span not in self.absent]

    def params(self, channel: int) -> Params:
        port = self.ports.get(channel)
        if port is None or port.span in self.absent:
            raise OSError(errno.EINVAL, "no such channel")
        return params_of(port)

    def open(self, channel: int) -> FakeHandle:
        port = self.ports[channel]
        if port.open:
            raise OSError(errno.EBUSY, "open already")
        return FakeHandle(port)

    def watch(self, handle: Handle, number: int, *, data: bool = False) -> None:
        assert isinstance(handle, FakeHandle)
        self.watched[number] = handle

    def ready(self) -> Sequence[int]:
        return [number for number, handle in self.watched.items()
                if handle.port is not None and (handle.port.events or handle.port.frames or handle.port.gone)]

    def clock(self) -> CardClock | None:
        return None

    def close(self) -> None:
        self.closed = True
        self._wake.close()
        self._sleep.close()

    # ---- for tests ----

    def take_out(self, span: int) -> None:
        """The card is pulled: its channels say so once, and then are gone."""
        self.absent.add(span)
        for port in self._of(span):
            port.tell(Told.REMOVED)
            port.gone = True

    def put_in(self, span: int) -> None:
        self.absent.discard(span)
        for port in self._of(span):
            port.gone = False
            port.events.clear()

    def _of(self, span: int) -> list[FakePort]:
        return [port for port in self.ports.values() if port.span == span]


def params_of(port: FakePort) -> Params:
    return Params(port.span, port.signalling, 0, port.off_hook, port.hook, port.bits, port.alarms, f"F/{port.number}")
