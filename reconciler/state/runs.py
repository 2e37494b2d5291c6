"""How a run went, target by target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.state.figures import ExceptionInForce
from reconciler.state.inventory import GoodSet, ObjectResult, TargetRecord
from reconciler.state.objects import ObjectKey
from reconciler.state.observations import Health
from reconciler.state.outcomes import Outcome, worst
from reconciler.state.plans import Plan
from reconciler.state.routes import DeploymentRoutes, Routes
from reconciler.state.shares import Share
from reconciler.state.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRun:
    """One target's part of a run.

    `target` may lack a namespace where the run ended before it was known. `plan` is what was applied, or
    refused, or found empty; `results` hold one entry for each change of it. `message` says why the run
    ended early (unreachable, a missing right, a held Lease). `requests` counts API requests, `seconds`
    is wall time. `routes` are those at the end, where something was written or is waited for.
    """

    target: Target
    revision: str
    outcome: Outcome
    plan: Plan | None = None
    results: tuple[ObjectResult, ...] = ()
    health: tuple[Health, ...] = ()
    message: str = ""
    notes: tuple[str, ...] = ()
    routes: Routes | None = None
    requests: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A whole run: one commit, any number of targets."""

    revision: str
    targets: tuple[TargetRun, ...]

    @property
    def outcome(self) -> Outcome:
        return worst(target.outcome for target in self.targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStatus:
    """What status says of one deployment.

    `declared` comes from git, `applied` from the live object; None where there is no such side. `extras` are
    its organisation manifests that are not as declared. `routed` is what the ingress was told and `served`
    how many requests each predictor answered in the window; None where they are not known. `good` is the set
    that served well last; `notes` say what differs, why, and what to do.
    """

    environment: str
    name: str
    declared: tuple[Share, ...] | None
    applied: tuple[Share, ...] | None
    health: Health
    extras: tuple[Health, ...] = ()
    routed: DeploymentRoutes | None = None
    served: Mapping[str, int] | None = None
    good: GoodSet | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """What status says of one target; `message` says why it could not be seen.

    `window` is how far back requests were counted, in seconds; `routed_unknown` and `served_unknown` say why
    these are not known. `leftovers` are objects that the operator made for predictors that are no more;
    `notes` say what else could not be seen. `at` is when all this was seen. `in_force` are sentences on the
    declared exceptions that hold then, `exceptions` those of them that keep sync from changing something.
    """

    target: Target
    outcome: Outcome
    record: TargetRecord | None = None
    deployments: tuple[DeploymentStatus, ...] = ()
    message: str = ""
    window: int = 0
    routed_unknown: str = ""
    served_unknown: str = ""
    leftovers: tuple[ObjectKey, ...] = ()
    notes: tuple[str, ...] = ()
    at: datetime | None = None
    in_force: tuple[str, ...] = ()
    exceptions: tuple[ExceptionInForce, ...] = ()
