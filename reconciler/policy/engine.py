"""What a policy is, and how all of them are run over a repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from reconciler.policy.context import Context
from reconciler.policy.exceptions import apply_waivers
from reconciler.policy.grading import Rule, grade_findings
from reconciler.policy.parameters import Parameter as Parameter
from reconciler.policy.parameters import find_value
from reconciler.state.documents import Location
from reconciler.state.findings import Approval, Finding, Grade, Undecided, Waived, sort_findings
from reconciler.state.repository import EnvironmentEntry

HEADINGS = ("What it checks", "Why", "Example", "Fix")
"""The fixed form of a policy's documentation: a title, then these, each a line of its own."""


class Need(str, Enum):
    """What a policy must be given before it can decide."""

    DECLARATIONS = "declarations"
    RECORDS = "records"
    BASE = "base"
    HISTORY = "history"
    REGISTRY = "registry"
    TIME = "time"


# What is known whenever anything is rendered.
_OF_RENDERING = frozenset({Need.DECLARATIONS, Need.RECORDS, Need.TIME})

_REASONS: Mapping[Need, str] = {
    Need.BASE: "no base: use --base",
    # The history is that of the branch that a change is compared with.
    Need.HISTORY: "no base: use --base",
    Need.REGISTRY: "no registry: use --registry",
    Need.TIME: "no time was given",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What all policies say of a repository: `findings` that count, those that a waiver lifts, what could
    not be decided, and whose approval the change needs."""

    findings: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    waived: tuple[Waived, ...] = ()
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A rule over declarations.

    `check` is pure: it takes a context and gives findings, and an Undecided for each thing that it lacks a
    fact about; it prints nothing and raises nothing on any repository that was parsed. `review`, where there
    is one, does the same once all policies have been checked, and sees what they said. `documentation` is
    its module's docstring, in the form of HEADINGS.
    """

    id: str
    documentation: str
    check: Callable[[Context], Iterable[Finding | Undecided]]
    needs: tuple[Need, ...] = (Need.DECLARATIONS,)
    grade: Grade = Grade.HARD
    parameter: Parameter | None = None
    review: Callable[[Context, Judgement], Iterable[Finding | Approval]] | None = None

    @property
    def title(self) -> str:
        """One line that says what holds where the policy is kept."""
        return self.documentation.partition("\n")[0].rstrip(".")

    @property
    def rule(self) -> Rule:
        """The policy as `rules:` names it.

        What decides from declarations and records alone, and is hard, is what rendering relies on.
        """
        relied_on = self.grade is Grade.HARD and set(self.needs) <= _OF_RENDERING
        lowest = Grade.HARD if relied_on else Grade.ADVISORY
        return Rule(id=self.id, title=self.title, grade=self.grade, parameter=self.parameter, lowest=lowest)

    def value_in(self, environment: EnvironmentEntry) -> Any:
        """The parameter in an environment: what its `rules:` set, over the default."""
        if self.parameter is None:
            return None
        declared = environment.environment.declaration if environment.environment is not None else None
        return find_value(self.id, self.parameter, declared)

    def finding(self, location: Location, message: str, advice: str = "", *, subject: str = "") -> Finding:
        """A finding of this policy at its grade, on an object by the name that waivers have for it."""
        return Finding(
            rule=self.id,
            grade=self.grade,
            location=location,
            message=message,
            advice=advice,
            subject=subject,
        )

    def undecided(self, reason: str) -> Undecided:
        """What this policy could not decide: `reason` names the object, what is not known, the way out."""
        return Undecided(rule=self.id, reason=reason)


def run_policies(context: Context, policies: Sequence[Policy]) -> Judgement:
    """What all policies say at the grades that environments give them, without what waivers lift.

    The policies that lack what they need are undecided. Those that `review` come last: they look at what
    the others said.
    """
    rules = {policy.id: policy.rule for policy in policies}
    said: list[Finding] = []
    undecided: list[Undecided] = []
    ready: list[Policy] = []
    for policy in policies:
        missing = (_REASONS[need] for need in policy.needs if _is_missing(need, context))
        reasons = tuple(dict.fromkeys(missing))
        if reasons:
            undecided.append(Undecided(rule=policy.id, reason="; ".join(reasons)))
            continue
        ready.append(policy)
        answers = tuple(policy.check(context))
        said += (answer for answer in answers if isinstance(answer, Finding))
        gaps = sorted({answer.reason for answer in answers if isinstance(answer, Undecided)})
        if gaps:
            undecided.append(Undecided(rule=policy.id, reason="; ".join(gaps)))
    graded = sort_findings(grade_findings(said, rules, context.repository))
    counting, waived = apply_waivers(graded, context.repository, context.now)
    first = Judgement(findings=counting, waived=waived, undecided=tuple(undecided))
    seen = [answer for policy in ready if policy.review for answer in policy.review(context, first)]
    found = (answer for answer in seen if isinstance(answer, Finding))
    approvals = (answer for answer in seen if isinstance(answer, Approval))
    return replace(
        first,
        findings=sort_findings((*counting, *grade_findings(found, rules, context.repository))),
        approvals=tuple(sorted(approvals, key=lambda one: (one.location, one.rule, one.subject))),
    )


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
    given: Mapping[Need, object] = {
        Need.BASE: context.base,
        Need.HISTORY: context.history,
        # What the registry says is compared after the policies, by those who may ask it.
        Need.REGISTRY: None,
        Need.TIME: context.now,
    }
    return need in given and given[need] is None
