"""What an offline plan says of exceptions: whose change would wait, why, and what would not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from reconciler.plan.foreseen import foresee_waits
from reconciler.plan.planner import compare_manifests
from reconciler.state.exceptions import Exceptions
from reconciler.state.objects import Manifest
from reconciler.state.targets import Desired, Target
from tests.support.worlds import make_manifest

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
WINES = make_manifest(shares={"v3": 50, "v5": 50})
RAISED = make_manifest(shares={"v3": 40, "v5": 60})
PRICES = make_manifest("prices")
FROZEN = {"freezes": ({"until": "2026-11-30", "reason": "stocktaking"},)}
WAITS = "waits: changes are frozen until 2026-11-30 (stocktaking)"
UNLESS = "; a set that served well here before is brought back all the same"


def suspend(name: str) -> dict[str, Any]:
    return {"suspensions": ({"deployment": name, "until": "2026-11-30", "reason": "the team moves"},)}


def foresee(
    before: tuple[Manifest, ...],
    after: tuple[Manifest, ...],
    *parts: Mapping[str, Any],
    retired: frozenset[str] = frozenset(),
    now: datetime = NOW,
) -> tuple[str, ...]:
    """The notes of a plan from one set of manifests to another."""
    target = Target(environment="production", namespace="production")
    desired = Desired(target=target, deployments=(), retired=retired)
    plan = compare_manifests(desired, before, after, "main", "sha256:0")
    exceptions = Exceptions.model_validate({key: value for part in parts for key, value in part.items()})
    return foresee_waits(plan, {item.key: item.body for item in before}, exceptions, now)


def test_without_exceptions_nothing_is_said() -> None:
    assert foresee((WINES,), (RAISED, PRICES)) == ()


def test_without_changes_nothing_waits() -> None:
    assert foresee((WINES,), (WINES,), FROZEN) == ()


@pytest.mark.covers("B31")
def test_each_deployment_that_a_freeze_would_hold_back_is_named() -> None:
    assert foresee((WINES,), (RAISED, PRICES), FROZEN) == (
        f"production/prices {WAITS}",
        f"production/wines {WAITS}{UNLESS}",
    )
    assert foresee((WINES, PRICES), (WINES,), FROZEN) == (f"production/prices {WAITS}",)


@pytest.mark.covers("B31")
def test_a_window_that_is_closed_holds_back_as_well() -> None:
    weekly = {"days": ("sat",), "from": "09:00", "to": "16:00", "zone": "UTC"}
    window = {"windows": ({"weekly": weekly, "until": "2026-12-31", "reason": "at weekends"},)}
    (said,) = foresee((), (PRICES,), window)
    assert said == (
        "production/prices waits for a window: changes are made on sat from 09:00 to 16:00 (UTC) only "
        "(at weekends); the next begins 2026-11-28 09:00 UTC"
    )


def test_what_is_over_holds_nothing_back() -> None:
    later = NOW + timedelta(days=8)
    assert foresee((WINES,), (RAISED,), FROZEN, now=later) == ()
    assert foresee((WINES,), (RAISED,), suspend("wines"), now=later) == ()


@pytest.mark.parametrize("after", [{"v3": 100}, {"v3": 60, "v5": 40}, {"v5": 100}])
def test_what_removes_variants_or_lowers_challengers_does_not_wait(after: dict[str, int]) -> None:
    assert foresee((WINES,), (make_manifest(shares=after),), FROZEN) == ()


def test_an_approved_end_does_not_wait() -> None:
    assert foresee((WINES,), (), FROZEN, retired=frozenset({"wines"})) == ()


@pytest.mark.covers("B31")
@pytest.mark.parametrize("name", ["wines", "all"])
def test_a_suspension_is_told_before_a_freeze(name: str) -> None:
    assert foresee((WINES,), (make_manifest(shares={"v3": 100}),), FROZEN, suspend(name)) == (
        "production/wines is suspended until 2026-11-30 (the team moves), so sync leaves it alone",
    )


def test_exceptions_that_cannot_be_read_let_nothing_change() -> None:
    desired = Desired(target=Target(environment="production", namespace="production"), deployments=())
    plan = compare_manifests(desired, (), (PRICES,), "main", "sha256:0")
    (said,) = foresee_waits(plan, {}, None, NOW)
    assert said == (
        "environments/production/exceptions.yaml cannot be read (modelsync validate); nothing changes here "
        "before it can"
    )
