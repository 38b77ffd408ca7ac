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


@queues.command("playlist")
@click.option("--queue", required=True, metavar="NAME", help="The queue's name.")
@click.option("--piece", "pieces", multiple=True, metavar="PROMPT", help="A prompt by name; again for each piece.")
@click.option("--order", type=click.Choice(["in-turn", "random"]), default="in-turn", show_default=True,
              help="One after the other, or at random.")
@click.option("--messages", is_flag=True, help="The messages between the music, not the music. None: no messages.")
def queues_playlist(queue: str, pieces: tuple[str, ...], order: str, messages: bool, as_json: bool,
                    socket: Path | None) -> None:
    """Change what callers hear while they wait, at once, until a reload changes the queue."""
    row = ask(socket, "queues.playlist", queue=queue, pieces=list(pieces), order=order, messages=messages)
    if as_json:
        echo_json(row)
        return
    click.echo(f"{queue} plays {', '.join(row['music'])}; messages: {', '.join(row['messages']) or 'none'}")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"longest_wait": duration(row["longest_wait"]), "service_level": percent(row["service_level"]),
                  "average_wait": duration(row["average_wait"]),
                  "promise_level": percent(row["promise_level"])}
