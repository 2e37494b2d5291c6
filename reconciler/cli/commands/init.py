"""`modelsync init`: a fresh GitOps repository."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.state.outcomes import Outcome

_HELP = """Lay out a fresh GitOps repository in DIR: folders, schemas, a workflow that validates, a README.

Files that are there already are never changed: if one of them differs, nothing is written.

\b
Example:
  modelsync init wine-shop && cd wine-shop && git init
"""


@click.command("init", help=_HELP, short_help="Lay out a fresh GitOps repository.")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def command(directory: Path) -> Outcome:
    from reconciler.cli.files import write_new
    from reconciler.scaffold.layout import lay_out_repository
    from reconciler.validate.schema import schema_files

    written = write_new(directory, lay_out_repository(schema_files()))
    for path in written:
        click.echo(f"wrote {directory / path}")
    if not written:
        click.echo(f"{directory}: everything is there already; nothing was written.", err=True)
    click.echo(
        "next: modelsync add environment staging --namespace …, and modelsync add model …, in that folder",
        err=True,
    )
    return Outcome.DONE
