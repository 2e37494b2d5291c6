"""What the exceptions of an environment would hold back of a plan that no cluster was asked for. Pure.

Which sets served well before, who took what back in an emergency and what is fought over stands in the
record, so nothing is said of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from reconciler.plan.exceptions import describe_suspension, describe_unreadable, find_suspension, find_wait
from reconciler.plan.freezes import is_safe, only_withdraws
from reconciler.state.exceptions import Exceptions
from reconciler.state.objects import SELDON_DEPLOYMENT, Body, ObjectKey
from reconciler.state.plans import Change, Op, Plan

_UNLESS = "; a set that served well here before is brought back all the same"


def foresee_waits(
    plan: Plan, before: Mapping[ObjectKey, Body], exceptions: Exceptions | None, now: datetime
) -> tuple[str, ...]:
    """A note for each deployment whose change sync would leave for later if it ran now.

    `before` are the objects as they were declared. None stands for exceptions that are there and cannot be
    read: then nothing changes.
    """
    changes = [change for change in plan.changes if change.op is not Op.SKIP]
    if not changes:
        return ()
    environment = plan.target.environment
    if exceptions is None:
        return (f"{describe_unreadable(environment)}; nothing changes here before it can",)
    return tuple(f"{environment}/{said}" for said in _foresee(changes, before, exceptions, now))


def _foresee(
    changes: list[Change], before: Mapping[ObjectKey, Body], exceptions: Exceptions, now: datetime
) -> Iterator[str]:
    wait = find_wait(exceptions, now)
    updates = [
        change for change in changes if change.op is Op.UPDATE and change.key.kind == SELDON_DEPLOYMENT
    ]
    free = {change.deployment for change in updates if only_withdraws(change, before[change.key])}
    frozen = {change.deployment for change in changes if wait and not is_safe(change)} - free
    for name in dict.fromkeys(change.deployment for change in changes):
        suspension = find_suspension(exceptions, name, now)
        if suspension is not None:
            yield f"{name} {describe_suspension(suspension)}"
        elif name in frozen:
            may_return = any(change.deployment == name for change in updates)
            yield f"{name} {wait}{_UNLESS if may_return else ''}"
