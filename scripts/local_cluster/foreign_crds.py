"""The definitions of what stands beside Seldon: Istio's, KEDA's ScaledObject and Ambassador's Mapping.

The operator watches these kinds and so does not start without them; istiod and the serving node need Istio's.
"""

from __future__ import annotations

from typing import Any

from scripts.local_cluster.gateway.crds import provide_istio_crds
from scripts.local_cluster.operator_files import read_operator_files


def read_foreign_crds() -> tuple[dict[str, Any], ...]:
    """All of them, installable; from Go modules where the cache has them not. Raises ClusterError."""
    return (*provide_istio_crds(), *read_operator_files().crds)
