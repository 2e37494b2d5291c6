"""What a namespace holds, read past every proxy, and how two such states compare."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local_cluster.api import AdminApi
from tests.faults.sweep_story import ENVIRONMENT, OBJECTS

_RECORD = f"modelsync-{ENVIRONMENT}"
_MANAGER = f"modelsync-{ENVIRONMENT}"

# What the API server counts and stamps, and what says when and how often rather than what.
_STAMPS = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink")
_TOLD = ("history", "appliedAt", "reversals", "figures")
_DIFFERING = (
    (r"applyset-[\w-]+-v1", "APPLYSET"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UID"),
    (r"\b[0-9a-f]{40,64}\b", "HASH"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\w.:+]*", "TIME"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The SeldonDeployments of a namespace by name, the target's ConfigMap, and who holds the Lease."""

    namespace: str
    objects: Mapping[str, Mapping[str, Any]]
    record: Mapping[str, Any] | None
    holder: str

    def uid(self, name: str) -> str:
        return str(self.objects[name]["metadata"]["uid"])

    def version(self, name: str) -> str:
        """Its resourceVersion; empty if there is no such object."""
        found = self.objects.get(name)
        return str(found["metadata"]["resourceVersion"]) if found else ""

    @property
    def owned(self) -> frozenset[str]:
        """The objects that the environment's field manager wrote."""
        return frozenset(name for name, body in self.objects.items() if _MANAGER in _managers(body))

    @property
    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """The inventory by name."""
        if self.record is None:
            return {}
        lines = str(self.record["data"]["inventory"]).splitlines()
        return {entry["name"]: entry for entry in map(json.loads, lines)}

    def describe_object(self, name: str) -> str:
        """An object without what differs between any two runs or namespaces."""
        return self._generalise(_drop_stamps(self.objects[name]))

    def describe(self) -> str:
        """Objects and record without what differs between any two runs or namespaces."""
        record: Any = None
        if self.record is not None:
            data = {key: value for key, value in self.record["data"].items() if key not in _TOLD}
            record = [data, self.record["metadata"]["labels"]]
        objects = {name: _drop_stamps(body) for name, body in self.objects.items()}
        return self._generalise([objects, record])

    def _generalise(self, value: Any) -> str:
        text = json.dumps(value, indent=1, sort_keys=True).replace(self.namespace, "NAMESPACE")
        for pattern, word in _DIFFERING:
            text = re.sub(pattern, word, text)
        return text


def read_state(api: AdminApi, namespace: str) -> State:
    items = api.demand("GET", OBJECTS.format(namespace))["items"]
    record = api.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/{_RECORD}")
    lease = api.request("GET", f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{_RECORD}")
    return State(
        namespace=namespace,
        objects={item["metadata"]["name"]: item for item in items},
        record=record.body if record.status == 200 else None,
        holder=str(lease.body["spec"].get("holderIdentity") or "") if lease.status == 200 else "",
    )


def remove_record(api: AdminApi, namespace: str) -> None:
    """Remove the target's ConfigMap, once nothing is to be played in its namespace any more."""
    api.request("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/{_RECORD}")


def _drop_stamps(body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in body["metadata"].items() if key not in _STAMPS}
    return {**body, "metadata": {**metadata, "managers": sorted(_managers(body))}}


def _managers(body: Mapping[str, Any]) -> set[str]:
    return {str(entry["manager"]) for entry in body["metadata"].get("managedFields") or ()}
