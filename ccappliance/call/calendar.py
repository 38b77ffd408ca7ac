"""Calendars: when the office is open, by weekday, holiday and exchanged working day, on the wall clock."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ccappliance.config.keys import Report, key

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
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


def _minutes(span: str) -> tuple[int, int] | None:
    found = _SPAN.match(span)
    if found is None:
        return None
    begin_hour, begin_minute, end_hour, end_minute = (int(part) for part in found.groups())
    begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    return (begin, end) if begin < end <= 24 * 60 else None
