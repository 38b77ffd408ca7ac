"""`ccappliance test FILE…`: reads the configuration once, plays each story in virtual time, tells how each went."""

import os
from collections.abc import Iterator

from ccappliance.base.clock import SystemClock
from ccappliance.config.load import load
from ccappliance.interfaces.cli.roof import StoryResult, TestOptions
from ccappliance.places import cache_directory
from ccappliance.sim.play import play
from ccappliance.sim.script import read_script
from ccappliance.site import Site


def play_files(options: TestOptions) -> Iterator[StoryResult]:
    """One result after the other. ConfigError for a wrong configuration or story."""
    clock = SystemClock()
    cache = cache_directory(os.environ, os.getuid())
    assert options.config is not None  # the console script names one
    site = load(options.config, Site).value
    scripts = [read_script(path) for path in options.paths]  # all are checked before the first is played
    for script in scripts:
        began = clock.now()
        played = play(script, site, engine=options.engine, cache=cache)
        problem = "\n".join([played.failed, *played.breaches]).strip()
        yield StoryResult(path=script.path, title=script.title, passed=not problem, step=played.step, problem=problem,
                          seconds=played.seconds, took=clock.now() - began)
