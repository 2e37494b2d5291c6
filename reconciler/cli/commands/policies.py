"""`modelsync policies`: the rules, and why they exist."""

from __future__ import annotations

import json
from difflib import get_close_matches

import click

from reconciler.cli.options import output_option
from reconciler.state.outcomes import Outcome

_HELP = """List the policies, or explain one: what it checks, why, an example and the fix.

\b
Examples:
  modelsync policies
  modelsync policies traffic-sums-to-100
"""


@click.command("policies", help=_HELP, short_help="List the rules, or explain one.")
@click.argument("rule", required=False, metavar="[ID]")
@output_option("text", "json")
def command(rule: str | None, output: str) -> Outcome:
    from reconciler.policy.policies import POLICIES

    chosen = [policy for policy in POLICIES if rule in (None, policy.id)]
    if not chosen:
        near = get_close_matches(rule or "", [policy.id for policy in POLICIES], n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise click.UsageError(f'there is no policy "{rule}".{hint}')
    if output == "json":
        click.echo(
            json.dumps(
                {
                    "apiVersion": "modelsync.dev/policies/v1",
                    "policies": [
                        {
                            "id": policy.id,
                            "grade": policy.grade.value,
                            "title": policy.title,
                            "documentation": policy.documentation,
                        }
                        for policy in chosen
                    ],
                },
                indent=2,
                ensure_ascii=False,
            )
        )
    elif rule is not None:
        click.echo(f"{chosen[0].id} ({chosen[0].grade.value})\n\n{chosen[0].documentation.strip()}")
    else:
        width = max(len(policy.id) for policy in chosen)
        for policy in chosen:
            click.echo(f"{policy.id:<{width}}  {policy.grade.value:<8}  {policy.title}")
    return Outcome.DONE
