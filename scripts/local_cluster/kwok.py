"""The part with a Node that only pretends: Pods on it get a status and nothing else happens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from scripts.local_cluster.api import MERGE
from scripts.local_cluster.bundles import CONTROLLERS, provide
from scripts.local_cluster.kwok_stages import build_stages
from scripts.local_cluster.parts import Part
from scripts.local_cluster.rights import grant

if TYPE_CHECKING:
    from scripts.local_cluster.cluster import LocalCluster

NAME = "kwok"
NODE = "pretending"
USER = "local-cluster:kwok"
# By it kwok knows its own Nodes; the Node that runs Pods is none of them.
ANNOTATION = ("kwok.x-k8s.io/node", "fake")
RULES = (
    {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["nodes/status", "pods/status"], "verbs": ["patch", "update"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete", "patch", "update"]},
    {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch", "update"]},
)


def start_part(cluster: LocalCluster) -> None:
    """Start kwok, make its Node, and wait until it plays Pods.

    Where the cluster also has a Node that runs Pods, this one is tainted, so that it gets only Pods which
    tolerate that. Raises ClusterError.
    """
    grant(cluster.api, USER, RULES)
    cluster.api.apply(_build_node(tainted=Part.NODE in cluster.parts))
    cluster.api.demand(
        "PATCH",
        f"/api/v1/nodes/{NODE}/status",
        {"status": _build_status()},
        content_type=MERGE,
    )
    stages = cluster.state.folder / "kwok-stages.yaml"
    stages.write_text(yaml.safe_dump_all(build_stages(), sort_keys=False), encoding="utf-8")
    process = cluster.run_program(NAME, _command(cluster, stages))
    probe = f"/api/v1/namespaces/default/pods/{NAME}-probe"
    cluster.api.apply(_build_probe())
    cluster.wait_for(
        process, lambda: cluster.api.demand("GET", probe).get("status", {}).get("phase") == "Running"
    )
    cluster.api.demand("DELETE", probe, {"gracePeriodSeconds": 0})


def _command(cluster: LocalCluster, stages: Path) -> tuple[str, ...]:
    return (
        str(provide(CONTROLLERS) / "kwok"),
        f"--kubeconfig={cluster.user_kubeconfig(USER)}",
        f"--config={stages}",
        f"--manage-nodes-with-annotation-selector={'='.join(ANNOTATION)}",
        # Addresses that nobody answers on; 65,000 of them, since they are not given out twice.
        "--cidr=10.244.0.0/16",
        "--node-ip=10.244.0.1",
        # No leases: no controller here declares a Node dead.
        "--node-lease-duration-seconds=0",
    )


def _build_node(*, tainted: bool) -> dict[str, Any]:
    taints = [{"key": ANNOTATION[0], "value": ANNOTATION[1], "effect": "NoSchedule"}]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": NODE,
            "labels": {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux", "type": "kwok"},
            "annotations": dict([ANNOTATION]),
        },
        "spec": {"taints": taints if tainted else []},
    }


def _build_status() -> dict[str, Any]:
    room = {"cpu": "1000", "memory": "1Ti", "pods": "10000", "ephemeral-storage": "1Ti"}
    return {
        "capacity": room,
        "allocatable": room,
        "addresses": [{"type": "InternalIP", "address": "10.244.0.1"}],
    }


def _build_probe() -> dict[str, Any]:
    """A Pod that is bound already: the scheduler may still be starting."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{NAME}-probe", "namespace": "default"},
        "spec": {
            "nodeName": NODE,
            "automountServiceAccountToken": False,
            "containers": [{"name": "nothing", "image": "nothing"}],
        },
    }
