"""Health is what the Deployments say, never the operator's word alone."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from reconciler.apply.health import assess, assess_all
from reconciler.clients.cluster.answers import read_object
from reconciler.clients.cluster.kinds import DEPLOYMENT
from reconciler.policy.naming import derived_names
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject, Manifest, ObjectKey
from reconciler.state.observations import Health, HealthWord, Observation

NAMESPACE = "wines-production"
URIS = {"v3": "s3://mlflow/artifacts/3", "v5": "s3://mlflow/artifacts/5"}


def make_child(
    predictor: str, *, sdep: str = "wines", uri: str = "", owner: str = "uid-wines", replicas: int = 2
) -> LiveObject:
    """The Deployment of a predictor as the operator makes it and as its controller completes it."""
    body = {
        "metadata": {
            "name": derived_names(sdep, predictor, "wines").workload,
            "namespace": NAMESPACE,
            "generation": 1,
            "ownerReferences": [{"kind": "SeldonDeployment", "name": sdep, "uid": owner}],
        },
        "spec": {
            "replicas": replicas,
            "template": {
                "spec": {
                    "initContainers": [
                        {
                            "name": "wines-model-initializer",
                            "args": [uri or URIS.get(predictor, ""), "/mnt/models"],
                        }
                    ]
                }
            },
        },
        "status": {
            "observedGeneration": 1,
            "replicas": replicas,
            "updatedReplicas": replicas,
            "availableReplicas": replicas,
            "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
        },
    }
    return read_object(body, DEPLOYMENT)


def change(child: LiveObject, **status: Any) -> LiveObject:
    body = copy.deepcopy(dict(child.body))
    body["status"] |= status
    return replace(child, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One SeldonDeployment with its Deployments; complete and Available unless said otherwise."""

    predictors: tuple[str, ...] = ("v3", "v5")
    state: str = "Available"
    description: str = ""
    speaks_of: tuple[str, ...] | None = None
    children: Mapping[str, LiveObject | None] = field(default_factory=dict)
    extra: tuple[LiveObject, ...] = ()
    deleting: bool = False
    sdep: str = "wines"

    def live(self) -> LiveObject:
        spoken = self.predictors if self.speaks_of is None else self.speaks_of
        body: dict[str, Any] = {
            "metadata": {"name": self.sdep, "namespace": NAMESPACE, "uid": "uid-wines", "generation": 4},
            "spec": {
                "predictors": [
                    {
                        "name": name,
                        "graph": {"name": "wines", "modelUri": URIS[name]},
                        "componentSpecs": [{"spec": {"containers": [{"name": "wines"}]}}],
                    }
                    for name in self.predictors
                ]
            },
        }
        if self.deleting:
            body["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
        if self.state:
            body["status"] = {
                "state": self.state,
                "description": self.description,
                "deploymentStatus": {derived_names(self.sdep, name, "wines").workload: {} for name in spoken},
            }
        return read_object(body, SELDON_DEPLOYMENT)

    def workloads(self) -> tuple[LiveObject, ...]:
        own = [self.children.get(name, make_child(name, sdep=self.sdep)) for name in self.predictors]
        return (*(child for child in own if child is not None), *self.extra)

    def assess(self) -> Health:
        return assess(self.live(), self.workloads())


def test_current_when_every_deployment_is_complete_and_loads_the_declared_model() -> None:
    health = Scene().assess()

    assert (health.word, health.reason) == (HealthWord.CURRENT, "")


def test_long_names_are_found_under_their_hash() -> None:
    assert Scene(sdep="w" * 60).assess().word is HealthWord.CURRENT


def test_an_explainer_or_orchestrator_beside_is_no_leftover() -> None:
    explainer = replace(
        make_child("v3"), key=ObjectKey(kind=DEPLOYMENT, namespace=NAMESPACE, name="wines-v3-explainer")
    )
    assert Scene(extra=(explainer,)).assess().word is HealthWord.CURRENT


def test_deployments_of_others_do_not_matter() -> None:
    other = make_child("v9", owner="uid-prices", uri="s3://other")
    assert Scene(extra=(other,)).assess().word is HealthWord.CURRENT


SICK = change(
    make_child("v5"),
    availableReplicas=0,
    conditions=[
        {
            "type": "Progressing",
            "status": "False",
            "reason": "ProgressDeadlineExceeded",
            "message": "ReplicaSet has timed out progressing.",
        }
    ],
)
OLD_MODEL = make_child("v5", uri="s3://mlflow/artifacts/4")
UNSEEN = replace(make_child("v5"), generation=2)
NO_INITIALIZER = replace(
    make_child("v5"), body={**make_child("v5").body, "spec": {"replicas": 2, "template": {"spec": {}}}}
)


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
        (Scene(children={"v5": change(make_child("v5"), replicas=3)}), "v5: 2 of 2 Pods ready, 1 too many"),
        (Scene(state="Creating"), "the operator says Creating"),
        (
            Scene(predictors=("v5",), extra=(make_child("v3"),)),
            "the operator has not removed wines-v3-0-wines yet",
        ),
        (
            Scene(state="Failed", description="no such config", speaks_of=("v3",), children={"v5": None}),
            "v5: the operator has not made its Deployment yet (the operator says Failed: no such config)",
        ),
    ],
)
def test_in_progress_until_proven(scene: Scene, reason: str) -> None:
    health = scene.assess()

    assert (health.word, health.reason) == (HealthWord.IN_PROGRESS, reason)


def test_available_from_before_the_edit_is_not_believed() -> None:
    scene = Scene(state="Available", speaks_of=("v3",), children={"v5": None})

    assert scene.assess().word is HealthWord.IN_PROGRESS


def test_a_deployment_that_gave_up_is_failed_whatever_the_operator_says() -> None:
    for state in ("Available", "Creating", ""):
        health = Scene(state=state, children={"v5": SICK}).assess()
        assert health.word is HealthWord.FAILED
        assert health.reason == "v5: ProgressDeadlineExceeded: ReplicaSet has timed out progressing."


def test_the_operators_failed_counts_once_it_speaks_of_the_present_set() -> None:
    waiting = {"v5": change(make_child("v5"), availableReplicas=0)}

    spoken = Scene(
        state="Failed", description="Deployment is no longer progressing", children=waiting
    ).assess()
    stale = Scene(state="Failed", speaks_of=("v3",), children=waiting).assess()

    assert spoken.word is HealthWord.FAILED
    assert "no longer progressing" in spoken.reason
    assert stale.word is HealthWord.IN_PROGRESS


def test_a_stale_failed_over_complete_deployments_is_in_progress() -> None:
    assert Scene(state="Failed").assess().word is HealthWord.IN_PROGRESS


def test_a_volume_claim_is_not_compared_by_its_location() -> None:
    scene = Scene(predictors=("v3",))
    body = copy.deepcopy(dict(scene.live().body))
    body["spec"]["predictors"][0]["graph"]["modelUri"] = "pvc://models/3"

    assert assess(replace(scene.live(), body=body), scene.workloads()).word is HealthWord.CURRENT


def test_an_object_on_its_way_out_is_terminating() -> None:
    assert Scene(deleting=True).assess().word is HealthWord.TERMINATING


def test_each_declared_object_is_assessed_and_a_missing_one_is_not_found() -> None:
    scene = Scene()
    keys = [ObjectKey(kind=SELDON_DEPLOYMENT, namespace=NAMESPACE, name=name) for name in ("wines", "prices")]
    manifests = tuple(Manifest(key=key, deployment=key.name, body={}, digest="") for key in keys)
    observation = Observation(record=TargetRecord(), objects=(scene.live(),), workloads=scene.workloads())

    assert [health.word for health in assess_all(manifests, observation)] == [
        HealthWord.CURRENT,
        HealthWord.NOT_FOUND,
    ]
