"""The situations that need nothing but the API: each in a namespace of its own, all at the same time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from reconciler.state.observations import HealthWord
from tests.e2e.health.bodies import build_body, build_predictor, locate
from tests.e2e.health.stage import Stage, ask, wait_until
from tests.e2e.health.truth import Child, Served

CURRENT, IN_PROGRESS, FAILED = HealthWord.CURRENT, HealthWord.IN_PROGRESS, HealthWord.FAILED
TERMINATING, NOT_FOUND = HealthWord.TERMINATING, HealthWord.NOT_FOUND

V1, V2 = locate("v1"), locate("v2")
ONE = ask(v1=V1, routed={"v1": 100})
BOTH = ask(v1=V1, v2=V2, routed={"v1": 90, "v2": 10})


def begin(stage: Stage) -> None:
    """One variant, served."""
    stage.step(
        "one variant is applied",
        partial(stage.apply, build_body(stage.namespace, build_predictor("v1", 100))),
        CURRENT,
        served=ONE,
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


def begin_with_two(stage: Stage) -> None:
    stage.step(
        "two variants are applied, 90 and 10",
        partial(
            stage.apply,
            build_body(stage.namespace, build_predictor("v1", 90), build_predictor("v2", 10)),
        ),
        CURRENT,
        served=BOTH,
    )


def add_sick(stage: Stage, traffic: int, play: str, startup: int = 8) -> None:
    """A second variant that cannot get ready joins the first."""
    body = build_body(
        stage.namespace,
        build_predictor("v1", 100 - traffic),
        build_predictor("v2", traffic, play=play, startup=startup),
    )
    stage.step(
        f"v2 joins at {traffic} %; its Pods play {play}",
        partial(stage.apply, body),
        FAILED,
        failed_after=startup,
        hold=1.5,
        says="0 of 1 Pods ready",
    )


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


def slow_in_time(stage: Stage) -> None:
    body = build_body(stage.namespace, build_predictor("v1", 100, play="slow-5s", startup=30))
    stage.step(
        "a variant that takes 5 s of its 30 s",
        partial(stage.apply, body),
        CURRENT,
        served=ask(v1=locate("v1", "slow-5s"), routed={"v1": 100}),
    )


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


def more_replicas(stage: Stage) -> None:
    begin(stage)
    body = build_body(stage.namespace, build_predictor("v1", 100, replicas=3))
    three = Served(children={"wines-v1-0-wines": Child(uri=V1, replicas=3)}, routed={"v1": 100})
    stage.step("three replicas are declared", partial(stage.apply, body), CURRENT, served=three)


def never_had_a_pod(stage: Stage) -> None:
    _fill_quota(stage)
    stage.step(
        "v2 is removed",
        partial(stage.apply, build_body(stage.namespace, build_predictor("v1", 100))),
        CURRENT,
        served=Served(children=ONE.children, routed={"v1": 100}, left=frozenset({"wines-v2-0-wines"})),
        hold=1.0,
    )


def quota_exceeded(stage: Stage) -> None:
    path = _fill_quota(stage)
    stage.step(
        "the quota is lifted",
        partial(stage.delete, path),
        CURRENT,
        served=BOTH,
        failed_after=0,
    )


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


def unknown_server(stage: Stage) -> None:
    predictor = build_predictor("v1", 100)
    predictor["graph"]["implementation"] = "NOBODYS_SERVER"
    stage.step(
        "a variant names a server that the operator does not know",
        partial(stage.apply, build_body(stage.namespace, predictor)),
        FAILED,
        failed_after=0,
    )


def webhook_refuses(stage: Stage) -> None:
    begin_with_two(stage)

    def refuse() -> None:
        body = build_body(stage.namespace, build_predictor("v1", 80), build_predictor("v2", 10))
        assert stage.try_apply(body) == 422

    stage.step("shares that sum to 90 are refused by the webhook", refuse, CURRENT, served=BOTH)


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


SITUATIONS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("fresh", fresh),
    ("update in place", update_in_place),
    ("new variant", new_variant),
    ("sick variant at 10 %, removed", sick_with_share),
    ("sick variant at 0 %, mended", sick_without_share),
    ("share set to 0 while sick", weights_while_sick),
    ("stalled roll-out in place", stalled_in_place),
    ("image that cannot be pulled", no_image),
    ("crash loop", crash_loop),
    ("download that fails", download_fails),
    ("slow start in its time", slow_in_time),
    ("late start", slow_too_late),
    ("crash loop after having been ready", crash_after_ready),
    ("Pod evicted", evicted),
    ("Pod deleted", pod_deleted),
    ("two in one namespace, one sick", neighbours),
    ("HPA changes replicas", scaled_by_hpa),
    ("scaled by hand", scaled_by_hand),
    ("more replicas declared", more_replicas),
    ("quota exceeded", quota_exceeded),
    ("variant that never had a Pod, removed", never_had_a_pod),
    ("server without image map", unknown_server),
    ("webhook refuses", webhook_refuses),
    ("deletion pending", deletion_pending),
    ("foreground deletion", foreground_deletion),
    ("Deployment deleted", child_deleted),
    ("namespace terminating", namespace_deleted),
    ("shadow added, then live", shadow_added),
    ("shares only", weights_only),
    ("roll-out under a new name", new_name),
    ("variant removed", removed),
    ("explainer added, then sick", explainer_added),
    ("orchestrator apart", orchestrator_apart),
    ("long names", long_name),
    ("graph in two Deployments", graph),
)
