"""`modelsync suspend`: a deployment, or all, that sync leaves alone."""

from __future__ import annotations

import click

from reconciler.cli.editing import EditOptions, carry_out, complete_object, edit_options
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Make sync leave ENV/DEPLOYMENT alone, or all of ENV, by an entry in exceptions.yaml.

\b
Examples:
  modelsync suspend production/prices --until 2026-11-27T18:00Z --reason "measured by hand"
  modelsync suspend staging --until 2026-11-28 --reason "the cluster is upgraded"
"""


@click.command("suspend", help=_HELP, short_help="Make sync leave a deployment alone.")
@click.argument("name", metavar="ENV[/DEPLOYMENT]", shell_complete=complete_object)
@click.option("--reason", required=True, help="Why it is left alone.")
@click.option(
    "--until", required=True, metavar="TIME", help="Its end: 2026-11-30, or 2026-11-30T12:00Z (UTC)."
)
@edit_options
def command(settings: Settings, editing: EditOptions, name: str, reason: str, until: str) -> Outcome:
    from reconciler.pipeline.edits.exceptions import suspend

    return carry_out(
        settings, editing, lambda workspace: suspend(workspace, name, reason=reason, until=until)
    )
