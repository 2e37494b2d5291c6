"""`modelsync plan`: what will change, before it does."""

from __future__ import annotations

import click

from reconciler.cli.options import cluster_options, directory_option, output_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Show what will change: models and shares first, then fields.

Without --live the work tree is compared with a base commit, and no cluster is asked. With --live it is
compared with what the cluster holds, and every change is tried there by a server-side dry-run.

\b
Examples:
  modelsync plan --base main
  modelsync plan production --live -o markdown
"""


@click.command("plan", help=_HELP, short_help="Show what will change.")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@directory_option
@click.option("--base", show_default="HEAD", metavar="REF", help="The commit to compare with.")
@click.option("--head", metavar="REF", help="A commit in place of the work tree.")
@click.option("--live", is_flag=True, help="Compare with the cluster instead of a base commit.")
@click.option("--detailed-exitcode", is_flag=True, help="End with 4 if there are changes.")
@output_option("text", "json", "markdown")
@cluster_options
@with_settings
def command(
    settings: Settings,
    environments: tuple[str, ...],
    base: str | None,
    head: str | None,
    live: bool,
    detailed_exitcode: bool,
    output: str,
) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.check import check_tree, check_worktree
    from reconciler.report import json, markdown, text

    if live and base is not None:
        raise click.UsageError("--live compares with the cluster and --base with a commit; give one of them.")
    with wiring.open_worktree_source(settings) as source:
        if live:
            from reconciler.pipeline.live import plan_live

            revision = source.resolve(head or "HEAD")
            planned = plan_live(
                check_tree(source.read(revision)) if head else check_worktree(settings.directory),
                environments,
                cluster_name=settings.cluster.name,
                source=source,
                revision=revision,
                cluster=wiring.open_cluster(settings),
                clock=wiring.open_clock(),
            )
        else:
            from reconciler.pipeline.offline import plan_offline

            before = source.resolve("HEAD" if base is None else base)
            after = source.resolve(head) if head else None
            planned = plan_offline(
                check_tree(source.read(before)),
                check_tree(source.read(after)) if after else check_worktree(settings.directory),
                environments,
                cluster=settings.cluster.name,
                revision=str(after) if after else f"the work tree, on {before}",
                now=wiring.open_clock().now(),
            )
    view = {"text": text.show_plans, "json": json.show_plans, "markdown": markdown.show_plans}[output]
    # Where no plan could be made the notes say why; "no environments" would be untrue.
    if planned.plans or not planned.notes or output == "json":
        click.echo(view(planned.plans))
    for note in planned.notes:
        click.echo(note, err=True)
    if planned.outcome is Outcome.DONE and detailed_exitcode and any(plan.changes for plan in planned.plans):
        return Outcome.PENDING
    return planned.outcome
