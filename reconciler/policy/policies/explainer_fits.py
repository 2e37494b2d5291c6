"""An explainer has a method, and settings that its protocol reads.

What it checks
    Where the layers set `serving.explainer`: it has `type`; `model` and `version` stand together, and
    `storage` with them; `initParameters` is set with protocol v2 only, and `config` with the others only.

Why
    The operator takes an explainer without type for none. It passes `config` to the explainer of the older
    protocols and `initParameters` to that of v2, and drops the other one without a word.

Example
    serving:
      protocol: v2
      explainer: {type: anchor-tabular, model: explain-wines, config: {threshold: "0.9"}}     # no version

Fix
    serving:
      explainer: {type: anchor-tabular, model: explain-wines, version: 2, initParameters: {threshold: 0.9}}
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.declarations import Explainer, Protocol
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for serving, members in deployment.distinct_servings():
            explainer = serving.serving.explainer
            if explainer is None:
                continue
            protocol = members[0].containers[0].serving.serving.protocol
            for field, fault, advice in _find_faults(explainer, protocol):
                yield POLICY.finding(
                    deployment.place(serving, field, "explainer"),
                    f"{deployment.id}: the explainer of {members[0].name} {fault}"
                    f"{deployment.say_origin(serving, field)}.",
                    advice,
                )


def _find_faults(explainer: Explainer, protocol: Protocol | None) -> Iterator[tuple[str, str, str]]:
    """Field, fault and advice of each."""
    if explainer.type is None:
        yield "explainer", "has no type", "Add type: with the method, such as anchor-tabular."
    if explainer.model is not None and explainer.version is None:
        yield (
            "explainer.model",
            f"names no version of {explainer.model}",
            "Add version: with the number of the registry version.",
        )
    if explainer.model is None and explainer.version is not None:
        yield (
            "explainer.version",
            f"has version {explainer.version} of no model",
            "Add model: with the folder under models/ that holds the trained explainer.",
        )
    if explainer.model is None and explainer.storage is not None:
        yield (
            "explainer.storage",
            "has storage settings but no model to load",
            "Add model: and version:, or remove storage:.",
        )
    if protocol == "v2" and explainer.config is not None:
        yield (
            "explainer.config",
            "has config, which nothing reads with protocol v2",
            "Say the same under initParameters:, with numbers as numbers.",
        )
    if protocol in ("seldon", "tensorflow") and explainer.init_parameters is not None:
        yield (
            "explainer.initParameters",
            f"has initParameters, which nothing reads with protocol {protocol}",
            "Say the same under config:, as text.",
        )


POLICY = Policy(id="explainer-fits", documentation=__doc__, check=check)
