"""Annotations are known ones of Seldon Core, with values that it can read.

What it checks
    Each key under `serving.annotations` is one that modelsync passes on (FIELDS.md lists them), its value is
    a whole number, text, or true or false as that key asks for, and the platform has the gateway that reads
    it; `seldon.io/istio-retries-timeout` stands beside `seldon.io/istio-retries`. No variant has annotations
    of its own.

Why
    The operator reads annotations of the whole deployment. A number that it cannot read fails all of it, a
    key that it does not know does nothing, and some would take the deployment out of what modelsync shows.

Example
    serving: {annotations: {seldon.io/rest-timeout: 5s, seldon.io/no-engine: true}}

Fix
    serving: {annotations: {seldon.io/rest-timeout: 5000}}     # milliseconds
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.clusters import ClusterView, view_clusters
from reconciler.policy.context import Context, PlacedDeployment
from reconciler.policy.engine import Policy
from reconciler.policy.wording import suggest_name
from reconciler.state.annotations import KNOWN, REFUSED
from reconciler.state.findings import Finding

_RETRIES = "seldon.io/istio-retries"
_RETRIES_TIMEOUT = "seldon.io/istio-retries-timeout"
_FORMS = {int: "a whole number, not below 0", str: "some text", bool: "true or false"}


def check(context: Context) -> Iterator[Finding]:
    views = {name: view_clusters(entry.declaration) for name, entry in context.environments()}
    for deployment in context.served:
        given = views.get(deployment.environment.name, ())
        for serving, _ in deployment.distinct_servings():
            annotations = serving.serving.annotations or {}
            for key, value in annotations.items():
                fault = _find_fault(key, value, given)
                if fault is None and key == _RETRIES_TIMEOUT and _RETRIES not in annotations:
                    fault = f"does nothing without {_RETRIES}", f"Add {_RETRIES}, or remove it."
                if fault is not None:
                    field = f"annotations.{key}"
                    yield POLICY.finding(
                        deployment.place(serving, field),
                        f"{deployment.id}: annotation {key}{deployment.say_origin(serving, field)} "
                        f"{fault[0]}.",
                        fault[1],
                    )
        yield from _check_variants(deployment)


def _find_fault(key: str, value: bool | int | str, views: tuple[ClusterView, ...]) -> tuple[str, str] | None:
    """What is wrong with an annotation, as a clause about it, and what to do."""
    if key in REFUSED:
        return f"is not passed on: {REFUSED[key]}", "Remove it."
    known = KNOWN.get(key)
    if known is None:
        near = suggest_name(key, KNOWN)
        return "is none that modelsync passes on", f"Remove it, or correct its key.{near}"
    # A truth value is an int to Python.
    if type(value) is not known.type or value == "" or (known.type is int and int(value) < 0):
        return f"is {value!r}; expected {_FORMS[known.type]}", "Write the value without a unit."
    if known.gateway is not None:
        gateways = {ingress.partition("-")[0] for view in views for ingress in view.platform.ingresses}
        if views and known.gateway not in gateways:
            return (
                f"is for {known.gateway}, which is not among the platform's ingress",
                "Remove it, or name the gateway in platform.ingress.",
            )
    return None


def _check_variants(deployment: PlacedDeployment) -> Iterator[Finding]:
    for placed in deployment.variants:
        own = placed.variant.serving
        if own is not None and own.annotations is not None:
            yield POLICY.finding(
                deployment.variant_at(placed, "serving", "annotations"),
                f"{deployment.id}: {placed.name} has annotations of its own, which would hold for all; "
                "expected them at the deployment.",
                "Move them to the deployment's serving: block.",
            )


POLICY = Policy(id="annotations-known", documentation=__doc__, check=check)
