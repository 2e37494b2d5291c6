"""`modelsync sync`: one reconcile run; what the CronJob executes."""

from __future__ import annotations

import sys

import click

from reconciler.cli.options import (
    cluster_options,
    directory_option,
    git_options,
    output_option,
    trust_options,
    with_settings,
)
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Make the cluster equal to one git revision, and report what is being served.

The commit is resolved once and everything is checked before the first write. Without ENV all environments
of the cluster are synced. A run that finds nothing to do writes nothing.

\b
Examples:
  modelsync sync production
  modelsync sync production --repository https://git.example.com/ml/models.git --ref main --wait 10m
  modelsync sync --only production/wines
"""


@click.command("sync", help=_HELP, short_help="Make the cluster equal to a revision.")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@directory_option
@click.option("--only", multiple=True, metavar="ENV/DEPLOYMENT", help="Sync these alone; prunes nothing.")
@click.option(
    "--now", "at_once", is_flag=True, help="Try a commit that failed before without waiting any longer."
)
@click.option(
    "--wait",
    default=lambda: "10m" if sys.stdout.isatty() else "0s",
    show_default="10m on a terminal, else 0s",
    metavar="TIME",
    help="How long to wait for health.",
)
@click.option(
    "--lease-duration",
    default="15s",
    show_default=True,
    envvar="MODELSYNC_LEASE_DURATION",
    metavar="TIME",
    help="How long a run that died keeps others from writing.",
)
@click.option(
    "--lease-wait",
    default="30s",
    show_default=True,
    envvar="MODELSYNC_LEASE_WAIT",
    metavar="TIME",
    help="How long to wait for a run that is writing.",
)
@output_option("text", "json")
@git_options
@trust_options
@cluster_options
@with_settings
def command(
    settings: Settings, environments: tuple[str, ...], only: tuple[str, ...], output: str, *, at_once: bool
) -> Outcome:
    from reconciler import wiring
    from reconciler.cli.progress import tell_when_long
    from reconciler.cli.signals import stop_on_signals
    from reconciler.pipeline.sync.run import SyncRequest, SyncTools, sync
    from reconciler.report import json, text_run

    with stop_on_signals() as stop, wiring.open_source(settings) as source:
        run = sync(
            SyncRequest(environments=environments, only=only, at_once=at_once),
            settings,
            SyncTools(
                source=source,
                cluster=wiring.open_cluster(settings, lambda: stop.requested),
                clock=wiring.open_clock(),
                progress=tell_when_long(),
                stop=stop,
            ),
        )
    click.echo({"text": text_run.show_run, "json": json.show_run}[output](run))
    return run.outcome
