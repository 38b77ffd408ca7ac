"""What all commands share: --json, --socket, the exit codes, and groups that load their commands when asked."""

import importlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ccappliance.base.errors import CcError, ConfigError, Refused
from ccappliance.interfaces.cli.roof import Roof
from ccappliance.interfaces.cli.table import clean
from ccappliance.interfaces.control.client import NOT_RUNNING, ControlClient
from ccappliance.interfaces.control.place import find_socket

DONE, REFUSED, USAGE, DEAD = 0, 1, 2, 3  # exit codes


class Command(click.Command):
    """A command with --json; what goes wrong is told in one sentence (or one JSON object) with the right exit code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."))

    def invoke(self, ctx: click.Context) -> Any:
        as_json = bool(ctx.params.get("as_json"))
        try:
            return super().invoke(ctx)
        except ConfigError as wrong:
            if as_json:
                echo_json({"error": {"code": "config", "message": "the configuration is wrong",
                                     "findings": [finding.as_dict() for finding in wrong.findings]}})
            else:
                for finding in wrong.findings:
                    click.echo(clean(finding), err=True)
            ctx.exit(REFUSED)
        except CcError as error:
            code = error.code if isinstance(error, Refused) else type(error).__name__
            if as_json:
                echo_json({"error": {"code": code, "message": str(error)}})
            else:
                for line in str(error).splitlines():
                    click.echo(f"ccappliance: {clean(line)}", err=True)
            ctx.exit(DEAD if code == NOT_RUNNING else REFUSED)


class ClientCommand(Command):
    """A command that talks to the daemon: has --socket."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(click.Option(["--socket"], type=click.Path(path_type=Path), metavar="PATH",
                                        help="The daemon's control socket."))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(DONE)  # Ctrl-C is how one leaves a follow or a watch


class Noun(click.Group):
    """A group whose commands talk to the daemon, unless they say otherwise."""

    command_class = ClientCommand


class LazyGroup(click.Group):
    """A group that knows where its commands are and loads only the one that is wanted."""

    def __init__(self, *args: Any, lazy: Mapping[str, str], **kwargs: Any) -> None:
        """`lazy`: command → "module:attribute"."""
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        where = self._lazy.get(cmd_name)
        if where is None:
            return None
        module, _, attribute = where.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


def echo_json(value: Any) -> None:
    """One JSON value on stdout, readable; half surrogates stay escaped, so that no terminal stumbles."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo(text if _writable(text) else json.dumps(value, indent=2))


def echo_line(value: Any) -> None:
    """One JSON value on one line, for what comes as a stream."""
    text = json.dumps(value, ensure_ascii=False)
    click.echo(text if _writable(text) else json.dumps(value))


def _writable(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def roof_of(ctx: click.Context) -> Roof:
    roof = ctx.find_object(Roof)
    if roof is None:
        raise click.UsageError("this command needs the whole program: start it as `ccappliance`")
    return roof


def connect(socket: Path | None) -> ControlClient:
    """A connection to the daemon. Refused("not_running")."""
    return ControlClient(socket or find_socket(os.environ, os.getuid()))


def ask(socket: Path | None, do: str, **params: Any) -> Any:
    """One question, one answer."""
    with connect(socket) as client:
        return client.call(do, **params)
