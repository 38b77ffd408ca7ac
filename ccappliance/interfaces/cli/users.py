"""`ccappliance users`: who may sign in at the console, and with which rights."""

from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import clean, duration, table

_USER = click.option("--user", required=True, metavar="NAME", help="The user's name.")
_ROLE = click.option("--role", required=True, metavar="ROLE", help="agent, supervisor, auditor, technician or admin.")
_AGENT = click.option("--agent", default="", metavar="NUMBER", help="Which agent he is; none if not given.")


@click.group(cls=Noun)
def users() -> None:
    """Who may sign in at the console."""


@users.command("list")
def users_list(as_json: bool, socket: Path | None) -> None:
    """All users with their roles."""
    rows = ask(socket, "users.list")
    if as_json:
        echo_json(rows)
        return
    click.echo(table(rows, ["name", "role", "agent", "disabled", "password", "sessions", "made_at"]) if rows else
               "there are no users; `ccappliance users setup-code` prints the code for the first administrator")


@users.command("roles")
def users_roles(as_json: bool, socket: Path | None) -> None:
    """The roles, and what each may do."""
    rows = ask(socket, "users.roles")
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(f"{row['role']}\n  {', '.join(row['scopes']) or 'what is his own'}")


@users.command("setup-code")
def users_setup_code(as_json: bool, socket: Path | None) -> None:
    """Print a one-time code with which the first administrator signs in and sets his password."""
    found = ask(socket, "users.setup-code")
    echo_json(found) if as_json else click.echo(
        f"{clean(found['code'])}\nEnter it on the sign-in page within a day; `ccappliance web certificate` says where.")


@users.command("add")
@_USER
@_ROLE
@_AGENT
def users_add(user: str, role: str, agent: str, as_json: bool, socket: Path | None) -> None:
    """Add a user, and print the one-time code with which he sets his password."""
    found = ask(socket, "users.add", user=user, role=role, agent=agent)
    code = ask(socket, "users.code", user=user)["code"]
    echo_json({**found, "code": code}) if as_json else click.echo(
        f"{clean(user)}: {clean(found['role'])}\n{clean(code)}\nHe enters it on the sign-in page within a day.")


@users.command("code")
@_USER
def users_code(user: str, as_json: bool, socket: Path | None) -> None:
    """Print a one-time code with which a user sets a new password."""
    found = ask(socket, "users.code", user=user)
    echo_json(found) if as_json else click.echo(clean(found["code"]))


@users.command("password")
@_USER
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, metavar="TEXT",
              help="The new password; asked for if not given, which keeps it out of the shell's history.")
def users_password(user: str, password: str, as_json: bool, socket: Path | None) -> None:
    """Set a user's password; he is signed out everywhere."""
    _done(as_json, ask(socket, "users.password", user=user, password=password), f"{clean(user)} has a new password")


@users.command("role")
@_USER
@_ROLE
def users_role(user: str, role: str, as_json: bool, socket: Path | None) -> None:
    """Give a user another role, at once."""
    _done(as_json, ask(socket, "users.role", user=user, role=role), f"{clean(user)}: {clean(role)}")


@users.command("agent")
@_USER
@_AGENT
def users_agent(user: str, agent: str, as_json: bool, socket: Path | None) -> None:
    """Say which agent a user is."""
    _done(as_json, ask(socket, "users.agent", user=user, agent=agent), f"{clean(user)}: agent {clean(agent) or 'none'}")


@users.command("disable")
@_USER
def users_disable(user: str, as_json: bool, socket: Path | None) -> None:
    """Let a user in no more, at once."""
    _done(as_json, ask(socket, "users.disable", user=user), f"{clean(user)} is disabled")


@users.command("enable")
@_USER
def users_enable(user: str, as_json: bool, socket: Path | None) -> None:
    """Let a user in again."""
    _done(as_json, ask(socket, "users.disable", user=user, on=False), f"{clean(user)} may sign in again")


@users.command("remove")
@_USER
def users_remove(user: str, as_json: bool, socket: Path | None) -> None:
    """Remove a user and his tokens."""
    _done(as_json, ask(socket, "users.remove", user=user), f"{clean(user)} is removed")


@users.command("sessions")
@click.option("--user", default="", metavar="NAME", help="Only his.")
def users_sessions(user: str, as_json: bool, socket: Path | None) -> None:
    """Where users are signed in."""
    rows = ask(socket, "users.sessions", user=user)
    if as_json:
        echo_json(rows)
        return
    shown = [row | {"age": duration(row["age"]), "idle": duration(row["idle"])} for row in rows]
    click.echo(table(shown, ["session", "user", "address", "age", "idle"]) if rows else "nobody is signed in")


@users.command("sign-out")
@_USER
@click.option("--session", default="", metavar="ID", help="Only this session.")
def users_sign_out(user: str, session: str, as_json: bool, socket: Path | None) -> None:
    """End a user's sessions."""
    found = ask(socket, "users.sign-out", user=user, session=session)
    _done(as_json, found, f"{found['ended']} sessions of {clean(user)} ended")


def _done(as_json: bool, found: Any, words: str) -> None:
    echo_json(found) if as_json else click.echo(words)
