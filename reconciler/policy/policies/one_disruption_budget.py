"""A deployment has at most one disruption budget, with one limit.

What it checks
    After all layers at most one variant of a deployment has `serving.disruption`, and that says either
    `minAvailable` or `maxUnavailable`.

Why
    The operator makes a PodDisruptionBudget for each variant that has one, but each counts the Pods of all
    variants. Where two count one Pod, Kubernetes refuses to move it at all, and nodes cannot be drained.

Example
    serving: {disruption: {maxUnavailable: 1}}     # for both variants
    variants:
      - version: 3
        traffic: 90
      - version: 5
        traffic: 10

Fix
    Say it in the `serving` block of one variant: it holds for the Pods of all.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.wording import join_words
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        owners = [
            (placed, placed.serving.serving.disruption)
            for placed in deployment.variants
            if placed.serving.serving.disruption is not None
        ]
        if len(owners) > 1:
            names = join_words([placed.name for placed, _ in owners])
            serving = owners[-1][0].serving
            yield POLICY.finding(
                deployment.place(serving, "disruption"),
                f"{deployment.id}: {names} each have a disruption budget"
                f"{deployment.say_origin(serving, 'disruption')} that counts the Pods of all variants; "
                "expected one.",
                "Say disruption: in the serving block of one variant only.",
            )
        for placed, disruption in owners:
            given = (disruption.min_available, disruption.max_unavailable)
            if (given[0] is None) is (given[1] is None):
                said = "neither minAvailable nor maxUnavailable" if given[0] is None else "both limits"
                yield POLICY.finding(
                    deployment.place(placed.serving, "disruption"),
                    f"{deployment.id}: the disruption budget of {placed.name} says {said}; it must say one.",
                    "Say minAvailable:, the Pods that stay, or maxUnavailable:, those that may be away.",
                )


POLICY = Policy(id="one-disruption-budget", documentation=__doc__, check=check)
