"""The definitions of what stands beside Seldon: Istio's, KEDA's ScaledObject and Ambassador's Mapping.

The operator watches these kinds and so does not start without them; istiod and the serving node need Istio's.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scripts.local_cluster.gateway.crds import provide_istio_crds
from scripts.local_cluster.operator_files import read_operator_files
from scripts.local_cluster.parts import NEEDS, Part

# Where no istiod waits for all of them. Each definition costs the API server a third of a second.
ROUTING = (
    "destinationrules.networking.istio.io",
    "gateways.networking.istio.io",
    "virtualservices.networking.istio.io",
    "workloadentries.networking.istio.io",
)


def read_foreign_crds(parts: Collection[Part]) -> tuple[dict[str, Any], ...]:
    """Those that these parts need, installable; from Go modules where the cache has them not.

    Raises ClusterError when there is no Go toolchain or a module cannot be had.
    """
    if not any(NEEDS[part].crds for part in parts):
        return ()
    istio = tuple(
        crd for crd in provide_istio_crds() if Part.GATEWAY in parts or crd["metadata"]["name"] in ROUTING
    )
    return (*istio, *(read_operator_files().crds if Part.OPERATOR in parts else ()))
