"""`modelsync waive`: a dated exemption of named objects from a rule."""

from __future__ import annotations

import click

from reconciler.cli.editing import EditOptions, carry_out, complete_environment, complete_object, edit_options
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

_HELP = """Exempt OBJECTs from RULE until a date, by an entry in exceptions.yaml of their environment.

An OBJECT is what the finding or the refusal named: an environment or a deployment. The waiver counts once
an owner of the rules has approved the change, and for 30 days at most. modelsync policies lists the rules,
and which of them can be waived.

\b
Example:
  modelsync waive max-prune production/wines --reason "moved to another team" --until 2026-11-30
"""


@click.command("waive", help=_HELP, short_help="Exempt named objects from a rule until a date.")
@click.argument("rule", metavar="RULE")
@click.argument("objects", metavar="OBJECT...", nargs=-1, required=True, shell_complete=complete_object)
@click.option("--reason", required=True, help="Why; read by whoever approves it.")
@click.option(
    "--until", required=True, metavar="TIME", help="Its end: 2026-11-30, or 2026-11-30T12:00Z (UTC)."
)
@click.option(
    "--environment",
    default="",
    metavar="ENV",
    shell_complete=complete_environment,
    help="Where it is waived (default: the environment that each OBJECT begins with).",
)
@edit_options
def command(
    settings: Settings,
    editing: EditOptions,
    rule: str,
    objects: tuple[str, ...],
    reason: str,
    until: str,
    environment: str,
) -> Outcome:
    from reconciler.pipeline.edits.exceptions import waive

    return carry_out(
        settings,
        editing,
        lambda workspace: waive(
            workspace, rule, objects, reason=reason, until=until, environment=environment
        ),
    )
