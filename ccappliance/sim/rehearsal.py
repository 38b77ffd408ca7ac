"""`ccappliance test FILE…`: reads the configuration once, plays each story in virtual time, tells how each went."""

import os
from collections.abc import Iterator
from pathlib import Path

from ccappliance.base.clock import SystemClock
from ccappliance.interfaces.cli.roof import StoryResult, TestOptions
from ccappliance.places import cache_directory
from ccappliance.sim.configured import Configured
from ccappliance.sim.embedded import STORIES, find
from ccappliance.sim.play import play
from ccappliance.sim.script import read_script


def play_files(options: TestOptions, default: Path) -> Iterator[StoryResult]:
    """One result after the other. ConfigError for a wrong configuration or story."""
    clock = SystemClock()
    cache = cache_directory(os.environ, os.getuid())
    configured = Configured(options.config or default)
    # all are checked before the first is played
    scripts = [read_script(find(str(path), STORIES)) for path in options.paths]
    for script in scripts:
        began = clock.now()
        played = play(script, configured.site(*script.config), engine=options.engine, cache=cache,
                      configured=configured)
        problem = "\n".join([played.failed, *played.breaches, *played.in_use]).strip()
        yield StoryResult(path=script.path, title=script.title, passed=not problem, step=played.step, problem=problem,
                          seconds=played.seconds, took=clock.now() - began)
