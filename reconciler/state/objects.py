"""Manifests and live objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]
"""A Kubernetes object as plain data. The one place where types stay open: the schema is the CRD's."""

PREFIX = "modelsync.dev"
ENVIRONMENT_LABEL = f"{PREFIX}/environment"
MODEL_LABEL = f"{PREFIX}/model"
DEPLOYMENT_LABEL = f"{PREFIX}/deployment"
PART_OF_LABEL = "applyset.kubernetes.io/part-of"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
INITIALIZER = "-model-initializer"
"""What the operator appends to a container's name for the init container that fetches its model."""
COMMIT_ANNOTATION = f"{PREFIX}/commit"
DIGEST_ANNOTATION = f"{PREFIX}/digest"
RECORDS_ANNOTATION = f"{PREFIX}/records"
REGISTERED_MODEL_ANNOTATION = f"{PREFIX}/registered-model"
RUNS_ANNOTATION = f"{PREFIX}/runs"
PRUNE_ANNOTATION = f"{PREFIX}/prune"
"""How an object is to end once it is no longer declared: prune, keep or orphan."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Kind:
    """A kind that modelsync may write, as the API server addresses it."""

    group: str
    version: str
    plural: str
    name: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


SELDON_DEPLOYMENT = Kind(
    group="machinelearning.seldon.io", version="v1", plural="seldondeployments", name="SeldonDeployment"
)
EXTRA_KINDS: tuple[Kind, ...] = (
    Kind(group="", version="v1", plural="configmaps", name="ConfigMap"),
    Kind(group="monitoring.coreos.com", version="v1", plural="podmonitors", name="PodMonitor"),
    Kind(group="monitoring.coreos.com", version="v1", plural="prometheusrules", name="PrometheusRule"),
    Kind(group="monitoring.coreos.com", version="v1", plural="servicemonitors", name="ServiceMonitor"),
    Kind(group="networking.istio.io", version="v1", plural="destinationrules", name="DestinationRule"),
    Kind(group="networking.k8s.io", version="v1", plural="networkpolicies", name="NetworkPolicy"),
    Kind(group="security.istio.io", version="v1", plural="authorizationpolicies", name="AuthorizationPolicy"),
    Kind(
        group="security.istio.io", version="v1", plural="requestauthentications", name="RequestAuthentication"
    ),
)
"""What organisation manifests may be at most, in their namespace: nothing that runs, routes, grants rights or
holds secrets. Of what the operator makes itself only DestinationRule is here: one that is there before a
predictor's route is what keeps its first requests from being lost."""

KINDS: tuple[Kind, ...] = (SELDON_DEPLOYMENT, *EXTRA_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ObjectKey:
    """An object's identity within a cluster."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.name}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A rendered object.

    `digest` is `sha256:` over the body without the commit annotation (and without itself), so that
    it only changes when there is something to apply. `deployment` is the file's name in its environment.
    `policy` is how it is to end, where that is keep or orphan.
    """

    key: ObjectKey
    deployment: str
    body: Body
    digest: str
    adopt: bool = False
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveObject:
    """An object as the API server holds it. `body` is the whole answer, managed fields included."""

    key: ObjectKey
    uid: str
    resource_version: str
    generation: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    deleting: bool
    body: Body


def deployment_of(live: LiveObject) -> str:
    """The deployment that an object of ours is for: a SeldonDeployment has its name, an extra says it."""
    return live.labels.get(DEPLOYMENT_LABEL) or live.key.name


def is_unedited(live: LiveObject, before: LiveObject) -> bool:
    """Whether what the object asks for is what it asked for `before`, as far as its generation tells.

    Kinds without a generation, such as ConfigMap, do not tell more than that nobody wrote the object.
    """
    if live.generation == 0 == before.generation:
        return live.resource_version == before.resource_version
    return live.generation == before.generation
