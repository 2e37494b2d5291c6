"""Changes that somebody makes to what is asked for; all of them can be served."""

from __future__ import annotations

from functools import partial

from tests.e2e.health.bodies import build_body, build_predictor, locate
from tests.e2e.health.common import (
    BOTH,
    CURRENT,
    FAILED,
    V1,
    V2,
    begin,
    begin_with_two,
)
from tests.e2e.health.stage import Stage, ask
from tests.e2e.health.truth import Child, Served


def fresh(stage: Stage) -> None:
    begin_with_two(stage)


def update_in_place(stage: Stage) -> None:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 100, uri=locate("v1-new")))
    stage.step(
        "v1 gets another model under its name",
        partial(stage.apply, body),
        CURRENT,
        served=ask(v1=locate("v1-new"), routed={"v1": 100}),
        unknowable=True,
    )
    body = build_body(
        stage.namespace,
        build_predictor(
            "v1", 100, uri=locate("v1-new"), env={"A": "1"}, image="seldonio/mlserver:1.7.2-mlflow"
        ),
    )
    wanted = Child(uri=locate("v1-new"), env={"A": "1"}, image="seldonio/mlserver:1.7.2-mlflow")
    stage.step(
        "v1 gets another image and a variable",
        partial(stage.apply, body),
        CURRENT,
        served=Served(children={"wines-v1-0-wines": wanted}, routed={"v1": 100}),
        unknowable=True,
    )


def new_variant(stage: Stage) -> None:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 90), build_predictor("v2", 10, play="slow-2s"))
    stage.step(
        "v2 joins at 10 %, ready after 2 s",
        partial(stage.apply, body),
        CURRENT,
        served=ask(v1=V1, v2=locate("v2", "slow-2s"), routed={"v1": 90, "v2": 10}),
    )


def more_replicas(stage: Stage) -> None:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 100, replicas=3))
    three = Served(children={"wines-v1-0-wines": Child(uri=V1, replicas=3)}, routed={"v1": 100})
    stage.step("three replicas are declared", partial(stage.apply, body), CURRENT, served=three)


def shadow_added(stage: Stage) -> None:
    begin(stage)
    shadow = build_predictor("v2", 30, shadow=True, replicas=2)
    body = build_body(stage.namespace, build_predictor("v1", 100), shadow)
    children = {"wines-v1-0-wines": Child(uri=V1), "wines-v2-0-wines": Child(uri=V2, replicas=2)}
    stage.step(
        "a shadow with two Pods gets 30 %",
        partial(stage.apply, body),
        CURRENT,
        served=Served(children=children, routed={"v1": 100}, mirror={"v2": 30}),
    )
    stage.step(
        "the shadow becomes live",
        partial(
            stage.apply,
            build_body(stage.namespace, build_predictor("v1", 70), build_predictor("v2", 30, replicas=2)),
        ),
        CURRENT,
        served=Served(children=children, routed={"v1": 70, "v2": 30}),
        unknowable=True,
    )


def weights_only(stage: Stage) -> None:
    begin_with_two(stage)
    body = build_body(stage.namespace, build_predictor("v1", 50), build_predictor("v2", 50))
    stage.step(
        "the shares become 50 and 50",
        partial(stage.apply, body),
        CURRENT,
        served=ask(v1=V1, v2=V2, routed={"v1": 50, "v2": 50}),
        unknowable=True,
    )


def new_name(stage: Stage) -> None:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1-r2", 100, uri=V1))
    stage.step(
        "v1 is replaced by v1-r2",
        partial(stage.apply, body),
        CURRENT,
        served=ask(v1_r2=V1, routed={"v1-r2": 100}),
    )


def removed(stage: Stage) -> None:
    begin_with_two(stage)
    body = build_body(stage.namespace, build_predictor("v2", 100))
    stage.step(
        "v1 is removed, v2 takes all",
        partial(stage.apply, body),
        CURRENT,
        served=ask(v2=V2, routed={"v2": 100}),
    )


def explainer_added(stage: Stage) -> None:
    begin(stage)
    explained = build_predictor(
        "v1", 100, explainer={"type": "AnchorTabular", "modelUri": locate("why"), "replicas": 1}
    )
    children = {"wines-v1-0-wines": Child(uri=V1), "wines-v1-explainer": Child(uri=locate("why"))}
    stage.step(
        "an explainer is added",
        partial(stage.apply, build_body(stage.namespace, explained)),
        CURRENT,
        served=Served(children=children, routed={"v1": 100}),
    )
    sick = build_predictor(
        "v1",
        100,
        startup=8,
        explainer={"type": "AnchorTabular", "modelUri": locate("why", "never-ready"), "replicas": 1},
    )
    stage.step(
        "the explainer gets a model that cannot be loaded",
        partial(stage.apply, build_body(stage.namespace, sick)),
        FAILED,
        failed_after=8,
        says="its explainer's 0 of 1 Pods ready",
        unknowable=True,
    )


def orchestrator_apart(stage: Stage) -> None:
    body = build_body(
        stage.namespace,
        build_predictor("v1", 100),
        annotations={"seldon.io/engine-separate-pod": "true"},
    )
    children = {"wines-v1-0-wines": Child(uri=V1), "wines-v1-svc-orch": Child()}
    stage.step(
        "a variant whose orchestrator has Pods of its own",
        partial(stage.apply, body),
        CURRENT,
        served=Served(children=children, routed={"v1": 100}),
    )


def long_name(stage: Stage) -> None:
    stage.name = "w" * 50
    body = build_body(stage.namespace, build_predictor("v1-with-a-long-name", 100, uri=V1), name=stage.name)
    # md5 of <name>-v1-with-a-long-name-0-wines, as the operator shortens it.
    child = "seldon-c86b20dfc9d30a30803581b517f0d069"
    stage.step(
        "names of more than 63 characters",
        partial(stage.apply, body),
        CURRENT,
        served=Served(children={child: Child(uri=V1)}, routed={"v1-with-a-long-name": 100}),
    )


def graph(stage: Stage) -> None:
    predictor = build_predictor("v1", 100)
    model = predictor["graph"]
    container = {"name": "scaler", "image": "example.org/scaler:1"}
    predictor["graph"] = {"name": "scaler", "type": "TRANSFORMER", "children": [model]}
    predictor["componentSpecs"].append({"spec": {"containers": [container]}, "replicas": 2})
    children = {
        "wines-v1-0-wines": Child(uri=V1),
        "wines-v1-1-scaler": Child(replicas=2, image="example.org/scaler:1"),
    }
    stage.step(
        "a graph in two Deployments",
        partial(stage.apply, build_body(stage.namespace, predictor)),
        CURRENT,
        served=Served(children=children, routed={"v1": 100}),
    )


def slow_in_time(stage: Stage) -> None:
    body = build_body(stage.namespace, build_predictor("v1", 100, play="slow-5s", startup=30))
    stage.step(
        "a variant that takes 5 s of its 30 s",
        partial(stage.apply, body),
        CURRENT,
        served=ask(v1=locate("v1", "slow-5s"), routed={"v1": 100}),
    )


def webhook_refuses(stage: Stage) -> None:
    begin_with_two(stage)

    def refuse() -> None:
        body = build_body(stage.namespace, build_predictor("v1", 80), build_predictor("v2", 10))
        assert stage.try_apply(body) == 422

    stage.step("shares that sum to 90 are refused by the webhook", refuse, CURRENT, served=BOTH)
