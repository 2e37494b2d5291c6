"""Whether what a plan adds fits the namespace's quotas while the old set still runs beside the new one.

The old Pods go only when the new ones are ready, so nothing that a plan takes away makes room for what it
adds. Numbers are exact: Pods count as the API server counts them (the larger of the sum of the containers
and the largest init container; a limit stands for a request that is not given).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from reconciler.state.objects import INITIALIZER, SELDON_DEPLOYMENT, Body, LiveObject
from reconciler.state.plans import Change, Op, Plan
from reconciler.state.quantities import read_quantity, show_quantity
from reconciler.state.quotas import Quota

# What the operator adds to every Pod where it is not told otherwise (operator v1.16.0: constants.go, and
# seldon-config's storageInitializer); a live Deployment of the same operator tells better.
_ENGINE = "seldon-container-engine"
_ENGINE_RESOURCES: Body = {
    "requests": {"cpu": "500m", "memory": "512Mi"},
    "limits": {"cpu": "500m", "memory": "512Mi"},
}
_INITIALIZER_RESOURCES: Body = {
    "requests": {"cpu": "100m", "memory": "100Mi"},
    "limits": {"cpu": "1", "memory": "1Gi"},
}
_NO_ENGINE = "seldon.io/no-engine"

# The operator sets no surge, so Kubernetes' own counts; nothing is taken down before it is replaced.
_SURGE = Fraction(1, 4)

_SAME_RESOURCE = {"cpu": "requests.cpu", "memory": "requests.memory", "count/pods": "pods"}

Amounts = Mapping[str, Fraction]
"""Amounts by resource: requests.cpu, requests.memory, limits.cpu, limits.memory, pods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What one deployment runs more while it changes than it does now."""

    deployment: str
    amounts: Amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A resource of a quota that is exceeded: used now, added by the plan, and the limit."""

    quota: str
    resource: str
    used: Fraction
    added: Fraction
    hard: Fraction

    def __str__(self) -> str:
        used, added, hard = (show_quantity(it, self.resource) for it in (self.used, self.added, self.hard))
        total = show_quantity(self.used + self.added, self.resource)
        return (
            f"{self.resource}: {used} used + {added} added = {total} of {hard} (ResourceQuota/{self.quota})"
        )


def adds_pods(plan: Plan) -> bool:
    """Whether any created or updated deployment needs room; told by the first that does."""
    helpers = _learn_helpers(())
    return any(
        number > 0
        for change in plan.select(Op.CREATE, Op.UPDATE)
        if change.key.kind == SELDON_DEPLOYMENT
        for number, _ in _count_pods(change, helpers)
    )


def find_additions(plan: Plan, workloads: tuple[LiveObject, ...]) -> tuple[Addition, ...]:
    """What each created or updated deployment adds; those that add nothing are left out.

    `workloads` are the operator's Deployments in the namespace.
    """
    helpers = _learn_helpers(workloads)
    found = (
        Addition(deployment=change.deployment, amounts=_add_up(_count_pods(change, helpers)))
        for change in plan.select(Op.CREATE, Op.UPDATE)
        if change.key.kind == SELDON_DEPLOYMENT
    )
    return tuple(addition for addition in found if any(addition.amounts.values()))


def find_shortages(additions: Iterable[Addition], quotas: Iterable[Quota]) -> tuple[Shortage, ...]:
    """The limits that all additions together would exceed, in the quotas' order."""
    added: Counter[str] = Counter()
    for addition in additions:
        added.update(addition.amounts)
    return tuple(shortage for quota in quotas for shortage in _compare(quota, added) if shortage.added > 0)


def _compare(quota: Quota, added: Mapping[str, Any]) -> Iterator[Shortage]:
    for resource, limit in quota.hard.items():
        more = Fraction(added.get(_SAME_RESOURCE.get(resource, resource), 0))
        used, hard = read_quantity(quota.used.get(resource, "0")), read_quantity(limit)
        if used + more > hard:
            yield Shortage(quota=quota.name, resource=resource, used=used, added=more, hard=hard)


def _count_pods(change: Change, helpers: tuple[Body, Body]) -> Iterator[tuple[int, Amounts]]:
    """How many Pods more of which size."""
    if change.manifest is None:
        return
    body = change.manifest.body
    live = {str(item.get("name")): item for item in _predictors(change.live.body if change.live else {})}
    for predictor in _predictors(body):
        before = live.get(str(predictor.get("name")))
        for index, spec in enumerate(predictor.get("componentSpecs") or ()):
            wanted = _count_replicas(spec, predictor, body)
            yield (
                _count_more(wanted, before, predictor, index, change),
                _measure_pod(spec, predictor, helpers),
            )
        explainer: Mapping[str, Any] = predictor.get("explainer") or {}
        if explainer.get("type") and (before or {}).get("explainer") != explainer:
            container = explainer.get("containerSpec") or {}
            yield int(explainer.get("replicas") or 1), _measure([container], [helpers[1]])


def _count_more(
    wanted: int, before: Mapping[str, Any] | None, predictor: Mapping[str, Any], index: int, change: Change
) -> int:
    specs = (before or {}).get("componentSpecs") or ()
    if before is None or index >= len(specs):
        return wanted
    running = _count_replicas(specs[index], before, change.live.body if change.live else {})
    surge = (
        0
        if strip_predictor(before) == strip_predictor(predictor)
        else -(-wanted * _SURGE.numerator // _SURGE.denominator)
    )
    return max(0, wanted - running) + surge


def strip_predictor(predictor: Mapping[str, Any]) -> Mapping[str, Any]:
    """A predictor without what can change while its Pods stay."""
    kept = {key: value for key, value in predictor.items() if key not in ("traffic", "replicas", "explainer")}
    fixed = {"replicas": None, "hpaSpec": None, "kedaSpec": None, "pdbSpec": None}
    specs = ({**spec, **fixed} for spec in predictor.get("componentSpecs") or ())
    return {**kept, "componentSpecs": list(specs)}


def _count_replicas(spec: Mapping[str, Any], predictor: Mapping[str, Any], body: Body) -> int:
    """The operator's order of precedence; with an autoscaler at least its minimum."""
    own = spec.get("replicas", predictor.get("replicas", (body.get("spec") or {}).get("replicas")))
    least = (
        (spec.get("hpaSpec") or {}).get("minReplicas"),
        (spec.get("kedaSpec") or {}).get("minReplicaCount"),
    )
    return max(1 if own is None else int(own), *(int(number or 0) for number in least))


def _measure_pod(
    spec: Mapping[str, Any], predictor: Mapping[str, Any], helpers: tuple[Body, Body]
) -> Amounts:
    pod: Mapping[str, Any] = spec.get("spec") or {}
    engine, initializer = helpers
    containers = list(pod.get("containers") or ())
    if (predictor.get("annotations") or {}).get(_NO_ENGINE) != "true":
        told = (predictor.get("svcOrchSpec") or {}).get("resources")
        containers.append({"resources": told} if told else engine)
    return _measure(containers, [*(pod.get("initContainers") or ()), initializer])


def _measure(containers: list[Any], initializers: list[Any]) -> Amounts:
    amounts = {"pods": Fraction(1)}
    for kind in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            together = sum((_read(item, kind, resource) for item in containers), Fraction())
            alone = max((_read(item, kind, resource) for item in initializers), default=Fraction())
            amounts[f"{kind}.{resource}"] = max(together, alone)
    return amounts


def _read(container: Mapping[str, Any], kind: str, resource: str) -> Fraction:
    resources: Mapping[str, Any] = container.get("resources") or {}
    given = (resources.get(kind) or {}).get(resource)
    if given is None and kind == "requests":
        given = (resources.get("limits") or {}).get(resource)
    return Fraction() if given is None else read_quantity(given)


def _add_up(pods: Iterator[tuple[int, Amounts]]) -> Amounts:
    total: dict[str, Fraction] = {}
    for number, amounts in pods:
        for resource, amount in amounts.items():
            total[resource] = total.get(resource, Fraction()) + number * amount
    return total


def _learn_helpers(workloads: tuple[LiveObject, ...]) -> tuple[Body, Body]:
    """The orchestrator and the model initializer as this operator writes them."""
    engine: Body = {"resources": _ENGINE_RESOURCES}
    initializer: Body = {"resources": _INITIALIZER_RESOURCES}
    for live in workloads:
        pod = ((live.body.get("spec") or {}).get("template") or {}).get("spec") or {}
        engine = next((item for item in pod.get("containers") or () if item.get("name") == _ENGINE), engine)
        initializer = next(
            (
                item
                for item in pod.get("initContainers") or ()
                if str(item.get("name", "")).endswith(INITIALIZER)
            ),
            initializer,
        )
    return engine, initializer


def _predictors(body: Body) -> tuple[Mapping[str, Any], ...]:
    return tuple((body.get("spec") or {}).get("predictors") or ())
