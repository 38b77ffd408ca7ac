"""`ccappliance recordings verify` and `rekey`: are all recordings as they were kept, and a new key for the box."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from ccappliance.apps.recording.keys import Keys
from ccappliance.apps.recording.seal import LEDGER
from ccappliance.apps.recording.verify import Verified, Verifier
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.journal import of_kinds
from ccappliance.call.journal_file import paths
from ccappliance.call.search import instant
from ccappliance.config.load import load
from ccappliance.interfaces.cli.command import REFUSED, Command, echo_json, roof_of
from ccappliance.interfaces.cli.table import clean
from ccappliance.service.disk import RealDisk
from ccappliance.service.lock import LockFile

_FOLDER = click.Path(path_type=Path, file_okay=False)
SHOWN = 100  # findings and notes printed; --json has all
_PUBLIC = 4096  # bytes read of a key file at the most


@click.command(cls=Command)
@click.option("--since", default="", metavar="TIME", help="Files kept then or later: 2026-11-22, 2026-11-22T08:30.")
@click.option("--until", default="", metavar="TIME", help="Files kept before then; of a day, before its end.")
@click.option("--state", type=_FOLDER, metavar="DIR", help="Where journal and keys are.")
@click.option("--recordings", "where", type=_FOLDER, metavar="DIR", help="Of the recordings, if the configuration does "
                                                                          "not say it right.")
@click.option("--config", type=_FOLDER, metavar="DIR", help="The configuration's directory.")
@click.option("--public", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="A copy of sign.pub that was kept elsewhere.")
@click.pass_context
def verify(ctx: click.Context, since: str, until: str, state: Path | None, where: Path | None, config: Path | None,
           public: Path | None, as_json: bool) -> None:
    """Hold all recordings against their ledger: any bit changed, any file, entry or segment gone, put in or exchanged.

    Reads files only, so it works with and without the daemon. Times are the site's. The exit code is 1 if anything
    is wrong.
    """
    state = state or roof_of(ctx).state_directory()
    roof = roof_of(ctx)
    site: Any = load(config or roof.config_directory(), roof.site()).value
    recordings = where or (Path(site.recording.directory) if site.recording.directory else state / "recordings")
    signed = _signed(state / "journal")
    if not recordings.is_dir() or not (signed or (recordings / LEDGER).exists()):
        raise Refused("no_recordings", f"there are no recordings with a ledger in {recordings}; name their directory "
                      "with --recordings")
    zone = ZoneInfo(site.system.timezone)
    verifier = Verifier(RealDisk(), recordings, state / "keys", _public(public), _Progress(quiet=as_json).told)
    try:
        found = verifier.verify(signed, instant(since, zone) if since else None,
                                instant(until, zone, end=True) if until else None)
    except OSError as error:
        raise Refused("unreadable", f"{error.filename or recordings} cannot be read: {error.strerror}; try as the user "
                      "who runs the daemon, or as root") from error
    if as_json:
        echo_json(asdict(found))
    else:
        for line in _words(found):
            click.echo(line)
    ctx.exit(REFUSED if found.findings else 0)


@click.command(cls=Command)
@click.option("--state", type=_FOLDER, metavar="DIR", help="Where the keys are.")
@click.pass_context
def rekey(ctx: click.Context, state: Path | None, as_json: bool) -> None:
    """Give the box a new key, wrap the keys of all recordings by it, and destroy the old one. The daemon must be down.

    If it is cut off, the next start of the daemon finishes it. Back up the keys again afterwards.
    """
    state = state or roof_of(ctx).state_directory()
    directory = state / "keys"
    if not directory.is_dir():
        raise Refused("no_keys", f"there are no keys in {state}: nothing was ever sealed there; name another --state")
    lock = LockFile(state / "journal" / "journal.lock", "the daemon")
    try:
        keys = Keys(RealDisk(), directory, os.urandom)
        keys.open(wanted=False)
        count = keys.rekey()
    except OSError as error:
        raise Refused("unreadable", f"{directory}: {error.strerror}; it goes on where it stopped with the next start "
                      "of the daemon") from error
    finally:
        lock.release()
    echo_json({"keys": count}) if as_json else click.echo(f"{count} keys are wrapped by a new box key; back up "
                                                          f"{directory} again")


class _Progress:
    """How far it is, on the terminal only, a line at each percent at the most."""

    def __init__(self, *, quiet: bool) -> None:
        self._terminal = click.get_text_stream("stderr")
        self._quiet = quiet or not self._terminal.isatty()
        self._percent = -1

    def told(self, done: int, of: int, path: str) -> None:
        percent = 100 * done // max(1, of)
        if not self._quiet and percent != self._percent:
            self._percent = percent
            click.echo(f"\r{percent:3d} % of {of / 1e9:.2f} GB", err=True, nl=not path)


def _signed(journal: Path) -> dict[int, str]:
    """What the journal was told of the ledger."""
    found: dict[int, str] = {}
    for path in paths(journal) if journal.is_dir() else []:
        with path.open("rb") as file:
            found |= {entry.fact.entry: entry.fact.sha256 for entry in of_kinds(file, ["LedgerSigned"])
                      if isinstance(entry.fact, facts.LedgerSigned)}
    return found


def _public(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return bytes.fromhex(path.read_text(encoding="ascii")[:_PUBLIC].strip())
    except ValueError:
        raise Refused("bad_parameters", f"{path} is no public key: it must be a copy of sign.pub") from None


def _words(found: Verified) -> list[str]:
    lines = []
    for one in found.findings[:SHOWN]:
        where = f" bytes {one.first} to {one.last}" if one.first >= 0 else ""
        lines.append(f"WRONG  {clean(one.file)}{where}: {clean(one.words)}")
    lines += [f"note   {clean(note)}" for note in found.notes[:SHOWN]]
    lines += [f"erased {clean(path)}: its key was destroyed by rights; nobody can hear it" for path in
              found.erased[:SHOWN]]
    more = sum(max(0, len(some) - SHOWN) for some in (found.findings, found.notes, found.erased))
    if more:
        lines.append(f"… and {more} more lines; --json has all")
    lines.append(f"{found.recordings} recordings ({found.size / 1e9:.2f} GB), {found.entries} entries, "
                 f"{found.signatures} signatures, {found.segments} segments: "
                 + (f"{len(found.findings)} wrong" if found.findings else "all as they were kept"))
    return lines
