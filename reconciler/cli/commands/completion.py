"""`modelsync completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_HELP = """Print the completion script of a shell.

\b
Example:
  modelsync completion bash >> ~/.bashrc
  modelsync completion zsh >> ~/.zshrc
  modelsync completion fish > ~/.config/fish/completions/modelsync.fish
"""


@click.command("completion", help=_HELP, short_help="Print a shell's completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    from reconciler.cli.app import app

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(app, {}, "modelsync", "_MODELSYNC_COMPLETE").source())
