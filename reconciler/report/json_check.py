"""What was found in declarations, as JSON (reconciler/report/OUTPUTS.md)."""

from __future__ import annotations

from reconciler.report.json_record import Json, show_place
from reconciler.report.json_text import write_json
from reconciler.report.places import PlacedFinding, place_findings
from reconciler.state.findings import Approval, Undecided, Waived
from reconciler.validate.checks import Check


def show_check(check: Check) -> str:
    """`modelsync.dev/validate/v2`."""
    findings, waived = place_findings(check)
    errors = sum(1 for finding in check.findings if finding.is_error)
    shown = {
        "apiVersion": "modelsync.dev/validate/v2",
        "findings": [_show_finding(placed) for placed in findings],
        "waived": [_show_waived(*pair) for pair in zip(waived, check.waived, strict=True)],
        "undecided": [_show_undecided(item) for item in check.undecided],
        "approvals": [_show_approval(item) for item in check.approvals],
        "counts": {
            "environments": check.environments,
            "deployments": check.deployments,
            "records": check.records,
            "policies": check.policies,
            "errors": errors,
            "advice": len(check.findings) - errors,
            "waived": len(check.waived),
            "undecided": len(check.undecided),
        },
    }
    return write_json(shown)


def _show_finding(placed: PlacedFinding) -> Json:
    finding = placed.finding
    return {
        "rule": finding.rule,
        "grade": finding.grade.value,
        "subject": placed.subject,
        **show_place(finding.location),
        "path": placed.path,
        "message": finding.message,
        "advice": finding.advice,
        "fingerprint": placed.fingerprint,
    }


def _show_waived(placed: PlacedFinding, item: Waived) -> Json:
    waiver = {
        "objects": list(item.waiver.objects),
        "reason": item.waiver.reason,
        "until": item.waiver.until,
        **show_place(item.location),
    }
    return {**_show_finding(placed), "waiver": waiver}


def _show_undecided(item: Undecided) -> Json:
    return {"rule": item.rule, "reason": item.reason, "blocking": item.blocking}


def _show_approval(item: Approval) -> Json:
    return {
        "rule": item.rule,
        "subject": item.subject,
        "reason": item.reason,
        "owners": list(item.owners),
        **show_place(item.location),
    }
