"""`ccappliance config`: check files, show what is in force and where it was said, reload, and the documentation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import Refused
from ccappliance.call import calendar_watch
from ccappliance.config import show as showing
from ccappliance.config.load import load
from ccappliance.config.schema import describe, markdown, schema
from ccappliance.interfaces.cli.command import REFUSED, Command, Noun, ask, echo_json, roof_of
from ccappliance.interfaces.cli.table import clean, table
from ccappliance.interfaces.control.client import NOT_RUNNING

_DIRECTORY = click.option("--config", "directory", type=click.Path(path_type=Path), metavar="DIR",
                          help="The configuration's directory.")


@click.group(cls=Noun)
def config() -> None:
    """The configuration."""


@config.command("check")
@_DIRECTORY
@click.pass_context
def config_check(ctx: click.Context, directory: Path | None, as_json: bool, socket: Path | None) -> None:
    """Read the files and say all that is wrong with them, and what a reload would change. Needs no daemon.

    Without --config the running daemon's own directory is checked; if none runs, the one it would read.
    """
    verdict = None if directory else _daemons_verdict(socket)
    if verdict is not None:
        _tell_verdict(ctx, verdict, as_json)
        return
    roof = roof_of(ctx)
    where = directory or roof.config_directory()
    loaded = load(where, roof.site())
    told = [*loaded.warnings, *calendar_watch.warnings(loaded.value, SystemClock().wall(), loaded.origins)]
    if as_json:
        echo_json({"ok": True, "directory": str(where), "files": list(loaded.files), "digest": loaded.digest,
                   "findings": [warning.as_dict() for warning in told]})
        return
    for warning in told:
        click.echo(f"warning: {clean(warning)}", err=True)
    warnings = f"; warnings: {len(told)}" if told else ""
    click.echo(f"{where}: right; files: {len(loaded.files)}{warnings}")


def _daemons_verdict(socket: Path | None) -> dict[str, Any] | None:
    """What the running daemon says of its directory; None if none runs."""
    try:
        verdict: dict[str, Any] = ask(socket, "config.check")
    except Refused as refused:
        if refused.code != NOT_RUNNING:
            raise
        return None
    return verdict


def _tell_verdict(ctx: click.Context, verdict: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(verdict)
    else:
        _tell_findings(verdict["findings"])
        for change in verdict["changes"]:
            click.echo(f"{clean(change['path'])}: {_change(change)}{'' if change['reload'] else '  (needs a restart)'}")
        count = len(verdict["changes"])
        found = f"right; a reload would change {count} keys" if verdict["ok"] else "wrong; a reload would be refused"
        click.echo(f"{clean(verdict['directory'])}: {found}")
    if not verdict["ok"]:
        ctx.exit(REFUSED)


@config.command("show")
@_DIRECTORY
@click.option("--origin", is_flag=True, help="Also where each value was said.")
@click.option("--prefix", default="", metavar="PATH", help="Only keys that begin so: queues.sales")
@click.pass_context
def config_show(ctx: click.Context, directory: Path | None, origin: bool, prefix: str, as_json: bool,
                socket: Path | None) -> None:
    """What is in force in the daemon; with --config, what the files of a directory would give."""
    if directory:
        rows: list[dict[str, Any]] = [row.as_dict() for row in showing.show(load(directory, roof_of(ctx).site()))]
    else:
        rows = ask(socket, "config.show")
    rows = [row for row in rows if row["path"].startswith(prefix)]
    if as_json:
        echo_json(rows)
        return
    shown = [row | {"value": _value(row)} for row in rows]
    columns = ["path:key", "value", "origin"] if origin else ["path:key", "value"]
    click.echo(table(shown, columns) if rows else "no such key")


def _value(row: dict[str, Any]) -> str:
    return f"{clean(row['value'])} {row['unit']}".rstrip()


@config.command("reload")
@click.pass_context
def config_reload(ctx: click.Context, as_json: bool, socket: Path | None) -> None:
    """Apply the daemon's files, whole or not at all."""
    done = ask(socket, "config.reload")
    if as_json:
        echo_json(done)
    else:
        _tell_findings(done["findings"])
        for change in done["changes"]:
            click.echo(f"{clean(change['path'])}: {_change(change)}{'' if change['reload'] else '  (needs a restart)'}")
        click.echo(_outcome(done))
    if not done["applied"]:
        ctx.exit(REFUSED)


def _outcome(done: dict[str, Any]) -> str:
    if done["restart"] and not done["applied"]:
        return "nothing was applied: restart the daemon for this, or take back what needs it"
    if not done["applied"]:
        return "nothing was applied: the configuration in force stays"
    if not done["changes"]:
        return "nothing has changed"
    return f"applied: {len(done['changes'])} changes"


def _change(change: dict[str, Any]) -> str:
    if change["kind"] != "changed":
        return clean(change["kind"])
    return f"{clean(change['old'])} -> {clean(change['new'])}"


def _tell_findings(findings: Sequence[dict[str, str]]) -> None:
    for finding in findings:
        advice = f" ({finding['advice']})" if finding["advice"] else ""
        severity = "" if finding["severity"] == "error" else "warning: "
        click.echo(clean(f"{severity}{finding['place']}: {finding['key']}: {finding['problem']}{advice}"), err=True)


@config.command("docs", cls=Command)
@click.pass_context
def config_docs(ctx: click.Context, as_json: bool) -> None:
    """Every key with its type, default, bounds and meaning, as Markdown."""
    site = roof_of(ctx).site()
    if as_json:
        names = ("path", "type", "default", "required", "unit", "bounds", "doc", "reload")
        echo_json([{name: getattr(key, name) for name in names} for key in describe(site)])
    else:
        click.echo(markdown(site), nl=False)


@config.command("schema", cls=Command)
@click.pass_context
def config_schema(ctx: click.Context, as_json: bool) -> None:
    """A JSON Schema for editors."""
    del as_json  # it is JSON in any case
    echo_json(schema(roof_of(ctx).site()))
