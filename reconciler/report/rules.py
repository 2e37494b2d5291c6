"""All rules that a check keeps, as formats that list rules need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent

from reconciler.policy.engine import HEADINGS, Policy, split_documentation
from reconciler.policy.policies import POLICIES
from reconciler.state.findings import Grade
from reconciler.validate.rules import REGISTRY_RULES, STRUCTURAL_RULES

_EXAMPLE = "Example"

DEPLOYMENT, ENVIRONMENT, MODEL, REPOSITORY = "deployment", "environment", "model", "repository"
"""Kinds of objects: `production/wines`, `production`, `models/wines`, and what lies in no object's files."""

_ALL = frozenset({DEPLOYMENT, ENVIRONMENT, MODEL, REPOSITORY})

# What policies judge where it is not deployments alone.
_JUDGED: Mapping[str, frozenset[str]] = {
    "allowed-references": frozenset({DEPLOYMENT, ENVIRONMENT}),
    "budget-kept": frozenset({ENVIRONMENT}),
    "codeowners-current": frozenset({ENVIRONMENT, REPOSITORY}),
    "exceptions-current": frozenset({ENVIRONMENT}),
    "exceptions-known": frozenset({ENVIRONMENT}),
    "location-resolves": frozenset({DEPLOYMENT, ENVIRONMENT}),
    "mass-change": frozenset({ENVIRONMENT}),
    "names-fit": frozenset({DEPLOYMENT, ENVIRONMENT, MODEL}),
    "one-target-per-object": frozenset({ENVIRONMENT}),
    "owner-named": frozenset({ENVIRONMENT, MODEL}),
    "promotion-acyclic": frozenset({ENVIRONMENT}),
    "record-matches": frozenset({MODEL}),
    "references-exist": frozenset({DEPLOYMENT, ENVIRONMENT}),
    "rules-known": frozenset({ENVIRONMENT}),
    "rules-loosened": frozenset({ENVIRONMENT}),
    "rules-tightened": frozenset({ENVIRONMENT}),
    "shared-serving-change": frozenset({MODEL, REPOSITORY}),
    "waiver-expired": frozenset({ENVIRONMENT}),
    "waiver-expires-soon": frozenset({ENVIRONMENT}),
    "waiver-needs-approval": frozenset({ENVIRONMENT}),
    "waiver-too-long": frozenset({ENVIRONMENT}),
    "waiver-unused": frozenset({ENVIRONMENT}),
    "waivers-known": frozenset({ENVIRONMENT}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRule:
    """A rule with its default grade. `documentation` is plain text, `sections` its parts by heading; `judges`
    are the kinds of objects that it looks at. `structural` are those that look at files before there are
    declarations.
    """

    id: str
    title: str
    grade: Grade
    documentation: str
    sections: Mapping[str, str] = field(default_factory=dict)
    judges: frozenset[str] = _ALL
    structural: bool = False


def find_kind(subject: str) -> str:
    """The kind of an object by its name; of no name, the repository."""
    if subject.startswith("models/"):
        return MODEL
    return DEPLOYMENT if "/" in subject else ENVIRONMENT if subject else REPOSITORY


def list_rules() -> tuple[ShownRule, ...]:
    """The policies in their order, then what every file must keep, then what the registry is asked."""
    return (
        *map(_show_policy, POLICIES),
        *(_show_titled(rule, title, structural=True) for rule, title in STRUCTURAL_RULES.items()),
        *(_show_titled(rule, title, structural=False) for rule, title in REGISTRY_RULES.items()),
    )


def show_markdown(rule: ShownRule) -> str:
    """A rule's documentation as Markdown: headings in bold, the example as YAML."""
    parts = [f"{rule.title}."]
    for heading in HEADINGS:
        if heading in rule.sections:
            text = rule.sections[heading]
            parts += [f"**{heading}**", f"```yaml\n{text}\n```" if heading == _EXAMPLE else text]
    return "\n\n".join(parts)


def _show_policy(policy: Policy) -> ShownRule:
    sections = {heading: dedent(text) for heading, text in split_documentation(policy).items()}
    return ShownRule(
        id=policy.id,
        title=policy.title,
        grade=policy.grade,
        documentation=policy.documentation.strip(),
        sections=sections,
        judges=_JUDGED.get(policy.id, frozenset({DEPLOYMENT})),
    )


def _show_titled(rule: str, title: str, *, structural: bool) -> ShownRule:
    return ShownRule(
        id=rule,
        title=title,
        grade=Grade.HARD,
        documentation=f"{title}.",
        judges=_ALL if structural else frozenset({MODEL}),
        structural=structural,
    )
