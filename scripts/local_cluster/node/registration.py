"""This node's own objects: the Node, and the Lease by which the cluster sees that it lives."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
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


async def register(client: Client, name: str, capacity: Capacity, *, log_port: int) -> None:
    """Make the Node, or take over that of an earlier life, and make it Ready. Raises Refused, Unreachable."""
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                LABEL: "true",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
            },
        },
    }
    await client.apply(f"/api/v1/nodes/{name}", node)
    await _report(client, name, capacity, log_port)
    await _renew(client, name)


async def keep_alive(client: Client, name: str, capacity: Capacity, *, log_port: int) -> None:
    """Renew the Lease and the Node's status for ever. Raises Refused."""
    while True:
        await asyncio.sleep(_RENEW)
        try:
            await _renew(client, name)
            await _report(client, name, capacity, log_port)
        except Unreachable:
            continue


async def _report(client: Client, name: str, capacity: Capacity, log_port: int) -> None:
    moment = seconds(now())
    amount = {"cpu": capacity.cpu, "memory": capacity.memory, "pods": capacity.pods}
    status: Mapping[str, Any] = {
        "capacity": amount,
        "allocatable": amount,
        "conditions": [
            _condition("Ready", "True", "KubeletReady", "the local cluster's node runs Pods", moment),
            *(
                _condition(
                    f"{what}Pressure", "False", "KubeletHasSufficientResources", "not measured", moment
                )
                for what in ("Memory", "Disk", "PID")
            ),
        ],
        "addresses": [{"type": "InternalIP", "address": HOST}],
        # Where the API server asks for logs.
        "daemonEndpoints": {"kubeletEndpoint": {"Port": log_port}},
        "nodeInfo": {
            "architecture": "amd64",
            "operatingSystem": "linux",
            "osImage": platform.platform(),
            "kernelVersion": platform.release(),
            "containerRuntimeVersion": "process://1",
            "kubeletVersion": "v0.0.0-local-node",
            "kubeProxyVersion": "",
            "machineID": name,
            "systemUUID": name,
            "bootID": name,
        },
    }
    await client.request("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}, content_type=STRATEGIC)


def _condition(kind: str, status: str, reason: str, message: str, moment: str) -> dict[str, str]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastHeartbeatTime": moment,
        "lastTransitionTime": moment,
    }


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
