"""A SeldonDeployment and its Deployments as values: as the operator and the controllers leave them behind."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from reconciler.apply.health import assess
from reconciler.clients.cluster.answers import read_object
from reconciler.clients.cluster.kinds import DEPLOYMENT
from reconciler.observe.closeup import Closeup
from reconciler.policy.naming import derived_names
from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject
from reconciler.state.observations import Health
from reconciler.state.routes import DeploymentRoutes

NAMESPACE = "wines-production"
URIS = {"v3": "s3://mlflow/artifacts/3", "v5": "s3://mlflow/artifacts/5"}
EDITED = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
NOW = EDITED + timedelta(minutes=1)


def write_time(time: datetime) -> str:
    """The time as the API server writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def note_writer(fields: str, time: datetime) -> dict[str, Any]:
    """An entry of the managed fields."""
    entry = {"manager": "someone", "time": write_time(time), "fieldsV1": {f"f:{fields}": {}}}
    return entry | {"subresource": "status"} if fields == "status" else entry


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
            "managedFields": [note_writer("spec", EDITED), note_writer("status", EDITED)],
        },
        "spec": {
            "replicas": replicas,
            "template": {
                "metadata": {"labels": {"version": predictor[1:]}},
                "spec": {
                    "initContainers": [
                        {
                            "name": "wines-model-initializer",
                            "args": [uri or URIS.get(predictor, ""), "/mnt/models"],
                        }
                    ],
                    "containers": [{"name": "wines", "image": "mlserver:1"}],
                },
            },
        },
        "status": {
            "observedGeneration": 1,
            "replicas": replicas,
            "updatedReplicas": replicas,
            "availableReplicas": replicas,
            "conditions": [
                say_condition("Progressing", "True", EDITED, reason="NewReplicaSetAvailable"),
                say_condition("Available", "True", EDITED),
            ],
        },
    }
    return read_object(body, DEPLOYMENT)


def say_condition(type_: str, status: str, time: datetime, *, reason: str = "", message: str = "") -> Any:
    """A condition of a Deployment."""
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": write_time(time),
        "lastUpdateTime": write_time(time),
    }


def change(child: LiveObject, **status: Any) -> LiveObject:
    """The Deployment with another status; conditions replace those of their type."""
    body = copy.deepcopy(dict(child.body))
    given = {condition["type"]: condition for condition in status.pop("conditions", ())}
    kept = {condition["type"]: condition for condition in body["status"]["conditions"]}
    body["status"] |= {**status, "conditions": list((kept | given).values())}
    return replace(child, body=body)


def change_spec(child: LiveObject, **spec: Any) -> LiveObject:
    """The Deployment with other values in its spec."""
    return replace(child, body={**child.body, "spec": {**child.body["spec"], **spec}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One SeldonDeployment with its Deployments; complete and Available unless said otherwise.

    `edited` is when its spec was last written, `noted` when the operator last changed its status; `part`
    is merged into each predictor, `spec` into the spec.
    """

    predictors: tuple[str, ...] = ("v3", "v5")
    state: str = "Available"
    description: str = ""
    speaks_of: tuple[str, ...] | None = None
    children: Mapping[str, LiveObject | None] = field(default_factory=dict)
    extra: tuple[LiveObject, ...] = ()
    deleting: bool = False
    finalizers: tuple[str, ...] = ()
    sdep: str = "wines"
    edited: datetime = EDITED
    noted: datetime = EDITED
    part: Mapping[str, Any] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)

    def live(self) -> LiveObject:
        spoken = self.predictors if self.speaks_of is None else self.speaks_of
        body: dict[str, Any] = {
            "metadata": {
                "name": self.sdep,
                "namespace": NAMESPACE,
                "uid": "uid-wines",
                "generation": 4,
                "finalizers": list(self.finalizers),
                "managedFields": [note_writer("spec", self.edited)],
            },
            "spec": {"predictors": [self._predictor(name) for name in self.predictors], **self.spec},
        }
        if self.deleting:
            body["metadata"]["deletionTimestamp"] = write_time(self.edited)
        if self.state:
            body["metadata"]["managedFields"].append(note_writer("status", self.noted))
            body["status"] = {
                "state": self.state,
                "description": self.description,
                "deploymentStatus": {derived_names(self.sdep, name, "wines").workload: {} for name in spoken},
            }
        return read_object(body, SELDON_DEPLOYMENT)

    def _predictor(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "labels": {"version": name[1:]},
            "traffic": 100 // len(self.predictors),
            "graph": {"name": "wines", "implementation": "MLFLOW_SERVER", "modelUri": URIS[name]},
            "componentSpecs": [{"spec": {"containers": [{"name": "wines", "image": "mlserver:1"}]}}],
            **self.part,
        }

    def workloads(self) -> tuple[LiveObject, ...]:
        own = [self.children.get(name, make_child(name, sdep=self.sdep)) for name in self.predictors]
        return (*(child for child in own if child is not None), *self.extra)

    def assess(
        self, now: datetime = NOW, closeup: Closeup | None = None, routes: DeploymentRoutes | None = None
    ) -> Health:
        return assess(self.live(), self.workloads(), now=now, closeup=closeup, routes=routes)
