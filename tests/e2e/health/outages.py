"""Situations in which a program is down. Each yields where the program is stopped, and where it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from tests.e2e.health.bodies import build_body, build_predictor, locate
from tests.e2e.health.common import BOTH, CURRENT, FAILED, IN_PROGRESS, ONE, V1, begin, begin_with_two
from tests.e2e.health.stage import Stage, ask, wait_until
from tests.e2e.health.truth import Child, Served

Outage = Callable[[Stage], Iterator[None]]

# Long enough for anything stale to be believed.
HOLD = 2.0


def _pass(
    stage: Stage, what: str, body: Mapping[str, Any], served: Served, *, unknowable: bool = False
) -> Iterator[None]:
    """An edit while the program is down, and what comes of it afterwards."""
    yield
    stage.step(what, partial(stage.apply, body), IN_PROGRESS, served=served, hold=HOLD, unknowable=unknowable)
    yield
    stage.step("it is back", lambda: None, CURRENT, served=served, unknowable=unknowable)


def stale_model(stage: Stage) -> Iterator[None]:
    begin(stage)
    uri = locate("v1-new")
    body = build_body(stage.namespace, build_predictor("v1", 100, uri=uri))
    yield from _pass(
        stage, "v1 gets another model under its name", body, ask(v1=uri, routed={"v1": 100}), unknowable=True
    )


def stale_image(stage: Stage) -> Iterator[None]:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 100, image="seldonio/mlserver:1.7.2-mlflow"))
    child = Child(uri=V1, image="seldonio/mlserver:1.7.2-mlflow")
    served = Served(children={"wines-v1-0-wines": child}, routed={"v1": 100})
    yield from _pass(stage, "v1 gets another image", body, served, unknowable=True)


def stale_variable(stage: Stage) -> Iterator[None]:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 100, env={"A": "1"}))
    served = Served(children={"wines-v1-0-wines": Child(uri=V1, env={"A": "1"})}, routed={"v1": 100})
    yield from _pass(stage, "v1 gets an environment variable", body, served, unknowable=True)


def stale_replicas(stage: Stage) -> Iterator[None]:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 100, replicas=2))
    served = Served(children={"wines-v1-0-wines": Child(uri=V1, replicas=2)}, routed={"v1": 100})
    yield from _pass(stage, "two replicas are declared", body, served)


def stale_shares(stage: Stage) -> Iterator[None]:
    begin_with_two(stage)
    body = build_body(stage.namespace, build_predictor("v1", 50), build_predictor("v2", 50))
    served = ask(v1=V1, v2=locate("v2"), routed={"v1": 50, "v2": 50})
    yield from _pass(stage, "the shares become 50 and 50", body, served, unknowable=True)


def unseen_variant(stage: Stage) -> Iterator[None]:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 90), build_predictor("v2", 10))
    yield from _pass(stage, "v2 joins at 10 %", body, BOTH)


def unseen_removal(stage: Stage) -> Iterator[None]:
    begin_with_two(stage)
    body = build_body(stage.namespace, build_predictor("v1", 100))
    yield from _pass(stage, "v2 is removed", body, ONE)


def unseen_object(stage: Stage) -> Iterator[None]:
    yield
    body = build_body(stage.namespace, build_predictor("v1", 100, startup=6))
    stage.step("one variant is applied", partial(stage.apply, body), FAILED, failed_after=6, hold=1.0)
    yield
    stage.step("it is back", lambda: None, CURRENT, served=ONE, failed_after=0)


def unseen_deletion(stage: Stage) -> Iterator[None]:
    begin(stage)
    yield
    path = stage.deployment_path("wines-v1-0-wines")

    def delete() -> None:
        stage.delete(path)
        wait_until(lambda: stage.api.request("GET", path).status == 404)

    stage.step("somebody deletes its Deployment", delete, IN_PROGRESS, served=ONE, hold=HOLD, unknowable=True)
    yield
    stage.step("it is back", lambda: None, CURRENT, served=ONE, unknowable=True)


def without_conditions(stage: Stage) -> Iterator[None]:
    begin(stage)
    yield

    def strip_and_edit() -> None:
        stage.patch(f"{stage.path()}/status", {"status": {"conditions": None}})
        stage.apply(build_body(stage.namespace, build_predictor("v1", 100, uri=locate("v1-new"))))

    served = ask(v1=locate("v1-new"), routed={"v1": 100})
    stage.step(
        "its conditions get lost, and it gets another model",
        strip_and_edit,
        IN_PROGRESS,
        served=served,
        hold=HOLD,
        unknowable=True,
    )
    yield
    stage.step("it is back", lambda: None, CURRENT, served=served, unknowable=True)


def labels_only(stage: Stage) -> Iterator[None]:
    begin(stage)
    yield
    label = partial(stage.patch, stage.path(), {"metadata": {"labels": {"team": "wine"}}})
    stage.step("a label is set, which asks for nothing", label, CURRENT, served=ONE, hold=HOLD)
    yield
    stage.step("it is back", lambda: None, CURRENT, served=ONE)


def pod_lost(stage: Stage) -> Iterator[None]:
    begin(stage)
    yield
    stage.step(
        "its Pod is deleted, which is not the operator's business",
        partial(stage.delete_pods, "wines-v1-0-wines"),
        CURRENT,
        served=ONE,
        unknowable=True,
    )
    yield
    stage.step("it is back", lambda: None, CURRENT, served=ONE)


def unseen_roll_out(stage: Stage) -> Iterator[None]:
    """With the Deployment controller down, the Deployment itself is stale."""
    begin(stage)
    uri = locate("v1-new")
    body = build_body(stage.namespace, build_predictor("v1", 100, uri=uri))
    yield from _pass(
        stage, "v1 gets another model under its name", body, ask(v1=uri, routed={"v1": 100}), unknowable=True
    )


def unseen_scaling(stage: Stage) -> Iterator[None]:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 100, replicas=2))
    served = Served(children={"wines-v1-0-wines": Child(uri=V1, replicas=2)}, routed={"v1": 100})
    yield from _pass(stage, "two replicas are declared", body, served)


OPERATOR_DOWN: tuple[tuple[str, Outage], ...] = (
    ("stale Available: model", stale_model),
    ("stale Available: image", stale_image),
    ("stale Available: variable", stale_variable),
    ("stale Available: replicas", stale_replicas),
    ("stale Available: shares only", stale_shares),
    ("new variant unseen", unseen_variant),
    ("removal unseen", unseen_removal),
    ("new object unseen", unseen_object),
    ("deleted Deployment unseen", unseen_deletion),
    ("conditions missing", without_conditions),
    ("labels only", labels_only),
    ("Pod lost", pod_lost),
)
CONTROLLERS_DOWN: tuple[tuple[str, Outage], ...] = (
    ("roll-out unseen", unseen_roll_out),
    ("scaling unseen", unseen_scaling),
)
