"""What the views are shown: plans, refusals and runs as they come up in practice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from reconciler.plan.guards import Ancestry, GuardInput, judge
from reconciler.state.inventory import ObjectResult
from reconciler.state.objects import ENVIRONMENT_LABEL, MODEL_LABEL
from reconciler.state.observations import Health, HealthWord, Namespace
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Op, Plan
from reconciler.state.routes import DeploymentRoutes, RoutedShare, Routes
from reconciler.state.runs import Run, TargetRun
from reconciler.state.targets import Target
from tests.support.worlds import (
    EARLIER,
    REVISION,
    TARGET,
    World,
    create_by_hand,
    make_manifest,
    serve,
    set_label,
    set_traffic,
)

NOW = datetime(2026, 11, 23, 14, 10, tzinfo=timezone.utc)
STAGING = Target(environment="staging", namespace="wines-staging")
WINES = make_manifest(shares={"v3": 100})
SPLIT = make_manifest(shares={"v3": 90, "v5": 10})
PRICES = make_manifest("prices", {"v12": 100})


def plan_share_change() -> Plan:
    return serve(WINES, PRICES).declare(SPLIT, PRICES).plan()


def plan_everything() -> Plan:
    """One of each kind of change, with a fault that holds back a removal."""
    beers, gone, held, taken = (make_manifest(name) for name in ("beers", "gone", "held", "taken"))
    world = serve(WINES, PRICES, beers, gone, held)
    adopted = make_manifest("taken", {"v1": 50, "v2": 50}, adopt=True)
    world = world.declare(
        make_manifest(shares={"v5": 10, "v3": 90}, shadows={"v6-shadow": 100}),
        make_manifest("beers", {"v3": 100}, protocol="tensorflow", labels={"team": "beer"}),
        make_manifest("ciders", {"v5-r2": 100}),
        adopted,
        make_manifest("foreign"),
        held,
    )
    world = world.place(create_by_hand(taken)).place(create_by_hand(make_manifest("foreign")))
    world = world.meddle("held", lambda live: set_label(live, MODEL_LABEL, "x"))
    return world.fault("prices").plan()


def plan_removals() -> Plan:
    beers = make_manifest("beers")
    return serve(WINES, PRICES, beers).declare(WINES).retire("beers").plan()


def refuse(plan: Plan, *, labels: Mapping[str, str] | None = None, recorded: int = 3) -> Plan:
    """The plan with its refusals."""
    here = {ENVIRONMENT_LABEL: "production"} if labels is None else labels
    refusals = judge(
        GuardInput(
            plan=plan,
            max_prune=None,
            recorded=recorded,
            declared=1,
            applied=EARLIER,
            ancestry=Ancestry.ANCESTOR,
            namespace=Namespace(name=TARGET.namespace, labels=here, deleting=False, uid="uid-namespace"),
            waivers=(),
            now=NOW,
            routes=(Routes(),),
        )
    )
    return replace(plan, refusals=refusals)


def plan_drift() -> Plan:
    return serve(SPLIT).meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50})).plan()


def plan_drift_reported() -> Plan:
    world = serve(SPLIT).report_drift()
    return world.meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50})).plan()


def plan_deleted() -> Plan:
    return serve(WINES).take_away("wines").plan()


def plan_nothing(target: Target = TARGET) -> Plan:
    return replace(serve(WINES, PRICES).plan(), target=target)


def plan_empty() -> Plan:
    return World().plan()


def run_target(
    plan: Plan | None,
    actions: Mapping[str, tuple[Action, str]] | None = None,
    *,
    outcome: Outcome = Outcome.DONE,
    health: tuple[Health, ...] = (),
    message: str = "",
    notes: tuple[str, ...] = (),
    routes: Routes | None = None,
    target: Target = TARGET,
) -> TargetRun:
    """A run's part; `actions` say what became of each deployment of the plan."""
    results = tuple(
        ObjectResult(
            key=change.key,
            action=(actions or {})[change.deployment][0],
            message=(actions or {})[change.deployment][1],
        )
        for change in (plan.changes if plan else ())
        if change.deployment in (actions or {})
    )
    return TargetRun(
        target=target,
        revision=REVISION,
        outcome=outcome,
        plan=plan,
        results=results,
        health=health,
        message=message,
        notes=notes,
        routes=routes,
        requests=31 if results else 3,
        seconds=41.26 if results else 0.44,
    )


def make_run(*targets: TargetRun) -> Run:
    return Run(revision=REVISION, targets=targets)


CURRENT = (Health(key=WINES.key, word=HealthWord.CURRENT), Health(key=PRICES.key, word=HealthWord.CURRENT))
STARTING = (
    Health(key=WINES.key, word=HealthWord.IN_PROGRESS, reason="wines-v5-0-wines: 0 of 2 Pods are ready"),
    Health(key=PRICES.key, word=HealthWord.CURRENT),
)
SICK = (
    Health(key=WINES.key, word=HealthWord.FAILED, reason="wines-v5-0-wines: no progress for 10 minutes"),
    Health(key=PRICES.key, word=HealthWord.IN_PROGRESS, reason="the operator has not answered yet"),
)


def routes(shares: Mapping[str, float]) -> DeploymentRoutes:
    """Routes that were written a while ago; a predictor called `…-shadow` is mirrored to."""
    return DeploymentRoutes(
        shares=tuple(
            RoutedShare(predictor=name, shadow=name.endswith("-shadow"), percent=percent)
            for name, percent in shares.items()
        ),
        changed=NOW - timedelta(hours=1),
    )


def actions(plan: Plan, **special: tuple[Action, str]) -> dict[str, tuple[Action, str]]:
    """What each op becomes when all goes well, but for the special ones."""
    words = {
        Op.CREATE: Action.CREATED,
        Op.UPDATE: Action.CONFIGURED,
        Op.DELETE: Action.DELETED,
        Op.SKIP: Action.SKIPPED,
    }
    said = {change.deployment: (words[change.op], "") for change in plan.changes}
    return {**said, **special}
