"""`modelsync history`: what was served when, by which change, approved by whom, and where it came from."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import click

from reconciler.cli.editing import complete_deployment
from reconciler.cli.options import (
    directory_option,
    forge_options,
    git_options,
    output_option,
    with_settings,
)
from reconciler.settings import Settings, SettingsError
from reconciler.state.moments import start_of
from reconciler.state.outcomes import Outcome

_HELP = """Show what a deployment served when, as the main branch tells.

Each line is a set of versions with their shares, from the merge that brought it to the one that ended it;
below it stand that commit and the run, data and training commit of each version. The times are commit dates
of the main branch. Neither cluster nor registry is asked.

Who approved is told by the forge, and only with --approvals: the pull request that brought each commit, and
whose approval of it counts; of more than 50 changes, of the newest. The forge is found as for --pull-request.
Without it only what the commits' messages say of reviews is shown.

\b
Examples:
  modelsync history production/wines
  modelsync history production/wines --approvals
  modelsync history production/wines --at 2026-05-03T14:00Z -o json
"""


@click.command("history", help=_HELP, short_help="Show what was served when, and where it came from.")
@click.argument("name", metavar="ENV/DEPLOYMENT", shell_complete=complete_deployment)
@directory_option
@click.option("--approvals", is_flag=True, help="Ask the forge by whom each change was approved.")
@click.option(
    "--at", metavar="TIME", help="Only what was served then: 2026-05-03 or 2026-05-03T14:00Z (UTC)."
)
@output_option("text", "json")
@git_options
@forge_options
@with_settings
def command(settings: Settings, name: str, approvals: bool, at: str | None, output: str) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.history.reading import read_deployment_history
    from reconciler.pipeline.selection import split_name
    from reconciler.report import history as report

    moment = None if at is None else _read_time(at)
    deployment = split_name(name)
    forge = wiring.open_forge(settings) if approvals else None
    now = wiring.open_clock().now()
    with wiring.open_source(settings) as source:
        history = read_deployment_history(source, source.resolve(settings.ref), deployment, now)
    if not history.periods and history.complete:
        raise SettingsError(f"{name}: {settings.ref} never declared such a deployment.")
    periods = history.periods
    if moment is not None:
        periods = tuple(
            period
            for period in periods
            if period.since <= moment and (period.until is None or moment < period.until)
        )
    if forge is not None:
        from reconciler.pipeline.history.approvals import read_approvals

        commits = (period.commit.sha for period in periods if period.commit is not None)
        history = replace(history, approvals=read_approvals(forge, commits, settings.ref))
    click.echo({"text": report.show_text, "json": report.show_json}[output](history, periods))
    if not history.complete and not periods:
        return Outcome.UNDECIDED
    return Outcome.DONE if history.approvals is None else history.approvals.outcome


def _read_time(text: str) -> datetime:
    try:
        return start_of(text)
    except ValueError as error:
        raise SettingsError(
            f'--at is "{text}"; write a date or a time in UTC, such as 2026-05-03 or 2026-05-03T14:00Z.'
        ) from error
