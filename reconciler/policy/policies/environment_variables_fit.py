"""Environment variables have valid names and leave the server's own alone.

What it checks
    After all layers, each name under a container's `env` and `secretEnv` is one that Kubernetes accepts, and
    none is a variable by which the operator or modelsync tells the server its model, version and ports; no
    name is under both. Names under `orchestrator.env` leave the orchestrator's own alone.

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

from reconciler.policy.context import Context, PlacedDeployment
from reconciler.policy.engine import Policy
from reconciler.policy.layers import MergedServing
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

ORCHESTRATOR_VARIABLES = frozenset({"ENGINE_PREDICTOR", "REQUEST_LOGGER_DEFAULT_ENDPOINT"})
"""What the operator (controllers/seldondeployment_engine.go) sets on the orchestrator."""

_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*\Z")


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for serving, _ in deployment.distinct_containers():
            plain = serving.serving.env or {}
            for name in plain:
                yield from _refuse(deployment, serving, f"env.{name}", name, _find_fault(name))
            for name in serving.serving.secret_env or {}:
                fault = "is under env as well; expected it once" if name in plain else _find_fault(name)
                yield from _refuse(deployment, serving, f"secretEnv.{name}", name, fault)
        for serving, _ in deployment.distinct_servings():
            orchestrator = serving.serving.orchestrator
            for name in (orchestrator.env if orchestrator is not None else None) or {}:
                fault = _find_fault(name, ORCHESTRATOR_VARIABLES)
                yield from _refuse(deployment, serving, f"orchestrator.env.{name}", name, fault)


def _refuse(
    deployment: PlacedDeployment, serving: MergedServing, field: str, name: str, fault: str | None
) -> Iterator[Finding]:
    if fault is not None:
        block = field.removesuffix(f".{name}")
        yield POLICY.finding(
            deployment.place(serving, field, block),
            f"{deployment.id}: environment variable {name!r}{deployment.say_origin(serving, field)} {fault}.",
            f"Remove it from {block}, or give it another name.",
        )


def _find_fault(name: str, reserved: frozenset[str] = RESERVED_VARIABLES) -> str | None:
    if name in reserved:
        return "is set by the operator or modelsync, so that the pinned version is served; expected another"
    if _NAME.match(name) is None:
        return "has a name that Kubernetes refuses; expected letters, digits, _, - and ., no digit first"
    return None


POLICY = Policy(id="environment-variables-fit", documentation=__doc__, check=check)
