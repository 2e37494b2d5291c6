"""One Deployment that the operator must make: is it there, in its present form, and complete? Pure.

The judgement is the Deployment controller's own (k8s.io/kubernetes, pkg/controller/deployment/util): a status
counts once it observed the present generation; complete is when all wanted replicas are updated and available
and no other ones are left; Progressing=False says that it gave up. What that controller does not time (a
Deployment that is not made, one that was complete once) is timed here, by the declared start-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.apply.health.form import find_difference
from reconciler.apply.health.operator import find_loop
from reconciler.apply.health.pods import explain_workload, tidy
from reconciler.apply.health.times import (
    find_condition,
    find_deletion_time,
    find_edit_time,
    find_status_time,
    latest,
    read_time,
)
from reconciler.apply.health.wanted import Wanted
from reconciler.observe.closeup import Closeup
from reconciler.state.objects import Body, LiveObject
from reconciler.state.observations import HealthWord

# The reason of Progressing once a roll-out is through; it stays until the next one.
_COMPLETE_ONCE = "NewReplicaSetAvailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one Deployment is doing, `since` when as far as the cluster tells, and why."""

    word: HealthWord
    reason: str = ""
    since: datetime | None = None


def judge_workload(
    wanted: Wanted,
    found: LiveObject | None,
    live: LiveObject,
    predictor: Mapping[str, Any],
    closeup: Closeup | None,
    now: datetime,
) -> Verdict:
    """InProgress, Current or Failed; an InProgress one is not yet held against its deadline.

    `found` is the Deployment of that name, `live` the SeldonDeployment, `predictor` its part of the spec.
    """
    whose = f"its {wanted.part}'s" if wanted.part else "its"
    edited = find_edit_time(live.body)
    if found is None:
        told = str(next(iter(wanted.names)))
        since = None if told in ((live.body.get("status") or {}).get("deploymentStatus") or {}) else edited
        return _wait(f"the operator has not made {whose} Deployment yet", since)
    if found.deleting:
        return _wait(f"{whose} Deployment is being deleted", find_deletion_time(found.body))
    spec: Mapping[str, Any] = found.body.get("spec") or {}
    status: Mapping[str, Any] = found.body.get("status") or {}
    if difference := find_difference(live.body.get("spec") or {}, predictor, wanted, spec):
        return _wait(f"{whose} Deployment {difference}", latest(edited, find_edit_time(found.body)))
    # In the operator's loop the last write says nothing.
    looping = bool(find_loop(live, found, wanted.replicas, now))
    written = edited if looping else find_edit_time(found.body)
    if int(status.get("observedGeneration") or 0) < found.generation:
        return _wait(f"{whose} Deployment's last change was not seen yet", None if looping else written)
    lack = _count_lack(spec, status)
    if not lack:
        return Verdict(word=HealthWord.CURRENT, since=_find_ready_since(found.body))
    what = f"{whose} {lack}" if wanted.part else lack
    told = f"{what}{_explain(found, closeup)}"
    progressing = find_condition(found.body, "Progressing") or {}
    given_up = read_time(progressing.get("lastTransitionTime"))
    # A Deployment that gave up keeps saying so for a while when it is given another form.
    stale = given_up is not None and written is not None and given_up < written
    if progressing.get("status") == "False" and not stale:
        # The Deployment's own deadline is the start-up, as rendered; any other reason is a reason.
        late = progressing.get("reason") == "ProgressDeadlineExceeded"
        why = say_late(wanted.startup) if late else progressing.get("reason") or "not progressing"
        return Verdict(word=HealthWord.FAILED, reason=f"{why}: {told}", since=given_up)
    return _wait(told, _find_unready_since(found.body, written))


def say_late(startup: int) -> str:
    """That a start-up of so many seconds is over."""
    return f"not ready within its {say_seconds(startup)} start-up"


def say_seconds(seconds: int) -> str:
    """A span in the largest unit that it is whole in: 600 is `10 m`."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _count_lack(spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    wanted = int(spec.get("replicas", 1))
    updated = int(status.get("updatedReplicas") or 0)
    available = int(status.get("availableReplicas") or 0)
    total = int(status.get("replicas") or 0)
    if wanted == updated == available == total:
        return ""
    surplus = f", {total - wanted} too many" if total > wanted else ""
    # Old Pods count as available too, and say nothing about the new ones.
    ready = max(0, min(updated, available - (total - updated)))
    return f"{ready} of {wanted} Pods ready{surplus}"


def _explain(found: LiveObject, closeup: Closeup | None) -> str:
    """What is known of the reason, with what the Deployment itself says of Pods that could not be made."""
    refused = find_condition(found.body, "ReplicaFailure") or {}
    if refused.get("status") == "True":
        return f"; {refused.get('reason') or 'ReplicaFailure'}: {tidy(refused.get('message') or '')}"
    words = explain_workload(found.key.name, closeup)
    return f"; {words}" if words else ""


def _find_unready_since(body: Body, written: datetime | None) -> datetime | None:
    """Since when it is not complete, its spec having been written last at `written`.

    While it rolls out, since its last step forward; afterwards since it lost Pods that it needs, or, where it
    can do without them, since its status last changed.
    """
    progressing = find_condition(body, "Progressing") or {}
    available = find_condition(body, "Available") or {}
    if progressing.get("reason") != _COMPLETE_ONCE:
        return latest(read_time(progressing.get("lastUpdateTime")), written)
    if available.get("status") == "False":
        return latest(read_time(available.get("lastTransitionTime")), written)
    return find_status_time(body)


def _find_ready_since(body: Body) -> datetime | None:
    """Since when it is complete; where it can do without a Pod, only its status tells when that came back."""
    progressing = find_condition(body, "Progressing") or {}
    available = find_condition(body, "Available") or {}
    return latest(
        read_time(progressing.get("lastUpdateTime")),
        read_time(available.get("lastTransitionTime")),
        find_status_time(body),
    )


def _wait(reason: str, since: datetime | None) -> Verdict:
    return Verdict(word=HealthWord.IN_PROGRESS, reason=reason, since=since)
