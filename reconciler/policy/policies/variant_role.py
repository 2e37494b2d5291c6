"""Each variant has a version or a graph, and one role.

What it checks
    Each variant names the version that it serves, or a graph and the `name` that it is known by, and says
    either `traffic` (it answers) or `shadow` (its answers are dropped), never both. `rollout` stands where
    the name is derived, not beside a `name`.

Why
    A variant without a role would be rendered with no share, which gateways read as anything from none
    to all. Seldon Core mirrors to a shadow instead of routing to it, so one predictor cannot be both. From
    the versions in a graph no name could be derived, and what has a name keeps it whatever `rollout` says.

Example
    variants:
      - version: 3          # neither traffic nor shadow
      - version: 5
        traffic: 100
        shadow: 10          # both

Fix
    Say `traffic:` for a variant that answers and `shadow:` for one that only listens. To do both with one
    version, list it twice, once in each role.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context, PlacedDeployment, PlacedVariant
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for placed in deployment.variants:
            variant = placed.variant
            yield from _check_content(deployment, placed)
            if variant.traffic is None and variant.shadow is None:
                yield POLICY.finding(
                    deployment.variant_at(placed),
                    f"{deployment.id}: {placed.name} says neither traffic nor shadow; it must say one.",
                    "Add traffic: with its percent of requests, or shadow: with the percent mirrored to it.",
                )
            if variant.traffic is not None and variant.shadow is not None:
                yield POLICY.finding(
                    deployment.entry.document.key("variants", placed.index, "shadow"),
                    f"{deployment.id}: {placed.name} says both traffic and shadow; it must say one.",
                    "Remove one, or list the version twice, once in each role.",
                )


def _check_content(deployment: PlacedDeployment, placed: PlacedVariant) -> Iterator[Finding]:
    variant = placed.variant
    if variant.version is None and variant.graph is None:
        yield POLICY.finding(
            deployment.variant_at(placed),
            f"{deployment.id}: {placed.name} names no version.",
            "Add version: with the number of the registry version that it serves.",
        )
    if variant.graph is not None and variant.version is not None:
        yield POLICY.finding(
            deployment.variant_at(placed, "version"),
            f"{deployment.id}: {placed.name} has a graph, whose nodes name their own versions; "
            "expected no other.",
            "Remove version:, or the graph.",
        )
    if variant.graph is not None and variant.name is None:
        yield POLICY.finding(
            deployment.variant_at(placed),
            f"{deployment.id}: {placed.name} has a graph and no name.",
            "Add name: with what the variant is to be called; a changed graph is another variant.",
        )
    if variant.name is not None and variant.rollout is not None:
        yield POLICY.finding(
            deployment.variant_at(placed, "rollout"),
            f"{deployment.id}: {placed.name} has a name, which rollout does not change.",
            "Remove rollout:, and give the variant another name for new Pods.",
        )


POLICY = Policy(id="variant-role", documentation=__doc__, check=check)
