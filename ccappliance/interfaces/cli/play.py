"""`ccappliance run`, `test` and `simulate`: the house in the real world, in a story, and through a whole day."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ccappliance.interfaces.cli.command import REFUSED, Command, echo_json, echo_line, roof_of
from ccappliance.interfaces.cli.roof import CoverageResult, DayOptions, RunOptions, StoryResult, TestOptions
from ccappliance.interfaces.cli.table import clean, fields
from ccappliance.interfaces.control.place import default_socket

_PATH = click.Path(path_type=Path)


class _Named(click.Path):
    """A file, or the name of an embedded one ("first-call"): a bare word without a dot or a slash."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value.replace("-", "").isalnum() and not Path(value).exists():
            return Path(value)
        return super().convert(value, param, ctx)


_FILE = _Named(path_type=Path, exists=True, dir_okay=False, readable=True)
_CONFIG = click.option("--config", type=_PATH, metavar="DIR", help="The configuration's directory.")


@click.command(cls=Command)
@_CONFIG
@click.option("--state", type=_PATH, metavar="DIR", help="Where journal, recordings and database are kept.")
@click.option("--socket", type=_PATH, metavar="PATH", help="Where the control socket is made.")
@click.option("--story", is_flag=False, flag_value="first-call", metavar="[NAME]",
              help="Play a story on simulated lines and tell it; first-call unless named.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def run(ctx: click.Context, config: Path | None, state: Path | None, socket: Path | None, story: str | None,
        quiet: bool, as_json: bool) -> None:
    """Run the daemon in the foreground, until Ctrl-C."""
    roof = roof_of(ctx)
    where = socket or default_socket(os.environ, os.getuid())
    ctx.exit(roof.run(RunOptions(config or roof.config_directory(), state, where, story, quiet, as_json)))


@click.command(cls=Command)
@click.argument("files", type=_FILE, nargs=-1)
@_CONFIG
@click.option("--engine/--scripted", default=False, show_default=True,
              help="With real samples, which the ears must hear; or with facts only, many times faster.")
@click.option("--coverage/--no-coverage", default=None,
              help="Say which nodes and ways of the flows no story has tried; the default without FILES.")
@click.option("--require", type=click.FloatRange(0, 100), metavar="PERCENT",
              help="Fail if less of any flow's nodes and ways was tried.")
@click.pass_context
def test(ctx: click.Context, files: tuple[Path, ...], config: Path | None, engine: bool, coverage: bool | None,
         require: float | None, as_json: bool) -> None:
    """Play calls told as stories against the configuration, and say which step failed and what was heard instead.

    FILES are story files, or names of embedded stories such as first-call; without any, the stories in the folder
    tests of the configuration are played. No daemon and no root is needed. The exit code is 1 if a story failed or too
    little was covered.
    """
    wanted = require is not None or (not files if coverage is None else coverage)
    failed = count = 0
    short = []
    for result in roof_of(ctx).test(TestOptions(files, config, engine, wanted)):
        if isinstance(result, CoverageResult):
            if require is not None and result.percent < require:
                short.append(result.flow)
            echo_line({"coverage": asdict(result)}) if as_json else click.echo(_coverage(result))
            continue
        count += 1
        failed += not result.passed
        if as_json:
            echo_line(asdict(result) | {"path": str(result.path)})
        else:
            click.echo(_story(result))
    if not as_json:
        click.echo(f"{count - failed} passed, {failed} failed")
        if short:
            click.echo(f"covered less than {require:g} %: {', '.join(short)}; write stories for what is missing",
                       err=True)
    ctx.exit(REFUSED if failed or short else 0)


def _coverage(result: CoverageResult) -> str:
    line = (f"flow {clean(result.flow)}: {result.percent:.0f} % covered; nodes {result.nodes_tried} of {result.nodes}, "
            f"ways {result.ways_tried} of {result.ways}")
    return "\n".join([line, *(f"        {clean(one['place'])}: not tried: {clean(one['what'])}"
                              for one in result.missing)])


def _story(result: StoryResult) -> str:
    verdict = "passed" if result.passed else "FAILED"
    line = f"{verdict}  {clean(result.path)}  {clean(result.title)}  {result.seconds:.1f} s told in {result.took:.2f} s"
    problem = [f"        {clean(text)}" for text in result.problem.splitlines()]
    return line if result.passed else "\n".join([line, f"  at {clean(result.step)}", *problem])


@click.command(cls=Command)
@click.argument("day", type=_FILE)
@click.option("--seed", type=int, required=True, help="The same seed gives the same day.")
@_CONFIG
@click.option("--journal", type=_PATH, metavar="FILE", help="Write the day's journal here.")
@click.pass_context
def simulate(ctx: click.Context, day: Path, seed: int, config: Path | None, journal: Path | None,
             as_json: bool) -> None:
    """Run a whole day of calls in virtual time: a day file, or the name of an embedded day such as office-day."""
    result = roof_of(ctx).simulate(DayOptions(day, seed, config, journal))
    if as_json:
        echo_json({"title": result.title, "seed": seed, "figures": dict(result.figures), "digest": result.digest,
                   "problems": list(result.problems), "took": result.took})
    else:
        figures: dict[str, Any] = {"day": result.title, "seed": seed, **result.figures, "digest": result.digest}
        click.echo(fields(figures))
        click.echo(f"a day in {result.took:.1f} s")
        for problem in result.problems:
            click.echo(f"PROBLEM: {clean(problem)}", err=True)
    ctx.exit(REFUSED if result.problems else 0)
