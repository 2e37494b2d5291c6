"""Environment variables have valid names and leave the server's own alone.

What it checks
    After all layers, each name under `serving.env` is one that Kubernetes accepts, and none is a variable
    by which the operator or modelsync tells the server its model, version and ports.

Why
    The operator keeps a variable that is there already, so a declared `MLSERVER_MODEL_URI` would serve
    something other than the pinned version.

Example
    serving:
      env: {MLSERVER_MODEL_URI: /mnt/other}

Fix
    Remove the variable, or correct its name: letters, digits, `_`, `-` and `.`, not beginning with a digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.findings import Finding

RESERVED_VARIABLES = frozenset(
    {
        "MLSERVER_GRPC_PORT",
        "MLSERVER_HTTP_PORT",
        "MLSERVER_METRICS_ENDPOINT",
        "MLSERVER_METRICS_PORT",
        "MLSERVER_MODEL_IMPLEMENTATION",
        "MLSERVER_MODEL_NAME",
        "MLSERVER_MODEL_URI",
        "MLSERVER_MODEL_VERSION",
        "PREDICTIVE_UNIT_GRPC_SERVICE_PORT",
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT",
        "PREDICTIVE_UNIT_ID",
        "PREDICTIVE_UNIT_IMAGE",
        "PREDICTIVE_UNIT_METRICS_ENDPOINT",
        "PREDICTIVE_UNIT_METRICS_PORT_NAME",
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT",
        "PREDICTIVE_UNIT_PARAMETERS",
        "PREDICTIVE_UNIT_SERVICE_PORT",
        "PREDICTOR_ID",
        "PREDICTOR_LABELS",
        "SELDON_DEPLOYMENT_ID",
        "SELDON_EXECUTOR_ENABLED",
    }
)
"""What the operator (v1.16.0: controllers/mlserver.go, seldondeployment_types.go) and the renderer set."""

_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*\Z")


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for serving, _ in deployment.distinct_containers():
            for name in serving.serving.env or {}:
                fault = _find_fault(name)
                if fault:
                    yield POLICY.finding(
                        deployment.place(serving, f"env.{name}"),
                        f"{deployment.id}: environment variable {name!r}"
                        f"{deployment.say_origin(serving, f'env.{name}')} {fault}.",
                        "Remove it from serving.env, or give it another name.",
                    )


def _find_fault(name: str) -> str | None:
    if name in RESERVED_VARIABLES:
        return "is set by the operator or modelsync, so that the server serves the pinned version"
    if _NAME.match(name) is None:
        return "has a name that Kubernetes refuses; expected letters, digits, _, - and ., no digit first"
    return None


POLICY = Policy(id="environment-variables-fit", documentation=__doc__, check=check)
