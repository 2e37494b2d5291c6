"""Scaling has something to scale by, and room.

What it checks
    Where the layers set `serving.scaling`: it has `max`, not below `min`, and `cpu`, `memory` or `triggers`;
    what is scaled by cpu or memory is requested by each container. Triggers, and what only they use (`poll`,
    `cooldown`, `fallback`), need `platform.keda` in every cluster. `replicas` is not set in the same layer or
    a later one.

Why
    A HorizontalPodAutoscaler without metrics scales by 80 % of cpu whatever was meant, and one by something
    that nobody requested never scales. Without KEDA in the cluster the operator ignores triggers and
    `replicas` as well. Beside scaling `replicas` does nothing.

Example
    serving: {replicas: 3, scaling: {max: 6}}

Fix
    serving: {scaling: {min: 3, max: 6, cpu: 70}}
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.clusters import ClusterView, view_clusters
from reconciler.policy.context import Context, PlacedContainer, PlacedDeployment, PlacedVariant
from reconciler.policy.engine import Policy
from reconciler.policy.layers import MergedServing
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Scaling
from reconciler.state.findings import Finding

_KEDA_FIELDS = ("poll", "cooldown", "fallback")


def check(context: Context) -> Iterator[Finding]:
    views = {name: view_clusters(entry.declaration) for name, entry in context.environments()}
    for deployment in context.served:
        given = views.get(deployment.environment.name, ())
        for serving, members in deployment.distinct_servings():
            scaling = serving.serving.scaling
            if scaling is None:
                continue
            for field, fault, advice in _find_faults(scaling, serving, given):
                yield POLICY.finding(
                    deployment.place(serving, field, "scaling"),
                    f"{deployment.id}: {join_words([placed.name for placed in members])}: {fault}"
                    f"{deployment.say_origin(serving, field)}.",
                    advice,
                )
            yield from _check_requests(deployment, scaling, members)


def _find_faults(
    scaling: Scaling, serving: MergedServing, views: tuple[ClusterView, ...]
) -> Iterator[tuple[str, str, str]]:
    """Field, fault and advice of each."""
    if scaling.max is None:
        yield "scaling", "scaling has no max", "Add max: with the most Pods that each variant may have."
    elif scaling.max < (scaling.min or 1):
        yield (
            "scaling.max",
            f"scaling has max {scaling.max} below min {scaling.min}",
            "Raise max:, or lower min:.",
        )
    if scaling.cpu is None and scaling.memory is None and not scaling.triggers:
        yield (
            "scaling",
            "scaling has nothing to scale by",
            "Add cpu: or memory: with a percent of what is requested, or triggers: for KEDA.",
        )
    if scaling.triggers:
        lacking = [view.cluster for view in views if not view.platform.keda]
        if lacking:
            where = f" of {join_words(lacking)}" if any(lacking) else ""
            yield (
                "scaling.triggers",
                f"scaling has triggers, but the platform{where} has no KEDA, so that nothing would scale",
                "Say platform: {keda: true} where the cluster has it, or scale by cpu: or memory:.",
            )
        if scaling.poll is not None and scaling.poll.startswith("0"):
            yield (
                "scaling.poll",
                f"KEDA cannot poll every {scaling.poll}",
                "Say a whole number of seconds, from 1s.",
            )
    else:
        for field in _KEDA_FIELDS:
            if getattr(scaling, field) is not None:
                yield (
                    f"scaling.{field}",
                    f"scaling has {field} without triggers, where it does nothing",
                    f"Remove {field}:, or add triggers:.",
                )
    if _is_said_with_scaling(serving):
        yield (
            "replicas",
            f"replicas {serving.serving.replicas} beside scaling does nothing",
            "Remove replicas:, and say scaling.min for the fewest Pods.",
        )


def _is_said_with_scaling(serving: MergedServing) -> bool:
    """Whether `replicas` stands in the last layer that says scaling, or later; earlier ones are general."""
    scaled = [index for index, layer in enumerate(serving.layers) if layer.serving.scaling is not None]
    return any(layer.serving.replicas is not None for layer in serving.layers[max(scaled) :])


def _check_requests(
    deployment: PlacedDeployment, scaling: Scaling, members: tuple[PlacedVariant, ...]
) -> Iterator[Finding]:
    wanted = [name for name, percent in (("cpu", scaling.cpu), ("memory", scaling.memory)) if percent]
    for name in wanted:
        lacking = [
            container.title
            for placed in members
            for container in placed.containers
            if _request_of(container, name) is None
        ]
        if lacking:
            yield POLICY.finding(
                deployment.place(members[0].serving, f"scaling.{name}", "scaling"),
                f"{deployment.id}: scaling by {name} is measured against requests, "
                f"and {join_words(lacking)} requests none.",
                f"Add resources.requests.{name}, or scale by something else.",
            )


def _request_of(container: PlacedContainer, name: str) -> str | None:
    resources = container.serving.serving.resources
    if resources is None or resources.requests is None:
        return None
    return resources.requests.cpu if name == "cpu" else resources.requests.memory


POLICY = Policy(id="scaling-fits", documentation=__doc__, check=check)
