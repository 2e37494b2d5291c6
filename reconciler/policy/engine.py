"""What a policy is, and how all of them are run over a repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from reconciler.policy.context import Context
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade, Undecided, sort_findings

HEADINGS = ("What it checks", "Why", "Example", "Fix")
"""The fixed form of a policy's documentation: a title, then these, each a line of its own."""


class Need(str, Enum):
    """What a policy must be given before it can decide."""

    DECLARATIONS = "declarations"
    RECORDS = "records"
    BASE = "base"
    TIME = "time"


_REASONS: Mapping[Need, str] = {Need.BASE: "no base: use --base", Need.TIME: "no time was given"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A rule over declarations.

    `check` is pure: it takes a context and gives findings; it prints nothing and raises nothing on any
    repository that was parsed. `documentation` is its module's docstring, in the form of HEADINGS.
    """

    id: str
    documentation: str
    check: Callable[[Context], Iterable[Finding]]
    needs: tuple[Need, ...] = (Need.DECLARATIONS,)
    grade: Grade = Grade.HARD

    @property
    def title(self) -> str:
        """One line that says what holds where the policy is kept."""
        return self.documentation.partition("\n")[0].rstrip(".")

    def finding(self, location: Location, message: str, advice: str = "") -> Finding:
        """A finding of this policy at its grade."""
        return Finding(rule=self.id, grade=self.grade, location=location, message=message, advice=advice)


def run_policies(
    context: Context, policies: Sequence[Policy]
) -> tuple[tuple[Finding, ...], tuple[Undecided, ...]]:
    """The findings of all policies, sorted, and the policies that lacked what they need."""
    findings: list[Finding] = []
    undecided: list[Undecided] = []
    for policy in policies:
        reasons = [_REASONS[need] for need in policy.needs if _is_missing(need, context)]
        if reasons:
            undecided.append(Undecided(rule=policy.id, reason="; ".join(reasons)))
        else:
            findings.extend(policy.check(context))
    return sort_findings(findings), tuple(undecided)


def split_documentation(policy: Policy) -> Mapping[str, str]:
    """The sections of a policy's documentation by heading, as far as it has them."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in policy.documentation.splitlines():
        if line in HEADINGS:
            lines = sections.setdefault(line, [])
        else:
            lines.append(line)
    return {heading: "\n".join(text).strip("\n") for heading, text in sections.items()}


def _is_missing(need: Need, context: Context) -> bool:
    return (need is Need.BASE and context.base is None) or (need is Need.TIME and context.now is None)
