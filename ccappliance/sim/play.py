"""`ccappliance test`: stories played in virtual time against a configuration, one house for each."""

import asyncio
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccappliance import VERSION
from ccappliance.base.clock import LoopClock, Outside
from ccappliance.base.ids import Ids
from ccappliance.call.cdr import Cdr
from ccappliance.call.journal import MemorySink, Sink
from ccappliance.house import House, Surroundings
from ccappliance.media.render import Voice
from ccappliance.media.scripted_speech import ScriptedSpeech
from ccappliance.media.tones import load_zones
from ccappliance.sim.configured import Configured
from ccappliance.sim.loop import run_virtual
from ccappliance.sim.mishaps import in_use
from ccappliance.sim.narrator import Narrator
from ccappliance.sim.outsiders import ScriptedPeers, TableWeb
from ccappliance.sim.script import Script
from ccappliance.sim.story import Story, spoken_texts
from ccappliance.sim.world import Street, engine_sound, post, scripted_sound
from ccappliance.site import Site
from ccappliance.store.database import Store

QUIET = 5.0  # s given to everybody to come to rest after the last step
AT_REST = 15  # s after everybody has hung up in which everything must have been let go; busy tone takes 4 to be certain


@dataclass(frozen=True)
class Played:
    """How a story went. `failed` is empty when all was as told."""

    step: str
    failed: str
    seconds: float  # virtual
    digest: str
    breaches: tuple[str, ...]
    journal: tuple[bytes, ...]
    in_use: tuple[str, ...] = ()  # what was not let go after everybody had hung up
    cdrs: tuple[Cdr, ...] = ()  # oldest first


@dataclass(frozen=True)
class Past:
    """What an earlier house has left."""

    sink: Sink
    store: Store


@dataclass(frozen=True)
class Stage:
    """Where a story is played, for those who interfere with it."""

    loop: asyncio.AbstractEventLoop
    house: House
    street: Street
    story: Story


def play(script: Script, site: Site, *, engine: bool, cache: Path, voice: Voice | None = None,
         say: Callable[[str], None] | None = None, recordings: Path | None = None, configured: Configured | None = None,
         interfere: Callable[[Stage], None] | None = None, past: Past | None = None) -> Played:
    """Play one story from beginning to end, in the house of `site`.

    `say` is told it as it happens; `configured`: what its reloads are laid over; `interfere` is called when the house
    has opened, and may call things to happen during the story; `past`: a journal and a store to go on with.
    """
    def run(folder: Path | None) -> Played:
        return run_virtual(_play(script, site, engine, cache, voice, say, folder, configured, interfere, past))

    if recordings is not None or not engine:
        return run(recordings)
    with tempfile.TemporaryDirectory(prefix="ccappliance-story-") as folder:
        return run(Path(folder))


async def _play(script: Script, site: Site, engine: bool, cache: Path, voice: Voice | None,
                say: Callable[[str], None] | None, recordings: Path | None, configured: Configured | None,
                interfere: Callable[[Stage], None] | None, past: Past | None) -> Played:
    loop = asyncio.get_running_loop()
    zone = load_zones()[site.system.zone]
    clock = LoopClock(loop, script.at)
    chance = random.Random(script.seed)
    sound = engine_sound(loop, zone, site.voice_paths, virtual=True) if engine else scripted_sound(loop, zone)
    street = Street(site, loop=loop, far=sound.far, zone=zone, chance=chance, clock=clock, lines=script.lines)
    told = MemorySink()
    sink, store = (past.sink, past.store) if past else (told, Store(":memory:", threaded=False))
    language = site.system.language
    house = House(site, Surroundings(
        loop=loop, outside=Outside(clock, chance, Ids(int(script.at.timestamp())),
                                   random.Random(f"{script.seed} secret").randbytes),
        zone=zone, media=sound.near, driver=street.driver, sink=sink, store=store, cache=cache, recordings=recordings,
        messages=recordings / "voicemail" if recordings is not None else None,
        threaded=False, used_space=lambda _: 0.0, voice=voice, send=post,
        speech=None if engine else ScriptedSpeech(loop),
        web=TableWeb(script.outside.services), peers=ScriptedPeers(script.outside.scripts),
        texts=tuple((language, text) for text in spoken_texts(script))))
    if past:
        house.journal.follow(lambda entry: told.append(entry, entry.line()))
    narrator = Narrator(say, clock.now()) if say else None
    if narrator:
        house.journal.follow(narrator.hear)
    house.open(VERSION)
    sound.beat.start()
    story = Story(script, house, street, clock=clock, configured=configured,
                  **({"tell": narrator.deed} if narrator else {}))
    if interfere is not None:
        interfere(Stage(loop, house, street, story))
    failed = await story.play()
    if failed is None:
        await asyncio.sleep(QUIET)
    story.close()
    for row in house.callbacks.list():  # nobody is there any more to be called back
        house.callbacks.cancel(row["callback"], "the story")
    left = await _at_rest(house)
    await house.close("the story is over")
    sound.beat.stop()
    street.close()
    return Played(f"{failed.step.place}: {failed.step}" if failed else "", failed.why if failed else "",
                  round(clock.now(), 3), told.digest(), tuple(house.invariants.breaches), tuple(told.lines),
                  tuple(left), tuple(reversed(house.tables.cdrs.recent(100_000))))


async def _at_rest(house: House) -> list[str]:
    """What is in use although everybody has hung up some time ago."""
    for _ in range(AT_REST):
        await asyncio.sleep(1.0)
        if not in_use(house):
            return []
    return in_use(house)
