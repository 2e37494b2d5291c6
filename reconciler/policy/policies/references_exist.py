"""What a declaration names exists.

What it checks
    A deployment's `model`, and that of a graph's node or an explainer, is a folder under `models/`, and each
    environment in `upstream` is a folder under `environments/`.

Why
    A name that leads nowhere serves nothing, and it is usually a slip of the pen or a folder that was
    renamed in one place only.

Example
    model: wine          # the folder is models/wines

Fix
    Write the name of an existing folder, or add what is missing (`modelsync add model wine`).
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.wording import suggest_name
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    models, environments = context.repository.models, context.repository.environments
    for deployment in context.served:
        missing = {use.named_at: use.folder for use in deployment.model_uses() if use.model is None}
        if deployment.model is None:
            missing[deployment.at("model")] = deployment.entry.declaration.model
        for place, name in missing.items():
            yield POLICY.finding(
                place,
                f"{deployment.id}: there is no model {name} (models/{name}/model.yaml)."
                f"{suggest_name(name, models)}",
                f"Name a folder under models/, or add one: modelsync add model {name}",
            )
    for name, entry in context.environments():
        for index, upstream in enumerate(entry.declaration.upstream):
            if upstream not in environments:
                yield POLICY.finding(
                    entry.document.at("upstream", index),
                    f"{name}: there is no environment {upstream} (environments/{upstream}/environment.yaml)."
                    f"{suggest_name(upstream, environments)}",
                    "Name a folder under environments/, or remove it from upstream:.",
                )


POLICY = Policy(id="references-exist", documentation=__doc__, check=check)
