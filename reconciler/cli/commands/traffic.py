"""`modelsync traffic`: give live variants other shares."""

from __future__ import annotations

import re

import click

from reconciler.cli.editing import EditOptions, carry_out, complete_deployment, edit_options
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Give live variants of ENV/DEPLOYMENT other shares, in percent.

What is not named keeps its share, and all of them sum to 100. Only the numbers in the deployment's file
change. A variant at 0 still has its Pods: it can come back at once.

\b
Example:
  modelsync traffic production/wines v3=70 v5=30
"""

_SHARE = re.compile(r"([a-z0-9-]+)=([0-9]{1,3})")


def _parse_shares(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, int]:
    shares: dict[str, int] = {}
    for text in given:
        match = _SHARE.fullmatch(text)
        if match is None or int(match.group(2)) > 100:
            raise click.BadParameter(f'"{text}" is no share; write VARIANT=PERCENT, such as v5=30.')
        if match.group(1) in shares:
            raise click.BadParameter(f"{match.group(1)} is given twice.")
        shares[match.group(1)] = int(match.group(2))
    return shares


@click.command("traffic", help=_HELP, short_help="Give live variants other shares.")
@click.argument("name", metavar="ENV/DEPLOYMENT", shell_complete=complete_deployment)
@click.argument("shares", nargs=-1, required=True, metavar="VARIANT=PERCENT...", callback=_parse_shares)
@edit_options
def command(settings: Settings, editing: EditOptions, name: str, shares: dict[str, int]) -> Outcome:
    from reconciler.pipeline.edits.shares import move_traffic

    return carry_out(settings, editing, lambda workspace: move_traffic(workspace, name, shares))
