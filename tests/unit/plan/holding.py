"""A plan and the exceptions in force: what the tests of holds begin with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from reconciler.plan.holds import HoldInput, hold_changes
from reconciler.state.exceptions import Exceptions
from reconciler.state.inventory import EmergencyMark, GoodSet, Reversal
from reconciler.state.plans import Op, Plan
from tests.support.worlds import get_change

# A Monday.
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)

FROZEN: Mapping[str, Any] = {"freezes": [{"until": "2026-11-30", "reason": "nobody is here"}]}
CLOSED: Mapping[str, Any] = {
    "windows": [
        {
            "weekly": {"days": ["tue"], "from": "09:00", "to": "16:00", "zone": "Europe/Berlin"},
            "until": "2026-12-31",
            "reason": "whoever changes looks after it",
        }
    ]
}
WEEKENDS: Mapping[str, Any] = {
    "freezes": [
        {
            "weekly": {"days": ["fri"], "from": "18:00", "to": "mon 08:00", "zone": "Europe/Berlin"},
            "until": "2026-12-31",
            "reason": "nobody is on call",
        }
    ]
}
SUSPENDED: Mapping[str, Any] = {
    "suspensions": [{"deployment": "wines", "until": "2026-11-30", "reason": "measured by hand"}]
}


def make_exceptions(*parts: Mapping[str, Any]) -> Exceptions:
    return Exceptions.model_validate(
        {key: tuple(map(freeze_lists, items)) for part in parts for key, items in part.items()}
    )


def freeze_lists(value: Any) -> Any:
    """Declarations hold tuples where YAML holds lists."""
    if isinstance(value, Mapping):
        return {key: freeze_lists(item) for key, item in value.items()}
    return tuple(freeze_lists(item) for item in value) if isinstance(value, list) else value


def hold(
    plan: Plan,
    *parts: Mapping[str, Any],
    marks: tuple[EmergencyMark, ...] = (),
    reversals: tuple[Reversal, ...] = (),
    good: tuple[GoodSet, ...] = (),
    now: datetime = NOW,
    readable: bool = True,
) -> Plan:
    exceptions = make_exceptions(*parts) if readable else None
    return hold_changes(
        plan, HoldInput(exceptions=exceptions, marks=marks, reversals=reversals, good=good, now=now)
    )


def is_held(plan: Plan, deployment: str = "wines") -> bool:
    change = get_change(plan, deployment)
    return change.op is Op.SKIP and change.held
