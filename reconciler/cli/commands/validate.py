"""`modelsync validate`: schema, cross-file and policy checks."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import directory_option, output_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

if TYPE_CHECKING:
    from reconciler.state.repository import Repository
    from reconciler.validate.checks import Check

_VIEWS = {"text": "text", "json": "json_check", "sarif": "sarif", "junit": "junit", "github": "github"}
"""Formats by the module of report/ that shows them; each is imported when it is asked for."""

_HELP = """Check all declarations: schema, cross-file rules and policies.

Everything wrong is reported at once, sorted, as file:line:column. Needs neither cluster nor registry;
with --registry the records that the change adds or edits are compared with the registry (all records
without --base).

\b
Examples:
  modelsync validate
  modelsync validate --base origin/main --registry -o github
  modelsync validate -o sarif > modelsync.sarif
"""


@click.command("validate", help=_HELP, short_help="Check all declarations.")
@directory_option
@click.option("--base", metavar="REF", help="What the change is compared with, such as origin/main.")
@click.option("--registry", is_flag=True, help="Compare records with the registry (MLFLOW_TRACKING_URI).")
@click.option("--strict", is_flag=True, help="End with 3 if anything could not be decided.")
@click.option(
    "--summary",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="GITHUB_STEP_SUMMARY",
    help="File that -o github adds the table of all findings to (default: GITHUB_STEP_SUMMARY).",
)
@output_option("text", "json", "sarif", "junit", "github")
@with_settings
def command(
    settings: Settings, base: str | None, registry: bool, strict: bool, summary: Path | None, output: str
) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.check import check_worktree
    from reconciler.pipeline.extras import check_extras
    from reconciler.pipeline.verification import leave_registry_out, verify_records

    now = wiring.open_clock().now()
    before: tuple[Repository, ...] = ()
    if base is None:
        check = check_worktree(settings.directory, now=now)
    else:
        from reconciler.pipeline.history.base import judge_worktree

        with wiring.open_worktree_source(settings) as source:
            judged = judge_worktree(settings.directory, source, base, now)
        check, before = judged.check, judged.base.repositories
    check = check_extras(check)
    if registry:
        check = verify_records(check, before, wiring.open_registry)
    else:
        check = leave_registry_out(check, before)
    click.echo(_show(check, output))
    if output == "github" and summary is not None:
        _add_summary(check, summary)
    if strict and output == "text":
        from reconciler.report.screen import clean_screen

        for item in check.undecided:
            click.echo(clean_screen(f"undecided: {item.rule}: {item.reason}"), err=True)
    if any(finding.is_error for finding in check.findings):
        return Outcome.FINDINGS
    if any(item.blocking or strict for item in check.undecided):
        return Outcome.UNDECIDED
    return Outcome.DONE


def _show(check: Check, output: str) -> str:
    shown: str = import_module(f"reconciler.report.{_VIEWS[output]}").show_check(check)
    return shown


def _add_summary(check: Check, file: Path) -> None:
    """Add the table to what the step has written there before, as far as there is room for it.

    A summary that cannot be written changes nothing about what was found.
    """
    from reconciler.report import step_summary

    try:
        written = file.stat().st_size if file.exists() else 0
        shown = step_summary.show_check(check, room=step_summary.LIMIT - written)
        with file.open("ab") as stream:
            stream.write(shown.encode("utf-8", "replace"))
    except OSError as error:
        click.echo(f"{file}: the summary could not be written: {error.strerror}", err=True)
