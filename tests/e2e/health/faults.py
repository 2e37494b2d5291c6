"""Variants that do not get ready, or not in their time."""

from __future__ import annotations

from functools import partial

from tests.e2e.health.bodies import build_body, build_predictor, locate
from tests.e2e.health.common import (
    BOTH,
    CURRENT,
    FAILED,
    ONE,
    V1,
    V2,
    add_sick,
    begin,
)
from tests.e2e.health.stage import Stage, ask, wait_until
from tests.e2e.health.truth import Served


def sick_with_share(stage: Stage) -> None:
    begin(stage)
    add_sick(stage, 10, "never-ready")
    stage.step(
        "v2 is removed",
        partial(stage.apply, build_body(stage.namespace, build_predictor("v1", 100))),
        CURRENT,
        served=ONE,
    )


def sick_without_share(stage: Stage) -> None:
    begin(stage)
    add_sick(stage, 0, "never-ready")
    stage.step(
        "v2 is mended under its name",
        partial(
            stage.apply,
            build_body(stage.namespace, build_predictor("v1", 100), build_predictor("v2", 0)),
        ),
        CURRENT,
        served=ask(v1=V1, v2=V2, routed={"v1": 100, "v2": 0}),
        unknowable=True,
    )


def weights_while_sick(stage: Stage) -> None:
    begin(stage)
    add_sick(stage, 10, "never-ready")
    body = build_body(
        stage.namespace,
        build_predictor("v1", 100),
        build_predictor("v2", 0, play="never-ready", startup=8),
    )
    stage.step(
        "its share is set to 0 instead of removing it",
        partial(stage.apply, body),
        FAILED,
        failed_after=0,
        hold=1.0,
    )


def stalled_in_place(stage: Stage) -> None:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 100, play="never-ready", startup=8))
    stage.step(
        "v1 gets a model under its name that cannot be loaded",
        partial(stage.apply, body),
        FAILED,
        failed_after=8,
        hold=1.5,
        says="0 of 1 Pods ready, 1 too many",
        unknowable=True,
    )
    stage.step(
        "v1 gets its old model back",
        partial(stage.apply, build_body(stage.namespace, build_predictor("v1", 100))),
        CURRENT,
        served=ONE,
        unknowable=True,
    )


def no_image(stage: Stage) -> None:
    begin(stage)
    add_sick(stage, 10, "image-pull")


def crash_loop(stage: Stage) -> None:
    begin(stage)
    add_sick(stage, 10, "crash-loop")


def download_fails(stage: Stage) -> None:
    begin(stage)
    add_sick(stage, 10, "init-crash-loop")


def slow_too_late(stage: Stage) -> None:
    body = build_body(stage.namespace, build_predictor("v1", 100, play="slow-20s", startup=8))
    stage.step(
        "a variant that takes 20 s where it has 8 s",
        partial(stage.apply, body),
        FAILED,
        failed_after=8,
        says="0 of 1 Pods ready",
    )
    stage.step(
        "it gets ready after all",
        lambda: None,
        CURRENT,
        served=ask(v1=locate("v1", "slow-20s"), routed={"v1": 100}),
        failed_after=0,
    )


def crash_after_ready(stage: Stage) -> None:
    body = build_body(stage.namespace, build_predictor("v1", 100, startup=6))
    stage.step("one variant is applied", partial(stage.apply, body), CURRENT, served=ONE)

    def crash() -> None:
        stage.play("wines-v1-0-wines", "crash-loop", "out of memory while reading the model")
        wait_until(lambda: stage.count_available("wines-v1-0-wines") == 0)

    # From the moment on when the Deployment lacks its Pod.
    stage.step(
        "its process begins to crash",
        crash,
        FAILED,
        failed_after=6,
        hold=1.5,
        says="ends again and again",
        unknowable=True,
    )


def neighbours(stage: Stage) -> None:
    begin(stage)
    sick = build_body(
        stage.namespace, build_predictor("v1", 100, play="never-ready", startup=8), name="prices"
    )
    stage.step(
        "another one in the namespace never gets ready",
        partial(stage.apply, sick),
        FAILED,
        failed_after=8,
        name="prices",
        says="0 of 1 Pods ready",
    )
    stage.step("the first one is as it was", lambda: None, CURRENT, served=ONE)


def _fill_quota(stage: Stage) -> str:
    """One variant takes the only place, and another one wants one too; the quota's path."""
    begin(stage)
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "all", "namespace": stage.namespace},
        "spec": {"hard": {"pods": "1"}},
    }
    stage.api.apply(quota)
    path = f"/api/v1/namespaces/{stage.namespace}/resourcequotas/all"
    wait_until(lambda: stage.api.demand("GET", path).get("status", {}).get("used", {}).get("pods") == "1")
    body = build_body(stage.namespace, build_predictor("v1", 90), build_predictor("v2", 10, startup=8))
    stage.step(
        "v2 joins, and the quota has no room for it",
        partial(stage.apply, body),
        FAILED,
        failed_after=8,
        says="FailedCreate",
    )
    return path


def quota_exceeded(stage: Stage) -> None:
    path = _fill_quota(stage)
    stage.step(
        "the quota is lifted",
        partial(stage.delete, path),
        CURRENT,
        served=BOTH,
        failed_after=0,
    )


def never_had_a_pod(stage: Stage) -> None:
    _fill_quota(stage)
    stage.step(
        "v2 is removed",
        partial(stage.apply, build_body(stage.namespace, build_predictor("v1", 100))),
        CURRENT,
        served=Served(children=ONE.children, routed={"v1": 100}, left=frozenset({"wines-v2-0-wines"})),
        hold=1.0,
    )


def unknown_server(stage: Stage) -> None:
    predictor = build_predictor("v1", 100)
    predictor["graph"]["implementation"] = "NOBODYS_SERVER"
    stage.step(
        "a variant names a server that the operator does not know",
        partial(stage.apply, build_body(stage.namespace, predictor)),
        FAILED,
        failed_after=0,
    )
