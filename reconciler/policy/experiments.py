"""The two sides of a declared experiment, and the variants that they name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.policy.changes import Pin, list_pins
from reconciler.policy.context import Context
from reconciler.policy.placed import PlacedDeployment, PlacedVariant
from reconciler.state.declarations import Experiment
from reconciler.state.documents import Location, PathKey
from reconciler.state.moments import find_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A variant as an experiment names it, and where; `placed` is None where no live one has that name."""

    role: str
    said: str
    path: tuple[PathKey, ...]
    placed: PlacedVariant | None
    deployment: PlacedDeployment

    @property
    def location(self) -> Location:
        return self.deployment.at("experiment", *self.path)

    @property
    def pins(self) -> tuple[Pin, ...]:
        """What it serves, by the names of its containers; none where nobody knows."""
        if self.placed is None:
            return ()
        pins = (pin for pin in list_pins(self.deployment) if pin.variant is self.placed)
        return tuple(sorted(pins, key=lambda pin: pin.container.name))

    def is_same(self, other: Side) -> bool:
        """Whether both serve the same versions; of what serves none that are known, by the name."""
        if not self.pins or not other.pins:
            return self.said == other.said
        return len(self.pins) == len(other.pins) and all(
            mine.is_same(its) for mine, its in zip(self.pins, other.pins, strict=True)
        )


def list_experiments(
    deployments: tuple[PlacedDeployment, ...],
) -> Iterator[tuple[PlacedDeployment, Experiment]]:
    """The deployments that declare an experiment, with it."""
    for placed in deployments:
        experiment = placed.entry.declaration.experiment
        if experiment is not None:
            yield placed, experiment


def list_sides(deployment: PlacedDeployment, experiment: Experiment) -> tuple[Side, ...]:
    """The baseline, then the challengers in their order."""
    challengers = tuple(
        _find_side(deployment, "challenger", said, ("challengers", index))
        for index, said in enumerate(experiment.challengers)
    )
    return (_find_side(deployment, "baseline", experiment.baseline, ("baseline",)), *challengers)


def find_running(context: Context) -> Iterator[tuple[PlacedDeployment, Experiment]]:
    """The experiments of the base that have not ended."""
    for placed, experiment in list_experiments(context.before):
        end = find_end(experiment.until)
        if context.now is not None and end is not None and context.now < end:
            yield placed, experiment


def _find_side(deployment: PlacedDeployment, role: str, said: str, path: tuple[PathKey, ...]) -> Side:
    found = next((placed for placed in deployment.live if said in (placed.name, placed.predictor)), None)
    return Side(role=role, said=said, path=path, placed=found, deployment=deployment)
