"""`modelsync codeowners`: who approves what, from the owners that models and environments name."""

from __future__ import annotations

import click

from reconciler.cli.options import directory_option, with_settings
from reconciler.settings import Settings, SettingsError
from reconciler.state.outcomes import Outcome

_HELP = """Show, write or check CODEOWNERS, by which the forge decides whose approval a change needs.

It follows from owners: in model.yaml (models and their deployments) and environment.yaml (rules,
exceptions, and all else of an environment). The lines go between two marks at the end of the file that is
there, or of a new one; other lines of it are kept.

\b
Examples:
  modelsync codeowners
  modelsync codeowners --write
  modelsync codeowners --check
"""


@click.command("codeowners", help=_HELP, short_help="Who approves what: show, write or check CODEOWNERS.")
@directory_option
@click.option("--write", is_flag=True, help="Write the file.")
@click.option("--check", "verify", is_flag=True, help="End with 1 if the file is not what it would write.")
@with_settings
def command(settings: Settings, write: bool, verify: bool) -> Outcome:
    from reconciler.cli.files import write_files
    from reconciler.load.worktree import choose_codeowners
    from reconciler.pipeline.check import check_files, find_files
    from reconciler.policy.codeowners import find_stale, find_unreadable, put_block, write_block
    from reconciler.policy.placing import place_all

    if write and verify:
        raise click.UsageError("--write and --check exclude each other: write, then check.")
    worktree = find_files(settings.directory)
    repository = check_files(worktree).repository
    if unreadable := find_unreadable(repository):
        raise SettingsError(
            f"{unreadable} is missing or has faults of form, so that its owners are not known. "
            "Correct that first (modelsync validate)."
        )
    file = worktree.codeowners
    path = file.path if file is not None else choose_codeowners(settings.directory)
    deployments = place_all(repository)
    block = write_block(repository, deployments, path)
    if not (write or verify):
        click.echo("\n".join(block))
        return Outcome.DONE
    text = file.text if file is not None else ""
    wanted = put_block(text, block)
    if text == wanted:
        click.echo(f"{path}: current.")
        return Outcome.DONE
    if write:
        write_files(settings.directory, {path: wanted.encode()})
        click.echo(f"wrote {path}")
        click.echo("next: commit it, and let the forge ask for reviews of code owners on main", err=True)
        return Outcome.DONE
    stale = find_stale(file, repository, deployments) if file is not None else None
    where = f"{path}:{stale.line}" if stale is not None else path
    click.echo(f"{where}: not what owners: in models and environments say. Run: modelsync codeowners --write")
    return Outcome.FINDINGS
