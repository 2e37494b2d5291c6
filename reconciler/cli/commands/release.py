"""`modelsync release`: put a version beside those that serve."""

from __future__ import annotations

import click

from reconciler.cli.editing import EditOptions, carry_out, complete_deployment, edit_options, parse_version
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Put VERSION of ENV/DEPLOYMENT's model beside the versions that serve, at 10 % or as told.

The share is taken from the largest live variant (of equal ones the first in the file), then from the next
largest; the rest keep theirs. The deployment's file is edited in place, with its comments and layout; what
the rules and the plan say of the result is shown first. The cluster is not touched: that is for the merge.

\b
Examples:
  modelsync release production/wines v5 --traffic 10
  modelsync release production/wines v6 --shadow 100 --commit
"""


@click.command("release", help=_HELP, short_help="Put a version beside those that serve.")
@click.argument("name", metavar="ENV/DEPLOYMENT", shell_complete=complete_deployment)
@click.argument("version", metavar="VERSION", callback=parse_version)
@click.option("--traffic", type=click.IntRange(0, 100), help="Its percent of live requests (default: 10).")
@click.option(
    "--shadow", type=click.IntRange(1, 100), help="Mirror this percent instead; answers are dropped."
)
@click.option("--from", "giver", default="", metavar="VARIANT", help="The variant that gives all of it.")
@edit_options
def command(
    settings: Settings,
    editing: EditOptions,
    name: str,
    version: int,
    traffic: int | None,
    shadow: int | None,
    giver: str,
) -> Outcome:
    from reconciler.pipeline.edits.shares import release

    if shadow is not None and (traffic is not None or giver):
        raise click.UsageError("--shadow takes no share from others; leave --traffic and --from out.")
    return carry_out(
        settings,
        editing,
        lambda workspace: release(workspace, name, version, traffic=traffic, shadow=shadow, giver=giver),
    )
