"""`ccappliance queues`: who waits, and who serves."""

from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import duration, fields, percent, table


@click.group(cls=Noun)
def queues() -> None:
    """The queues."""


@queues.command("list")
def queues_list(as_json: bool, socket: Path | None) -> None:
    """All queues with their figures."""
    rows = ask(socket, "queues.list")
    if as_json:
        echo_json(rows)
        return
    click.echo(table([_shown(row) for row in rows],
                     ["name", "waiting", "longest_wait:longest", "agents_ready:ready", "agents_busy:busy",
                      "agents_paused:paused", "offered", "answered", "abandoned", "service_level:sl",
                      "average_wait:asa"]) if rows else "no queues are configured")


@queues.command("show")
@click.option("--queue", required=True, metavar="NAME", help="The queue's name.")
def queues_show(queue: str, as_json: bool, socket: Path | None) -> None:
    """One queue with its entries, in the order in which they will be served, and its agents."""
    found = ask(socket, "queues.show", queue=queue)
    if as_json:
        echo_json(found)
        return
    entries = [row | {"waited": duration(row["waited"])} for row in found["entries"]]
    click.echo(fields(_shown(found), skip=["entries", "members"]))
    click.echo()
    click.echo(table(entries, ["position", "call", "calling", "name", "waited", "order_class:class", "state"])
               if entries else "nobody waits")
    click.echo()
    click.echo(table(found["members"], ["agent", "name", "state", "station"]) if found["members"] else "nobody serves")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"longest_wait": duration(row["longest_wait"]), "service_level": percent(row["service_level"]),
                  "average_wait": duration(row["average_wait"])}
