"""`ccappliance recordings` and `journal`: what remains of calls."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from ccappliance.apps.acd.queue_log import QueueLogLines
from ccappliance.base.errors import Refused
from ccappliance.call.facts import DaemonStarted
from ccappliance.call.master_csv import MasterCsvLines
from ccappliance.interfaces.cli.command import REFUSED, Command, Noun, ask, connect, echo_json, echo_line
from ccappliance.interfaces.cli.custody import COMMANDS
from ccappliance.interfaces.cli.finding import asked, show_found
from ccappliance.interfaces.cli.journals import reader
from ccappliance.interfaces.cli.replay import compared, replay
from ccappliance.interfaces.cli.sealing import rekey, verify
from ccappliance.interfaces.cli.table import clean, duration, table

_FRAME = ("seq", "at", "now", "fact")  # what every entry has besides its fact's fields


@click.group(cls=Noun)
def recordings() -> None:
    """The recordings."""


for command in COMMANDS:
    recordings.add_command(command)


@recordings.command("list")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--call", default="", metavar="ID", help="Only those of this call.")
def recordings_list(limit: int, call: str, as_json: bool, socket: Path | None) -> None:
    """The newest recordings."""
    rows = ask(socket, "recordings.list", limit=limit, call=call)
    if as_json:
        echo_json(rows)
        return
    shown = [row | {"started_at": _local(row["started_at"], "%Y-%m-%d %H:%M:%S"), "lasts": duration(row["seconds"])}
             for row in rows]
    click.echo(table(shown, ["started_at:started", "lasts", "call", "parties", "state", "lost", "path"])
               if rows else "no recordings")


@recordings.command("find")
@asked
def recordings_find(as_json: bool, socket: Path | None, **options: Any) -> None:
    """Find conversations by when, who, how long, and what was written to them, newest first."""
    show_found("recordings.find", socket, as_json, options)


@recordings.command("pause")
@click.option("--call", required=True, metavar="ID", help="The call.")
def recordings_pause(call: str, as_json: bool, socket: Path | None) -> None:
    """Keep what is said now out of a call's recordings, until `recordings resume`: a mark stands in its place."""
    done = ask(socket, "recordings.pause", call=call)
    echo_json(done) if as_json else click.echo(f"recordings of call {clean(call)} are paused")


@recordings.command("resume")
@click.option("--call", required=True, metavar="ID", help="The call.")
def recordings_resume(call: str, as_json: bool, socket: Path | None) -> None:
    """Record a call again that you have paused."""
    done = ask(socket, "recordings.resume", call=call)
    echo_json(done) if as_json else click.echo(f"call {clean(call)} is recorded again")


recordings.add_command(verify)
recordings.add_command(rekey)


@click.group(cls=Noun)
def journal() -> None:
    """The journal: every fact, as it was written."""


@journal.command("tail")
@click.option("-n", "--last", type=click.IntRange(0, 100_000), default=10, show_default=True, help="How many entries.")
@click.option("--start", type=click.IntRange(1), metavar="SEQ", help="From this number on, instead of the last ones.")
@click.option("-f", "--follow", is_flag=True, help="And those to come, until Ctrl-C.")
@click.option("--kind", "kinds", multiple=True, metavar="FACT", help="Only this fact, like CallEnded; may be repeated.")
def journal_tail(last: int, start: int | None, follow: bool, kinds: tuple[str, ...], as_json: bool,
                 socket: Path | None) -> None:
    """The last entries, and those to come. With --json the lines are those of the journal."""
    with connect(socket) as client:
        for entry in client.stream("journal.tail", last=last, start=start or 0, follow=follow, kinds=list(kinds)):
            echo_line(entry) if as_json else click.echo(_entry(entry))


@journal.command("queue-log", cls=Command)
@click.argument("path", type=click.Path(path_type=Path, exists=True))
def journal_queue_log(path: Path, as_json: bool) -> None:
    """Print a journal (a directory or a file) in the format of Asterisk's queue_log, for tools that read it."""
    lines = QueueLogLines(lambda line: echo_line({"line": line}) if as_json else click.echo(line))
    for entry in reader(path)():
        lines.hear(entry)


@journal.command("master-csv", cls=Command)
@click.argument("path", type=click.Path(path_type=Path, exists=True))
def journal_master_csv(path: Path, as_json: bool) -> None:
    """Print a journal's CDRs (a directory or a file) in the format of Asterisk's Master.csv, in the site's time."""
    lines = MasterCsvLines(lambda line: echo_line({"line": line}) if as_json else click.echo(line), UTC)
    for entry in reader(path)():
        if isinstance(entry.fact, DaemonStarted) and entry.fact.timezone:
            lines.zone = ZoneInfo(entry.fact.timezone)
        lines.hear(entry)


@journal.command("replay", cls=Command)
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--into", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="The new database; it must not exist.")
@click.option("--compare", type=click.Path(dir_okay=False, exists=True, path_type=Path), metavar="FILE",
              help="Tell what differs from this database (of a daemon that is stopped, or a copy).")
@click.option("--timezone", default="", help="Of the site, for reports; else what the journal says.")
@click.option("--recordings", type=click.Path(file_okay=False, exists=True, path_type=Path), metavar="DIR",
              help="Where recordings lie: words of transcripts are read there, for they are not in the journal.")
@click.pass_context
def journal_replay(ctx: click.Context, path: Path, into: Path, compare: Path | None, timezone: str,
                   recordings: Path | None, as_json: bool) -> None:
    """Rebuild every table of the database from a journal. Exit code 1 if it differs from the one compared with."""
    if into.exists():
        raise Refused("exists", f"{into} exists already; name a file that does not")
    rows = replay(reader(path), into, timezone, recordings)
    found = compared(into, compare) if compare else []
    if as_json:
        echo_json({"rows": rows, "differences": found})
    else:
        click.echo(f"{into}: " + ", ".join(f"{count} {name}" for name, count in rows.items()))
        for one in found:
            click.echo(f"{one['table']} {clean(one['key'])}: {clean(one['one'])} rebuilt, {clean(one['other'])} there")
        if compare:
            click.echo(f"{len(found)} differences")
    ctx.exit(REFUSED if found else 0)


def _entry(entry: dict[str, Any]) -> str:
    told = " ".join(f"{name}={clean(value)}" for name, value in entry.items() if name not in _FRAME)
    return f"{clean(entry.get('seq')):>7} {_local(str(entry.get('at')), '%H:%M:%S.%f')[:12]} " \
           f"{clean(entry.get('fact')):<20} {told}"


def _local(at: str, form: str) -> str:
    """A UTC time in the terminal's time zone, as people read clocks."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime(form)
    except ValueError:
        return clean(at)
