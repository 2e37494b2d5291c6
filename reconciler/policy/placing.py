"""Bringing the parts of deployments together, each set of layers merged once."""

from __future__ import annotations

from reconciler.policy.graphs import list_nodes, type_of
from reconciler.policy.layers import Layer, MergedServing, merge_serving, node_layers, serving_layers
from reconciler.policy.naming import predictor_name
from reconciler.policy.placed import PlacedContainer, PlacedDeployment, PlacedVariant, name_variant
from reconciler.state.declarations import Deployment, Variant
from reconciler.state.documents import PathKey
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository


def place_all(repository: Repository) -> tuple[PlacedDeployment, ...]:
    """All deployments that could be parsed, by environment and name."""
    merger = _Merger(repository)
    return tuple(
        placed
        for _, environment in sorted(repository.environments.items())
        for placed in _place_environment(repository, environment, merger)
    )


def place_environment(repository: Repository, environment: EnvironmentEntry) -> tuple[PlacedDeployment, ...]:
    """The deployments of one environment that could be parsed, by name."""
    return _place_environment(repository, environment, _Merger(repository))


def _place_environment(
    repository: Repository, environment: EnvironmentEntry, merger: _Merger
) -> tuple[PlacedDeployment, ...]:
    return tuple(
        _place(repository, environment, name, entry, merger)
        for name, entry in sorted(environment.deployments.items())
    )


class _Merger:
    """Merges layers, giving the same object for the same layers: most variants have none of their own."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._merged: dict[tuple[tuple[str, tuple[PathKey, ...]], ...], MergedServing] = {}

    def layers(
        self, environment: EnvironmentEntry, model: ModelEntry, entry: Entry[Deployment], index: int
    ) -> tuple[Layer, ...]:
        return serving_layers(self._repository, environment, model, entry, index)

    def merge(self, layers: tuple[Layer, ...]) -> MergedServing:
        key = tuple((layer.document.file, layer.path) for layer in layers)
        found = self._merged.get(key)
        if found is None:
            found = self._merged[key] = merge_serving(layers)
        return found


def _place(
    repository: Repository,
    environment: EnvironmentEntry,
    name: str,
    entry: Entry[Deployment],
    merger: _Merger,
) -> PlacedDeployment:
    model = repository.models.get(entry.declaration.model)
    # Without the model's folder its layer is missing; the other layers still say what they say.
    layered = model if model is not None else ModelEntry(name=entry.declaration.model)
    variants: list[PlacedVariant] = []
    for index, variant in enumerate(entry.declaration.variants):
        serving = merger.merge(merger.layers(environment, layered, entry, index))
        containers = (
            _place_nodes(repository, environment, entry, index, merger)
            if variant.graph is not None
            else (_place_single(entry, variant, index, model, serving),)
        )
        variants.append(
            PlacedVariant(
                index=index,
                variant=variant,
                predictor=predictor_name(variant),
                serving=serving,
                containers=containers,
                explainer_model=_find_explainer(repository, serving),
            )
        )
    return PlacedDeployment(
        environment=environment, name=name, entry=entry, model=model, variants=tuple(variants)
    )


def _place_single(
    entry: Entry[Deployment], variant: Variant, index: int, model: ModelEntry | None, serving: MergedServing
) -> PlacedContainer:
    return PlacedContainer(
        index=index,
        name=entry.declaration.model,
        title=name_variant(variant, index),
        type="model",
        folder=entry.declaration.model,
        model=model,
        version=variant.version,
        serving=serving,
        path=(),
    )


def _place_nodes(
    repository: Repository,
    environment: EnvironmentEntry,
    entry: Entry[Deployment],
    index: int,
    merger: _Merger,
) -> tuple[PlacedContainer, ...]:
    variant = entry.declaration.variants[index]
    containers: list[PlacedContainer] = []
    for placed in list_nodes(variant):
        node = placed.node
        folder = node.model if node.model is not None else entry.declaration.model
        model = repository.models.get(folder)
        layers = merger.layers(environment, model or ModelEntry(name=folder), entry, index)
        path = ("variants", index, *placed.path)
        containers.append(
            PlacedContainer(
                index=index,
                name=node.name,
                title=f"{name_variant(variant, index)}/{node.name}",
                type=type_of(node),
                folder=node.model,
                model=model if node.model is not None else None,
                version=node.version,
                serving=merge_serving(node_layers(layers, entry.document, node, path)),
                path=placed.path,
                node=placed,
            )
        )
    return tuple(containers)


def _find_explainer(repository: Repository, serving: MergedServing) -> ModelEntry | None:
    explainer = serving.serving.explainer
    return None if explainer is None else repository.models.get(explainer.model or "")
