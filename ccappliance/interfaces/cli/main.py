"""The command line: `ccappliance <noun> <verb>`, built from nouns that are loaded when they are asked for."""

import click

from ccappliance import VERSION
from ccappliance.interfaces.cli.command import LazyGroup
from ccappliance.interfaces.cli.roof import Roof

_HERE = "ccappliance.interfaces.cli"
COMMANDS = {
    "agents": f"{_HERE}.agents:agents",
    "audit": f"{_HERE}.audit:audit",
    "backup": f"{_HERE}.backups:backup",
    "calendars": f"{_HERE}.callers:calendars",
    "callbacks": f"{_HERE}.callbacks:callbacks",
    "callers": f"{_HERE}.callers:callers",
    "calls": f"{_HERE}.calls:calls",
    "cards": f"{_HERE}.cards:cards",
    "channels": f"{_HERE}.lines:channels",
    "completion": f"{_HERE}.completion:completion",
    "config": f"{_HERE}.config:config",
    "customers": f"{_HERE}.customers:customers",
    "dsp": f"{_HERE}.dsp:dsp",
    "explain": f"{_HERE}.explain:explain",
    "flows": f"{_HERE}.flows:flows",
    "hq": f"{_HERE}.hq:hq",
    "journal": f"{_HERE}.records:journal",
    "pri": f"{_HERE}.isdn:pri",
    "prompts": f"{_HERE}.prompts:prompts",
    "queues": f"{_HERE}.queues:queues",
    "recordings": f"{_HERE}.records:recordings",
    "reports": f"{_HERE}.reports:reports",
    "restore": f"{_HERE}.backups:restore_command",
    "run": f"{_HERE}.play:run",
    "simulate": f"{_HERE}.play:simulate",
    "spans": f"{_HERE}.lines:spans",
    "status": f"{_HERE}.lines:status",
    "test": f"{_HERE}.play:test",
    "tokens": f"{_HERE}.tokens:tokens",
    "users": f"{_HERE}.users:users",
    "voicemail": f"{_HERE}.voicemail:voicemail",
    "web": f"{_HERE}.web:web",
}
_HELP = """A call centre in a box.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the daemon is not running. Every command has --json.
"""


def build(roof: Roof | None = None) -> click.Group:
    """The whole command line. Without a roof (documentation, completion) `run`, `test` and `simulate` refuse."""
    group = LazyGroup("ccappliance", lazy=COMMANDS, help=_HELP,
                      context_settings={"obj": roof, "help_option_names": ["-h", "--help"], "max_content_width": 100})
    version: click.Group = click.version_option(VERSION, message="ccappliance %(version)s")(group)
    return version
