"""Calendars: when the office is open, by weekday, holiday and exchanged working day, on the wall clock."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ccappliance.call.holidays import COUNTRIES, holidays
from ccappliance.config.keys import Report, key

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON = dt.timedelta(days=31)  # beyond which nobody asks when it opens: the longest holidays take nine days
STATES = ("open", "lunch", "holiday", "night")  # what a moment is; all but the first are closed
NEXT_YEAR_KNOWN = dt.timedelta(days=45)  # before it begins a year's holidays should be known: announced in November
_SPAN = re.compile(r"^([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")


@dataclass(frozen=True, kw_only=True)
class CalendarSettings:
    """Opening hours. Minutes are half open: 09:00-12:00 closes when the clock shows 12:00."""

    open: Mapping[str, tuple[str, ...]] = key(
        factory=dict, doc='Spans of each weekday (mon … sun), such as mon: ["09:00-12:00", "13:30-18:00"].')
    holidays: tuple[dt.date, ...] = key((), doc="Days on which it is closed whatever the weekday.")
    workdays: Mapping[str, str] = key(
        factory=dict, doc='Exchanged working days: a date and the weekday whose hours it has, "2026-10-10": fri.')

    country: str = key("", choices=("", *COUNTRIES), doc="Whose holidays and exchanged working days hold besides those "
                                                         "written here, which win.")
    workday_hours: str = key("mon", choices=_DAYS, doc="Whose hours a weekend day has that the country works.")

    def check(self, report: Report, path: str) -> None:
        for day, spans in self.open.items():
            if day not in _DAYS:
                report.error(f"{path}.open.{day}", f"{day!r} is no weekday", f"write one of {', '.join(_DAYS)}")
            for span in spans:
                if _minutes(span) is None:
                    report.error(f"{path}.open.{day}", f"{span!r} is no span of time",
                                 "write 09:00-18:00; the end after the beginning, 24:00 at most")
        for date, day in self.workdays.items():
            if day not in _DAYS:
                report.error(f"{path}.workdays.{date}", f"{day!r} is no weekday", f"write one of {', '.join(_DAYS)}")
            try:
                dt.date.fromisoformat(date)
            except ValueError:
                report.error(f"{path}.workdays.{date}", "this is no date", 'write "2026-10-10"')


@dataclass(frozen=True, slots=True)
class Day:
    """What a calendar says of a date."""

    date: dt.date
    spans: tuple[tuple[int, int], ...]  # minutes of the day in which it is open
    why: str  # "mon", a holiday's name, "exchanged: works like mon"
    holiday: bool


class Calendar:
    """Answers what a moment is: open, in the lunch break, a holiday, or closed for the night (or the weekend)."""

    def __init__(self, settings: CalendarSettings, zone: ZoneInfo) -> None:
        self._zone = zone
        self._week = [tuple(span for text in settings.open.get(day, ()) if (span := _minutes(text))) for day in _DAYS]
        self._holidays = frozenset(settings.holidays)
        self._workdays = {dt.date.fromisoformat(date): day for date, day in settings.workdays.items()}
        self._country = settings.country
        self._official = holidays(settings.country)
        self._workday = settings.workday_hours

    def is_open(self, at: dt.datetime) -> bool:
        """`at` is an aware wall time. Midnight, leap days and DST follow the zone's own local clock."""
        return self.state(at) == "open"

    def state(self, at: dt.datetime) -> str:
        """One of STATES. A lunch break is between two spans of the same day."""
        local = at.astimezone(self._zone)
        day = self.day(local.date())
        if day.holiday:
            return "holiday"
        minute = local.hour * 60 + local.minute
        if any(begin <= minute < end for begin, end in day.spans):
            return "open"
        between = any(end <= minute for _, end in day.spans) and any(minute < begin for begin, _ in day.spans)
        return "lunch" if between else "night"

    def day(self, date: dt.date) -> Day:
        """What is written here wins over the country's days, an exchanged working day over a holiday."""
        week = _DAYS[date.weekday()]
        if date in self._workdays:
            return self._works(date, self._workdays[date])
        if date in self._holidays:
            return Day(date, (), "holiday", True)
        if date in self._official.off:
            return Day(date, (), self._official.off[date], True)
        if date in self._official.work:
            return self._works(date, self._workday)
        return Day(date, self._week[date.weekday()], week, False)

    def missing_year(self, at: dt.datetime) -> int | None:
        """The year whose holidays should be known by now and are not: this one, or, late in the year, the next.

        A year of which days are written here is known.
        """
        if not self._country:
            return None
        today = at.astimezone(self._zone).date()
        written = {date.year for date in (*self._holidays, *self._workdays)}
        return next((year for year in (today.year, (today + NEXT_YEAR_KNOWN).year)
                     if year not in self._official.years and year not in written), None)

    def turn(self, at: dt.datetime) -> dt.datetime | None:
        """The next moment at which the answer changes (UTC); None if it does not within HORIZON."""
        now = self.is_open(at)
        first = at.astimezone(self._zone).date()
        for days in range(HORIZON.days + 1):
            date = first + dt.timedelta(days=days)
            minutes = sorted({0, *(minute for span in self.day(date).spans for minute in span if minute < 24 * 60)})
            for minute in minutes:
                local = dt.datetime.combine(date, dt.time(minute // 60, minute % 60), self._zone)
                moment = local.astimezone(dt.UTC)
                if moment > at and self.is_open(moment) is not now:
                    return moment
        return None

    def open_for(self, since: dt.datetime, seconds: float) -> dt.datetime:
        """The moment (UTC) at which it has been open for so many seconds since then; HORIZON later at most."""
        at, left = since.astimezone(dt.UTC), dt.timedelta(seconds=seconds)
        latest = at + HORIZON + left
        while at < latest:
            turn = self.turn(at)
            if self.is_open(at):
                if turn is None or at + left <= turn:
                    return at + left
                left -= turn - at
            if turn is None:
                break
            at = turn
        return latest

    def _works(self, date: dt.date, like: str) -> Day:
        return Day(date, self._week[_DAYS.index(like)], f"exchanged: works like {like}", False)


def clock(spans: tuple[tuple[int, int], ...]) -> list[str]:
    """Spans as they are written: 09:00-12:00."""
    return [f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}" for begin, end in spans]


def _minutes(span: str) -> tuple[int, int] | None:
    found = _SPAN.match(span)
    if found is None:
        return None
    begin_hour, begin_minute, end_hour, end_minute = (int(part) for part in found.groups())
    begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    return (begin, end) if begin < end <= 24 * 60 else None
