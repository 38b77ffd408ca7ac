"""Everybody outside a daemon's cards, for tests told in Python: exchange, callers, agents, in this process's loop."""

import asyncio
import gc
import random
import traceback
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from card_daemon import CardDaemon, told
from card_street import CardStreet

from ccappliance.base.clock import LoopClock
from ccappliance.base.ordered import use_numbered_tasks
from ccappliance.drivers.dahdi_kernel import DahdiKernel
from ccappliance.media.dsp import alaw_to_linear, linear_to_alaw
from ccappliance.media.engine import EngineMedia
from ccappliance.media.metronome import Metronome
from ccappliance.media.ports import Sound
from ccappliance.media.tones import load_zones
from ccappliance.sim.people import Person

PORTS = 256
LOUD = 3000  # of noise that is spoken: some -20 dBm0
RATE = 8000
SEED = 7
UP = 60.0  # s until layer 2 is up at the latest, and every channel restarted
RECENT = 30  # facts that are shown when a story fails
REST = 2.0  # s after everybody has hung up


def words(seed: int, seconds: float = 2.0) -> Sound:
    """Noise that is nobody else's, as A-law leaves it."""
    chance = random.Random(seed)
    pcm = b"".join(chance.randint(-LOUD, LOUD).to_bytes(2, "little", signed=True) for _ in range(round(RATE * seconds)))
    return Sound(f"words {seed}", alaw_to_linear(linear_to_alaw(pcm)))


class Town:
    """Exchange, people, and what moves their sound."""

    def __init__(self, daemon: CardDaemon) -> None:
        self.loop = asyncio.get_running_loop()
        self.daemon = daemon
        zone = load_zones()[daemon.site.system.zone]
        self._far = EngineMedia(self.loop, zone, ports=PORTS, name="street")
        self._kernel = DahdiKernel()
        self._beat = Metronome([self._far], realtime=True, clock=self._kernel.clock())
        self._people: list[Person] = []
        self.street = CardStreet(daemon.site, loop=self.loop, far=self._far, chance=random.Random(SEED),
                                 clock=LoopClock(self.loop, datetime.now(UTC)))
        self._beat.start()

    def person(self, name: str, *, station: str = "", number: str = "") -> Person:
        person = self.street.person(name, station=station, number=number)
        self._people.append(person)
        return person

    async def up(self, idle: int = 30) -> None:
        """The E1 span works: so many of its channels are idle."""
        row: dict[str, Any] = {}
        until = self.loop.time() + UP
        while self.loop.time() < until:
            [row] = await self.daemon.ask("pri.list")
            if row["state"] == "up" and row["idle"] == idle:
                return
            await asyncio.sleep(0.5)
        raise AssertionError(f"the span does not come up: {row}")

    async def hears(self, speaker: Person, listener: Person, sound: Sound) -> None:
        """What one says the other hears, every sample of it."""
        heard = self.loop.create_task(listener.hear_sound(sound, within=10.0))
        await asyncio.sleep(0.2)  # so that he listens from the beginning
        await speaker.say(sound)
        await heard

    async def close(self) -> None:
        for person in self._people:
            person.hang_up()
        await asyncio.sleep(REST)
        self._beat.stop()
        self.street.close()
        self._far.close()
        self._kernel.close()


def play(daemon: CardDaemon, story: Callable[[Town], Coroutine[Any, Any, None]]) -> None:
    """Tell a story in a town of its own."""
    async def whole() -> None:
        use_numbered_tasks(asyncio.get_running_loop())
        town = Town(daemon)
        try:
            await story(town)
        finally:
            await town.close()

    failed = ""
    try:
        asyncio.run(whole())
    except Exception:  # noqa: BLE001  # kept as words: a traceback would keep the channels open for every later test
        daemon.look()
        recent = "\n".join(told(fact) for fact in daemon.facts[-RECENT:])
        failed = f"{traceback.format_exc()}\nThe daemon's journal ends:\n{recent}"
    gc.collect()
    assert not failed, failed
