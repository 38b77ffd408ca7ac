"""`ccappliance callbacks`: who is to be called back, and what became of the promises."""

from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import clean, duration, percent, table

_CALLBACK = click.option("--callback", required=True, metavar="ID", help="The promise's id, from `callbacks list`.")


@click.group(cls=Noun)
def callbacks() -> None:
    """The promises to call callers back."""


@callbacks.command("list")
@click.option("--ended", is_flag=True, help="The newest ones that are over, instead.")
@click.option("--limit", default=20, show_default=True, metavar="N", help="With --ended: how many.")
def callbacks_list(ended: bool, limit: int, as_json: bool, socket: Path | None) -> None:
    """Who is to be called back, by queue, in the order in which they will be served."""
    rows = ask(socket, "callbacks.ended", limit=limit) if ended else ask(socket, "callbacks.list")
    if as_json:
        echo_json(rows)
    elif ended:
        shown = [row | {"waited": duration(row["waited"]), "told": _told(row)} for row in rows]
        click.echo(table(shown, ["callback:id", "queue", "number", "promised_at", "outcome", "why", "waited", "told",
                                 "attempts"]) if rows else "no callbacks are over")
    else:
        shown = [row | {"promised": duration(row["promised"]), "waited": duration(row["waited"]), "told": _told(row),
                        "again": "" if row["again"] is None else duration(row["again"])} for row in rows]
        click.echo(table(shown, ["callback:id", "queue", "position", "number", "name", "state", "why", "promised",
                                 "told", "waited", "attempts", "again"]) if rows else "nobody is to be called back")


@callbacks.command("report")
def callbacks_report(as_json: bool, socket: Path | None) -> None:
    """Today's callbacks by queue: what was promised beside what was kept."""
    rows = ask(socket, "callbacks.report")
    if as_json:
        echo_json(rows)
        return
    shown = [row | {"average_wait": "" if row["average_wait"] is None else duration(row["average_wait"]),
                    "longest_wait": duration(row["longest_wait"]), "kept_share": percent(row["kept_share"])}
             for row in rows]
    click.echo(table(shown, ["queue", "waiting", "promised", "tried", "reached", "gave_up", "expired", "withdrawn",
                             "replaced", "average_wait:average", "longest_wait:longest", "told", "kept", "early",
                             "late", "kept_share:%"]) if rows else "no queue promises callbacks")


@callbacks.command("cancel")
@_CALLBACK
def callbacks_cancel(callback: str, as_json: bool, socket: Path | None) -> None:
    """End a promise: he is not called back."""
    done = ask(socket, "callbacks.cancel", callback=callback)
    echo_json(done) if as_json else click.echo(f"callback {clean(callback)} is cancelled")


@callbacks.command("retry")
@_CALLBACK
def callbacks_retry(callback: str, as_json: bool, socket: Path | None) -> None:
    """Do not wait for the time of the next attempt."""
    done = ask(socket, "callbacks.retry", callback=callback)
    echo_json(done) if as_json else click.echo(f"callback {clean(callback)} is tried as soon as an agent is free")


def _told(row: dict[str, Any]) -> str:
    return "" if row["low"] is None else f"{duration(row['low'])} to {duration(row['high'])}"
