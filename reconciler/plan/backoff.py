"""How long a revision waits that failed at being written, and what waits with it. Pure.

The wait doubles with each failure from one minute up to half an hour, without jitter, as client-go's
ItemExponentialFailureRateLimiter (k8s.io/client-go/util/workqueue) does for controllers. It is kept for
(target, revision): another commit starts anew.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.state.inventory import BackOff, TargetRecord
from reconciler.state.objects import ObjectKey
from reconciler.state.plans import Action, Cause, Change, Op, Plan

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=30)

_HELD = "{revision} failed here {times}, so it is not tried again before {until}: {reason}"
# Characters: an API server repeats whole objects in what it says, and this is told with each run that waits.
_REASON_LIMIT = 500
_DOUBLINGS = 5  # 32 minutes: more than the longest wait


def fail_again(known: BackOff | None, revision: str, reason: str, now: datetime) -> BackOff:
    """The back-off after `revision` failed (once more, if it is the one that failed before)."""
    failures = known.failures + 1 if known is not None and known.revision == revision else 1
    wait = min(FIRST_WAIT * 2 ** min(failures - 1, _DOUBLINGS), LONGEST_WAIT)
    short = reason if len(reason) <= _REASON_LIMIT else f"{reason[:_REASON_LIMIT]}…"
    return BackOff(revision=revision, failures=failures, until=now + wait, reason=short)


def hold_back(plan: Plan, record: TargetRecord, now: datetime) -> Plan:
    """The plan with everything skipped that waits for the end of the record's back-off.

    What the revision brings waits, prunes included, so that nothing is rehearsed for nothing. Drift of what
    is applied already is still healed: it has nothing to do with the commit, unless it failed itself.
    """
    backoff = record.backoff
    if backoff is None or backoff.revision != plan.revision or not is_waiting(backoff, now):
        return plan
    failed = _list_failed(record)
    reason = describe_wait(backoff)
    return replace(
        plan,
        changes=tuple(
            replace(change, op=Op.SKIP, reason=reason) if _waits(change, failed) else change
            for change in plan.changes
        ),
    )


def foresee_wait(plan: Plan, record: TargetRecord, now: datetime) -> tuple[str, ...]:
    """A note for a plan that holds nothing back: that sync waits with its commit, whatever its ref is called.

    Nothing where no change would wait.
    """
    backoff = record.backoff
    if (
        backoff is None
        or not is_waiting(backoff, now)
        or _commit_of(backoff.revision) != _commit_of(plan.revision)
    ):
        return ()
    failed = _list_failed(record)
    return (describe_wait(backoff),) if any(_waits(change, failed) for change in plan.changes) else ()


def is_waiting(backoff: BackOff, now: datetime) -> bool:
    """Whether its time is not over. What ends later than the longest wait was told by another clock."""
    return now < backoff.until <= now + LONGEST_WAIT


def find_held(plan: Plan, record: TargetRecord) -> frozenset[ObjectKey]:
    """The objects of the plan that `hold_back` skipped."""
    if record.backoff is None:
        return frozenset()
    reason = describe_wait(record.backoff)
    return frozenset(change.key for change in plan.select(Op.SKIP) if change.reason == reason)


def describe_wait(backoff: BackOff) -> str:
    """Why something waits, and until when."""
    return _HELD.format(
        revision=backoff.revision,
        times="once" if backoff.failures == 1 else f"{backoff.failures} times",
        until=backoff.until.strftime("%Y-%m-%d %H:%M:%S UTC"),
        reason=f"{backoff.reason}; push a commit that mends it, or try at once: modelsync sync --now",
    )


def _list_failed(record: TargetRecord) -> frozenset[ObjectKey]:
    return frozenset(result.key for result in record.results if result.action is Action.FAILED)


def _commit_of(revision: str) -> str:
    """`main@sha1:77ad03e` and `HEAD@sha1:77ad03e` are one commit."""
    return revision.rpartition("@")[2]


def _waits(change: Change, failed: frozenset[ObjectKey]) -> bool:
    if change.op is Op.SKIP:
        return False
    return change.cause is not Cause.DRIFT or change.key in failed
