"""`ccappliance reports`: queues, agents, lines, numbers and calls by hour, day, month or year, from the roll-ups."""

from pathlib import Path
from typing import Any

import click

from ccappliance.call import reports as rolled
from ccappliance.call.figures import VARIANTS
from ccappliance.interfaces.cli.command import Command, Noun, connect, echo_json
from ccappliance.interfaces.cli.table import clean, duration, percent, table
from ccappliance.interfaces.control.report_file import csv_of

_SHARES = ("service_level", "occupancy")
_SECONDS = ("logged_in", "ready", "talk", "hold", "wrapup", "paused", "duration", "longest", "longest_wait", "asa",
            "aht", "abandon_wait")


@click.group(cls=Noun)
def reports() -> None:
    """What there was: sums of any time, each figure with its definition."""


@reports.command("show")
@click.argument("report", type=click.Choice(list(rolled.SUBJECTS)))
@click.option("--from", "since", metavar="YYYY-MM-DD", help="First day; else a week before the last one.")
@click.option("--to", "until", metavar="YYYY-MM-DD", help="Last day; else the site's today.")
@click.option("--by", type=click.Choice(list(rolled.BY)), default="day", show_default=True, help="One row for each.")
@click.option("--name", default="", help="This queue, agent, line or number alone.")
@click.option("--variant", type=click.Choice(list(VARIANTS)), default="b", show_default=True,
              help="How service level is reckoned; `reports figures` says how.")
@click.option("--csv", "file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write a CSV file for spreadsheets (UTF-8 with BOM) instead of a table.")
def reports_show(report: str, since: str | None, until: str | None, by: str, name: str, variant: str,
                 file: Path | None, as_json: bool, socket: Path | None) -> None:
    """Rows of a report. Service level and the like are reckoned for each row anew, never averaged."""
    with connect(socket) as client:
        rows: list[dict[str, Any]] = list(client.stream(
            "reports.show", report=report, since=since or "", until=until or "", per=by, name=name, variant=variant))
    if as_json:
        echo_json(rows)
    elif file is not None:
        file.write_bytes(csv_of(rows, report, variant))
        click.echo(f"{file}: {len(rows)} rows")
    elif not rows:
        click.echo("nothing happened then")
    else:
        named = any(row["name"] for row in rows)
        shown = ["time"] * (by != "total") + ["name"] * named + [one.name for one in rolled.columns(report, variant)]
        click.echo(table([{key: _cell(key, row[key]) for key in shown} for row in rows], shown))


@reports.command("figures", cls=Command)
def reports_figures(as_json: bool) -> None:
    """What each column of each report means."""
    told = [{"report": report, "figure": column.name, "definition": column.definition}
            for report in rolled.SUBJECTS for column in rolled.columns(report)]
    if as_json:
        echo_json(told)
    else:
        click.echo(table(told, ["report", "figure", "definition"]))
        click.echo("service level: " + "; ".join(f"{name}: {words}" for name, words in VARIANTS.items()))


def _cell(key: str, value: Any) -> Any:
    if value is None:
        return "–"
    if key in _SHARES:
        return percent(value)
    if key in _SECONDS:
        return duration(value)
    return clean(value) if isinstance(value, str) else f"{value:g}"
