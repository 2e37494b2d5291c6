"""Serving settings from all their layers, and which layer gave each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from typing import Any, TypeVar

from reconciler.state.declarations import (
    ContainerSettings,
    Declaration,
    Deployment,
    GraphNode,
    Serving,
)
from reconciler.state.documents import Document, Location, PathKey
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository


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


def node_layers(
    layers: Sequence[Layer], document: Document, node: GraphNode, path: tuple[PathKey, ...]
) -> tuple[Layer, ...]:
    """The layers of a graph's node: those of its variant, with its own model's, and the node's last.

    Of the variant's layers a node takes what is about containers. A component, which is no model server,
    takes neither server, image, port, parameters nor storage from them, and of a model's own settings only
    those that hold for whoever calls it. A logger stands at the graph's root, so that each request is logged
    once, unless a node asks for its own.
    """
    is_root = len(path) == _ROOT_DEPTH
    lower = tuple(
        replace(layer, serving=_select(layer.serving, _taken(layer.name, node, is_root=is_root)))
        for layer in layers
    )
    own = _select(node, _CONTAINER_FIELDS)
    if node.model is None and node.server is None:
        own = own.model_copy(update={"server": "custom"})
    return (*lower, Layer(name="node", serving=own, document=document, path=path))


def merge_serving(layers: Sequence[Layer]) -> MergedServing:
    """Merge serving blocks: scalars of a later layer replace, mappings merge key by key."""
    servings = [layer.serving for layer in layers] or [_NOTHING]
    merged = reduce(_merge, servings)
    return MergedServing(serving=merged, layers=tuple(layers))


_NOTHING = Serving.model_construct(_fields_set=set())

_CONTAINER_FIELDS = frozenset(ContainerSettings.model_fields)
_COMPONENT_FIELDS = _CONTAINER_FIELDS - {"server", "image", "port", "parameters", "storage"}
_CALLERS_FIELDS = frozenset({"protocol", "request_logger"})
_ROOT_DEPTH = len(("variants", 0, "graph"))


def _taken(layer: str, node: GraphNode, *, is_root: bool) -> frozenset[str]:
    """The settings that a node takes from a layer of its variant."""
    fields = _CONTAINER_FIELDS
    if node.model is None:
        fields = _CALLERS_FIELDS if layer == "model" else _COMPONENT_FIELDS
    return fields if is_root else fields - {"request_logger"}


def _select(settings: ContainerSettings, names: frozenset[str]) -> Serving:
    said = {name: getattr(settings, name) for name in settings.model_fields_set if name in names}
    return Serving.model_construct(_fields_set=set(said), **said)


D = TypeVar("D", bound=Declaration)


def _merge(lower: D, upper: D) -> D:
    # A copy is not validated again: both sides are, and thousands of them are merged in a run.
    said = {name: _merge_value(getattr(lower, name), getattr(upper, name)) for name in upper.model_fields_set}
    return lower.model_copy(update=said)


def _merge_value(lower: Any, upper: Any) -> Any:
    if lower is None or upper is None:
        return lower if upper is None else upper
    if isinstance(lower, Declaration) and isinstance(upper, Declaration):
        return _merge(lower, upper)
    if isinstance(lower, Mapping) and isinstance(upper, Mapping):
        return {**lower, **upper}
    return upper


@cache
def _field_names(kind: type[Declaration]) -> Mapping[str, str]:
    """Key in YAML → name in Python."""
    return {field.alias or name: name for name, field in kind.model_fields.items()}


def _split(field: str) -> list[str]:
    # Names of variables, labels and annotations may hold dots themselves.
    for block in _FREE_BLOCKS:
        if field.startswith(f"{block}."):
            return [*block.split("."), field.removeprefix(f"{block}.")]
    return field.split(".")


_FREE_BLOCKS = ("env", "secretEnv", "parameters", "nodeSelector", "annotations", "orchestrator.env")


def _look_up(serving: Serving, keys: Iterable[str]) -> Any:
    value: Any = serving
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Declaration):
            name = _field_names(type(value)).get(key)
            value = None if name is None else getattr(value, name)
        else:
            return None
    return value
