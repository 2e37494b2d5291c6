"""Endpoints of ready Pods for Istio.

The API server takes no loopback address in an EndpointSlice, but istiod also reads WorkloadEntries, and a
Service's selector chooses these by their labels as it does Pods. They know nothing of readiness: this node
makes one when a Pod becomes ready and removes it the moment it no longer is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.local_cluster.node.client import Client, Refused

NODE_LABEL = "local-cluster/node"
_API = "/apis/networking.istio.io/v1"


async def add_entry(client: Client, pod: Mapping[str, Any], address: str, node: str) -> None:
    """Make a Pod's entry. Does nothing where Istio's definitions are not installed or the namespace is going.

    Raises Unreachable, Refused.
    """
    metadata = pod["metadata"]
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "WorkloadEntry",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": {NODE_LABEL: node},
            # Should the node be killed, the entry goes with its Pod.
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
            ],
        },
        "spec": {"address": address, "labels": dict(metadata.get("labels", {}))},
    }
    try:
        await client.apply(_path(pod), body)
    except Refused as error:
        if error.status != 404 and "being terminated" not in str(error):
            raise


async def remove_entry(client: Client, pod: Mapping[str, Any]) -> None:
    """Remove a Pod's entry, if there is one. Raises Unreachable, Refused."""
    try:
        await client.request("DELETE", _path(pod))
    except Refused as error:
        if error.status != 404:
            raise


async def remove_all_entries(client: Client, node: str) -> None:
    """Remove what an earlier life of this node has left. Raises Unreachable, Refused."""
    try:
        found = await client.request(
            "GET", f"{_API}/workloadentries", query={"labelSelector": f"{NODE_LABEL}={node}"}
        )
    except Refused as error:
        if error.status != 404:
            raise
        return
    for entry in found["items"]:
        await remove_entry(client, entry)


def _path(pod: Mapping[str, Any]) -> str:
    metadata = pod["metadata"]
    return f"{_API}/namespaces/{metadata['namespace']}/workloadentries/{metadata['name']}"
