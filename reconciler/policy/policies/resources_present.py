"""Requests for cpu and memory and a limit of memory are given.

What it checks
    After all layers, the `resources` of each model server, graph's node and explainer have `requests.cpu`,
    `requests.memory` and `limits.memory`.

Why
    Without requests the scheduler puts any number of model servers on a node; without a limit of memory
    one that leaks takes its neighbours down. A limit of cpu is left to you: it slows answers down.

Example
    serving:
      resources: {requests: {cpu: 200m}}

Fix
    resources: {requests: {cpu: 200m, memory: 512Mi}, limits: {memory: 1Gi}}
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context, PlacedContainer, PlacedDeployment
from reconciler.policy.engine import Policy
from reconciler.policy.layers import MergedServing
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Resources
from reconciler.state.documents import Location
from reconciler.state.findings import Finding

_NEEDED = ("requests.cpu", "requests.memory", "limits.memory")


def check(context: Context) -> Iterator[Finding]:
    if context.repository.has_faulty_defaults:
        return
    for deployment in context.served:
        # Of a layer that cannot be read nobody knows what it would have said.
        if deployment.model is None or deployment.model.model is None:
            continue
        if deployment.environment.environment is None:
            continue
        for serving, members in deployment.distinct_containers():
            if members[0].is_unread:
                continue
            missing = _find_missing(serving.serving.resources, "resources")
            if missing:
                names = join_words([container.title for container in members])
                folder = members[0].folder
                place = "to the node" if folder is None else f"under serving: of models/{folder}/model.yaml"
                yield POLICY.finding(
                    _locate(deployment, serving, members[0]),
                    f"{deployment.id}: no layer gives {join_words(missing)} for {names}.",
                    f"Add {place}, for example: "
                    "resources: {requests: {cpu: 200m, memory: 512Mi}, limits: {memory: 1Gi}}",
                )
        for serving, variants in deployment.distinct_servings():
            explainer = serving.serving.explainer
            if explainer is None:
                continue
            missing = _find_missing(explainer.resources, "explainer.resources")
            if missing:
                names = join_words([placed.name for placed in variants])
                yield POLICY.finding(
                    deployment.place(serving, "explainer.resources", "explainer"),
                    f"{deployment.id}: no layer gives {join_words(missing)} for the explainer of {names}.",
                    "Add to explainer:, for example: "
                    "resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 512Mi}}",
                )


def _locate(deployment: PlacedDeployment, serving: MergedServing, container: PlacedContainer) -> Location:
    if container.node is not None and serving.origin("resources") is None:
        return deployment.container_at(container)
    return deployment.place(serving, "resources")


def _find_missing(resources: Resources | None, block: str) -> list[str]:
    requests = resources.requests if resources is not None else None
    limits = resources.limits if resources is not None else None
    given = (
        requests.cpu if requests is not None else None,
        requests.memory if requests is not None else None,
        limits.memory if limits is not None else None,
    )
    return [f"{block}.{field}" for field, value in zip(_NEEDED, given, strict=True) if value is None]


POLICY = Policy(id="resources-present", documentation=__doc__, check=check)
