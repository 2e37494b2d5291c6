"""`modelsync answer`: serve a comment below a pull request that asks for a record."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.options import directory_option, forge_options, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Serve a comment below a pull request: /modelsync pin MODEL VERSION.

For a workflow with rights on new comments, which runs the code of the main branch; EVENT is its event's
file (GITHUB_EVENT_PATH). Who may write to the repository gets the version pinned: read from the registry of
MLFLOW_TRACKING_URI and committed to the pull request's branch. The answer is a comment. The clone must have
the branch's commits; no file of it is checked out or run.

\b
Example:
  modelsync answer "$GITHUB_EVENT_PATH"
"""


@click.command("answer", help=_HELP, short_help="Serve a comment that asks for a record.")
@click.argument("event", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--tag",
    "tags",
    multiple=True,
    envvar="MODELSYNC_PIN_TAGS",
    metavar="PATTERN",
    help="Record tags with these keys too, as modelsync pin does.",
)
@directory_option
@forge_options
@with_settings
def command(settings: Settings, event: Path, tags: tuple[str, ...]) -> Outcome:
    from reconciler import wiring
    from reconciler.cli.commands.pin import find_cache
    from reconciler.cli.transfer import show_transfers
    from reconciler.pin.evidence import TAGS
    from reconciler.pin.session import Reading
    from reconciler.pipeline.review.answer import Desk, answer, read_event
    from reconciler.report.answer import show_answer
    from reconciler.report.screen import clean_screen

    asked = read_event(event)
    if not asked.is_for_us:
        click.echo("the comment asks for nothing.")
        return Outcome.DONE
    forge = wiring.open_forge(settings)
    with show_transfers() as progress:
        desk = Desk(
            forge=forge,
            open_source=lambda: wiring.open_worktree_source(settings),
            open_registry=wiring.open_registry,
            reading=Reading(cache=find_cache(), tags=(*TAGS, *tags)),
            progress=progress,
        )
        given = answer(asked, desk)
    shown = show_answer(given.said, given.lines)
    forge.add_comment(asked.number, shown)
    click.echo(clean_screen(shown))
    if given.logged:
        click.echo(clean_screen(given.logged), err=True)
    return given.outcome
