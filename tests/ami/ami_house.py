"""A whole simulated house in a thread, on a real loop, with AMI on a real port: what real clients are tried against.

Its sound is facts (scripted media), its lines and people are simulated; time is the machine's.
"""

import asyncio
import random
import socket
import tempfile
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from ccappliance import VERSION
from ccappliance.base.clock import Outside, SystemClock
from ccappliance.base.ids import Ids
from ccappliance.call.fact import Fact
from ccappliance.call.journal import MemorySink
from ccappliance.config.history import ConfigHistory
from ccappliance.config.load import load
from ccappliance.house import House, Surroundings
from ccappliance.house_ami import ami_server
from ccappliance.house_view import View
from ccappliance.media.render import MuteVoice
from ccappliance.media.scripted_speech import ScriptedSpeech
from ccappliance.media.tones import load_zones
from ccappliance.sim.people import Person
from ccappliance.sim.world import Street, scripted_sound
from ccappliance.site import Site
from ccappliance.store.database import Store

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0  # s anything may take on a busy machine
USERS = """
ami:
  enabled: true
  port: 0
  users:
    all: {secret: s3cret, read: [all], write: [all]}
    pyst: {secret: s3cret, read: [all], write: [all], command_format: legacy}
    eyes: {secret: eyes, read: [call], write: [reporting]}
    far: {secret: far, acl: [10.0.0.0/8]}
    variables: {secret: v, read: [all], write: [all], chan_variables: true}
"""


class LiveHouse:
    """`do(coroutine)` and `ask(function)` run in the house's loop; `facts` is what the journal has told."""

    def __init__(self, more: str = "") -> None:
        self.facts: list[Fact] = []
        self.port = 0
        self._people: dict[str, Person] = {}
        self._ready = threading.Event()
        self._trouble: BaseException | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="ccappliance-ami-")
        self._more = more
        self._thread = threading.Thread(target=self._run, name="house", daemon=True)

    def __enter__(self) -> "LiveHouse":
        self._thread.start()
        assert self._ready.wait(60.0), "the house does not come up"
        if self._trouble is not None:
            raise self._trouble
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60.0)
        assert not self._thread.is_alive()
        self._folder.cleanup()
        if self._trouble is not None:
            raise self._trouble

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return done.result(PATIENCE)

    def ask(self, what: Callable[[], T]) -> T:
        async def asking() -> T:
            return what()
        return self.do(asking())

    def person(self, name: str, *, station: str) -> Person:
        """At a telephone of ours; always the same one."""
        if station not in self._people:
            self._people[station] = self.ask(lambda: self.street.person(name, station=station))
        return self._people[station]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as trouble:  # noqa: BLE001  told by the test's own thread
            self._trouble = trouble
        finally:
            self._ready.set()

    async def _live(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        folder = Path(self._folder.name)
        config = folder / "etc"
        (config / "conf.d").mkdir(parents=True)
        for path in sorted((ROOT / "etc" / "ccappliance").rglob("*.yaml")):
            there = config / path.relative_to(ROOT / "etc" / "ccappliance")
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
        (config / "conf.d" / "ami.yaml").write_text(USERS, encoding="utf-8")
        (config / "conf.d" / "zz.yaml").write_text(self._more, encoding="utf-8")
        loaded = load(config, Site)
        clock, zone = SystemClock(), load_zones()["cn"]
        sound = scripted_sound(self.loop, zone)
        chance = random.Random(8)
        self.street = Street(loaded.value, loop=self.loop, far=sound.far, zone=zone, chance=chance, clock=clock,
                             stepped=False)
        self.house = House(loaded.value, Surroundings(
            loop=self.loop, outside=Outside(clock, chance, Ids(int(clock.wall().timestamp()))), zone=zone,
            media=sound.near, driver=self.street.driver, sink=MemorySink(), store=Store(":memory:", threaded=False),
            cache=folder / "cache", recordings=None, threaded=False, used_space=lambda _: 0.0, voice=MuteVoice(),
            speech=ScriptedSpeech(self.loop)))
        self.house.journal.follow(lambda entry: self.facts.append(entry.fact))
        self.view = View(self.house, loaded, config, Health(), ConfigHistory(folder / "history"))
        server = ami_server(self.house, lambda: self.view, lambda: 47.0)
        self.house.open(VERSION)
        sound.beat.start()
        await server.start()
        self.server, self.port = server, server.port
        self._ready.set()
        await self._stop.wait()
        await server.stop()
        await self.house.close("the test is over")
        sound.beat.stop()
        self.street.close()


class Health:
    """What only a daemon knows of itself."""

    state = "ready"
    pid = 1
    uptime = 47.0
