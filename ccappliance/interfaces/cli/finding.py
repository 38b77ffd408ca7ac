"""What `calls search` and `recordings find` share: their options, and the table of calls found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ccappliance.interfaces.cli.command import ask, echo_json
from ccappliance.interfaces.cli.table import clean, duration, table

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = (
    click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many."),
    click.option("--before", type=click.IntRange(0), default=0, metavar="SEQ",
                 help="Only calls older than this one: the next page, from the line below the last."),
    click.option("--since", default="", metavar="TIME", help="Begun then or later: 2026-11-22, 2026-11-22T08:30."),
    click.option("--until", default="", metavar="TIME", help="Begun before then; of a day, before its end."),
    click.option("--number", default="", metavar="DIGITS", help="Any part of who called, was called or answered."),
    click.option("--agent", default="", metavar="NUMBER", help="Who answered it."),
    click.option("--queue", default="", metavar="NAME", help="In which queue it waited last."),
    click.option("--disposition", default="", metavar="WORD",
                 help="ANSWERED, ABANDONED, BUSY, 'NO ANSWER', FAILED or INTERRUPTED."),
    click.option("--shortest", type=click.FloatRange(0), default=None, metavar="SECONDS", help="Lasted at least this."),
    click.option("--longest", type=click.FloatRange(0), default=None, metavar="SECONDS", help="Lasted at most this."),
    click.option("--words", default="", metavar="TEXT",
                 help="All of them are in its notes (recordings find: or transcripts), as parts of words."),
    click.option("--tag", "tags", multiple=True, metavar="TAG", help="It has this tag; may be repeated."),
    click.option("--variable", default="", metavar="NAME[=VALUE]", help="What a flow has learnt of the caller."))


def asked(function: F) -> F:
    """All options by which calls are found."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def show_found(operation: str, socket: Path | None, as_json: bool, options: dict[str, Any]) -> None:
    """Ask, and print what was found; below it, how to page on."""
    bounds = {name: options.pop(name) for name in ("shortest", "longest")}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    rows = ask(socket, operation, **options | {"tags": list(options["tags"])} | given)
    if as_json:
        echo_json(rows)
        return
    shown = [row | {"talk": duration(row["talk"]), "tags": ", ".join(row["tags"]),
                    "notes": "; ".join(note["text"] for note in row["notes"]),
                    "variables": ", ".join(f"{name}={value}" for name, value in row["variables"].items())}
             for row in rows]
    click.echo(table(shown, ["started_at:started", "id", "calling", "called", "queue", "agent", "disposition", "talk",
                             "variables", "tags", "notes", "recordings"]) if rows else "no such calls")
    if len(rows) == options["limit"]:
        click.echo(f"older ones: --before {clean(rows[-1]['seq'])}")
