"""`modelsync explain`: which line says a setting, and what became of it."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from reconciler.cli.editing import complete_deployment
from reconciler.cli.options import cluster_options, directory_option, output_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Show which line says a setting, and what follows from it.

Settings under serving may stand in models/defaults.yaml, environment.yaml, model.yaml, the deployment's file
and a variant; the later wins. Of FIELD each layer is shown with its place and the commit that last wrote it,
then the manifest's fields that would be others if the winning line said something else; where no layer says
it, the default that holds, and whose it is. With --live the cluster's side is added: the value there, and
the field managers that hold it. Without FIELD all that is set is listed. The work tree is read, and no
cluster without --live; values that look like secrets are masked.

\b
Examples:
  modelsync explain production/wines
  modelsync explain production/wines serving.replicas --live
  modelsync explain production/wines traffic -o json
"""


def _complete_field(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """FIELD: what a declaration could say."""
    from reconciler.policy.settings import list_fields

    return [CompletionItem(field) for field in list_fields() if field.startswith(typed)]


@click.command("explain", help=_HELP, short_help="Show which line says a setting, and what follows from it.")
@click.argument("name", metavar="ENV/DEPLOYMENT", shell_complete=complete_deployment)
@click.argument("field", default="", metavar="[FIELD]", shell_complete=_complete_field)
@directory_option
@click.option("--live", is_flag=True, help="Add what the cluster holds, and who holds it there.")
@output_option("text", "json")
@cluster_options
@with_settings
def command(settings: Settings, name: str, field: str, live: bool, output: str) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.check import check_files, find_files
    from reconciler.pipeline.explain import add_live, add_writers, explain
    from reconciler.report import explanation as report

    if live and not field:
        raise click.UsageError("--live is about a field; name one, such as serving.replicas.")
    worktree = find_files(settings.directory)
    explanation = explain(check_files(worktree), name, field, cluster=settings.cluster.name)
    explanation = add_writers(explanation, worktree.files, wiring.open_worktree(settings))
    if live:
        explanation = add_live(explanation, wiring.open_cluster(settings).reader)
    click.echo({"text": report.show_text, "json": report.show_json}[output](explanation))
    return explanation.outcome
