"""`make docs`: writes the parts of the documentation that the code itself knows."""

from pathlib import Path

import click

from ccappliance.config.schema import markdown
from ccappliance.interfaces.cli.main import build
from ccappliance.sim.day_settings import Day
from ccappliance.site import Site

DOCS = Path(__file__).resolve().parent.parent / "docs"

FIRST_KEYS = "## Top level"  # where the keys of a description begin

COMMANDS = """# Commands

`ccappliance <noun> <verb>`. Every command has `--help` and `--json`. Exit codes: 0 done, 1 refused or failed,
2 wrong usage, 3 the daemon is not running. The command line talks to the daemon over a Unix socket, which lets in root,
the daemon's own user and the group named by `control.group`.

Completion: `source <(ccappliance completion bash)`, or `zsh`, or `ccappliance completion fish | source`.

This page is written by `make docs`.
"""


def commands() -> str:
    """All commands with their options, in order."""
    lines = [COMMANDS]

    def walk(command: click.Command, path: list[str], context: click.Context) -> None:
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                walk(inner, [*path, name], click.Context(inner, info_name=name, parent=context))
            return
        usage = " ".join(command.collect_usage_pieces(context))
        lines.append(f"\n## `ccappliance {' '.join(path)} {usage}`\n\n{(command.help or '').strip()}\n")
        options = [parameter.get_help_record(context) for parameter in command.params]
        rows = [f"| `{record[0]}` | {record[1]} |" for record in options if record and "--help" not in record[0]]
        if rows:
            lines.append("\n".join(["", "| option | |", "|---|---|", *rows, ""]))

    group = build()
    walk(group, [], click.Context(group, info_name="ccappliance"))
    return "".join(lines)


def days(page: str) -> str:
    """The page about days with its keys as they are now."""
    told, _, _ = page.partition(FIRST_KEYS)
    _, _, keys = markdown(Day).partition(FIRST_KEYS)
    return told + FIRST_KEYS + keys


if __name__ == "__main__":
    (DOCS / "configuration.md").write_text(markdown(Site), encoding="utf-8")
    (DOCS / "commands.md").write_text(commands(), encoding="utf-8")
    page = DOCS / "days.md"
    page.write_text(days(page.read_text(encoding="utf-8")), encoding="utf-8")
