"""What was taken back from whom, so that a fight with another writer is noticed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reconciler.state.inventory import ObjectResult, Reversal
from reconciler.state.objects import ObjectKey
from reconciler.state.plans import Action, Cause, Plan

REMEMBERED = 10
"""How many take-backs of one object from one manager are remembered."""


def note_reversals(
    known: tuple[Reversal, ...],
    plan: Plan,
    results: Iterable[ObjectResult],
    *,
    owned: frozenset[ObjectKey],
    now: datetime,
) -> tuple[Reversal, ...]:
    """The reversals with those of this run; what is not `owned` any more is forgotten."""
    noted = {(item.key, item.manager): item for item in known if item.key in owned}
    written = {result.key for result in results if result.action is Action.CONFIGURED}
    for change in plan.changes:
        if change.key not in written or change.cause is not Cause.DRIFT:
            continue
        for manager in sorted({edit.manager for edit in change.edits}):
            before = noted.get((change.key, manager))
            times = (*(before.times if before is not None else ()), now)
            noted[change.key, manager] = Reversal(key=change.key, manager=manager, times=times[-REMEMBERED:])
    return tuple(noted[pair] for pair in sorted(noted))
