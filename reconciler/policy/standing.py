"""How a rule stands in an environment: its grade and parameter there, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.policy.grading import Rule, find_grade, is_lower
from reconciler.policy.parameters import find_value
from reconciler.policy.wording import show_value
from reconciler.state.findings import Grade
from reconciler.state.repository import EnvironmentEntry

_OWN = "the rule's own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A rule in an environment. `value` is None where it has no parameter, or none that is set."""

    environment: str
    grade: Grade
    why: str
    value: Any = None
    value_why: str = ""


def find_standing(rule: Rule, environment: EnvironmentEntry) -> Standing:
    """What holds in an environment, and by which line of which file."""
    grade = find_grade(rule, environment)
    if rule.parameter is None:
        return Standing(environment=environment.name, grade=grade, why=_explain_grade(rule, environment))
    declared = environment.environment.declaration if environment.environment is not None else None
    value = find_value(rule.id, rule.parameter, declared)
    return Standing(
        environment=environment.name,
        grade=grade,
        why=_explain_grade(rule, environment),
        value=value,
        value_why=_explain_value(rule, environment, value),
    )


def _explain_grade(rule: Rule, environment: EnvironmentEntry) -> str:
    if rule.lowest is Grade.HARD:
        return "stays so everywhere: what is rendered or planned relies on it"
    entry = environment.environment
    said = entry.declaration.rules.get(rule.id).grade if entry is not None else None
    if entry is None or said is None:
        return _OWN
    place = entry.document.at("rules", rule.id, "grade")
    if find_grade(rule, environment) is said:
        return f"set by {place}"
    if is_lower(said, rule.lowest):
        return f"{_OWN}: {said.value} by {place} does not count, as plans rely on this rule"
    return f"{_OWN}: {said.value} by {place} does not count, as {environment.name} is protected"


def _explain_value(rule: Rule, environment: EnvironmentEntry, value: Any) -> str:
    entry = environment.environment
    said = entry.declaration.rules.get(rule.id).value if entry is not None else None
    if entry is None or said is None:
        return _OWN
    place = entry.document.at("rules", rule.id)
    own = rule.parameter.default if rule.parameter is not None else None
    if value == own and said != own:
        return f"{_OWN}: {show_value(said)} by {place} does not count"
    return f"set by {place}"
