"""Plans and manifests from declarations alone: no cluster, no registry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.pipeline.desired import Rendered, render_environment
from reconciler.pipeline.review.rows import ComparedTarget
from reconciler.pipeline.selection import describe_missing, find_missing, select_environments
from reconciler.plan.advice import advise_entries
from reconciler.plan.foreseen import foresee_waits
from reconciler.plan.planner import compare_manifests
from reconciler.policy.clusters import view_cluster
from reconciler.settings import SettingsError
from reconciler.state.findings import Finding
from reconciler.state.objects import Manifest
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Plan
from reconciler.state.targets import Desired, Target
from reconciler.validate.checks import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Plans of all targets that were looked at; `notes` are for people beside them.

    `targets` are the same plans with what they compare, where that is declarations alone.
    """

    plans: tuple[Plan, ...]
    outcome: Outcome
    notes: tuple[str, ...] = ()
    targets: tuple[ComparedTarget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedEnvironment:
    """One environment's manifests. Faulty deployments are left out and named in `notes`."""

    manifests: tuple[Manifest, ...]
    outcome: Outcome
    notes: tuple[str, ...] = ()


def plan_offline(
    base: Check, head: Check, environments: tuple[str, ...], *, cluster: str, revision: str, now: datetime
) -> Planned:
    """What changes from `base` to `head`, for the named environments or all of either side.

    What freezes and suspensions of `head` would hold back at `now` is told in the plan's notes.
    Raises SettingsError for an environment that neither side has.
    """
    known = {**base.repository.environments, **head.repository.environments}
    for name in environments:
        if name not in known:
            raise SettingsError(describe_missing(head.repository, name))
    targets = tuple(
        _plan_target(base, head, name, cluster=served, revision=revision, now=now)
        for name in sorted(environments or known)
        for served in _list_clusters(base, head, name, cluster)
    )
    plans = tuple(target.plan for target in targets)
    faulty = any(plan.faults for plan in plans)
    return Planned(plans=plans, outcome=Outcome.FINDINGS if faulty else Outcome.DONE, targets=targets)


def render_offline(check: Check, environment: str, *, cluster: str, commit: str) -> RenderedEnvironment:
    """One environment's manifests, in one of its clusters if it names any.

    Raises SettingsError if there is no such environment, or if its cluster was not chosen.
    """
    if find_missing(check.repository, (environment,)):
        raise SettingsError(describe_missing(check.repository, environment))
    select_environments(check.repository, (environment,), cluster)
    rendered = render_environment(check, environment, cluster=cluster, commit=commit)
    faults = rendered.desired.faults
    notes = tuple(
        f"left out {environment}/{fault.deployment}: {_locate(finding)}"
        for fault in faults
        for finding in fault.findings
    )
    unreadable = check.repository.environments[environment].environment is None
    return RenderedEnvironment(
        manifests=rendered.manifests,
        outcome=Outcome.FINDINGS if faults or unreadable else Outcome.DONE,
        notes=notes,
    )


def _list_clusters(base: Check, head: Check, name: str, chosen: str) -> tuple[str, ...]:
    """The clusters that serve the environment on either side, or the chosen one; "" where it names none."""
    named = {cluster for side in (base, head) for cluster in _clusters_of(side, name)}
    if not named:
        return ("",)
    return tuple(sorted(named if not chosen else named & {chosen}))


def _clusters_of(check: Check, name: str) -> frozenset[str]:
    entry = check.repository.environments.get(name)
    declared = entry.environment.declaration.clusters if entry is not None and entry.environment else None
    return frozenset(declared or ())


def _plan_target(
    base: Check, head: Check, name: str, *, cluster: str, revision: str, now: datetime
) -> ComparedTarget:
    after = _render_side(head, name, cluster)
    before = _render_side(base, name, cluster, like=after)
    plan = compare_manifests(after.desired, before.manifests, after.manifests, revision, after.digest)
    entry = head.repository.environments.get(name)
    if entry is not None and entry.environment is not None:
        view = view_cluster(entry.environment.declaration, cluster)
        advice = advise_entries(plan, after.manifests, ingress=view.platform.ingresses[0])
        bodies = {manifest.key: manifest.body for manifest in before.manifests}
        waits = foresee_waits(plan, bodies, entry.known_exceptions, now)
        plan = replace(plan, notes=(*advice, *waits))
    return ComparedTarget(
        plan=plan,
        before={manifest.key: manifest for manifest in before.manifests},
        after={manifest.key: manifest for manifest in after.manifests},
    )


def _render_side(check: Check, name: str, cluster: str, *, like: Rendered | None = None) -> Rendered:
    clusters = _clusters_of(check, name)
    if name in check.repository.environments and (cluster in clusters or not (cluster and clusters)):
        return render_environment(check, name, cluster=cluster, commit="", like=like)
    nothing = Desired(target=Target(environment=name, namespace="", cluster=cluster), deployments=())
    return Rendered(desired=nothing, manifests=(), part_of="", digest="")


def _locate(finding: Finding) -> str:
    return f"{finding.location}: {finding.rule}: {finding.message.splitlines()[0]}"
