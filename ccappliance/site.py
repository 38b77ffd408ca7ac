"""The whole configuration of a box as one tree: every owner's settings, and the checks between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ccappliance.apps.acd.settings import AcdSettings, AgentSettings, PauseReason, QueueSettings
from ccappliance.apps.ivr.check import check_flows
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.apps.recording.settings import RecordingSettings
from ccappliance.base.limits import MAX_PORTS
from ccappliance.call.calendar import CalendarSettings
from ccappliance.call.places import CAUSES, StationSettings
from ccappliance.call.routes import RouteSettings
from ccappliance.call.trunks import TrunkGroupSettings
from ccappliance.config.keys import Report, key, required
from ccappliance.media.prompts import PromptBook, PromptSettings
from ccappliance.media.settings import PatternSettings, SoundSettings, learned_zone
from ccappliance.media.tones import load_zones
from ccappliance.signalling.settings import FxoSettings, FxsSettings

AGENT_FEATURES = ("login", "logout", "pause", "resume", "wrapup-end", "wrapup-extend", "disposition", "queue-leave",
                  "queue-join", "state", "pickup", "last-missed", "menu")


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

    def check(self, report: Report, path: str) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            report.error(f"{path}.timezone", f"{self.timezone!r} is no time zone of this machine",
                         "write an IANA name such as Asia/Shanghai, and install the package tzdata")
        if self.zone not in load_zones():
            report.error(f"{path}.zone", f"there is no tone zone {self.zone!r}", f"known: {', '.join(load_zones())}")


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


@dataclass(frozen=True, kw_only=True)
class FxsLine:
    """A telephone, plugged into an FXS port."""

    type: ClassVar[str] = "fxs"
    channel: int = required(least=1, most=MAX_PORTS, doc="Channel of the card, from 1.", reload=False)
    station: str = required(pattern=r"[0-9]{1,8}", doc="The telephone's number.", reload=False)
    signalling: FxsSettings = key(factory=FxsSettings, doc="Timings and caller ID of this telephone.", reload=False)
    sound: SoundSettings = key(factory=SoundSettings, doc="Gains, echo and noise of this telephone.")


Line = FxoLine | FxsLine


@dataclass(frozen=True, kw_only=True)
class ControlSettings:
    """The control socket."""

    group: str = key("", doc="Unix group whose members may use the command line besides root and the daemon's user.",
                     reload=False)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A box. What has no key here does not exist."""

    driver: str = key("simulated", choices=("simulated",), doc="What drives the lines.", reload=False)
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
    flows: Mapping[str, FlowSettings] = key(factory=dict, doc="IVR flows, one file each in flows/.")
    prompts: PromptSettings = key(factory=PromptSettings, doc="Recorded and spoken prompts.")
    recording: RecordingSettings = key(factory=RecordingSettings, doc="Recording of conversations.")
    control: ControlSettings = key(factory=ControlSettings, doc="The control socket.")

    @property
    def acd(self) -> AcdSettings:
        return AcdSettings(queues=self.queues, agents=self.agents, pause_reasons=self.pause_reasons)

    def destinations(self) -> Iterator[str]:
        """Names a call can be sent to; `kind:*` where the argument is free."""
        yield from (f"flow:{name}" for name in self.flows)
        yield from (f"queue:{name}" for name in self.queues)
        yield from (f"station:{line.station}" for line in self.lines.values() if isinstance(line, FxsLine))
        yield from (f"trunk:{name}/*" for name in self.trunks)
        yield from (f"agent:{feature}" for feature in AGENT_FEATURES)
        yield from (f"agent-number:{number}" for number in self.agents)
        yield from (f"hangup:{cause}" if cause else "hangup" for cause in CAUSES)

    def check(self, report: Report, path: str) -> None:
        self.acd.check(report, "")
        book = PromptBook(self.prompts)
        book.check(report)
        check_flows(self.flows, report, "flows", book=book, destinations=dict.fromkeys(self.destinations()))
        self._check_lines(report)
        self._check_tones(report)
        self._check_destinations(report)

    def _check_lines(self, report: Report) -> None:
        channels: dict[int, str] = {}
        stations: dict[str, str] = {}
        for name, line in self.lines.items():
            if line.channel in channels:
                report.error(f"lines.{name}.channel",
                             f"channel {line.channel} belongs to {channels[line.channel]} already",
                             "give every line a channel of its own")
            channels[line.channel] = name
            if isinstance(line, FxsLine):
                if line.station in stations:
                    report.error(f"lines.{name}.station", f"station {line.station} is {stations[line.station]} already",
                                 "give every telephone a number of its own")
                stations[line.station] = name
        for name, group in self.trunks.items():
            for line_name in group.lines:
                if not isinstance(self.lines.get(line_name), FxoLine):
                    report.error(f"trunks.{name}.lines", f"{line_name!r} is no outside line",
                                 "name lines of type fxo from lines")
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
            if rule.line and rule.line not in self.lines:
                report.error(f"routes[{number}].line", f"there is no line {rule.line!r}", _some(self.lines))
            if rule.calendar and rule.calendar not in self.calendars:
                report.error(f"routes[{number}].calendar", f"there is no calendar {rule.calendar!r}",
                             _some(self.calendars))
        for name, queue in self.queues.items():
            if queue.closed.calendar and queue.closed.calendar not in self.calendars:
                report.error(f"queues.{name}.closed.calendar", f"there is no calendar {queue.closed.calendar!r}",
                             _some(self.calendars))


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
