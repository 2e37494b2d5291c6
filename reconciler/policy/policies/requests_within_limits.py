"""No request is larger than its limit.

What it checks
    After all layers, `requests.cpu` and `requests.memory` are at most `limits.cpu` and `limits.memory`,
    where both are given.

Why
    Kubernetes refuses such Pods. The two numbers often stand in different layers, so that a change of one
    breaks deployments far from it.

Example
    resources: {requests: {memory: 2Gi}, limits: {memory: 1Gi}}

Fix
    Raise the limit, or ask for less.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context, PlacedDeployment
from reconciler.policy.engine import Policy
from reconciler.policy.layers import MergedServing
from reconciler.state.declarations import Resources
from reconciler.state.findings import Finding
from reconciler.state.quantities import read_quantity


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for serving, containers in deployment.distinct_containers():
            resources = serving.serving.resources
            yield from _check(deployment, serving, "resources", resources, containers[0].title)
        for serving, variants in deployment.distinct_servings():
            orchestrator, explainer = serving.serving.orchestrator, serving.serving.explainer
            name = variants[0].name
            if orchestrator is not None:
                resources, user = orchestrator.resources, f"the orchestrator of {name}"
                yield from _check(deployment, serving, "orchestrator.resources", resources, user)
            if explainer is not None:
                resources, user = explainer.resources, f"the explainer of {name}"
                yield from _check(deployment, serving, "explainer.resources", resources, user)


def _check(
    deployment: PlacedDeployment, serving: MergedServing, block: str, resources: Resources | None, user: str
) -> Iterator[Finding]:
    for kind, request, limit in find_excesses(resources):
        yield POLICY.finding(
            deployment.place(serving, f"{block}.requests.{kind}", f"{block}.limits.{kind}"),
            f"{deployment.id}: {user} requests {kind} {request}, more than its limit {limit}"
            f"{_say_origins(serving, block, kind)}.",
            f"Raise {block}.limits.{kind} or lower {block}.requests.{kind}.",
        )


def find_excesses(resources: Resources | None) -> tuple[tuple[str, str, str], ...]:
    """Kind, request and limit of each amount that is asked for beyond its limit."""
    if resources is None or resources.requests is None or resources.limits is None:
        return ()
    pairs = (
        ("cpu", resources.requests.cpu, resources.limits.cpu),
        ("memory", resources.requests.memory, resources.limits.memory),
    )
    return tuple(
        (kind, request, limit)
        for kind, request, limit in pairs
        if request is not None and limit is not None and read_quantity(request) > read_quantity(limit)
    )


def _say_origins(serving: MergedServing, block: str, kind: str) -> str:
    origins = [serving.origin(f"{block}.{part}.{kind}") for part in ("requests", "limits")]
    return f" ({', '.join(str(origin) for origin in origins)})"


POLICY = Policy(id="requests-within-limits", documentation=__doc__, check=check)
