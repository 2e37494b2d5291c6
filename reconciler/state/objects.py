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
PART_OF_LABEL = "applyset.kubernetes.io/part-of"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
COMMIT_ANNOTATION = f"{PREFIX}/commit"
DIGEST_ANNOTATION = f"{PREFIX}/digest"
RECORDS_ANNOTATION = f"{PREFIX}/records"
REGISTERED_MODEL_ANNOTATION = f"{PREFIX}/registered-model"
RUNS_ANNOTATION = f"{PREFIX}/runs"


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
KINDS: tuple[Kind, ...] = (SELDON_DEPLOYMENT,)


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
    """

    key: ObjectKey
    deployment: str
    body: Body
    digest: str
    adopt: bool = False


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
