"""The layers together say which server and protocol a model is served with.

What it checks
    After all layers (defaults, environment, model, deployment, variant) `serving.server` and
    `serving.protocol` are given.

Why
    Neither has a value that would be right for every model: a wrong server cannot load it, and a wrong
    protocol breaks the clients.

Example
    # models/wines/model.yaml, with no serving: block in any other layer
    registeredModel: wine-quality
    owners: ["@wine-team"]

Fix
    Say both where they hold for all versions of the model, in its model.yaml:
    serving: {server: mlflow, protocol: v2}
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.wording import join_words
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        # Without a readable model.yaml its layer is missing, and nobody knows what it would have said.
        if deployment.model is None or deployment.model.model is None:
            continue
        for serving, members in deployment.distinct_containers():
            if members[0].is_unread:
                continue
            settings = serving.serving
            missing = [
                field
                for field, value in (("server", settings.server), ("protocol", settings.protocol))
                if value is None
            ]
            if missing:
                first = members[0]
                model = first.folder or deployment.model.name
                names = join_words([container.title for container in members])
                yield POLICY.finding(
                    deployment.at("model") if first.node is None else deployment.container_at(first),
                    f"{deployment.id}: no layer says the {join_words(missing)} of {model} {names}.",
                    f"Add {join_words([f'serving.{field}' for field in missing])} to "
                    f"models/{model}/model.yaml, such as serving: {{server: mlflow, protocol: v2}}",
                )


POLICY = Policy(id="serving-complete", documentation=__doc__, check=check)
