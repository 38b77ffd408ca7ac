"""A whole house on real channels: DAHDI driver, engine in the card's own time, and the street at the far end."""

import asyncio
import gc
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from card_street import CardStreet

from ccappliance import VERSION
from ccappliance.base.clock import LoopClock, Outside
from ccappliance.base.ids import Ids
from ccappliance.base.ordered import use_numbered_tasks
from ccappliance.call.journal import MemorySink
from ccappliance.drivers.dahdi import DahdiDriver
from ccappliance.drivers.dahdi_channel import ChannelPlan
from ccappliance.drivers.dahdi_kernel import DahdiKernel
from ccappliance.house import House, Surroundings
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import Metronome
from ccappliance.media.tones import load_zones
from ccappliance.sim.mishaps import in_use
from ccappliance.sim.script import Script
from ccappliance.sim.story import Story, spoken_texts
from ccappliance.site import FxoLine, Site
from ccappliance.store.database import Store

QUIET = 2.0  # s after the last step in which everybody comes to rest
SETTLED = 2.5  # s; DAHDI tells no ring within 2 s of opening an FXO port


@dataclass
class CardHouse:
    """What a test may look at and interfere with while a story is told."""

    loop: asyncio.AbstractEventLoop
    house: House
    street: CardStreet
    driver: DahdiDriver
    near: EngineMedia
    beat: Metronome
    sink: MemorySink


@dataclass(frozen=True)
class Told:
    """How it went. `failed` is empty when all was as told."""

    failed: str
    journal: tuple[bytes, ...]
    breaches: tuple[str, ...]
    in_use: tuple[str, ...]
    ticks: int
    late: int
    worst_late: float
    skipped: int
    card_ticks: int
    spans: tuple[Any, ...]
    spoken: Mapping[str, bytes]  # what people said, as PCM


def tell(script: Script, site: Site, cache: Path, recordings: Path, interfere: Any = None) -> Told:
    """Tell one story on real channels, in the guest's real time."""
    try:
        return asyncio.run(_tell(script, site, cache, recordings, interfere))
    finally:
        gc.collect()  # channels are open as long as their wires live, and these refer to each other


async def _tell(script: Script, site: Site, cache: Path, recordings: Path, interfere: Any) -> Told:
    loop = asyncio.get_running_loop()
    use_numbered_tasks(loop)
    zone = load_zones()[site.system.zone]
    clock = LoopClock(loop, script.at)
    chance = random.Random(script.seed)
    near = EngineMedia(loop, zone, ports=16, name="appliance")
    far = EngineMedia(loop, zone, ports=64, name="street")
    driver = DahdiDriver(loop, DahdiKernel(), flash=zone.flash, wanted={
        line.channel: ChannelPlan(kind="fxo" if isinstance(line, FxoLine) else "fxs") for line in site.lines.values()})
    beat = Metronome([near, far], realtime=True, clock=driver.clock())
    street = CardStreet(site, loop=loop, far=far, chance=chance, clock=clock, lines=script.lines)
    store, sink = Store(":memory:", threaded=False), MemorySink()
    language = site.system.language
    house = House(site, Surroundings(
        loop=loop, outside=Outside(clock, chance, Ids(int(script.at.timestamp()))), zone=zone, media=near,
        driver=driver, sink=sink, store=store, cache=cache, recordings=recordings, threaded=True,
        used_space=lambda _: 0.0, texts=tuple((language, text) for text in spoken_texts(script))))
    spoken = {text: house.prompts.text(text, language).pcm for text in spoken_texts(script)}
    house.open(VERSION)
    beat.start()
    story = Story(script, house, street, clock=clock)
    await asyncio.sleep(SETTLED)
    if interfere is not None:
        interfere(CardHouse(loop, house, street, driver, near, beat, sink))
    try:
        failed = await story.play()
        await asyncio.sleep(QUIET)
    finally:
        story.close()
        await asyncio.sleep(QUIET)  # DAHDI is sure after 1.25 s that hanging up was no flash
        left = in_use(house)
        spans = tuple(driver.spans())
        await house.close("the story is over")
        beat.stop()
        street.close()
        driver.close()
        near.close()
        far.close()
        store.close()
    return Told(f"{failed.step.place}: {failed.step}: {failed.why}" if failed else "", tuple(sink.lines),
                tuple(house.invariants.breaches), tuple(left), beat.ticks, beat.late, beat.worst_late, beat.skipped,
                beat.card_ticks, spans, spoken)
