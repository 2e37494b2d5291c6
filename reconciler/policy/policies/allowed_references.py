"""Images, Secrets, accounts and priorities are among the allowed ones.

What it checks
    Each image that a layer, a graph's node, an explainer or `storage` names is a stock image, one of the
    environment's own (`platform.servers`), or covered by a pattern of `allow.images`; each service account
    by one of `allow.serviceAccounts`, each priority class by one of `allow.priorityClasses`; and each Secret
    that `artifacts:`, `storage` or `secretEnv` names by one of `allow.secrets`.

Why
    Whoever may create model servers in a namespace can run any image there, with any of its Secrets and
    service accounts. What declarations may name is therefore decided by the environment's owners, and
    cannot be waived.

Example
    serving: {image: "docker.io/somebody/server:latest"}

Fix
    Use an allowed image, Secret, account or class, or ask the environment's owners to add it to `allow:` in
    environment.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reconciler.policy.clusters import ClusterView, view_clusters
from reconciler.policy.context import Context, PlacedDeployment
from reconciler.policy.engine import Policy
from reconciler.policy.images import list_images
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
        yield from _check_images(deployment, allow, own_images[deployment.environment.name])
        for named in _list_names(deployment):
            if not matches_any(named.name, named.kind.patterns(allow)):
                yield _refuse(deployment, named, allow)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A kind of thing that declarations may name: what people call it, and its key under `allow`."""

    title: str
    key: str
    patterns: Callable[[Allow], tuple[str, ...]]


_ACCOUNT = _Kind(
    title="service account", key="serviceAccounts", patterns=lambda allow: allow.service_accounts
)
_SECRET = _Kind(title="Secret", key="secrets", patterns=lambda allow: allow.secrets)
_PRIORITY = _Kind(
    title="priority class", key="priorityClasses", patterns=lambda allow: allow.priority_classes
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A name, and the field of a merged serving block that gives it."""

    kind: _Kind
    name: str
    serving: MergedServing
    field: str


def _list_names(deployment: PlacedDeployment) -> Iterator[_Named]:
    for merged, _ in deployment.distinct_servings():
        serving, explainer = merged.serving, merged.serving.explainer
        yield from _name(_ACCOUNT, merged, "serviceAccount", serving.service_account)
        yield from _name(_PRIORITY, merged, "priorityClass", serving.priority_class)
        if explainer is not None:
            yield from _name(_ACCOUNT, merged, "explainer.serviceAccount", explainer.service_account)
            storage = explainer.storage
            yield from _name(
                _SECRET, merged, "explainer.storage.secret", None if storage is None else storage.secret
            )
    for merged, _ in deployment.distinct_containers():
        storage = merged.serving.storage
        yield from _name(_SECRET, merged, "storage.secret", None if storage is None else storage.secret)
        for variable, source in (merged.serving.secret_env or {}).items():
            yield from _name(_SECRET, merged, f"secretEnv.{variable}", source.secret)


def _name(kind: _Kind, serving: MergedServing, field: str, name: str | None) -> Iterator[_Named]:
    if name is not None:
        yield _Named(kind=kind, name=name, serving=serving, field=field)


def _refuse(deployment: PlacedDeployment, named: _Named, allow: Allow) -> Finding:
    origin = deployment.say_origin(named.serving, named.field)
    return POLICY.finding(
        deployment.place(named.serving, named.field),
        f"{deployment.id}: {named.kind.title} {named.name}{origin} is not allowed here "
        f"({_list_allowed(named.kind.patterns(allow))}).",
        _advise(deployment.environment.name, named.kind.key),
    )


def _check_images(deployment: PlacedDeployment, allow: Allow, own: frozenset[str]) -> Iterator[Finding]:
    for named in list_images(deployment):
        image = named.image
        if image in STOCK_IMAGES or image in own or matches_any(image, allow.images):
            continue
        yield POLICY.finding(
            named.location,
            f"{deployment.id}: image {image}{named.origin} is not allowed here "
            f"({_list_allowed(allow.images)}).",
            _advise(deployment.environment.name, "images"),
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
