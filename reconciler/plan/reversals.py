"""What was taken back from whom, so that a fight with another writer is noticed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from reconciler.state.inventory import ObjectResult, Reversal
from reconciler.state.objects import ObjectKey
from reconciler.state.plans import Action, Cause, Change, Op, Plan

REMEMBERED = 10
"""How many take-backs of one object from one manager are remembered."""

_WRITTEN = frozenset({Action.CREATED, Action.CONFIGURED})


def note_reversals(
    known: tuple[Reversal, ...],
    plan: Plan,
    results: Iterable[ObjectResult],
    *,
    owned: frozenset[ObjectKey],
    now: datetime,
) -> tuple[Reversal, ...]:
    """The reversals with those of this run; what is not owned any more, or git changed, is forgotten."""
    written = {result.key for result in results if result.action in _WRITTEN}
    applied = [change for change in plan.select(Op.CREATE, Op.UPDATE) if change.key in written]
    changed = {change.key for change in applied if change.cause is not Cause.DRIFT}
    noted = {(item.key, item.manager): item for item in known if item.key in owned - changed}
    for change in applied:
        if change.cause is not Cause.DRIFT:
            continue
        for manager in name_managers(change):
            before = noted.get((change.key, manager))
            times = (*(before.times if before is not None else ()), now)
            noted[change.key, manager] = Reversal(key=change.key, manager=manager, times=times[-REMEMBERED:])
    return tuple(noted[pair] for pair in sorted(noted))


def name_managers(change: Change) -> Iterator[str]:
    """From whom a change takes fields back; an empty name where nobody is known to hold them, or who deleted
    the object."""
    yield from sorted({edit.manager for edit in change.edits}) or [""]
