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

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.layers import MergedServing
from reconciler.policy.quantities import parse_quantity
from reconciler.state.declarations import Resources
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for serving, members in deployment.distinct_containers():
            name = members[0].title
            for kind, request, limit in find_excesses(serving.serving.resources):
                yield POLICY.finding(
                    deployment.place(serving, f"resources.requests.{kind}", f"resources.limits.{kind}"),
                    f"{deployment.id}: {name} requests {kind} {request}, more than its limit {limit}"
                    f"{_say_origins(serving, kind)}.",
                    f"Raise resources.limits.{kind} or lower resources.requests.{kind}.",
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
        if request is not None and limit is not None and parse_quantity(request) > parse_quantity(limit)
    )


def _say_origins(serving: MergedServing, kind: str) -> str:
    origins = [serving.origin(f"resources.{part}.{kind}") for part in ("requests", "limits")]
    return f" ({', '.join(str(origin) for origin in origins)})"


POLICY = Policy(id="requests-within-limits", documentation=__doc__, check=check)
