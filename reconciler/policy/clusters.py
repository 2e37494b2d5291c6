"""An environment as one of its clusters sees it: what a cluster says replaces what the environment says."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.state.declarations import ArtifactMapping, Environment, Metrics, Platform
from reconciler.state.documents import PathKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterView:
    """What holds in one cluster; `cluster` is empty where the environment names none.

    `artifacts_path` and `platform_path` lead to the block that decides, in the environment's document.
    """

    cluster: str
    platform: Platform
    artifacts: tuple[ArtifactMapping, ...]
    metrics: Metrics | None
    artifacts_path: tuple[PathKey, ...]
    platform_path: tuple[PathKey, ...]


def view_cluster(environment: Environment, cluster: str) -> ClusterView:
    """What holds in the named cluster; for a cluster that is not listed, the environment's own."""
    own = (environment.clusters or {}).get(cluster)
    artifacts = own.artifacts if own is not None else None
    platform = own.platform if own is not None else None
    metrics = own.metrics if own is not None else None
    base: tuple[PathKey, ...] = ("clusters", cluster)
    return ClusterView(
        cluster=cluster,
        platform=environment.platform if platform is None else platform,
        artifacts=environment.artifacts if artifacts is None else artifacts,
        metrics=environment.metrics if metrics is None else metrics,
        artifacts_path=("artifacts",) if artifacts is None else (*base, "artifacts"),
        platform_path=("platform",) if platform is None else (*base, "platform"),
    )


def view_clusters(environment: Environment) -> tuple[ClusterView, ...]:
    """One view for each cluster, in the file's order; a single one if the environment names none."""
    return tuple(view_cluster(environment, name) for name in (environment.clusters or ("",)))
