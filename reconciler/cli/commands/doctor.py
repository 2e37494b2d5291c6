"""`modelsync doctor`: is everything there that a run needs?"""

from __future__ import annotations

import click

from reconciler.cli.options import cluster_options, directory_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome, worst

_HELP = """Look at everything that a run needs, and say what is missing and how to mend it.

Looks at the declarations, the cluster, each target's namespace, label, kind, rights and source of metrics,
and at the registry where MLFLOW_TRACKING_URI is set. Changes nothing. With --record-servers it prints
which images the operator there runs servers from, to be put into environment.yaml, and looks at nothing
else: the rule loadable-by-server judges by them.

\b
Examples:
  modelsync doctor --context production
  modelsync doctor --record-servers --context production
"""


@click.command("doctor", help=_HELP, short_help="Look for what is missing.")
@click.option(
    "--record-servers", is_flag=True, help="Print platform.servers as the cluster's operator has them."
)
@click.option(
    "--operator-namespace",
    default="seldon-system",
    show_default=True,
    help="Where the operator's ConfigMap seldon-config is.",
)
@directory_option
@cluster_options
@with_settings
def command(settings: Settings, record_servers: bool, operator_namespace: str) -> Outcome:
    from reconciler import wiring

    if record_servers:
        return _record_servers(settings, operator_namespace)
    from reconciler.pipeline.check import check_worktree
    from reconciler.pipeline.doctor import Verdict, examine_all
    from reconciler.report.screen import clean_screen

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
        click.echo(clean_screen(f"{diagnosis.verdict.value:<9} {diagnosis.subject}: {diagnosis.detail}"))
        if diagnosis.remedy:
            click.echo(clean_screen(f"{'':<9} {diagnosis.remedy}"))
    return worst(found)


def _record_servers(settings: Settings, namespace: str) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.seldon_config import describe_server_images, read_server_images
    from reconciler.report.screen import clean_screen

    reader = wiring.open_cluster(settings).reader
    for line in describe_server_images(read_server_images(reader, namespace)):
        click.echo(clean_screen(line))
    click.echo(
        f"from {reader.server}; put it into environment.yaml of what is served there, best with the images' "
        "digests. The operator's own RELATED_IMAGE_… variables, where it has such, win over these.",
        err=True,
    )
    return Outcome.DONE
