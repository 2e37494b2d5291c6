"""From the registry's location of a version to the one that the cluster's storage initializer reads."""

from __future__ import annotations

from reconciler.policy.clusters import ClusterView
from reconciler.policy.locations import Mapped, Unmapped, map_location
from reconciler.state.declarations import VersionRecord


def locate(record: VersionRecord, cluster: ClusterView) -> Mapped | Unmapped:
    """Where the cluster finds a version's files, and the name of the Secret with the credentials."""
    return map_location(record.identity.source, record.identity.registry, cluster.artifacts)
