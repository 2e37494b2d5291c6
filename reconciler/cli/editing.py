"""What commands that edit declarations have in common: options, and the way from a request to a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from reconciler.cli.options import directory_option, forge_options, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

if TYPE_CHECKING:
    from reconciler.cli.proposing import Prepared
    from reconciler.clients.source.worktree import GitWorktree
    from reconciler.pipeline.edits.edit import Change, Judged, Workspace
    from reconciler.state.history import History

_VERSION = re.compile(r"[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditOptions:
    """How an edit is carried out. `branch` names the branch of a commit; empty: the edit's own.

    With `pull_request` it is pushed to `remote` and proposed for its branch `base`, or for that of the remote
    `into`, of which `remote` is a fork.
    """

    yes: bool
    dry_run: bool
    commit: bool
    branch: str
    allow_dirty: bool
    pull_request: bool = False
    remote: str = "origin"
    base: str = "main"
    into: str = ""


def edit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of every edit, collected into `settings` and `editing`."""

    @wraps(function)
    def collect(
        settings: Settings,
        yes: bool,
        dry_run: bool,
        commit: bool,
        branch: str,
        allow_dirty: bool,
        pull_request: bool,
        remote: str | None,
        base: str | None,
        into: str,
        **rest: Any,
    ) -> Any:
        commit = commit or pull_request
        if branch and not commit:
            raise click.UsageError("--branch names the branch of a commit; add --commit, or --pull-request.")
        if commit and allow_dirty:
            word = "--pull-request" if pull_request else "--commit"
            raise click.UsageError(f"{word} takes what is committed and --allow-dirty what is not; give one.")
        if not pull_request and (remote or base or into):
            raise click.UsageError(
                "--remote, --base and --into are about a pull request; add --pull-request."
            )
        editing = EditOptions(
            yes=yes,
            dry_run=dry_run,
            commit=commit,
            branch=branch,
            allow_dirty=allow_dirty,
            pull_request=pull_request,
            remote=remote or "origin",
            base=base or "main",
            into=into,
        )
        return function(settings=settings, editing=editing, **rest)

    decorated: Any = forge_options(with_settings(collect))
    for option in (
        directory_option,
        click.option("--remote", metavar="NAME", help="Where --pull-request pushes to (default: origin)."),
        click.option(
            "--base", metavar="BRANCH", help="What the pull request is to be merged into (default: main)."
        ),
        click.option(
            "--into",
            default="",
            metavar="NAME",
            help="The remote that the pull request is for, where --remote is a fork of it.",
        ),
        click.option(
            "--pull-request",
            is_flag=True,
            help="Commit, push, and open a pull request; a second run of its branch updates it.",
        ),
        click.option(
            "--allow-dirty", is_flag=True, help="Edit a file that has uncommitted changes, which stay."
        ),
        click.option(
            "--branch",
            default="",
            metavar="NAME",
            help="The branch of the commit (default: named by the edit).",
        ),
        click.option(
            "--commit", is_flag=True, help="Commit on a new branch, and leave the work tree as it is."
        ),
        click.option("--dry-run", is_flag=True, help="Show the changed lines; write nothing."),
        click.option("--yes", is_flag=True, help="Do not ask (needed where nobody can answer)."),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]  # click's decorators keep what they are given


def carry_out(settings: Settings, editing: EditOptions, request: Callable[[Workspace], Change]) -> Outcome:
    """Make the change that is requested, show what it means, ask, and write or commit it.

    Raises the errors of the request; EditConflict where uncommitted changes are in the way.
    """
    from reconciler import wiring
    from reconciler.cli.confirmation import ask
    from reconciler.pipeline.edits.edit import judge, open_workspace
    from reconciler.report.screen import clean_screen
    from reconciler.report.text_edit import show_edit, show_findings

    workspace = open_workspace(settings.directory, wiring.open_clock().now())
    change = request(workspace)
    worktree = wiring.open_worktree(settings)
    versioned = worktree.is_git()
    if editing.commit and not versioned:
        word = "--pull-request" if editing.pull_request else "--commit"
        raise click.UsageError(f"{word} needs a git work tree, and this folder is in none.")
    if versioned:
        _refuse_conflicts(worktree, change, editing)
    branch = editing.branch or change.branch
    prepared: Prepared | None = None
    if editing.pull_request and not editing.dry_run:
        from reconciler.cli.proposing import prepare

        prepared = prepare(settings, editing.remote, branch, editing.base, editing.into)
    judged = judge(workspace, change, _read_history(settings, workspace, change) if versioned else None)
    if editing.dry_run:
        click.echo(clean_screen(judged.diff))
        if judged.findings:
            click.echo(show_findings(judged.findings), err=True)
    else:
        click.echo(show_edit(change.notes, judged.diff, judged.findings, judged.planned.plans))
    for note in judged.planned.notes:
        click.echo(clean_screen(note), err=True)
    if editing.dry_run:
        return _conclude(judged)
    if judged.is_broken:
        click.echo("nothing was written: no waiver lifts such a rule.", err=True)
        return Outcome.FINDINGS
    for line in judged.following:
        click.echo(clean_screen(line), err=True)
    if not editing.yes and not ask(_question(editing, branch)):
        click.echo("nothing was changed.")
        return Outcome.DONE
    if prepared is not None:
        _propose(prepared, worktree, workspace, judged, editing.base)
    elif editing.commit:
        _commit(worktree, workspace, change, branch)
    else:
        _write(settings.directory, workspace, change)
    return _conclude(judged)


def complete_deployment(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """ENV/DEPLOYMENT, from the work tree's files."""
    files = _list_files(context, "*/deployments/*.yaml")
    names = (f"{file.parent.parent.name}/{file.stem}" for file in files)
    return [CompletionItem(name) for name in names if name.startswith(typed)]


def complete_object(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """ENV or ENV/DEPLOYMENT."""
    names = (file.parent.name for file in _list_files(context, "*/environment.yaml"))
    found = [CompletionItem(name) for name in names if name.startswith(typed)]
    return found + complete_deployment(context, parameter, typed)


def complete_environment(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """ENV."""
    names = (file.parent.name for file in _list_files(context, "*/environment.yaml"))
    return [CompletionItem(name) for name in names if name.startswith(typed)]


def parse_version(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """A registry version as people write it, v5 or 5. Fails for what is none."""
    if value is None:
        return None
    digits = value.removeprefix("v")
    if not _VERSION.fullmatch(digits):
        raise click.BadParameter(f'"{value}" is no version; write a number from 1, such as v5.')
    return int(digits)


def _list_files(context: click.Context, pattern: str) -> list[Path]:
    directory = context.params.get("directory") or Path()
    return sorted(Path(directory, "environments").glob(pattern))


def _read_history(settings: Settings, workspace: Workspace, change: Change) -> History | None:
    """What HEAD tells of what served; None where there is no commit yet."""
    from reconciler import wiring
    from reconciler.clients.source.interface import RevisionNotFound
    from reconciler.pipeline.history.base import find_models
    from reconciler.pipeline.history.reading import read_history

    before = workspace.worktree.files
    with wiring.open_worktree_source(settings) as source:
        try:
            head = source.resolve("HEAD").sha
        except RevisionNotFound:
            return None
        models = find_models(before, {**before, **change.files})
        return read_history(source, head, workspace.now, models=models)


def _refuse_conflicts(worktree: GitWorktree, change: Change, editing: EditOptions) -> None:
    from reconciler.pipeline.refusals import EditConflict

    state = worktree.look(tuple(sorted(change.files)))
    if state.under_way:
        raise EditConflict(
            f"{state.under_way} is under way in this work tree, so nothing was changed. "
            "End it first (git status says how)."
        )
    if state.changed and not editing.allow_dirty:
        verb = "has" if len(state.changed) == 1 else "have"
        way = "" if editing.commit else ", or add --allow-dirty to edit around them"
        raise EditConflict(
            f"{', '.join(state.changed)} {verb} uncommitted changes, so nothing was changed. "
            f"Commit or stash them{way}."
        )


def _conclude(judged: Judged) -> Outcome:
    faulty = any(finding.is_error for finding in judged.findings)
    return Outcome.FINDINGS if faulty else judged.planned.outcome


def _write(directory: Path, workspace: Workspace, change: Change) -> None:
    from reconciler.cli.replacing import replace_files

    replace_files(directory, workspace.worktree.files, change.files)
    for path in sorted(change.files):
        click.echo(f"wrote {path}")
    click.echo("next: commit it and open a pull request (modelsync plan --base main shows it all)", err=True)


def _question(editing: EditOptions, branch: str) -> str:
    if editing.pull_request:
        goal = f"{editing.base} of {editing.into}" if editing.into else editing.base
        return f"Commit on {branch}, push it to {editing.remote} and open a pull request into {goal}?"
    return f"Commit on {branch}?" if editing.commit else "Write?"


def _gather(worktree: GitWorktree, workspace: Workspace, change: Change) -> dict[str, bytes]:
    """The files of the commit: those of the change, and those that belong to it and are not committed yet."""
    from reconciler.load.layout import DATA_FOLDERS

    uncommitted = worktree.look(DATA_FOLDERS).changed
    along = [path for path in change.companions if path in uncommitted and path in workspace.worktree.files]
    files = {**change.files, **{path: workspace.worktree.files[path] for path in along}}
    left = [path for path in uncommitted if path not in files]
    if left:
        click.echo(
            f"note: the checks saw uncommitted files that the commit lacks: {', '.join(left)}", err=True
        )
    return files


def _commit(worktree: GitWorktree, workspace: Workspace, change: Change, branch: str) -> None:
    files = _gather(worktree, workspace, change)
    made = worktree.commit(branch, files, change.message)
    click.echo(f"committed {made[:7]} on {branch}: {', '.join(sorted(files))}")
    click.echo(f"next: git push --set-upstream origin {branch}, and open a pull request", err=True)


def _propose(
    prepared: Prepared, worktree: GitWorktree, workspace: Workspace, judged: Judged, base: str
) -> None:
    from reconciler.cli.proposing import publish

    change, published = judged.change, prepared.published
    files = _gather(worktree, workspace, change)
    made = prepared.publisher.commit(published, files, change.message)
    if made == published.tip:
        click.echo(f"{published.branch} has it already at {published.remote}, as {made[:7]}")
    else:
        click.echo(f"committed {made[:7]} on {published.branch}: {', '.join(sorted(files))}")
    publish(prepared, judged, made, base)
