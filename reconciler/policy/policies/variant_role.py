"""Each variant has a version and one role.

What it checks
    Each variant names the version that it serves, and says either `traffic` (it answers) or `shadow` (its
    answers are dropped), never both.

Why
    A variant without a role would be rendered with no share, which gateways read as anything from none
    to all. Seldon Core mirrors to a shadow instead of routing to it, so one predictor cannot be both.

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

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for placed in deployment.variants:
            variant = placed.variant
            if variant.version is None and variant.graph is None:
                yield POLICY.finding(
                    deployment.variant_at(placed),
                    f"{deployment.id}: {placed.name} names no version.",
                    "Add version: with the number of the registry version that it serves.",
                )
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


POLICY = Policy(id="variant-role", documentation=__doc__, check=check)
