"""`modelsync retire`: the end of a deployment or an environment."""

from __future__ import annotations

import click

from reconciler.cli.editing import EditOptions, carry_out, complete_object, edit_options
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """End ENV/DEPLOYMENT, or all of ENV: its objects are deleted by the next sync after the merge.

Writes retire: true into its file, which is the approval; the file may go afterwards.

\b
Example:
  modelsync retire production/wines
"""


@click.command("retire", help=_HELP, short_help="End a deployment or an environment.")
@click.argument("name", metavar="ENV[/DEPLOYMENT]", shell_complete=complete_object)
@edit_options
def command(settings: Settings, editing: EditOptions, name: str) -> Outcome:
    from reconciler.pipeline.edits.exceptions import retire

    return carry_out(settings, editing, lambda workspace: retire(workspace, name))
