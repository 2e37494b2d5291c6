"""How many Pods a variant has and where, in the words of Seldon Core and Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.state.declarations import Declaration, Disruption, Trigger
from reconciler.state.desired import DesiredNode, DesiredPods, DesiredScaling

Body = Mapping[str, Any]

ROUTING_VARIABLE = "SELDON_ENABLE_ROUTING_INJECTION"
"""With it answers say which child a router chose; without it feedback goes to all of them."""


def scheduling_of(pods: DesiredPods) -> Body:
    """Keys of the PodSpec that say where Pods run and how they end; only those that were declared."""
    said: dict[str, Any] = {
        "terminationGracePeriodSeconds": pods.termination_grace,
        "priorityClassName": pods.priority_class,
        "nodeSelector": dict(pods.node_selector) or None,
        "tolerations": [to_body(toleration) for toleration in pods.tolerations] or None,
        "affinity": None if pods.affinity is None else to_body(pods.affinity),
    }
    return {key: value for key, value in said.items() if value is not None}


def scaling_of(pods: DesiredPods) -> Body:
    """The componentSpec's key for scaling, and its value; nothing without scaling.

    Where KEDA scales it takes cpu and memory too, since it makes the HorizontalPodAutoscaler itself.
    """
    scaling = pods.scaling
    if scaling is None:
        return {}
    return {"kedaSpec": _keda(scaling)} if scaling.triggers else {"hpaSpec": _hpa(scaling)}


def disruption_of(disruption: Disruption | None) -> Body:
    """The componentSpec's key for the disruption budget; the operator's selector covers all variants."""
    return {} if disruption is None else {"pdbSpec": to_body(disruption)}


def orchestrator_of(pods: DesiredPods, graph: DesiredNode) -> Body:
    """The predictor's svcOrchSpec; empty where all is left to the operator."""
    orchestrator = pods.orchestrator
    env = dict(orchestrator.env)
    if any(node.type == "router" for node in graph.walk()):
        env.setdefault(ROUTING_VARIABLE, "true")
    spec: dict[str, Any] = {}
    resources = resources_of(orchestrator.requests, orchestrator.limits)
    if resources:
        spec["resources"] = resources
    if env:
        spec["env"] = [{"name": name, "value": value} for name, value in sorted(env.items())]
    return spec


def resources_of(requests: Mapping[str, str], limits: Mapping[str, str]) -> Body:
    """A container's `resources`, with only the parts that were declared."""
    parts = (("requests", requests), ("limits", limits))
    return {name: dict(amounts) for name, amounts in parts if amounts}


def to_body(declaration: Declaration) -> dict[str, Any]:
    """A declaration in Kubernetes' own words as it was written, without what was not said."""
    body: dict[str, Any] = declaration.model_dump(mode="json", by_alias=True, exclude_none=True)
    return body


def _hpa(scaling: DesiredScaling) -> Body:
    return {
        "minReplicas": scaling.min,
        "maxReplicas": scaling.max,
        "metricsv2": [
            {
                "type": "Resource",
                "resource": {
                    "name": name,
                    "target": {"type": "Utilization", "averageUtilization": percent},
                },
            }
            for name, percent in _utilizations(scaling)
        ],
    }


def _keda(scaling: DesiredScaling) -> Body:
    triggers = [_trigger(trigger) for trigger in scaling.triggers]
    triggers += [
        {"type": name, "metricType": "Utilization", "metadata": {"value": str(percent)}}
        for name, percent in _utilizations(scaling)
    ]
    said: dict[str, Any] = {
        "minReplicaCount": scaling.min,
        "maxReplicaCount": scaling.max,
        "pollingInterval": scaling.poll,
        "cooldownPeriod": scaling.cooldown,
        "triggers": triggers,
    }
    if scaling.fallback is not None:
        failures, replicas = scaling.fallback
        said["fallback"] = {"failureThreshold": failures, "replicas": replicas}
    return {key: value for key, value in said.items() if value is not None}


def _utilizations(scaling: DesiredScaling) -> tuple[tuple[str, int], ...]:
    pairs = (("cpu", scaling.cpu), ("memory", scaling.memory))
    return tuple((name, percent) for name, percent in pairs if percent is not None)


def _trigger(trigger: Trigger) -> Body:
    body: dict[str, Any] = {
        "type": trigger.type,
        "name": trigger.name,
        "metricType": trigger.metric_type,
        "metadata": dict(trigger.metadata),
        "authenticationRef": None if trigger.authentication is None else to_body(trigger.authentication),
    }
    return {key: value for key, value in body.items() if value is not None}
