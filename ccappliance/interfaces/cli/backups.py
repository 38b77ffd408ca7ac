"""`ccappliance backup` and `restore`: the whole box in one file, and back."""

import os
from pathlib import Path
from typing import Any

import click

from ccappliance import VERSION
from ccappliance.apps.backup.box import Places
from ccappliance.apps.backup.desk import told
from ccappliance.apps.backup.making import Asked, make
from ccappliance.apps.backup.restoring import Into, check, restore
from ccappliance.apps.backup.sealing import read_passphrase
from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import Refused
from ccappliance.config.load import load
from ccappliance.interfaces.cli.command import ClientCommand, Command, connect, echo_json, roof_of
from ccappliance.interfaces.cli.table import clean
from ccappliance.interfaces.control.client import NOT_RUNNING
from ccappliance.service.disk import RealDisk
from ccappliance.service.lock import LockFile

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_PASSPHRASE = click.option("--passphrase-file", type=_FILE, metavar="FILE",
                           help="Its first line is the passphrase that seals the keys.")
_CONFIG = click.option("--config", type=_FOLDER, metavar="DIR", help="The configuration, if no daemon runs.")
_STATE = click.option("--state", type=_FOLDER, metavar="DIR", help="The state directory, if no daemon runs.")


@click.command("backup", cls=ClientCommand)
@click.argument("file", type=_FILE)
@click.option("--with-recordings", is_flag=True, help="Take the sound of all recordings along.")
@_PASSPHRASE
@_CONFIG
@_STATE
@click.pass_context
def backup(ctx: click.Context, file: Path, with_recordings: bool, passphrase_file: Path | None, config: Path | None,
           state: Path | None, as_json: bool, socket: Path | None) -> None:
    """Put configuration, prompts, journal, database, mailboxes and keys into one FILE, checked by reading it back.

    The running daemon does it, without stopping calls; if none runs, it is done here.
    """
    passphrase = read_passphrase(passphrase_file) if passphrase_file else ""
    found: dict[str, Any] = {}
    try:
        if config is not None or state is not None:
            raise Refused(NOT_RUNNING, "a box was named")
        with connect(socket) as client:
            for found in client.stream("backup", path=str(file.absolute()), recordings=with_recordings,
                                       passphrase=passphrase):
                if "path" not in found and not as_json:
                    click.echo(f"\r{found['seconds']:.0f} s …", nl=False, err=True)
    except Refused as refused:
        if refused.code != NOT_RUNNING or found:
            raise
        found = _of_a_box_at_rest(ctx, file.absolute(), with_recordings, passphrase, config, state)
    if as_json:
        echo_json(found)
        return
    click.echo(f"{clean(found['path'])}: {found['size']} bytes, {found['files']} files, up to entry {found['entry']} "
               "of the journal; read back and whole")
    for line in found["words"]:
        click.echo(clean(line), err=True)


def _of_a_box_at_rest(ctx: click.Context, file: Path, recordings: bool, passphrase: str, config: Path | None,
                      state: Path | None) -> dict[str, Any]:
    roof = roof_of(ctx)
    state, config = state or roof.state_directory(), config or roof.config_directory()
    if not (state / "journal").is_dir():
        raise Refused("no_box", f"there is no box in {state}: name its state directory with --state")
    lock = LockFile(state / "journal" / "journal.lock", "the daemon")  # none may begin meanwhile
    try:
        site = load(config, roof.site()).value
        places = Places(config, state, Path(site.recording.directory or state / "recordings"),
                        tuple(Path(name) for name in site.files_outside()),
                        (Path(site.backup.directory),) if site.backup.directory else ())
        asked = Asked(VERSION, SystemClock().wall().isoformat(timespec="seconds"), site.system.name,
                      os.uname().nodename, recordings, passphrase)
        return told(make(file, places, asked, RealDisk(), os.urandom))
    except OSError as error:
        raise Refused("backup_failed", f"{error.filename or file}: {error.strerror}") from error
    finally:
        lock.release()


@click.command("restore", cls=Command)
@click.argument("file", type=_FILE)
@click.option("--into", type=_FOLDER, metavar="DIR",
              help="Restore below this folder: DIR/config, DIR/state. Else to the box's own places.")
@click.option("--check", "only_check", is_flag=True, help="Read and check every byte, and say what is in it; change "
                                                          "nothing.")
@click.option("--force", is_flag=True, help="Restore where something is; it is kept beside.")
@_PASSPHRASE
@click.pass_context
def restore_command(ctx: click.Context, file: Path, into: Path | None, only_check: bool, force: bool,
                    passphrase_file: Path | None, as_json: bool) -> None:
    """Put a backup in place, on this box or another. Nothing is touched before all of it was checked."""
    passphrase = read_passphrase(passphrase_file) if passphrase_file else ""
    disk = RealDisk()
    if only_check:
        manifest = check(disk, file, passphrase)
        row = {"file": str(file), "box": manifest.box, "host": manifest.host, "at": manifest.at,
               "made_by": manifest.made_by, "entry": manifest.entry, "files": len(manifest.members),
               "bytes": sum(member.size for member in manifest.members), "recordings": manifest.recordings,
               "keys": manifest.keys}
        echo_json(row) if as_json else click.echo(
            f"{clean(file)} is whole: box {clean(manifest.box)} on {clean(manifest.host)}, {manifest.at}, up to entry "
            f"{manifest.entry}, {row['files']} files, {row['bytes']} bytes, keys {manifest.keys}")
        return
    try:
        done = restore(disk, file, _places(ctx, into), passphrase=passphrase, force=force)
    except OSError as error:
        raise Refused("not_restored", f"{error.filename or file}: {error.strerror}; see what lies beside its places, "
                                      "then do it again") from error
    if as_json:
        echo_json({"entry": done.manifest.entry, "schema": done.schema, "kept": [str(path) for path in done.kept],
                   "todo": list(done.todo)})
        return
    click.echo(f"restored up to entry {done.manifest.entry} of the journal ({done.manifest.at})")
    for path in done.kept:
        click.echo(f"what was there before: {clean(path)}")
    for line in done.todo:
        click.echo(f"- {clean(line)}")


def _places(ctx: click.Context, into: Path | None) -> Into:
    if into is not None:
        into = into.absolute()
        return Into(into / "config", into / "state", into / "outside")
    roof = roof_of(ctx)
    state = roof.state_directory().absolute()
    return Into(roof.config_directory().absolute(), state, state.with_name(f"{state.name}-outside"))
