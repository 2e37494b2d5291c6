"""No two predictors of a target want the same Service or Deployment.

What it checks
    The names that Seldon Core makes from deployment, predictor and model are different for all predictors
    of an environment: Services `<deployment>-<predictor>` and `<deployment>-<predictor>-<model>`, and
    Deployments `<deployment>-<predictor>-0-<model>`.

Why
    Parts are joined by `-`, which names may hold too: deployment `a` with predictor `b-c` and deployment
    `a-b` with predictor `c` both want Service `a-b-c`. The operator does not look whose it is, and the two
    overwrite each other for ever.

Example
    # environments/production/deployments/wines.yaml:     version 5 becomes predictor v5
    # environments/production/deployments/wines-v5.yaml:  model red, predictor v5: Service wines-v5-v5
    # and model v5 in wines.yaml:                         Service wines-v5-v5

Fix
    Rename one of the two deployments, or the model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from reconciler.policy.context import Context, PlacedDeployment, PlacedVariant
from reconciler.policy.engine import Policy
from reconciler.policy.naming import derived_names
from reconciler.state.findings import Finding

_Owner = tuple[PlacedDeployment, PlacedVariant]
_Place = tuple[str, str, str]


def check(context: Context) -> Iterator[Finding]:
    owners: dict[_Place, dict[tuple[str, str], _Owner]] = defaultdict(dict)
    for deployment in context.served:
        for placed in deployment.variants:
            for kind, name in _list_names(deployment, placed):
                key = (deployment.environment.name, kind, name)
                # Two variants of one deployment with one name are distinct-versions' business.
                owners[key].setdefault((deployment.name, placed.predictor), (deployment, placed))
    for (_, kind, name), sharers in owners.items():
        if len(sharers) > 1:
            members = list(sharers.values())
            for member in members:
                yield _refuse(
                    kind,
                    name,
                    member,
                    [other for other in members if other is not member],
                )


def _list_names(deployment: PlacedDeployment, placed: PlacedVariant) -> tuple[tuple[str, str], ...]:
    names = derived_names(deployment.name, placed.predictor, deployment.entry.declaration.model)
    return (
        ("Service", names.service),
        ("Service", names.container_service),
        ("Deployment", names.workload),
    )


def _refuse(kind: str, name: str, member: _Owner, others: list[_Owner]) -> Finding:
    deployment, placed = member
    rest = ", ".join(f"{other.id} (predictor {variant.predictor})" for other, variant in others[:3])
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return POLICY.finding(
        deployment.variant_at(placed),
        f"{deployment.id}: predictor {placed.predictor} needs {kind} {name}, and so does {rest}{more}; "
        "they would overwrite each other.",
        "Rename one of the deployments or models.",
    )


POLICY = Policy(id="service-names-unique", documentation=__doc__, check=check)
