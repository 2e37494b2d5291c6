"""What happens to Pods, Deployments and objects without a change of what is asked for, and deletions."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.e2e.health.bodies import build_body, build_predictor, locate
from tests.e2e.health.common import (
    CURRENT,
    NOT_FOUND,
    ONE,
    TERMINATING,
    V1,
    begin,
)
from tests.e2e.health.stage import Stage, wait_until
from tests.e2e.health.truth import Child, Served


def evicted(stage: Stage) -> None:
    begin(stage)
    stage.step(
        "its Pod is evicted",
        partial(stage.play, "wines-v1-0-wines", "evict"),
        CURRENT,
        served=ONE,
        hold=2.0,
        unknowable=True,
    )


def pod_deleted(stage: Stage) -> None:
    begin(stage)
    stage.step(
        "its Pod is deleted",
        partial(stage.delete_pods, "wines-v1-0-wines"),
        CURRENT,
        served=ONE,
        hold=1.0,
        unknowable=True,
    )


def _with_hpa(predictor: dict[str, Any]) -> dict[str, Any]:
    del predictor["replicas"]
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    predictor["componentSpecs"][0]["hpaSpec"] = {
        "minReplicas": 1,
        "maxReplicas": 4,
        "metricsv2": [{"type": "Resource", "resource": cpu}],
    }
    return predictor


def scaled_by_hpa(stage: Stage) -> None:
    body = build_body(stage.namespace, _with_hpa(build_predictor("v1", 100)))
    stage.step("a variant with an HPA is applied", partial(stage.apply, body), CURRENT, served=ONE)
    scale = partial(
        stage.patch, stage.deployment_path("wines-v1-0-wines") + "/scale", {"spec": {"replicas": 3}}
    )
    three = Served(children={"wines-v1-0-wines": Child(uri=V1, replicas=3)}, routed={"v1": 100})
    stage.step("the HPA asks for three Pods", scale, CURRENT, served=three, hold=1.0, unknowable=True)


def endless_loop(stage: Stage) -> None:
    """Played alone: it keeps the operator busy."""

    def build(name: str, uri: str) -> tuple[dict[str, Any], Served]:
        explainer = {"type": "AnchorTabular", "modelUri": uri}
        predictor = _with_hpa(build_predictor(name, 100, uri=uri, explainer=explainer))
        children = {f"wines-{name}-0-wines": Child(uri=uri), f"wines-{name}-explainer": Child(uri=uri)}
        return build_body(stage.namespace, predictor), Served(children=children, routed={name: 100})

    body, served = build("v1", V1)
    stage.step(
        "one with an HPA and an explainer is applied", partial(stage.apply, body), CURRENT, served=served
    )
    body, served = build("v1", locate("v1-new"))
    stage.step(
        "v1 gets another model under its name",
        partial(stage.apply, body),
        CURRENT,
        served=served,
        hold=0,
        unknowable=True,
    )
    track = stage.observer.track((stage.namespace, stage.name))
    wait_until(lambda: len({note.split(" without end")[0] for note in track.notes}) == 2)
    body, served = build("v1-r2", locate("v1-new"))
    stage.step("it goes on under a new name", partial(stage.apply, body), CURRENT, served=served, hold=3.0)


def scaled_by_hand(stage: Stage) -> None:
    begin(stage)
    scale = partial(
        stage.patch, stage.deployment_path("wines-v1-0-wines") + "/scale", {"spec": {"replicas": 3}}
    )
    stage.step(
        "somebody scales its Deployment to three", scale, CURRENT, served=ONE, hold=1.0, unknowable=True
    )


def deletion_pending(stage: Stage) -> None:
    body = build_body(stage.namespace, build_predictor("v1", 100))
    body["metadata"]["finalizers"] = ["example.org/keep"]
    stage.step("one variant is applied", partial(stage.apply, body), CURRENT, served=ONE)
    stage.step(
        "it is deleted, and a finalizer holds it", partial(stage.delete, stage.path()), TERMINATING, hold=1.0
    )
    let_go = partial(stage.patch, stage.path(), {"metadata": {"finalizers": None}})
    stage.step("the finalizer lets go", let_go, NOT_FOUND)


def foreground_deletion(stage: Stage) -> None:
    begin(stage)
    delete = partial(stage.delete, stage.path(), propagationPolicy="Foreground")
    stage.step("it is deleted with all that depends on it", delete, NOT_FOUND)


def child_deleted(stage: Stage) -> None:
    begin(stage)
    delete = partial(stage.delete, stage.deployment_path("wines-v1-0-wines"), propagationPolicy="Foreground")
    stage.step("somebody deletes its Deployment", delete, CURRENT, served=ONE, hold=1.0, unknowable=True)


def namespace_deleted(stage: Stage) -> None:
    body = build_body(stage.namespace, build_predictor("v1", 100))
    body["metadata"]["finalizers"] = ["example.org/keep"]
    stage.step("one variant is applied", partial(stage.apply, body), CURRENT, served=ONE)

    def delete() -> None:
        stage.delete(f"/api/v1/namespaces/{stage.namespace}")
        # The namespace controller comes by in its own time.
        wait_until(lambda: "deletionTimestamp" in stage.api.demand("GET", stage.path())["metadata"])

    stage.step("its namespace is deleted, and a finalizer holds it", delete, TERMINATING)
    let_go = partial(stage.patch, stage.path(), {"metadata": {"finalizers": None}})
    stage.step("the finalizer lets go", let_go, NOT_FOUND)
