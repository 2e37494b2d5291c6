"""A plan before the guards: what the tests of guards judge, and how they read the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone

from reconciler.plan.guards import Ancestry, GuardInput, judge
from reconciler.state.exceptions import Waiver
from reconciler.state.inventory import GoodSet
from reconciler.state.objects import ENVIRONMENT_LABEL, Manifest
from reconciler.state.observations import Namespace
from reconciler.state.plans import Plan, Refusal
from reconciler.state.quotas import Quota
from reconciler.state.routes import Routes
from tests.support.worlds import EARLIER, World, make_manifest, serve

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
NAMESPACE = Namespace(name="wines-production", labels={ENVIRONMENT_LABEL: "production"}, deleting=False)


def serve_many(number: int, shares: Mapping[str, int] | None = None) -> World:
    return serve(*(make_manifest(f"m{index:02}", shares) for index in range(number)))


def with_container(manifest: Manifest) -> Manifest:
    """Each predictor runs one container, so that it has a Pod."""
    specs = [{"spec": {"containers": [{"name": "wines"}]}}]
    predictors = [{**item, "componentSpecs": specs} for item in manifest.body["spec"]["predictors"]]
    return replace(
        manifest, body={**manifest.body, "spec": {**manifest.body["spec"], "predictors": predictors}}
    )


def judge_plan(
    plan: Plan,
    *,
    recorded: int = 0,
    declared: int = 1,
    max_prune: str | int | None = None,
    ancestry: Ancestry = Ancestry.ANCESTOR,
    namespace: Namespace | None = NAMESPACE,
    waivers: tuple[Waiver, ...] = (),
    now: datetime = NOW,
    quotas: tuple[Quota, ...] = (),
    good: tuple[GoodSet, ...] = (),
    protected: bool = False,
    routes: tuple[Routes, ...] = (Routes(),),
) -> tuple[Refusal, ...]:
    return judge(
        GuardInput(
            plan=plan,
            max_prune=max_prune,
            recorded=recorded,
            declared=declared,
            applied=EARLIER,
            ancestry=ancestry,
            namespace=namespace,
            waivers=waivers,
            now=now,
            quotas=quotas,
            good=good,
            protected=protected,
            routes=routes,
        )
    )


def list_rules(refusals: tuple[Refusal, ...]) -> list[str]:
    return [refusal.rule for refusal in refusals]


def waive(rule: str, *objects: str, until: str = "2026-11-30") -> Waiver:
    return Waiver(rule=rule, objects=objects, reason="meant", until=until)
