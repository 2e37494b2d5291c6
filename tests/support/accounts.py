"""Service accounts with exactly the rights that a test names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.local_cluster import LocalCluster


def make_account(
    cluster: LocalCluster,
    namespace: str,
    folder: Path,
    *,
    rules: Sequence[Mapping[str, Any]] = (),
    name: str = "sync",
) -> Path:
    """A kubeconfig of a new ServiceAccount in the namespace, bound to a Role with these rules and no more."""
    api = cluster.api
    root = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    api.demand("POST", root, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
    api.demand("POST", f"{rbac}/roles", {**head, "kind": "Role", "rules": list(rules)})
    api.demand(
        "POST",
        f"{rbac}/rolebindings",
        {
            **head,
            "kind": "RoleBinding",
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        },
    )
    token = api.demand(
        "POST",
        f"{root}/{name}/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    )["status"]["token"]
    return cluster.kubeconfig_for_token(token, folder / f"{name}.kubeconfig")
