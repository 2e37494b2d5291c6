"""A change as its reviewers see it: the verdict, who takes which share, what to weigh, who must approve.

Everything is derived from what was checked and planned before; nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from reconciler.pin.verification import RULES as REGISTRY_RULES
from reconciler.pipeline.review.owners import list_owner_approvals
from reconciler.pipeline.review.risks import list_risks
from reconciler.pipeline.review.rows import ComparedTarget, RowContext, list_model_changes, list_rows
from reconciler.pipeline.verification import list_changed_records
from reconciler.plan.wording import count, join_words
from reconciler.policy.engine import Need
from reconciler.policy.policies import POLICIES
from reconciler.state.findings import Undecided
from reconciler.state.history import History
from reconciler.state.repository import Repository
from reconciler.state.reviews import Compared, Note, Review, Stale, Verdict
from reconciler.validate.checks import Check

_MOST_NAMES = 5
_OF_CHANGES = frozenset(
    policy.id for policy in POLICIES if {Need.BASE, Need.HISTORY}.intersection(policy.needs)
)


def review_change(
    base: Check,
    head: Check,
    targets: Sequence[ComparedTarget],
    compared: Compared,
    *,
    now: datetime,
    history: History | None = None,
    stale: tuple[Stale, ...] = (),
    owned: Sequence[str] = (),
    others: Sequence[Repository] = (),
) -> Review:
    """All that is to be said of the change from `base` to `head`.

    `head` was checked as a change of `base`; `targets` are the plans of all targets that were asked for.
    `owned` are the files that differ, where a forge asks their owners; `others` the
    further repositories where the change began, which records are compared with.
    """
    changes = [item for target in targets for item in list_model_changes(target)]
    context = RowContext(base=base.repository, head=head.repository, now=now, history=history)
    bases = (base.repository, *others)
    undecided = _list_open(base, head, bases)
    failures = _list_failures(head, targets, stale)
    return Review(
        compared=compared,
        verdict=Verdict.FAIL if failures else Verdict.UNVERIFIED if undecided else Verdict.PASS,
        reasons=(*failures, *_explain_open(undecided, bases, head.repository)),
        plans=tuple(target.plan for target in targets),
        rows=tuple(row for item in changes for row in list_rows(item, context)),
        risks=tuple(risk for item in changes for risk in list_risks(item, head.repository)),
        timing=tuple(
            Note(object=str(target.plan.target), text=note)
            for target in targets
            if target.plan.changes
            for note in target.plan.notes
        ),
        approvals=(*head.approvals, *list_owner_approvals(base.repository, owned)),
        findings=head.findings,
        waived=head.waived,
        undecided=undecided,
        stale=stale,
    )


def _list_failures(head: Check, targets: Sequence[ComparedTarget], stale: tuple[Stale, ...]) -> list[str]:
    errors = sum(1 for finding in head.findings if finding.is_error)
    refusals = [refusal.rule for target in targets for refusal in target.plan.refusals]
    faulty = [
        f"{target.plan.target}/{fault.deployment}" for target in targets for fault in target.plan.faults
    ]
    said = [f"{count(errors, 'error')} in the declarations"] if errors else []
    if refusals:
        said.append(f"refused by {join_words(sorted(set(refusals)))}")
    if faulty:
        stay = "stays as it was" if len(faulty) == 1 else "stay as they were"
        said.append(f"{_name_some(faulty)} cannot be rendered and {stay} last applied")
    if stale:
        names = [item.object for item in stale]
        said.append(f"the main branch moved on in what this touches ({_name_some(names)}): update the branch")
    return said


def _list_open(base: Check, head: Check, bases: Sequence[Repository]) -> tuple[Undecided, ...]:
    """What could not be decided and matters to this change: it blocks, it is about changes, or it is new.

    What needs the registry matters where a record is new or different: the others were compared before.
    """
    records = bool(list_changed_records(head.repository, bases))
    known = frozenset(base.undecided)
    return tuple(
        item
        for item in head.undecided
        if item.blocking
        or (records if item.rule in REGISTRY_RULES else item.rule in _OF_CHANGES or item not in known)
    )


def _explain_open(
    undecided: Sequence[Undecided], bases: Sequence[Repository], head: Repository
) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for item in undecided:
        by_reason.setdefault(item.reason, []).append(item.rule)
    for reason, rules in by_reason.items():
        what = f"not decided: {_name_some(rules)}"
        if set(rules) <= set(REGISTRY_RULES):
            names = [
                f"{record.declaration.identity.name} v{record.declaration.identity.version}"
                for record in list_changed_records(head, bases)
            ]
            what = f"not compared with the registry: {_name_some(names)}"
        yield f"{what} ({reason})"


def _name_some(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMES:
        return join_words(names)
    return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"
