"""`ccappliance calls`: see, clear and make calls."""

from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import clean, duration, fields, table

_CALL = click.option("--call", required=True, metavar="ID", help="The call's id, from `calls list`.")


@click.group(cls=Noun)
def calls() -> None:
    """The calls alive."""


@calls.command("list")
def calls_list(as_json: bool, socket: Path | None) -> None:
    """All calls, oldest first."""
    rows = ask(socket, "calls.list")
    if as_json:
        echo_json(rows)
        return
    shown = [row | {"lasts": duration(row["seconds"])} for row in rows]
    click.echo(table(shown, ["id", "direction", "calling", "called", "line", "state", "where", "agent", "lasts"])
               if rows else "no calls")


@calls.command("show")
@_CALL
def calls_show(call: str, as_json: bool, socket: Path | None) -> None:
    """One call with its legs."""
    found = ask(socket, "calls.show", call=call)
    echo_json(found) if as_json else click.echo(_call(found))


@calls.command("search")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--number", default="", metavar="NUMBER", help="Who called or was called.")
@click.option("--agent", default="", metavar="NUMBER", help="Who answered it.")
@click.option("--queue", default="", metavar="NAME", help="In which queue it waited last.")
@click.option("--variable", default="", metavar="NAME[=VALUE]", help="What a flow has learnt of the caller.")
def calls_search(limit: int, number: str, agent: str, queue: str, variable: str, as_json: bool,
                 socket: Path | None) -> None:
    """Of the newest 20,000 calls that are over, newest first: what flows have learnt, and the recordings."""
    rows = ask(socket, "calls.search", limit=limit, number=number, agent=agent, queue=queue, variable=variable)
    if as_json:
        echo_json(rows)
        return
    shown = [row | {"talk": duration(row["talk"]),
                    "variables": ", ".join(f"{name}={value}" for name, value in row["variables"].items())}
             for row in rows]
    click.echo(table(shown, ["started_at:started", "id", "calling", "called", "queue", "agent", "disposition", "talk",
                             "variables", "recordings"]) if rows else "no such calls")


def _call(found: dict[str, Any]) -> str:
    if "legs" not in found:
        return fields(found)
    legs = table(found.get("legs") or [], ["id:leg", "line", "party", "state", "since"])
    return f"{fields(found, skip=['legs'])}\n\n{legs}"


@calls.command("hangup")
@_CALL
def calls_hangup(call: str, as_json: bool, socket: Path | None) -> None:
    """Clear a call."""
    done = ask(socket, "calls.hangup", call=call)
    echo_json(done) if as_json else click.echo(f"call {clean(call)} is being cleared")


@calls.command("originate")
@click.option("--station", required=True, metavar="NUMBER", help="The telephone that is rung first.")
@click.option("--number", required=True, metavar="NUMBER", help="What is dialled when it answers.")
@click.option("--group", default="", metavar="NAME", help="Trunk group to use, instead of what the routes say.")
def calls_originate(station: str, number: str, group: str, as_json: bool, socket: Path | None) -> None:
    """Ring a station, then dial a number for it."""
    made = ask(socket, "calls.originate", station=station, number=number, group=group)
    echo_json(made) if as_json else click.echo(f"call {clean(made['id'])}: station {clean(station)} is rung, then "
                                               f"{clean(number)} is dialled")


@calls.command("release")
@_CALL
@click.option("--why", default="", metavar="TEXT", help="The reason, for the journal.")
def calls_release(call: str, why: str, as_json: bool, socket: Path | None) -> None:
    """End a call by force, with who and why in the journal."""
    done = ask(socket, "calls.release", call=call, why=why)
    echo_json(done) if as_json else click.echo(f"call {clean(call)} is being released")


@calls.command("monitor")
@_CALL
@click.option("--station", required=True, metavar="NUMBER", help="The telephone that is rung, and hears the call.")
@click.option("--mode", default="monitor", metavar="MODE", show_default=True,
              help="monitor (nobody hears you), whisper (the agent does), barge (everybody), takeover.")
def calls_monitor(call: str, station: str, mode: str, as_json: bool, socket: Path | None) -> None:
    """Listen to a call at a telephone; its keys 4 5 6 7 change the mode."""
    made = ask(socket, "calls.monitor", call=call, station=station, mode=mode)
    echo_json(made) if as_json else click.echo(f"station {clean(station)} is rung, then it hears call {clean(call)}")
