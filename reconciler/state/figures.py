"""What a record keeps for those who only look: numbers of the last run, and how the target stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from reconciler.state.observations import HealthWord
from reconciler.state.plans import Action
from reconciler.state.shares import Share


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RequestCount:
    """How many requests of one HTTP method got one answer; `status` is 0 where none came."""

    method: str
    status: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """Numbers of the last run that wrote the record. Alone they are never a reason to write it.

    `seconds` is its wall time up to then. `succeeded` is when a run before it last found or made the target
    equal, as far as the record tells; None for never. `objects` counts what became of each object.
    """

    finished: datetime
    outcome: int
    seconds: float
    succeeded: datetime | None = None
    objects: tuple[tuple[Action, int], ...] = ()
    requests: tuple[RequestCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStanding:
    """One deployment: its declared shares, and how healthy it was when a run last looked."""

    deployment: str
    model: str
    shares: tuple[Share, ...]
    health: HealthWord


class ExceptionKind(str, Enum):
    """What keeps sync from changing something; a closed window counts as a freeze."""

    FREEZE = "freeze"
    SUSPENSION = "suspension"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionInForce:
    """A freeze or suspension that held when a run last looked; `deployment` is `all` for the whole target.

    `until` is None where its end is not a moment, such as the next opening of a window.
    """

    kind: ExceptionKind
    deployment: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the target stood at the end of a run; the same from run to run while nothing happens to it.

    `drift` counts objects that differ with no new revision and were left so, `held` those that a guard kept
    from being pruned. `ingress` is what holds the routes, as environment.yaml names it.
    """

    drift: int = 0
    held: int = 0
    ingress: str = ""
    deployments: tuple[DeploymentStanding, ...] = ()
    exceptions: tuple[ExceptionInForce, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailure:
    """A run that ended before it could decide anything; told once for each revision and message.

    `revision` is empty where the run ended before it knew one. `seen` is when the repository last answered,
    where that is why. A run that `went_on` did so with what the repository said then; that is told once for
    each such time.
    """

    at: datetime
    revision: str
    outcome: int
    message: str
    seen: datetime | None = None
    went_on: bool = False
