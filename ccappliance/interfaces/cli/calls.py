"""`ccappliance calls`: see, clear and make calls."""

from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.finding import asked, show_found
from ccappliance.interfaces.cli.table import clean, duration, fields, table

_TABLES = MappingProxyType({  # of a call that is over
    "legs": ["leg", "role", "line", "party", "began_at:began", "answered_at:answered", "ended_at:ended", "ended:why",
             "transfer_by:transferred by", "transfer"],
    "recorded": ["record", "rule", "queue", "agent", "why"],
    "kept": ["recording", "rule", "file", "gone_at:deleted", "gone_by:by", "gone_why:why"],
    "holds": ["at", "by", "why"],
    "heard": ["at", "what", "by", "recording", "why"]})
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
@asked
def calls_search(as_json: bool, socket: Path | None, **options: Any) -> None:
    """Calls that are over, newest first: what is known of them, and the recordings."""
    show_found("calls.search", socket, as_json, options)


@calls.command("note")
@_CALL
@click.option("--text", required=True, metavar="TEXT", help="What is to be known of it.")
def calls_note(call: str, text: str, as_json: bool, socket: Path | None) -> None:
    """Write a note to a call, alive or over; `calls search --words` finds it."""
    done = ask(socket, "calls.note", call=call, text=text)
    echo_json(done) if as_json else click.echo(f"noted with call {clean(call)}")


@calls.command("tag")
@_CALL
@click.option("--tag", required=True, metavar="TAG", help="A word for calls that belong together.")
@click.option("--off", is_flag=True, help="Take it away.")
def calls_tag(call: str, tag: str, off: bool, as_json: bool, socket: Path | None) -> None:
    """Give a call a tag, alive or over; `calls search --tag` finds it."""
    done = ask(socket, "calls.tag", call=call, tag=tag, on=not off)
    echo_json(done) if as_json else click.echo(f"call {clean(call)} has {'no' if off else 'the'} tag {clean(tag)}")


def _call(found: dict[str, Any]) -> str:
    if "legs" not in found:
        return fields(found)
    if "disposition" not in found:
        legs = table(found.get("legs") or [], ["id:leg", "line", "party", "state", "since"])
        return f"{fields(found, skip=['legs'])}\n\n{legs}"
    parts = [fields(found, skip=list(_TABLES))]
    for name, columns in _TABLES.items():
        if found.get(name):
            parts.append(f"{name}:\n{table(found[name], columns)}")
    return "\n\n".join(parts)


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
