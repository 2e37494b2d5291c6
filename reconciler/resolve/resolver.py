"""Declarations and version records to what one target should serve; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.policy.clusters import ClusterView, view_cluster
from reconciler.policy.layers import merge_serving, serving_layers
from reconciler.policy.locations import Unmapped
from reconciler.policy.naming import predictor_name
from reconciler.resolve.artifacts import locate
from reconciler.resolve.blame import blame
from reconciler.resolve.serving import Unresolvable, settle_serving
from reconciler.state.declarations import Deployment, Environment, Model, Variant
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository
from reconciler.state.targets import Desired, DesiredDeployment, DesiredVariant, Fault, Target

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
    resolved: list[DesiredDeployment] = []
    for name, deployment in sorted(scope.entry.deployments.items()):
        if name in blamed:
            continue
        if deployment.declaration.retire or scope.environment.retire:
            retired.add(name)
            continue
        try:
            resolved.append(_resolve_deployment(scope, name, deployment))
        except Unresolvable as reason:
            blamed[name] = (_explain(scope.entry.name, name, deployment, reason),)
    return Desired(
        target=target,
        deployments=tuple(resolved),
        retired=frozenset(retired),
        retire_all=scope.environment.retire,
        faults=_faults(blamed),
        extras=scope.entry.extras,
        extra_kinds=scope.environment.allow.kinds,
    )


def _resolve_deployment(scope: _Scope, name: str, deployment: Entry[Deployment]) -> DesiredDeployment:
    declared = deployment.declaration
    folder = scope.repository.models.get(declared.model)
    if folder is None or folder.model is None:
        raise Unresolvable(f"there is no readable models/{declared.model}/model.yaml")
    variants = tuple(
        _resolve_variant(scope, folder, deployment, index, variant)
        for index, variant in enumerate(declared.variants)
    )
    protocols = sorted({variant.serving.protocol for variant in variants})
    if len(protocols) > 1:
        raise Unresolvable(
            f"its variants speak different protocols ({', '.join(protocols)}); all must speak one"
        )
    model: Model = folder.model.declaration
    return DesiredDeployment(
        environment=scope.entry.name,
        name=name,
        namespace=scope.environment.namespace,
        model=declared.model,
        registered_model=model.registered_model,
        protocol=protocols[0],
        variants=variants,
        adopt=declared.adopt,
    )


def _resolve_variant(
    scope: _Scope, folder: ModelEntry, deployment: Entry[Deployment], index: int, variant: Variant
) -> DesiredVariant:
    version = variant.version
    share = variant.traffic if variant.shadow is None else variant.shadow
    if version is None or share is None:
        raise Unresolvable(
            f"variant {index + 1} says no {'version' if version is None else 'traffic or shadow'}"
        )
    record = folder.records.get(version)
    if record is None:
        raise Unresolvable(f"there is no readable models/{folder.name}/versions/{version}.yaml")
    location = locate(record.declaration, scope.cluster)
    if isinstance(location, Unmapped):
        raise Unresolvable(f"the cluster cannot read v{version}: {location.reason}")
    layers = serving_layers(scope.repository, scope.entry, folder, deployment, index)
    return DesiredVariant(
        predictor=predictor_name(variant),
        version=version,
        shadow=variant.shadow is not None,
        traffic=share,
        model_uri=location.uri,
        secret=location.secret,
        serving=settle_serving(merge_serving(layers), scope.cluster.platform),
        run=record.declaration.identity.run,
        digest=record.declaration.identity.digest,
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
