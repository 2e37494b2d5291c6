"""Deployments with their parts brought together: variants, containers and the models that they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.policy.graphs import Placed
from reconciler.policy.layers import MergedServing
from reconciler.state.declarations import Deployment, NodeType, Variant, VersionRecord
from reconciler.state.documents import Location, PathKey
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedContainer:
    """One container of a variant: its only model server, or a node of its graph (then `node` says which).

    `name` is the container's; `title` what people call it: `v5`, or `blend/red` for node red of variant
    blend. `folder` names the folder under models/ that a model comes from and `model` is that folder (None:
    there is none), both empty for a component. `path` leads to it from the variant with this `index`.
    """

    index: int
    name: str
    title: str
    type: NodeType | None
    folder: str | None
    model: ModelEntry | None
    version: int | None
    serving: MergedServing
    path: tuple[PathKey, ...]
    node: Placed | None = None

    @property
    def is_unread(self) -> bool:
        """Whether nobody knows what its model's own layer would say: there is no readable model.yaml."""
        return self.folder is not None and (self.model is None or self.model.model is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse:
    """A registered model's version that a deployment needs: for a container, or (None) a variant's explainer.

    `title` is what people call its user; `model` is None where there is no such folder under models/, and
    `version` where none is named.
    """

    title: str
    folder: str
    model: ModelEntry | None
    version: int | None
    deployment: PlacedDeployment
    variant: PlacedVariant
    container: PlacedContainer | None

    @property
    def record(self) -> Entry[VersionRecord] | None:
        """The version's record, if there is a readable one."""
        if self.model is None or self.version is None:
            return None
        return self.model.records.get(self.version)

    @property
    def named_at(self) -> Location:
        """Where the deployment's own file names the model."""
        if self.container is None:
            return self.deployment.place(self.variant.serving, "explainer.model")
        if self.container.node is None:
            return self.deployment.at("model")
        return self.deployment.container_at(self.container, "model")

    @property
    def version_at(self) -> Location:
        """Where the deployment's own file names the version."""
        if self.container is None:
            return self.deployment.place(self.variant.serving, "explainer.version")
        return self.deployment.container_at(self.container, "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedVariant:
    """A variant, its `index` in the file, the predictor it becomes, and its settings from all layers.

    Of a variant with a graph `serving` counts only for its Pods: its containers have their own settings.
    `explainer_model` is the folder that its explainer names (None: there is none).
    """

    index: int
    variant: Variant
    predictor: str
    serving: MergedServing
    containers: tuple[PlacedContainer, ...]
    explainer_model: ModelEntry | None = None

    @property
    def name(self) -> str:
        """What people call it: its version, else its name, else its place in the file."""
        return name_variant(self.variant, self.index)

    @property
    def pods(self) -> tuple[tuple[PlacedContainer, ...], ...]:
        """Containers by Pod: those that share one, with the orchestrator, then each that has its own.

        The order is that of the rendered componentSpecs; where each has its own, the first has it.
        """
        alone = [one.node is not None and one.node.node.own_pod for one in self.containers]
        shared = tuple(one for one, own in zip(self.containers, alone, strict=True) if not own)
        own = tuple((one,) for one, own in zip(self.containers, alone, strict=True) if own)
        return (shared, *own) if shared else own


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedDeployment:
    """A deployment in its environment, with the model that it names (None: there is no such folder)."""

    environment: EnvironmentEntry
    name: str
    entry: Entry[Deployment]
    model: ModelEntry | None
    variants: tuple[PlacedVariant, ...]

    @property
    def id(self) -> str:
        """The name that people read: `production/wines`."""
        return f"{self.environment.name}/{self.name}"

    @property
    def live(self) -> tuple[PlacedVariant, ...]:
        return tuple(placed for placed in self.variants if placed.variant.traffic is not None)

    @property
    def shadows(self) -> tuple[PlacedVariant, ...]:
        return tuple(placed for placed in self.variants if placed.variant.shadow is not None)

    @property
    def has_plain_roles(self) -> bool:
        """Whether each variant says exactly one of traffic and shadow, so that shares can be added up."""
        return all((v.variant.traffic is None) is not (v.variant.shadow is None) for v in self.variants)

    def at(self, *path: PathKey) -> Location:
        return self.entry.document.at(*path)

    def variant_at(self, placed: PlacedVariant, *path: PathKey) -> Location:
        return self.entry.document.at("variants", placed.index, *path)

    def container_at(self, container: PlacedContainer, *path: PathKey) -> Location:
        return self.entry.document.at("variants", container.index, *container.path, *path)

    def model_uses(self) -> Iterator[ModelUse]:
        """Every registered model that the deployment needs: those of its containers and of its explainers."""
        for placed in self.variants:
            for container in placed.containers:
                if container.folder is not None:
                    yield ModelUse(
                        title=container.title,
                        folder=container.folder,
                        model=container.model,
                        version=container.version,
                        deployment=self,
                        variant=placed,
                        container=container,
                    )
            explainer = placed.serving.serving.explainer
            if explainer is not None and explainer.model is not None:
                yield ModelUse(
                    title=f"explainer of {placed.name}",
                    folder=explainer.model,
                    model=placed.explainer_model,
                    version=explainer.version,
                    deployment=self,
                    variant=placed,
                    container=None,
                )

    def place(self, serving: MergedServing, *fields: str) -> Location:
        """Where this deployment's own file comes closest to giving the fields of a merged serving block.

        A fault that lies in the combination with other files is reported here too: only this deployment
        has it, and the other files serve others.
        """
        for name in fields:
            origin = serving.origin(name)
            if origin is not None and origin.file == self.entry.document.file:
                return origin
        return self.at("model")

    def say_origin(self, serving: MergedServing, field: str) -> str:
        """The place of a field in brackets, to follow its value; empty if it is in this deployment's file."""
        origin = serving.origin(field)
        return "" if origin is None or origin.file == self.entry.document.file else f" ({origin})"

    def distinct_servings(self) -> Iterator[tuple[MergedServing, tuple[PlacedVariant, ...]]]:
        """Each different serving block of variants once, with the variants that it is for."""
        groups: dict[int, list[PlacedVariant]] = {}
        for placed in self.variants:
            groups.setdefault(id(placed.serving), []).append(placed)
        for members in groups.values():
            yield members[0].serving, tuple(members)

    def distinct_containers(self) -> Iterator[tuple[MergedServing, tuple[PlacedContainer, ...]]]:
        """Each different block of containers' settings once, with the containers that it is for."""
        groups: dict[int, list[PlacedContainer]] = {}
        for placed in self.variants:
            for container in placed.containers:
                groups.setdefault(id(container.serving), []).append(container)
        for members in groups.values():
            yield members[0].serving, tuple(members)


def name_variant(variant: Variant, index: int) -> str:
    """What people call a variant: its version, else its name, else its place in the file."""
    if variant.version is not None:
        return f"v{variant.version}"
    return variant.name or f"variant {index + 1}"
