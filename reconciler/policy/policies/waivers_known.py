"""Waivers name a rule that can be waived, its objects, and a date.

What it checks
    In `exceptions.yaml`, `rule` is one that can be waived, each of `objects` is the environment or one of
    its deployments (`production/wines`), and `until` is a date that exists.

Why
    A waiver that means nothing is found out when it is needed. Only what is soft can be waived: hard rules
    keep what is rendered sound, or are hard because the environment says so; advice stops nothing.

Example
    waivers:
      - rule: max-prunes                # the rule is max-prune
        objects: [staging/wines]        # in environments/production
        reason: the team moved
        until: 2026-02-30               # no such day

Fix
    Write the rule, the objects and the date as the refusal showed them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.exceptions import NEVER_WAIVED
from reconciler.policy.grading import find_grade
from reconciler.policy.rules import list_rules
from reconciler.policy.wording import suggest_name
from reconciler.state.documents import Document, Location
from reconciler.state.exceptions import Exceptions, Waiver
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import Entry, EnvironmentEntry

# Whoever waives the pruning of a deployment, or the history, names what the repository no longer has.
_RULES_OF_UNDECLARED = frozenset({"empty-environment", "history-continues", "mass-change", "max-prune"})

_FORMS = ("%Y-%m-%d", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ")


def check(context: Context) -> Iterator[Finding]:
    for _, environment in sorted(context.repository.environments.items()):
        if environment.exceptions is not None:
            yield from _check_waivers(environment, environment.exceptions)


def is_moment(text: str) -> bool:
    """Whether a text in the form of a timestamp is a day and time that exists."""
    return any(_parses(text, form) for form in _FORMS)


def _check_waivers(environment: EnvironmentEntry, exceptions: Entry[Exceptions]) -> Iterator[Finding]:
    document = exceptions.document
    for index, waiver in enumerate(exceptions.declaration.waivers):
        yield from _check_rule(environment, document, index, waiver)
        for position, name in enumerate(waiver.objects):
            yield from _check_object(
                environment, waiver, name, document.at("waivers", index, "objects", position)
            )
        if not is_moment(waiver.until):
            yield POLICY.finding(
                document.at("waivers", index, "until"),
                f"{environment.name}: the waiver of {waiver.rule} ends {waiver.until}; there is "
                "no such date.",
                "Write a day (2026-11-30, its end) or a UTC time (2026-11-30T12:00Z).",
            )


def list_waivable(environment: EnvironmentEntry | None) -> tuple[str, ...]:
    """The rules that a waiver can lift in an environment: those that are soft there."""
    rules = list_rules().values()
    return tuple(
        rule.id
        for rule in rules
        if find_grade(rule, environment) is Grade.SOFT and rule.id not in NEVER_WAIVED
    )


def _check_rule(
    environment: EnvironmentEntry, document: Document, index: int, waiver: Waiver
) -> Iterator[Finding]:
    name, known = environment.name, list_rules()
    rule = known.get(waiver.rule)
    location = document.at("waivers", index, "rule")
    if rule is None:
        yield POLICY.finding(
            location,
            f"{name}: a waiver names rule {waiver.rule}, and there is no such rule."
            f"{suggest_name(waiver.rule, list_waivable(environment))}",
            "Remove the waiver, or name a rule that modelsync policies lists as soft.",
        )
    elif rule.id in NEVER_WAIVED or find_grade(rule, environment) is Grade.HARD:
        why = (
            "it is about what rules and waivers let through"
            if rule.id in NEVER_WAIVED
            else f"it is hard in {name}"
        )
        yield POLICY.finding(
            location,
            f"{name}: rule {rule.id} cannot be waived: {why}; only soft rules can.",
            "Remove the waiver, and mend what the rule finds.",
        )


def _check_object(
    environment: EnvironmentEntry, waiver: Waiver, name: str, location: Location
) -> Iterator[Finding]:
    here = environment.name
    place, separator, deployment = name.partition("/")
    if place != here or (separator and not deployment):
        yield POLICY.finding(
            location,
            f"{here}: the waiver of {waiver.rule} names {name}, which is not in {here}.",
            f"Write {here}/DEPLOYMENT or {here}; another environment has its own exceptions.yaml.",
        )
        return
    known = {*environment.deployments, *environment.faulty_deployments}
    if deployment and waiver.rule not in _RULES_OF_UNDECLARED and deployment not in known:
        yield POLICY.finding(
            location,
            f"{environment.name}: the waiver of {waiver.rule} names {name}, and there is no such deployment."
            f"{suggest_name(deployment, known)}",
            "Name one of its deployments, or remove the waiver.",
        )


def _parses(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form).replace(tzinfo=timezone.utc)
    except ValueError:
        return False
    return True


POLICY = Policy(id="waivers-known", documentation=__doc__, check=check)
