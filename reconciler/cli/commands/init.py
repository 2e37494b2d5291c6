"""`modelsync init`: a fresh GitOps repository."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

if TYPE_CHECKING:
    from reconciler.scaffold.origin import Origin

_HELP = """Lay out a fresh GitOps repository in DIR: folders, schemas, README, the workflows of the review.

The workflows validate pull requests, show their plan below them, compare records with the registry, serve
comments and run the bot. They install what .modelsync/bootstrap names: the commit of modelsync that this one
was installed from, where that is known.

Files that are there already are never changed: if one of them differs, nothing is written.

\b
Example:
  modelsync init wine-shop && cd wine-shop && git init --initial-branch=main
"""

_INSTALLER = ".modelsync/bootstrap"


@click.command("init", help=_HELP, short_help="Lay out a fresh GitOps repository.")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--branch", default="main", show_default=True, metavar="NAME", help="What pull requests are merged into."
)
def command(directory: Path, branch: str) -> Outcome:
    from reconciler.cli.files import write_new
    from reconciler.scaffold.layout import InvalidName, lay_out_repository
    from reconciler.validate.schema import schema_files

    origin = _find_origin()
    try:
        files = lay_out_repository(schema_files(), branch=branch, origin=origin)
    except InvalidName as error:
        raise click.UsageError(str(error)) from error
    written = write_new(directory, files)
    for path in written:
        click.echo(f"wrote {directory / path}")
    if not written:
        click.echo(f"{directory}: everything is there already; nothing was written.", err=True)
    elif origin is None:
        click.echo(
            f"{directory / _INSTALLER}: names no modelsync to install, as this one comes from no commit that "
            "others can fetch; write its repository and commit there, or the workflows fail.",
            err=True,
        )
    else:
        click.echo(f"workflows install commit {origin.commit[:12]} of {origin.repository}", err=True)
    click.echo(
        "next: modelsync add environment staging --namespace …, and modelsync add model …, in that folder",
        err=True,
    )
    return Outcome.DONE


def _find_origin() -> Origin | None:
    """The commit that this program was installed from, or that its checkout is at, if others can have it."""
    from reconciler import wiring
    from reconciler.clients.source.interface import SourceError
    from reconciler.scaffold.origin import find_origin, read_installation

    try:
        found = read_installation(distribution("modelsync").read_text("direct_url.json") or "")
    except PackageNotFoundError:
        return None
    if not isinstance(found, Path):
        return found
    worktree = wiring.open_worktree(Settings(directory=found))
    try:
        return find_origin(worktree.read_remote("origin"), worktree.find_published("origin"))
    except SourceError:
        return None
