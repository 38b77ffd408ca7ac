"""`ccappliance web`: where the console is, its certificate, and the API's document."""

from pathlib import Path

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import fields


@click.group(cls=Noun)
def web() -> None:
    """The web door: console and API."""


@web.command("certificate")
def web_certificate(as_json: bool, socket: Path | None) -> None:
    """The console's address, and the fingerprint to compare with what the browser shows."""
    found = ask(socket, "web.certificate")
    echo_json(found) if as_json else click.echo(fields(found))


@web.command("openapi")
def web_openapi(as_json: bool, socket: Path | None) -> None:
    """The API's OpenAPI document, as JSON."""
    echo_json(ask(socket, "web.openapi"))
