"""The parser and the one error boundary."""

from __future__ import annotations

import gc
import importlib
import platform
import signal
import sys
import traceback

import click

from reconciler import __version__
from reconciler.state.outcomes import Outcome

_COMMANDS = (
    "init",
    "add",
    "validate",
    "pin",
    "render",
    "plan",
    "release",
    "traffic",
    "rollback",
    "hold",
    "freeze",
    "suspend",
    "waive",
    "retire",
    "bot",
    "sync",
    "wait",
    "status",
    "history",
    "explain",
    "diff",
    "emergency",
    "policies",
    "codeowners",
    "comment",
    "answer",
    "exporter",
    "doctor",
    "completion",
)


class _Commands(click.Group):
    """Loads a command's module when it is asked for, so that each starts with what it needs alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.commands.{name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise click.UsageError(f'No such command "{args[0]}".{hint}', ctx) from error


def _exit_codes() -> str:
    return "\n".join(f"  {outcome.value:>3}  {outcome.meaning}" for outcome in Outcome)


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=(
        "Models go to production by pull request.\n\n"
        "Declarative YAML says which registry version of a model takes which share of traffic in which "
        "environment; modelsync checks it, shows what it would change, and keeps clusters equal to it.\n\n"
        "\b\nExample:\n  modelsync validate && modelsync plan --base main\n\n"
        f"\b\nExit codes:\n{_exit_codes()}"
    ),
)
@click.version_option(__version__, "-V", "--version", prog_name="modelsync")
def app() -> None:
    """The group that all commands hang under."""


def run(arguments: list[str] | None = None) -> Outcome:
    """Run one command line and say how it ended. Expected errors are told; nothing else is swallowed."""
    try:
        result = app.main(args=arguments, prog_name="modelsync", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return Outcome.INTERRUPTED
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return Outcome.INTERRUPTED
    except click.exceptions.Exit as error:
        return Outcome(error.exit_code)
    except click.ClickException as error:
        error.show()
        return Outcome.CONFIGURATION
    except Exception as error:
        return _report_error(error)
    return result if isinstance(result, Outcome) else Outcome.DONE


def main() -> None:
    """Entry point of the command."""
    # What a run makes is kept or freed at once: looking for cycles as often as usual is a twentieth of it.
    gc.set_threshold(100_000)
    # A Job is ended with TERM; as an interrupt it gives the Lease back on its way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    outcome = run()
    # Else Python ends with a search for cycles in all that was read, to free what is freed anyway.
    gc.freeze()
    sys.exit(int(outcome))


def _report_error(error: Exception) -> Outcome:
    # Only an error needs the classes of all ports; help and version start faster without them.
    from reconciler.pipeline.outcomes import find_outcome
    from reconciler.report.screen import clean_screen

    outcome = find_outcome(error)
    if outcome is None:
        traceback.print_exc()
        click.echo(
            f"defect: modelsync {__version__} met an error that it does not know (Python "
            f"{platform.python_version()}, {platform.system()}). Nothing more was done after it. "
            "Please report it with the lines above.",
            err=True,
        )
        return Outcome.DEFECT
    word = "undecided" if outcome is Outcome.UNDECIDED else "error"
    click.echo(clean_screen(f"{word}: {error}"), err=True)
    return outcome
