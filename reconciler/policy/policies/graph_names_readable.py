"""The Deployments of a graph have names that people can read.

What it checks
    For each Pod of a graph, `<deployment>-<predictor>-<Pod's number>-<nodes joined by ->` has at most 63
    characters. It is advice: a graph of many nodes can hardly keep it.

Why
    The operator calls a Deployment with a longer name `seldon-` and 32 digits. It works, but in the cluster
    nobody sees what it serves; `modelsync status` says it still.

Example
    # production/wines, variant blend: wines-blend-0-average-of-all-reds-and-whites-red-wines-white-wines
    graph: {name: average-of-all-reds-and-whites, type: combiner, …, children: […]}

Fix
    Give the nodes shorter names, or Pods of their own (`ownPod: true`).
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.naming import NAME_LIMIT, object_names
from reconciler.state.findings import Finding, Grade


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for placed in deployment.variants:
            if placed.variant.graph is None:
                continue
            pods = [[container.name for container in pod] for pod in placed.pods]
            for full, given in object_names(deployment.name, placed.predictor, pods).workloads:
                if full != given:
                    yield POLICY.finding(
                        deployment.variant_at(placed),
                        f"{deployment.id}: {placed.name} makes the Deployment's name {full} of {len(full)} "
                        f"characters; above {NAME_LIMIT} the operator calls it {given}.",
                        "Shorten the nodes' names, or give some nodes Pods of their own.",
                    )


POLICY = Policy(id="graph-names-readable", documentation=__doc__, check=check, grade=Grade.ADVISORY)
