"""A review as JSON: `review` in `modelsync.dev/plan/v1` (reconciler/report/README.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from reconciler.report.json import show_plans
from reconciler.report.json_record import Json
from reconciler.report.json_text import write_json
from reconciler.state.findings import Approval, Waived
from reconciler.state.plans import Plan
from reconciler.state.reviews import Evidence, Note, Review, VariantRow


def show_change(plans: Sequence[Plan], review: Review) -> str:
    """`modelsync.dev/plan/v1` with the review."""
    return write_json({**json.loads(show_plans(plans)), "review": show_review(review)})


def show_review(review: Review) -> Json:
    """What the comment says, without the plans, which stand beside it."""
    compared = review.compared
    return {
        "verdict": review.verdict.value,
        "reasons": list(review.reasons),
        "base": compared.base,
        "head": compared.head or None,
        "main": compared.tip or compared.base,
        "live": compared.live,
        "variants": [_row(row) for row in review.rows],
        "risks": [_note(note) for note in review.risks],
        "timing": [_note(note) for note in review.timing],
        "approvals": [_approval(item) for item in review.approvals],
        "waived": [_waived(item) for item in review.waived],
        "undecided": [{"rule": item.rule, "reason": item.reason} for item in review.undecided],
        "stale": [{"object": item.object, "files": list(item.files)} for item in review.stale],
    }


def _row(row: VariantRow) -> Json:
    return {
        "target": row.target,
        "deployment": row.deployment,
        "predictor": row.variant,
        "shadow": row.shadow,
        "oldVersion": row.old_version,
        "newVersion": row.new_version,
        "old": row.old_share,
        "new": row.new_share,
        "pods": row.pods or "kept",
        "standing": row.standing,
        "evidence": _evidence(row.evidence) if row.evidence is not None else None,
    }


def _evidence(evidence: Evidence) -> Json:
    return {
        "version": evidence.version,
        "against": evidence.against or None,
        "metrics": [{"name": item.name, "old": item.old, "new": item.new} for item in evidence.metrics],
        "incomparable": evidence.incomparable,
        "signature": evidence.signature,
        "run": evidence.run or None,
        "commit": evidence.commit or None,
        "data": evidence.data or None,
    }


def _note(note: Note) -> Json:
    return {"object": note.object, "text": note.text}


def _approval(item: Approval) -> Json:
    return {
        "rule": item.rule or None,
        "subject": item.subject,
        "reason": item.reason or None,
        "owners": list(item.owners),
        "file": item.location.file,
        "line": item.location.line,
    }


def _waived(item: Waived) -> Json:
    return {
        "rule": item.finding.rule,
        "subject": item.finding.subject,
        "reason": item.waiver.reason,
        "until": str(item.waiver.until),
    }
