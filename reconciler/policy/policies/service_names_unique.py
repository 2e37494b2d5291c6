"""No two predictors of a target want the same Service or Deployment.

What it checks
    The names that Seldon Core makes from deployment, predictor and model, or the nodes of its graph, are
    different for all predictors of an environment: Services `<deployment>-<predictor>` and
    `<deployment>-<predictor>-<node>`, Deployments `<deployment>-<predictor>-<Pod's number>-<nodes>`, and for
    both `<deployment>-<predictor>-explainer`.

Why
    Parts are joined by `-`, which names may hold too: deployment `a` with predictor `b-c` and deployment
    `a-b` with predictor `c` both want Service `a-b-c`. The operator does not look whose it is, and the two
    overwrite each other for ever.

Example
    # environments/production/deployments/a.yaml
    variants: [{name: b-c, version: 3, traffic: 100}]
    # environments/production/deployments/a-b.yaml
    variants: [{name: c, version: 3, traffic: 100}]

Fix
    Rename one of the two deployments, or the model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from reconciler.policy.context import Context, PlacedDeployment, PlacedVariant
from reconciler.policy.engine import Policy
from reconciler.policy.naming import object_names
from reconciler.policy.wording import join_words
from reconciler.state.findings import Finding

_Owner = tuple[PlacedDeployment, PlacedVariant]
_OwnerId = tuple[str, str]
"""The names of a deployment and of a predictor in it."""
_Name = tuple[str, str]
"""A kind of object, and its name."""


def check(context: Context) -> Iterator[Finding]:
    by_environment: dict[str, list[PlacedDeployment]] = defaultdict(list)
    for deployment in context.served:
        by_environment[deployment.environment.name].append(deployment)
    for deployments in by_environment.values():
        yield from _check_environment(deployments)


def _check_environment(deployments: Iterable[PlacedDeployment]) -> Iterator[Finding]:
    owners: dict[_OwnerId, _Owner] = {}
    wanted: dict[_Name, dict[_OwnerId, None]] = defaultdict(dict)
    for deployment in deployments:
        for placed in deployment.variants:
            # Two variants of one deployment with one name are distinct-versions' business.
            owner = (deployment.name, placed.predictor)
            owners.setdefault(owner, (deployment, placed))
            for name in _list_names(deployment, placed):
                wanted[name][owner] = None
    shared: dict[tuple[_OwnerId, tuple[_OwnerId, ...]], list[_Name]] = defaultdict(list)
    for name, sharers in wanted.items():
        for owner in sharers if len(sharers) > 1 else ():
            shared[owner, tuple(other for other in sharers if other != owner)].append(name)
    for (owner, others), names in shared.items():
        yield _refuse(owners[owner], [owners[other] for other in others], names)


def _list_names(deployment: PlacedDeployment, placed: PlacedVariant) -> tuple[_Name, ...]:
    names = object_names(
        deployment.name,
        placed.predictor,
        [[container.name for container in pod] for pod in placed.pods],
        explained=placed.serving.serving.explainer is not None,
    )
    # Within one predictor names are equal only where its containers are: containers-fit-pod's business.
    return tuple(
        dict.fromkeys(
            [
                *(("Service", name) for _, name in names.services),
                *(("Deployment", name) for _, name in names.workloads),
            ]
        )
    )


def _refuse(member: _Owner, others: list[_Owner], names: list[_Name]) -> Finding:
    deployment, placed = member
    rest = [f"{other.id} (predictor {variant.predictor})" for other, variant in others[:3]]
    if len(others) > 3:
        rest.append(f"{len(others) - 3} more")
    needed = join_words([" ".join(name) for name in names])
    return POLICY.finding(
        deployment.variant_at(placed),
        f"{deployment.id}: predictor {placed.predictor} needs {needed}, "
        f"and so {'does' if len(rest) == 1 else 'do'} {join_words(rest)}; they would overwrite each other.",
        "Rename one of the deployments or models.",
    )


POLICY = Policy(id="service-names-unique", documentation=__doc__, check=check)
