"""`ccappliance status`, `spans` and `channels`: the box and its lines."""

from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import ClientCommand, Noun, ask, connect, echo_json, echo_line
from ccappliance.interfaces.cli.table import clean, duration, fields, percent, table


@click.command(cls=ClientCommand)
@click.option("--watch", is_flag=True, help="Show it again every second, until Ctrl-C.")
def status(watch: bool, as_json: bool, socket: Path | None) -> None:
    """The box at a glance."""
    if not watch:
        found = ask(socket, "status")
        echo_json(found) if as_json else click.echo(_status(found))
        return
    with connect(socket) as client:
        for found in client.stream("status.watch", every=1.0):
            if as_json:
                echo_line(found)
            else:
                click.clear()
                click.echo(_status(found))


def _status(found: dict[str, Any]) -> str:
    today = found.get("today") or {}
    lines = [fields({
        "site": f"{found.get('site')}  ccappliance {found.get('version')}  process {found.get('pid')}",
        "state": f"{found.get('state')}, up {duration(found.get('uptime'))}, driver {found.get('driver')}",
        "config": found.get("config"), "journal": f"{found.get('journal_seq')} entries",
        "calls": found.get("calls"), "waiting": found.get("waiting"), "agents": found.get("agents"),
        "channels": found.get("channels"),
        "today": f"{today.get('offered', 0):g} offered, {today.get('answered', 0):g} answered, "
                 f"{today.get('abandoned', 0):g} abandoned, service level {percent(today.get('service_level'))} "
                 f"({found.get('service_level_is')})",
        "media": f"{found.get('ticks')} ticks, {found.get('late_ticks')} late, "
                 f"worst {(found.get('worst_late') or 0.0) * 1000:.1f} ms"})]
    hq = found.get("headquarters") or {}
    if hq.get("branch"):
        lines.append(fields({"headquarters": f"{hq.get('state')}: branch {hq.get('branch')}, told up to entry "
                                             f"{hq.get('applied')}, {hq.get('behind')} wait"}))
    alarms = found.get("alarms") or []
    lines += [f"ALARM {clean(alarm['alarm'])} {clean(alarm['subject'])}: {clean(alarm['words'])} "
              f"(for {duration(alarm['since'])})" for alarm in alarms]
    return "\n".join(lines if alarms else [*lines, "no alarms"])


@click.group(cls=Noun)
def spans() -> None:
    """The ports of the cards."""


@spans.command("list")
def spans_list(as_json: bool, socket: Path | None) -> None:
    """All ports."""
    rows = ask(socket, "spans.list")
    echo_json(rows) if as_json else click.echo(
        table(rows, ["number", "name", "description", "channels", "in_use", "alarm"]))


@spans.command("show")
@click.option("--span", required=True, type=int, metavar="NUMBER", help="The span's number.")
def spans_show(span: int, as_json: bool, socket: Path | None) -> None:
    """One port: its alarm in words, slips, CRC errors and code violations."""
    found = ask(socket, "spans.show", span=span)
    if as_json:
        echo_json(found)
        return
    click.echo(fields(found | {"alarm": found["words"] or "none"}, skip=["words", "health"]))
    if found["health"]:
        click.echo("\ncounted\n" + fields(found["health"]))


@click.group(cls=Noun)
def channels() -> None:
    """The voice paths: lines of the exchange and telephones."""


@channels.command("list")
def channels_list(as_json: bool, socket: Path | None) -> None:
    """All voice paths."""
    rows = ask(socket, "channels.list")
    echo_json(rows) if as_json else click.echo(
        table(rows, ["name", "number:channel", "span", "kind", "station", "state", "call", "alarm"]))


@channels.command("show")
@click.option("--channel", required=True, metavar="NAME", help="The line's name, or a station's number.")
def channels_show(channel: str, as_json: bool, socket: Path | None) -> None:
    """One voice path, for a technician."""
    found = ask(socket, "channels.show", channel=channel)
    echo_json(found) if as_json else click.echo(_with_history(found))


def _with_history(found: dict[str, Any]) -> str:
    history = [f"  {clean(line)}" for line in found.get("history") or []]
    return "\n".join([fields(found, skip=["history"]), *(["history", *history] if history else [])])
