"""`ccappliance flows`: what flows there are, what is in them, their picture with counts of real calls, their check."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from ccappliance.apps.ivr.picture.chart import Words, chart
from ccappliance.apps.ivr.picture.svg import LANGUAGES, draw
from ccappliance.apps.ivr.picture.traffic import Traffic
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.apps.ivr.written import Prompt
from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import ConfigError, Refused
from ccappliance.config.load import Loaded, load
from ccappliance.interfaces.cli.command import REFUSED, Command, Noun, echo_json, roof_of
from ccappliance.interfaces.cli.journals import reader
from ccappliance.interfaces.cli.table import clean, table
from ccappliance.media.prompts import PromptBook

_DIRECTORY = click.option("--config", "directory", type=click.Path(path_type=Path), metavar="DIR",
                          help="The configuration's directory.")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
EVER = "ever"


@click.group(cls=Noun)
def flows() -> None:
    """The flows callers walk through; none of these commands needs a daemon."""


@flows.command("list", cls=Command)
@_DIRECTORY
@click.pass_context
def flows_list(ctx: click.Context, directory: Path | None, as_json: bool) -> None:
    """Every flow with its size and where it leads."""
    rows = []
    for name, flow in _load(ctx, directory).value.flows.items():
        edges = [edge for node in flow.nodes.values() for edge in node.edges()]
        rows.append({"flow": name, "start": flow.start, "nodes": len(flow.nodes), "edges": len(edges),
                     "leads_to": list(dict.fromkeys(edge.target for edge in edges if edge.leaves))})
    if as_json:
        echo_json(rows)
    else:
        click.echo(table(rows, ["flow", "start", "nodes", "edges", "leads_to"]) if rows else "no flow is configured")


@flows.command("show", cls=Command)
@click.argument("flow")
@_DIRECTORY
@click.option("--language", type=click.Choice(LANGUAGES), help="In which prompts are told; the site's unless named.")
@click.pass_context
def flows_show(ctx: click.Context, flow: str, directory: Path | None, language: str | None, as_json: bool) -> None:
    """The nodes of a flow: what each is, what it says, and by which way it leads where."""
    loaded = _load(ctx, directory)
    settings = _flow(loaded, flow)
    words = _words(loaded, language or loaded.value.system.language)
    rows: list[dict[str, Any]] = []
    for name, node in settings.nodes.items():
        place = loaded.origins.get(f"flows.{flow}.nodes.{name}")
        rows.append({"node": name, "type": getattr(node, "type", ""), "start": name == settings.start,
                     "place": str(place) if place else "", "edges": {edge.key: edge.target for edge in node.edges()},
                     "prompts": {key: words(prompt) for key, prompt in node.prompts()}})
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(f"{row['node']}  {row['type']}{'  (start)' if row['start'] else ''}  {row['place']}")
        said = " / ".join(text for key, text in row["prompts"].items() if key.partition("[")[0] == "prompt")
        if said:
            click.echo(f"    “{clean(said)}”")
        for way, target in row["edges"].items():
            click.echo(f"    {clean(way)} → {clean(target)}")


@flows.command("check", cls=Command)
@_DIRECTORY
@click.pass_context
def flows_check(ctx: click.Context, directory: Path | None, as_json: bool) -> None:
    """What is wrong with the flows, with file and line. The exit code is 1 if there is an error, 0 with warnings."""
    try:
        findings = list(_load(ctx, directory).warnings)
    except ConfigError as wrong:
        findings = wrong.findings
    told = [finding for finding in findings if finding.key.startswith("flows.") or finding.severity == "error"]
    errors = sum(finding.severity == "error" for finding in told)
    if as_json:
        echo_json({"ok": not errors, "findings": [finding.as_dict() for finding in told]})
    else:
        for finding in told:
            click.echo(f"{'' if finding.severity == 'error' else 'warning: '}{clean(finding)}", err=True)
        click.echo(f"errors: {errors}, warnings: {len(told) - errors}" if told else "all flows are right")
    if errors:
        ctx.exit(REFUSED)


@flows.command("draw", cls=Command)
@click.argument("flow", required=False)
@_DIRECTORY
@click.option("--all", "everything", is_flag=True, help="All flows in one picture.")
@click.option("--counts", is_flag=False, flag_value=EVER, metavar="[7d]",
              help="Count calls of the last 30m, 24h, 7d or 2w; of the whole journal if no time is named.")
@click.option("--from", "since", metavar="DAY", help="Count calls from this day or moment on: 2026-11-22T09:00.")
@click.option("--to", "until", metavar="DAY", help="… and before this one.")
@click.option("--journal", type=click.Path(path_type=Path, exists=True), metavar="PATH",
              help="Count in this journal (a directory or a file) instead of the daemon's.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of the picture; the site's unless named.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.svg",
              help="Where to write it; else it is printed.")
@click.pass_context
def flows_draw(ctx: click.Context, flow: str | None, directory: Path | None, everything: bool, counts: str | None,
               since: str | None, until: str | None, journal: Path | None, language: str | None, out: Path | None,
               as_json: bool) -> None:
    """Draw a flow (or all of them) as SVG; with counts, arrows are as broad as their share of the calls."""
    loaded = _load(ctx, directory)
    site = loaded.value
    known: Mapping[str, FlowSettings] = site.flows
    if flow is None and len(known) != 1 and not everything:
        raise click.UsageError(f"name a flow ({', '.join(known)}), or say --all")
    chosen = {flow: _flow(loaded, flow)} if flow is not None and not everything else dict(known)
    traffic, note = _traffic(ctx, ZoneInfo(site.system.timezone), counts, since, until, journal)
    tongue = language or site.system.language
    words = _words(loaded, tongue)
    picture = draw([chart(name, one, words, traffic) for name, one in chosen.items()], tongue, note)
    if out is None:
        click.echo(picture, nl=False)
        return
    try:
        out.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise Refused("not_written", f"{out}: {error.strerror}") from error
    if as_json:
        echo_json({"file": str(out), "flows": list(chosen)})
    else:
        click.echo(f"{out}: {', '.join(chosen)}")


def _load(ctx: click.Context, directory: Path | None) -> Loaded[Any]:
    roof = roof_of(ctx)
    return load(directory or roof.config_directory(), roof.site())


def _flow(loaded: Loaded[Any], name: str) -> FlowSettings:
    flow: FlowSettings | None = loaded.value.flows.get(name)
    if flow is None:
        raise Refused("no_such_flow", f"there is no flow {name!r}; flows: {', '.join(loaded.value.flows) or 'none'}")
    return flow


def _words(loaded: Loaded[Any], language: str) -> Words:
    """What a prompt says in a language, as text; the name of a recording."""
    book = PromptBook(loaded.value.prompts)

    def words(prompt: Prompt) -> str:
        if not isinstance(prompt, str):
            return prompt.get(language) or next(iter(prompt.values()), "")
        forced, _, name = prompt.rpartition("/")
        return book.words(f"{forced or language}/{name}") or prompt
    return words


def _traffic(ctx: click.Context, zone: ZoneInfo, counts: str | None, since: str | None, until: str | None,
             journal: Path | None) -> tuple[Traffic | None, str]:
    """The counts that were asked for, and the note that says of what."""
    if counts is None and since is None and until is None and journal is None:
        return None, ""
    begin = _moment(since, zone) if since else None
    end = _moment(until, zone) if until else None
    if counts not in (None, EVER):
        if since or until:
            raise click.UsageError("--counts with a time, or --from and --to, not both")
        begin = SystemClock().wall() - _span(str(counts))
    path = journal or roof_of(ctx).state_directory() / "journal"
    if not path.exists():
        raise Refused("no_journal", f"there is no journal in {path}; name it with --journal")
    traffic = Traffic(begin, end).read(reader(path)())
    bounds = [f"from {begin.astimezone(zone):%Y-%m-%d %H:%M}" if begin else "",
              f"to {end.astimezone(zone):%Y-%m-%d %H:%M}" if end else ""]
    return traffic, f"{path} {' '.join(bound for bound in bounds if bound)}".strip()


def _span(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,5})([mhdw])", text)
    if match is None:
        raise click.UsageError(f"{text!r} is no time: write 30m, 24h, 7d or 2w")
    return int(match[1]) * _UNITS[match[2]]


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """A day or a moment of the site's time, unless it names its zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is no moment: write 2026-11-22 or 2026-11-22T09:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
