"""Tells in time that a calendar's next year is not known: an alarm in the daemon, a warning of `config check`."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import ClassVar, Protocol
from zoneinfo import ZoneInfo

from ccappliance.base.errors import Finding
from ccappliance.call.alarms import Alarms
from ccappliance.call.calendar import Calendar, CalendarSettings
from ccappliance.call.facts import AgentMoved, AlarmCleared, AlarmRaised, CallOffered, DaemonStarted, DayBegan, Fact
from ccappliance.call.journal import Entry, Wanted

ALARM = "calendar_ends"
ADVICE = "update ccappliance, or write the year's holidays and workdays into the calendar"


class CalendarWatch:
    """A reader of the journal: looks with the first of KINDS in every day, so that it needs no timer of its own."""

    KINDS: ClassVar[Wanted] = frozenset({DaemonStarted, DayBegan, CallOffered, AgentMoved})  # a day begins with one

    def __init__(self, calendars: Callable[[], Mapping[str, Calendar]], alarms: Alarms,
                 write: Callable[[Fact], object]) -> None:
        self._calendars = calendars
        self._alarms = alarms
        self._write = write
        self._looked: date | None = None

    def hear(self, entry: Entry) -> None:
        if entry.at.date() != self._looked:
            self.look(entry.at)

    def look(self, at: datetime) -> None:
        """Raise and clear alarms; also after a reload."""
        self._looked = at.date()
        missing = {f"calendar:{name}": year for name, calendar in self._calendars().items()
                   if (year := calendar.missing_year(at)) is not None}
        for subject, year in missing.items():
            if not self._alarms.has(ALARM, subject):
                self._write(AlarmRaised(ALARM, subject, f"{problem(year)}: {ADVICE}"))
        for alarm in self._alarms.standing():
            if alarm.alarm == ALARM and alarm.subject not in missing:
                self._write(AlarmCleared(ALARM, alarm.subject))


def problem(year: int) -> str:
    """For people."""
    return f"the holidays and exchanged working days of {year} are not known"


class Zoned(Protocol):
    """The section `system` of a site."""

    @property
    def timezone(self) -> str: ...


class HasCalendars(Protocol):
    """A site, as far as it is looked at here."""

    @property
    def calendars(self) -> Mapping[str, CalendarSettings]: ...
    @property
    def system(self) -> Zoned: ...


def warnings(site: HasCalendars, at: datetime, origins: Mapping[str, object]) -> list[Finding]:
    """For `config check`. `origins`: where each key was written."""
    found = []
    for name, settings in site.calendars.items():
        year = Calendar(settings, ZoneInfo(site.system.timezone)).missing_year(at)
        if year is not None:
            path = f"calendars.{name}.country"
            found.append(Finding(str(origins.get(path, "default")), path, problem(year), ADVICE, "warning"))
    return found
