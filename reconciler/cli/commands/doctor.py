"""`modelsync doctor`: is everything there that a run needs?"""

from __future__ import annotations

import click

from reconciler.cli.options import cluster_options, directory_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome, worst

_HELP = """Look at everything that a run needs, and say what is missing and how to mend it.

Looks at the declarations, the cluster, each target's namespace, label, kind, rights and source of metrics,
and at the registry where MLFLOW_TRACKING_URI is set. Changes nothing.

\b
Example:
  modelsync doctor --context production
"""


@click.command("doctor", help=_HELP, short_help="Look for what is missing.")
@directory_option
@cluster_options
@with_settings
def command(settings: Settings) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.check import check_worktree
    from reconciler.pipeline.doctor import Verdict, examine_all

    diagnoses = examine_all(
        check_worktree(settings.directory),
        settings.cluster.name,
        open_cluster=lambda: wiring.open_cluster(settings),
        open_registry=wiring.open_registry,
        open_metrics=wiring.open_metrics,
    )
    outcomes = {
        Verdict.GOOD: Outcome.DONE,
        Verdict.SKIPPED: Outcome.DONE,
        Verdict.BAD: Outcome.FINDINGS,
        Verdict.UNKNOWN: Outcome.UNDECIDED,
    }
    found = set()
    for diagnosis in diagnoses:
        found.add(outcomes[diagnosis.verdict])
        click.echo(f"{diagnosis.verdict.value:<9} {diagnosis.subject}: {diagnosis.detail}")
        if diagnosis.remedy:
            click.echo(f"{'':<9} {diagnosis.remedy}")
    return worst(found)
