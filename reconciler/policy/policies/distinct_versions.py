"""A version appears once in each role, and predictors have different names.

What it checks
    No two live variants of a deployment serve the same version, and no two variants become predictors of
    the same name (`v5`, `v6-shadow`, or the name given).

Why
    Predictors are told apart by their names: of two equal ones the operator would keep one. Two live
    variants of one version would be counted as two models although they are the same.

Example
    variants:
      - version: 5
        traffic: 90
      - version: 5
        traffic: 10      # v5 again

Fix
    Give one of the variants the version that was meant, or join the two. For new Pods of the same version
    raise `rollout:` of the one variant.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context, PlacedDeployment, PlacedVariant
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for role, members in (("live", deployment.live), ("as shadow", deployment.shadows)):
            yield from _check_versions(deployment, role, members)
        yield from _check_names(deployment)


def _check_versions(
    deployment: PlacedDeployment, role: str, members: tuple[PlacedVariant, ...]
) -> Iterator[Finding]:
    seen: dict[int, PlacedVariant] = {}
    for placed in members:
        version = placed.variant.version
        if version is None:
            continue
        first = seen.setdefault(version, placed)
        if first is not placed:
            yield POLICY.finding(
                deployment.variant_at(placed, "version"),
                f"{deployment.id}: v{version} is {role} twice "
                f"(first on line {deployment.variant_at(first, 'version').line}); once is enough.",
                "Join the two, or give one of them the version that was meant.",
            )


def _check_names(deployment: PlacedDeployment) -> Iterator[Finding]:
    seen: dict[str, PlacedVariant] = {}
    for placed in deployment.variants:
        first = seen.setdefault(placed.predictor, placed)
        # Equal versions in one role have equal names without anybody having chosen them.
        if first is placed or (first.variant.name is None and placed.variant.name is None):
            continue
        field = "version" if placed.variant.name is None else "name"
        yield POLICY.finding(
            deployment.variant_at(placed, field),
            f"{deployment.id}: two variants become predictor {placed.predictor} "
            f"(the first on line {deployment.variant_at(first).line}); each needs a name of its own.",
            "Give one of them another name:, or leave name: out for the derived one.",
        )


POLICY = Policy(id="distinct-versions", documentation=__doc__, check=check)
