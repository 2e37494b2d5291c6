"""Where a version is stored leads to a place that the cluster can read.

What it checks
    For each version that a deployment uses, in each cluster of its environment, an entry of `artifacts:`
    stands for the location in the version's record, and leads to a location that the storage initializer
    can read. No two entries stand for the same prefix.

Why
    Registries name places by words of their own (`mlflow-artifacts:/…`). The storage initializer knows
    only remotes such as `s3:`; with another word its container fails again and again, and the version
    never becomes ready.

Example
    # environments/production/environment.yaml, where a record says mlflow-artifacts:/1/models/m-71/artifacts
    artifacts: []

Fix
    Add the entry that says where the cluster finds it:
    artifacts: [{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}]
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.clusters import ClusterView, view_clusters
from reconciler.policy.context import Context, ModelUse, PlacedDeployment
from reconciler.policy.engine import Need, Policy
from reconciler.policy.locations import Unmapped, map_location
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Environment, Identity
from reconciler.state.findings import Finding
from reconciler.state.repository import Entry


def check(context: Context) -> Iterator[Finding]:
    views: dict[str, tuple[ClusterView, ...]] = {}
    for name, environment in context.environments():
        views[name] = view_clusters(environment.declaration)
        yield from _check_mappings(name, environment, views[name])
    for deployment in context.served:
        for use in deployment.model_uses():
            if use.record is not None:
                identity = use.record.declaration.identity
                yield from _check_use(deployment, use, identity, views.get(deployment.environment.name, ()))


def _check_use(
    deployment: PlacedDeployment, use: ModelUse, identity: Identity, views: tuple[ClusterView, ...]
) -> Iterator[Finding]:
    faults: dict[Unmapped, list[str]] = {}
    for view in views:
        found = map_location(identity.source, identity.registry, view.artifacts)
        if isinstance(found, Unmapped):
            faults.setdefault(found, []).append(view.cluster)
    for fault, clusters in faults.items():
        where = f" in {join_words(clusters)}" if len(clusters) < len(views) else ""
        yield POLICY.finding(
            use.version_at,
            f"{deployment.id}: {use.folder} v{use.version} cannot be read{where}: {fault.reason}.",
            f"{fault.advice} (environments/{deployment.environment.name}/environment.yaml)",
        )


def _check_mappings(
    name: str, environment: Entry[Environment], views: tuple[ClusterView, ...]
) -> Iterator[Finding]:
    for view in views:
        first: dict[tuple[str, str], int] = {}
        for index, mapping in enumerate(view.artifacts):
            earlier = first.setdefault((mapping.registry, mapping.from_), index)
            if earlier != index:
                line = environment.document.at(*view.artifacts_path, earlier, "from").line
                yield POLICY.finding(
                    environment.document.at(*view.artifacts_path, index, "from"),
                    f'{name}: artifacts: says twice what "{mapping.from_}" of registry {mapping.registry} '
                    f"stands for (first on line {line}); once is enough.",
                    "Keep one of the two.",
                )


POLICY = Policy(
    id="location-resolves", documentation=__doc__, check=check, needs=(Need.DECLARATIONS, Need.RECORDS)
)
