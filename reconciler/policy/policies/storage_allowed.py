"""Models are read from places that the environment allows.

What it checks
    Where an environment has `allow.storage`, the place that each version in use resolves to (after
    `artifacts:`, in each cluster) lies under one of its prefixes.

Why
    Who can write where a model is read from decides what production answers. A bucket that every developer
    can write to is no place for a model of production, however it was reviewed.

Example
    # environments/production/environment.yaml, where a record leads to s3://dev-models/1/models/m-71/artifacts
    allow: {storage: ["s3://prod-models/"]}

Fix
    Copy the version's files to a place that is allowed and register it from there; or, where the place is
    sound, have the owners of the environment add its prefix to allow.storage.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.clusters import view_clusters
from reconciler.policy.context import Context, ModelUse
from reconciler.policy.engine import Need, Policy
from reconciler.policy.locations import Mapped, map_location
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Environment
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    environments = {name: entry.declaration for name, entry in context.environments()}
    for deployment in context.served:
        environment = environments.get(deployment.environment.name)
        if environment is None or environment.allow.storage is None:
            continue
        for use in deployment.model_uses():
            yield from _check(use, environment, environment.allow.storage)


def is_under(uri: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a place is one of the prefixes, or below one. A prefix ends at a `/`."""
    return any(f"{uri.rstrip('/')}/".startswith(f"{prefix.rstrip('/')}/") for prefix in prefixes)


def _check(use: ModelUse, environment: Environment, allowed: tuple[str, ...]) -> Iterator[Finding]:
    if use.record is None:
        return
    identity = use.record.declaration.identity
    views = view_clusters(environment)
    refused: dict[str, list[str]] = {}
    for view in views:
        found = map_location(identity.source, identity.registry, view.artifacts)
        if isinstance(found, Mapped) and not is_under(found.uri, allowed):
            refused.setdefault(found.uri, []).append(view.cluster)
    for uri, clusters in refused.items():
        where = f" in {join_words(clusters)}" if len(clusters) < len(views) else ""
        places = join_words(allowed, "or") or "nowhere"
        yield POLICY.finding(
            use.version_at,
            f"{use.deployment.id}: {use.folder} v{use.version} lies{where} at {uri}; models may be read from "
            f"{places} only.",
            f"Register it from an allowed place, or add its prefix to allow.storage in "
            f"environments/{use.deployment.environment.name}/environment.yaml.",
            subject=use.deployment.id,
        )


POLICY = Policy(
    id="storage-allowed", documentation=__doc__, check=check, needs=(Need.DECLARATIONS, Need.RECORDS)
)
