"""Plans, runs and states as JSON of a documented, versioned shape (reconciler/report/README.md)."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.report.json_record import Json, show_holds, show_place, show_shares, show_time
from reconciler.report.json_text import write_json
from reconciler.state.findings import Finding
from reconciler.state.inventory import GoodSet, ObjectResult
from reconciler.state.observations import Health, VariantHealth
from reconciler.state.plans import Change, FieldChange, Plan, Refusal, VariantChange
from reconciler.state.routes import DeploymentRoutes, Routes
from reconciler.state.runs import DeploymentStatus, Run, TargetRun, TargetStatus
from reconciler.state.targets import Fault, Target


def show_plans(plans: Sequence[Plan]) -> str:
    """`modelsync.dev/plan/v1`."""
    return write_json({"apiVersion": "modelsync.dev/plan/v1", "targets": [_plan(plan) for plan in plans]})


def show_run(run: Run) -> str:
    """`modelsync.dev/run/v1`."""
    return write_json(
        {
            "apiVersion": "modelsync.dev/run/v1",
            "revision": run.revision,
            "outcome": int(run.outcome),
            "targets": [_target_run(target) for target in run.targets],
        }
    )


def show_status(states: Sequence[TargetStatus]) -> str:
    """`modelsync.dev/status/v1`."""
    return write_json(
        {"apiVersion": "modelsync.dev/status/v1", "targets": [_status(state) for state in states]}
    )


def _finding(finding: Finding) -> Json:
    return {
        "rule": finding.rule,
        "grade": finding.grade.value,
        **show_place(finding.location),
        "message": finding.message,
        "advice": finding.advice,
    }


def _target(target: Target) -> Json:
    return {"environment": target.environment, "namespace": target.namespace, "cluster": target.cluster}


def _plan(plan: Plan) -> Json:
    return {
        **_target(plan.target),
        "revision": plan.revision,
        "digest": plan.digest,
        "changes": [_change(change) for change in plan.changes],
        "unchanged": [str(key) for key in plan.unchanged],
        "refusals": [_refusal(refusal) for refusal in plan.refusals],
        "faults": [_fault(fault) for fault in plan.faults],
        "notes": list(plan.notes),
    }


def _change(change: Change) -> Json:
    return {
        "op": change.op.value,
        "cause": change.cause.value,
        "object": str(change.key),
        "deployment": change.deployment,
        "variants": [_variant(variant) for variant in change.variants],
        "fields": [_field(field) for field in change.fields],
        "edits": [
            {"manager": edit.manager, "time": edit.time, "fields": list(edit.fields)} for edit in change.edits
        ],
        "reason": change.reason,
        "held": change.held,
        "orphan": change.orphan,
    }


def _variant(variant: VariantChange) -> Json:
    return {
        "predictor": variant.predictor,
        "version": variant.version,
        "shadow": variant.shadow,
        "old": variant.old,
        "new": variant.new,
    }


def _field(field: FieldChange) -> Json:
    return {"sign": field.sign, "path": field.path, "old": field.old, "new": field.new}


def _refusal(refusal: Refusal) -> Json:
    return {
        "rule": refusal.rule,
        "message": refusal.message,
        "advice": refusal.advice,
        "objects": list(refusal.objects),
        "partial": refusal.partial,
    }


def _fault(fault: Fault) -> Json:
    return {"deployment": fault.deployment, "findings": [_finding(finding) for finding in fault.findings]}


def _target_run(run: TargetRun) -> Json:
    return {
        **_target(run.target),
        "outcome": int(run.outcome),
        "message": run.message,
        "notes": list(run.notes),
        "plan": _plan(run.plan) if run.plan is not None else None,
        "results": [_result(result) for result in run.results],
        "health": [_health(health) for health in run.health],
        "routed": _routes(run.routes),
        "requests": run.requests,
        "seconds": round(run.seconds, 3),
    }


def _routes(routes: Routes | None) -> Json | None:
    if routes is None or routes.unknown:
        return None
    return {name: _routed(own) for name, own in sorted(routes.deployments.items())}


def _result(result: ObjectResult) -> Json:
    return {"object": str(result.key), "action": result.action.value, "message": result.message}


def _health(health: Health) -> Json:
    return {
        "object": str(health.key),
        "health": health.word.value,
        "reason": health.reason,
        "variants": [_variant_health(item) for item in health.variants],
        "notes": list(health.notes),
    }


def _status(state: TargetStatus) -> Json:
    record = state.record
    return {
        **_target(state.target),
        "outcome": int(state.outcome),
        "message": state.message,
        "attempted": record.attempted if record else "",
        "applied": record.applied if record else "",
        "appliedAt": record.applied_at.isoformat() if record and record.applied_at else None,
        "window": state.window,
        "routedUnknown": state.routed_unknown,
        "servedUnknown": state.served_unknown,
        "leftovers": [str(key) for key in state.leftovers],
        "notes": list(state.notes),
        "inForce": list(state.in_force),
        **show_holds(state),
        "deployments": [_deployment(deployment) for deployment in state.deployments],
        "history": [
            {
                "revision": item.revision,
                "finished": item.finished.isoformat(),
                "outcome": item.outcome,
                "summary": item.summary,
            }
            for item in (record.history if record else ())
        ],
    }


def _deployment(deployment: DeploymentStatus) -> Json:
    return {
        "name": deployment.name,
        "declared": show_shares(deployment.declared),
        "applied": show_shares(deployment.applied),
        "health": deployment.health.word.value,
        "reason": deployment.health.reason,
        "routed": _routed(deployment.routed),
        "routedSince": show_time(deployment.routed.changed if deployment.routed else None),
        "served": dict(sorted(deployment.served.items())) if deployment.served is not None else None,
        "variants": [_variant_health(item) for item in deployment.health.variants],
        "lastGood": _good(deployment.good),
        "extras": [
            {"object": str(item.key), "health": item.word.value, "reason": item.reason}
            for item in deployment.extras
        ],
        "notes": list(deployment.notes),
    }


def _variant_health(item: VariantHealth) -> Json:
    return {
        "predictor": item.predictor,
        "health": item.word.value,
        "reason": item.reason,
        "since": show_time(item.since),
    }


def _routed(routed: DeploymentRoutes | None) -> list[Json] | None:
    if routed is None:
        return None
    return [
        {"predictor": share.predictor, "shadow": share.shadow, "percent": share.percent}
        for share in routed.shares
    ]


def _good(good: GoodSet | None) -> Json | None:
    if good is None:
        return None
    return {"revision": good.revision, "digest": good.digest, "shares": show_shares(good.shares)}
