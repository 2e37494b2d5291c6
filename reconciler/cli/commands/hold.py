"""`modelsync hold`: a version that automation skips."""

from __future__ import annotations

import click

from reconciler.cli.editing import EditOptions, carry_out, complete_deployment, edit_options, parse_version
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Make automation skip VERSION of ENV/DEPLOYMENT, by an entry in exceptions.yaml.

What serves already is not touched, and people may still release it.

\b
Example:
  modelsync hold production/wines v5 --reason "answers nonsense for sparkling wines"
"""


@click.command("hold", help=_HELP, short_help="Make automation skip a version.")
@click.argument("name", metavar="ENV/DEPLOYMENT", shell_complete=complete_deployment)
@click.argument("version", metavar="VERSION", callback=parse_version)
@click.option("--reason", required=True, help="Why the version is held.")
@click.option("--until", default="", metavar="TIME", help="Its end: 2026-11-30, or 2026-11-30T12:00Z (UTC).")
@edit_options
def command(
    settings: Settings, editing: EditOptions, name: str, version: int, reason: str, until: str
) -> Outcome:
    from reconciler.pipeline.edits.exceptions import hold

    return carry_out(
        settings, editing, lambda workspace: hold(workspace, name, version, reason=reason, until=until)
    )
