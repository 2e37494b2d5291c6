"""What the Seldon operator says of a SeldonDeployment, and how much of it can be believed.

It never says which generation it speaks of (status.observedGeneration is not set), so that after an edit
its old word stands until its next pass. Field managers tell when it last changed the status, and when the
spec was last written, by one clock. Source: seldon-core operator v1.16.0, seldondeployment_controller.go
(Reconcile, updateStatusForError, createIstioServices).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from reconciler.apply.health.pods import tidy
from reconciler.apply.health.times import find_condition, find_edit_time, find_status_time
from reconciler.plan.shares import read_shares
from reconciler.state.objects import LiveObject
from reconciler.state.routes import DeploymentRoutes

_GRACE = timedelta(seconds=10)
"""How long an error must have stood to be believed: some are there for 20 ms, between two passes."""
_SETTLED = timedelta(seconds=20)
"""How long after an edit the operator has written all that it has to write."""

_REWRITES = 10
"""How many more changes a Deployment must have seen than its SeldonDeployment, to speak of a loop."""

# What it says of a Deployment that gave up; the Deployment itself says it better, and is asked.
_STALLED = "Deployment is no longer progressing and not available."
_ROUTED_BY = ("istioVirtualServicesReady", "AmbassadorMappingsReady")


def read_state(live: LiveObject) -> str:
    """Available, Creating, Failed, or empty before the operator's first pass."""
    return str((live.body.get("status") or {}).get("state") or "")


def say_state(live: LiveObject) -> str:
    """The operator's word in a sentence."""
    status: Mapping[str, Any] = live.body.get("status") or {}
    description = tidy(status.get("description") or "")
    return f"the operator says {read_state(live)}{f': {description}' if description else ''}"


def find_error(live: LiveObject, now: datetime) -> str:
    """The error that keeps the operator from acting on the present spec; empty where none is known.

    An error that was noted before the last edit, or only just now, is not believed.
    """
    noted, edited = find_status_time(live.body), find_edit_time(live.body)
    if noted is None or edited is None or not edited <= noted <= now - _GRACE:
        return ""
    return say_error(live)


def say_error(live: LiveObject) -> str:
    """The error that the operator notes, of whenever; empty where it notes none."""
    status: Mapping[str, Any] = live.body.get("status") or {}
    noted = read_state(live) == "Failed" and status.get("description") not in (None, "", _STALLED)
    return say_state(live) if noted else ""


def find_loop(live: LiveObject, workload: LiveObject, replicas: int | None, now: datetime) -> str:
    """That the operator rewrites a Deployment without end, and the way out; empty if it does not.

    Operator 1.16 does so from the first change on of a Deployment for which no number of `replicas` is
    declared: it takes away the one that it has just left in (createDeployments, `replicas: null`). It
    normally writes only when the SeldonDeployment was edited, so one look tells: it wrote just now, long
    after the last edit, and often.
    """
    edited, written = find_edit_time(live.body), find_edit_time(workload.body, own=True)
    if replicas is not None or edited is None or written is None:
        return ""
    surplus = workload.generation - live.generation
    if written - edited < _SETTLED or now - written > _GRACE or surplus < _REWRITES:
        return ""
    return (
        f"the operator rewrites Deployment {workload.key.name} without end (generation "
        f"{workload.generation}): a fault of Seldon Core 1.16 after a change to a Deployment without a "
        "number of replicas, such as an HPA's or an explainer's. It ends when there is a number, or with the "
        "Deployment: give the variant a new name (rollout: 2, or one more)"
    )


def is_forgotten(live: LiveObject, workload: LiveObject) -> bool:
    """Whether the operator will never remove a Deployment that the spec does not call for any more.

    It removes those that its status speaks of, and notes a Deployment there only once its numbers of Pods
    are not zero (createDeployments, completeServiceCreation): one that a quota kept from its first Pod is
    forgotten.
    """
    spoken: Mapping[str, Any] = (live.body.get("status") or {}).get("deploymentStatus") or {}
    return workload.key.name not in spoken and not workload.deleting


def find_routing_lack(live: LiveObject, routes: DeploymentRoutes | None) -> str:
    """What of the shares the ingress was not told yet; empty if nothing, or if the routes are not known.

    This alone shows whether an edit that changes nothing but shares was seen.
    """
    if routes is None or (not routes.shares and not _is_routed(live)):
        return ""
    asked = read_shares(live.body)
    alive = [share for share in asked if not share.shadow]
    if len(alive) > 1 and sum(share.percent for share in alive) != 100:
        return ""
    told = {(share.predictor, share.shadow): share.percent for share in routes.shares}
    for share in asked:
        wanted = 100 if len(alive) == 1 and not share.shadow else share.percent
        percent = told.get((share.predictor, share.shadow), 0.0)
        if abs(percent - wanted) > 0.01:
            kind = "mirrored" if share.shadow else "routed"
            return f"{share.predictor}: {kind} {percent:g} %, not {wanted} % yet"
    gone = [name for name, _ in told if name not in {share.predictor for share in asked}]
    return f"{gone[0]} is still routed" if gone else ""


def _is_routed(live: LiveObject) -> bool:
    """Whether the operator says that it made routes: without an ingress it says that there are none."""
    conditions = (find_condition(live.body, type_) or {} for type_ in _ROUTED_BY)
    return any(str(condition.get("reason") or "").startswith("All ") for condition in conditions)
