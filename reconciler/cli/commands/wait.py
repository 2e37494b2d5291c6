"""`modelsync wait`: until a revision is served or failed."""

from __future__ import annotations

import sys

import click

from reconciler.cli.editing import complete_deployment
from reconciler.cli.options import (
    cluster_options,
    directory_option,
    git_options,
    output_option,
    with_settings,
)
from reconciler.settings import Settings, parse_duration
from reconciler.state.outcomes import Outcome

_HELP = """Wait until a revision of a deployment is served, or has failed: for CI after a merge.

The target's record tells whether a run has taken the revision up, the deployment's objects whether they are
as it says, and their health whether they serve. A later revision that the target went on to stands for the
one that was asked for. Nothing is written. It ends with 0 when the revision is served, 6 if it is unhealthy
past its deadline, 5 if it was refused, 1 if it failed, and 3 if the time is over or something that is needed
could not be reached.

\b
Examples:
  modelsync wait production/wines
  modelsync wait production/wines --revision "$GITHUB_SHA" --timeout 20m -o json
"""


@click.command("wait", help=_HELP, short_help="Wait until a revision is served, or failed.")
@click.argument("name", metavar="ENV/DEPLOYMENT", shell_complete=complete_deployment)
@directory_option
@click.option(
    "--revision", default="", show_default="that of --ref", metavar="SHA", help="The commit to wait for."
)
@click.option("--timeout", default="10m", show_default=True, metavar="TIME", help="How long to wait at most.")
@output_option("text", "json")
@git_options
@cluster_options
@with_settings
def command(settings: Settings, name: str, revision: str, timeout: str, output: str) -> Outcome:
    from reconciler import wiring
    from reconciler.cli.waiting import show_waiting
    from reconciler.pipeline.awaiting import WaitRequest, WaitTools, wait_for
    from reconciler.report.text_wait import show_json, show_wait

    request = WaitRequest(
        name=name,
        ref=settings.ref,
        revision=revision,
        cluster=settings.cluster.name,
        timeout=parse_duration(timeout, "--timeout"),
    )
    clock = wiring.open_clock()
    with wiring.open_source(settings) as source:
        tools = WaitTools(source=source, reader=wiring.open_cluster(settings).reader, clock=clock)
        with show_waiting(sys.stderr, clock.monotonic) as progress:
            waited = wait_for(request, tools, progress)
    click.echo({"text": show_wait, "json": show_json}[output](waited))
    return waited.outcome
