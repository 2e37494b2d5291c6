"""What `add model` and `add environment` share: options, and the way from new files to the work tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import directory_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

if TYPE_CHECKING:
    from reconciler.load.worktree import Worktree
    from reconciler.pipeline.edits.additions import Addition
    from reconciler.scaffold.layout import Files


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOptions:
    """How new files are added. `branch` names the branch of a commit; empty: the command's own."""

    dry_run: bool
    commit: bool
    branch: str


def add_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of every command that adds files, collected into `settings` and `adding`."""

    @wraps(function)
    def collect(settings: Settings, dry_run: bool, commit: bool, branch: str, **rest: Any) -> Any:
        if branch and not commit:
            raise click.UsageError("--branch names the branch of a commit; add --commit.")
        adding = AddOptions(dry_run=dry_run, commit=commit, branch=branch)
        return function(settings=settings, adding=adding, **rest)

    decorated: Any = with_settings(collect)
    for option in (
        directory_option,
        click.option("--branch", default="", metavar="NAME", help="The branch that --commit makes."),
        click.option(
            "--commit", is_flag=True, help="Commit on a new branch, and leave the work tree as it is."
        ),
        click.option("--dry-run", is_flag=True, help="Show the new files; write nothing."),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]  # click's decorators keep what they are given


def add_files(
    settings: Settings, adding: AddOptions, worktree: Worktree, files: Files, *, name: str, following: str
) -> Outcome:
    """Check what new files make of the work tree, and write or commit them unless a hard rule is broken.

    `name` says what they are, such as `model wines`; `following` is the next step. Raises SettingsError where
    a file is there with another content.
    """
    from reconciler import wiring
    from reconciler.pipeline.edits.additions import judge_addition

    if adding.commit and not wiring.open_worktree(settings).is_git():
        raise click.UsageError("--commit needs a git work tree, and this folder is in none.")
    addition = judge_addition(worktree, files, wiring.open_clock().now())
    if not addition.files:
        click.echo(
            f"{', '.join(files)}: there already, with the same content; nothing was written.", err=True
        )
        click.echo(f"next: {following}", err=True)
        return Outcome.DONE
    if adding.dry_run:
        click.echo(addition.diff)
    _show_findings(addition)
    if addition.is_broken:
        click.echo("nothing was written: no waiver lifts such a rule.", err=True)
        return Outcome.FINDINGS
    if not adding.dry_run:
        _write(settings, adding, addition.files, name, following)
    faulty = any(finding.is_error for finding in addition.findings)
    return Outcome.FINDINGS if faulty else Outcome.DONE


def _show_findings(addition: Addition) -> None:
    from reconciler.report.text_edit import show_findings

    if addition.findings:
        click.echo(show_findings(addition.findings), err=True)


def _write(
    settings: Settings, adding: AddOptions, files: Mapping[str, bytes], name: str, following: str
) -> None:
    from reconciler import wiring
    from reconciler.cli.files import write_new

    if adding.commit:
        branch = adding.branch or f"modelsync/add-{name.replace(' ', '-')}"
        made = wiring.open_worktree(settings).commit(branch, files, f"Add {name}\n")
        click.echo(f"committed {made[:7]} on {branch}: {', '.join(sorted(files))}")
        following = f"git push --set-upstream origin {branch}, and open a pull request; then {following}"
    else:
        for path in write_new(settings.directory, files):
            click.echo(f"wrote {path}")
    click.echo(f"next: {following}", err=True)
