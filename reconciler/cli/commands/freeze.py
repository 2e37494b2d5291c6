"""`modelsync freeze`: a time in which nothing changes."""

from __future__ import annotations

import click

from reconciler.cli.editing import EditOptions, carry_out, complete_environment, edit_options
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Let nothing change in ENV until a moment, by an entry in exceptions.yaml.

A freeze never stops going back to what this environment served before. Hours that come back every week are
written by hand (weekly, in exceptions.yaml).

\b
Example:
  modelsync freeze production --from 2026-12-24T12:00Z --until 2027-01-01 --reason "nobody is here"
"""


@click.command("freeze", help=_HELP, short_help="Let nothing change in an environment for a time.")
@click.argument("environment", metavar="ENV", shell_complete=complete_environment)
@click.option("--reason", required=True, help="Why nothing may change.")
@click.option(
    "--until", required=True, metavar="TIME", help="Its end: 2027-01-01, or 2027-01-01T12:00Z (UTC)."
)
@click.option("--from", "start", default="", metavar="TIME", help="Its start (default: at once).")
@edit_options
def command(
    settings: Settings, editing: EditOptions, environment: str, reason: str, until: str, start: str
) -> Outcome:
    from reconciler.pipeline.edits.exceptions import freeze

    return carry_out(
        settings,
        editing,
        lambda workspace: freeze(workspace, environment, reason=reason, until=until, start=start),
    )
