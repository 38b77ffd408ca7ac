"""`ccappliance dsp report`: how well the ears hear, measured from seeds, and held to what was reached before."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from ccappliance.base.errors import Refused
from ccappliance.interfaces.cli.command import REFUSED, Command, echo_json
from ccappliance.interfaces.cli.table import clean
from ccappliance.media.accuracy.baseline import HOW, Baseline, Compared, figures
from ccappliance.media.accuracy.figures import Line, roc_from
from ccappliance.media.accuracy.page import glance
from ccappliance.media.accuracy.peers import spandsp, speex
from ccappliance.media.accuracy.report import EARS, Means, Report, measure
from ccappliance.media.accuracy.trials import FULL, QUICK
from ccappliance.media.prompts import DEFAULT_COMMANDS
from ccappliance.media.tones import load_zones

_FILE = click.Path(path_type=Path, dir_okay=False)


def _ears(_: click.Context, __: click.Parameter, text: str) -> tuple[str, ...]:
    names = tuple(EARS) if text.strip() == "all" else tuple(name.strip() for name in text.split(","))
    if strange := [name for name in names if name not in EARS]:
        raise click.BadParameter(f"there is no ear {strange[0]!r}; there are all, {', '.join(EARS)}")
    return names


def _voices(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """LANGUAGE=COMMAND, as under prompts.commands."""
    given = {}
    for text in texts:
        language, sign, command = text.partition("=")
        if not sign or not language.strip() or not command.strip():
            raise click.BadParameter(f"{text!r} is not LANGUAGE=COMMAND, as in "
                                     "'en=espeak-ng -v en-us --stdin --stdout'")
        given[language.strip()] = command.strip()
    return given or dict(DEFAULT_COMMANDS)


@click.command("report", cls=Command)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write README.md, figures.json and the plots (SVG) there.")
@click.option("--baseline", "held", type=_FILE, metavar="FILE", help="Fail if a figure is worse than in this file.")
@click.option("--only", "ears", default="all", show_default=True, metavar="NAMES", callback=_ears,
              help=f"What to measure, joined by commas: {', '.join(EARS)}.")
@click.option("--quick/--full", "quick", default=False, help="Fewer trials, half a minute; or all, some minutes "
              "(which is the default).")
@click.option("--accept", is_flag=True, help="Write what was measured into the baseline; refused if a figure is worse.")
@click.option("--because", default="", metavar="TEXT", help="With --accept: what a worse figure was traded for.")
@click.option("--peers/--no-peers", "peers", default=True, show_default=True,
              help="Measure libspandsp and libspeexdsp beside ours, if they are installed.")
@click.option("--voice", "commands", multiple=True, metavar="LANGUAGE=COMMAND", callback=_voices,
              help="What speaks for persons and machines, as under prompts.commands; repeat it for more languages.")
@click.option("--roc", "rocs", type=_FILE, multiple=True, metavar="FILE",
              help="A ROC measured elsewhere (JSON), to be drawn with ours.")
def dsp_report(out: Path | None, held: Path | None, ears: tuple[str, ...], quick: bool, accept: bool, because: str,
               peers: bool, commands: dict[str, str], rocs: tuple[Path, ...], as_json: bool) -> None:
    """Measure how well every ear hears, from seeds, and write tables and plots.

    Tones, digits, data, fax signals, speech and echo are made with random phase and place, sent through A-law, and
    heard by the kernels that hear calls; beside them by libspandsp and libspeexdsp where they are installed. The same
    seeds give the same figures, so a baseline can hold them: --baseline FILE fails if one is worse, --accept takes what
    is better. docs/accuracy has the current ones.
    """
    if accept and held is None:
        raise click.UsageError("--accept needs --baseline FILE, the file to write")
    baseline = _read(held) if held is not None else None
    means = Means(load_zones()["cn"], spandsp() if peers else None, speex() if peers else None, commands, _others(rocs))
    report = measure(ears, QUICK if quick else FULL, means,
                     lambda title: None if as_json else click.echo(f"measured: {title}", err=True))
    if out is not None:
        try:
            report.write(out)
        except OSError as error:
            raise Refused("cannot_write", f"{out}: {error.strerror or error}") from error
    found, names = figures(report.pictures), [picture.name for picture in report.pictures]
    compared = baseline.compare(report.size.name, found, names) if baseline is not None else None
    if as_json:
        echo_json(report.as_dict() | ({} if compared is None else {"baseline": asdict(compared)}))
    else:
        _tell(report, compared)
    if compared is None or baseline is None or held is None:
        return
    if accept:
        try:
            baseline.accept(report.size.name, found, names, because)
            baseline.write(held)
        except ValueError as error:
            raise Refused("worse", str(error)) from error
        except OSError as error:
            raise Refused("cannot_write", f"{held}: {error.strerror or error}") from error
    elif compared.worse and as_json:  # it is told already
        raise click.exceptions.Exit(REFUSED)
    elif compared.worse:
        raise Refused("worse", f"{len(compared.worse)} of {len(found)} figures are worse than in {held}:\n"
                      + "\n".join(compared.worse)
                      + f"\nmend them; if they were traded for something better: {HOW}, with --because")


def _others(paths: tuple[Path, ...]) -> tuple[Line, ...]:
    lines: tuple[Line, ...] = ()
    for path in paths:
        try:
            lines += roc_from(path.stem, json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise Refused("roc", f"{path}: {error}") from error
    return lines


def _read(path: Path) -> Baseline:
    try:
        return Baseline.read(path)
    except (OSError, ValueError) as error:
        raise Refused("baseline", str(error)) from error


def _tell(report: Report, compared: Compared | None) -> None:
    for picture in report.pictures:
        for title, who, figure, trials in glance(picture):
            if title:
                click.echo(title)
            click.echo(f"    {clean(who):<52} {figure:<36} {trials}".rstrip())
    for one in report.silent:
        click.echo(f"{one.title}\n    {clean(one.why)}")
    if compared is not None:
        _tell_compared(compared)


def _tell_compared(compared: Compared) -> None:
    for what, sentences in (("better", compared.better), ("new", compared.fresh), ("not compared", compared.skipped)):
        for sentence in sentences:
            click.echo(f"{what}: {clean(sentence)}")
    if compared.better:
        click.echo(f"to keep what is better: {HOW}")
