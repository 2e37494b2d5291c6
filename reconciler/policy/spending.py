"""What deployments ask of a cluster: requests of all containers, times the Pods that run them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from reconciler.policy.placed import PlacedDeployment, PlacedVariant
from reconciler.state.declarations import Resources, Serving
from reconciler.state.quantities import read_quantity

Amounts = Mapping[str, Fraction]
"""cpu in cores and memory in bytes."""

KINDS = ("cpu", "memory")

# What the operator gives its own container where no layer says anything (operator v1.16.0, constants.go).
_ORCHESTRATOR: Amounts = {"cpu": Fraction(1, 2), "memory": Fraction(512 * 2**20)}
_NO_ORCHESTRATOR = "seldon.io/no-engine"
_NOTHING: Amounts = {"cpu": Fraction(0), "memory": Fraction(0)}


def add_amounts(amounts: Iterable[Amounts]) -> Amounts:
    """The sum of amounts."""
    listed = tuple(amounts)
    return {kind: sum((one.get(kind, Fraction(0)) for one in listed), Fraction(0)) for kind in KINDS}


def multiply_amounts(amounts: Amounts, times: int) -> Amounts:
    """Amounts so many times."""
    return {kind: amounts.get(kind, Fraction(0)) * times for kind in KINDS}


def sum_deployment(deployment: PlacedDeployment) -> Amounts:
    """All that a deployment asks for: its variants, shadows among them, with their explainers."""
    return add_amounts(sum_variant(variant) for variant in deployment.variants)


def sum_variant(variant: PlacedVariant) -> Amounts:
    """All that one variant asks for with the most Pods that it may have, without the surge of a roll-out."""
    return add_amounts(_list_parts(variant))


def count_pods(serving: Serving) -> int:
    """The most Pods of a variant that its settings allow."""
    if serving.scaling is not None and serving.scaling.max is not None:
        return serving.scaling.max
    return serving.replicas or 1


def read_requests(resources: Resources | None) -> Amounts:
    """What a container asks for; its limit stands for a request that is not given, as in Kubernetes."""
    if resources is None:
        return _NOTHING
    found = {}
    for kind in KINDS:
        said = [getattr(block, kind) for block in (resources.requests, resources.limits) if block is not None]
        given = next((amount for amount in said if amount is not None), None)
        found[kind] = Fraction(0) if given is None else read_quantity(given)
    return found


def _list_parts(variant: PlacedVariant) -> Iterator[Amounts]:
    serving, pods = variant.serving.serving, count_pods(variant.serving.serving)
    for container in variant.containers:
        yield multiply_amounts(read_requests(container.serving.serving.resources), pods)
    if not _lacks_orchestrator(serving):
        said = serving.orchestrator.resources if serving.orchestrator is not None else None
        yield multiply_amounts(_ORCHESTRATOR if said is None else read_requests(said), pods)
    if serving.explainer is not None:
        yield multiply_amounts(read_requests(serving.explainer.resources), serving.explainer.replicas or 1)


def _lacks_orchestrator(serving: Serving) -> bool:
    return str((serving.annotations or {}).get(_NO_ORCHESTRATOR, "false")).lower() == "true"
