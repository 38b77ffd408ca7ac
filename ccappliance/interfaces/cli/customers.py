"""`ccappliance customers`: whose a number is, a customer's card, and erasure."""

from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import clean, table


@click.group(cls=Noun)
def customers() -> None:
    """Whose a number is, a customer's card, and erasure."""


@customers.command("show")
@click.option("--customer", type=click.IntRange(1), default=None, metavar="ID", help="By his id.")
@click.option("--number", default="", metavar="NUMBER", help="By a number of his, however it is written.")
def customers_show(customer: int | None, number: str, as_json: bool, socket: Path | None) -> None:
    """One customer with his newest notes and tickets."""
    if (customer is None) == (not number):
        raise click.UsageError("name --customer or --number, and not both")
    asked: dict[str, Any] = {"number": number} if number else {"customer": customer}
    found = ask(socket, "customers.by-number" if number else "customers.show", **asked)
    if as_json:
        echo_json(found)
        return
    for name in ("id", "name", "company", "email", "address", "language", "value", "changed_at"):
        if found[name]:
            click.echo(f"{name}: {clean(found[name])}")
    click.echo(f"numbers: {clean(', '.join(found['numbers']))}")
    if found["tickets"]:
        click.echo(table(found["tickets"], ["id:ticket", "subject", "opened_at", "opened_by", "solved_at"]))
    if found["notes"]:
        click.echo(table(found["notes"], ["at", "by", "text"]))


@customers.command("erase")
@click.option("--customer", type=click.IntRange(1), required=True, metavar="ID", help="Whom.")
@click.option("--why", required=True, metavar="TEXT", help="For the journal; do not name him in it.")
def customers_erase(customer: int, why: str, as_json: bool, socket: Path | None) -> None:
    """Erase a customer's card, numbers, notes and tickets for good."""
    found = ask(socket, "customers.erase", customer=customer, why=why)
    echo_json(found) if as_json else click.echo(f"customer {customer} is erased; docs/customers.md says what remains")
