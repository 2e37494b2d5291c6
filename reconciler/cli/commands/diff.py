"""`modelsync diff`: two environments side by side."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from reconciler.cli.editing import complete_deployment, complete_environment
from reconciler.cli.options import directory_option, output_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Show two environments side by side, as they are declared.

Platform, rules and artifacts, deployments that only one of them has, versions and shares, and settings: what
differs, each with the line that says it; of a DEPLOYMENT that one alone. What is to end (retire: true) counts
as not there. The work tree is read, and no cluster. It ends with 0 whether they differ or not; with
--detailed-exitcode with 4 if they do, as plan does, and with 1 if a file that is needed cannot be read.

\b
Examples:
  modelsync diff staging production
  modelsync diff staging production wines -o json
"""


def _complete_either(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """DEPLOYMENT: what either of the two environments has."""
    sides = (f"{context.params.get(side)}/" for side in ("left", "right"))
    found = (
        item.value.removeprefix(side)
        for side in sides
        for item in complete_deployment(context, parameter, f"{side}{typed}")
    )
    return [CompletionItem(name) for name in sorted(set(found))]


@click.command("diff", help=_HELP, short_help="Show two environments side by side.")
@click.argument("left", metavar="ENV_A", shell_complete=complete_environment)
@click.argument("right", metavar="ENV_B", shell_complete=complete_environment)
@click.argument("deployment", default="", metavar="[DEPLOYMENT]", shell_complete=_complete_either)
@directory_option
@click.option("--detailed-exitcode", is_flag=True, help="End with 4 if they differ.")
@output_option("text", "json")
@with_settings
def command(
    settings: Settings, left: str, right: str, deployment: str, detailed_exitcode: bool, output: str
) -> Outcome:
    from reconciler.pipeline.check import check_worktree
    from reconciler.pipeline.comparing import compare
    from reconciler.report import comparison as report

    comparison = compare(check_worktree(settings.directory).repository, left, right, deployment)
    click.echo({"text": report.show_text, "json": report.show_json}[output](comparison))
    if comparison.unreadable:
        return Outcome.FINDINGS
    return Outcome.PENDING if detailed_exitcode and comparison.differs else Outcome.DONE
