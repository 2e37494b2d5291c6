"""`modelsync render`: an environment's manifests, without a cluster."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.files import write_files
from reconciler.cli.options import cluster_options, directory_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Print an environment's manifests, as sync would apply them.

Pure: the same files give the same bytes; no cluster and no registry is asked.

\b
Examples:
  modelsync render production
  modelsync render staging --to build/staging
"""


@click.command("render", help=_HELP, short_help="Print an environment's manifests.")
@click.argument("environment", metavar="ENV")
@directory_option
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write one file each here."
)
@cluster_options
@with_settings
def command(settings: Settings, environment: str, folder: Path | None) -> Outcome:
    from reconciler.pipeline.check import check_worktree
    from reconciler.pipeline.review.offline import render_offline
    from reconciler.render.text import to_yaml
    from reconciler.report.screen import clean_screen

    check = check_worktree(settings.directory)
    rendered = render_offline(check, environment, cluster=settings.cluster.name, commit="")
    for note in rendered.notes:
        click.echo(clean_screen(note), err=True)
    if folder is None:
        click.echo(to_yaml(rendered.manifests), nl=False)
    else:
        files = {
            f"{manifest.key.kind.name.lower()}-{manifest.key.name}.yaml": to_yaml((manifest,)).encode()
            for manifest in rendered.manifests
        }
        write_files(folder, files)
        for path in files:
            click.echo(f"wrote {folder / path}", err=True)
    return rendered.outcome
