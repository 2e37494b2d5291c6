"""A look at one target: what is there, what should be, and what the guards say of the way between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.apply.clock import Clock
from reconciler.apply.lease import LeaseTerms
from reconciler.clients.cluster.interface import Cluster, RightMissing
from reconciler.observe.live import observe
from reconciler.observe.quotas import read_quotas
from reconciler.observe.routes import read_routes
from reconciler.pipeline.desired import Rendered
from reconciler.pipeline.sync.health import assess_proven
from reconciler.pipeline.sync.marks import QuietTerms
from reconciler.pipeline.sync.outage import check_applied, hold_for_outage
from reconciler.pipeline.sync.signing import trust_all
from reconciler.plan.advice import advise_changes, advise_entries
from reconciler.plan.backoff import hold_back
from reconciler.plan.capacity import adds_pods
from reconciler.plan.exceptions import list_in_force
from reconciler.plan.guards import Ancestry, GuardInput, hold_refused, judge
from reconciler.plan.holds import HoldInput, hold_changes, leave_out_held, list_early
from reconciler.plan.planner import PlanInput, make_plan
from reconciler.policy.clusters import ClusterView
from reconciler.policy.rules import find_max_prune, list_heeded
from reconciler.state.declarations import Environment
from reconciler.state.exceptions import Exceptions
from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.observations import Health, Namespace, Observation
from reconciler.state.plans import Cause, Op, Plan, Refusal
from reconciler.state.quotas import Quota
from reconciler.state.repository import EnvironmentEntry, ModelEntry
from reconciler.state.routes import Routes


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRequest:
    """What is wanted of one target.

    `find_ancestry` tells how a recorded revision stands to this run's; `wait` bounds the wait for health
    after an apply (seconds, 0: look once). `entry` is the environment as it is declared, `view` what of it
    holds in this cluster, `models` all models with their records. `at_once` tries what failed before without
    waiting any longer. `quiet` are the terms of a quiet mark, None where none is to be left.
    `find_author` gives who made the commit, by name; empty where nobody knows. `judge_commits` tells what is
    to be said against going from a recorded revision to this run's; in an `outage` of the repository, given
    as when it last answered, drift alone is healed.
    """

    rendered: Rendered
    environment: Environment
    revision: str
    find_ancestry: Callable[[str], Ancestry]
    terms: LeaseTerms
    entry: EnvironmentEntry
    view: ClusterView
    models: Mapping[str, ModelEntry]
    only: frozenset[str] | None = None
    at_once: bool = False
    wait: float = 0.0
    quiet: QuietTerms | None = None
    find_author: Callable[[], str] = str
    judge_commits: Callable[[str], tuple[Refusal, ...]] = trust_all
    outage: datetime | None = None
    new: bool = False

    @property
    def exceptions(self) -> Exceptions | None:
        """Those of the environment; None where their file is there and cannot be read."""
        return self.entry.known_exceptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A plan, the observation that it was decided on, and the health seen in it."""

    plan: Plan
    observation: Observation
    health: tuple[Health, ...]


def look(request: TargetRequest, cluster: Cluster, clock: Clock, namespace: Namespace | None = None) -> Look:
    """Observe the target and plan. Guards that need the namespace judge only where it was read."""
    target = request.rendered.desired.target
    observation = observe(
        cluster.reader,
        target,
        namespace=namespace,
        manifests=request.rendered.manifests,
        allowed=request.environment.allow.kinds,
    )
    record, exceptions, now = observation.record, request.exceptions, clock.now()
    if request.outage is not None:
        check_applied(record.applied, request.revision, request.outage)
    plan = make_plan(
        PlanInput(
            desired=request.rendered.desired,
            manifests=request.rendered.manifests,
            observation=observation,
            revision=request.revision,
            digest=request.rendered.digest,
            part_of=request.rendered.part_of,
            drift=request.environment.drift,
            only=request.only,
        )
    )
    plan = hold_changes(
        plan,
        HoldInput(
            exceptions=exceptions,
            marks=record.marks,
            reversals=record.reversals,
            good=record.good,
            now=now,
        ),
    )
    if request.outage is not None:
        plan = hold_for_outage(plan)
    # Like the namespace they are read where writing is near.
    quotas, notes = _read_quotas(cluster, plan) if namespace is not None else ((), ())
    refusals = judge(
        GuardInput(
            plan=plan,
            max_prune=find_max_prune(request.environment),
            recorded=len(record.entries),
            declared=len(request.rendered.desired.deployments),
            applied=record.applied,
            ancestry=request.find_ancestry(record.applied),
            namespace=namespace,
            waivers=list_heeded(request.environment, exceptions),
            now=now,
            quotas=quotas,
            workloads=observation.workloads,
            good=record.good,
            protected=request.environment.protected,
            routes=_read_routes(request, cluster, plan, observation),
        )
    )
    refusals = (*request.judge_commits(record.applied), *refusals)
    plan = hold_refused(plan, refusals)
    health = assess_proven(request.rendered, observation, request.view, cluster.reader, now)
    entries = advise_entries(plan, request.rendered.manifests, ingress=request.view.platform.ingresses[0])
    in_force = list_in_force(exceptions, target.environment, now)
    early = list_early(record.marks, target.environment, now)
    return Look(
        plan=replace(
            plan,
            refusals=refusals,
            notes=(*plan.notes, *notes, *advise_changes(plan, health), *entries, *in_force, *early),
        ),
        observation=observation,
        health=leave_out_held(health, plan),
    )


def look_now(
    request: TargetRequest, cluster: Cluster, clock: Clock, namespace: Namespace | None = None
) -> Look:
    """A look whose plan skips what waits for the end of a back-off, unless a person asked for it now."""
    seen = look(request, cluster, clock, namespace)
    if request.at_once or request.only is not None:
        return seen
    return replace(seen, plan=hold_back(seen.plan, seen.observation.record, clock.now()))


def observe_again(request: TargetRequest, cluster: Cluster) -> Observation:
    """What is there after a run wrote. Raises ClusterError."""
    return observe(
        cluster.reader,
        request.rendered.desired.target,
        manifests=request.rendered.manifests,
        allowed=request.environment.allow.kinds,
    )


def _read_routes(
    request: TargetRequest, cluster: Cluster, plan: Plan, observation: Observation
) -> tuple[Routes, ...]:
    """What each ingress holds, where a deployment would go whose file is gone; nothing is asked else."""
    removed = (change for change in plan.select(Op.DELETE) if change.cause is Cause.REMOVAL)
    if not any(change.key.kind == SELDON_DEPLOYMENT for change in removed):
        return ()
    served = tuple(live for live in observation.objects if live.key.kind == SELDON_DEPLOYMENT)
    return tuple(
        read_routes(cluster.reader, plan.target.namespace, ingress, served)
        for ingress in request.view.platform.ingresses
    )


def _read_quotas(cluster: Cluster, plan: Plan) -> tuple[tuple[Quota, ...], tuple[str, ...]]:
    """The quotas, and a note where they may not be listed: what does not fit then shows when it cannot start.

    Only what adds Pods needs room.
    """
    if not adds_pods(plan):
        return (), ()
    try:
        return read_quotas(cluster.reader, plan.target.namespace), ()
    except RightMissing as error:
        return (), (f"whether there is room for what is added is not known: {error}",)


def judge_namespace(request: TargetRequest, namespace: Namespace, clock: Clock) -> tuple[Refusal, ...]:
    """What is said against a namespace that is not labelled for the environment: not even the record is
    written into it."""
    target = request.rendered.desired.target
    return judge(
        GuardInput(
            plan=Plan(target=target, revision=request.revision, digest=request.rendered.digest),
            max_prune=None,
            recorded=0,
            declared=0,
            applied="",
            ancestry=Ancestry.FIRST,
            namespace=namespace,
            waivers=(),
            now=clock.now(),
        )
    )
