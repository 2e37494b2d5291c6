"""How a run went, target by target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.state.inventory import ObjectResult, TargetRecord
from reconciler.state.observations import Health
from reconciler.state.outcomes import Outcome, worst
from reconciler.state.plans import Plan
from reconciler.state.shares import Share
from reconciler.state.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRun:
    """One target's part of a run.

    `target` may lack a namespace where the run ended before it was known. `plan` is what was applied, or
    refused, or found empty; `results` hold one entry for each change of it. `message` says why the run
    ended early (unreachable, a missing right, a held Lease). `requests` counts API requests, `seconds`
    is wall time.
    """

    target: Target
    revision: str
    outcome: Outcome
    plan: Plan | None = None
    results: tuple[ObjectResult, ...] = ()
    health: tuple[Health, ...] = ()
    message: str = ""
    notes: tuple[str, ...] = ()
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
    its organisation manifests that are not as declared.
    """

    environment: str
    name: str
    declared: tuple[Share, ...] | None
    applied: tuple[Share, ...] | None
    health: Health
    extras: tuple[Health, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """What status says of one target; `message` says why it could not be seen."""

    target: Target
    outcome: Outcome
    record: TargetRecord | None = None
    deployments: tuple[DeploymentStatus, ...] = ()
    message: str = ""
    seen: datetime | None = None
