"""The bill of materials: every object of the house, by hand, in the order in which they need each other."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from ccappliance.apps.acd import restore
from ccappliance.apps.acd.acd import Acd
from ccappliance.apps.acd.callback import Callbacks, Means
from ccappliance.apps.acd.interventions import Interventions
from ccappliance.apps.acd.invariants import Invariants
from ccappliance.apps.acd.pages import Pages
from ccappliance.apps.acd.queue_log import QueueLogLines
from ccappliance.apps.acd.restore import stands
from ccappliance.apps.conference.rooms import Conferences
from ccappliance.apps.ivr.agi.database import AgiDatabase
from ccappliance.apps.ivr.agi.scripts import Scripts
from ccappliance.apps.ivr.agi.session import Workshop
from ccappliance.apps.ivr.agi.sounds import Folder
from ccappliance.apps.ivr.directory import Keypad, Person
from ccappliance.apps.ivr.flow import Flows
from ccappliance.apps.ivr.reach import Reach
from ccappliance.apps.ivr.sources.sources import Means as SourceMeans
from ccappliance.apps.ivr.sources.sources import Sources
from ccappliance.apps.ivr.visit import Tools
from ccappliance.apps.ivr.webhooks import Webhooks
from ccappliance.apps.recording.disk_watch import used_percent
from ccappliance.apps.recording.nightly import Nightly
from ccappliance.apps.recording.recorder import Recorder
from ccappliance.apps.recording.room import KeepRoom
from ccappliance.apps.recording.rules import Rules
from ccappliance.apps.recording.salvage import Remains
from ccappliance.apps.recording.seal import Vault
from ccappliance.apps.recording.transcript import clear_words
from ccappliance.apps.voicemail.files import SoundFiles
from ccappliance.apps.voicemail.mailroom import Mailroom
from ccappliance.apps.voicemail.mailroom import Means as MailMeans
from ccappliance.apps.voicemail.notices import Send
from ccappliance.base.clock import Outside
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.call.calendar import Calendar
from ccappliance.call.calendar_watch import CalendarWatch
from ccappliance.call.callers import Callers, LineInputs
from ccappliance.call.cdr import interrupted
from ccappliance.call.customers import Customers
from ccappliance.call.figures import Figures
from ccappliance.call.journal import Journal, Sink
from ccappliance.call.line_file import LineFile
from ccappliance.call.line_file import Lines as FileLines
from ccappliance.call.master_csv import MasterCsvLines
from ccappliance.call.numbers import Numbers
from ccappliance.call.places import HangUp, Prompt, station_finder, trunk_finder
from ccappliance.call.routes import Routes
from ccappliance.call.routing import Destinations
from ccappliance.call.supervision import supervise_finder
from ccappliance.call.switch import Switch
from ccappliance.call.trunks import TrunkGroup
from ccappliance.config.show import Change, changes
from ccappliance.drivers.api import Driver
from ccappliance.house_lines import Lines
from ccappliance.house_tables import Tables
from ccappliance.media.ports import Media, Sound
from ccappliance.media.prompts import PromptBook
from ccappliance.media.render import Voice
from ccappliance.media.say import Say
from ccappliance.media.speech import Speech
from ccappliance.media.speech_engine import Engine
from ccappliance.media.spoken import dictation_engine, speech_of
from ccappliance.media.tones import Zone
from ccappliance.service.aside import Aside
from ccappliance.service.command import run_command
from ccappliance.service.peers import NoPeers, Peers
from ccappliance.service.web import NoWeb, Web
from ccappliance.signalling.fxs import FxsCircuit
from ccappliance.site import FxoLine, PriLine, Site
from ccappliance.store.database import Store
from ccappliance.store.register import CUSTOMERS, Register

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CONTACTS = 20_000  # newest CDRs from which queues know after a restart who talked to whom
SETTLE = 0.1  # s in which the tick tells how the last prompts ended, so that DaemonStopped is the journal's last word


@dataclass(frozen=True)
class Surroundings:
    """What a house stands in: the real outside, or a simulated one."""

    loop: asyncio.AbstractEventLoop
    outside: Outside
    zone: Zone
    media: Media
    driver: Driver
    sink: Sink
    store: Store
    cache: Path  # rendered prompts
    recordings: Path | None  # None: no audio is kept
    threaded: bool  # disk work in threads; False in virtual time
    rings: Remains | None = None  # what a killed run's tape rings hold; None: they died with it
    keys: Path | None = None  # of recordings; None: `keys` below them
    used_space: Callable[[Path], float] = used_percent  # of the recordings' disk; a simulation has its own
    voice: Voice | None = None  # who speaks; None: the configured commands
    speech: Speech | None = None  # who understands callers; None: the configured engine
    customers: Path | None = None  # their register; None: in memory
    messages: Path | None = None  # voicemail; None: no sound is kept
    send: Send = run_command  # how a command gets an e-mail
    web: Web = field(default_factory=NoWeb)
    peers: Peers = field(default_factory=NoPeers)  # programs that flows hand calls to
    synchronised: Callable[[], str] = str  # why the wall clock is not; "": it is, as a simulation's always is
    built: datetime = EPOCH  # no true clock is earlier
    texts: tuple[tuple[str, str], ...] = ()  # (language, text) to speak besides prompts: what people of a story say


class LiveBook:
    """The prompt book in force: a reload replaces `book` whole."""

    def __init__(self, book: PromptBook) -> None:
        self.book = book

    @property
    def default_language(self) -> str:
        return self.book.default_language

    def get(self, name: str, language: str) -> Sound:
        return self.book.get(name, language)

    def text(self, text: str, language: str) -> Sound:
        return self.book.text(text, language)


class House:
    """All rooms, joined. `open` lets calls in, `apply` changes the configuration, `close` lets the last one out."""

    def __init__(self, site: Site, around: Surroundings) -> None:
        outside, loop = around.outside, around.loop
        self.site, self.around = site, around
        self.timezone = ZoneInfo(site.system.timezone)
        self.tables = Tables(around.store, self.timezone, partial(clear_words, around.recordings))
        self.journal = Journal(outside.clock, around.sink, at_least=self.tables.applied)
        self.recorder = Recorder(site.recording, outside.clock, self.journal, around.recordings, outside.ids,
                                 threaded=around.threaded, used_space=around.used_space, vault=self._vault(),
                                 remains=around.rings)
        self.alarms = Alarms()
        self.figures = Figures(lambda queue: self._service_level(queue), lambda at: at.astimezone(self.timezone).date(),
                               lambda queue: self._variant(queue))
        self.prompts = LiveBook(self._new_book(site))
        self.say = Say(self.prompts, fallback=site.prompts.default_language)
        self.speech = around.speech or speech_of(site.speech, loop, self._speech_told, stepped=not around.threaded)
        self.destinations = Destinations()
        self.calendars = self._new_calendars(site)
        self.calendar_watch = CalendarWatch(lambda: self.calendars, self.alarms, self.journal.write)
        self.numbers, self.customers = self._new_known(site)
        self.rules = Rules(lambda: self.site.recording, outside.chance.random)
        self.switch = self._new_switch(site)
        self.acd = Acd(site.acd, loop=loop, outside=outside, journal=self.journal, prompts=self.prompts, say=self.say,
                       known_station=self.switch.has_station, is_open=self.is_open, counts=self.figures,
                       number_of=lambda calling: self.numbers.read(calling).normal, why_closed=self._why_closed)
        self.callbacks = Callbacks(self.acd, Means(
            loop=loop, outside=outside, journal=self.journal, lines=self.switch, prompts=self.prompts, say=self.say,
            calendar=lambda name: self.calendars.get(name), ringback=around.zone.tones["ringback"]))
        self.acd.use(self.callbacks)
        self.acd.waiting.callbacks = self.callbacks
        self.invariants = Invariants(self.acd, loop=loop, breach=self._breached)
        self.pages = Pages(lambda at: at.astimezone(self.timezone).date(), lambda: self.site.system.timezone,
                           write=self.journal.write, soon=loop.call_soon)
        self.interventions = Interventions(self.acd, journal=self.journal, find_destination=self.destinations.find,
                                           hang_up=self.switch.hang_up,
                                           known_call=lambda call: call in self.switch.calls)
        self.files = self._files_for_others(site)
        self._keypad = Keypad.standard()
        self.mailroom = self._new_mailroom(site)
        self.conferences = Conferences(site.conferences, media=around.media, prompts=self.prompts, say=self.say,
                                       clock=outside.clock, journal=self.journal)
        self.aside = Aside(threaded=around.threaded)
        self.keep = self._new_keep_room()
        self.nightly = self._new_nightly()
        self.sources = self._new_sources(site)
        self.webhooks = Webhooks(around.web, self.aside, self.journal, outside.clock)
        self.scripts = self._new_scripts()
        self.flows = self._new_flows(site)
        self.lines = Lines(site, around, self.switch, self.journal)
        self._register()
        self.lines.install()
        self.switch.groups = self._new_groups(site)
        self.switch.numbers = _numbers(site)
        self.switch.watch_stations(self.acd.station_busy, self.acd.station_fault)

    def _new_known(self, site: Site) -> tuple[Numbers, Customers]:
        """How numbers are read, and whose they are: these are always read by the numbers in force."""
        register = Register(self.around.customers, CUSTOMERS)
        return Numbers(site.system.area_code), Customers(register, lambda shown: self.numbers.read(shown))

    # ---- life ----

    def open(self, version: str) -> None:
        """Bring the past in order, then begin: what a kill left open is ended in the journal first."""
        sink, tables = self.around.sink, self.tables
        self.recorder.repair()
        ends = self.recorder.as_ended(interrupted(sink.read(tables.cdrs.replay_from), self.recorder.seconds_of))
        tables.cdrs.catch_up(sink.read(tables.cdrs.replay_from))
        ends += self.recorder.recovered(ends, partial(tables.told_ended, read=sink.read),
                                        partial(tables.told_gaps, read=sink.read))
        tables.catch_up(sink.read)
        ends += tables.callbacks.unfinished(self.around.outside.clock.wall())
        self.acd.contacts.restore(self.tables.cdrs.recent(CONTACTS))
        agents = stands(sink.recent(restore.KINDS, self.around.outside.clock.wall() - restore.WITHIN))
        for reader in (tables.cdrs, tables.rollups, tables.search, tables.keeping, tables.transcripts, tables.legs,
                       tables.callbacks, self.alarms, self.figures, self.acd, self.callbacks,
                       self.calendar_watch, self.pages, self.mailroom, tables.surveys):
            self.journal.follow(reader.hear, reader.KINDS)
        for file in self.files:
            file.begin(sink.read, sink.last_seq)
            self.journal.follow(file.hear)
        self.journal.write(facts.DaemonStarted(version, self.site.system.name, self.site.system.timezone))
        self.acd.open()
        for fact in ends:
            self.journal.write(fact)
        # Of this run: they have not heard the beginning of what a kill cut off.
        self.journal.follow(self.invariants.hear, self.invariants.kinds)
        self.recorder.tidy()
        self.keep.open(sink)
        self.nightly.apply(self.site.recording.verify_at)
        self.acd.restore(agents)
        self.callbacks.restore(self.tables.callbacks.open())
        self.mailroom.restore()
        self.journal.write(facts.ConfigApplied([], "start"))
        self._tell_bad_prompts()
        self.speech.start()

    def _vault(self) -> Vault | None:
        around = self.around
        if around.recordings is None:
            return None
        return Vault(around.keys or around.recordings / "keys", around.outside.secret, around.outside.clock.wall)

    def _new_nightly(self) -> Nightly:
        return Nightly(self.around.recordings, self._vault(), self.around.sink, zone=self.timezone, aside=self.aside.do,
                       write=self.journal.write, alarms=self.alarms)

    async def close(self, why: str) -> None:
        """End every call, finish every recording, write the last fact. The sink and the store stay the caller's."""
        self.callbacks.close()
        await self.switch.close()
        self.speech.close()
        await self.scripts.close()
        await self.webhooks.close()
        await self.nightly.close()
        await self.keep.transcriber.close()
        self.aside.close()
        self.customers.close()
        await self.recorder.close()
        await self.mailroom.close()
        await asyncio.sleep(SETTLE)
        for span in self.lines.spans.values():
            span.close()
        self.journal.write(facts.DaemonStopped(why))
        self.tables.rollups.write()
        for file in self.files:
            file.close()

    def reopen_logs(self) -> None:
        """Somebody has rotated the files we write for others."""
        for file in self.files:
            file.reopen()

    # ---- reload ----

    def plan(self, site: Site) -> list[Change]:
        """What would change."""
        return changes(self.site, site)

    async def apply(self, site: Site, by: str, *, comment: str = "", digest: str = "") -> list[Change]:
        """Put another configuration in force, whole or not at all. Refused("needs_restart"), or what a room refuses.

        Calls go on: each finishes in the flow, queue and prompts it has entered.
        """
        plan = self.plan(site)
        waiting = [change.path for change in plan if not change.reload]
        if waiting:
            raise Refused("needs_restart", "nothing was applied, for these changes need a restart of the daemon: "
                          + ", ".join(waiting))
        book = self.prompts.book
        if (site.prompts, site.flows, site.texts()) != (self.site.prompts, self.site.flows, self.site.texts()):
            book = await self._aside(lambda: self._new_book(site))
        calendars = self._new_calendars(site)
        routes = self._new_routes(site, calendars)
        numbers = Numbers(site.system.area_code)
        callers = await self._aside(lambda: Callers(numbers, site.vip, _inputs(site)))  # its file may be long
        groups = self._new_groups(site)
        commit_acd = self.acd.prepare(site.acd)
        # nothing below this line can fail
        self.site = site
        self.prompts.book = book
        self.calendars = calendars
        self.switch.routes = self.lines.dialplan.routes = routes
        self.numbers = numbers
        self.switch.callers = callers
        self.switch.groups = groups
        self.switch.language = site.system.language
        self.switch.numbers = _numbers(site)
        self.recorder.settings = site.recording
        self.nightly.apply(site.recording.verify_at)
        self.keep.transcriber.apply()
        self.conferences.settings = site.conferences
        self.mailroom.apply(site.mailboxes, site.voicemail)
        self.sources = self._new_sources(site, self.sources)
        self.flows = self._new_flows(site)
        commit_acd()
        self.journal.write(facts.ConfigApplied([change.path for change in plan], by, comment, digest))
        self._tell_bad_prompts()
        self.calendar_watch.look(self.around.outside.clock.wall())
        return plan

    # ---- what rooms ask ----

    def is_open(self, calendar: str) -> bool:
        """Is this calendar open now? No name: always."""
        found = self.calendars.get(calendar)
        return found is None or found.is_open(self.around.outside.clock.wall())

    # ---- inside ----

    def _calendar_state(self, calendar: str) -> str:
        """Of a calendar that a reload has removed under a call in its old flow: open, as for queues."""
        found = self.calendars.get(calendar)
        return "open" if found is None else found.state(self.around.outside.clock.wall())

    def _people(self) -> list[Person]:
        """Agents by name, each where he sits now, or at his own telephone; who is not there has none."""
        people = []
        for row in self.acd.agents():
            settings = self.site.agents.get(row["agent"])
            if settings is not None and settings.name:
                station = row["station"] or settings.station
                known = self.switch.has_station(station) if station else False
                people.append(Person(settings.name, f"station:{station}" if known else ""))
        return people

    def _why_closed(self, calendar: str) -> str:
        return self.calendars[calendar].state(self.around.outside.clock.wall())

    async def _aside(self, work: Callable[[], T]) -> T:
        """What may take long, beside the loop; within it in virtual time."""
        return await self.around.loop.run_in_executor(None, work) if self.around.threaded else work()

    def _lamp(self, station: str, on: bool) -> None:
        circuit = self.switch.station(station) if self.switch.has_station(station) else None
        if isinstance(circuit, FxsCircuit):
            circuit.message_waiting(on)

    def _way_to(self, number: str) -> str:
        """The destination that dials who has left a message; "" if that is not allowed."""
        if self.switch.has_station(number):
            return f"station:{number}"
        group = self.site.voicemail.group
        return f"trunk:{group}/{number}" if group and not self.callbacks.number_problem(number) else ""

    def _breached(self, words: str) -> None:
        if not self.alarms.has("invariant", "acd"):
            self.journal.write(facts.AlarmRaised("invariant", "acd", words))

    def _service_level(self, queue: str) -> float:
        settings = self.site.queues.get(queue)
        return settings.service_level if settings else 0.0

    def _variant(self, queue: str) -> str:
        settings = self.site.queues.get(queue)
        return settings.service_level_variant if settings else "b"

    def _new_book(self, site: Site) -> PromptBook:
        around = self.around
        book = PromptBook(site.prompts, cache=around.cache, voice=around.voice, on_missing=self._prompt_missing)
        book.prepare([*site.texts(), *around.texts])
        return book

    def _tell_bad_prompts(self) -> None:
        """Recordings that could not be read, and those that can be again (F57)."""
        book = self.prompts.book
        bad = {f"prompt:{language}/{name}": (language, name) for language, name in book.bad}
        for subject in [one.subject for one in self.alarms.standing() if one.alarm == "prompt_bad"]:
            if subject not in bad:
                self.journal.write(facts.AlarmCleared("prompt_bad", subject))
        for subject, (language, name) in bad.items():
            if not self.alarms.has("prompt_bad", subject):
                self.journal.write(facts.AlarmRaised("prompt_bad", subject, f"{book.bad[language, name]}; callers hear "
                                                     f"{book.instead(language, name)}"))

    def _prompt_missing(self, name: str, language: str) -> None:
        subject = f"prompt:{language}/{name}"
        if not self.alarms.has("prompt_missing", subject):
            self.journal.write(facts.AlarmRaised("prompt_missing", subject,
                                                 f"there is no prompt {name!r} in {language}: callers hear silence"))

    def _speech_told(self, language: str, words: str) -> None:
        """An engine has failed, or works again: once each."""
        if bool(words) != self.alarms.has("speech_engine", language):
            self.journal.write(facts.AlarmRaised("speech_engine", language, f"{words}; callers press keys meanwhile")
                               if words else facts.AlarmCleared("speech_engine", language))

    def _new_calendars(self, site: Site) -> dict[str, Calendar]:
        return {name: Calendar(settings, self.timezone) for name, settings in site.calendars.items()}

    def _new_switch(self, site: Site) -> Switch:
        around = self.around
        return Switch(loop=around.loop, outside=around.outside, journal=self.journal, media=around.media,
                      zone=around.zone, destinations=self.destinations, sounds=self.prompts, recorder=self.recorder,
                      routes=self._new_routes(site, self.calendars), policy=self.rules,
                      callers=Callers(self.numbers, site.vip, _inputs(site)), language=site.system.language)

    def _new_keep_room(self) -> KeepRoom:
        around = self.around
        return KeepRoom(self.recorder, self.rules, self.tables.keeping, journal=self.journal,
                        clock=around.outside.clock, aside=self.aside, flush=around.store.flush,
                        synchronised=around.synchronised, built=around.built, transcripts=self.tables.transcripts,
                        dictation=self._dictation)

    def _dictation(self, language: str, told: Callable[[str], None]) -> Engine:
        site = self.site
        return dictation_engine(site.speech, site.recording.transcripts.engine, language, self.around.loop, told,
                                stepped=not self.around.threaded)

    def _new_routes(self, site: Site, calendars: Mapping[str, Calendar]) -> Routes:
        return Routes(site.routes, calendars, self.around.outside.clock, self.timezone, site.system.language)

    def _new_groups(self, site: Site) -> dict[str, TrunkGroup]:
        return {name: TrunkGroup(name, replace(settings, lines=site.circuits(settings.lines)), self.switch.circuits)
                for name, settings in site.trunks.items()}

    def _files_for_others(self, site: Site) -> list[LineFile]:
        """What tools made for another system read."""
        wanted: list[tuple[str, str, Callable[[Callable[[str], object]], FileLines]]] = [
            ("queue_log", site.queue_log, QueueLogLines),
            ("Master.csv", site.master_csv, lambda write: MasterCsvLines(write, self.timezone))]
        return [LineFile(Path(path), fold, name=name, on_alarm=self.journal.write)
                for name, path, fold in wanted if path]

    def _new_flows(self, site: Site) -> Flows:
        return Flows(site.flows, Tools(book=self.prompts, say=self.say, journal=self.journal,
                                       clock=self.around.outside.clock, zone=self.timezone,
                                       chance=self.around.outside.chance, calendar=self._calendar_state,
                                       speech=self.speech, keypad=self._keypad, people=self._people,
                                       mail=self.mailroom, callbacks=self.callbacks, conferences=self.conferences,
                                       reach=Reach(self.sources, self.webhooks, self.scripts)))

    def _new_sources(self, site: Site, former: Sources | None = None) -> Sources:
        return Sources(site.sources, SourceMeans(self.around.web, self.aside, self.around.outside.clock), former)

    def _new_mailroom(self, site: Site) -> Mailroom:
        around = self.around
        return Mailroom(site.mailboxes, site.voicemail, self.tables.messages, MailMeans(
            loop=around.loop, outside=around.outside, journal=self.journal, prompts=self.prompts, say=self.say,
            zone=self.timezone, files=SoundFiles(around.messages, around.recordings, around.zone), aside=self._aside,
            lamp=self._lamp, send=around.send, way_to=self._way_to))

    def _new_scripts(self) -> Scripts:
        sounds = Folder(self._script_sounds, self.prompts, lambda name: name in self.prompts.book.names(), self.aside)
        return Scripts(lambda: self.site.agi, self.around.peers,
                       Workshop(AgiDatabase(self.around.store), sounds, self.destinations.find))

    def _script_sounds(self) -> Path | None:
        recordings = self.around.recordings
        if self.site.agi.sounds:
            return Path(self.site.agi.sounds)
        return recordings.parent / "agi-sounds" if recordings is not None else None

    def _register(self) -> None:
        finders: dict[str, Callable[[str], object | None]] = {
            "flow": lambda name: self.flows.find(name),
            "queue": self.acd.find_queue,
            "agent": self.acd.find_feature,
            "agent-number": self.acd.find_agent,
            "station": station_finder(self.switch.has_station, lambda: self.site.stations),
            "trunk": trunk_finder(lambda group: group in self.switch.groups, lambda: self.site.stations),
            "conference": self.conferences.find,
            "voicemail": self.mailroom.find,
            "mailbox": self.mailroom.find_owner,
            "hangup": HangUp.find,
            "prompt": Prompt.find,
            "callback": self.callbacks.find,
            "supervise": supervise_finder(self.switch),
        }
        for kind, find in finders.items():
            self.destinations.register(kind, find)  # type: ignore[arg-type]  # each is a Destination of its room


def _numbers(site: Site) -> dict[str, str]:
    return {name: line.number for name, line in site.lines.items() if isinstance(line, FxoLine) and line.number}


def _inputs(site: Site) -> dict[str, LineInputs]:
    return {name: LineInputs(line.language, line.site) for name, line in site.lines.items()
            if isinstance(line, FxoLine | PriLine)}
