"""The daemon: the house with the real outside around it, from start to a clean end."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import random
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from ccappliance import VERSION
from ccappliance.base.clock import Outside, SystemClock
from ccappliance.base.errors import Refused
from ccappliance.base.ids import Ids
from ccappliance.base.ordered import use_numbered_tasks
from ccappliance.base.units import TICK
from ccappliance.call import facts
from ccappliance.call.journal import Entry
from ccappliance.call.journal_file import FileSink
from ccappliance.cards import Cards, CardWatch, open_cards
from ccappliance.config.history import ConfigHistory
from ccappliance.config.load import Loaded, load
from ccappliance.copies import Copies
from ccappliance.drivers.api import Driver
from ccappliance.house import House, Surroundings
from ccappliance.house_ami import ami_server
from ccappliance.house_view import View
from ccappliance.house_web import web_of
from ccappliance.interfaces.cli.roof import RunOptions
from ccappliance.interfaces.control.operations import operations_of
from ccappliance.interfaces.control.server import ControlServer
from ccappliance.interfaces.web.server import WebServer
from ccappliance.media.ports import Media
from ccappliance.media.rings import Rings, open_rings
from ccappliance.media.tones import Zone, load_zones
from ccappliance.places import boot_id, ring_folders, state_directory
from ccappliance.service.logs import Logs
from ccappliance.service.peers import MachinePeers
from ccappliance.service.systemd import Systemd
from ccappliance.service.tasks import Supervisor
from ccappliance.service.time_trust import kernel_trust
from ccappliance.service.web_aiohttp import AioWeb
from ccappliance.sim.embedded import STORIES, find
from ccappliance.sim.narrator import Narrator
from ccappliance.sim.script import Script, read_script
from ccappliance.sim.story import Story, spoken_texts
from ccappliance.sim.world import Beat, Street, engine_sound
from ccappliance.site import Site
from ccappliance.store.database import Store

CARE = 1.0  # s between two looks at journal, ticks and systemd; a power cut takes at most so much of the journal
LATE_ALARM = 10  # late ticks within CARE that are worth an alarm: a fifth of them
WEB_AGAIN = 10.0  # s between attempts to open the web door
DRAIN_STEP = 0.2  # s between looks at whether the last call has ended

log = logging.getLogger("ccappliance.daemon")


def run(options: RunOptions) -> int:
    """`ccappliance run`: until SIGINT or SIGTERM. Answers the exit code; raises CcError if it cannot begin."""
    clock = SystemClock()
    quiet = options.quiet or options.story is not None
    logs = Logs(clock, logging.WARNING if quiet else logging.INFO)
    try:
        return asyncio.run(Daemon(options, clock, sys.stdout).live())
    except OSError as error:  # the machine refuses us something; click would take a broken pipe for a reader gone
        log.debug("the machine failed us", exc_info=True)
        where = f" ({error.filename})" if error.filename else ""
        raise Refused("machine", f"the daemon can't run: {error.strerror or error}{where}") from error
    finally:
        logs.close()


class Daemon:
    """One run of the daemon, and its health as `status` shows it."""

    def __init__(self, options: RunOptions, clock: SystemClock, out: TextIO) -> None:
        self.state = "starting"
        self.pid = os.getpid()
        self._options = options
        self._clock = clock
        self._out = out
        self._began = clock.now()
        self._systemd = Systemd(clock)
        self._stop = asyncio.Event()
        self._why = ""
        self._media: Media
        self._driver: Driver
        self._beat: Beat
        self._cards: Cards | None = None
        self._watch: CardWatch | None = None
        self._failed = False
        self._rings: Rings | None = None
        self._no_rings = ""  # why there are none

    @property
    def uptime(self) -> float:
        return self._clock.now() - self._began

    async def live(self) -> int:
        """Build, serve, and take everything down in the opposite order, whatever happens."""
        loop = asyncio.get_running_loop()
        use_numbered_tasks(loop)
        options = self._options
        loaded = load(options.config, Site)
        script = read_script(find(options.story, STORIES)) if options.story is not None else None
        state = options.state or state_directory(os.environ, os.getuid())
        async with contextlib.AsyncExitStack() as stack:
            sink = FileSink(state / "journal")
            stack.callback(sink.close)
            store = Store(state / "ccappliance.db", on_trouble=lambda words: self._store_trouble(words))
            stack.callback(store.close)
            self._signals(loop)
            self._build(stack, loop, loaded, script, state, sink, store)
            self._beat.start()
            copies = Copies(self._house, options.config, state, self._clock)
            self._view.headquarters = copies.headquarters.status
            operations = copies.operations(operations_of(self._view))
            web = web_of(self._house, self._view, operations, loaded.value, state, os.urandom)
            server = ControlServer(options.socket, operations, group=loaded.value.control.group)
            self._open(sink, store, loaded)
            await self._view.configuring.begin()
            await server.start()
            stack.push_async_callback(server.stop)
            stack.push_async_callback(web.stop)
            await self._ami.start()
            stack.push_async_callback(self._ami.stop)
            self._ready()
            tasks = Supervisor("daemon")
            if loaded.value.web.enabled:
                tasks.spawn(self._open_web(web), "web")
            tasks.spawn(self._care(sink), "care")
            copies.begin(tasks)
            stack.push_async_callback(tasks.close)
            stack.push_async_callback(copies.close)
            await self._serve(script, tasks, state)
            await copies.close()  # what it has to tell comes before DaemonStopped
            await self._end()
        if options.story is not None:
            self._say("Ended cleanly.")
        return 1 if self._failed else 0

    # ---- beginning ----

    def _build(self, stack: contextlib.AsyncExitStack, loop: asyncio.AbstractEventLoop, loaded: Loaded[Site],
               script: Script | None, state: Path, sink: FileSink, store: Store) -> None:
        site = loaded.value
        zone = load_zones()[site.system.zone]
        self._use_rings(stack, site, state)
        chance = random.Random(script.seed if script else None)
        if site.driver == "dahdi":
            self._use_cards(stack, loop, site, zone, script)
        else:
            self._use_street(stack, loop, site, zone, script, chance)
        outside = Outside(self._clock, chance, Ids(int(self._clock.wall().timestamp())))
        web = AioWeb()
        stack.push_async_callback(web.close)
        texts = tuple((site.system.language, text) for text in spoken_texts(script)) if script else ()
        if script:
            self._say("Preparing the announcements (the first time this takes a while) …")
        self._house = House(site, Surroundings(
            loop=loop, outside=outside, zone=zone, media=self._media, driver=self._driver, sink=sink,
            store=store, cache=Path(site.prompts.cache) if site.prompts.cache else state / "cache",
            recordings=Path(site.recording.directory) if site.recording.directory else state / "recordings",
            keys=state / "keys", customers=state / "customers" / "customers.db", rings=self._rings,
            messages=state / "voicemail", threaded=True, texts=texts, web=web,
            peers=MachinePeers(), synchronised=kernel_trust,
            built=datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)))
        if self._cards is not None:
            self._watch = CardWatch(self._cards, self._house.alarms, self._house.journal.write, self._clock.now)
        self._view = View(self._house, loaded, self._options.config, self, ConfigHistory(state / "config-history"))
        self._ami = ami_server(self._house, lambda: self._view, lambda: self.uptime)

    def _use_rings(self, stack: contextlib.AsyncExitStack, site: Site, state: Path) -> None:
        """Tape rings that a kill leaves to the next start; without, it takes what the writer has not written yet."""
        folders = ring_folders(site.recording.rings, os.environ, state)
        self._rings, self._no_rings = open_rings(folders, site.voice_paths, boot_id())
        if self._rings is not None:
            stack.callback(self._rings.close)

    def _use_street(self, stack: contextlib.AsyncExitStack, loop: asyncio.AbstractEventLoop, site: Site, zone: Zone,
                    script: Script | None, chance: random.Random) -> None:
        """Simulated lines: both sides' sound, and the exchange and people at the far end."""
        sound = engine_sound(loop, zone, site.voice_paths, virtual=False, realtime=site.system.realtime,
                             rings=self._rings)
        self._street = Street(site, loop=loop, far=sound.far, zone=zone, chance=chance, clock=self._clock,
                              lines=script.lines if script else None, stepped=False)
        stack.callback(self._street.close)
        self._media, self._driver = sound.near, self._street.driver
        self._beat = sound.beat
        for end in (sound.near.close, sound.far.close, sound.beat.stop):
            stack.callback(end)

    def _use_cards(self, stack: contextlib.AsyncExitStack, loop: asyncio.AbstractEventLoop, site: Site, zone: Zone,
                   script: Script | None) -> None:
        """Real lines: nobody plays the far end."""
        if script is not None:
            raise Refused("story_needs_simulation", "a story is played on simulated lines: name a configuration with "
                                                    "`driver: simulated`, or leave --story out")
        self._cards = cards = open_cards(loop, site, zone, rings=self._rings)
        stack.callback(cards.driver.close)
        self._media, self._driver = cards.media, cards.driver
        self._beat = cards.beat
        for end in (cards.media.close, cards.beat.stop):
            stack.callback(end)

    def _open(self, sink: FileSink, store: Store, loaded: Loaded[Site]) -> None:
        sink.on_alarm = self._house.journal.write
        if self._options.json and not self._options.quiet:
            self._house.journal.follow(self._hear_as_json)
        self._house.open(VERSION)
        if store.set_aside is not None:
            self._alarm("database_rebuilt", "store", f"the database was corrupt; it was moved to {store.set_aside} and "
                                                     "made anew from the journal")
        if self._no_rings:
            self._alarm("tape_rings", "recording", f"a kill of the daemon costs 0.1 s of each recording, for its last "
                                                   f"seconds can't be kept in a file in memory ({self._no_rings}); "
                                                   "make room there or name another folder in recording.rings")
        for finding in loaded.warnings:
            log.warning("configuration", extra={"fields": {"finding": str(finding)}})

    def _ready(self) -> None:
        """Calls are taken and the doors are open: now whoever waits for us may come in."""
        gc.collect()
        gc.freeze()  # what stands now stays: the collector need not look at it again
        self.state = "ready"
        self._systemd.ready(f"{len(self._house.switch.circuits)} lines")
        log.info("ready", extra={"fields": {"site": self._house.site.system.name, "socket": self._options.socket,
                                            "lines": len(self._house.switch.circuits)}})

    def _signals(self, loop: asyncio.AbstractEventLoop) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._asked_to_stop, signal.Signals(number).name)
        loop.add_signal_handler(signal.SIGHUP, self._asked_to_reload)
        loop.add_signal_handler(signal.SIGUSR1, lambda: self._house.reopen_logs())

    # ---- serving ----

    async def _serve(self, script: Script | None, tasks: Supervisor, state: Path) -> None:
        if script is None:
            await self._stop.wait()
            return
        telling = tasks.spawn(self._tell_story(script, state), "story")
        await self._stop.wait()
        telling.cancel()
        await asyncio.wait([telling])

    async def _tell_story(self, script: Script, state: Path) -> None:
        now = self._clock.now()
        narrator = Narrator(self._say, now, self._house.prompts.book.words)
        self._say(f"\n{script.title}\n{'─' * 72}")
        self._house.journal.follow(narrator.hear)
        story = Story(script, self._house, self._street, clock=self._clock, tell=narrator.deed)
        try:
            failed = await story.play()
            self._say("─" * 72)
            if failed is not None:
                self._failed = True
                self._say(f"The story went wrong at {failed.step.place} ({failed.step}):\n  {failed.why}")
            else:
                await self._say_what_remains(state)
            self._say("\nThe daemon keeps serving. Look at it from another terminal, for example:\n"
                      f"  {_command()} status\n  {_command()} journal tail -f\nCtrl-C ends it.")
            await self._stop.wait()
        finally:
            story.close()

    async def _say_what_remains(self, state: Path) -> None:
        await self._house.around.store.flush()
        root = self._house.recorder.directory
        self._say("What remains of it:")
        for cdr in reversed(self._house.tables.cdrs.recent(10)):
            if cdr.recordings:
                where = ", ".join(str(root / path) if root else path for path in cdr.recordings)
                self._say(f"  recording  {where}  (left: the customer, right: what the customer heard)")
                self._say(f"  CDR        {cdr.call} {cdr.calling} → {cdr.called}: {cdr.disposition}, waited "
                          f"{cdr.wait:.1f} s, talked {cdr.talk:.1f} s, {cdr.transfers} transfer(s); "
                          f"in {state / 'ccappliance.db'}, table cdr")
        self._say(f"  journal    {state / 'journal'}")

    async def _care(self, sink: FileSink) -> None:
        """Once a second: the journal to the disk, the ticks looked at, the watchdog fed while sound moves."""
        loop = asyncio.get_running_loop()
        ticks = late = 0
        while True:
            await asyncio.sleep(CARE)
            sink.retry()
            await loop.run_in_executor(None, sink.sync)
            self._house.keep.care()
            stats = self._media.stats()
            if stats.ticks > ticks:
                self._systemd.watchdog()
            self._judge(stats.late - late, stats.worst_late)
            if self._watch is not None:
                self._watch.look()
            ticks, late = stats.ticks, stats.late
            self._systemd.status(f"{len(self._house.switch.calls)} calls, {len(self._house.alarms.standing())} alarms")

    async def _open_web(self, web: WebServer) -> None:
        """The web door opens as soon as it can: a port that is taken is no reason to take no calls."""
        while True:
            try:
                await web.start()
            except Refused as refused:
                if not self._house.alarms.has("web", "door"):
                    self._alarm("web", "door", str(refused))
                await asyncio.sleep(WEB_AGAIN)
                continue
            if self._house.alarms.has("web", "door"):
                self._house.journal.write(facts.AlarmCleared("web", "door"))
            log.info("web door open", extra={"fields": {"address": web.address}})
            return

    def _judge(self, late: int, worst: float) -> None:
        standing = self._house.alarms.has("late_ticks", "media")
        if late >= LATE_ALARM and not standing:
            words = (f"{late} of the last {round(CARE / TICK)} ticks were late, the worst ever by "
                     f"{worst * 1000:.0f} ms: the machine is too slow or too busy")
            self._alarm("late_ticks", "media", words)
        elif late == 0 and standing:
            self._house.journal.write(facts.AlarmCleared("late_ticks", "media"))

    # ---- reload ----

    def _asked_to_reload(self) -> None:
        task = asyncio.get_running_loop().create_task(self._reload_by_signal(), name="reload")
        task.add_done_callback(lambda done: done.exception())

    async def _reload_by_signal(self) -> None:
        self._systemd.reloading()
        outcome = await self._view.config_reload("SIGHUP")
        if outcome["applied"]:
            log.info("configuration applied", extra={"fields": {"changes": len(outcome["changes"])}})
        for finding in outcome["findings"]:
            log.error("configuration", extra={"fields": finding})
        if outcome["restart"]:
            log.error("configuration needs a restart, nothing was applied",
                      extra={"fields": {"keys": ", ".join(outcome["restart"])}})
        self._systemd.ready()

    # ---- ending ----

    def _asked_to_stop(self, why: str) -> None:
        if self._stop.is_set():
            log.warning("asked twice to stop: calls are ended now")
            self._why = "asked twice"
        else:
            self._why = why
        self._stop.set()

    async def _end(self) -> None:
        self.state = "draining"
        self._systemd.stopping("ending calls")
        deadline = self._clock.now() + self._house.site.system.drain
        while self._house.switch.calls and self._clock.now() < deadline and self._why != "asked twice":
            await asyncio.sleep(DRAIN_STEP)
        self.state = "stopping"
        await self._house.close(self._why)

    # ---- words ----

    def _store_trouble(self, words: str) -> None:
        if words:
            self._alarm("store", "database", words)
        else:
            self._house.journal.write(facts.AlarmCleared("store", "database"))

    def _alarm(self, alarm: str, subject: str, words: str) -> None:
        self._house.journal.write(facts.AlarmRaised(alarm, subject, words))

    def _hear_as_json(self, entry: Entry) -> None:
        self._print(json.dumps(entry.as_dict()))

    def _say(self, words: str) -> None:
        """To a person; with --json only entries of the journal are printed."""
        if not self._options.quiet and not self._options.json:
            self._print(words)

    def _print(self, words: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a closed terminal is no reason to end calls
            print(words, file=self._out, flush=True)


def _command() -> str:
    """How the command line was called, for hints."""
    return sys.argv[0] if Path(sys.argv[0]).name == "ccappliance" else "ccappliance"

