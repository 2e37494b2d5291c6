"""`modelsync plan`: what will change, before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import cluster_options, directory_option, output_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome, worst
from reconciler.state.reviews import Review, Verdict

if TYPE_CHECKING:
    from reconciler.pipeline.review.offline import Planned
    from reconciler.pipeline.review.plan import PlannedChange

_HELP = """Show what will change: models and shares first, then fields.

Without --live the work tree is compared with the commit where it left the branch --base, and no cluster is
asked; what is known of each version, the risks and whose approval is needed are told with it. It ends with 1
where the verdict is fail. With --live it is compared with what the cluster holds, and every change is tried
there by a server-side dry-run.

\b
Examples:
  modelsync plan --base main
  modelsync plan --base origin/main --registry -o markdown
  modelsync plan production --live -o markdown
"""


@click.command("plan", help=_HELP, short_help="Show what will change.")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@directory_option
@click.option("--base", show_default="HEAD", metavar="REF", help="The branch or commit to compare with.")
@click.option("--head", metavar="REF", help="A commit in place of the work tree.")
@click.option("--registry", is_flag=True, help="Compare changed records with the registry.")
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
    registry: bool,
    live: bool,
    detailed_exitcode: bool,
    output: str,
) -> Outcome:
    from reconciler.report.screen import clean_screen

    if live and base is not None:
        raise click.UsageError("--live compares with the cluster and --base with a commit; give one of them.")
    if live and registry:
        raise click.UsageError("--registry is about the records of a change, and --live compares no change.")
    if live:
        planned = _plan_live(settings, environments, head)
        judged = Outcome.DONE
        _show_plans(planned, output)
    else:
        base = "HEAD" if base is None else base
        change = _plan_change(settings, environments, base, head, ask_registry=registry)
        planned = change.planned
        judged = _conclude(change.review)
        _show_change(change, output)
    for note in planned.notes:
        click.echo(clean_screen(note), err=True)
    outcome = worst((planned.outcome, judged))
    if outcome is Outcome.DONE and detailed_exitcode and any(plan.changes for plan in planned.plans):
        return Outcome.PENDING
    return outcome


def _conclude(review: Review) -> Outcome:
    """A registry that was asked and did not answer is no pass; where nobody asked, the verdict says so."""
    if review.verdict is Verdict.FAIL:
        return Outcome.FINDINGS
    return Outcome.UNDECIDED if any(item.blocking for item in review.undecided) else Outcome.DONE


def _plan_live(settings: Settings, environments: tuple[str, ...], head: str | None) -> Planned:
    from reconciler import wiring
    from reconciler.pipeline.check import check_tree, check_worktree
    from reconciler.pipeline.live import plan_live

    with wiring.open_worktree_source(settings) as source:
        revision = source.resolve(head or "HEAD")
        return plan_live(
            check_tree(source.read(revision)) if head else check_worktree(settings.directory),
            environments,
            cluster_name=settings.cluster.name,
            source=source,
            revision=revision,
            cluster=wiring.open_cluster(settings),
            clock=wiring.open_clock(),
        )


def _plan_change(
    settings: Settings, environments: tuple[str, ...], base: str, head: str | None, *, ask_registry: bool
) -> PlannedChange:
    from reconciler import wiring
    from reconciler.pipeline.review.plan import Question, plan_change

    question = Question(
        directory=settings.directory,
        base=base,
        head=head,
        environments=environments,
        cluster=settings.cluster.name,
    )
    with wiring.open_worktree_source(settings) as source:
        return plan_change(
            source,
            question,
            wiring.open_clock().now(),
            open_registry=wiring.open_registry if ask_registry else None,
        )


def _show_plans(planned: Planned, output: str) -> None:
    from reconciler.report import json, markdown, text

    # Where no plan could be made the notes say why; "no environments" would be untrue.
    if planned.plans or not planned.notes or output == "json":
        view = {"text": text.show_plans, "json": json.show_plans, "markdown": markdown.show_plans}[output]
        click.echo(view(planned.plans))


def _show_change(change: PlannedChange, output: str) -> None:
    from reconciler.report import comment, comment_json, comment_text, text

    plans, review = change.planned.plans, change.review
    if output == "json":
        click.echo(comment_json.show_change(plans, review))
    elif output == "markdown":
        click.echo(comment.show_comment(review))
    else:
        click.echo(f"{text.show_plans(plans)}\n\n{comment_text.show_review(review)}")
