"""`ccappliance test`: reads the configuration once, plays each story, tells how it went and what all covered."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import Refused
from ccappliance.interfaces.cli.roof import CoverageResult, StoryResult, TestOptions
from ccappliance.places import cache_directory
from ccappliance.sim.configured import Configured, Overlay
from ccappliance.sim.coverage import Coverage
from ccappliance.sim.embedded import STORIES, find
from ccappliance.sim.play import play
from ccappliance.sim.rehearsed import rehearsed
from ccappliance.sim.script import read_script
from ccappliance.site import Site

TESTS = "tests"  # the folder of a configuration's own stories


def play_files(options: TestOptions, default: Path) -> Iterator[StoryResult | CoverageResult]:
    """One result after the other, then the coverage of each flow if asked.

    ConfigError for a wrong configuration or story; Refused("no_stories") if there is nothing to play.
    """
    clock = SystemClock()
    cache = cache_directory(os.environ, os.getuid())
    directory = options.config or default
    configured = Configured(directory)
    # all are checked before the first is played
    scripts = [read_script(find(str(path), STORIES)) for path in options.paths or _own(directory)]
    sites: dict[tuple[Overlay, ...], Site] = {}
    whole = configured.load()
    coverage = Coverage(whole.value.flows, whole.origins)
    for script in scripts:
        began = clock.now()
        if script.config not in sites:
            sites[script.config] = configured.site(*script.config)
        played = play(script, rehearsed(sites[script.config], script), engine=options.engine, cache=cache,
                      configured=configured)
        coverage.add(played.journal)
        problem = "\n".join([played.failed, *played.breaches, *played.in_use]).strip()
        yield StoryResult(path=script.path, title=script.title, passed=not problem, step=played.step, problem=problem,
                          seconds=played.seconds, took=clock.now() - began)
    if options.coverage:
        for flow in coverage.report():
            yield CoverageResult(flow=flow.flow, nodes=flow.nodes, nodes_tried=flow.nodes_tried, ways=flow.ways,
                                 ways_tried=flow.ways_tried, percent=flow.percent,
                                 missing=tuple(asdict(one) for one in flow.missing))


def _own(directory: Path) -> list[Path]:
    """The stories that lie with the configuration, by name."""
    found = sorted((directory / TESTS).glob("*.yaml"))
    if not found:
        raise Refused("no_stories", f"there is no story in {directory / TESTS}; write one (docs/stories.md), or name a "
                      "file")
    return found
