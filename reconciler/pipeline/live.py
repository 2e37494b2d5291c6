"""The live plan: what sync would do now, each change tried on the server without being stored."""

from __future__ import annotations

from dataclasses import replace

from reconciler.apply.clock import Clock
from reconciler.apply.lease import LeaseTerms
from reconciler.apply.parallel import run_parallel
from reconciler.apply.write import Refusal, Written, rehearse_change
from reconciler.clients.cluster.interface import PARALLEL, Cluster, ClusterError, NamespaceMissing
from reconciler.clients.source.interface import Revision, Source
from reconciler.pipeline.desired import render_environment
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.review.offline import Planned
from reconciler.pipeline.selection import describe_missing, find_missing, select_environments
from reconciler.pipeline.sync.ancestry import ask_ancestry
from reconciler.pipeline.sync.look import TargetRequest, look
from reconciler.plan.backoff import foresee_wait
from reconciler.policy.clusters import view_cluster
from reconciler.settings import SettingsError
from reconciler.state.outcomes import Outcome, worst
from reconciler.state.plans import Change, Op, Plan
from reconciler.state.repository import EnvironmentEntry
from reconciler.validate.checks import Check


def plan_live(
    check: Check,
    environments: tuple[str, ...],
    *,
    cluster_name: str,
    source: Source,
    revision: Revision,
    cluster: Cluster,
    clock: Clock,
) -> Planned:
    """What a sync of the checked revision would do to each environment. Writes nothing.

    Raises SettingsError for environments that do not exist or are not served here.
    """
    for name in find_missing(check.repository, environments):
        raise SettingsError(describe_missing(check.repository, name))
    planned = [
        _plan(entry, check, cluster_name, source, revision, cluster, clock)
        for entry in select_environments(check.repository, environments, cluster_name)
    ]
    return Planned(
        plans=tuple(plan for item in planned for plan in item.plans),
        outcome=worst(item.outcome for item in planned),
        notes=tuple(note for item in planned for note in item.notes),
    )


def _plan(
    entry: EnvironmentEntry,
    check: Check,
    cluster_name: str,
    source: Source,
    revision: Revision,
    cluster: Cluster,
    clock: Clock,
) -> Planned:
    if entry.environment is None:
        return Planned(
            plans=(), outcome=Outcome.FINDINGS, notes=(f"{entry.name}: its environment.yaml cannot be used",)
        )
    request = TargetRequest(
        rendered=render_environment(check, entry.name, cluster=cluster_name, commit=revision.sha),
        environment=entry.environment.declaration,
        revision=str(revision),
        find_ancestry=ask_ancestry(source, revision),
        entry=entry,
        view=view_cluster(entry.environment.declaration, cluster_name),
        models=check.repository.models,
        terms=LeaseTerms(),
    )
    target = request.rendered.desired.target
    try:
        namespace = cluster.reader.read_namespace(target.namespace)
        if namespace is None:
            raise NamespaceMissing(target.namespace)
        seen = look(request, cluster, clock, namespace)
        waits = foresee_wait(seen.plan, seen.observation.record, clock.now())
        plan = replace(seen.plan, notes=(*seen.plan.notes, *waits))
        notes = _rehearse(plan, cluster)
    except ClusterError as error:
        return Planned(
            plans=(), outcome=find_outcome(error) or Outcome.UNDECIDED, notes=(f"{target}: {error}",)
        )
    if plan.refusals:
        return Planned(plans=(plan,), outcome=Outcome.REFUSED, notes=notes)
    unequal = plan.faults or notes or any(not change.held for change in plan.select(Op.SKIP))
    return Planned(plans=(plan,), outcome=Outcome.FINDINGS if unequal else Outcome.DONE, notes=notes)


def _rehearse(plan: Plan, cluster: Cluster) -> tuple[str, ...]:
    """What the server would refuse; nothing while a guard refuses the plan as a whole."""
    changes = plan.select(Op.CREATE, Op.UPDATE) if not plan.refused else ()

    def attempt(change: Change) -> Written | Refusal:
        return rehearse_change(change, cluster.reader, cluster.dry_run, plan.target)

    tried = {
        change.key: outcome
        for change, outcome in run_parallel(changes, attempt, limit=PARALLEL, go_on=lambda: True)
    }
    return tuple(
        f"{plan.target.environment}/{change.deployment}: the API server would refuse it: {refusal.message}"
        for change in changes
        if isinstance(refusal := tried[change.key], Refusal)
    )
