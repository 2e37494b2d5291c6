"""`modelsync validate`: schema, cross-file and policy checks."""

from __future__ import annotations

import click

from reconciler.cli.options import directory_option, output_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Check all declarations: schema, cross-file rules and policies.

Everything wrong is reported at once, sorted, as file:line:column. Needs neither cluster nor registry;
with --registry the records that the change adds or edits are compared with the registry (all records
without --base).

\b
Examples:
  modelsync validate
  modelsync validate --base origin/main --registry -o github
"""


@click.command("validate", help=_HELP, short_help="Check all declarations.")
@directory_option
@click.option("--base", metavar="REF", help="What the change is compared with, such as origin/main.")
@click.option("--registry", is_flag=True, help="Compare records with the registry (MLFLOW_TRACKING_URI).")
@click.option("--strict", is_flag=True, help="End with 3 if anything could not be decided.")
@output_option("text", "json", "github")
@with_settings
def command(settings: Settings, base: str | None, registry: bool, strict: bool, output: str) -> Outcome:
    from reconciler import wiring
    from reconciler.pipeline.check import check_worktree
    from reconciler.pipeline.extras import check_extras
    from reconciler.pipeline.verification import leave_registry_out, verify_records
    from reconciler.report import github, json, text

    now = wiring.open_clock().now()
    before = None
    if base is None:
        check = check_worktree(settings.directory, now=now)
    else:
        from reconciler.pipeline.history_base import judge_worktree

        with wiring.open_worktree_source(settings) as source:
            judged = judge_worktree(settings.directory, source, base, now)
        check, before = judged.check, judged.base.repository
    check = check_extras(check)
    check = verify_records(check, before, wiring.open_registry) if registry else leave_registry_out(check)
    view = {"text": text.show_check, "json": json.show_check, "github": github.show_check}[output]
    click.echo(view(check))
    if any(finding.is_error for finding in check.findings):
        return Outcome.FINDINGS
    if any(item.blocking or strict for item in check.undecided):
        return Outcome.UNDECIDED
    return Outcome.DONE
