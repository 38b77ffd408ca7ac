"""A simulated outside: cards, copper, an exchange and telephones, joined to a house by wires and nothing else."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from ccappliance.base.clock import Clock
from ccappliance.base.errors import ConfigError, Finding
from ccappliance.drivers.api import Kind
from ccappliance.drivers.line import SimulatedLine
from ccappliance.drivers.simulated import Card, DigitalEnd, SimulatedDriver
from ccappliance.drivers.simulated_cas import SimulatedCas
from ccappliance.drivers.simulated_span import SimulatedE1
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import Metronome, VirtualMetronome
from ccappliance.media.ports import Media
from ccappliance.media.rings import Rings
from ccappliance.media.scripted import ScriptedMedia
from ccappliance.media.tones import Zone
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_cas import ExchangeCas
from ccappliance.sim.exchange_line import LineSettings
from ccappliance.sim.exchange_pri import ExchangeSpan
from ccappliance.sim.people import Person
from ccappliance.sim.rehearsed import unlisted
from ccappliance.site import EmLine, FxoLine, PriLine, R2Line, Site, SpanLine


async def post(_command: Sequence[str], _letter: bytes, _seconds: float) -> None:
    """The street's post office: whatever e-mail is sent arrives, and no command is run."""


PORTS_PER_LINE = 3  # a line's far end, and a caller's telephone with its end at the exchange


class Beat(Protocol):
    """What moves the media: a metronome, or nothing for scripted media."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class NoBeat:
    """Scripted media need no tick: their prompts are timers."""

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass


@dataclass(frozen=True)
class Sound:
    """Both sides' media and what moves them."""

    near: Media  # the appliance's
    far: Media  # the street's
    beat: Beat


def engine_sound(loop: asyncio.AbstractEventLoop, zone: Zone, lines: int, *, virtual: bool,
                 realtime: bool = False, rings: Rings | None = None) -> Sound:
    """Real samples: two engines ticked one after the other, by the clock or by virtual time."""
    near = EngineMedia(loop, zone, ports=max(8, lines), name="appliance", rings=rings)
    far = EngineMedia(loop, zone, ports=max(64, lines * PORTS_PER_LINE), name="street")
    beat = VirtualMetronome(loop, [near, far]) if virtual else Metronome([near, far], realtime=realtime)
    return Sound(near, far, beat)


def scripted_sound(loop: asyncio.AbstractEventLoop, zone: Zone) -> Sound:
    """Facts instead of samples."""
    return Sound(ScriptedMedia(loop, zone), ScriptedMedia(loop, zone), NoBeat())


class Street:
    """The exchange, the pairs to our card, and the people who were asked for."""

    def __init__(self, site: Site, *, loop: asyncio.AbstractEventLoop, far: Media, zone: Zone, chance: random.Random,
                 clock: Clock, lines: Mapping[str, Mapping[str, Any]] | None = None, stepped: bool = True) -> None:
        """`lines`: by line name, how the exchange treats it (LineSettings); ConfigError for what it can't do.

        `stepped`: time is virtual.
        """
        self._loop = loop
        self._far = far
        self._zone = zone
        local = ZoneInfo(site.system.timezone)
        self.exchange = Exchange(loop, far, zone, chance, local_time=lambda: clock.wall().astimezone(local))
        self.pairs: dict[str, SimulatedLine] = {}  # by line name
        self._stations: dict[str, SimulatedLine] = {}
        self.cables: dict[str, SimulatedE1] = {}  # by name of an ISDN line
        self.spans: dict[str, ExchangeSpan] = {}
        self.cas_cables: dict[str, SimulatedCas] = {}  # by name of an R2 or E&M line
        self.cas: dict[str, ExchangeCas] = {}
        told = dict(lines or {})
        for name, line in sorted(site.lines.items(), key=lambda item: item[1].channel):
            if isinstance(line, SpanLine):
                continue
            pair = SimulatedLine(loop, far.wire())
            self.pairs[name] = pair
            if isinstance(line, FxoLine):
                number = line.number or unlisted(line)
                self.exchange.add(number, _line_settings(name, told.pop(name, {})), line=pair)
            else:
                self._stations[line.station] = pair
        if told:
            raise ConfigError([Finding("story", f"exchange.{name}", "there is no such outside line",
                                       f"lines: {', '.join(self.pairs)}") for name in told])
        cards = _cards(site, self.pairs)
        ends: list[DigitalEnd] = []
        for name, line in sorted(site.lines.items(), key=lambda item: item[1].channel):
            if isinstance(line, R2Line | EmLine):
                numbers = sorted(line.bearers.values())
                bits = self.cas_cables[name] = SimulatedCas(loop, len(cards) + len(ends) + 1, numbers,
                                                            [far.wire() for _ in numbers])
                self.cas[name] = ExchangeCas(name, line, bits.far, self.exchange, media=far, zone=zone, clock=clock,
                                             loop=loop)
                ends.append(bits.near)
            elif isinstance(line, PriLine):
                numbers = sorted(line.bearers.values())
                cable = self.cables[name] = SimulatedE1(loop, len(cards) + len(ends) + 1, numbers, line.dchannel,
                                                        [far.wire() for _ in numbers])
                self.spans[name] = ExchangeSpan(name, line, cable.far, self.exchange, media=far, zone=zone, clock=clock,
                                                loop=loop, stepped=stepped)
                ends.append(cable.near)
        self.driver = SimulatedDriver(loop, cards, flash=zone.flash,
                                      ends=ends)

    def person(self, name: str, *, station: str = "", number: str = "", withheld: bool = False) -> Person:
        """Somebody at a station's telephone, or a subscriber of the exchange. ConfigError for an unknown station."""
        if station:
            if station not in self._stations:
                raise ConfigError([Finding("story", f"people.{name}", f"there is no station {station}",
                                           f"stations: {', '.join(self._stations)}")])
            pair = self._stations[station]
        else:
            pair = SimulatedLine(self._loop, self._far.wire())
            self.exchange.add(number, LineSettings(withheld=withheld), name=name, line=pair)
        return Person(self._loop, self._far, self._zone, name, pair)

    def close(self) -> None:
        self.exchange.close()
        for span in self.spans.values():
            span.close()


def _cards(site: Site, pairs: Mapping[str, SimulatedLine]) -> list[Card]:
    """Simulated cards whose ports have the channel numbers of the site: runs of one kind, from 1 without a gap."""
    cards: list[Card] = []
    ordered = sorted(((name, line) for name, line in site.lines.items() if not isinstance(line, SpanLine)),
                     key=lambda item: item[1].channel)
    for expected, (name, line) in enumerate(ordered, start=1):
        if line.channel != expected:
            raise ConfigError([Finding("spans.yaml", f"lines.{name}.channel",
                                       f"channel {line.channel} comes where {expected} should",
                                       "number the channels of simulated lines from 1 without gaps")])
        kind = Kind.FXO if isinstance(line, FxoLine) else Kind.FXS
        if cards and cards[-1].kind is kind:
            cards[-1] = replace(cards[-1], lines=[*cards[-1].lines, pairs[name]])
        else:
            cards.append(Card(f"simulated {kind.value.upper()} card", kind, [pairs[name]]))
    return cards


def _line_settings(name: str, told: Mapping[str, Any]) -> LineSettings:
    try:
        return LineSettings(**told)
    except (TypeError, ValueError) as error:
        raise ConfigError([Finding("story", f"exchange.{name}", str(error), "see docs/stories.md")]) from None
