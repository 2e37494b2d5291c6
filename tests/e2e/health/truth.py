"""What is so, from what the test did: the Deployments and routes that must be there, name by name.

Nothing of the product is used here. Names are written out, locations and numbers are what the test sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A Deployment as it must be: what its init container loads (if any), its Pods, the server's image."""

    uri: str = ""
    replicas: int = 1
    image: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """All Deployments of an object by name, and the routed percents by predictor (`mirror` of shadows).

    `left` are others that the operator is known never to remove.
    """

    children: Mapping[str, Child]
    routed: Mapping[str, int] | None = None
    mirror: Mapping[str, int] = field(default_factory=dict)
    left: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at a namespace, as the API server's lists have it."""

    deployments: tuple[Body, ...]
    virtual_services: tuple[Body, ...]


def is_served(served: Served, seen: Seen, owner: str) -> bool:
    """Whether exactly this is there, complete; `owner` is the SeldonDeployment's uid."""
    found = {_name(body): body for body in seen.deployments if owner in _owners(body)}
    if found.keys() - served.left != served.children.keys():
        return False
    if not all(_is_complete(child, found[name]) for name, child in served.children.items()):
        return False
    return served.routed is None or any(
        _read_routes(body) == (dict(served.routed), dict(served.mirror))
        for body in seen.virtual_services
        if owner in _owners(body)
    )


def is_told(served: Served, body: Body) -> bool:
    """Whether the SeldonDeployment's status speaks of exactly these Deployments with all their Pods."""
    told = body.get("status", {}).get("deploymentStatus", {})
    numbers = {
        name: (item.get("replicas", 0), item.get("availableReplicas", 0)) for name, item in told.items()
    }
    return numbers == {name: (child.replicas, child.replicas) for name, child in served.children.items()}


def _is_complete(child: Child, body: Body) -> bool:
    spec, status = body["spec"], body.get("status", {})
    pod = spec["template"]["spec"]
    loads = [arguments[0] for item in pod.get("initContainers", ()) if (arguments := item.get("args"))]
    first = pod["containers"][0]
    env = [(item["name"], item.get("value", "")) for item in first.get("env", ())]
    numbers = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
    return (
        "deletionTimestamp" not in body["metadata"]
        and (not child.uri or loads == [child.uri])
        and (not child.image or first["image"] == child.image)
        and all(item in env for item in child.env.items())
        and status.get("observedGeneration") == body["metadata"]["generation"]
        and spec["replicas"] == child.replicas
        and numbers == [child.replicas] * 3
    )


def _read_routes(body: Body) -> tuple[dict[str, int], dict[str, int]]:
    route = body["spec"]["http"][0]
    items = route.get("route", [])
    lone = len(items) == 1
    routed = {item["destination"]["subset"]: 100 if lone else item.get("weight", 0) for item in items}
    mirror = route.get("mirror")
    percent = route.get("mirrorPercentage", {}).get("value", 100)
    return routed, ({mirror["subset"]: percent} if mirror else {})


def _name(body: Body) -> str:
    return str(body["metadata"]["name"])


def _owners(body: Body) -> list[str]:
    return [owner["uid"] for owner in body["metadata"].get("ownerReferences", ())]
