"""Calendars against a slow, obvious twin: holidays, exchanged working days, midnight, leap day, daylight saving."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ccappliance.call.calendar import HORIZON, Calendar, CalendarSettings

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = CalendarSettings(
    open={"mon": ("09:00-12:00", "13:30-18:00"), "tue": ("09:00-18:00",), "wed": ("00:00-24:00",),
          "thu": ("22:00-24:00",), "fri": ("00:00-06:00", "09:00-18:00")},
    holidays=(date(2028, 2, 29), date(2027, 1, 1), date(2026, 10, 1)),
    workdays={"2026-10-10": "fri", "2028-02-26": "mon"})


class Report:
    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []

    def error(self, path: str, problem: str, advice: str = "") -> None:
        self.errors.append((path, problem))

    def warning(self, path: str, problem: str, advice: str = "") -> None:
        raise AssertionError


def twin(settings: CalendarSettings, local: datetime) -> bool:
    """Obvious: the day's spans as text, compared as text."""
    day = settings.workdays.get(local.date().isoformat())
    if day is None:
        if local.date() in settings.holidays:
            return False
        day = WEEK[local.weekday()]
    clock = local.strftime("%H:%M")
    return any(span.split("-")[0] <= clock < span.split("-")[1] for span in settings.open.get(day, ()))


def minutes(every: bool) -> Iterator[datetime]:
    """Two years: every minute, or the minutes around each quarter of an hour."""
    at = datetime(2026, 9, 30, tzinfo=UTC)
    end = at + timedelta(days=730)
    while at < end:
        yield at
        at += timedelta(minutes=1 if every or at.minute % 15 in (14, 0) else 13)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "Pacific/Chatham"])
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_two_years_are_as_the_twin_says(zone: str, every: bool) -> None:
    place = ZoneInfo(zone)
    calendar = Calendar(OFFICE, place)
    opened = 0
    for at in minutes(every):
        is_open = calendar.is_open(at)
        opened += is_open
        assert is_open == twin(OFFICE, at.astimezone(place)), at
    assert opened > 1_000


@pytest.mark.parametrize(("at", "is_open"), [
    ("2026-10-09T08:59+08:00", False), ("2026-10-09T09:00+08:00", True), ("2026-10-09T17:59+08:00", True),
    ("2026-10-09T18:00+08:00", False), ("2026-10-01T10:00+08:00", False), ("2026-10-10T10:00+08:00", True),
    ("2026-10-11T10:00+08:00", False), ("2028-02-29T10:00+08:00", False), ("2028-03-01T23:59+08:00", True),
    ("2028-03-02T00:00+08:00", False), ("2028-03-02T23:59+08:00", True), ("2028-03-03T00:00+08:00", True)])
def test_moments_people_ask_about(at: str, is_open: bool) -> None:
    assert Calendar(OFFICE, ZoneInfo("Asia/Shanghai")).is_open(datetime.fromisoformat(at)) is is_open


def test_what_is_no_time_no_day_no_date_is_told() -> None:
    report = Report()
    CalendarSettings(open={"mo": ("9:00-12:00",), "mon": ("12:00-09:00", "09:00-25:00", "23:00-24:30")},
                     workdays={"10/10": "friday"}).check(report, "calendars.office")
    assert [path for path, _ in report.errors] == [
        "calendars.office.open.mo", "calendars.office.open.mo", "calendars.office.open.mon",
        "calendars.office.open.mon", "calendars.office.open.mon",
        "calendars.office.workdays.10/10", "calendars.office.workdays.10/10"]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
def test_it_turns_when_the_answer_changes_and_not_before(zone: str) -> None:
    """Followed for a year from turn to turn: between two of them the answer is one, and each is a change."""
    calendar = Calendar(OFFICE, ZoneInfo(zone))
    at = datetime(2026, 9, 20, tzinfo=UTC)
    for _ in range(700):
        turn = calendar.turn(at)
        assert turn is not None
        assert calendar.is_open(turn) is not calendar.is_open(at)
        between = at
        while between < turn:
            assert calendar.is_open(between) is calendar.is_open(at), between
            between += timedelta(minutes=47)
        assert calendar.is_open(turn - timedelta(minutes=1)) is calendar.is_open(at)
        at = turn


def test_what_never_changes_does_not_turn() -> None:
    at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    always = Calendar(CalendarSettings(open=dict.fromkeys(WEEK, ("00:00-24:00",))), ZoneInfo("Asia/Shanghai"))
    never = Calendar(CalendarSettings(), ZoneInfo("Asia/Shanghai"))
    assert always.turn(at) is None
    assert never.turn(at) is None
    assert always.open_for(at, 3600.0) == at + timedelta(hours=1)
    assert never.open_for(at, 3600.0) == at + HORIZON + timedelta(hours=1)


@pytest.mark.parametrize(("since", "hours", "until"), [
    ("2026-10-12T10:00+08:00", 1, "2026-10-12T11:00+08:00"),  # Monday
    ("2026-10-12T11:00+08:00", 2, "2026-10-12T14:30+08:00"),  # over noon
    ("2026-10-12T17:00+08:00", 2, "2026-10-13T10:00+08:00"),  # over night
    ("2026-10-12T20:00+08:00", 1, "2026-10-13T10:00+08:00"),  # begun while closed
    ("2026-10-12T17:00+08:00", 1, "2026-10-12T18:00+08:00")])  # to the minute
def test_only_open_hours_count(since: str, hours: int, until: str) -> None:
    calendar = Calendar(OFFICE, ZoneInfo("Asia/Shanghai"))
    assert calendar.open_for(datetime.fromisoformat(since), hours * 3600.0) == datetime.fromisoformat(until)
