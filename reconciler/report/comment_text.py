"""The facts of a review in plain words, below the plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.report.comment import describe_pods, group_approvals, name_some
from reconciler.report.comment_parts import clean
from reconciler.report.comment_table import describe_evidence
from reconciler.report.screen import quiet_commands
from reconciler.state.findings import Approval, Finding
from reconciler.state.reviews import Review

_SHORT = 12
# What a terminal shows beside a plan; validate shows all.
_ERRORS = 20


def show_review(review: Review) -> str:
    """The verdict with its reasons, then what is known of each version, what to weigh, and who is asked."""
    compared = review.compared
    lines = [f"verdict: {review.verdict.value}", *(f"  {clean(reason)}" for reason in review.reasons)]
    lines += _list_errors([finding for finding in review.findings if finding.is_error])
    lines += _list_evidence(review)
    lines += [f"risk: {clean(f'{note.object}: {note.text}')}" for note in review.risks]
    lines += [
        f"approval: {clean(_tell_approval(item, names))}" for item, names in group_approvals(review.approvals)
    ]
    lines += [
        f"waived: {clean(f'{item.finding.subject}: {item.finding.rule}: {item.waiver.reason}')}"
        for item in review.waived
    ]
    pods = describe_pods(review)
    lines += [pods] if pods else []
    head = compared.head[:_SHORT] or "the work tree"
    moved = f"; the main branch is at {compared.tip[:_SHORT]}" if compared.tip else ""
    lines.append(f"Compared: base {compared.base[:_SHORT]}, head {head}; no cluster was asked{moved}.")
    return quiet_commands("\n".join(lines))


def _list_errors(errors: Sequence[Finding]) -> Iterator[str]:
    for item in errors[:_ERRORS]:
        yield f"error: {clean(f'{item.location}: {item.rule}: {item.message}')}"
    if len(errors) > _ERRORS:
        yield f"error: {len(errors) - _ERRORS} more; modelsync validate --base shows all"


def _tell_approval(item: Approval, names: Sequence[str]) -> str:
    reason = f": {item.reason}" if item.reason else ""
    return f"{name_some(names)}: one of {', '.join(item.owners) or 'nobody known'}{reason}"


def _list_evidence(review: Review) -> Iterator[str]:
    for row in review.rows:
        said = [*(describe_evidence(row.evidence) if row.evidence else ()), row.standing]
        if any(said):
            yield f"evidence: {clean(f'{row.object} {row.new_version}: ' + '; '.join(filter(None, said)))}"
