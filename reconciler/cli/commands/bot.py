"""`modelsync bot`: one run that proposes newer versions, and the way back from what failed."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import (
    cluster_options,
    directory_option,
    forge_options,
    output_option,
    with_settings,
)
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome, worst

if TYPE_CHECKING:
    from reconciler.pipeline.edits.edit import Judged
    from reconciler.state.runs import TargetStatus

_HELP = """Propose newer versions, and the way back from what failed, as pull requests: one run.

A deployment's `follow` block says what is newer: {alias: champion}, {tag: {stage: ready}} or
{metric: rmse, better: lower}. Such a version is pinned and put beside those that serve, at `traffic` percent
(10 if not said); versions that are held are skipped. In an environment with `auto: rollback` a deployment
that status reports as failed past its deadline gets the same proposal as modelsync rollback makes.

Each deployment has one branch and one open pull request, which is written anew when there is something else
to propose, and closed when there is nothing any more, or nothing is followed any more. One that somebody
closed stays closed; a branch with commits of others is left alone. Where nothing changed, nothing is written.

The registry is that of MLFLOW_TRACKING_URI. Run it on the branch that pull requests go into, as it is at the
remote. git pushes as the caller does.

\b
Examples:
  modelsync bot --dry-run
  modelsync bot --base main --remote origin
  modelsync bot -o json
"""

_WINDOW = 3600


@click.command("bot", help=_HELP, short_help="Propose newer versions, and the way back from what failed.")
@directory_option
@click.option(
    "--base", default="main", show_default=True, metavar="BRANCH", help="What pull requests are merged into."
)
@click.option("--remote", default="origin", show_default=True, metavar="NAME", help="Where branches go.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@output_option("text", "json")
@forge_options
@cluster_options
@with_settings
def command(settings: Settings, base: str, remote: str, dry_run: bool, output: str) -> Outcome:
    from reconciler import wiring
    from reconciler.cli.transfer import show_transfers
    from reconciler.pin.session import Reading
    from reconciler.pipeline.bot.pulls import PREFIX, PullTools
    from reconciler.pipeline.bot.run import BotTools, run_bot
    from reconciler.pipeline.edits.edit import open_workspace
    from reconciler.report.bot import show_bot, show_closing, show_json

    workspace = open_workspace(settings.directory, wiring.open_clock().now())
    _refuse_uncommitted(settings)
    with (
        wiring.open_worktree_source(settings) as source,
        tempfile.TemporaryDirectory(prefix="modelsync-bot-") as folder,
        show_transfers() as progress,
    ):
        branches = wiring.open_bot_branches(settings, remote, PREFIX)

        def open_pulls() -> PullTools:
            forge = wiring.open_forge(settings, wiring.open_worktree(settings).read_remote(remote))
            return PullTools(
                target=base,
                forge=forge,
                branches=branches,
                source=source,
                write_body=_write_body,
                write_closing=show_closing,
            )

        tools = BotTools(
            open_pulls=open_pulls,
            has_branches=branches.exist,
            open_registry=wiring.open_registry,
            read_status=lambda environment: _read_status(settings, environment),
            reading=Reading(cache=Path(folder)),
            progress=progress,
        )
        results = run_bot(workspace, tools, dry_run=dry_run)
    if output == "json":
        click.echo(show_json(results, dry_run=dry_run))
    elif results:
        click.echo(show_bot(results, dry_run=dry_run))
    else:
        click.echo(
            "no deployment has a follow block, and no environment auto: rollback; there is nothing to do.",
            err=True,
        )
    return worst(result.outcome for result in results)


def _refuse_uncommitted(settings: Settings) -> None:
    """What is proposed is made from HEAD alone."""
    from reconciler import wiring
    from reconciler.load.layout import DATA_FOLDERS
    from reconciler.pipeline.refusals import EditConflict

    worktree = wiring.open_worktree(settings)
    if not worktree.is_git():
        raise click.UsageError("the bot opens pull requests, and this folder is in no git work tree.")
    changed = worktree.look(DATA_FOLDERS).changed
    if changed:
        verb = "has" if len(changed) == 1 else "have"
        raise EditConflict(
            f"{', '.join(changed)} {verb} uncommitted changes, and the bot goes by what is committed. "
            "Commit or stash them; nothing was changed."
        )


def _read_status(settings: Settings, environment: str) -> tuple[TargetStatus, ...]:
    from reconciler import wiring
    from reconciler.pipeline.status import StatusTools, read_status

    # What the commit at hand declares is compared with what is applied, whatever its branch is called.
    settings = replace(settings, ref="HEAD", repository="")
    with wiring.open_worktree_source(settings) as source:
        tools = StatusTools(
            source=source,
            cluster=wiring.open_cluster(settings),
            clock=wiring.open_clock(),
            open_metrics=wiring.open_metrics,
            window=_WINDOW,
        )
        return read_status((environment,), settings, tools)


def _write_body(judged: Judged) -> str:
    from reconciler.report.proposal import show_proposal

    change = judged.change
    return show_proposal(change.notes, change.details, judged.findings, judged.planned.plans)
