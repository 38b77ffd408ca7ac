"""`ccappliance cards`: what cards the machine has, what to write into spans.yaml, and what DAHDI must be told."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from ccappliance.base.errors import Refused
from ccappliance.config.load import load
from ccappliance.drivers.dahdi_conf import system_conf
from ccappliance.drivers.dahdi_detect import Findings, detect
from ccappliance.drivers.dahdi_kernel import DahdiKernel
from ccappliance.interfaces.cli.command import REFUSED, Command, echo_json, roof_of
from ccappliance.interfaces.cli.table import clean

SYSTEM_CONF = Path("/etc/dahdi/system.conf")
BACKUP = ".before-ccappliance"
CHECK_TIMEOUT = 30.0  # s; dahdi_cfg -t only reads


class Cards(click.Group):
    """A group whose commands need no daemon."""

    command_class = Command


@click.group(cls=Cards)
def cards() -> None:
    """The cards of the machine; needs no daemon."""


@cards.command("detect")
@click.pass_context
def cards_detect(ctx: click.Context, as_json: bool) -> None:
    """Look for cards, and propose what to write into spans.yaml; or say what is missing."""
    found = detect(DahdiKernel)
    if as_json:
        echo_json({"spans": [{"number": span.number, "name": span.name, "description": span.description,
                              "alarm": span.alarm, "kind": span.kind,
                              "channels": {str(number): kind for number, kind in span.channels.items()}}
                             for span in found.spans], "missing": list(found.missing), "proposal": found.proposal})
    else:
        _tell(found)
    if not found.spans:
        ctx.exit(REFUSED)


def _tell(found: Findings) -> None:
    for span in found.spans:
        state = span.alarm or "well"
        click.echo(clean(f"span {span.number}: {span.description}, {len(span.channels)} channels, {state}"), err=True)
    for words in found.missing:
        click.echo(clean(words), err=True)
    if found.proposal:
        click.echo("\nFor spans.yaml, in place of its driver and lines:\n", err=True)
        click.echo("\n".join("" if not line else clean(line) for line in found.proposal.splitlines()))


@cards.command("system-conf")
@click.option("--config", "directory", type=click.Path(path_type=Path), metavar="DIR",
              help="The configuration's directory.")
@click.option("--write", is_flag=True, help="Write the file; the one that is there is kept beside it.")
@click.option("--to", "target", type=click.Path(path_type=Path), default=SYSTEM_CONF, show_default=True, metavar="FILE",
              help="Where to.")
@click.pass_context
def cards_system_conf(ctx: click.Context, directory: Path | None, write: bool, target: Path, as_json: bool) -> None:
    """Print DAHDI's configuration as spans.yaml wants it, checked with dahdi_cfg; --write puts it in place."""
    roof = roof_of(ctx)
    site = load(directory or roof.config_directory(), roof.site()).value
    if not site.spans:
        raise Refused("no_spans", "spans.yaml names no cards: `ccappliance cards detect` proposes what to write")
    text = system_conf(site.spans, site.system.zone)
    verdict = _check(text)
    kept = _write(text, target) if write else None
    if as_json:
        echo_json({"text": text, "checked": verdict, "written": str(target) if write else None,
                   "kept": str(kept) if kept else None})
        return
    if not write:
        click.echo(text, nl=False)
    click.echo(verdict, err=True)
    if write:
        click.echo(f"{target} is written" + (f", the old one is {kept}" if kept else "")
                   + "; `dahdi_cfg -v` puts it in force, then restart ccappliance", err=True)


def _check(text: str) -> str:
    """What dahdi_cfg says of it. Refused("dahdi_cfg") if it finds fault."""
    program = shutil.which("dahdi_cfg", path="/usr/sbin:/usr/local/sbin:/sbin")
    if program is None:
        return "not checked: there is no dahdi_cfg (apt install dahdi)"
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            done = subprocess.run([program, "-t", "-c", file.name], capture_output=True, text=True, errors="replace",
                                  timeout=CHECK_TIMEOUT, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"not checked: dahdi_cfg did not run ({error})"
        said = (done.stderr.strip() or done.stdout.strip()).replace(file.name, "system.conf")
    if done.returncode == 0:
        return "checked by dahdi_cfg"
    if not Path("/dev/dahdi/ctl").exists():
        return "not checked: dahdi_cfg needs DAHDI's modules, which are not loaded"
    raise Refused("dahdi_cfg", f"dahdi_cfg finds fault with it, so nothing was written: {said}")


def _write(text: str, target: Path) -> Path | None:
    """Replace `target` whole; answers where the old one is kept, if there was another."""
    try:
        old = target.read_text(encoding="utf-8", errors="surrogateescape") if target.exists() else None
        if old == text:
            return None
        kept = None
        if old is not None:
            kept = target.with_name(target.name + BACKUP)
            number = 0
            while kept.exists():  # a backup is never overwritten
                number += 1
                kept = target.with_name(f"{target.name}{BACKUP}.{number}")
            shutil.copy2(target, kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(0o644)
        fresh.replace(target)
    except OSError as error:
        raise Refused("not_written", f"{target} cannot be written: {error.strerror or error}") from None
    return kept
