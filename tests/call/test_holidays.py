"""China's holidays and exchanged working days: every minute of two years against an oracle; unknown years."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from ccappliance.call.alarms import Alarms
from ccappliance.call.calendar import Calendar, CalendarSettings
from ccappliance.call.calendar_watch import CalendarWatch, warnings
from ccappliance.call.facts import CallAnswered, Fact
from ccappliance.call.holidays import holidays
from ccappliance.call.journal import Entry
from ccappliance.site import Site

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-12:00", "13:30-18:00"))
OFFICE = CalendarSettings(open=WEEK, country="cn")


def expected(local: datetime) -> str:
    """Obvious: is it a working day by the oracle, and what does the clock show."""
    official = chinese_calendar.get_holiday_detail(local.date())
    if not chinese_calendar.is_workday(local.date()):
        return "holiday" if official[1] is not None else "night"
    clock = local.strftime("%H:%M")
    if "09:00" <= clock < "12:00" or "13:30" <= clock < "18:00":
        return "open"
    return "lunch" if "12:00" <= clock < "13:30" else "night"


@pytest.mark.slow
@pytest.mark.parametrize("year", [2025, 2026])
def test_every_minute_of_the_year_is_as_the_oracle_says(year: int) -> None:
    """F53, F54."""
    calendar = Calendar(OFFICE, SHANGHAI)
    at = datetime(year, 1, 1, tzinfo=SHANGHAI)
    seen = dict.fromkeys(("open", "lunch", "holiday", "night"), 0)
    while at.year == year:
        day = {minute: expected(at + timedelta(minutes=minute)) for minute in (0, 540, 720, 810, 1080)}
        marks = sorted(day)
        for minute in range(24 * 60):
            state = calendar.state(at + timedelta(minutes=minute))
            assert state == day[max(mark for mark in marks if mark <= minute)], at + timedelta(minutes=minute)
            seen[state] += 1
        at += timedelta(days=1)
    workdays = sum(chinese_calendar.is_workday(date(year, 1, 1) + timedelta(days=day)) for day in range(365))
    assert seen["open"] == workdays * 450
    assert all(seen.values())


def test_what_the_site_writes_wins_over_the_country() -> None:
    own = CalendarSettings(open=WEEK | {"sat": ("10:00-12:00",)}, country="cn", workday_hours="fri",
                           holidays=(date(2026, 3, 2),), workdays={"2026-10-01": "sat"})
    calendar = Calendar(own, SHANGHAI)
    assert calendar.day(date(2026, 10, 1)).spans == ((600, 720),)
    assert calendar.day(date(2026, 3, 2)).holiday
    assert calendar.day(date(2026, 10, 10)).why == "exchanged: works like fri"
    assert calendar.day(date(2026, 10, 2)).why == "国庆节"
    assert Calendar(CalendarSettings(open=WEEK), SHANGHAI).state(datetime(2026, 10, 2, 2, tzinfo=UTC)) == "open"


@pytest.mark.parametrize(("at", "written", "missing"), [
    ("2026-11-10T12:00+08:00", (), None), ("2026-11-20T12:00+08:00", (), 2027), ("2027-03-01T12:00+08:00", (), 2027),
    ("2026-12-31T12:00+08:00", (date(2027, 1, 1),), None)])
def test_a_year_that_is_not_known_is_told_in_time(at: str, written: tuple[date, ...], missing: int | None) -> None:
    settings = CalendarSettings(country="cn", holidays=written)
    assert Calendar(settings, SHANGHAI).missing_year(datetime.fromisoformat(at)) == missing
    assert Calendar(CalendarSettings(), SHANGHAI).missing_year(datetime.fromisoformat(at)) is None


def test_the_data_are_whole() -> None:
    known = holidays("cn")
    assert known.years == (2025, 2026)
    for year in known.years:
        assert len([day for day in known.off if day.year == year]) in range(27, 34)
    assert all(day.weekday() >= 5 and day not in known.off for day in known.work)


def test_the_alarm_comes_with_the_first_fact_of_the_day_and_goes_with_the_cause() -> None:
    calendars = {"office": Calendar(OFFICE, SHANGHAI), "always": Calendar(CalendarSettings(), SHANGHAI)}
    alarms = Alarms()
    told: list[Fact] = []

    def write(fact: Fact) -> None:
        told.append(fact)
        alarms.hear(Entry(1, datetime(2026, 11, 20, tzinfo=UTC), 0.0, fact))

    watch = CalendarWatch(lambda: calendars, alarms, write)

    def day(at: datetime) -> list[str]:
        told.clear()
        for _ in range(2):
            watch.hear(Entry(1, at, 0.0, CallAnswered("1")))
        return [f"{type(fact).__name__} {fact.subject}" for fact in told]  # type: ignore[attr-defined]
    assert day(datetime(2026, 11, 10, tzinfo=UTC)) == []
    assert day(datetime(2026, 11, 20, tzinfo=UTC)) == ["AlarmRaised calendar:office"]
    assert day(datetime(2026, 11, 21, tzinfo=UTC)) == []
    calendars["office"] = Calendar(CalendarSettings(country="cn", holidays=(date(2027, 1, 1),)), SHANGHAI)
    assert day(datetime(2026, 11, 22, tzinfo=UTC)) == ["AlarmCleared calendar:office"]
    site = Site(calendars={"office": OFFICE, "always": CalendarSettings()})
    found = warnings(site, datetime(2026, 12, 1, tzinfo=UTC), {"calendars.office.country": "site.yaml:3:5"})
    assert [(one.place, one.severity) for one in found] == [("site.yaml:3:5", "warning")]
