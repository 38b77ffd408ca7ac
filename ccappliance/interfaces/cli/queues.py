"""`ccappliance queues`: who waits, and who serves."""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import Noun, ask, connect, echo_json, echo_line
from ccappliance.interfaces.cli.table import clean, duration, fields, percent, table

_QUEUE = click.option("--queue", required=True, metavar="NAME", help="The queue's name.")
_CALL = click.option("--call", required=True, metavar="ID", help="The waiting call's id, from `queues show`.")
_WHY = click.option("--why", default="", metavar="TEXT", help="The reason, for the journal.")


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
    click.echo(table([_shown(row) | {"service_level_is": row["service_level_is"].partition(":")[0]} for row in rows],
                     ["name", "waiting", "longest_wait:longest", "agents_ready:ready", "agents_busy:busy",
                      "agents_paused:paused", "offered", "answered", "abandoned", "service_level:sl",
                      "service_level_is:variant", "average_wait:asa"]) if rows else "no queues are configured")


@queues.command("show")
@_QUEUE
@click.option("--live", is_flag=True, help="Show it again every second, until Ctrl-C.")
def queues_show(queue: str, live: bool, as_json: bool, socket: Path | None) -> None:
    """One queue with its entries, in the order in which they will be served, and its agents."""
    if not live:
        found = ask(socket, "queues.show", queue=queue)
        echo_json(found) if as_json else click.echo(_queue(found))
        return
    with connect(socket) as client:
        for found in client.stream("queues.watch", queue=queue, every=1.0):
            if as_json:
                echo_line(found)
            else:
                click.clear()
                click.echo(_queue(found))


@queues.command("move")
@_CALL
@click.option("--to", "queue", required=True, metavar="NAME", help="The queue it is moved to.")
@_WHY
def queues_move(call: str, queue: str, why: str, as_json: bool, socket: Path | None) -> None:
    """Move a waiting call to another queue; it keeps the time it has waited."""
    _done(socket, as_json, f"call {clean(call)} waits in {clean(queue)} now", "queues.move", call=call, queue=queue,
          why=why)


@queues.command("assign")
@_CALL
@click.option("--agent", required=True, metavar="NUMBER", help="Who gets it, as his next call.")
@_WHY
def queues_assign(call: str, agent: str, why: str, as_json: bool, socket: Path | None) -> None:
    """Give a waiting call to one agent."""
    _done(socket, as_json, f"call {clean(call)} is kept for agent {clean(agent)}", "queues.assign", call=call,
          agent=agent, why=why)


@queues.command("prioritise")
@_CALL
@click.option("--class", "order_class", type=int, default=None, metavar="N", help="Strict priority, -100 to 100.")
@click.option("--boost", type=float, default=None, metavar="SECONDS", help="Treat it as having waited so much longer.")
@_WHY
def queues_prioritise(call: str, order_class: int | None, boost: float | None, why: str, as_json: bool,
                      socket: Path | None) -> None:
    """Give a waiting call another class, another boost, or both."""
    _done(socket, as_json, f"call {clean(call)} has its new place", "queues.prioritise", call=call,
          order_class=order_class, boost=boost, why=why)


@queues.command("pull")
@_CALL
@click.option("--to", required=True, metavar="DESTINATION", help="Where it goes: flow:NAME, station:NUMBER, hangup …")
@_WHY
def queues_pull(call: str, to: str, why: str, as_json: bool, socket: Path | None) -> None:
    """Take a waiting call out of its queue."""
    _done(socket, as_json, f"call {clean(call)} goes to {clean(to)}", "queues.pull", call=call, to=to, why=why)


@queues.command("strategy")
@_QUEUE
@click.option("--strategy", required=True, metavar="NAME", help="longest-idle, ring-all, round-robin, …")
@_WHY
def queues_strategy(queue: str, strategy: str, why: str, as_json: bool, socket: Path | None) -> None:
    """Choose a queue's agents by another strategy, until a reload changes the queue."""
    _done(socket, as_json, f"queue {clean(queue)} chooses by {clean(strategy)} now", "queues.strategy", queue=queue,
          strategy=strategy, why=why)


def _done(socket: Path | None, as_json: bool, words: str, do: str, **params: Any) -> None:
    found = ask(socket, do, **params)
    echo_json(found) if as_json else click.echo(words)


def _queue(found: dict[str, Any]) -> str:
    entries = [row | {"waited": duration(row["waited"])} for row in found["entries"]]
    waiting = table(entries, ["position", "call", "calling", "name", "kind", "waited", "order_class:class", "boost",
                              "demand", "ringing", "variables:known"]) if entries else "nobody waits"
    members = table(found["members"], ["agent", "name", "state", "station"]) if found["members"] else "nobody serves"
    states = Counter(row["state"] for row in found["members"])
    shown = _shown(found) | {"agents": [f"{count} {state}" for state, count in states.items()]}
    skip = ["entries", "members", "agents_ready", "agents_busy", "agents_paused"]
    return "\n\n".join([fields(shown, skip=skip), waiting, members])


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
