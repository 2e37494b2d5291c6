"""What a change does to the versions that deployments serve: the pins before and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from reconciler.policy.context import Context
from reconciler.policy.placed import PlacedContainer, PlacedDeployment, PlacedVariant
from reconciler.state.documents import Location
from reconciler.state.history import ServedSpan

SMALL_SHARE = 10
"""Percent of live requests up to which a version counts as one that is being tried."""


class Role(IntEnum):
    """How much a version can do here, from nothing upwards."""

    NONE = 0
    SHADOW = 1
    UP_TO_10 = 2
    ABOVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A registry version that a variant serves. `digest` is that of its record, empty where there is none."""

    model: str
    version: int
    digest: str
    variant: PlacedVariant
    container: PlacedContainer

    @property
    def name(self) -> str:
        """`v5`, or with its model where the model is not the deployment's own: `prices v5`."""
        return f"v{self.version}" if self.container.node is None else f"{self.model} v{self.version}"

    @property
    def role(self) -> Role:
        return find_role(self.variant)

    @property
    def share(self) -> int:
        """Percent of live requests; none for a shadow."""
        return self.variant.variant.traffic or 0

    def is_same(self, other: Pin) -> bool:
        """Whether both are the same version: equal artifacts, or the same number where one has no record."""
        if self.digest and other.digest:
            return self.digest == other.digest
        return self.model == other.model and self.version == other.version

    def was(self, span: ServedSpan) -> bool:
        """Whether a span of the history is one of this version."""
        return span.is_same_version(self.model, self.version, self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A deployment whose versions or shares differ; None on the side on which it does not serve."""

    before: PlacedDeployment | None
    after: PlacedDeployment | None

    @property
    def pins_before(self) -> tuple[Pin, ...]:
        return () if self.before is None else list_pins(self.before)


def find_role(placed: PlacedVariant) -> Role:
    """What a variant's share lets it do."""
    if placed.variant.shadow is not None:
        return Role.SHADOW
    share = placed.variant.traffic or 0
    if share == 0:
        return Role.NONE
    return Role.UP_TO_10 if share <= SMALL_SHARE else Role.ABOVE


def list_pins(deployment: PlacedDeployment) -> tuple[Pin, ...]:
    """The versions that answer or could answer requests of a deployment; not those of explainers."""
    return tuple(_list_pins(deployment.variants))


def list_changed(context: Context) -> tuple[Changed, ...]:
    """The deployments whose versions or shares the change touches, in order of name."""
    return context.once(_find_changed)


def _find_changed(context: Context) -> tuple[Changed, ...]:
    return tuple(_compare_all(context))


def _compare_all(context: Context) -> Iterator[Changed]:
    before = {placed.id: placed for placed in context.before}
    after = {placed.id: placed for placed in context.served}
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or _summarize(old) != _summarize(new):
            yield Changed(before=old, after=new)


def list_live(pins: Iterable[Pin]) -> tuple[Pin, ...]:
    """Those that answer requests."""
    return tuple(pin for pin in pins if pin.share > 0)


def list_new(changed: Changed) -> Iterator[Pin]:
    """The versions that may do more after the change than before, each at its largest."""
    if changed.after is None:
        return
    before = changed.pins_before
    told: list[Pin] = []
    for pin in sorted(list_pins(changed.after), key=lambda pin: -pin.role):
        had = max((old.role for old in before if old.is_same(pin)), default=Role.NONE)
        if pin.role > had and not any(pin.is_same(other) for other in told):
            told.append(pin)
            yield pin


def list_entered(changed: Changed) -> Iterator[Pin]:
    """The versions that were not there before the change, those without traffic among them."""
    if changed.after is not None:
        known = changed.pins_before
        yield from (pin for pin in list_pins(changed.after) if not any(old.is_same(pin) for old in known))


def place_of(deployment: PlacedDeployment, pin: Pin) -> Location:
    """Where the deployment's file names the version."""
    return deployment.container_at(pin.container, "version")


def _list_pins(variants: Iterable[PlacedVariant]) -> Iterator[Pin]:
    for variant in variants:
        for container in variant.containers:
            if container.folder is None or container.version is None:
                continue
            record = None if container.model is None else container.model.records.get(container.version)
            yield Pin(
                model=container.folder,
                version=container.version,
                digest="" if record is None else record.declaration.identity.digest,
                variant=variant,
                container=container,
            )


def _summarize(deployment: PlacedDeployment) -> tuple[object, ...]:
    shares = tuple(
        (placed.predictor, placed.variant.traffic, placed.variant.shadow) for placed in deployment.variants
    )
    pins = tuple((pin.model, pin.version, pin.digest, pin.variant.index) for pin in list_pins(deployment))
    return (shares, pins)
