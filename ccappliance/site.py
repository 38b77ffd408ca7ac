"""The whole configuration of a box as one tree: every owner's settings, and the checks between them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ccappliance.apps.acd.settings import AcdSettings, AgentSettings, PauseReason, QueueSettings, check_requirement
from ccappliance.apps.backup.settings import BackupSettings
from ccappliance.apps.conference.rooms import ASK as ROOM_ASKED
from ccappliance.apps.conference.settings import ConferenceSettings
from ccappliance.apps.headquarters.settings import HeadquartersSettings
from ccappliance.apps.ivr.agi.settings import AgiSettings
from ccappliance.apps.ivr.check import check_flows
from ccappliance.apps.ivr.directory import spoken_in
from ccappliance.apps.ivr.graph import flow_texts
from ccappliance.apps.ivr.nodes.directory import Directory
from ccappliance.apps.ivr.nodes.leaving import Queue as QueueNode
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.apps.ivr.sources.check import check_sources
from ccappliance.apps.ivr.sources.settings import AnySource
from ccappliance.apps.ivr.subflows import is_subflow
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.apps.voicemail.reading import ASK
from ccappliance.apps.voicemail.settings import MailboxSettings, VoicemailSettings
from ccappliance.base.limits import MAX_PORTS
from ccappliance.call.calendar import CalendarSettings
from ccappliance.call.numbers import COUNTRIES
from ccappliance.call.places import CAUSES, StationSettings
from ccappliance.call.routes import RouteSettings
from ccappliance.call.trunks import TrunkGroupSettings
from ccappliance.call.vip import VipSettings
from ccappliance.config.keys import Report, key, required
from ccappliance.drivers.dahdi_settings import SpanSettings, check_spans
from ccappliance.interfaces.ami.settings import AmiSettings
from ccappliance.interfaces.web.settings import WebSettings
from ccappliance.media.prompts import PromptBook, PromptSettings
from ccappliance.media.say import fragments
from ccappliance.media.settings import PatternSettings, SoundSettings, learned_zone
from ccappliance.media.speech_settings import SpeechSettings
from ccappliance.media.tones import load_zones
from ccappliance.signalling.em_settings import EmSettings
from ccappliance.signalling.pri_settings import MAX_CHANNEL, PriSettings, channels_of
from ccappliance.signalling.r2_settings import R2Settings
from ccappliance.signalling.r2_variants import VARIANTS
from ccappliance.signalling.settings import FxoSettings, FxsSettings

CAS_SLOT = 16  # the time slot that carries the bits of all others (G.704)
AGENT_FEATURES = ("login", "logout", "pause", "resume", "wrapup-end", "wrapup-extend", "disposition", "queue-leave",
                  "queue-join", "state", "pickup", "last-missed", "menu", "monitor", "whisper", "barge", "takeover")


@dataclass(frozen=True, kw_only=True)
class SystemSettings:
    """What the whole box shares."""

    name: str = key("ccappliance", doc="Name of the site, for reports and alarms.")
    timezone: str = key("Asia/Shanghai", doc="The site's time zone (IANA name), for calendars and spoken times.",
                        reload=False)
    zone: str = key("cn", doc="Country of the exchange: tones, ring cadence, caller ID standard.", reload=False)
    language: str = key("zh", choices=("zh", "en"), doc="Language of callers nobody has asked yet.")
    realtime: bool = key(True, doc="Ask for SCHED_FIFO and locked memory for the media tick.", reload=False)
    drain: float = key(0.0, unit="s", least=0, most=3600,
                       doc="How long a stopping daemon lets calls end by themselves.")
    country: str = key("cn", choices=COUNTRIES, doc="Country whose numbering plan tells where a caller comes from.")
    area_code: str = key("", pattern=r"0\d{2,3}|", doc="Area code of the site with its 0, such as 010: a caller who "
                                                       "shows seven or eight digits is from here.")

    def check(self, report: Report, path: str) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            report.error(f"{path}.timezone", f"{self.timezone!r} is no time zone of this machine",
                         "write an IANA name such as Asia/Shanghai, and install the package tzdata")
        if self.zone not in load_zones():
            report.error(f"{path}.zone", f"there is no tone zone {self.zone!r}", f"known: {', '.join(load_zones())}")


def _language() -> Any:
    """The key of every outside line."""
    return key("", choices=("", "zh", "en"), doc="Language of those who call here, unless the VIP list knows better; "
                                                 "empty: the site's.")


def _site() -> Any:
    """The key of every outside line."""
    return key("", pattern=r"[a-z][a-z0-9_]{0,20}|", doc="Where it is, for routes, flows and queues: a word of your "
                                                         "choice, such as shenzhen.")


@dataclass(frozen=True, kw_only=True)
class FxoLine:
    """A line from the exchange, plugged into an FXO port."""

    type: ClassVar[str] = "fxo"
    channel: int = required(least=1, most=MAX_PORTS, doc="Channel of the card, from 1.", reload=False)
    number: str = key("", doc="The number callers dial to reach this line; calls on it have this called number.")
    signalling: FxoSettings = key(factory=FxoSettings, doc="Timings and signs of this line.", reload=False)
    sound: SoundSettings = key(factory=SoundSettings, doc="Gains, echo and noise of this line.")
    tones: str = key("", doc="Name in `tones`: what this line's exchange sends, if not what the country's do.",
                     reload=False)
    language: str = _language()
    site: str = _site()


@dataclass(frozen=True, kw_only=True)
class FxsLine:
    """A telephone, plugged into an FXS port."""

    type: ClassVar[str] = "fxs"
    channel: int = required(least=1, most=MAX_PORTS, doc="Channel of the card, from 1.", reload=False)
    station: str = required(pattern=r"[0-9]{1,8}", doc="The telephone's number.", reload=False)
    signalling: FxsSettings = key(factory=FxsSettings, doc="Timings and caller ID of this telephone.", reload=False)
    sound: SoundSettings = key(factory=SoundSettings, doc="Gains, echo and noise of this telephone.")


@dataclass(frozen=True, kw_only=True)
class PriLine:
    """An ISDN primary rate span: its B channels are lines named after it and their time slot, such as pri/1/17."""

    type: ClassVar[str] = "pri"
    channels: str = required(doc='B channels of the card, such as "1-15,17-31".', reload=False)
    dchannel: int = required(least=1, most=MAX_PORTS, doc="D channel of the card.", reload=False)
    slot: int = key(16, least=1, most=31, doc="Time slot of the D channel on the span: 16 on an E1, 24 on a T1.",
                    reload=False)
    numbers: tuple[str, ...] = key((), doc="Numbers callers dial to reach this span, for the simulated exchange.",
                                   reload=False)
    signalling: PriSettings = key(factory=PriSettings, doc="How the switch speaks.", reload=False)
    sound: SoundSettings = key(factory=SoundSettings, doc="Gains, echo and noise of these lines.")
    language: str = _language()
    site: str = _site()

    @property
    def channel(self) -> int:
        """Where the span stands among the lines: its first channel."""
        return min(self.bearers.values(), default=self.dchannel)

    @property
    def bearers(self) -> dict[int, int]:
        """Channel of the card by time slot."""
        return {channel - self.dchannel + self.slot: channel for channel in channels_of(self.channels)}

    def check(self, report: Report, path: str) -> None:
        try:
            slots = self.bearers
        except ValueError as error:
            report.error(f"{path}.channels", str(error), 'write for example "1-15,17-31"')
            return
        if self.slot in slots:
            report.error(f"{path}.channels", f"channel {self.dchannel} is the D channel and carries no calls",
                         "leave it out of channels")
        if not all(1 <= slot <= 31 for slot in slots):
            report.error(f"{path}.channels", f"these channels and D channel {self.dchannel} are not of one span",
                         "channels of a span follow each other; its D channel is its 16th, see slot")


@dataclass(frozen=True, kw_only=True)
class CasLine:
    """An E1 span whose channels have signalling bits of their own."""

    channels: str = required(doc='Channels of the card, such as "1-15,17-31".', reload=False)
    numbers: tuple[str, ...] = key((), doc="Numbers callers dial to reach this span, for the simulated exchange.",
                                   reload=False)
    sound: SoundSettings = key(factory=SoundSettings, doc="Gains, echo and noise of these lines.")

    @property
    def channel(self) -> int:
        """Where the span stands among the lines: its first channel."""
        return min(self.bearers.values(), default=1)

    @property
    def bearers(self) -> dict[int, int]:
        """Channel of the card by time slot: the first of them is in slot 1."""
        numbers = channels_of(self.channels)
        return {channel - min(numbers) + 1: channel for channel in numbers}

    def check(self, report: Report, path: str) -> None:
        try:
            slots = self.bearers
        except ValueError as error:
            report.error(f"{path}.channels", str(error), 'write for example "1-15,17-31"')
            return
        if CAS_SLOT in slots or max(slots) > MAX_CHANNEL:
            first = min(slots.values())
            report.error(f"{path}.channels", "these channels are not those of one span: its 16th carries the bits of "
                         "the others", f'write for example "{first}-{first + 14},{first + 16}-{first + 30}"')


@dataclass(frozen=True, kw_only=True)
class R2Line(CasLine):
    """An E1 span with MFC/R2: its channels are lines named after it and their time slot, such as r2/1/17."""

    type: ClassVar[str] = "r2"
    variant: str = required(choices=tuple(sorted(VARIANTS)), doc="Whose R2: cn (China No. 1) or itu.", reload=False)
    signalling: R2Settings = key(factory=R2Settings, doc="What the exchange wants, and timings.", reload=False)


@dataclass(frozen=True, kw_only=True)
class EmLine(CasLine):
    """An E1 span with E&M: its channels are lines named after it and their time slot, such as em/1/17."""

    type: ClassVar[str] = "em"
    variant: ClassVar[str] = ""
    signalling: EmSettings = key(factory=EmSettings, doc="How calls begin and numbers come, and timings.", reload=False)


SpanLine = PriLine | R2Line | EmLine
Line = FxoLine | FxsLine | SpanLine


def occupied(line: Line) -> tuple[int, ...]:
    """Channels of the card that a line takes; none if its text is wrong, which its own check says."""
    if not isinstance(line, SpanLine):
        return (line.channel,)
    try:
        return (*line.bearers.values(), line.dchannel) if isinstance(line, PriLine) else (*line.bearers.values(),)
    except ValueError:
        return ()


def _places(name: str, line: Line) -> list[tuple[str, str, int]]:
    """(key, kind of channel, channel) of each channel that a line takes."""
    if isinstance(line, CasLine):
        return [(f"lines.{name}.channels", "cas", channel) for channel in occupied(line)]
    if not isinstance(line, PriLine):
        return [(f"lines.{name}.channel", line.type, line.channel)]
    *bearers, data = occupied(line) or (line.dchannel,)
    return [*((f"lines.{name}.channels", "bearer", channel) for channel in bearers),
            (f"lines.{name}.dchannel", "a data channel", data)]


@dataclass(frozen=True, kw_only=True)
class ControlSettings:
    """The control socket."""

    group: str = key("", doc="Unix group whose members may use the command line besides root and the daemon's user.",
                     reload=False)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A box. What has no key here does not exist."""

    driver: str = key("simulated", choices=("simulated", "dahdi"), reload=False,
                      doc="What drives the lines: software and a simulated exchange, or the cards in spans.")
    spans: Mapping[str, SpanSettings] = key(factory=dict, doc="Cards by name, for driver dahdi: a telephone card, or "
                                                              "one E1 port.")
    system: SystemSettings = key(factory=SystemSettings, doc="What the whole box shares.")
    lines: Mapping[str, Line] = key(factory=dict, doc="Lines and telephones by name.")
    tones: Mapping[str, Mapping[str, PatternSettings]] = key(
        factory=dict, doc="Tones of exchanges that differ from their country's: by a name that lines refer to, by tone "
                          "(busy, congestion, dial, ringback), as `ccappliance dsp learn` writes them.", reload=False)
    trunks: Mapping[str, TrunkGroupSettings] = key(factory=dict, doc="Groups of lines on which calls may leave.")
    stations: StationSettings = key(factory=StationSettings, doc="How telephones are rung.")
    calendars: Mapping[str, CalendarSettings] = key(factory=dict, doc="Opening hours by name.")
    routes: tuple[RouteSettings, ...] = key((), doc="Where calls go; the first rule whose conditions all hold decides.")
    queues: Mapping[str, QueueSettings] = key(factory=dict, doc="Queues by name.")
    agents: Mapping[str, AgentSettings] = key(factory=dict, doc="Agents by the number they log in with.")
    pause_reasons: tuple[PauseReason, ...] = key(factory=lambda: AcdSettings().pause_reasons,
                                                 doc="Reasons for a pause; the first is key 1 on the keypad.")
    callback_numbers: tuple[str, ...] = key(AcdSettings().callback_numbers,
                                            doc="Patterns of the numbers that may be called back. A caller may enter "
                                                "any number: allow none that costs more than a call at home.")
    flows: Mapping[str, FlowSettings] = key(factory=dict, doc="IVR flows, one file each in flows/.")
    sources: Mapping[str, AnySource] = key(factory=dict, doc="Sources of data by name, which flows look things up in: "
                                                             "tables, databases, web services.")
    agi: AgiSettings = key(factory=AgiSettings, doc="Scripts that flows hand calls to.")
    vip: VipSettings = key(factory=VipSettings, doc="Callers who are known by their number.")
    prompts: PromptSettings = key(factory=PromptSettings, doc="Recorded and spoken prompts.")
    speech: SpeechSettings = key(factory=SpeechSettings, doc="Speech recognition in menus.")
    recording: RecordingSettings = key(factory=RecordingSettings, doc="Recording of conversations.")
    conferences: Mapping[str, ConferenceSettings] = key(factory=dict, doc="Conference rooms by the number callers "
                                                                          "enter.")
    mailboxes: Mapping[str, MailboxSettings] = key(factory=dict, doc="Mailboxes by the number their owners enter.")
    voicemail: VoicemailSettings = key(factory=VoicemailSettings, doc="What all mailboxes share.")
    queue_log: str = key("", pattern=r"(/.+)?", doc="File to write in the format of Asterisk's queue_log, for "
                         "reporting tools that read it; empty: none.", reload=False)
    master_csv: str = key("", pattern=r"(/.+)?", doc="File of CDRs in the format of Asterisk's Master.csv, for billing "
                          "tools that read it; empty: none.", reload=False)
    control: ControlSettings = key(factory=ControlSettings, doc="The control socket.")
    backup: BackupSettings = key(factory=BackupSettings, doc="Backups of the whole box.")
    headquarters: HeadquartersSettings = key(factory=HeadquartersSettings, doc="A copy of what happens here, in a "
                                             "PostgreSQL that many branches share.", reload=False)
    web: WebSettings = key(factory=WebSettings, doc="The web door: console, REST and feed.")
    ami: AmiSettings = key(factory=AmiSettings, doc="Asterisk's manager interface, for clients made for it.")

    @property
    def acd(self) -> AcdSettings:
        return AcdSettings(queues=self.queues, agents=self.agents, pause_reasons=self.pause_reasons,
                           callback_numbers=self.callback_numbers)

    @property
    def voice_paths(self) -> int:
        """How many calls' sound the lines carry at once."""
        return sum(len(line.bearers) if isinstance(line, SpanLine) else 1 for line in self.lines.values())

    def circuits(self, names: Iterable[str]) -> tuple[str, ...]:
        """The circuits of these lines: a span's are its B channels."""
        found: list[str] = []
        for name in names:
            line = self.lines[name]
            found += [f"{name}/{slot}" for slot in line.bearers] if isinstance(line, SpanLine) else [name]
        return tuple(found)

    def destinations(self) -> Iterator[str]:
        """Names a call can be sent to; `kind:*` where the argument is free."""
        yield from (f"flow:{name}" for name, flow in self.flows.items() if not is_subflow(flow))
        yield from (f"queue:{name}" for name in self.queues)
        yield from (f"station:{line.station}" for line in self.lines.values() if isinstance(line, FxsLine))
        yield from (f"trunk:{name}/*" for name in self.trunks)
        yield from (f"conference:{number}" for number in (ROOM_ASKED, *self.conferences))
        yield from (f"voicemail:{number}" for number in self.mailboxes)
        yield from (f"mailbox:{number}" for number in (ASK, *self.mailboxes))
        yield from (f"agent:{feature}" for feature in AGENT_FEATURES)
        yield from (f"agent-number:{number}" for number in self.agents)
        yield from (f"hangup:{cause}" if cause else "hangup" for cause in CAUSES)

    def texts(self) -> list[tuple[str, str]]:
        """(language, text) of all that may be said besides announcements: values, flows' own texts, queues' names."""
        names = [(language, words) for queue in self.queues.values() for language, words in queue.spoken.items()]
        greetings = [text for box in self.mailboxes.values() if not isinstance(box.greeting, str)
                     for text in box.greeting.items()]
        read_out = any(isinstance(node, Directory) for flow in self.flows.values() for node in flow.nodes.values())
        people = [(spoken_in(agent.name), agent.name) for agent in self.agents.values() if agent.name and read_out]
        return [*fragments(self.prompts.languages), *flow_texts(self.flows), *names, *greetings, *people]

    def files_outside(self) -> list[str]:
        """Files and folders that are named here and belong to the box."""
        tables = [str(getattr(source, "file", "")) for source in self.sources.values()]
        named = [self.prompts.directory, self.vip.file, self.agi.sounds, self.agi.directory, *tables]
        return [name for name in dict.fromkeys(named) if name.startswith("/")]

    def prompt_uses(self) -> dict[str, list[str]]:
        """Who plays the prompts that are named in this configuration: name → "flow:main", "queue:sales"."""
        uses: dict[str, dict[str, None]] = {}
        for name, flow in self.flows.items():
            for node in flow.nodes.values():
                for _, prompt in node.prompts():
                    if isinstance(prompt, str):
                        uses.setdefault(prompt.rpartition("/")[2], {})[f"flow:{name}"] = None
        for name, queue in self.queues.items():
            for _, prompt in queue.prompts():
                uses.setdefault(prompt, {})[f"queue:{name}"] = None
        return {name: list(where) for name, where in uses.items()}

    def check(self, report: Report, path: str) -> None:
        self.acd.check(report, "")
        transcripts = self.recording.transcripts
        if transcripts.enabled and transcripts.language not in self.speech.models:
            report.error("recording.transcripts.language", f"there is no model for '{transcripts.language}'",
                         f"name one in speech.models.{transcripts.language}")
        book = PromptBook(self.prompts)
        book.check(report)
        check_flows(self.flows, report, "flows", book=book, destinations=dict.fromkeys(self.destinations()),
                    calendars=self.calendars)
        check_sources(self.sources, self.flows, report)
        self._check_lines(report)
        self._check_tones(report)
        check_spans(self.spans, [place for name, line in self.lines.items() for place in _places(name, line)],
                    self.driver, report)
        self._check_destinations(report)
        self._check_pieces(report, book)
        self._check_flow_skills(report)
        self._check_boxes_and_rooms(report, book)

    def _check_lines(self, report: Report) -> None:
        channels: dict[int, str] = {}
        stations: dict[str, str] = {}
        for name, line in self.lines.items():
            for channel in occupied(line):
                if channel in channels and channels[channel] != name:
                    report.error(f"lines.{name}.{'channels' if isinstance(line, SpanLine) else 'channel'}",
                                 f"channel {channel} belongs to {channels[channel]} already",
                                 "give every line a channel of its own")
                    break
                channels[channel] = name
            if isinstance(line, FxsLine):
                if line.station in stations:
                    report.error(f"lines.{name}.station", f"station {line.station} is {stations[line.station]} already",
                                 "give every telephone a number of its own")
                stations[line.station] = name
        for name, group in self.trunks.items():
            for line_name in group.lines:
                if not isinstance(self.lines.get(line_name), FxoLine | SpanLine):
                    report.error(f"trunks.{name}.lines", f"{line_name!r} is no outside line",
                                 "name lines of type fxo, pri, r2 or em from lines")
        for number, agent in self.agents.items():
            if agent.station and agent.station not in stations:
                report.error(f"agents.{number}.station", f"there is no station {agent.station}", _some(stations))
            if agent.group and agent.group not in self.trunks:
                report.error(f"agents.{number}.group", f"there is no trunk group {agent.group!r}", _some(self.trunks))
            if agent.outside in stations:
                report.error(f"agents.{number}.outside", f"{agent.outside} is a station of the house",
                             "write it as station")

    def _check_tones(self, report: Report) -> None:
        zone = load_zones().get(self.system.zone)
        for name, tones in self.tones.items():
            try:
                if zone is not None and all(1 <= len(one.hz) <= 2 for one in tones.values()):
                    learned_zone(zone, tones)
            except ValueError as error:
                report.error(f"tones.{name}", f"{error} (zone {self.system.zone})",
                             "learn them again, or leave one out")
        for name, line in self.lines.items():
            if isinstance(line, FxoLine) and line.tones and line.tones not in self.tones:
                report.error(f"lines.{name}.tones", f"there are no tones {line.tones!r}", _some(self.tones))

    def _check_destinations(self, report: Report) -> None:
        known = list(self.destinations())
        wanted = [(f"routes[{number}].to", rule.to) for number, rule in enumerate(self.routes)]
        for name, queue in self.queues.items():
            wanted += [(f"queues.{name}.{where}", to) for where, to in queue.destinations()]
        for path, to in wanted:
            if not _reachable(to, known):
                report.error(path, f"there is no destination {to!r}", _some(known))
        for number, rule in enumerate(self.routes):
            if rule.vip and rule.vip not in ("any", *self.vip.classes):
                report.error(f"routes[{number}].vip", f"there is no class {rule.vip!r}", _some(self.vip.classes))
            sites = dict.fromkeys(line.site for line in self.lines.values()
                                  if isinstance(line, FxoLine | PriLine) and line.site)
            if rule.site and rule.site not in sites:
                report.error(f"routes[{number}].site", f"no line is at the site {rule.site!r}", _some(sites))
            if rule.line and rule.line not in self.lines:
                report.error(f"routes[{number}].line", f"there is no line {rule.line!r}", _some(self.lines))
            if rule.calendar and rule.calendar not in self.calendars:
                report.error(f"routes[{number}].calendar", f"there is no calendar {rule.calendar!r}",
                             _some(self.calendars))
        for name, queue in self.queues.items():
            if queue.callback.group and queue.callback.group not in self.trunks:
                report.error(f"queues.{name}.callback.group", f"there is no trunk group {queue.callback.group!r}",
                             _some(self.trunks))
            if queue.closed.calendar and queue.closed.calendar not in self.calendars:
                report.error(f"queues.{name}.closed.calendar", f"there is no calendar {queue.closed.calendar!r}",
                             _some(self.calendars))

    def _check_boxes_and_rooms(self, report: Report, book: PromptBook) -> None:
        stations = {line.station: line for line in self.lines.values() if isinstance(line, FxsLine)}
        for number in self.conferences:
            if not (number.isascii() and number.isdigit() and len(number) <= 8):
                report.error(f"conferences.{number}", f"{number!r} can't be dialled",
                             "a room's key is its number, 1 to 8 digits, in quotes")
        for number, box in self.mailboxes.items():
            if not (number.isascii() and number.isdigit() and len(number) <= 8):
                report.error(f"mailboxes.{number}", f"{number!r} can't be dialled",
                             "a mailbox's key is its number, 1 to 8 digits, in quotes")
            if box.station and box.station not in stations:
                report.error(f"mailboxes.{number}.station", f"there is no station {box.station}", _some(stations))
            if box.email and not self.voicemail.mail:
                report.warning(f"mailboxes.{number}.email", "no notices are sent",
                               'write the command that sends them: voicemail.mail: "sendmail -t"')
            if isinstance(box.greeting, str):
                if box.greeting not in book.names():
                    report.error(f"mailboxes.{number}.greeting", f"there is no prompt {box.greeting!r}",
                                 "name one of prompts.texts, or write the text here: {zh: …, en: …}")
            elif not box.greeting or not all(text.strip() for text in box.greeting.values()):
                report.error(f"mailboxes.{number}.greeting", "there is no text", "write {zh: …, en: …}")
            for language in () if isinstance(box.greeting, str) else box.greeting:
                if language not in self.prompts.languages:
                    report.error(f"mailboxes.{number}.greeting.{language}", f"'{language}' is no language of this site",
                                 f"one of {', '.join(self.prompts.languages)}, see prompts.languages")
        if self.voicemail.group and self.voicemail.group not in self.trunks:
            report.error("voicemail.group", f"there is no trunk group {self.voicemail.group!r}", _some(self.trunks))

    def _check_flow_skills(self, report: Report) -> None:
        """What flows ask of agents must be something they can be asked for."""
        asked = [(f"flows.{name}.nodes.{spot}.skills", node.skills) for name, flow in self.flows.items()
                 for spot, node in flow.nodes.items() if isinstance(node, QueueNode)]
        for path, skills in asked:
            check_requirement(report, path, skills)

    def _check_pieces(self, report: Report, book: PromptBook) -> None:
        """What waiting callers hear must be there."""
        names = book.names()
        for name, queue in self.queues.items():
            for where, piece in queue.prompts():
                if piece not in names:
                    report.error(f"queues.{name}.{where}", f"there is no prompt {piece!r}", _some(names))
        for number, rule in enumerate(self.recording.rules):
            if rule.announce and rule.announce not in names:
                report.error(f"recording.rules[{number}].announce", f"there is no prompt {rule.announce!r}",
                             _some([name for name in names if name.startswith("recording_")]))


def _reachable(to: str, known: list[str]) -> bool:
    """Is `to` known? A template's kind must be; a trunk's number is free."""
    if "{" in to:
        kind = to.partition(":")[0]
        return any(name.partition(":")[0] == kind for name in known)
    return to in known or (to.startswith("trunk:") and f"{to.partition('/')[0]}/*" in known
                           and bool(to.partition("/")[2]))


def _some(names: Mapping[str, object] | list[str]) -> str:
    listed = list(names)
    return f"known: {', '.join(listed[:12])}" + (" …" if len(listed) > 12 else "") if listed else "none is configured"
