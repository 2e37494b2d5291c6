"""Starting the serving node of a local cluster."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from scripts.local_cluster import bundles
from scripts.local_cluster.node.images import ROOT
from scripts.local_cluster.node.status import is_ready
from scripts.local_cluster.rights import grant

if TYPE_CHECKING:
    from scripts.local_cluster.cluster import LocalCluster

NAME = "serving"
PROGRAM = "node"
USER = "local-node"

_RULES: tuple[dict[str, Any], ...] = (
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "create", "patch"]},
    {"apiGroups": [""], "resources": ["nodes/status", "pods/status"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch", "delete"]},
    {"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["services"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", "patch"]},
    {
        "apiGroups": ["networking.istio.io"],
        "resources": ["workloadentries"],
        "verbs": ["get", "list", "create", "patch", "delete"],
    },
)


def start_part(cluster: LocalCluster) -> None:
    """Start the node program as a user with a kubelet's rights; ready when its Node is.

    Pods live in `pods/` of the cluster's folder. Raises ClusterError when it does not start.
    """
    grant(cluster.api, USER, _RULES)
    process = cluster.run_program(
        PROGRAM,
        (
            *(sys.executable, "-m", "scripts.local_cluster.node", "--name", NAME),
            *("--kubeconfig", str(cluster.user_kubeconfig(USER))),
            *("--folder", str(cluster.state.folder / "pods")),
            *("--rclone", str(bundles.provide(bundles.STORAGE) / "rclone")),
        ),
        folder=ROOT,
    )

    def node_is_ready() -> bool:
        answer = cluster.api.request("GET", f"/api/v1/nodes/{NAME}")
        return answer.status == 200 and is_ready(answer.body.get("status", {}))

    cluster.wait_for(process, node_is_ready)
