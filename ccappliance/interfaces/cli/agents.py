"""`ccappliance agents`: who is there, and a supervisor's hand."""

from pathlib import Path
from typing import Any

import click

from ccappliance.apps.acd.words import STATES, state_words
from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import clean, duration, fields, table

_AGENT = click.option("--agent", required=True, metavar="NUMBER", help="The agent's number.")
_WHY = click.option("--why", default="", metavar="TEXT", help="The reason, for the journal.")

_LANGUAGE = click.option("--language", type=click.Choice(sorted(STATES)), default="en", show_default=True,
                         help="Language of the states' names; --json has their codes.")


@click.group(cls=Noun)
def agents() -> None:
    """The agents."""


@agents.command("list")
@_LANGUAGE
def agents_list(language: str, as_json: bool, socket: Path | None) -> None:
    """All agents with their states."""
    rows = ask(socket, "agents.list")
    if as_json:
        echo_json(rows)
        return
    shown = [row | {"for": duration(row["since"]), "state": state_words(row["state"], language)} for row in rows]
    click.echo(table(shown, ["number", "name", "state", "reason", "for", "station", "call", "answered", "queues"])
               if rows else "no agents are configured")


@agents.command("show")
@_AGENT
@_LANGUAGE
def agents_show(agent: str, language: str, as_json: bool, socket: Path | None) -> None:
    """One agent with today's figures."""
    found = ask(socket, "agents.show", agent=agent)
    if as_json:
        echo_json(found)
        return
    click.echo(fields(found | {"state": state_words(found["state"], language)}, skip=["history"]))
    for line in found.get("history") or []:
        click.echo(f"  {clean(line)}")


@agents.command("login")
@_AGENT
@click.option("--station", default="", metavar="NUMBER",
              help="His telephone, if not the configured one; 'outside' for his number outside.")
def agents_login(agent: str, station: str, as_json: bool, socket: Path | None) -> None:
    """Log an agent in at a station."""
    _set(socket, as_json, agent=agent, request="login", station=station)


@agents.command("logout")
@_AGENT
def agents_logout(agent: str, as_json: bool, socket: Path | None) -> None:
    """Log an agent out; a call he has goes on."""
    _set(socket, as_json, agent=agent, request="logout")


@agents.command("pause")
@_AGENT
@click.option("--reason", default="", metavar="NAME", help="One of the configured pause reasons.")
def agents_pause(agent: str, reason: str, as_json: bool, socket: Path | None) -> None:
    """Offer an agent no more calls."""
    _set(socket, as_json, agent=agent, request="pause", reason=reason)


@agents.command("resume")
@_AGENT
def agents_resume(agent: str, as_json: bool, socket: Path | None) -> None:
    """End an agent's pause."""
    _set(socket, as_json, agent=agent, request="resume")


@agents.command("ready")
@_AGENT
def agents_ready(agent: str, as_json: bool, socket: Path | None) -> None:
    """End an agent's wrap-up at once."""
    _set(socket, as_json, agent=agent, request="ready")


@agents.command("force")
@_AGENT
@click.option("--state", required=True, metavar="STATE", help="pause, ready or logout.")
@click.option("--reason", default="", metavar="NAME", help="Of a pause: one of the configured reasons.")
@click.option("--now", is_flag=True, help="During a call: end it, instead of waiting for its end.")
@_WHY
def agents_force(agent: str, state: str, reason: str, now: bool, why: str, as_json: bool, socket: Path | None) -> None:
    """Pause an agent, make him ready, or log him out, whatever he is doing."""
    found = ask(socket, "agents.force", agent=agent, state=state, reason=reason, now=now, why=why)
    after = "" if found["at_once"] else f", {clean(state)} after his call"
    echo_json(found) if as_json else click.echo(f"agent {clean(agent)}: {clean(found['state'])}{after}")


@agents.command("skills")
@_AGENT
@click.option("--set", "skills", required=True, multiple=True, metavar="NAME=LEVEL",
              help="A skill's level; 0 takes it away. May be given several times.")
@_WHY
def agents_skills(agent: str, skills: tuple[str, ...], why: str, as_json: bool, socket: Path | None) -> None:
    """Change what an agent can do, until the next reload."""
    found = ask(socket, "agents.skills", agent=agent, skills=list(skills), why=why)
    echo_json(found) if as_json else click.echo(f"agent {clean(agent)}: {clean(found['skills'])}")


def _set(socket: Path | None, as_json: bool, **params: Any) -> None:
    found = ask(socket, "agents.set", **params)
    echo_json(found) if as_json else click.echo(
        f"agent {clean(found['number'])} {clean(found['name'])}: {clean(found['state'])}")
