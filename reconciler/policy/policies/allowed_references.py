"""Images, Secrets and service accounts are among the allowed ones.

What it checks
    What the layers set as `serving.image` is a stock image, one of the environment's own
    (`platform.servers`), or covered by a pattern of `allow.images`; `serving.serviceAccount` by one of
    `allow.serviceAccounts`; and each Secret that `artifacts:` names by one of `allow.secrets`.

Why
    Whoever may create model servers in a namespace can run any image there, with any of its Secrets and
    service accounts. What declarations may name is therefore decided by the environment's owners, and
    cannot be waived.

Example
    serving: {image: "docker.io/somebody/server:latest"}

Fix
    Use an allowed image, Secret or service account, or ask the environment's owners to add it to `allow:`
    in environment.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.clusters import ClusterView, view_clusters
from reconciler.policy.context import Context, PlacedDeployment
from reconciler.policy.engine import Policy
from reconciler.policy.layers import MergedServing
from reconciler.policy.patterns import matches_any
from reconciler.policy.servers import STOCK_IMAGES, platform_images
from reconciler.state.declarations import Allow, Environment
from reconciler.state.findings import Finding
from reconciler.state.repository import Entry


def check(context: Context) -> Iterator[Finding]:
    own_images: dict[str, frozenset[str]] = {}
    for name, entry in context.environments():
        views = view_clusters(entry.declaration)
        own_images[name] = frozenset().union(*(platform_images(view.platform) for view in views))
        yield from _check_secrets(name, entry, views)
    for deployment in context.served:
        environment = deployment.environment.environment
        if environment is None:
            continue
        allow = environment.declaration.allow
        for serving, _ in deployment.distinct_containers():
            yield from _check_image(deployment, serving, allow, own_images[deployment.environment.name])
        for serving, _ in deployment.distinct_servings():
            yield from _check_account(deployment, serving, allow)


def _check_image(
    deployment: PlacedDeployment, serving: MergedServing, allow: Allow, own: frozenset[str]
) -> Iterator[Finding]:
    image = serving.serving.image
    if image is None or image in STOCK_IMAGES or image in own or matches_any(image, allow.images):
        return
    yield POLICY.finding(
        deployment.place(serving, "image"),
        f"{deployment.id}: image {image}{deployment.say_origin(serving, 'image')} is not allowed here "
        f"({_list_allowed(allow.images)}).",
        _advise(deployment.environment.name, "images"),
    )


def _check_account(deployment: PlacedDeployment, serving: MergedServing, allow: Allow) -> Iterator[Finding]:
    account = serving.serving.service_account
    if account is None or matches_any(account, allow.service_accounts):
        return
    yield POLICY.finding(
        deployment.place(serving, "serviceAccount"),
        f"{deployment.id}: service account {account}{deployment.say_origin(serving, 'serviceAccount')} "
        "is not allowed here "
        f"({_list_allowed(allow.service_accounts)}).",
        _advise(deployment.environment.name, "serviceAccounts"),
    )


def _check_secrets(name: str, entry: Entry[Environment], views: tuple[ClusterView, ...]) -> Iterator[Finding]:
    allow = entry.declaration.allow
    for view in views:
        for index, mapping in enumerate(view.artifacts):
            if mapping.secret is not None and not matches_any(mapping.secret, allow.secrets):
                yield POLICY.finding(
                    entry.document.at(*view.artifacts_path, index, "secret"),
                    f"{name}: Secret {mapping.secret} is not allowed here ({_list_allowed(allow.secrets)}).",
                    _advise(name, "secrets"),
                )


def _list_allowed(patterns: tuple[str, ...]) -> str:
    return f"allowed: {', '.join(patterns)}" if patterns else "none is allowed"


def _advise(environment: str, key: str) -> str:
    file = f"environments/{environment}/environment.yaml"
    return f"Use an allowed one, or have it added to allow.{key} in {file}."


POLICY = Policy(id="allowed-references", documentation=__doc__, check=check)
