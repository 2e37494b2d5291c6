"""No variant runs without any requests.

What it checks
    No live variant among several has `traffic: 0` and is no shadow. It is advice; with `--base` only where
    the variant had none before the change either: one that has just entered is given its share by the next.
    Of those that an experiment names experiment-decides tells.

Why
    Its Pods take room and money and prove nothing: not one request reaches them.

Example
    # environments/production/deployments/wines.yaml
    variants:
      - version: 3
        traffic: 100
      - version: 5
        traffic: 0              # since last month

Fix
    Give it a share, try it as a shadow, or take it out of the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.placed import PlacedDeployment, PlacedVariant
from reconciler.state.findings import Finding, Grade


def check(context: Context) -> Iterator[Finding]:
    before = None if context.base is None else {placed.id: placed for placed in context.before}
    for deployment in context.served:
        if len(deployment.live) < 2:
            continue
        idle = {placed.predictor for placed in _list_idle(deployment)}
        if before is not None:
            was = before.get(deployment.id)
            idle &= set() if was is None else {placed.predictor for placed in _list_idle(was)}
        for placed in deployment.live:
            if placed.predictor in idle:
                yield POLICY.finding(
                    deployment.variant_at(placed, "traffic"),
                    f"{deployment.id}: {placed.name} has traffic 0 and runs {_count_pods(placed)}; expected "
                    "a share above 0.",
                    f"Give it a share: modelsync traffic {deployment.id} {placed.name}=N …; or make it a "
                    "shadow, or take it out.",
                    subject=deployment.id,
                )


def _list_idle(deployment: PlacedDeployment) -> list[PlacedVariant]:
    experiment = deployment.entry.declaration.experiment
    named = () if experiment is None else (experiment.baseline, *experiment.challengers)
    return [
        placed
        for placed in deployment.live
        if placed.variant.traffic == 0 and not {placed.name, placed.predictor} & {*named}
    ]


def _count_pods(placed: PlacedVariant) -> str:
    serving = placed.serving.serving
    if serving.scaling is not None:
        return "its Pods"
    count = serving.replicas or 1
    return "a Pod" if count == 1 else f"{count} Pods"


POLICY = Policy(id="idle-variant", documentation=__doc__, check=check, grade=Grade.ADVISORY)
