"""Declarations and version records to what one target should serve; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.policy.clusters import ClusterView, view_cluster
from reconciler.policy.context import PlacedDeployment
from reconciler.policy.layers import merge_serving, serving_layers
from reconciler.policy.placing import place_environment
from reconciler.resolve.blame import blame, blame_explainers
from reconciler.resolve.serving import Unresolvable
from reconciler.resolve.variants import resolve_variant
from reconciler.state.declarations import Deployment, Environment
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import Entry, EnvironmentEntry, Repository
from reconciler.state.targets import Desired, DesiredDeployment, Fault, Target

RULE = "resolvable"
"""The rule that a deployment breaks which cannot be resolved although no policy found fault with it."""


class UnknownTarget(Exception):
    """An environment that the repository does not have, or a cluster that the environment does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """What all deployments of a target share."""

    repository: Repository
    entry: EnvironmentEntry
    environment: Environment
    cluster: ClusterView


def resolve(
    repository: Repository, environment: str, *, cluster: str = "", findings: tuple[Finding, ...] = ()
) -> Desired:
    """What an environment should serve, in one of its clusters if one is named.

    `findings` are all that `check` found. A deployment that depends on a file with an error becomes a
    Fault; the others are resolved. If environment.yaml could not be parsed, the target has no namespace
    and every deployment is a Fault. Raises UnknownTarget.
    """
    entry = repository.environments.get(environment)
    if entry is None:
        known = ", ".join(sorted(repository.environments)) or "none"
        raise UnknownTarget(f"there is no environments/{environment}; the environments are: {known}.")
    if entry.environment is None:
        return Desired(
            target=Target(environment=environment, namespace="", cluster=cluster),
            deployments=(),
            faults=_faults(blame(entry, findings)),
        )
    declared = entry.environment.declaration
    if cluster and declared.clusters and cluster not in declared.clusters:
        known = ", ".join(declared.clusters)
        raise UnknownTarget(
            f'{environment} is not served from cluster "{cluster}"; its clusters are: {known}.'
        )
    scope = _Scope(
        repository=repository, entry=entry, environment=declared, cluster=view_cluster(declared, cluster)
    )
    return _resolve_target(
        scope, Target(environment=environment, namespace=declared.namespace, cluster=cluster), findings
    )


def _resolve_target(scope: _Scope, target: Target, findings: tuple[Finding, ...]) -> Desired:
    blamed = dict(blame(scope.entry, findings))
    retired: set[str] = set()
    endings: dict[str, str] = {}
    resolved: list[DesiredDeployment] = []
    for placed in place_environment(scope.repository, scope.entry):
        if placed.name in blamed:
            continue
        if placed.entry.declaration.retire or scope.environment.retire:
            retired.add(placed.name)
            if placed.entry.declaration.on_delete != "prune":
                endings[placed.name] = placed.entry.declaration.on_delete
            continue
        if errors := blame_explainers(placed, findings):
            blamed[placed.name] = errors
            continue
        try:
            resolved.append(_resolve_deployment(scope, placed))
        except Unresolvable as reason:
            blamed[placed.name] = (_explain(scope.entry.name, placed.name, placed.entry, reason),)
    return Desired(
        target=target,
        deployments=tuple(resolved),
        retired=frozenset(retired),
        retire_all=scope.environment.retire,
        endings=endings,
        faults=_faults(blamed),
        extras=scope.entry.extras,
        extra_kinds=scope.environment.allow.kinds,
    )


def _resolve_deployment(scope: _Scope, placed: PlacedDeployment) -> DesiredDeployment:
    declared = placed.entry.declaration
    if placed.model is None or placed.model.model is None:
        raise Unresolvable(f"there is no readable models/{declared.model}/model.yaml")
    variants = tuple(resolve_variant(placed.name, variant, scope.cluster) for variant in placed.variants)
    protocols = sorted({node.container.protocol for variant in variants for node in variant.graph.walk()})
    if len(protocols) > 1:
        raise Unresolvable(
            f"its variants speak different protocols ({', '.join(protocols)}); all must speak one"
        )
    shared = serving_layers(scope.repository, scope.entry, placed.model, placed.entry, None)
    return DesiredDeployment(
        environment=scope.entry.name,
        name=placed.name,
        namespace=scope.environment.namespace,
        model=declared.model,
        registered_model=placed.model.model.declaration.registered_model,
        protocol=protocols[0],
        variants=variants,
        adopt=declared.adopt,
        on_delete=declared.on_delete,
        annotations=dict(merge_serving(shared).serving.annotations or {}),
    )


def _explain(environment: str, name: str, deployment: Entry[Deployment], reason: Unresolvable) -> Finding:
    return Finding(
        rule=RULE,
        grade=Grade.HARD,
        location=deployment.document.at(),
        message=f"{environment}/{name}: {reason}.",
        advice="Run modelsync validate to see where it should be said.",
    )


def _faults(blamed: Mapping[str, tuple[Finding, ...]]) -> tuple[Fault, ...]:
    return tuple(Fault(deployment=name, findings=found) for name, found in sorted(blamed.items()))
