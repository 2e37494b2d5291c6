"""At most one shadow, and never alone.

What it checks
    A deployment has no more than one shadow variant, and where it has one, another variant is live.

Why
    The gateway mirrors requests to one place only; Seldon Core refuses a second shadow. A shadow's
    answers are dropped, so a deployment of shadows alone would answer nobody.

Example
    variants:
      - version: 3
        traffic: 100
      - version: 5
        shadow: 100
      - version: 6
        shadow: 10       # a second shadow

Fix
    Keep one shadow and remove the others, or try them one after the other. Give a live variant its
    traffic back if the shadow stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        if not deployment.shadows:
            continue
        first, *others = deployment.shadows
        for placed in others:
            yield POLICY.finding(
                deployment.variant_at(placed, "shadow"),
                f"{deployment.id}: {placed.name} is a second shadow beside {first.name} "
                f"(line {deployment.variant_at(first, 'shadow').line}); requests are mirrored to one only.",
                "Keep one of them and remove the other.",
            )
        if not deployment.live and len(deployment.shadows) == len(deployment.variants):
            yield POLICY.finding(
                deployment.variant_at(first, "shadow"),
                f"{deployment.id}: {first.name} is a shadow, and no live variant answers requests.",
                "Add a live variant, or give this one traffic: 100 instead of shadow:.",
            )


POLICY = Policy(id="one-shadow", documentation=__doc__, check=check)
