"""Channels of an E1 span on DAHDI: B channels, channels with bits of their own (CAS), and D channels with frames."""

import asyncio
import errno
import logging
from collections.abc import Callable

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import BitsChanged, ChannelStatus, Event, Kind
from ccappliance.drivers.dahdi_analog import set_up_sound
from ccappliance.drivers.dahdi_channel import ChannelPlan, DahdiChannel, DahdiPath
from ccappliance.drivers.dahdi_kernel import DATA_SIZE, Handle, Params
from ccappliance.drivers.dahdi_words import ELAST, Told
from ccappliance.media.card import CardGroup

BITS = 0xF  # the far end's four; a driver of DAHDI (dahdi_dynamic) leaves its neighbour's in the upper half
FCS = 2  # octets; DAHDI leaves them at a frame's end, and wants room for them when one is sent
SHORTEST = 4  # octets of a Q.921 frame: address, control, FCS; what is shorter is noise
FRAMES_AT_ONCE = 64  # read before everybody else has his turn

log = logging.getLogger(__name__)


class DahdiBearer(DahdiChannel):
    """A B channel: sound, and nothing else."""

    kind = Kind.BEARER

    def status(self) -> ChannelStatus:
        return ChannelStatus(off_hook=False, ringing=False, reversed=False, alarm=self._alarm_code())

    def _prepare(self) -> None:
        self._handle.prepare_audio(clear=True)
        set_up_sound(self._handle, self.plan, self.number)

    def _take_state(self, params: Params) -> None:
        pass

    def _compare(self, params: Params, certain: bool) -> None:
        pass

    def _on_event(self, event: int) -> None:
        pass  # fax tones and the like, which our own ears tell


class DahdiCas(DahdiChannel):
    """A channel with four signalling bits."""

    kind = Kind.CAS

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, params: Params, handle: Handle, plan: ChannelPlan,
                 group: CardGroup) -> None:
        super().__init__(loop, number, params, handle, plan, group)
        self._heard = 0

    def signal(self, bits: int) -> None:
        self._check()
        if not 0 <= bits <= BITS:
            raise ValueError(f"signalling bits are 0 to 15, not {bits}")
        self._ask("cannot send its bits", lambda: self._handle.send_bits(bits))

    def status(self) -> ChannelStatus:
        return ChannelStatus(off_hook=False, ringing=False, reversed=False, alarm=self._alarm_code())

    def _prepare(self) -> None:
        self._handle.prepare_audio(clear=False)
        set_up_sound(self._handle, self.plan, self.number)

    def _on_event(self, event: int) -> None:
        if event == Told.BITSCHANGED:
            self._bits_are(self._ask("cannot tell its bits", self._handle.bits))

    def _bits_are(self, bits: int) -> None:
        if bits & BITS != self._heard:
            self._heard = bits & BITS
            self._tell(BitsChanged(self._heard))

    def _take_state(self, params: Params) -> None:
        self._heard = self._handle.bits() & BITS

    def _compare(self, params: Params, certain: bool) -> None:
        self._bits_are(self._ask("cannot tell its bits", self._handle.bits))

    def _tell_state(self, *, everything: bool = False) -> None:
        self._tell(BitsChanged(self._heard))  # whatever they are: idle differs from country to country


class DahdiData(DahdiPath):
    """A D channel: frames from Q.921's address to the last octet before the FCS, which DAHDI makes and checks."""

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, params: Params, handle: Handle,
                 plan: ChannelPlan) -> None:
        super().__init__(loop, number, params, handle, plan)
        self.aborted = 0  # frames the far end broke off, or a bit error
        self.too_long = 0
        self.bad_fcs = 0
        self.received = 0
        self.sent = 0
        self.unsent = 0  # frames that found no room
        self._frame: Callable[[bytes], None] | None = None
        self._hear: Callable[[Event], None] | None = None

    def connect(self, frame: Callable[[bytes], None], event: Callable[[Event], None]) -> None:
        if self._hear is not None:
            raise LineFault(f"channel {self.number} is owned already: one signalling owns a channel")
        self._frame = frame
        self._hear = event
        if self._alarm is not None:
            self._tell(self._alarm)

    def send(self, frame: bytes) -> None:
        data = frame + bytes(FCS)
        if self.removed or len(data) > DATA_SIZE:
            self.unsent += 1
            return
        for _ in range(2):
            try:
                taken = self._handle.write(data)
            except OSError as error:
                if error.errno == ELAST:
                    self.attend()
                    continue
                if error.errno != errno.EAGAIN:
                    self._failed(error)
                break
            self.sent += taken == len(data)
            self.unsent += taken != len(data)
            return
        self.unsent += 1

    def attend(self) -> None:
        """Events first, for while one waits nothing can be read; then all frames."""
        super().attend()
        for _ in range(FRAMES_AT_ONCE):
            if self.removed:
                return
            try:
                data = self._handle.read(DATA_SIZE)
            except OSError as error:
                if error.errno == ELAST:
                    super().attend()
                    continue
                if error.errno != errno.EAGAIN:
                    self._failed(error)
                return
            if not data:
                return
            self._received(data)

    def close(self) -> None:
        if not self.removed:
            self.removed = True
            self._handle.close()

    def _received(self, data: bytes) -> None:
        if len(data) < SHORTEST:
            self.aborted += 1
            return
        self.received += 1
        if self._frame is not None:
            self._loop.call_soon(self._frame, data[:-FCS])

    def _prepare(self) -> None:
        self._handle.prepare_data()

    def _take_state(self, params: Params) -> None:
        pass

    def _compare(self, params: Params, certain: bool) -> None:
        pass

    def _on_event(self, event: int) -> None:
        if event == Told.ABORT:
            self.aborted += 1
        elif event == Told.OVERRUN:
            self.too_long += 1
        elif event == Told.BADFCS:
            self.bad_fcs += 1

    def _tell(self, event: Event) -> None:
        if self._hear is not None:
            self._loop.call_soon(self._hear, event)
