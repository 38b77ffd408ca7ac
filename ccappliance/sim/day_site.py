"""The site of a day: the configuration, grown by the lines, agents and queue settings the day file asks for.

What is added is written as one more file of conf.d and bound with the others, so that it is checked by the same rules.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ccappliance.base.errors import ConfigError, Finding
from ccappliance.config.load import OVERRIDES, Source, bind_sources, read_directory
from ccappliance.config.tree import Findings
from ccappliance.sim.day_settings import Day, QueueChange
from ccappliance.site import FxoLine, FxsLine, Site, occupied

FIRST_STATION = 8001  # of telephones that are added
FIRST_AGENT = 1001


def day_site(day: Day, file: str, directory: Path) -> Site:
    """The configuration in `directory` as `day`, read from `file`, changes it. ConfigError with all findings."""
    findings = Findings()
    sources = read_directory(directory, findings)
    findings.raise_errors()
    base = bind_sources(sources, Site).value
    _check(day, file, base)
    added = json.dumps(_additions(day, base), ensure_ascii=False, indent=1).encode()
    return bind_sources([*sources, Source(f"{OVERRIDES}/{file}", added)], Site).value


def dialled_number(day: Day, site: Site) -> str:
    """What callers dial."""
    return day.number or next((line.number for line in _outside(site).values() if line.number), "")


def seats(day: Day, site: Site) -> list[tuple[str, str, str]]:
    """(agent, station, line) of everybody who serves: the nth agent at the nth telephone."""
    telephones = [(line.station, name) for name, line in site.lines.items() if isinstance(line, FxsLine)]
    return [(agent, station, name)
            for agent, (station, name) in zip(list(site.agents)[:day.staff.agents], telephones, strict=False)]


def _outside(site: Site) -> dict[str, FxoLine]:
    return {name: line for name, line in site.lines.items() if isinstance(line, FxoLine)}


def _check(day: Day, file: str, site: Site) -> None:
    findings = []
    for where, name in [("queue", day.queue), *((f"queues.{name}", name) for name in day.queues)]:
        if name and name not in site.queues:
            findings.append(Finding(file, where, f"there is no queue {name!r}", f"known: {', '.join(site.queues)}"))
    reasons = [reason.name for reason in site.pause_reasons]
    for index, pause in enumerate(day.staff.breaks):
        if pause.reason not in reasons:
            findings.append(Finding(file, f"staff.breaks[{index}].reason", f"there is no reason {pause.reason!r}",
                                    f"known: {', '.join(reasons)}"))
    if not dialled_number(day, site):
        findings.append(Finding(file, "number", "no line of the configuration has a number to dial",
                                'write number: "61234567"'))
    if findings:
        raise ConfigError(findings)


def _additions(day: Day, site: Site) -> dict[str, Any]:
    number = dialled_number(day, site)
    outside = _outside(site)
    telephones = {line.station: name for name, line in site.lines.items() if isinstance(line, FxsLine)}
    channel = max((number for line in site.lines.values() for number in occupied(line)), default=0)
    lines: dict[str, Any] = {name: {"number": number} for name in outside}
    for name in _names("fxo", list(site.lines), day.lines - len(outside)):
        channel += 1
        lines[name] = {"type": "fxo", "channel": channel, "number": number}
    missing = day.staff.agents - len(telephones)
    for name, station in zip(_names("fxs", list(site.lines), missing),
                             _numbers(FIRST_STATION, list(telephones), missing), strict=True):
        channel += 1
        lines[name] = {"type": "fxs", "channel": channel, "station": station}
    agents = {agent: {"name": f"agent {agent}", "pin": f"{agent:0>4}", "queues": list(site.queues)}
              for agent in _numbers(FIRST_AGENT, list(site.agents), day.staff.agents - len(site.agents))}
    additions: dict[str, Any] = {"lines": lines, "agents": agents,
                 "queues": {name: _queue(change) for name, change in day.queues.items()}}
    if day.queue:
        straight = {"source": "lines", "to": f"queue:{day.queue}"}
        additions["routes"] = [straight, *(asdict(rule) for rule in site.routes)]
    return additions


def _names(kind: str, taken: list[str], count: int) -> Iterator[str]:
    """`count` names of lines that are not taken."""
    number = 0
    while count > 0:
        number += 1
        if f"{kind}/{number}" not in taken:
            count -= 1
            yield f"{kind}/{number}"


def _numbers(first: int, taken: list[str], count: int) -> Iterator[str]:
    while count > 0:
        if str(first) not in taken:
            count -= 1
            yield str(first)
        first += 1


def _queue(change: QueueChange) -> dict[str, Any]:
    """A change as the tree of the queue's own keys."""
    nested = {"max_wait": "after", "max_len": "n", "announce": "position"}
    told = {name: value for name, value in asdict(change).items() if value is not None}
    return {name: {nested[name]: value} if name in nested else value for name, value in told.items()}
