"""`ccappliance audit`: do the numbers add up? Every figure and row recomputed from the journal, and what differs."""

from datetime import UTC
from pathlib import Path
from typing import Any

import click

from ccappliance.apps.acd.explain import zone_of
from ccappliance.call.facts import DaemonStarted
from ccappliance.interfaces.cli.command import REFUSED, ClientCommand, ask, echo_json
from ccappliance.interfaces.cli.journals import reader
from ccappliance.interfaces.cli.table import table
from ccappliance.interfaces.control import audit as control
from ccappliance.interfaces.control.history import day_of

TOLD = 100  # differences shown; --json has more


@click.command(cls=ClientCommand)
@click.option("--day", default="", metavar="YYYY-MM-DD", help="This day; else today, or with --journal all of it.")
@click.option("--journal", type=click.Path(path_type=Path, exists=True), metavar="PATH",
              help="Judge only this journal (a directory or a file); no daemon is needed.")
@click.pass_context
def audit(ctx: click.Context, day: str, journal: Path | None, as_json: bool, socket: Path | None) -> None:
    """Recompute every figure, CDR and recording row from the journal, and tell what differs, with the calls concerned.

    Queues, agents, lines, service level and outcomes as shown now (of today), rows of the database, the rules of the
    queue, and every decision made again. The exit code is 1 if anything differs.
    """
    found = _offline(journal, day) if journal else ask(socket, "audit", day=day)
    echo_json(found) if as_json else click.echo(_words(found))
    ctx.exit(REFUSED if found["differences"] else 0)


def _offline(journal: Path, day: str) -> dict[str, Any]:
    read = reader(journal)
    zones = (zone_of(entry.fact.timezone) for entry in read() if isinstance(entry.fact, DaemonStarted))
    return control.audit(read(), day_of(day), None, next(zones, UTC), None)


def _words(found: dict[str, Any]) -> str:
    told: list[dict[str, Any]] = found["differences"]
    count = len(told) + found["more"]
    summary = (f"{found['day'] or 'whole journal'}: {found['entries']} entries, {found['calls']} calls, "
               f"{found['queue_entries']} queue entries, {found['decisions']} decisions, {found['cdrs']} CDRs, "
               f"{found['recordings']} recordings; compared with {found['compared']}: {count} differences")
    if not told:
        return summary
    shown = table(told[:TOLD], ["what", "where", "shown", "recomputed", "calls"])
    more = f"\n… and {count - TOLD} more" if len(told) > TOLD else ""
    return f"{shown}{more}\n{summary}"
