"""`modelsync status`: what is declared, what is applied, and how it is doing."""

from __future__ import annotations

from datetime import datetime, timezone

import click

from reconciler.cli.options import (
    cluster_options,
    directory_option,
    git_options,
    output_option,
    with_settings,
)
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome, worst

_HELP = """Show declared and applied shares, health, and the last runs.

\b
Examples:
  modelsync status
  modelsync status production/wines
"""


@click.command("status", help=_HELP, short_help="Show what is served, and how it is doing.")
@click.argument("names", nargs=-1, metavar="[ENV[/DEPLOYMENT]]...")
@directory_option
@output_option("table", "json")
@git_options
@cluster_options
@with_settings
def command(settings: Settings, names: tuple[str, ...], output: str) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.status import read_status
    from reconciler.report import json, text_status

    with wiring.open_source(settings) as source:
        states = read_status(names, settings, source, wiring.open_cluster(settings), wiring.open_clock())
    if output == "json":
        click.echo(json.show_status(states))
    else:
        click.echo(text_status.show_status(states, datetime.now(timezone.utc)))
    return worst(state.outcome for state in states)
