"""This node's own objects: the Node, and the Lease by which the cluster sees that it lives."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local_cluster.node.client import MERGE, STRATEGIC, Client, Refused, Unreachable
from scripts.local_cluster.node.moments import microseconds, now, seconds
from scripts.local_cluster.node.status import HOST

LABEL = "local-cluster/serves"
LEASE_SECONDS = 40
_RENEW = 10.0
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What the node says that it has, as quantities. Nothing is held to it but by the scheduler."""

    cpu: str = "32"
    memory: str = "64Gi"
    pods: str = "110"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the Node says of itself. since: when this life of it began, as `metav1.Time`."""

    name: str
    capacity: Capacity
    log_port: int  # where the API server asks for logs
    since: str


async def register(client: Client, node: Registration) -> None:
    """Make the Node, or take over that of an earlier life, and make it Ready. Raises Refused, Unreachable."""
    body = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": {
                LABEL: "true",
                "kubernetes.io/hostname": node.name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": _architecture(),
            },
        },
    }
    await client.apply(f"/api/v1/nodes/{node.name}", body)
    await _report(client, node)
    await _renew(client, node.name)


async def keep_alive(client: Client, node: Registration) -> None:
    """Renew the Lease and the Node's status for ever. Raises Refused."""
    while True:
        await asyncio.sleep(_RENEW)
        try:
            await _renew(client, node.name)
            await _report(client, node)
        except Unreachable:
            continue


async def _report(client: Client, node: Registration) -> None:
    amount = {"cpu": node.capacity.cpu, "memory": node.capacity.memory, "pods": node.capacity.pods}
    status: Mapping[str, Any] = {
        "capacity": amount,
        "allocatable": amount,
        "conditions": list(_conditions(node.since)),
        "addresses": [{"type": "InternalIP", "address": HOST}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": node.log_port}},
        "nodeInfo": {
            "architecture": _architecture(),
            "operatingSystem": "linux",
            "osImage": platform.platform(),
            "kernelVersion": platform.release(),
            "containerRuntimeVersion": "process://1",
            "kubeletVersion": "v0.0.0-local-node",
            "kubeProxyVersion": "",
            "machineID": node.name,
            "systemUUID": node.name,
            "bootID": node.since,
        },
    }
    path = f"/api/v1/nodes/{node.name}/status"
    await client.request("PATCH", path, {"status": status}, content_type=STRATEGIC)


def _conditions(since: str) -> Iterator[dict[str, str]]:
    times = {"lastHeartbeatTime": seconds(now()), "lastTransitionTime": since}
    ready = {"status": "True", "reason": "KubeletReady", "message": "the local cluster's node runs Pods"}
    yield {"type": "Ready", **ready, **times}
    for what in ("Memory", "Disk", "PID"):
        unknown = {"status": "False", "reason": "NotMeasured", "message": "not looked at"}
        yield {"type": f"{what}Pressure", **unknown, **times}


def _architecture() -> str:
    """The machine's, by Go's name for it."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


async def _renew(client: Client, name: str) -> None:
    spec = {
        "holderIdentity": name,
        "leaseDurationSeconds": LEASE_SECONDS,
        "renewTime": microseconds(now()),
    }
    try:
        await client.request("PATCH", f"{_LEASES}/{name}", {"spec": spec}, content_type=MERGE)
    except Refused as error:
        if error.status != 404:
            raise
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": "kube-node-lease"},
            "spec": spec,
        }
        await client.request("POST", _LEASES, body)
