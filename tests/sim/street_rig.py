"""A street for tests: our card and a simulated exchange over either media implementation, in virtual time."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from ccappliance.drivers.api import Channel, Event, Kind
from ccappliance.drivers.line import SimulatedLine
from ccappliance.drivers.simulated import Card, SimulatedDriver
from ccappliance.media.ports import Heard, Media, MediaPort, Sound
from ccappliance.media.scripted import ScriptedMedia
from ccappliance.media.tones import load_zones
from ccappliance.sim.exchange import Exchange
from ccappliance.sim.exchange_line import LineSettings
from ccappliance.sim.loop import run_virtual
from ccappliance.sim.people import Person

try:
    from ccappliance.media.engine import EngineMedia
    from ccappliance.media.metronome import VirtualMetronome
except ImportError:  # the extension is not built
    MEDIA = ["scripted"]
else:
    MEDIA = ["scripted", "engine"]

ZONES = load_zones()
ZONE = ZONES["cn"]


def noise(name: str, seconds: float, seed: int) -> Sound:
    """Something like speech: noise in syllables, recognisable by its samples and none of the zone's tones."""
    chance = random.Random(seed)
    samples = []
    level = 0.0
    for n in range(round(seconds * 8000)):
        if n % 800 == 0:
            level = chance.uniform(1000, 9000)
        samples.append(round(chance.gauss(0, level)))
    return Sound(name, b"".join(max(-32000, min(32000, s)).to_bytes(2, "little", signed=True) for s in samples))


HELLO = noise("hello", 1.5, 1)
ANSWER = noise("answer", 1.5, 2)


class OurPort:
    """A channel of the card with its media port, and what both told: the place where signalling sits in the house."""

    def __init__(self, media: Media, channel: Channel) -> None:
        self.channel = channel
        self.port: MediaPort = media.port(f"{channel.kind.value}/{channel.number}", channel.wire)
        self.events: list[Event] = []
        self.heard: list[Heard] = []
        self.log: list[tuple[float, Event | Heard]] = []  # both, with the time
        self.port.on_heard = self._heard
        channel.connect(self._happened)

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        self.log.append((asyncio.get_running_loop().time(), event))

    def _heard(self, heard: Heard) -> None:
        self.heard.append(heard)
        self.log.append((asyncio.get_running_loop().time(), heard))

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


class Street:
    """Both sides, ticking together if they have samples."""

    def __init__(self, media: str, seed: int = 7, zone: str = "cn") -> None:
        self.zone = ZONES[zone]
        loop = self.loop = asyncio.get_running_loop()
        self.chance = random.Random(seed)
        self.metronome = None
        self.ours: Media
        self.theirs: Media
        if media == "engine":
            self.ours, self.theirs = EngineMedia(loop, self.zone), EngineMedia(loop, self.zone, name="street")
            self.metronome = VirtualMetronome(loop, [self.ours, self.theirs])
            self.metronome.start()
        else:
            self.ours, self.theirs = ScriptedMedia(loop, self.zone), ScriptedMedia(loop, self.zone)
        self.exchange = Exchange(loop, self.theirs, self.zone, self.chance,
                                 local_time=lambda: datetime(2026, 11, 22, 9, 30))

    def trunks(self, number: str, count: int, settings: LineSettings | None = None) -> list[OurPort]:
        """Lines of the exchange plugged into FXO ports of ours."""
        lines = [self.exchange.add(number, settings).line for _ in range(count)]
        driver = SimulatedDriver(self.loop, [Card("FXO card", Kind.FXO, lines)])
        return [OurPort(self.ours, channel) for channel in driver.channels()]

    def station(self, name: str) -> tuple[OurPort, Person]:
        """A telephone plugged into an FXS port of ours."""
        line = SimulatedLine(self.loop, self.ours.wire())
        driver = SimulatedDriver(self.loop, [Card("FXS card", Kind.FXS, [line])])
        return OurPort(self.ours, driver.channels()[0]), Person(self.loop, self.theirs, self.zone, name, line)

    def subscriber(self, number: str, name: str, settings: LineSettings | None = None) -> Person:
        line = self.exchange.add(number, settings, name=name)
        return Person(self.loop, self.theirs, self.zone, name, line.line)

    def close(self) -> None:
        if self.metronome is not None:
            self.metronome.stop()
        self.ours.close()
        self.theirs.close()


Story = Callable[[Street], Coroutine[Any, Any, None]]


def on_street(media: str, story: Story, seed: int = 7, zone: str = "cn") -> None:
    """Play a story on a street of its own."""

    async def play() -> None:
        street = Street(media, seed, zone)
        try:
            await story(street)
        finally:
            street.close()

    run_virtual(play())
