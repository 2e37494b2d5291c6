"""What policies look at: a repository with its parts brought together once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from reconciler.policy.layers import MergedServing, merge_serving, serving_layers
from reconciler.policy.naming import predictor_name
from reconciler.state.declarations import Deployment, Environment, Variant, VersionRecord
from reconciler.state.documents import Location, PathKey
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedVariant:
    """A variant, its `index` in the file, the predictor it becomes, and its settings from all layers."""

    index: int
    variant: Variant
    predictor: str
    serving: MergedServing

    @property
    def name(self) -> str:
        """What people call it: its version, else its name, else its place in the file."""
        if self.variant.version is not None:
            return f"v{self.variant.version}"
        return self.variant.name or f"variant {self.index + 1}"


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

    def record_of(self, placed: PlacedVariant) -> Entry[VersionRecord] | None:
        """The record of the variant's version, if there is a readable one."""
        version = placed.variant.version
        if self.model is None or version is None:
            return None
        return self.model.records.get(version)

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
        """Each different merged serving block once, with the variants that it is for."""
        groups: dict[int, list[PlacedVariant]] = {}
        for placed in self.variants:
            groups.setdefault(id(placed.serving), []).append(placed)
        for members in groups.values():
            yield members[0].serving, tuple(members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A repository, what it was before the change (None: not known), and its deployments in order of name.

    `deployments` are all that could be parsed, `served` those that are not to end (`retire`).
    """

    repository: Repository
    base: Repository | None = None
    deployments: tuple[PlacedDeployment, ...] = dataclass_field(init=False)
    served: tuple[PlacedDeployment, ...] = dataclass_field(init=False)

    def __post_init__(self) -> None:
        # A frozen dataclass has no other way to fill the fields that follow from the given ones.
        object.__setattr__(self, "deployments", _place_all(self.repository))
        served = tuple(placed for placed in self.deployments if not _is_retired(placed))
        object.__setattr__(self, "served", served)

    def environments(self) -> Iterator[tuple[str, Entry[Environment]]]:
        """Each environment with a readable environment.yaml, in order of name."""
        for name, entry in sorted(self.repository.environments.items()):
            if entry.environment is not None:
                yield name, entry.environment


def _place_all(repository: Repository) -> tuple[PlacedDeployment, ...]:
    merger = _Merger(repository)
    return tuple(
        _place(repository, environment, name, entry, merger)
        for _, environment in sorted(repository.environments.items())
        for name, entry in sorted(environment.deployments.items())
    )


class _Merger:
    """Merges layers, giving the same object for the same layers: most variants have none of their own."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._merged: dict[tuple[tuple[str, tuple[PathKey, ...]], ...], MergedServing] = {}

    def merge(
        self, environment: EnvironmentEntry, model: ModelEntry, entry: Entry[Deployment], index: int
    ) -> MergedServing:
        layers = serving_layers(self._repository, environment, model, entry, index)
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
    variants = tuple(
        PlacedVariant(
            index=index,
            variant=variant,
            predictor=predictor_name(variant),
            serving=merger.merge(environment, layered, entry, index),
        )
        for index, variant in enumerate(entry.declaration.variants)
    )
    return PlacedDeployment(environment=environment, name=name, entry=entry, model=model, variants=variants)


def _is_retired(placed: PlacedDeployment) -> bool:
    environment = placed.environment.environment
    return placed.entry.declaration.retire or (environment is not None and environment.declaration.retire)
