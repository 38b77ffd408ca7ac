"""`ccappliance callers` and `calendars`: what the box makes of a number and of a date. Needs no daemon."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from ccappliance.base.errors import Refused
from ccappliance.call.calendar import Calendar, clock
from ccappliance.call.callers import Callers
from ccappliance.call.numbers import Numbers
from ccappliance.config.load import load
from ccappliance.interfaces.cli.command import Command, Noun, echo_json, roof_of
from ccappliance.interfaces.cli.table import fields, table

_DIRECTORY = click.option("--config", "directory", type=click.Path(path_type=Path), metavar="DIR",
                          help="The configuration's directory.")
_DATE = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Noun)
def callers() -> None:
    """Those who call."""


@callers.command("show", cls=Command)
@click.argument("number")
@_DIRECTORY
@click.pass_context
def callers_show(ctx: click.Context, number: str, directory: Path | None, as_json: bool) -> None:
    """What is known of a calling NUMBER, written as a line would show it: place, carrier, kind, VIP class."""
    site = _site(ctx, directory)
    caller = Callers(Numbers(site.system.area_code), site.vip, {}).find("", number)
    known = caller.number
    row = {"number": known.normal, "kind": known.kind, "region": known.place.words, "place": known.place.english,
           "carrier": known.carrier, "country": known.country, "service": known.service, "extension": known.extension,
           "vip": caller.vip.name, "label": caller.label, "language": caller.language,
           "class": caller.order_class, "boost": caller.boost}
    if as_json:
        echo_json(row)
    else:
        click.echo(fields(row))


@click.group(cls=Noun)
def calendars() -> None:
    """The opening hours."""


@calendars.command("show", cls=Command)
@click.argument("date", type=_DATE)
@click.option("--days", type=click.IntRange(1, 400), default=1, show_default=True, help="How many days from DATE on.")
@click.option("--calendar", metavar="NAME", help="Only this one.")
@_DIRECTORY
@click.pass_context
def calendars_show(ctx: click.Context, date: datetime, days: int, calendar: str | None, directory: Path | None,
                   as_json: bool) -> None:
    """When each calendar is open on DATE (2026-10-10), and why: weekday, holiday, or exchanged working day."""
    site = _site(ctx, directory)
    if calendar is not None and calendar not in site.calendars:
        raise Refused("no_calendar", f"there is no calendar {calendar!r}; known: {', '.join(site.calendars) or 'none'}")
    rows = []
    for name, settings in site.calendars.items():
        if calendar in (None, name):
            one = Calendar(settings, ZoneInfo(site.system.timezone))
            rows += [_row(name, one, date + timedelta(days=day)) for day in range(days)]
    if as_json:
        echo_json(rows)
    else:
        click.echo(table([row | {"open": " ".join(row["open"]) or "closed"} for row in rows],
                         ["calendar", "date", "open", "why"]) if rows else "no calendars are configured")


def _row(name: str, calendar: Calendar, date: datetime) -> dict[str, Any]:
    day = calendar.day(date.date())
    return {"calendar": name, "date": day.date.isoformat(), "open": clock(day.spans), "why": day.why,
            "holiday": day.holiday}


def _site(ctx: click.Context, directory: Path | None) -> Any:
    roof = roof_of(ctx)
    return load(directory or roof.config_directory(), roof.site()).value
