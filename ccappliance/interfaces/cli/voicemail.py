"""`ccappliance voicemail`: the messages in the mailboxes."""

import shutil
from pathlib import Path

import click

from ccappliance.interfaces.cli.command import Noun, ask, echo_json
from ccappliance.interfaces.cli.table import clean, duration, table

_MESSAGE = click.option("--message", required=True, metavar="ID", help="The message's id, from `voicemail list`.")


@click.group(cls=Noun)
def voicemail() -> None:
    """The messages in the mailboxes."""


@voicemail.command("list")
@click.option("--mailbox", default="", metavar="NUMBER", help="Only those of this mailbox.")
def voicemail_list(mailbox: str, as_json: bool, socket: Path | None) -> None:
    """All messages, oldest first."""
    rows = ask(socket, "voicemail.list", mailbox=mailbox)
    if as_json:
        echo_json(rows)
        return
    shown = [row | {"lasts": duration(row["seconds"])} for row in rows]
    click.echo(table(shown, ["message:id", "mailbox", "owner", "left_at:left", "calling", "name", "lasts", "state",
                             "notice"]) if rows else "no messages")


@voicemail.command("play")
@_MESSAGE
@click.option("--station", required=True, metavar="NUMBER", help="The telephone that is rung, and plays it.")
def voicemail_play(message: str, station: str, as_json: bool, socket: Path | None) -> None:
    """Hear a message at a telephone."""
    done = ask(socket, "voicemail.play", message=message, station=station)
    echo_json(done) if as_json else click.echo(f"station {clean(station)} is rung, then it plays {clean(message)}")


@voicemail.command("delete")
@_MESSAGE
def voicemail_delete(message: str, as_json: bool, socket: Path | None) -> None:
    """Delete a message for good."""
    done = ask(socket, "voicemail.delete", message=message)
    echo_json(done) if as_json else click.echo(f"message {clean(message)} is deleted")


@voicemail.command("export")
@_MESSAGE
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def voicemail_export(message: str, target: Path, as_json: bool, socket: Path | None) -> None:
    """Copy a message to a WAV file TARGET, which must not exist yet."""
    found = ask(socket, "voicemail.show", message=message)
    if target.exists():
        raise click.ClickException(f"{target} exists already: name another file")
    if not found["path"]:
        raise click.ClickException("this box keeps no sound")
    try:
        shutil.copyfile(found["path"], target)
    except OSError as error:
        raise click.ClickException(f"{found['path']} cannot be copied to {target}: {error.strerror}; "
                                   "run this as root or as the daemon's user, on the daemon's machine") from error
    echo_json(found | {"target": str(target)}) if as_json else click.echo(f"{target}: {duration(found['seconds'])}")
