"""No variant has traffic 0 behind a gateway that reads 0 as a share.

What it checks
    Where an environment's `platform.ingress` is ambassador-v1, no live variant among several has
    `traffic: 0`.

Why
    For that gateway Seldon Core leaves a weight of 0 out, and what has no weight gets an equal part: 100
    and 0 are served as 50 and 50. Other gateways route 0 as nothing.

Example
    # platform: {ingress: ambassador-v1}
    variants:
      - version: 3
        traffic: 100
      - version: 5
        traffic: 0

Fix
    Remove the variant from the deployment, or try it as a shadow.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.clusters import view_clusters
from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    misreading = {
        name
        for name, entry in context.environments()
        if any("ambassador-v1" in view.platform.ingresses for view in view_clusters(entry.declaration))
    }
    for deployment in context.served:
        if deployment.environment.name not in misreading or len(deployment.live) < 2:
            continue
        for placed in deployment.live:
            if placed.variant.traffic == 0:
                yield POLICY.finding(
                    deployment.variant_at(placed, "traffic"),
                    f"{deployment.id}: {placed.name} has traffic 0, which ambassador-v1 would serve as "
                    "an equal share of the requests; expected a share above 0.",
                    "Remove the variant, or make it a shadow.",
                )


POLICY = Policy(id="zero-traffic-routed", documentation=__doc__, check=check)
