"""Environments set only rules that there are, and what these take.

What it checks
    Each key of `rules:` in `environment.yaml` is the id of a policy or guard (`modelsync policies` lists
    them). A bare value is the rule's parameter; a block has its `grade` (advisory, soft or hard) and its
    parameter under `value`, or the parameter's keys. Rules that rendering relies on stay hard, and guards
    are never advice.

Why
    A slip of the pen in the name of a rule would leave the rule as it was, and whoever wrote it would
    believe otherwise until the day it is needed.

Example
    rules:
      max-prunes: 20%                       # the rule is max-prune
      variant-order: {grade: medium}        # no such grade

Fix
    Write the rule's id as `modelsync policies` has it; `modelsync policies ID` says what it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.grading import Rule, is_lower
from reconciler.policy.parameters import is_measurable
from reconciler.policy.rules import list_rules
from reconciler.policy.wording import join_words, show_value, suggest_name
from reconciler.state.declarations import Environment, GradeWord
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import Entry

_GRADES = get_args(GradeWord)


def check(context: Context) -> Iterator[Finding]:
    known = list_rules()
    for name, entry in context.environments():
        for id_, said in entry.declaration.rules.written.items():
            rule = known.get(id_)
            if rule is None:
                yield POLICY.finding(
                    entry.document.key("rules", id_),
                    f"{name}: rules name {show_value(id_)}, and there is no such rule."
                    f"{suggest_name(id_, known)}",
                    "modelsync policies lists the rules; remove this one, or write its id.",
                )
            else:
                yield from _check_grade(name, entry, rule, said)
                yield from _check_value(name, entry, rule)


def _check_grade(name: str, entry: Entry[Environment], rule: Rule, said: Any) -> Iterator[Finding]:
    if not isinstance(said, Mapping) or "grade" not in said:
        return
    location = entry.document.at("rules", rule.id, "grade")
    grade = said["grade"]
    if grade not in _GRADES:
        yield POLICY.finding(
            location,
            f"{name}: the grade of {rule.id} is {show_value(grade)}; it must be {join_words(_GRADES, 'or')}."
            f"{suggest_name(str(grade), _GRADES)}",
            "Write one of the three, or remove grade:.",
        )
    elif is_lower(Grade(grade), rule.lowest):
        yield POLICY.finding(
            location,
            f"{name}: the grade of {rule.id} is {grade}; it is never lower than {rule.lowest.value}, "
            "because what is rendered or planned relies on this rule.",
            "Remove grade:.",
        )


def _check_value(name: str, entry: Entry[Environment], rule: Rule) -> Iterator[Finding]:
    value = entry.declaration.rules.get(rule.id).value
    if value is None:
        return
    location = entry.document.at("rules", rule.id)
    if rule.parameter is None:
        yield POLICY.finding(
            location,
            f"{name}: {rule.id} is set to {show_value(value)}, and it has no parameter; "
            "only its grade can be set.",
            f"Write {rule.id}: {{grade: …}} with {join_words(_GRADES, 'or')}, or remove it.",
        )
    elif not is_measurable(rule.parameter, value):
        yield POLICY.finding(
            location,
            f"{name}: {rule.id} is set to {show_value(value)}; expected {rule.parameter.form}.",
            f"modelsync policies {rule.id} says what it takes.",
        )


POLICY = Policy(id="rules-known", documentation=__doc__, check=check)
