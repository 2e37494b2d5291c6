"""One run of one target: look, and end there if nothing differs; else look again under the Lease and act.

A target that no record tells of is written in any case, so it is looked at under the Lease alone.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.apply.applier import apply_plan
from reconciler.apply.clock import Clock
from reconciler.apply.lease import TargetLease, name_holder
from reconciler.apply.recorder import beat, is_heartbeat_due, save_record
from reconciler.apply.stop import Interrupted, Stop
from reconciler.clients.cluster.interface import Cluster, ClusterError, NamespaceMissing
from reconciler.observe.inventory import has_same_content
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.sync.bodies import keep_bodies
from reconciler.pipeline.sync.calm import add_mark
from reconciler.pipeline.sync.ending import explain_health, finish, tell_events, tell_interrupted, tell_unseen
from reconciler.pipeline.sync.failures import DefectWatch, Failure, tell_error
from reconciler.pipeline.sync.figures import Meter
from reconciler.pipeline.sync.health import assess_proven
from reconciler.pipeline.sync.look import Look, TargetRequest, judge_namespace, look_now, observe_again
from reconciler.pipeline.sync.settling import Settled, add_figures, settle
from reconciler.pipeline.sync.summary import describe_result
from reconciler.pipeline.sync.told import tell_traffic
from reconciler.pipeline.sync.waiting import Progress, note_health, wait_for_health
from reconciler.plan.holds import leave_out_held
from reconciler.state.inventory import TargetRecord
from reconciler.state.observations import Observation
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Refusal
from reconciler.state.runs import TargetRun


def sync_target(
    request: TargetRequest, cluster: Cluster, clock: Clock, progress: Progress, stop: Stop | None = None
) -> TargetRun:
    """Make one target equal to its desired state. Whatever happens at the cluster is told in the result.

    `stop` is asked between objects; a run that it ends is settled and told like any other.
    """
    stop = stop or Stop()
    target = request.rendered.desired.target
    with stop.shelter(), DefectWatch(cluster, target, request.revision, clock):
        return _sync_sheltered(request, cluster, clock, progress, stop)


def _sync_sheltered(
    request: TargetRequest, cluster: Cluster, clock: Clock, progress: Progress, stop: Stop
) -> TargetRun:
    started, before = clock.monotonic(), cluster.reader.requests
    meter = Meter(cluster.reader, clock)
    try:
        stop.check()
        run, seen = _sync(request, cluster, clock, progress, meter, stop)
        if run.outcome in (Outcome.DONE, Outcome.UNHEALTHY):
            try:
                waited = wait_for_health(run, request, cluster, clock, progress, stop)
            except ClusterError as error:
                waited = tell_unseen(run, "its health could not be seen", error)
            if [item.word for item in waited.health] != [item.word for item in run.health]:
                note_health(request, cluster, clock, meter)
            run = waited
            if request.wait > 0:
                # That took time, in which others may have changed what is there.
                seen = None
        if not stop.requested:
            run = tell_traffic(run, request, cluster, seen)
    except Interrupted as error:
        run = tell_interrupted(request, error)
    except ClusterError as error:
        run = TargetRun(
            target=request.rendered.desired.target,
            revision=request.revision,
            outcome=find_outcome(error) or Outcome.UNDECIDED,
            message=str(error),
        )
        failure = Failure(
            outcome=run.outcome,
            message=run.message,
            revision=request.revision,
            author=request.find_author(),
        )
        tell_error(cluster, run.target, error, failure, clock.now())
    return replace(run, requests=cluster.reader.requests - before, seconds=clock.monotonic() - started)


def _sync(
    request: TargetRequest, cluster: Cluster, clock: Clock, progress: Progress, meter: Meter, stop: Stop
) -> tuple[TargetRun, Observation | None]:
    """The run, and what was there at its end where that was seen after all writes."""
    target = request.rendered.desired.target
    first = None if request.new else look_now(request, cluster, clock)
    if first is not None:
        quiet = settle(request, first, clock)
        if not _needs_writing(first, quiet, request):
            return _leave_alone(request, first, quiet, cluster, clock), first.observation
    stop.check()
    namespace = cluster.reader.read_namespace(target.namespace)
    if namespace is None:
        raise NamespaceMissing(target.namespace)
    if strange := judge_namespace(request, namespace, clock):
        first = first or look_now(request, cluster, clock)
        return _refuse(request, first, strange), None
    with TargetLease(
        cluster,
        target,
        holder=name_holder(),
        clock=clock,
        terms=request.terms,
        stop=stop,
        after=first.observation.record.fence if first is not None else TargetRecord().fence,
    ) as lease:
        second = look_now(request, cluster, clock, namespace)
        known = second.observation.record

        def save(record: TargetRecord) -> TargetRecord:
            nonlocal known
            known = save_record(cluster, target, record, known=known, fence=lease)
            return known

        if second.plan.refused or not second.plan.writes:
            settled = settle(request, second, clock, namespace=namespace)
            record = add_figures(second, settled, clock, meter)
            save(add_mark(request, second.observation, record, settled.outcome, second.health, clock.now()))
            notes = tell_events(cluster, request, settled, clock)
            explained = explain_health(request, second, cluster, clock)
            return finish(request, second, settled, explained, notes), second.observation
        applied = apply_plan(
            second.plan,
            cluster,
            observation=_keep_bodies(request, second),
            manifests=request.rendered.manifests,
            part_of=request.rendered.part_of,
            fence=lease,
            save=save,
            report=lambda result: progress(describe_result(second.plan, result)),
            clock=clock,
            stop=stop,
        )
        health, after = second.health, second.observation
        unseen: tuple[str, ClusterError] | None = None
        if applied.stopped is None:
            try:
                after = observe_again(request, cluster)
                health = assess_proven(request.rendered, after, request.view, cluster.reader, clock.now())
                health = leave_out_held(health, second.plan)
            except ClusterError as error:
                # What was written is told and recorded all the same.
                applied = replace(applied, stopped=error)
                unseen = ("what became of it could not be seen", error)
        settled = settle(request, second, clock, applied=applied, health=health, namespace=namespace)
        record = add_figures(second, settled, clock, meter)
        if applied.stopped is None:
            record = add_mark(request, after, record, settled.outcome, health, clock.now())
        try:
            save(record)
        except ClusterError as error:
            # The next run rebuilds it from what is there.
            if applied.stopped is None:
                unseen = ("that could not be recorded", error)
        notes = tell_events(cluster, request, settled, clock)
        run = finish(request, second, settled, health, notes)
        if unseen is not None:
            run = tell_unseen(run, *unseen)
        return run, after if applied.stopped is None else None


def _leave_alone(
    request: TargetRequest, seen: Look, settled: Settled, cluster: Cluster, clock: Clock
) -> TargetRun:
    """The run of a target at which nothing is to be written but, now and then, that it was looked at."""
    health = explain_health(request, seen, cluster, clock)
    record = seen.observation.record
    if is_heartbeat_due(record, clock.now()):
        marked = add_mark(request, seen.observation, record, settled.outcome, health, clock.now())
        beat(cluster, request.rendered.desired.target, marked, clock.now())
    return finish(request, seen, settled, health)


def _refuse(request: TargetRequest, seen: Look, refusals: tuple[Refusal, ...]) -> TargetRun:
    return TargetRun(
        target=seen.plan.target,
        revision=request.revision,
        outcome=Outcome.REFUSED,
        plan=replace(seen.plan, refusals=refusals),
    )


def _keep_bodies(request: TargetRequest, seen: Look) -> Observation:
    """The observation with the manifests of good sets that are about to be replaced in its record, so that
    they are stored before the first write."""
    record = seen.observation.record
    good = keep_bodies(
        record.good,
        seen.plan,
        manifests=request.rendered.manifests,
        applied=frozenset(seen.plan.unchanged),
    )
    return replace(seen.observation, record=replace(record, good=good))


def _needs_writing(seen: Look, settled: Settled, request: TargetRequest) -> bool:
    if seen.plan.writes and not seen.plan.refused:
        return True
    return not has_same_content(settled.record, seen.observation.record, request.rendered.desired.target)
