"""`modelsync policies`: the rules, how they stand in an environment, and why they exist."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import directory_option, output_option, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

if TYPE_CHECKING:
    from reconciler.policy.standing import Standing
    from reconciler.state.repository import EnvironmentEntry

Fields = Mapping[str, Any]

_HELP = """List the rules that declarations and plans are judged by, or explain one: what it checks, why, an
example and the fix.

With ENV, the grade and parameter that hold in that environment are shown, and what they come from: rules:
in environment.yaml may set them.

\b
Examples:
  modelsync policies
  modelsync policies traffic-sums-to-100
  modelsync policies max-prune production
  modelsync policies production
"""


@click.command("policies", help=_HELP, short_help="List the rules, or explain one.")
@click.argument("rule", required=False, metavar="[ID]")
@click.argument("environment", required=False, metavar="[ENV]")
@directory_option
@output_option("text", "json")
@with_settings
def command(settings: Settings, rule: str | None, environment: str | None, output: str) -> Outcome:
    from reconciler.policy.wording import suggest_name

    rules = _collect_rules()
    ids = [each["id"] for each in rules]
    if rule is not None and environment is None and rule not in ids and _find(settings, rule) is not None:
        rule, environment = None, rule
    if rule is not None and rule not in ids:
        raise click.UsageError(f'there is no policy "{rule}".{suggest_name(rule, ids)}')
    entry = _find(settings, environment) if environment is not None else None
    if environment is not None and entry is None:
        raise click.UsageError(f"there is no environment {environment} (environments/{environment}/).")
    chosen = [each if entry is None else _place(each, entry) for each in rules if rule in (None, each["id"])]
    if output == "json":
        shown = {"apiVersion": "modelsync.dev/policies/v1", "policies": chosen}
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    elif rule is not None:
        click.echo(_explain(chosen[0]))
    else:
        click.echo(_list(chosen))
    return Outcome.DONE


def _find(settings: Settings, name: str) -> EnvironmentEntry | None:
    from reconciler.load.documents import load
    from reconciler.load.worktree import read_worktree
    from reconciler.validate.parse import parse

    worktree = read_worktree(settings.directory)
    repository, _ = parse(load(worktree.files, links=worktree.links, unreadable=worktree.unreadable))
    return repository.environments.get(name)


def _collect_rules() -> tuple[Fields, ...]:
    """All rules by what is known of them, policies first: id, grade, title, parameter and documentation."""
    from reconciler.policy.policies import POLICIES
    from reconciler.policy.rules import list_rules
    from reconciler.state.findings import Grade
    from reconciler.validate.rules import REGISTRY_RULES, STRUCTURAL_RULES

    documentation = {policy.id: policy.documentation.strip() for policy in POLICIES}
    rules = tuple(
        {
            "id": rule.id,
            "grade": rule.grade.value,
            "title": rule.title,
            "parameter": rule.parameter.form if rule.parameter is not None else "",
            "documentation": documentation.get(rule.id, f"{rule.title}.\n\nA guard: it judges plans."),
        }
        for rule in list_rules().values()
    )
    others = [(rule, title, "") for rule, title in STRUCTURAL_RULES.items()]
    others += [
        (rule, title, "\n\nAsked of the registry by validate --registry; undecided without it.")
        for rule, title in REGISTRY_RULES.items()
    ]
    return rules + tuple(
        {
            "id": rule,
            "grade": Grade.HARD.value,
            "title": title,
            "parameter": "",
            "documentation": f"{title}.{more}",
        }
        for rule, title, more in others
    )


def _place(fields: Fields, environment: EnvironmentEntry) -> Fields:
    """The rule with how it stands in an environment."""
    from reconciler.policy.rules import list_rules
    from reconciler.policy.standing import find_standing

    rule = list_rules().get(fields["id"])
    if rule is None:
        return fields
    standing = find_standing(rule, environment)
    here = {
        "environment": environment.name,
        "grade": standing.grade.value,
        "why": standing.why,
        "value": standing.value,
        "valueWhy": standing.value_why,
    }
    return {**fields, "grade": standing.grade.value, "here": {**here, "says": _say(standing)}}


def _say(standing: Standing) -> str:
    from reconciler.policy.wording import show_value

    said = f"in {standing.environment}: {standing.grade.value} ({standing.why})"
    if not standing.value_why:
        return said
    value = "not set" if standing.value in (None, {}) else show_value(standing.value)
    return f"{said}; {value} ({standing.value_why})"


def _explain(rule: Fields) -> str:
    lines = [f"{rule['id']} ({rule['grade']})"]
    lines += [rule["here"]["says"]] if "here" in rule else []
    lines += [f"parameter: {rule['parameter']}"] if rule["parameter"] else []
    return "\n".join([*lines, "", rule["documentation"]])


def _list(rules: Sequence[Fields]) -> str:
    width = max(len(rule["id"]) for rule in rules)
    return "\n".join(
        f"{rule['id']:<{width}}  {rule['grade']:<8}  {rule['title']}{_mark(rule)}" for rule in rules
    )


def _mark(rule: Fields) -> str:
    """What an environment sets of the rule, after its title; empty where it sets nothing."""
    here = rule.get("here", {})
    set_here = [here[key] for key in ("why", "valueWhy") if " by " in here.get(key, "")]
    return f" ({'; '.join(dict.fromkeys(set_here))})" if set_here else ""
