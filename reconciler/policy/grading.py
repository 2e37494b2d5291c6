"""How much a rule's findings weigh in an environment, and what a finding is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.policy.parameters import Parameter
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import EnvironmentEntry, Repository

_RANKS: Mapping[Grade, int] = {Grade.ADVISORY: 0, Grade.SOFT: 1, Grade.HARD: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A policy or guard as `rules:` names it; what renders or plans relies on the `lowest` grade at least."""

    id: str
    title: str
    grade: Grade
    parameter: Parameter | None = None
    lowest: Grade = Grade.ADVISORY


def is_lower(grade: Grade, than: Grade) -> bool:
    """Whether a grade weighs less than another."""
    return _RANKS[grade] < _RANKS[than]


def find_grade(rule: Rule, environment: EnvironmentEntry | None) -> Grade:
    """The rule's grade in an environment.

    A grade that may not be set there counts for nothing: another rule tells of it.
    """
    said = _read_grade(rule.id, environment)
    if said is None or is_lower(said, rule.lowest):
        return rule.grade
    if _is_protected(environment) and is_lower(said, rule.grade):
        return rule.grade
    return said


def grade_findings(
    findings: Iterable[Finding], rules: Mapping[str, Rule], repository: Repository
) -> Iterator[Finding]:
    """The findings with the object that each is about, at the grade that its rule has there."""
    for finding in findings:
        subject = finding.subject or name_subject(finding.location.file)
        environment = repository.environments.get(subject.partition("/")[0])
        rule, grade = rules.get(finding.rule), finding.grade
        # What a policy itself finds worse or better than its grade is not moved by a general word.
        if rule is not None and grade is rule.grade:
            grade = find_grade(rule, environment)
        yield replace(finding, subject=subject, grade=grade)


def name_subject(file: str) -> str:
    """The object that a file declares: `production/wines`, `production`, `models/wines`; empty if none."""
    match file.split("/"):
        case ["environments", environment, "deployments", name]:
            return f"{environment}/{name.removesuffix('.yaml')}"
        case ["environments", environment, *_]:
            return environment
        case ["models", model, _, *_]:
            return f"models/{model}"
    return ""


def _read_grade(rule: str, environment: EnvironmentEntry | None) -> Grade | None:
    if environment is None or environment.environment is None:
        return None
    return environment.environment.declaration.rules.get(rule).grade


def _is_protected(environment: EnvironmentEntry | None) -> bool:
    return (
        environment is not None
        and environment.environment is not None
        and environment.environment.declaration.protected
    )
