"""`ccappliance pri`: the ISDN spans, and what is said on their D channels."""

from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import Noun, ask, connect, echo_json, echo_line
from ccappliance.interfaces.cli.table import clean, fields, table


@click.group(cls=Noun)
def pri() -> None:
    """The ISDN spans: signalling, layer 2, and its trace."""


@pri.command("status")
@click.option("--span", default="", metavar="NAME", help="Only this span, in detail.")
def pri_status(span: str, as_json: bool, socket: Path | None) -> None:
    """All spans, or one with its layer-2 statistics."""
    if not span:
        rows = ask(socket, "pri.list")
        echo_json(rows) if as_json else click.echo(table(rows, [
            "span", "side", "switch", "state", "channels", "idle", "in_use", "blocked", "losses", "words"])
            if rows else "no ISDN spans")
        return
    found = ask(socket, "pri.show", span=span)
    echo_json(found) if as_json else click.echo(_detail(found))


@pri.command("trace")
@click.option("--span", required=True, metavar="NAME", help="The span, such as pri/1.")
@click.option("-n", "--last", type=click.IntRange(0, 2_000), default=100, show_default=True, help="How many lines.")
@click.option("-f", "--follow", is_flag=True, help="And those to come, until Ctrl-C: only now are messages decoded.")
@click.option("--everything", is_flag=True, help="Layer 2 as well, not only the messages of Q.931.")
def pri_trace(span: str, last: int, follow: bool, everything: bool, as_json: bool, socket: Path | None) -> None:
    """What is said on the D channel, decoded."""
    with connect(socket) as client:
        for line in client.stream("pri.trace", span=span, last=last, follow=follow, everything=everything):
            echo_line(line) if as_json else click.echo(clean(line["line"]))


def _detail(found: dict[str, Any]) -> str:
    library = [f"  {clean(line)}" for line in str(found.get("library") or "").splitlines()]
    return "\n".join([fields(found, skip=["library"]), *(["library", *library] if library else [])])
