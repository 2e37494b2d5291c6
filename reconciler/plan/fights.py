"""When two keep taking the same fields from each other: how often, and when to stop. Pure.

Whoever takes an object back for the fourth time within an hour does not heal it any more, it fights, and
requests go back and forth with every round. The object is then left as it is until the other side was quiet
for an hour, or git says something else of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from reconciler.plan.reversals import name_managers
from reconciler.plan.wording import join_words
from reconciler.state.inventory import Reversal
from reconciler.state.plans import Cause, Change, Op

ROUNDS = 3
PERIOD = timedelta(hours=1)


def find_fight(change: Change, reversals: tuple[Reversal, ...], now: datetime) -> str:
    """Why the object is not taken back once more; empty where there is no fight over it."""
    if change.cause is not Cause.DRIFT or change.op not in (Op.CREATE, Op.UPDATE):
        return ""
    managers = frozenset(name_managers(change))
    fought = [
        item
        for item in reversals
        if item.key == change.key and item.manager in managers and _is_fought(item, change, now)
    ]
    if not fought:
        return ""
    names = join_words([f'"{item.manager}"' if item.manager else "someone unknown" for item in fought])
    last = max(item.times[-1] for item in fought)
    return (
        f"was taken back from {names} {ROUNDS} times within an hour, the last time at {last:%H:%M} UTC; "
        "it is left as it is until it was quiet for an hour or its declaration changes. "
        "Let one of the two stop writing it"
    )


def list_fights(reversals: tuple[Reversal, ...], now: datetime) -> tuple[Reversal, ...]:
    """Those of what was taken back that are fights now, as far as the times of our own writes tell."""
    return tuple(item for item in reversals if _has_rounds(item, now) and now - item.times[-1] < PERIOD)


def _is_fought(item: Reversal, change: Change, now: datetime) -> bool:
    if not _has_rounds(item, now):
        return False
    edits = [_read_time(edit.time) for edit in change.edits if edit.manager == item.manager]
    latest = max([item.times[-1], *(time for time in edits if time is not None)])
    return now - latest < PERIOD


def _has_rounds(item: Reversal, now: datetime) -> bool:
    """Whether there were enough of them within the time; what is yet to come was told by another clock."""
    if len(item.times) < ROUNDS or item.times[-1] > now:
        return False
    return item.times[-1] - item.times[-ROUNDS] <= PERIOD


def _read_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
