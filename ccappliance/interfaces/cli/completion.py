"""`ccappliance completion`: the script that lets a shell complete our commands and options."""

import click
from click.shell_completion import ShellComplete, get_completion_class

from ccappliance.interfaces.cli.command import Command, echo_json

_PROGRAM, _VARIABLE = "ccappliance", "_CCAPPLIANCE_COMPLETE"


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str, as_json: bool) -> None:
    """Print the completion script of a shell; for bash: source <(ccappliance completion bash)"""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click knows no completion for {shell}")
    # The base class's source(): bash's own first runs bash to see its version, and fails where there is none.
    script = ShellComplete.source(kind(ctx.find_root().command, {}, _PROGRAM, _VARIABLE))
    echo_json({"shell": shell, "script": script}) if as_json else click.echo(script)
