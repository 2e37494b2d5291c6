"""Waivers that lift nothing are taken out.

What it checks
    Each object of a waiver in `exceptions.yaml` has a finding of the rule that is waived for it. Waivers of
    guards are not looked at, because only a plan shows what they lift; nor are those of rules that could not
    be decided.

Why
    A waiver that lifts nothing today lifts something tomorrow that nobody reviewed.

Example
    waivers:
      - rule: variant-order                 # and this change does not reorder anything
        objects: [production/wines]
        reason: the list is sorted once
        until: 2026-11-30

Fix
    Remove it, or the object that it is not needed for, unless a change that needs it is still to come.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Judgement, Policy
from reconciler.policy.exceptions import list_waivers
from reconciler.policy.grading import find_grade
from reconciler.policy.rules import GUARDS, list_rules
from reconciler.state.findings import Finding, Grade

_GUARDS = frozenset(guard.id for guard in GUARDS)


def check(_: Context) -> Iterator[Finding]:
    """Nothing: what waivers lift is seen once all findings are known."""
    yield from ()


def review(context: Context, judged: Judgement) -> Iterator[Finding]:
    rules = list_rules()
    open_rules = {item.rule for item in judged.undecided} | _GUARDS
    used = {(one.location, one.finding.subject) for one in judged.waived}
    for placed in list_waivers(context.repository):
        waiver, here = placed.waiver, placed.environment.name
        if waiver.rule in open_rules or not waiver.holds(context.now):
            continue
        if waiver.rule not in rules or find_grade(rules[waiver.rule], placed.environment) is Grade.HARD:
            # What cannot be waived is told by another rule.
            continue
        for index, name in enumerate(waiver.objects):
            if name.partition("/")[0] == here and (placed.location, name) not in used:
                yield POLICY.finding(
                    placed.at("objects", index),
                    f"{here}: the waiver of {waiver.rule} for {name} lifts nothing: the rule finds nothing "
                    "there that a waiver could lift.",
                    "Remove it, unless a change that needs it is still to come.",
                )


POLICY = Policy(id="waiver-unused", documentation=__doc__, check=check, grade=Grade.ADVISORY, review=review)
