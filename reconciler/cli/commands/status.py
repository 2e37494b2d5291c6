"""`modelsync status`: what is declared, applied, routed and served, and how it is doing."""

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
from reconciler.settings import Settings, parse_duration
from reconciler.state.outcomes import Outcome, worst

# Seconds; sources collect every quarter or whole minute.
_LEAST_WINDOW = 60

_HELP = """Show declared, applied, routed and served shares, health, and the last runs.

Declared is what git says, applied what the cluster's object says, routed what the ingress was told, and
served which part of the answered requests each version gave (from the Prometheus that environment.yaml
names). A dash stands for what is not known. Freezes, suspensions, emergencies, fights and what waits after a
failure are told below, and where ENV is named its last twenty runs. Nothing is written.

\b
Examples:
  modelsync status
  modelsync status production/wines --window 15m
"""


@click.command("status", help=_HELP, short_help="Show what is served, and how it is doing.")
@click.argument("names", nargs=-1, metavar="[ENV[/DEPLOYMENT]]...")
@directory_option
@click.option(
    "--window", default="1h", show_default=True, metavar="TIME", help="How far back requests are counted."
)
@output_option("table", "json")
@git_options
@cluster_options
@with_settings
def command(settings: Settings, names: tuple[str, ...], window: str, output: str) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.status import StatusTools, read_status
    from reconciler.report import json, text_status

    seconds = int(parse_duration(window, "--window", least=_LEAST_WINDOW))
    with wiring.open_source(settings) as source:
        states = read_status(
            names,
            settings,
            StatusTools(
                source=source,
                cluster=wiring.open_cluster(settings),
                clock=wiring.open_clock(),
                open_metrics=wiring.open_metrics,
                window=seconds,
            ),
        )
    if output == "json":
        click.echo(json.show_status(states))
    else:
        click.echo(text_status.show_status(states, datetime.now(timezone.utc), history=bool(names)))
    return worst(state.outcome for state in states)
