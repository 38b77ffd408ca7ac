"""`ccappliance explain`: why a call went as it did, recomputed from the journal, of the daemon or of a directory."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import REFUSED, ClientCommand, ask, connect, echo_json
from ccappliance.interfaces.cli.journals import finder, reader
from ccappliance.interfaces.cli.table import clean, table
from ccappliance.interfaces.control.history import LANGUAGES, checked, explained

TOLD = 100  # differences shown; --json has more


@click.command(cls=ClientCommand)
@click.argument("call", default="")
@click.option("--check", "whole", is_flag=True, help="Make every decision again, and tell those that differ.")
@click.option("--day", default="", metavar="YYYY-MM-DD", help="With --check: only the decisions of this day.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the words.")
@click.option("--journal", type=click.Path(path_type=Path, exists=True), metavar="PATH",
              help="Read this journal directory, or a file of `simulate --journal`; no daemon is needed.")
@click.pass_context
def explain(ctx: click.Context, call: str, whole: bool, day: str, language: str, journal: Path | None, as_json: bool,
            socket: Path | None) -> None:
    """Every decision about CALL: who could have taken it, why others could not, the rule, and whether it holds.

    All of it is recomputed from the journal. With --check the exit code is 1 if any decision comes out otherwise.
    """
    if bool(call) == whole:
        raise click.UsageError("name a call, or give --check")
    if whole:
        found = checked(reader(journal), day) if journal else ask(socket, "explain.check", day=day)
        echo_json(found) if as_json else click.echo(_check_words(found))
        ctx.exit(REFUSED if found["differences"] else 0)
    if journal:
        _tell(call, explained(finder(journal), call, language), as_json)
        return
    with connect(socket) as client:
        _tell(call, client.stream("explain.call", call=call, language=language), as_json)


def _tell(call: str, events: Iterable[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        echo_json({"call": call, "events": [event["event"] for event in events]})
        return
    for event in events:
        for line in event["lines"]:
            click.echo(line[:len(line) - len(line.lstrip())] + clean(line.strip()))


def _check_words(found: dict[str, Any]) -> str:
    told: list[dict[str, Any]] = found["differences"]
    summary = f"{found['decisions']} decisions made again, {len(told) + found['more']} differences"
    if found["unknown"]:
        summary += f"; {found['unknown']} older than the journal's first start could not be made again"
    if not told:
        return summary
    shown = table(told[:TOLD], ["seq", "at", "call", "queue", "words:difference"])
    more = f"\n… and {len(told) + found['more'] - TOLD} more" if len(told) > TOLD else ""
    return f"{shown}{more}\n{summary}"
