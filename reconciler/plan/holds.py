"""Holds back what people said shall wait: a deployment that is suspended or that somebody took back in an
emergency, changes while they are frozen, and objects that are fought over. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.plan.describe import sort_changes
from reconciler.plan.exceptions import describe_suspension, describe_unreadable, find_suspension, find_wait
from reconciler.plan.fights import find_fight
from reconciler.plan.freezes import is_safe, list_free
from reconciler.plan.shares import read_shares
from reconciler.state.exceptions import Exceptions
from reconciler.state.inventory import EmergencyMark, GoodSet, Reversal
from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.observations import Health
from reconciler.state.plans import Change, Op, Plan

# A predictor that comes or goes, or its share.
_OF_SHARES = re.compile(r"spec\.predictors\[[^]]+\](\.traffic)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldInput:
    """What may hold a change back.

    `exceptions` are those of the environment; None where their file is there and cannot be read. `marks`,
    `reversals` and `good` are the record's.
    """

    exceptions: Exceptions | None
    marks: tuple[EmergencyMark, ...]
    reversals: tuple[Reversal, ...]
    good: tuple[GoodSet, ...]
    now: datetime


def hold_changes(plan: Plan, given: HoldInput) -> Plan:
    """The plan with each change that has to wait as one that is skipped, with the reason.

    The reason that reaches furthest is told: suspension, emergency, fight, freeze.
    """
    wait = find_wait(given.exceptions, given.now) if given.exceptions is not None else ""
    free = list_free(plan.changes, given.good) if wait else frozenset()
    settled = _list_settled(plan, given)
    changes = [_hold(plan, change, given, wait, free, settled) for change in plan.changes]
    return replace(plan, changes=sort_changes(changes))


def leave_out_held(health: tuple[Health, ...], plan: Plan) -> tuple[Health, ...]:
    """The health of what there may be: an object that is not made because it is held is not missing."""
    absent = {change.key for change in plan.select(Op.SKIP) if change.held and change.live is None}
    return tuple(item for item in health if item.key not in absent) if absent else health


def find_mark(marks: tuple[EmergencyMark, ...], deployment: str, now: datetime) -> EmergencyMark | None:
    """The mark in force of somebody who took this deployment back."""
    return next((mark for mark in marks if mark.deployment == deployment and mark.holds(now)), None)


def list_early(marks: tuple[EmergencyMark, ...], environment: str, now: datetime) -> tuple[str, ...]:
    """A note for each mark that does not hold because it was set by a clock that is ahead of ours."""
    return tuple(
        f"{environment}/{mark.deployment}: {describe_early(mark)}" for mark in marks if mark.is_early(now)
    )


def describe_early(mark: EmergencyMark) -> str:
    """Why the mark does not hold, and what to do."""
    return (
        f"the emergency of {mark.by} ({mark.reason}) would begin only at {mark.since:%Y-%m-%d %H:%M} UTC: it "
        "was set by a clock that is ahead, or ours is behind. So it does not hold, and sync makes it as git "
        "says. Set the clock right and repeat the rollback."
    )


def describe_mark(mark: EmergencyMark) -> str:
    """`was taken back by jane until 2026-11-23 16:00 UTC (v5 answers nonsense), so sync leaves it alone`."""
    return (
        f"was taken back in an emergency by {mark.by} until {mark.until:%Y-%m-%d %H:%M} UTC ({mark.reason}), "
        "so sync leaves it alone"
    )


def _hold(
    plan: Plan,
    change: Change,
    given: HoldInput,
    wait: str,
    free: frozenset[str],
    settled: frozenset[str],
) -> Change:
    if change.op is Op.SKIP:
        return change
    if given.exceptions is None:
        why = describe_unreadable(plan.target.environment)
        return replace(change, op=Op.SKIP, reason=f"{why}, so whether this may change now is not known")
    suspension = find_suspension(given.exceptions, change.deployment, given.now)
    if suspension is not None:
        return _skip(change, describe_suspension(suspension))
    mark = find_mark(given.marks, change.deployment, given.now)
    if mark is not None and change.deployment not in settled:
        return _skip(change, describe_mark(mark))
    fight = find_fight(change, given.reversals, given.now)
    if fight:
        return replace(change, op=Op.SKIP, reason=fight)
    if wait and change.deployment not in free and not is_safe(change):
        return _skip(change, wait)
    return change


def _skip(change: Change, reason: str) -> Change:
    return replace(change, op=Op.SKIP, reason=reason, held=True)


def _list_settled(plan: Plan, given: HoldInput) -> frozenset[str]:
    """The deployments of which git says by now what somebody went back to in an emergency."""
    marked = {mark.deployment: frozenset(mark.shares) for mark in given.marks}
    return frozenset(
        change.deployment
        for change in plan.changes
        if change.deployment in marked
        and change.key.kind == SELDON_DEPLOYMENT
        and change.manifest is not None
        and frozenset(read_shares(change.manifest.body)) == marked[change.deployment]
        and not any(_is_of_serving(field.path) for field in change.fields)
    )


def _is_of_serving(path: str) -> bool:
    """Whether a field says how something is served, rather than what takes which share.

    What somebody went back to may differ from git in that alone: the same shares, and other Pods.
    """
    return path.startswith("spec.") and _OF_SHARES.fullmatch(path) is None
