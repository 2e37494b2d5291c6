"""All variants of a deployment speak one protocol.

What it checks
    After all layers, `serving.protocol` is the same for all variants of a deployment, and for all nodes of
    their graphs.

Why
    The gateway spreads the requests of one address over the variants. A request in one protocol would be
    an error for a variant that speaks another.

Example
    serving: {protocol: v2}
    variants:
      - version: 3
        traffic: 90
      - version: 5
        traffic: 10
        serving: {protocol: seldon}

Fix
    Say the protocol once, in `model.yaml` or the deployment. To change it, make a second deployment for
    the clients that moved.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        containers = [container for placed in deployment.variants for container in placed.containers]
        first, *others = containers
        wanted = first.serving.serving.protocol
        for container in others:
            protocol = container.serving.serving.protocol
            if protocol != wanted and protocol is not None and wanted is not None:
                yield POLICY.finding(
                    deployment.place(container.serving, "protocol"),
                    f"{deployment.id}: {container.title} speaks {protocol}, but {first.title} speaks "
                    f"{wanted}; all are reached by the same requests.",
                    "Say the protocol once, in model.yaml or in the deployment.",
                )


POLICY = Policy(id="one-protocol", documentation=__doc__, check=check)
