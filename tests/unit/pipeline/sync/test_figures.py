"""What a run leaves for those who only look: counts of the run, and how the target stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from reconciler.pipeline.sync.figures import Spent, build_figures, build_standing
from reconciler.plan.success import find_success
from reconciler.state.figures import RequestCount, RunFigures, Standing
from reconciler.state.inventory import Condition, ObjectResult, TargetRecord
from reconciler.state.objects import Manifest
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Op, Plan
from tests.unit.report.scenes import (
    CURRENT,
    PRICES,
    SICK,
    WINES,
    plan_drift,
    plan_drift_reported,
    plan_everything,
    plan_removals,
    plan_share_change,
    refuse,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
SPENT = Spent(seconds=1.5, requests=(RequestCount(method="GET", status=200, count=3),))
EQUAL = Condition(type="Synced", status="True", reason="Applied")
UNEQUAL = Condition(type="Synced", status="False", reason="Findings")


def act(plan: Plan, action: Action) -> tuple[ObjectResult, ...]:
    """The same end for all that the plan wants to write; skips stay skips."""
    return tuple(
        ObjectResult(key=change.key, action=Action.SKIPPED if change.op is Op.SKIP else action)
        for change in plan.changes
    )


def stand(
    plan: Plan,
    results: tuple[ObjectResult, ...] = (),
    manifests: tuple[Manifest, ...] = (),
    health: tuple[Health, ...] = (),
) -> Standing:
    return build_standing(plan, results, manifests=manifests, health=health, ingress="istio", exceptions=())


@pytest.mark.covers("B37")
def test_a_run_counts_what_became_of_each_object_and_what_it_asked_for() -> None:
    plan = plan_share_change()
    figures = build_figures(
        TargetRecord(), plan, act(plan, Action.CONFIGURED), outcome=Outcome.DONE, spent=SPENT, now=NOW
    )
    assert figures == RunFigures(
        finished=NOW,
        outcome=0,
        seconds=1.5,
        objects=((Action.CONFIGURED, 1), (Action.UNCHANGED, 1)),
        requests=SPENT.requests,
    )


def test_a_failed_run_still_tells_the_last_success() -> None:
    plan = plan_share_change()
    known = TargetRecord(conditions=(EQUAL,), heartbeat=NOW - timedelta(minutes=8))
    failed = build_figures(
        known, plan, act(plan, Action.FAILED), outcome=Outcome.FINDINGS, spent=SPENT, now=NOW
    )
    assert failed.succeeded == NOW - timedelta(minutes=8)
    assert failed.outcome == 1

    after = replace(known, conditions=(UNEQUAL,), heartbeat=NOW, figures=failed)
    assert find_success(after) == NOW - timedelta(minutes=8)
    again = build_figures(after, plan, (), outcome=Outcome.FINDINGS, spent=SPENT, now=NOW)
    assert again.succeeded == failed.succeeded


def test_while_the_target_is_equal_every_heartbeat_is_a_success() -> None:
    assert find_success(TargetRecord(conditions=(EQUAL,), heartbeat=NOW)) == NOW


def test_a_target_that_was_never_equal_has_no_success() -> None:
    assert find_success(TargetRecord(conditions=(UNEQUAL,), heartbeat=NOW)) is None


def test_healed_drift_is_gone_and_reported_drift_stays() -> None:
    healed, reported = plan_drift(), plan_drift_reported()
    assert stand(healed, act(healed, Action.CONFIGURED)).drift == 0
    assert stand(healed, act(healed, Action.FAILED)).drift == 1
    assert stand(reported, act(reported, Action.SKIPPED)).drift == 1
    assert stand(plan_share_change(), act(plan_share_change(), Action.FAILED)).drift == 0


def test_what_a_guard_keeps_from_being_pruned_is_held() -> None:
    plan = plan_removals()
    removals = len(plan.select(Op.DELETE))
    assert removals
    assert stand(refuse(plan)).held == removals
    assert stand(plan, act(plan, Action.DELETED)).held == 0
    # One that has not gone yet, such as for a finalizer, is not held by us.
    assert stand(plan, act(plan, Action.FAILED)).held == 0


def test_what_is_skipped_instead_of_pruned_is_held() -> None:
    plan = plan_removals()
    changes = tuple(replace(change, op=Op.SKIP, reason="waits") for change in plan.changes)
    skipped = replace(plan, changes=changes)
    assert stand(skipped, act(skipped, Action.SKIPPED)).held == len(plan.select(Op.DELETE))


def test_each_declared_deployment_stands_with_its_shares_and_health_by_name() -> None:
    deployments = stand(plan_everything(), manifests=(WINES, PRICES), health=SICK).deployments
    assert [(item.deployment, item.health) for item in deployments] == [
        ("prices", HealthWord.IN_PROGRESS),
        ("wines", HealthWord.FAILED),
    ]
    assert all(item.model and sum(share.percent for share in item.shares) == 100 for item in deployments)


def test_an_object_that_was_not_assessed_is_of_unknown_health() -> None:
    (wines,) = stand(plan_share_change(), manifests=(WINES,)).deployments
    assert wines.health is HealthWord.UNKNOWN


def test_the_same_look_gives_the_same_standing() -> None:
    plan = plan_share_change()
    first = stand(plan, manifests=(WINES, PRICES), health=CURRENT)
    assert first == stand(plan, manifests=(PRICES, WINES), health=CURRENT)
