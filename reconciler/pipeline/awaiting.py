"""Waiting until a revision is served or failed: for CI after a merge. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.apply.clock import Clock
from reconciler.clients.cluster.interface import ClusterError, ClusterReader, NamespaceMissing
from reconciler.clients.cluster.kinds import CONFIG_MAP, DEPLOYMENT
from reconciler.clients.source.interface import Lineage, Revision, Source, SourceError
from reconciler.observe.inventory import decode_record
from reconciler.observe.live import WORKLOAD_SELECTOR
from reconciler.pipeline.check import check_tree
from reconciler.pipeline.desired import Rendered, render_environment
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.selection import describe_missing, find_missing, select_environments, split_name
from reconciler.pipeline.sync.health import assess_explained
from reconciler.pipeline.sync.records import find_startup, find_unhealthy
from reconciler.plan.awaiting import (
    Awaited,
    Sight,
    Verdict,
    find_difference,
    find_sha,
    is_attempted,
    judge_sight,
)
from reconciler.plan.shares import read_shares
from reconciler.plan.wording import shorten_revision
from reconciler.policy.clusters import ClusterView, view_cluster
from reconciler.policy.naming import derived_names
from reconciler.render.applyset import parent_name
from reconciler.settings import SettingsError
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject, ObjectKey
from reconciler.state.observations import Observation
from reconciler.state.outcomes import Outcome
from reconciler.state.targets import Fault, Target
from reconciler.state.waits import Waited

Progress = Callable[[str], None]
"""Told what is waited for, each time that was looked."""

_POLL = 5.0
"""Seconds between looks: a run in the cluster takes about as long, and comes every few minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRequest:
    """What is waited for: `name` is ENV/DEPLOYMENT, `revision` a commit, or empty for that of `ref`.

    `timeout` is in seconds.
    """

    name: str
    ref: str
    revision: str = ""
    cluster: str = ""
    timeout: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTools:
    """What waiting reads from, and the clock that it sleeps by."""

    source: Source
    reader: ClusterReader
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """A revision as it should be in one target, of one deployment alone."""

    name: str
    revision: Revision
    awaited: Awaited
    target: Target
    rendered: Rendered
    view: ClusterView
    declared: bool
    fault: Fault | None = None


def wait_for(request: WaitRequest, tools: WaitTools, progress: Progress) -> Waited:
    """Look every few seconds until the revision is served, has failed, or the time is over.

    A later revision that the target went on to stands for the first one. A cluster that cannot be reached at
    the first look is an error, later it may come back. Raises SettingsError for what does not exist, and the
    errors of source and cluster.
    """
    clock = tools.clock
    started = clock.monotonic()
    found = tools.source.resolve(request.revision or request.ref)
    first = goal = _make_goal(request, tools.source, Revision(ref=request.ref, sha=found.sha))
    follower = _Follower(request.ref, tools.source)
    seen = False
    while True:
        try:
            record = _read_record(goal, tools.reader)
            later = follower.find_later(goal, record)
            if later is not None:
                goal = _make_goal(request, tools.source, later)
            verdict = _judge(goal, record, tools)
            seen = True
        except ClusterError as error:
            if not seen or find_outcome(error) is not Outcome.UNDECIDED:
                raise
            verdict = Verdict(outcome=None, reason=str(error))
        left = request.timeout - (clock.monotonic() - started)
        if verdict.outcome is not None or left <= 0:
            return _conclude(goal, first, verdict, tools, clock.monotonic() - started)
        progress(f"waiting for {goal.name} {shorten_revision(str(goal.revision))}: {verdict.reason}")
        clock.sleep(min(_POLL, left))


class _Follower:
    """Finds that a target went on to a later commit than the one that is waited for."""

    def __init__(self, ref: str, source: Source) -> None:
        self._ref = ref
        self._source = source
        self._known: dict[tuple[str, str], bool] = {}

    def find_later(self, goal: _Goal, record: TargetRecord) -> Revision | None:
        """The revision that was attempted last, if it contains the goal's; None where that is not sure."""
        sha = find_sha(record.attempted)
        if record.forged or not sha or sha == goal.awaited.sha:
            return None
        pair = (goal.awaited.sha, sha)
        if pair not in self._known:
            self._known[pair] = self._contains(*pair)
        return Revision(ref=self._ref, sha=sha) if self._known[pair] else None

    def _contains(self, older: str, newer: str) -> bool:
        try:
            return self._source.find_lineage(older, newer) is Lineage.ANCESTOR
        except SourceError:
            # Records can name what is no commit, and a clone may be older than what the cluster runs.
            return False


def _make_goal(request: WaitRequest, source: Source, revision: Revision) -> _Goal:
    environment, deployment = split_name(request.name)
    check = check_tree(source.read(revision))
    repository = check.repository
    if find_missing(repository, (environment,)):
        raise SettingsError(describe_missing(repository, environment))
    (entry,) = select_environments(repository, (environment,), request.cluster)
    if entry.environment is None:
        raise SettingsError(
            f"{environment}: its environment.yaml cannot be used at {shorten_revision(str(revision))}; "
            "modelsync validate says why."
        )
    rendered = render_environment(check, environment, cluster=request.cluster, commit="")
    desired = rendered.desired
    own = tuple(manifest for manifest in rendered.manifests if manifest.deployment == deployment)
    target = desired.target
    key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace=target.namespace, name=deployment)
    alone = replace(desired, deployments=tuple(it for it in desired.deployments if it.name == deployment))
    declared = deployment in {*entry.deployments, *entry.faulty_deployments}
    fault = next((fault for fault in desired.faults if fault.deployment == deployment), None)
    keys = tuple(manifest.key for manifest in own) or (key,)
    return _Goal(
        name=request.name,
        revision=revision,
        awaited=Awaited(sha=revision.sha, keys=keys, gone=not own),
        target=target,
        rendered=replace(rendered, desired=alone, manifests=own),
        view=view_cluster(entry.environment.declaration, request.cluster),
        declared=declared,
        fault=fault,
    )


def _read_record(goal: _Goal, reader: ClusterReader) -> TargetRecord:
    """One request, and one more where there is no record: the usual cause is the wrong cluster."""
    target = goal.target
    parent = reader.get(CONFIG_MAP, target.namespace, parent_name(target.environment))
    if parent is None and reader.read_namespace(target.namespace) is None:
        raise NamespaceMissing(target.namespace)
    return decode_record(parent, target)


def _judge(goal: _Goal, record: TargetRecord, tools: WaitTools) -> Verdict:
    if goal.fault is not None:
        said = "; ".join(finding.message.splitlines()[0] for finding in goal.fault.findings)
        return Verdict(outcome=Outcome.FINDINGS, reason=f"its declaration is faulty there: {said}")
    known = {entry.deployment for entry in record.entries}
    deployment = goal.name.partition("/")[2]
    if not goal.declared and deployment not in known and not is_attempted(record, goal.awaited.sha):
        # Not its end is waited for: nobody ever heard of it.
        _refuse_unknown(goal, tools.reader)
    if not is_attempted(record, goal.awaited.sha):
        return judge_sight(goal.awaited, Sight(record=record))
    return judge_sight(goal.awaited, _look(goal, record, tools))


def _refuse_unknown(goal: _Goal, reader: ClusterReader) -> None:
    (key,) = goal.awaited.keys
    if reader.get(key.kind, key.namespace, key.name) is None:
        raise SettingsError(
            f"there is no deployment {goal.name}, neither at {shorten_revision(str(goal.revision))} "
            "nor in the cluster."
        )


def _look(goal: _Goal, record: TargetRecord, tools: WaitTools) -> Sight:
    """The deployment's own objects and Deployments alone, whatever else the namespace holds."""
    reader, now = tools.reader, tools.clock.now()
    live = {key: reader.get(key.kind, key.namespace, key.name) for key in goal.awaited.keys}
    if goal.awaited.gone:
        there = [str(key) for key, item in live.items() if item is not None]
        return Sight(record=record, difference=f"{there[0]} is still there" if there else "")
    manager = goal.target.field_manager
    found = (find_difference(it, live[it.key], manager) for it in goal.rendered.manifests)
    difference = next((text for text in found if text), "")
    if difference:
        return Sight(record=record, difference=difference)
    observation = Observation(
        record=record,
        objects=tuple(item for item in live.values() if item is not None),
        workloads=_list_workloads(goal, reader),
    )
    health = assess_explained(goal.rendered, observation, goal.view, reader, now)
    late = find_unhealthy(health, record, find_startup(goal.rendered.desired), now)
    return Sight(record=record, health=health, late=late)


def _list_workloads(goal: _Goal, reader: ClusterReader) -> tuple[LiveObject, ...]:
    label = derived_names(goal.name.partition("/")[2], "", "").object
    selector = f"{WORKLOAD_SELECTOR}={label}"
    return reader.list(DEPLOYMENT, goal.target.namespace, label_selector=selector)


def _conclude(goal: _Goal, first: _Goal, verdict: Verdict, tools: WaitTools, seconds: float) -> Waited:
    served = next((it for it in goal.rendered.manifests if it.key.kind == SELDON_DEPLOYMENT), None)
    return Waited(
        name=goal.name,
        revision=str(goal.revision),
        outcome=Outcome.UNDECIDED if verdict.outcome is None else verdict.outcome,
        reason=verdict.reason,
        shares=() if served is None else read_shares(served.body),
        overtaken="" if goal is first else str(first.revision),
        seconds=seconds,
        requests=tools.reader.requests,
    )
