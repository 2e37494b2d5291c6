"""What a change adds while the old set still runs, in exact amounts, against quotas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plan.capacity import Addition, find_additions, find_shortages
from reconciler.state.objects import Kind, LiveObject, Manifest, ObjectKey
from reconciler.state.quantities import read_quantity
from reconciler.state.quotas import Quota
from tests.support.worlds import NAMESPACE, make_manifest, serve

_GI = 2**30
_MI = 2**20


def _size(
    manifest: Manifest,
    *,
    replicas: int = 1,
    requests: Mapping[str, str] | None = None,
    limits: Mapping[str, str] | None = None,
    **predictor: Any,
) -> Manifest:
    """The manifest with one container of this size in each predictor."""
    resources = {"requests": requests or {"cpu": "1", "memory": "1Gi"}, "limits": limits or {"memory": "2Gi"}}
    specs = [{"spec": {"containers": [{"name": "wines", "resources": resources}]}}]
    predictors = [
        {**item, "replicas": replicas, "componentSpecs": specs, **predictor}
        for item in manifest.body["spec"]["predictors"]
    ]
    spec = {**manifest.body["spec"], "predictors": predictors}
    digest = f"{manifest.digest}-{replicas}-{resources}-{predictor}"
    return replace(manifest, body={**manifest.body, "spec": spec}, digest=digest)


def _adds(
    before: Manifest | None, after: Manifest, workloads: tuple[LiveObject, ...] = ()
) -> Mapping[str, Fraction]:
    world = serve(before) if before is not None else serve()
    found = find_additions(world.declare(after).plan(), workloads)
    return found[0].amounts if found else {}


def test_a_new_version_adds_all_its_pods_with_the_orchestrator_in_each() -> None:
    before = _size(make_manifest("wines", {"v3": 100}))
    after = _size(make_manifest("wines", {"v3": 100, "v5": 0}), replicas=1)

    assert _adds(before, after) == {
        "pods": 1,
        "requests.cpu": Fraction(3, 2),
        "requests.memory": _GI + 512 * _MI,
        # The model initializer's limit, which is more than the others have together.
        "limits.cpu": 1,
        "limits.memory": 2 * _GI + 512 * _MI,
    }


def test_shares_alone_add_nothing() -> None:
    before = _size(make_manifest("wines", {"v3": 90, "v5": 10}))

    assert _adds(before, _size(make_manifest("wines", {"v3": 50, "v5": 50}))) == {}


def test_what_goes_makes_no_room() -> None:
    before = _size(make_manifest("wines", {"v3": 100}))

    assert _adds(before, _size(make_manifest("wines", {"v5": 100})))["pods"] == 1


@pytest.mark.parametrize(("now", "then", "pods"), [(1, 3, 2), (3, 1, None), (2, 2, None)])
def test_more_replicas_add_the_difference(now: int, then: int, pods: int | None) -> None:
    manifest = make_manifest("wines", {"v3": 100})

    assert _adds(_size(manifest, replicas=now), _size(manifest, replicas=then)).get("pods") == pods


@pytest.mark.parametrize(("replicas", "surge"), [(1, 1), (4, 1), (5, 2), (8, 2)])
def test_a_changed_template_adds_the_surge(replicas: int, surge: int) -> None:
    manifest = make_manifest("wines", {"v3": 100})
    before = _size(manifest, replicas=replicas)
    after = _size(manifest, replicas=replicas, requests={"cpu": "2", "memory": "1Gi"})

    assert _adds(before, after)["requests.cpu"] == surge * Fraction(5, 2)


@pytest.mark.parametrize(
    "scaler",
    [
        {"hpaSpec": {"minReplicas": 3, "maxReplicas": 9}},
        {"kedaSpec": {"minReplicaCount": 3, "triggers": []}},
    ],
    ids=["HPA", "KEDA"],
)
def test_an_autoscaler_starts_with_its_minimum(scaler: Mapping[str, Any]) -> None:
    manifest = _size(make_manifest("wines", {"v3": 100}))
    (predictor,) = manifest.body["spec"]["predictors"]
    specs = [{**predictor["componentSpecs"][0], **scaler}]

    assert _adds(None, _size(make_manifest("wines"), componentSpecs=specs))["pods"] == 3


def test_a_limit_stands_for_a_request_that_is_not_given() -> None:
    after = _size(make_manifest("wines"), requests={"memory": "1Gi"}, limits={"cpu": "2", "memory": "2Gi"})

    assert _adds(None, after)["requests.cpu"] == Fraction(5, 2)


def test_an_orchestrator_of_its_own_size_and_none_at_all() -> None:
    own: dict[str, Any] = {"svcOrchSpec": {"resources": {"requests": {"cpu": "50m", "memory": "64Mi"}}}}
    none: dict[str, Any] = {"annotations": {"seldon.io/no-engine": "true"}}

    assert _adds(None, _size(make_manifest("wines"), **own))["requests.cpu"] == Fraction(21, 20)
    assert _adds(None, _size(make_manifest("wines"), **none))["requests.cpu"] == 1


def test_a_live_deployment_tells_what_this_operator_adds() -> None:
    engine = {"name": "seldon-container-engine", "resources": {"requests": {"cpu": "100m"}}}
    initializer = {"name": "wines-model-initializer", "resources": {"requests": {"cpu": "3"}}}
    pod = {"containers": [{"name": "wines"}, engine], "initContainers": [initializer]}
    kind = Kind(group="apps", version="v1", plural="deployments", name="Deployment")
    workload = LiveObject(
        key=ObjectKey(kind=kind, namespace=NAMESPACE, name="wines-v3-0-wines"),
        uid="1",
        resource_version="1",
        generation=1,
        labels={},
        annotations={},
        deleting=False,
        body={"spec": {"template": {"spec": pod}}},
    )

    # The initializer asks for more than the containers together.
    assert _adds(None, _size(make_manifest("wines")), (workload,))["requests.cpu"] == 3


def test_an_explainer_is_a_pod_of_its_own() -> None:
    explainer = {"type": "AnchorTabular", "containerSpec": {"resources": {"requests": {"cpu": "700m"}}}}
    plain = _size(make_manifest("wines"))

    assert _adds(plain, _size(make_manifest("wines"), explainer=explainer)) == {
        "pods": 1,
        "requests.cpu": Fraction(7, 10),
        "requests.memory": 100 * _MI,
        "limits.cpu": 1,
        "limits.memory": _GI,
    }


def _quota(hard: Mapping[str, str], used: Mapping[str, str] | None = None) -> Quota:
    return Quota(name="team", hard=hard, used=used or {})


def _addition(**amounts: str) -> Addition:
    return Addition(
        deployment="wines", amounts={key.replace("_", "."): read_quantity(it) for key, it in amounts.items()}
    )


def test_a_shortage_shows_its_numbers() -> None:
    quota = _quota({"requests.cpu": "4", "limits.memory": "8Gi"}, {"requests.cpu": "3200m"})

    (shortage,) = find_shortages([_addition(requests_cpu="1400m")], [quota])

    assert str(shortage) == "requests.cpu: 3200m used + 1400m added = 4600m of 4 (ResourceQuota/team)"


def test_what_just_fits_is_no_shortage() -> None:
    quota = _quota({"requests.cpu": "4"}, {"requests.cpu": "2600m"})

    assert find_shortages([_addition(requests_cpu="1400m")], [quota]) == ()


@pytest.mark.parametrize(("resource", "added"), [("cpu", "requests_cpu"), ("count/pods", "pods")])
def test_the_short_names_of_resources_mean_the_same(resource: str, added: str) -> None:
    assert find_shortages([_addition(**{added: "2"})], [_quota({resource: "1"})])


def test_a_quota_that_is_exceeded_already_blocks_only_what_adds_to_it() -> None:
    quota = _quota({"pods": "1", "requests.cpu": "1"}, {"pods": "5", "requests.cpu": "0"})

    assert find_shortages([_addition(requests_cpu="1")], [quota]) == ()


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.integers(0, 20_000), st.integers(0, 20_000))
def test_all_additions_count_together(added: list[int], used: int, hard: int) -> None:
    quota = _quota({"requests.cpu": f"{hard}m"}, {"requests.cpu": f"{used}m"})
    found = find_shortages([_addition(requests_cpu=f"{amount}m") for amount in added], [quota])

    assert bool(found) == (used + sum(added) > hard)
