"""The street at the far end of a site's channels: exchange, telephones, ISDN by libpri's network side, R2 and E&M."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from far_line import FarLine, FarSpan

from ccappliance.base.clock import LoopClock
from ccappliance.drivers.api import Channel, DataChannel, Event
from ccappliance.drivers.dahdi import DahdiDriver
from ccappliance.drivers.dahdi_channel import ChannelPlan
from ccappliance.drivers.dahdi_kernel import DahdiKernel
from ccappliance.media.engine import EngineMedia
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_cas import ExchangeCas
from ccappliance.sim.exchange_line import LineSettings
from ccappliance.sim.exchange_pri import ExchangeSpan
from ccappliance.sim.world import Street
from ccappliance.site import EmLine, FxoLine, R2Line, Site, SpanLine, occupied

FAR = 8  # plan `house`: channel n of our card meets n + FAR
FAR_E1 = 31  # and channel n of our E1 span meets n + FAR_E1


class Valve:
    """A D channel that can be cut, as by a fault of the exchange, and whose messages can be kept back for a moment."""

    def __init__(self, data: DataChannel) -> None:
        self.cut = False
        self._data = data
        self._frame: Callable[[bytes], None] = lambda frame: None
        self._kept: dict[int, bytes] | None = None
        self._received = 0  # N(R) of the newest frame that came

    def connect(self, frame: Callable[[bytes], None], event: Callable[[Event], None]) -> None:
        self._frame = frame
        self._data.connect(self._arrive, event)

    def send(self, frame: bytes) -> None:
        if not self.cut:
            self._data.send(frame)

    def keep_back(self) -> None:
        """The messages that the other end sends arrive later (some 3 s at most: then layer 2 begins anew).

        Acknowledgements and polls pass: without them layer 2 would stop what this end wants to send, as soon as its
        timer T203 happens to end. What was kept arrives with the newest N(R), as a repetition would: an older one is
        an error to which layer 2 answers by beginning anew (Q.921 5.8.5), and calls in their beginning are lost.
        """
        self._kept = {}

    @property
    def kept(self) -> int:
        """Messages of Q.931 kept back."""
        return len(self._kept or ())

    def let_go(self) -> None:
        kept, self._kept = self._kept or {}, None
        for frame in kept.values():
            self._arrive(frame[:3] + bytes([self._received << 1 | frame[3] & 1]) + frame[4:])

    def _arrive(self, frame: bytes) -> None:
        if len(frame) >= 4 and frame[2] & 3 != 3:  # it has an N(R): information or supervisory (Q.921 §3.6)
            self._received = frame[3] >> 1
        if self._kept is not None and len(frame) > 4 and not frame[2] & 1:  # an information frame (Q.921 §3.6)
            self._kept.setdefault(frame[2] >> 1, frame)  # by its N(S): a repetition is the same message
        elif not self.cut:
            self._frame(frame)


@dataclass(frozen=True)
class FarE1:
    """The network's end of an E1 span, by the numbers of our end."""

    bearers: dict[int, Channel]
    data: Valve


@dataclass(frozen=True)
class FarCas:
    """The exchange's end of channels with signalling bits, by the numbers of our end."""

    bearers: dict[int, Channel]


class CardStreet(Street):
    """The exchange and the telephones of a site at the far end of its channels; callers are still of software."""

    def __init__(self, site: Site, *, loop: asyncio.AbstractEventLoop, far: EngineMedia, chance: random.Random,
                 clock: LoopClock, lines: Any = None) -> None:
        self._loop = loop
        self._far = far
        self._zone = far.zone
        self.exchange = Exchange(loop, far, far.zone, chance)
        ports = {name: line for name, line in sorted(site.lines.items(), key=lambda item: item[1].channel)
                 if not isinstance(line, SpanLine)}
        outside = {line.channel + FAR for line in ports.values() if isinstance(line, FxoLine)}
        stations = {line.channel + FAR for line in ports.values()} - outside
        self.span = FarSpan(loop, sorted(outside), sorted(stations))
        self.pairs: dict[str, FarLine] = {}  # type: ignore[assignment]
        self._stations = {}
        told = lines or {}
        for name, line in ports.items():
            pair: Any = self.span.lines[line.channel + FAR]
            self.pairs[name] = pair
            if isinstance(line, FxoLine):
                self.exchange.add(line.number, LineSettings(**told.get(name, {})), line=pair)
            else:
                self._stations[line.station] = pair
        self.cables = {}
        self.spans: dict[str, ExchangeSpan] = {}
        self.valves: dict[str, Valve] = {}
        self.card: DahdiDriver | None = None  # of the far E1 spans; its clock may be ticked by
        self.cas: dict[str, ExchangeCas] = {}
        trunks = {name: line for name, line in site.lines.items() if isinstance(line, SpanLine)}
        if trunks:
            self._add_trunks(trunks, clock)

    def _add_trunks(self, trunks: dict[str, SpanLine], clock: LoopClock) -> None:
        numbers = {number + FAR_E1 for line in trunks.values() for number in occupied(line)}
        self.card = DahdiDriver(self._loop, DahdiKernel(), wanted=dict.fromkeys(sorted(numbers), ChannelPlan()))
        channels = {channel.number: channel for channel in self.card.channels()}
        datas = {data.number: data for data in self.card.data_channels()}
        for name, line in trunks.items():
            if isinstance(line, R2Line | EmLine):
                far: Any = FarCas({number: channels[number + FAR_E1] for number in line.bearers.values()})
                self.cas[name] = ExchangeCas(name, line, far, self.exchange, media=self._far, zone=self._zone,
                                             clock=clock, loop=self._loop)
                continue
            valve = self.valves[name] = Valve(datas[line.dchannel + FAR_E1])
            end: Any = FarE1({number: channels[number + FAR_E1] for number in line.bearers.values()}, valve)
            self.spans[name] = ExchangeSpan(name, line, end, self.exchange, media=self._far, zone=self._zone,
                                            clock=clock, loop=self._loop, stepped=False)

    def close(self) -> None:
        """Hang up and let go of everything; nobody may tick any more."""
        super().close()
        self.span.close()
        if self.card is not None:
            self.card.close()
