"""What a policy is, and how all of them are run over a repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from reconciler.policy.context import Context
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


_REASONS: Mapping[Need, str] = {
    Need.BASE: "no base: use --base",
    Need.HISTORY: "no history: run in a clone of the repository",
    Need.REGISTRY: "no registry: use --registry",
    Need.TIME: "no time was given",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What `rules:` in environment.yaml may set of a rule besides its grade.

    `form` says what is expected ("percentage points from 0 to 100"). `default` holds where nothing is set;
    of a block, each key has its own. `measure` gives for every part of a value (of a plain one: the part
    "") how much it lets through, in any unit: more is wider. It raises ValueError, without words, for a
    value that does not have the form.
    """

    form: str
    default: Any
    measure: Callable[[Any], Mapping[str, float]]


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
    fact about; it prints nothing and raises nothing on any repository that was parsed. `documentation` is its module's docstring, in the form of HEADINGS.
    """

    id: str
    documentation: str
    check: Callable[[Context], Iterable[Finding | Undecided]]
    needs: tuple[Need, ...] = (Need.DECLARATIONS,)
    grade: Grade = Grade.HARD
    parameter: Parameter | None = None

    @property
    def title(self) -> str:
        """One line that says what holds where the policy is kept."""
        return self.documentation.partition("\n")[0].rstrip(".")

    def value_in(self, environment: EnvironmentEntry) -> Any:
        """The parameter in an environment: what its `rules:` set, over the default.

        A value that does not have the parameter's form counts for nothing: another rule tells of it.
        """
        default = self.parameter.default if self.parameter is not None else None
        if self.parameter is None or environment.environment is None:
            return default
        said = environment.environment.declaration.rules.get(self.id).value
        if said is None or not is_measurable(self.parameter, said):
            return default
        return {**default, **said} if isinstance(default, Mapping) else said

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
        """What this policy could not decide: `reason` names the object, what is not known, and the way out."""
        return Undecided(rule=self.id, reason=reason)


def is_measurable(parameter: Parameter, value: Any) -> bool:
    """Whether a value has the form that the parameter asks for."""
    try:
        parameter.measure(value)
    except ValueError:
        return False
    return True


def run_policies(context: Context, policies: Sequence[Policy]) -> Judgement:
    """What all policies say: findings sorted, and the policies that lacked what they need."""
    findings: list[Finding] = []
    undecided: list[Undecided] = []
    for policy in policies:
        reasons = [_REASONS[need] for need in policy.needs if _is_missing(need, context)]
        if reasons:
            undecided.append(Undecided(rule=policy.id, reason="; ".join(reasons)))
        else:
            said = tuple(policy.check(context))
            findings.extend(item for item in said if isinstance(item, Finding))
            open_ends = sorted({item.reason for item in said if isinstance(item, Undecided)})
            if open_ends:
                undecided.append(Undecided(rule=policy.id, reason="; ".join(open_ends)))
    return Judgement(findings=sort_findings(findings), undecided=tuple(undecided))


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
