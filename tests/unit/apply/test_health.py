"""Health is what the Deployments say, never the operator's word alone."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.apply.health import assess, assess_all
from reconciler.clients.cluster.kinds import DEPLOYMENT
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import SELDON_DEPLOYMENT, Manifest, ObjectKey
from reconciler.state.observations import HealthWord, Observation
from reconciler.state.routes import DeploymentRoutes, RoutedShare
from tests.support.served import (
    EDITED,
    NAMESPACE,
    NOW,
    Scene,
    change,
    change_spec,
    make_child,
    say_condition,
)


def test_current_when_every_deployment_is_complete_and_loads_the_declared_model() -> None:
    health = Scene().assess()

    assert (health.word, health.reason) == (HealthWord.CURRENT, "")
    assert [(item.predictor, item.word) for item in health.variants] == [
        ("v3", HealthWord.CURRENT),
        ("v5", HealthWord.CURRENT),
    ]


def test_long_names_are_found_under_their_hash() -> None:
    assert Scene(sdep="w" * 60).assess().word is HealthWord.CURRENT


def test_an_explainer_or_orchestrator_that_the_spec_asks_for_must_be_complete() -> None:
    key = ObjectKey(kind=DEPLOYMENT, namespace=NAMESPACE, name="wines-v3-explainer")
    explainer = replace(make_child("v3"), key=key)
    asked = Scene(predictors=("v3",), part={"explainer": {"type": "AnchorTabular"}})

    assert replace(asked, extra=(explainer,)).assess().word is HealthWord.CURRENT
    assert asked.assess().reason == "v3: the operator has not made its explainer's Deployment yet"


def test_a_deployment_that_the_operator_forgot_is_named_and_changes_nothing() -> None:
    health = Scene(predictors=("v5",), extra=(make_child("v3"),)).assess()

    assert health.word is HealthWord.CURRENT
    (note,) = health.notes
    assert note.startswith("the operator left Deployment wines-v3-0-wines behind and will not remove it")
    assert note.endswith(": kubectl --namespace wines-production delete deployment wines-v3-0-wines")


def test_deployments_of_others_do_not_matter() -> None:
    other = make_child("v9", owner="uid-prices", uri="s3://other")
    assert Scene(extra=(other,)).assess().word is HealthWord.CURRENT


SICK = change(
    make_child("v5"),
    availableReplicas=0,
    conditions=[say_condition("Progressing", "False", EDITED, reason="ProgressDeadlineExceeded")],
)
OLD_MODEL = make_child("v5", uri="s3://mlflow/artifacts/4")
UNSEEN = replace(make_child("v5"), generation=2)
NO_INITIALIZER = change_spec(make_child("v5"), template={"spec": {}})


@pytest.mark.covers("T9", "B20")
@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (Scene(state=""), "the Seldon operator has not answered yet"),
        (Scene(children={"v5": None}), "v5: the operator has not made its Deployment yet"),
        (Scene(children={"v5": UNSEEN}), "v5: its Deployment's last change was not seen yet"),
        (
            Scene(children={"v5": OLD_MODEL}),
            "v5: its Deployment still loads s3://mlflow/artifacts/4, not s3://mlflow/artifacts/5",
        ),
        (
            Scene(children={"v5": NO_INITIALIZER}),
            "v5: its Deployment still loads nothing, not s3://mlflow/artifacts/5",
        ),
        (Scene(children={"v5": change(make_child("v5"), updatedReplicas=1)}), "v5: 1 of 2 Pods ready"),
        (Scene(children={"v5": change(make_child("v5"), availableReplicas=0)}), "v5: 0 of 2 Pods ready"),
        (
            Scene(children={"v5": change(make_child("v5"), replicas=3, availableReplicas=3)}),
            "v5: 2 of 2 Pods ready, 1 too many",
        ),
        (
            Scene(children={"v5": change(make_child("v5"), updatedReplicas=1, replicas=3)}),
            "v5: 0 of 2 Pods ready, 1 too many",
        ),
        (Scene(state="Creating"), "the operator says Creating"),
        (
            Scene(predictors=("v5",), speaks_of=("v3", "v5"), extra=(make_child("v3"),)),
            "the operator has not removed wines-v3-0-wines yet",
        ),
    ],
)
def test_in_progress_until_proven(scene: Scene, reason: str) -> None:
    health = scene.assess()

    assert (health.word, health.reason) == (HealthWord.IN_PROGRESS, reason)


@pytest.mark.covers("B20", "T9")
def test_available_from_before_the_edit_is_not_believed() -> None:
    scene = Scene(state="Available", speaks_of=("v3",), children={"v5": None})

    assert scene.assess().word is HealthWord.IN_PROGRESS


def test_one_variant_is_told_apart_from_another() -> None:
    health = Scene(children={"v5": change(make_child("v5"), availableReplicas=0)}).assess()

    assert [(item.predictor, item.word, item.reason) for item in health.variants] == [
        ("v3", HealthWord.CURRENT, ""),
        ("v5", HealthWord.IN_PROGRESS, "0 of 2 Pods ready"),
    ]


@pytest.mark.covers("B21")
def test_a_deployment_that_gave_up_is_failed_whatever_the_operator_says() -> None:
    for state in ("Available", "Creating", ""):
        health = Scene(state=state, children={"v5": SICK}).assess()
        assert health.word is HealthWord.FAILED
        assert health.reason == "v5: not ready within its 10 m start-up: 0 of 2 Pods ready"


def test_a_deployment_that_gave_up_in_an_earlier_form_has_not_failed_in_this_one() -> None:
    earlier = change_spec(SICK, template=OLD_MODEL.body["spec"]["template"])

    assert Scene(children={"v5": earlier}).assess().word is HealthWord.IN_PROGRESS


def test_an_error_of_the_operator_counts_once_it_has_stood_for_a_while() -> None:
    scene = Scene(state="Failed", description="no config for server X", children={"v5": None})

    fresh = scene.assess(now=EDITED + timedelta(seconds=9))
    standing = scene.assess(now=EDITED + timedelta(seconds=10))

    assert fresh.word is HealthWord.IN_PROGRESS
    assert fresh.reason == (
        "v5: the operator has not made its Deployment yet; the operator says Failed: no config for server X"
    )
    assert (standing.word, standing.reason) == (
        HealthWord.FAILED,
        "the operator says Failed: no config for server X",
    )


@pytest.mark.covers("B20", "T9")
def test_an_error_from_before_the_edit_is_not_believed() -> None:
    scene = Scene(state="Failed", description="no config for server X", noted=EDITED - timedelta(seconds=1))

    assert scene.assess().word is HealthWord.IN_PROGRESS


def test_a_stalled_roll_out_is_the_deployments_to_tell() -> None:
    told = "Deployment is no longer progressing and not available."

    assert Scene(state="Failed", description=told).assess().word is HealthWord.IN_PROGRESS


def test_a_volume_claim_is_not_compared_by_its_location() -> None:
    scene = Scene(predictors=("v3",))
    body = copy.deepcopy(dict(scene.live().body))
    body["spec"]["predictors"][0]["graph"]["modelUri"] = "pvc://models/3"

    assert assess(replace(scene.live(), body=body), scene.workloads(), now=NOW).word is HealthWord.CURRENT


def test_an_object_on_its_way_out_is_terminating_and_says_for_whom_it_waits() -> None:
    assert Scene(deleting=True).assess().reason == "is being deleted"
    waiting = Scene(deleting=True, finalizers=("example.org/keep",)).assess()
    assert (waiting.word, waiting.reason) == (
        HealthWord.TERMINATING,
        "is being deleted; waits for example.org/keep",
    )


def route(**percents: float) -> DeploymentRoutes:
    return DeploymentRoutes(
        shares=tuple(
            RoutedShare(predictor=name, shadow=False, percent=percent) for name, percent in percents.items()
        )
    )


@pytest.mark.covers("T26", "S8")
@pytest.mark.parametrize(
    ("routes", "reason"),
    [
        (None, ""),
        (route(v3=50, v5=50), ""),
        (route(v3=90, v5=10), "v3: routed 90 %, not 50 % yet"),
        (route(v3=100), "v3: routed 100 %, not 50 % yet"),
        (route(v3=50, v5=50, v1=0), "v1 is still routed"),
        (DeploymentRoutes(), ""),
    ],
)
def test_shares_are_taken_up_when_the_routes_say_so(routes: DeploymentRoutes | None, reason: str) -> None:
    health = Scene().assess(routes=routes)

    assert health.reason == reason
    assert health.word is (HealthWord.IN_PROGRESS if reason else HealthWord.CURRENT)


def test_each_declared_object_is_assessed_and_a_missing_one_is_not_found() -> None:
    scene = Scene()
    keys = [ObjectKey(kind=SELDON_DEPLOYMENT, namespace=NAMESPACE, name=name) for name in ("wines", "prices")]
    manifests = tuple(Manifest(key=key, deployment=key.name, body={}, digest="") for key in keys)
    observation = Observation(record=TargetRecord(), objects=(scene.live(),), workloads=scene.workloads())

    assert [health.word for health in assess_all(manifests, observation, now=NOW)] == [
        HealthWord.CURRENT,
        HealthWord.NOT_FOUND,
    ]
