"""`ccappliance hq`: the copy of what happens here at headquarters."""

from pathlib import Path

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import fields


@click.group(cls=Noun)
def hq() -> None:
    """The copy at headquarters, in PostgreSQL."""


@hq.command("status")
def hq_status(as_json: bool, socket: Path | None) -> None:
    """How far headquarters has been told, how much waits, and what stands in the way."""
    found = ask(socket, "hq.status")
    echo_json(found) if as_json else click.echo(fields(found))
