"""`modelsync comment`: show the plan of a pull request that ran without rights below it."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.options import directory_option, forge_options, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Write the plan comment of a pull request from the FOLDER that its own job uploaded.

For a workflow with rights, which runs the code of the main branch. FOLDER holds comment.md, the output of
modelsync plan -o markdown, and pull-request, its number. Both are taken for claims: the comment is written
only below an open pull request whose last commit is --head, nothing in it can mention, link or leave its
place, and it is the one comment that is edited. The commit's status modelsync/plan says the verdict.

\b
Examples:
  modelsync comment review --head 4be2a91c0d6e8f1a2b3c4d5e6f708192a3b4c5d6
  modelsync comment review --head "$HEAD" --source "$SOURCE"
"""


@click.command("comment", help=_HELP, short_help="Write the plan comment that a job without rights made.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--head", required=True, metavar="SHA", help="The commit whose workflow wrote FOLDER.")
@click.option("--source", default="", metavar="OWNER/NAME", help="The repository that this workflow ran for.")
@directory_option
@forge_options
@with_settings
def command(settings: Settings, folder: Path, head: str, source: str) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.review.comment import Run, Shown, publish, read_upload
    from reconciler.report.comment import MARKER
    from reconciler.report.comment_foreign import neutralise, read_head, read_verdict
    from reconciler.report.screen import clean_screen

    upload = read_upload(folder)
    shown = Shown(
        text=neutralise(upload.text),
        marker=MARKER,
        head=read_head(upload.text),
        verdict=read_verdict(upload.text),
    )
    done = publish(wiring.open_forge(settings), upload.number, Run(head=head, source=source), shown)
    click.echo(clean_screen(done))
    return Outcome.DONE
