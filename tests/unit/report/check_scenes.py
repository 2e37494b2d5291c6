"""What checks of declarations find, as it comes up in practice."""

from __future__ import annotations

from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade, Undecided
from reconciler.state.repository import EnvironmentEntry, ModelEntry, Repository
from reconciler.validate.checks import Check


def make_finding(
    rule: str,
    message: str,
    advice: str = "",
    *,
    grade: Grade = Grade.HARD,
    file: str = "environments/production/deployments/wines.yaml",
    line: int = 7,
    column: int = 14,
) -> Finding:
    location = Location(file=file, line=line, column=column, end_line=line, end_column=column + 2)
    return Finding(rule=rule, grade=grade, location=location, message=message, advice=advice)


def make_check(
    *findings: Finding, undecided: tuple[Undecided, ...] = (), environments: int = 2, deployments: int = 4
) -> Check:
    """A check of a repository of this size; that none of it could be parsed does not show in the counts."""
    names = [f"m{index}" for index in range(deployments)]
    return Check(
        repository=Repository(
            models={"wines": ModelEntry(name="wines", faulty_records=frozenset(range(1, 8)))},
            environments={
                f"e{index}": EnvironmentEntry(
                    name=f"e{index}", faulty_deployments=frozenset(names[index::environments])
                )
                for index in range(environments)
            },
        ),
        findings=findings,
        undecided=undecided,
        policies=28,
    )


NO_REGISTRY = (
    Undecided(rule="record-exists", reason="no registry: use --registry"),
    Undecided(rule="record-unmoved", reason="no registry: use --registry"),
)

FAULTY_CHECK = make_check(
    make_finding(
        "traffic-sums-to-100",
        "production/wines: live traffic sums to 95 (v3 90, v5 5); it must be 100.",
        "Give the missing 5 to one of them.",
    ),
    make_finding("known-keys", 'unknown key "trafic"; did you mean "traffic"?', line=6, column=5),
    make_finding(
        "waiver-expires-soon",
        'the waiver of rule soak for v5 ends in 2 days (2026-11-25; reason "hotfix, 50% done").',
        "Ask again,\nor let it end.",
        grade=Grade.ADVISORY,
        file="environments/a,b:c%/exceptions.yaml",
    ),
    undecided=NO_REGISTRY,
)
