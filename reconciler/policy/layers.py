"""Serving settings from all their layers, and which layer gave each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeVar

from reconciler.state.declarations import Declaration, Deployment, ResourceList, Resources, Serving
from reconciler.state.documents import Document, Location, PathKey
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One `serving` block: `path` leads to it in its document."""

    name: str
    serving: Serving
    document: Document
    path: tuple[PathKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedServing:
    """Serving settings after all layers, which are kept in their order: the last one wins."""

    serving: Serving
    layers: tuple[Layer, ...]

    def value(self, field: str) -> Any:
        """What the layers together say of a field; None if they say nothing.

        Fields are named by their YAML keys: `replicas`, `resources.limits.memory`, `env.NAME`.
        """
        return _look_up(self.serving, _split(field))

    def origin(self, field: str) -> Location | None:
        """Where the layer that decides a field says so; None if no layer does.

        Of a mapping it is the last layer that adds to it.
        """
        keys = _split(field)
        for layer in reversed(self.layers):
            if _look_up(layer.serving, keys) is not None:
                return layer.document.at(*layer.path, *keys)
        return None


def serving_layers(
    repository: Repository,
    environment: EnvironmentEntry,
    model: ModelEntry,
    deployment: Entry[Deployment],
    variant_index: int | None,
) -> tuple[Layer, ...]:
    """The serving blocks that a variant is under: defaults, environment, model, deployment, variant.

    Blocks that are missing or could not be read are left out. Without a `variant_index` those that all
    variants of the deployment share.
    """
    layers: list[Layer] = []

    def add(name: str, serving: Serving | None, document: Document, *path: PathKey) -> None:
        if serving is not None:
            layers.append(Layer(name=name, serving=serving, document=document, path=(*path, "serving")))

    if repository.defaults is not None:
        add("defaults", repository.defaults.declaration.serving, repository.defaults.document)
    if environment.environment is not None:
        entry = environment.environment
        add("environment", entry.declaration.serving, entry.document)
    if model.model is not None:
        add("model", model.model.declaration.serving, model.model.document)
    add("deployment", deployment.declaration.serving, deployment.document)
    if variant_index is not None:
        variant = deployment.declaration.variants[variant_index]
        add("variant", variant.serving, deployment.document, "variants", variant_index)
    return tuple(layers)


def merge_serving(layers: Sequence[Layer]) -> MergedServing:
    """Merge serving blocks: scalars of a later layer replace, mappings merge key by key."""
    merged = reduce(_merge, (layer.serving for layer in layers), _NOTHING)
    return MergedServing(serving=merged, layers=tuple(layers))


_NOTHING = Serving.model_construct(_fields_set=set())

_ALIASES = {"serviceAccount": "service_account"}


def _merge(lower: Serving, upper: Serving) -> Serving:
    if lower is _NOTHING:
        return upper
    # model_construct: both sides are validated already, and thousands of them are merged in a run.
    return Serving.model_construct(
        server=_pick(lower.server, upper.server),
        protocol=_pick(lower.protocol, upper.protocol),
        replicas=_pick(lower.replicas, upper.replicas),
        resources=_merge_resources(lower.resources, upper.resources),
        image=_pick(lower.image, upper.image),
        service_account=_pick(lower.service_account, upper.service_account),
        env=_merge_env(lower.env, upper.env),
        startup=_pick(lower.startup, upper.startup),
    )


def _pick(lower: T | None, upper: T | None) -> T | None:
    return lower if upper is None else upper


def _merge_resources(lower: Resources | None, upper: Resources | None) -> Resources | None:
    if lower is None or upper is None:
        return _pick(lower, upper)
    return Resources.model_construct(
        requests=_merge_amounts(lower.requests, upper.requests),
        limits=_merge_amounts(lower.limits, upper.limits),
    )


def _merge_amounts(lower: ResourceList | None, upper: ResourceList | None) -> ResourceList | None:
    if lower is None or upper is None:
        return _pick(lower, upper)
    return ResourceList.model_construct(
        cpu=_pick(lower.cpu, upper.cpu), memory=_pick(lower.memory, upper.memory)
    )


def _merge_env(lower: Mapping[str, str] | None, upper: Mapping[str, str] | None) -> Mapping[str, str] | None:
    if lower is None or upper is None:
        return _pick(lower, upper)
    return {**lower, **upper}


def _split(field: str) -> list[str]:
    # A variable's name may hold dots itself.
    return field.split(".", 1 if field.startswith("env.") else -1)


def _look_up(serving: Serving, keys: Iterable[str]) -> Any:
    value: Any = serving
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Declaration):
            name = _ALIASES.get(key, key)
            value = getattr(value, name) if name in type(value).model_fields else None
        else:
            return None
    return value
