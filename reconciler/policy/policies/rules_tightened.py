"""Protected environments only tighten rules.

What it checks
    In an environment with `protected: true` no entry of `rules:` gives a rule a lower grade than its own, or
    a parameter that lets more through than the rule's own. What it finds counts for nothing: the rule's own
    grade and parameter hold.

Why
    Whoever can change environment.yaml could else switch off in one line what protects production, and the
    reviewers of the next change would not see that a rule is gone.

Example
    protected: true
    rules:
      variant-order: {grade: advisory}      # the rule's own grade is soft

Fix
    Remove it, or write what is as tight or tighter. For a single case waive a soft rule: `modelsync waive`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.grading import Rule, is_lower
from reconciler.policy.parameters import find_wider, is_measurable
from reconciler.policy.rules import list_rules
from reconciler.policy.wording import show_value
from reconciler.state.declarations import Environment
from reconciler.state.findings import Finding
from reconciler.state.repository import Entry


def check(context: Context) -> Iterator[Finding]:
    known = list_rules()
    for name, entry in context.environments():
        if not entry.declaration.protected:
            continue
        for id_ in entry.declaration.rules.written:
            if id_ in known:
                yield from _check_grade(name, entry, known[id_])
                yield from _check_value(name, entry, known[id_])


def _check_grade(name: str, entry: Entry[Environment], rule: Rule) -> Iterator[Finding]:
    said = entry.declaration.rules.get(rule.id).grade
    if said is not None and not is_lower(said, rule.lowest) and is_lower(said, rule.grade):
        yield POLICY.finding(
            entry.document.at("rules", rule.id, "grade"),
            f"{name}: the grade of {rule.id} is {said.value}, and its own is {rule.grade.value}; "
            f"{name} is protected, where a grade may only rise.",
            "Remove grade:, or write a higher one.",
        )


def _check_value(name: str, entry: Entry[Environment], rule: Rule) -> Iterator[Finding]:
    value, parameter = entry.declaration.rules.get(rule.id).value, rule.parameter
    if value is None or parameter is None or not is_measurable(parameter, value):
        return
    for part in find_wider(parameter, value):
        title = f"{part} of {rule.id}" if _has_part(value, part) else rule.id
        said = value[part] if _has_part(value, part) else value
        own = parameter.default[part] if _has_part(parameter.default, part) else parameter.default
        yield POLICY.finding(
            entry.document.at("rules", rule.id, *([part] if _has_part(value, part) else [])),
            f"{name}: {title} is {show_value(said)}, which lets more through than its own "
            f"{show_value(own)}; {name} is protected, where rules may only be tightened.",
            f"Write {show_value(own)} or less than that lets through, or remove it.",
        )


def _has_part(value: Any, part: str) -> bool:
    return isinstance(value, Mapping) and part in value


POLICY = Policy(id="rules-tightened", documentation=__doc__, check=check)
