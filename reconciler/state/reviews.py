"""What a change does, as those see it who review it: the facts of a plan comment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reconciler.state.findings import Approval, Finding, Undecided, Waived
from reconciler.state.plans import Plan


class Verdict(str, Enum):
    """May it be merged, as far as is known? What could not be decided is never read as a pass."""

    PASS = "pass"  # noqa: S105  (a verdict)
    FAIL = "fail"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricChange:
    """One metric of two versions that were measured on the same evaluation data."""

    name: str
    old: float
    new: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the records say of a version against the one whose requests it takes.

    `against` is that version (`v3`, empty where nothing serves). `metrics` are those that can be compared;
    where there are none `incomparable` says why. `signature` is what became of inputs and outputs. `run`,
    `commit` and `data` are where it comes from, empty where the record does not say.
    """

    version: str
    against: str = ""
    metrics: tuple[MetricChange, ...] = ()
    incomparable: str = ""
    signature: str = ""
    run: str = ""
    commit: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRow:
    """One line of the model table. Versions are as people write them (`v5`), shares in percent.

    None stands for a side on which the variant is not there. `target` is the environment, with its cluster
    where it has several. `standing` is what history tells of the version here and upstream, `pods` what
    becomes of its Pods where anything does.
    """

    target: str
    deployment: str
    variant: str
    shadow: bool
    old_version: str | None
    new_version: str | None
    old_share: int | None
    new_share: int | None
    evidence: Evidence | None = None
    standing: str = ""
    pods: str = ""

    @property
    def object(self) -> str:
        """The deployment as people name it: `production/wines`."""
        return f"{self.target}/{self.deployment}"

    @property
    def moves(self) -> bool:
        """Whether anything of it changes."""
        return (self.old_version, self.old_share) != (self.new_version, self.new_share) or bool(self.pods)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence on objects: a risk of the change, or when it comes."""

    object: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What the main branch changed meanwhile of a thing that the change touches, so that the plan is old."""

    object: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was compared: full commit names; `head` is empty for a work tree that is not committed.

    `tip` is what the main branch was at, where that is not the base.
    """

    base: str
    head: str = ""
    live: bool = False
    tip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """All that a comment on a change says. `reasons` say why the verdict is what it is, one sentence each."""

    compared: Compared
    verdict: Verdict
    reasons: tuple[str, ...]
    plans: tuple[Plan, ...]
    rows: tuple[VariantRow, ...] = ()
    risks: tuple[Note, ...] = ()
    timing: tuple[Note, ...] = ()
    approvals: tuple[Approval, ...] = ()
    findings: tuple[Finding, ...] = ()
    waived: tuple[Waived, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    stale: tuple[Stale, ...] = ()
