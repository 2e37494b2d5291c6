"""Everything that can be said of a revision's declarations: what is in them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.load.documents import Loaded
from reconciler.policy.context import Context
from reconciler.policy.engine import Need, run_policies
from reconciler.policy.policies import POLICIES
from reconciler.state.documents import Document
from reconciler.state.findings import Approval, Finding, Undecided, Waived, sort_findings
from reconciler.state.owners import OwnersFile
from reconciler.state.repository import Repository
from reconciler.validate.parse import parse

if TYPE_CHECKING:
    from reconciler.state.history import History

_ABOUT_CHANGES = frozenset(
    policy.id for policy in POLICIES if not {Need.BASE, Need.HISTORY}.isdisjoint(policy.needs)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A parsed repository and all findings on it. `policies` counts those that were run or not decided.

    `waived` are findings that do not count because of a waiver, `approvals` what the change asks of whom.
    `documents` are the files that could be read, faulty ones too, by path.
    """

    repository: Repository
    findings: tuple[Finding, ...]
    undecided: tuple[Undecided, ...]
    policies: int
    waived: tuple[Waived, ...] = ()
    approvals: tuple[Approval, ...] = ()
    documents: Mapping[str, Document] = field(default_factory=dict)

    @property
    def standing(self) -> tuple[Finding, ...]:
        """The findings on what is declared, whatever it was before: those on a change judge no more than it.

        What was merged is served, also where it was merged in spite of them.
        """
        return tuple(finding for finding in self.findings if finding.rule not in _ABOUT_CHANGES)

    @property
    def environments(self) -> int:
        return len(self.repository.environments)

    @property
    def deployments(self) -> int:
        entries = self.repository.environments.values()
        return sum(len(entry.deployments) + len(entry.faulty_deployments) for entry in entries)

    @property
    def records(self) -> int:
        return sum(
            len(model.records) + len(model.faulty_records) for model in self.repository.models.values()
        )


def check(
    loaded: Loaded,
    *,
    base: Repository | None = None,
    now: datetime | None = None,
    history: History | None = None,
    codeowners: OwnersFile | None = None,
    owned_before: OwnersFile | None = None,
    like: Repository | None = None,
) -> Check:
    """Parse and judge declarations; collects everything, never stops at the first fault.

    `base` is the repository that a change is compared with, for rules about changes; `now` is the time for
    rules about time, `history` for those about what was served. Without them such rules are not decided.
    `codeowners` is judged where there is one, against `owned_before`, what it was before. What shares its
    value with `like` (none: with `base`) is not parsed again.
    """
    repository, faults = parse(loaded, like=base if like is None else like)
    context = Context(
        repository=repository,
        base=base,
        now=now,
        history=history,
        codeowners=codeowners,
        owned_before=owned_before,
    )
    judged = run_policies(context, POLICIES)
    return Check(
        repository=repository,
        findings=sort_findings((*loaded.findings, *faults, *judged.findings)),
        undecided=judged.undecided,
        waived=judged.waived,
        approvals=judged.approvals,
        policies=len(POLICIES),
        documents={file.path: file.document for file in loaded.files if file.document is not None},
    )
