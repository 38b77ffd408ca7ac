"""Calendars: when the office is open, by weekday, holiday and exchanged working day, on the wall clock."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ccappliance.config.keys import Report, key

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON = dt.timedelta(days=31)  # beyond which nobody asks when it opens: the longest holidays take nine days
_SPAN = re.compile(r"^([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")


@dataclass(frozen=True, kw_only=True)
class CalendarSettings:
    """Opening hours. Minutes are half open: 09:00-12:00 closes when the clock shows 12:00."""

    open: Mapping[str, tuple[str, ...]] = key(
        factory=dict, doc='Spans of each weekday (mon … sun), such as mon: ["09:00-12:00", "13:30-18:00"].')
    holidays: tuple[dt.date, ...] = key((), doc="Days on which it is closed whatever the weekday.")
    workdays: Mapping[str, str] = key(
        factory=dict, doc='Exchanged working days: a date and the weekday whose hours it has, "2026-10-10": fri.')

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


class Calendar:
    """Answers one question: is it open at this moment?"""

    def __init__(self, settings: CalendarSettings, zone: ZoneInfo) -> None:
        self._zone = zone
        self._week = [[span for text in settings.open.get(day, ()) if (span := _minutes(text))] for day in _DAYS]
        self._holidays = frozenset(settings.holidays)
        self._workdays = {dt.date.fromisoformat(date): _DAYS.index(day) for date, day in settings.workdays.items()}

    def is_open(self, at: dt.datetime) -> bool:
        """`at` is an aware wall time. Midnight, leap days and DST follow the zone's own local clock."""
        local = at.astimezone(self._zone)
        date = local.date()
        if date in self._workdays:
            day = self._workdays[date]
        elif date in self._holidays:
            return False
        else:
            day = date.weekday()
        minute = local.hour * 60 + local.minute
        return any(begin <= minute < end for begin, end in self._week[day])

    def turn(self, at: dt.datetime) -> dt.datetime | None:
        """The next moment at which the answer changes (UTC); None if it does not within HORIZON."""
        now = self.is_open(at)
        first = at.astimezone(self._zone).date()
        for days in range(HORIZON.days + 1):
            date = first + dt.timedelta(days=days)
            week = self._workdays.get(date, date.weekday())
            minutes = sorted({0, *(minute for span in self._week[week] for minute in span if minute < 24 * 60)})
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


def _minutes(span: str) -> tuple[int, int] | None:
    found = _SPAN.match(span)
    if found is None:
        return None
    begin_hour, begin_minute, end_hour, end_minute = (int(part) for part in found.groups())
    begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    return (begin, end) if begin < end <= 24 * 60 else None
