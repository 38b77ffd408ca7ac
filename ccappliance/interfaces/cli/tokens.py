"""`ccappliance tokens`: keys for programs that use the API."""

from pathlib import Path

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import clean, table


@click.group(cls=Noun)
def tokens() -> None:
    """Keys for programs that use the API."""


@tokens.command("list")
def tokens_list(as_json: bool, socket: Path | None) -> None:
    """All tokens with their scopes."""
    rows = ask(socket, "tokens.list")
    if as_json:
        echo_json(rows)
        return
    click.echo(table(rows, ["token", "name", "owner", "until", "scopes"]) if rows else "there are no tokens")


@tokens.command("create")
@click.option("--name", required=True, metavar="NAME", help="What it is for.")
@click.option("--scope", "scopes", required=True, multiple=True, metavar="SCOPE",
              help="What it may do, such as calls:read; may be given several times.")
@click.option("--days", default=90, show_default=True, metavar="N", help="How long it is good.")
def tokens_create(name: str, scopes: tuple[str, ...], days: int, as_json: bool, socket: Path | None) -> None:
    """Make a token; its secret is printed this once."""
    found = ask(socket, "tokens.create", name=name, scopes=list(scopes), days=days)
    echo_json(found) if as_json else click.echo(clean(found["secret"]))


@tokens.command("revoke")
@click.option("--token", required=True, metavar="ID", help="As `tokens list` has it.")
def tokens_revoke(token: str, as_json: bool, socket: Path | None) -> None:
    """End a token at once."""
    found = ask(socket, "tokens.revoke", token=token)
    echo_json(found) if as_json else click.echo(f"token {clean(token)} is of no use any more")
