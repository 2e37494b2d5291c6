"""Rights of the programs beside the control plane: each is a user of its own, none an administrator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.local_cluster.api import AdminApi

GROUP = "rbac.authorization.k8s.io"


def grant(api: AdminApi, user: str, rules: Sequence[Mapping[str, Any]]) -> None:
    """Give a user the rights of `rules` in the whole cluster, and none beyond them by an earlier call."""
    name = f"local-cluster:{user}"
    api.apply(
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": [dict(rule) for rule in rules],
        }
    )
    api.apply(
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": GROUP, "kind": "User", "name": user}],
        }
    )
