"""`modelsync rollback`: back to the last set without the present challenger."""

from __future__ import annotations

import click

from reconciler.cli.editing import EditOptions, carry_out, complete_deployment, edit_options, parse_version
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Bring back the last shares of ENV/DEPLOYMENT that were served without the present challenger.

They come from git: the commits of the first-parent line of HEAD that changed the deployment's file. With
VERSION it is the last of them that gave VERSION traffic. The versions that go are held in exceptions.yaml, so
that automation does not bring them back. A rollback waits for no freeze and no soak.

\b
Examples:
  modelsync rollback production/wines
  modelsync rollback production/wines v3 --reason "v5 answers nonsense" --commit
"""


@click.command("rollback", help=_HELP, short_help="Back to the shares before the present challenger.")
@click.argument("name", metavar="ENV/DEPLOYMENT", shell_complete=complete_deployment)
@click.argument("version", metavar="[VERSION]", required=False, callback=parse_version)
@click.option("--reason", default="", help="Why, for whoever reads the hold.")
@edit_options
def command(settings: Settings, editing: EditOptions, name: str, version: int | None, reason: str) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.edits.rollback import roll_back

    with wiring.open_worktree_source(settings) as source:
        return carry_out(
            settings,
            editing,
            lambda workspace: roll_back(workspace, name, source, version=version, reason=reason),
        )
