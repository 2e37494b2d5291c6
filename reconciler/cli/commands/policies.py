"""`modelsync policies`: the rules, and why they exist."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import click

from reconciler.cli.options import output_option
from reconciler.state.outcomes import Outcome

_HELP = """List the rules that declarations are checked by, or explain one: what it checks, why, an example
and the fix.

\b
Examples:
  modelsync policies
  modelsync policies traffic-sums-to-100
"""


@click.command("policies", help=_HELP, short_help="List the rules, or explain one.")
@click.argument("rule", required=False, metavar="[ID]")
@output_option("text", "json")
def command(rule: str | None, output: str) -> Outcome:
    from reconciler.policy.wording import suggest_name

    rules = _collect_rules()
    chosen = [each for each in rules if rule in (None, each["id"])]
    if not chosen:
        hint = suggest_name(rule or "", [each["id"] for each in rules])
        raise click.UsageError(f'there is no policy "{rule}".{hint}')
    if output == "json":
        shown = {"apiVersion": "modelsync.dev/policies/v1", "policies": chosen}
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    elif rule is not None:
        click.echo(_explain(chosen[0]))
    else:
        click.echo(_list(chosen))
    return Outcome.DONE


def _collect_rules() -> tuple[Mapping[str, str], ...]:
    """All rules by what is known of them, policies first: id, grade, title and documentation."""
    from reconciler.policy.policies import POLICIES
    from reconciler.state.findings import Grade
    from reconciler.validate.rules import STRUCTURAL_RULES

    policies = tuple(
        {
            "id": policy.id,
            "grade": policy.grade.value,
            "title": policy.title,
            "documentation": policy.documentation.strip(),
        }
        for policy in POLICIES
    )
    structural = tuple(
        {"id": rule, "grade": Grade.HARD.value, "title": title, "documentation": f"{title}."}
        for rule, title in STRUCTURAL_RULES.items()
    )
    return policies + structural


def _explain(rule: Mapping[str, str]) -> str:
    return f"{rule['id']} ({rule['grade']})\n\n{rule['documentation']}"


def _list(rules: Sequence[Mapping[str, str]]) -> str:
    width = max(len(rule["id"]) for rule in rules)
    return "\n".join(f"{rule['id']:<{width}}  {rule['grade']:<8}  {rule['title']}" for rule in rules)
