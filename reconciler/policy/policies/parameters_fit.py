"""Parameters leave the operator's own alone.

What it checks
    After all layers no key under a container's `parameters` is empty or one by which the operator tells a
    server where its model is (`model_uri`, `model_name`, `rest_endpoint`, `grpc_endpoint`), and no value is
    a number that cannot be written down (infinite or not a number).

Why
    The operator adds its own to the list, and servers take the last of equal names, or the first: a declared
    one would serve something other than the pinned version, or nothing would come of it.

Example
    serving: {server: sklearn, protocol: seldon, parameters: {model_uri: /mnt/other}}

Fix
    Remove the parameter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding

RESERVED_PARAMETERS = frozenset({"model_uri", "model_name", "rest_endpoint", "grpc_endpoint"})
"""What the operator (v1.16.0: seldondeployment_prepackaged_servers.go) adds to a node's parameters."""


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for serving, members in deployment.distinct_containers():
            for name, value in (serving.serving.parameters or {}).items():
                fault = _find_fault(name, value)
                if fault is not None:
                    field = f"parameters.{name}"
                    yield POLICY.finding(
                        deployment.place(serving, field),
                        f"{deployment.id}: parameter {name!r} of {members[0].title}"
                        f"{deployment.say_origin(serving, field)} {fault}.",
                        "Remove it, or give it another name or value.",
                    )


def _find_fault(name: str, value: bool | int | float | str) -> str | None:
    if name == "":
        return "has no name"
    if name in RESERVED_PARAMETERS:
        return "is set by the operator, so that the pinned version is served; expected another"
    if isinstance(value, float) and not math.isfinite(value):
        return "is no number that a server could read"
    return None


POLICY = Policy(id="parameters-fit", documentation=__doc__, check=check)
