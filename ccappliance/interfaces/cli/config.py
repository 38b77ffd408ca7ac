"""`ccappliance config`: check files, show what is in force and where it was said, reload, and the documentation."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import CcError, Refused
from ccappliance.call import calendar_watch
from ccappliance.config import show as showing
from ccappliance.config.history import restore
from ccappliance.config.load import Source, load, read_directory
from ccappliance.config.schema import describe, markdown, schema
from ccappliance.config.tree import Findings
from ccappliance.interfaces.cli.command import REFUSED, Command, Noun, ask, echo_json, roof_of
from ccappliance.interfaces.cli.table import clean, fields, table
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
    _tell_outcome(ctx, ask(socket, "config.reload"), as_json)


def _tell_outcome(ctx: click.Context, done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(done)
    else:
        _tell_findings(done["findings"])
        for change in done["changes"]:
            click.echo(f"{clean(change['path'])}: {_change(change)}{'' if change['reload'] else '  (needs a restart)'}")
        click.echo(_outcome(done))
    if not done["applied"]:
        ctx.exit(REFUSED)


@config.command("plan")
@click.pass_context
def config_plan(ctx: click.Context, as_json: bool, socket: Path | None) -> None:
    """What applying the daemon's files would change, key by key, and which live calls are inside of it.

    Calls finish in the flow, queue and prompts they have entered. The exit code is 1 if nothing could be applied.
    """
    plan = ask(socket, "config.plan")
    if as_json:
        echo_json(plan)
    else:
        _tell_findings(plan["findings"])
        for change in plan["changes"]:
            inside = f"  calls inside: {', '.join(change['calls'])}" if change["calls"] else ""
            restart = "" if change["reload"] else "  (needs a restart)"
            click.echo(f"{clean(change['path'])}: {_change(change)}{restart}{inside}")
        for call in plan["calls"]:
            click.echo(f"call {call['call']} from {clean(call['calling'])} is in {clean(call['where'])}")
        click.echo(_expected(plan))
    if not plan["ok"] or plan["restart"]:
        ctx.exit(REFUSED)


def _expected(plan: dict[str, Any]) -> str:
    if not plan["ok"]:
        return "wrong: nothing would be applied"
    if plan["restart"]:
        return "nothing would be applied: some of it needs a restart of the daemon"
    if not plan["changes"]:
        return "nothing would change"
    return f"{len(plan['changes'])} changes would be applied; live calls inside of them: {len(plan['calls'])}"


@config.command("apply")
@click.option("--comment", default="", metavar="TEXT", help="Why, for the history.")
@click.pass_context
def config_apply(ctx: click.Context, comment: str, as_json: bool, socket: Path | None) -> None:
    """Apply the daemon's files, whole or not at all, and keep them in the history."""
    _tell_outcome(ctx, ask(socket, "config.apply", comment=comment), as_json)


@config.command("history")
@click.argument("entry", type=int, required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many.")
@click.pass_context
def config_history(ctx: click.Context, entry: int | None, limit: int, as_json: bool, socket: Path | None) -> None:
    """The configurations that were in force, newest first: who, when, why; with ENTRY, what it changed."""
    rows = ask(socket, "config.history", limit=1000 if entry is not None else limit)
    if entry is not None:
        rows = [row for row in rows if row["id"] == entry]
        if not rows:
            raise Refused("no_such_entry", f"there is no entry {entry} in the history")
    if as_json:
        echo_json(rows if entry is None else rows[0])
    elif entry is None:
        told = [row | {"what": "in force" if row["in_force"] else row["kind"], "changes": len(row["changes"]),
                       "digest": row["digest"][:12]} for row in rows]
        columns = ["id", "at", "by", "what", "changes", "digest", "comment"]
        click.echo(table(told, columns) if rows else "no history yet")
    else:
        click.echo(fields(rows[0] | {"in_force": bool(rows[0]["in_force"])}))


@config.command("rollback")
@click.argument("entry", type=int, default=0)
@click.option("--force", is_flag=True, help="Although the files were edited since; the edited ones are kept.")
@click.option("--comment", default="", metavar="TEXT", help="Why, for the history.")
@click.pass_context
def config_rollback(ctx: click.Context, entry: int, force: bool, comment: str, as_json: bool, socket: Path | None
                    ) -> None:
    """Put an earlier configuration's files back and apply them: ENTRY of the history, or the one before this.

    The files are written with your rights, whole or not at all. Edited ones are never lost: --force keeps them first.
    """
    plan = ask(socket, "config.restoring", entry=entry, force=force)
    done = _put_back(plan, lambda: ask(socket, "config.apply", comment=f"back to {plan['entry']}: {comment}"
                                       if comment else f"back to {plan['entry']}"))
    if plan["kept"] and not as_json:
        click.echo(f"the edited files are kept as entry {plan['kept']}")
    _tell_outcome(ctx, done | {"entry": plan["entry"], "kept": plan["kept"]}, as_json)


def _put_back(plan: dict[str, Any], apply: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Write, apply, and write back what was there if it is not applied."""
    directory, kept = Path(plan["directory"]), Path(plan["path"])
    findings = Findings()
    present = read_directory(directory, findings)
    findings.raise_errors()
    try:
        wanted = [Source(name, (kept / name).read_bytes()) for name in plan["files"]]
    except OSError as error:
        raise Refused("not_read", f"{error.filename}: {error.strerror}; run this as root, or as the daemon's user"
                      ) from error
    restore(directory, wanted, present)
    try:
        done = apply()
    except CcError:
        restore(directory, present, wanted)
        raise
    if not done["applied"]:
        restore(directory, present, wanted)
    return done


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
