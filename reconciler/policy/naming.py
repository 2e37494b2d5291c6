"""The names that Seldon Core v1 derives from ours, as the operator computes them.

Source: the operator's module, apis/machinelearning.seldon.io/v1/seldondeployment_types.go (functions
GetSeldonDeploymentName, GetPredictorKey, GetContainerServiceName, GetDeploymentName), at v1.16.0.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.state.declarations import Variant

NAME_LIMIT = 63
"""Longest DNS label, so longest name of a Service, a label's value and a container."""

CONTAINER_LIMIT = 48
"""Longest container name: the label key `seldon-app-svc-<container>` is never shortened by the operator."""

RESERVED_CONTAINERS = frozenset({"seldon-container-engine", "tfserving"})
"""Containers that the operator adds to Pods itself."""

RESERVED_ENDINGS = ("-explainer", "-svc-orch")
"""Endings that the operator appends for explainers and orchestrators."""

_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedNames:
    """What one predictor's objects are called in the cluster.

    `object` is the value of label `seldon-deployment-id` and the name of the VirtualService; `service` the
    predictor's Service and DestinationRule; `container_service` its container's Service; `workload` its
    Deployment; `label_key` a label's key on its Pods. `hashed` pairs each name that was too long with the
    hash that stands for it.
    """

    object: str
    predictor: str
    container: str
    service: str
    container_service: str
    workload: str
    label_key: str
    hashed: tuple[tuple[str, str], ...] = ()

    @property
    def services(self) -> tuple[str, str]:
        """The names of all Services of this predictor."""
        return self.service, self.container_service


def predictor_name(variant: Variant) -> str:
    """The predictor that a variant becomes: `v5`, `v6-shadow`, `v5-r2`, or the name that it was given.

    A variant with neither name nor version is `v?`, which no cluster would accept.
    """
    if variant.name is not None:
        return variant.name
    version = "?" if variant.version is None else variant.version
    role = "-shadow" if variant.shadow is not None else ""
    rollout = f"-r{variant.rollout}" if variant.rollout is not None else ""
    return f"v{version}{role}{rollout}"


def derived_names(deployment: str, predictor: str, container: str) -> DerivedNames:
    """The names that the operator derives for a predictor with one container (the graph's only node).

    Assumes the operator's default for long names of Deployments (without DEPLOYMENT_NAME_AS_PREFIX).
    """
    service = f"{deployment}-{predictor}"
    container_service = f"{service}-{container}"
    workload = f"{service}-0-{container}"
    full = (deployment, service, container_service, workload)
    return DerivedNames(
        object=_shorten(deployment),
        predictor=predictor,
        container=container,
        service=_shorten(service),
        container_service=_shorten(container_service),
        workload=_shorten(workload),
        label_key=f"seldon-app-svc-{container}",
        hashed=tuple((name, _shorten(name)) for name in full if len(name) > NAME_LIMIT),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectNames:
    """Every Service and Deployment of one predictor: each name in full, with the one that it gets."""

    services: tuple[tuple[str, str], ...]
    workloads: tuple[tuple[str, str], ...]


def object_names(
    deployment: str, predictor: str, pods: Sequence[Sequence[str]], *, explained: bool = False
) -> ObjectNames:
    """The names that the operator derives for a predictor.

    `pods` are the names of the containers in each componentSpec; `explained` tells that it has an explainer.
    """
    base = f"{deployment}-{predictor}"
    explainers = [f"{base}-explainer"] if explained else []
    services = [base, *(f"{base}-{container}" for pod in pods for container in pod), *explainers]
    workloads = [*(f"{base}-{index}-{'-'.join(pod)}" for index, pod in enumerate(pods)), *explainers]
    return ObjectNames(services=_pair(services), workloads=_pair(workloads))


def explainer_name(deployment: str, predictor: str) -> str:
    """The Deployment, Service and container of a predictor's explainer (GetExplainerDeploymentName)."""
    return _shorten(f"{deployment}-{predictor}-explainer")


def is_dns_label(name: str) -> bool:
    """Whether a Service could have this name (RFC 1035: starts with a letter, no dots) but for its length."""
    return _DNS_1035.match(name) is not None


def _pair(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, _shorten(name)) for name in names)


def _shorten(name: str) -> str:
    if len(name) <= NAME_LIMIT:
        return name
    return "seldon-" + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
