"""The annotations of Seldon Core that a deployment may carry, and why it may not carry the others.

Source: the operator's module v1.16.0, controllers/istio.go, controllers/ambassador/v1.go,
controllers/utils/controller_utils.go, apis/machinelearning.seldon.io/v1/seldondeployment_types.go; and the
executor, which reads the timeouts and the message size from its Pod's annotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PREFIX = "seldon.io/"

Gateway = Literal["istio", "ambassador"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What an annotation takes (a whole number, text, or true and false) and who reads it.

    `on_pods` tells that Pods must carry it, so that changing it restarts them; `gateway` names the only
    gateway that it means anything to.
    """

    type: type[int] | type[str] | type[bool]
    meaning: str
    on_pods: bool = False
    gateway: Gateway | None = None


def _breaker(what: str) -> Annotation:
    return Annotation(type=int, meaning=f"Most {what} before the circuit breaker opens", gateway="ambassador")


KNOWN: Mapping[str, Annotation] = {
    "seldon.io/rest-timeout": Annotation(
        type=int, meaning="Longest answer of a node over HTTP, and of Ambassador, in ms", on_pods=True
    ),
    "seldon.io/grpc-timeout": Annotation(
        type=int, meaning="Longest answer of a node over gRPC, and of Ambassador, in ms", on_pods=True
    ),
    "seldon.io/grpc-max-message-size": Annotation(
        type=int, meaning="Largest gRPC message, in bytes", on_pods=True
    ),
    "seldon.io/istio-gateway": Annotation(type=str, meaning="Istio's Gateway, or mesh", gateway="istio"),
    "seldon.io/istio-host": Annotation(type=str, meaning="Host of the VirtualService", gateway="istio"),
    "seldon.io/istio-retries": Annotation(type=int, meaning="Attempts of a request", gateway="istio"),
    "seldon.io/istio-retries-timeout": Annotation(
        type=int, meaning="Longest attempt, in seconds; with istio-retries", gateway="istio"
    ),
    "seldon.io/ambassador-service-name": Annotation(
        type=str, meaning="Name in the path, where not the deployment's", gateway="ambassador"
    ),
    "seldon.io/ambassador-header": Annotation(
        type=str, meaning="Header and value that requests must have", gateway="ambassador"
    ),
    "seldon.io/ambassador-id": Annotation(
        type=str, meaning="Ambassador that takes the mappings", gateway="ambassador"
    ),
    "seldon.io/ambassador-retries": Annotation(
        type=int, meaning="Further attempts after a gateway error", gateway="ambassador"
    ),
    "seldon.io/ambassador-circuit-breakers-max-connections": _breaker("connections"),
    "seldon.io/ambassador-circuit-breakers-max-pending-requests": _breaker("waiting requests"),
    "seldon.io/ambassador-circuit-breakers-max-requests": _breaker("requests"),
    "seldon.io/ambassador-circuit-breakers-max-retries": _breaker("retries"),
    "seldon.io/headless-svc": Annotation(type=bool, meaning="Services without an address of their own"),
    "seldon.io/executor-logger-queue-size": Annotation(
        type=int, meaning="Events that wait for the request logger"
    ),
    "seldon.io/executor-logger-write-timeout-ms": Annotation(
        type=int, meaning="How long an event may wait for a place in the queue, in ms"
    ),
}

REFUSED: Mapping[str, str] = {
    "seldon.io/svc-name": "names of Services follow from deployment and variant, so that no two are equal",
    "seldon.io/no-engine": "without the orchestrator nothing counts the requests that status tells of",
    "seldon.io/engine-separate-pod": "the orchestrator stays beside the model, so that they start as one",
    "seldon.io/no-storage-initializer": "models come from their pinned location through the initializer",
    "seldon.io/ambassador-config": "it replaces all weights by text that no rule can read",
    "seldon.io/ambassador-regex-header": "the operator reads it from the wrong annotation; it does nothing",
    "seldon.io/executor": "it has no effect since the executor is the only orchestrator",
}
