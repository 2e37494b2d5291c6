"""Names fit everything that is derived from them.

What it checks
    Folder and file names, given predictor names and namespaces are DNS labels; nothing that Seldon Core or
    modelsync makes from them is too long; none is a name that the operator uses itself. Limits: 63
    characters for `<deployment>-<predictor>-0-<model>` (the Deployment; Services are shorter), 48 for a model
    or a graph's node (label key `seldon-app-svc-<model>`), 63 for a node's Service, 42 for an environment
    (CronJob `modelsync-<environment>`). The Deployment of a graph may have a hash for its name: it would
    hold the names of all nodes.

Why
    Seldon Core checks no names: too long ones become hashes that nobody can read, bad ones are accepted
    and fail later, when the operator makes Services from them.

Example
    # environments/production/deployments/wines.v2.yaml: a Service's name has no dots

Fix
    Rename the folder or file: small letters, digits and `-`, beginning with a letter, ending with a letter
    or digit. Shorten the longest part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.policy.context import Context, PlacedDeployment, PlacedVariant
from reconciler.policy.engine import Policy
from reconciler.policy.naming import (
    CONTAINER_LIMIT,
    NAME_LIMIT,
    RESERVED_CONTAINERS,
    RESERVED_ENDINGS,
    derived_names,
    is_dns_label,
    object_names,
)
from reconciler.state.documents import Location
from reconciler.state.findings import Finding

ENVIRONMENT_LIMIT = 42
"""A CronJob's name has at most 52 characters, for its Jobs' sake; ours are `modelsync-<environment>`."""

_FORM = "small letters, digits and -, beginning with a letter and ending with a letter or digit"
_DNS_1123 = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")


def check(context: Context) -> Iterator[Finding]:
    yield from _check_environments(context)
    for name, model in sorted(context.repository.models.items()):
        if model.model is not None:
            yield from _check_model(name, model.model.document.at())
    for deployment in context.served:
        if is_dns_label(deployment.name):
            yield from _check_derived(deployment)
        else:
            yield _refuse_form(deployment.at(), deployment.id, "deployment name", deployment.name, "file")
        yield from _check_given(deployment)


def _check_environments(context: Context) -> Iterator[Finding]:
    for name, entry in context.environments():
        place = entry.document.at()
        if not is_dns_label(name):
            yield _refuse_form(place, name, "environment name", name, "folder")
        elif len(name) > ENVIRONMENT_LIMIT:
            yield _refuse_length(place, name, f"CronJob modelsync-{name}", len(name), ENVIRONMENT_LIMIT)
        namespace = entry.declaration.namespace
        if _DNS_1123.match(namespace) is None or len(namespace) > NAME_LIMIT:
            yield POLICY.finding(
                entry.document.at("namespace"),
                f'{name}: "{namespace}" cannot be the name of a namespace.',
                f"Name an existing namespace: at most {NAME_LIMIT} small letters, digits and -.",
            )


def _check_model(name: str, place: Location) -> Iterator[Finding]:
    if not is_dns_label(name):
        yield _refuse_form(place, name, "model name", name, "folder")
    elif len(name) > CONTAINER_LIMIT:
        yield _refuse_length(place, name, f"label key seldon-app-svc-{name}", len(name), CONTAINER_LIMIT)
    elif name in RESERVED_CONTAINERS or _is_reserved(name):
        yield POLICY.finding(
            place,
            f"{name}: the operator gives this name to what it adds itself, so no model can have it.",
            "Rename the folder under models/.",
        )


def _check_given(deployment: PlacedDeployment) -> Iterator[Finding]:
    for placed in deployment.variants:
        name = placed.variant.name
        if name is None:
            continue
        place = deployment.variant_at(placed, "name")
        if not is_dns_label(name):
            yield POLICY.finding(
                place,
                f'{deployment.id}: "{name}" cannot be the name of a predictor, and part of a Service\'s.',
                f"Write {_FORM}, or leave name: out.",
            )
        elif _is_reserved(name):
            yield POLICY.finding(
                place,
                f"{deployment.id}: predictor {name} would be taken for what the operator adds itself "
                f"({' and '.join(RESERVED_ENDINGS)}).",
                "Choose another name:, or leave it out.",
            )


def _check_derived(deployment: PlacedDeployment) -> Iterator[Finding]:
    for placed in deployment.variants:
        if placed.variant.graph is not None:
            yield from _check_graph(deployment, placed)
    plain = [placed for placed in deployment.variants if placed.variant.graph is None]
    if not plain:
        return
    longest = max(plain, key=lambda placed: len(placed.predictor))
    names = derived_names(deployment.name, longest.predictor, deployment.entry.declaration.model)
    if names.hashed:
        # The Deployment's name holds all others, so it is the longest of them.
        full, hashed = names.hashed[-1]
        yield POLICY.finding(
            deployment.variant_at(longest),
            f"{deployment.id}: {longest.name} makes the Deployment's name {full} of {len(full)} characters; "
            f"limit {NAME_LIMIT} (the operator would call it {hashed}).",
            f"Shorten the deployment's or the model's name by {len(full) - NAME_LIMIT} characters.",
        )


def _check_graph(deployment: PlacedDeployment, placed: PlacedVariant) -> Iterator[Finding]:
    for container in placed.containers:
        fault = _find_node_fault(container.name)
        if fault is not None:
            yield POLICY.finding(
                deployment.container_at(container, "name"),
                f"{deployment.id}: node {container.title}: {fault}.",
                "Give the node another name.",
            )
    # A Deployment's name holds those of all nodes in its Pods, so a hash is to be expected; people look for
    # the Services, and no node may be without a readable one.
    names = object_names(deployment.name, placed.predictor, [[one.name] for one in placed.containers])
    too_long = [full for full, given in names.services if full != given]
    if too_long:
        full = max(too_long, key=len)
        yield POLICY.finding(
            deployment.variant_at(placed),
            f"{deployment.id}: {placed.name} makes the Service's name {full} of {len(full)} characters; "
            f"limit {NAME_LIMIT}.",
            f"Shorten the name of deployment, variant or node by {len(full) - NAME_LIMIT} characters.",
        )


def _find_node_fault(name: str) -> str | None:
    if not is_dns_label(name):
        return f'"{name}" cannot be the name of a container; expected {_FORM}'
    if len(name) > CONTAINER_LIMIT:
        return (
            f"the name has {len(name)} characters and makes label key seldon-app-svc-{name}; "
            f"limit {CONTAINER_LIMIT}"
        )
    if name in RESERVED_CONTAINERS or _is_reserved(name):
        return "the operator gives this name to what it adds itself; expected another one"
    return None


def _refuse_form(place: Location, name: str, what: str, faulty: str, kind: str) -> Finding:
    return POLICY.finding(
        place,
        f'{name}: {what} "{faulty}" does not fit what is derived from it; expected {_FORM}.',
        f"Rename the {kind}.",
    )


def _refuse_length(place: Location, name: str, derived: str, length: int, limit: int) -> Finding:
    return POLICY.finding(
        place,
        f"{name}: the name has {length} characters and makes {derived}; limit {limit}.",
        f"Shorten it by {length - limit} characters.",
    )


def _is_reserved(name: str) -> bool:
    return any(name.endswith(ending) or name == ending[1:] for ending in RESERVED_ENDINGS)


POLICY = Policy(id="names-fit", documentation=__doc__, check=check)
