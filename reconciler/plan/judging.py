"""What guards judge, and what several of them ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from reconciler.state.exceptions import Waiver
from reconciler.state.inventory import GoodSet
from reconciler.state.objects import LiveObject
from reconciler.state.observations import Namespace
from reconciler.state.plans import Cause, Change, Op, Plan
from reconciler.state.quotas import Quota
from reconciler.state.routes import Routes

WAIVABLE_GUARDS = frozenset({"fits-quota", "history-continues", "max-prune", "keep-a-running-variant"})


class Ancestry(str, Enum):
    """How the commit of the last apply stands to the one of this run."""

    FIRST = "first"
    ANCESTOR = "ancestor"
    REWRITTEN = "rewritten"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardInput:
    """What the guards judge.

    `max_prune` is the environment's limit (`20%` or a number; None: the default, which allows nothing where
    the environment is `protected`), `recorded` how many objects the target owned before, `declared` how many
    deployments it declares now, `applied` the revision last applied.
    `namespace` is the target's namespace; None if it was not read because nothing needs it. `quotas` are
    that namespace's (none where they were not read), `workloads` the operator's Deployments in it;
    `good` are the sets that served well before, `routes` what each ingress holds: what was not read, or could
    not be, counts as taking traffic.
    """

    plan: Plan
    max_prune: str | int | None
    recorded: int
    declared: int
    applied: str
    ancestry: Ancestry
    namespace: Namespace | None
    waivers: tuple[Waiver, ...]
    now: datetime
    quotas: tuple[Quota, ...] = ()
    workloads: tuple[LiveObject, ...] = ()
    good: tuple[GoodSet, ...] = ()
    protected: bool = False
    routes: tuple[Routes, ...] = (Routes(unknown="its routes were not read"),)


def is_waived(given: GuardInput, rule: str, name: str) -> bool:
    """Whether a waiver that has not ended names the rule and this object."""
    return rule in WAIVABLE_GUARDS and any(
        waiver.rule == rule and name in waiver.objects and waiver.holds(given.now) for waiver in given.waivers
    )


def list_removals(plan: Plan) -> tuple[Change, ...]:
    """What would go without its end having been approved."""
    return tuple(change for change in plan.select(Op.DELETE) if change.cause is Cause.REMOVAL)


def name_deployment(plan: Plan, change: Change) -> str:
    """`production/wines`: how waivers name what a change is about."""
    return f"{plan.target.environment}/{change.deployment}"
