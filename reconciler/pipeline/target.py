"""One run of one target: look, and end there if nothing differs; else look again under the Lease and act."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.apply.applier import apply_plan
from reconciler.apply.clock import Clock
from reconciler.apply.entries import settle_entries
from reconciler.apply.events import Ending, record_events
from reconciler.apply.lease import TargetLease
from reconciler.apply.recorder import beat, is_heartbeat_due, save_record
from reconciler.apply.results import Applied
from reconciler.apply.stop import Interrupted, Stop
from reconciler.clients.cluster.interface import Cluster, ClusterError, NamespaceMissing
from reconciler.observe.inventory import has_same_content
from reconciler.observe.live import observe
from reconciler.pipeline.bodies import keep_bodies
from reconciler.pipeline.calm import add_mark
from reconciler.pipeline.failures import DefectWatch, Failure, tell_error
from reconciler.pipeline.figures import Meter, build_figures, build_standing
from reconciler.pipeline.health import assess_explained, assess_proven, needs_reasons
from reconciler.pipeline.look import Look, TargetRequest, judge_namespace, look
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.records import RunFacts, build_record, find_startup, find_unhealthy
from reconciler.pipeline.told import explain_lost_sets, tell_traffic
from reconciler.plan.backoff import hold_back
from reconciler.plan.exceptions import list_holding
from reconciler.plan.holds import leave_out_held
from reconciler.plan.wording import count, describe_shares, name_change
from reconciler.state.declarations import Exceptions
from reconciler.state.inventory import ObjectResult, TargetRecord
from reconciler.state.objects import ObjectKey
from reconciler.state.observations import Health, HealthWord, Namespace, Observation
from reconciler.state.outcomes import Outcome, worst
from reconciler.state.plans import Action, Op, Plan
from reconciler.state.runs import TargetRun

Progress = Callable[[str], None]
"""Told of long or notable steps while they happen, one line each."""

# How often a wait for health looks, in seconds.
_POLL = 2.0


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
        run = _sync(request, cluster, clock, progress, meter, stop)
        if run.outcome in (Outcome.DONE, Outcome.UNHEALTHY):
            try:
                waited = _wait_for_health(run, request, cluster, clock, progress, stop)
            except ClusterError as error:
                waited = _tell_unseen(run, "its health could not be seen", error)
            if [item.word for item in waited.health] != [item.word for item in run.health]:
                _note_health(request, cluster, clock, meter)
            run = waited
        if not stop.requested:
            run = tell_traffic(run, request, cluster)
    except Interrupted as error:
        run = _tell_interrupted(request, error)
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


def _tell_interrupted(request: TargetRequest, error: Interrupted) -> TargetRun:
    """A run that ended before it wrote anything; nothing is written to say so either."""
    return TargetRun(
        target=request.rendered.desired.target,
        revision=request.revision,
        outcome=Outcome.INTERRUPTED,
        message=str(error),
    )


def _tell_unseen(run: TargetRun, what: str, error: ClusterError) -> TargetRun:
    """The run with all that it did, and with what it could not find out or record afterwards."""
    outcome = find_outcome(error) or Outcome.UNDECIDED
    return replace(run, outcome=outcome, message=f"every change was tried, but {what}: {error}")


def _wait_for_health(
    run: TargetRun, request: TargetRequest, cluster: Cluster, clock: Clock, progress: Progress, stop: Stop
) -> TargetRun:
    """Look again until all is decided or the wait is over. No Lease is held meanwhile."""
    started, health = clock.monotonic(), run.health
    said: set[str] = set()
    old = frozenset(item.key for item in health if item.word is HealthWord.FAILED)
    waiting = _find_waiting(health, old)
    while waiting and clock.monotonic() - started < request.wait and not stop.requested:
        clock.sleep(_POLL)
        reason = f"waiting for {run.target}: {waiting[0].key}: {waiting[0].reason}"
        # Probes that fail in turns would say the same two things over and over.
        if reason not in said:
            progress(reason)
            said.add(reason)
        health = assess_explained(
            request.rendered, _observe_again(request, cluster), request.view, cluster.reader, clock.now()
        )
        waiting = _find_waiting(health, old)
    failed = any(item.word is HealthWord.FAILED for item in health)
    outcome = worst([run.outcome, Outcome.UNHEALTHY] if failed else [run.outcome])
    if waiting and stop.requested:
        # What was applied is recorded; how it goes on, the next run sees.
        return replace(
            run, health=health, outcome=Outcome.INTERRUPTED, message=str(Interrupted(stop.signal_name))
        )
    return replace(run, health=health, outcome=outcome)


def _note_health(request: TargetRequest, cluster: Cluster, clock: Clock, meter: Meter) -> None:
    """Record what the wait ended with, last good sets included; the next run then finds nothing to write.

    Where it cannot be recorded now, or something has changed again meanwhile, the next run does it.
    """
    target = request.rendered.desired.target
    at_once = replace(request.terms, wait=0.0)
    try:
        with TargetLease(cluster, target, holder=_name_holder(), clock=clock, terms=at_once) as lease:
            seen = _look(request, cluster, clock)
            if seen.plan.refusals or seen.plan.writes:
                return
            settled = _settle(request, seen, clock)
            record = _add_figures(seen, settled, clock, meter)
            record = add_mark(request, seen.observation, record, settled.outcome, seen.health, clock.now())
            save_record(cluster, target, record, known=seen.observation.record, fence=lease)
            _tell_events(cluster, request, settled, clock)
    except ClusterError:
        return


def _explain(request: TargetRequest, seen: Look, cluster: Cluster, clock: Clock) -> tuple[Health, ...]:
    """What was seen, with reasons. The record keeps the plain ones, which stay the same from run to run."""
    if not needs_reasons(seen.health, seen.observation):
        return seen.health
    return assess_explained(request.rendered, seen.observation, request.view, cluster.reader, clock.now())


def _observe_again(request: TargetRequest, cluster: Cluster) -> Observation:
    return observe(cluster.reader, request.rendered.desired.target, manifests=request.rendered.manifests)


def _find_waiting(health: tuple[Health, ...], old: frozenset[ObjectKey]) -> tuple[Health, ...]:
    """What may still get ready; nothing once one more failed, since that decides.

    What had failed before (`old`) has nothing to do with what is waited for.
    """
    if any(item.word is HealthWord.FAILED and item.key not in old for item in health):
        return ()
    return tuple(item for item in health if item.word is HealthWord.IN_PROGRESS)


def _sync(
    request: TargetRequest, cluster: Cluster, clock: Clock, progress: Progress, meter: Meter, stop: Stop
) -> TargetRun:
    target = request.rendered.desired.target
    first = _look(request, cluster, clock)
    quiet = _settle(request, first, clock)
    if not _needs_writing(first, quiet, request):
        health = _explain(request, first, cluster, clock)
        record = first.observation.record
        if is_heartbeat_due(record, clock.now()):
            marked = add_mark(request, first.observation, record, quiet.outcome, health, clock.now())
            beat(cluster, target, marked, clock.now())
        return _finish(request, first, quiet, health)
    stop.check()
    namespace = cluster.reader.read_namespace(target.namespace)
    if namespace is None:
        raise NamespaceMissing(target.namespace)
    strange = judge_namespace(request, first, namespace, clock)
    if strange is not None:
        return strange
    with TargetLease(
        cluster,
        target,
        holder=_name_holder(),
        clock=clock,
        terms=request.terms,
        stop=stop,
        after=first.observation.record.fence,
    ) as lease:
        second = _look(request, cluster, clock, namespace)
        known = second.observation.record

        def save(record: TargetRecord) -> TargetRecord:
            nonlocal known
            known = save_record(cluster, target, record, known=known, fence=lease)
            return known

        if second.plan.refused or not second.plan.writes:
            settled = _settle(request, second, clock, namespace=namespace)
            record = _add_figures(second, settled, clock, meter)
            save(add_mark(request, second.observation, record, settled.outcome, second.health, clock.now()))
            notes = _tell_events(cluster, request, settled, clock)
            return _finish(request, second, settled, _explain(request, second, cluster, clock), notes)
        applied = apply_plan(
            second.plan,
            cluster,
            observation=_keep_bodies(request, second),
            manifests=request.rendered.manifests,
            part_of=request.rendered.part_of,
            fence=lease,
            save=save,
            report=lambda result: progress(_describe_result(second.plan, result)),
            clock=clock,
            stop=stop,
        )
        health, after = second.health, second.observation
        unseen: tuple[str, ClusterError] | None = None
        if applied.stopped is None:
            try:
                after = _observe_again(request, cluster)
                health = assess_proven(request.rendered, after, request.view, cluster.reader, clock.now())
                health = leave_out_held(health, second.plan)
            except ClusterError as error:
                # What was written is told and recorded all the same.
                applied = replace(applied, stopped=error)
                unseen = ("what became of it could not be seen", error)
        settled = _settle(request, second, clock, applied=applied, health=health, namespace=namespace)
        record = _add_figures(second, settled, clock, meter)
        if applied.stopped is None:
            record = add_mark(request, after, record, settled.outcome, health, clock.now())
        try:
            save(record)
        except ClusterError as error:
            # The next run rebuilds it from what is there.
            if applied.stopped is None:
                unseen = ("that could not be recorded", error)
        notes = _tell_events(cluster, request, settled, clock)
        run = _finish(request, second, settled, health, notes)
        return run if unseen is None else _tell_unseen(run, *unseen)


def _look(request: TargetRequest, cluster: Cluster, clock: Clock, namespace: Namespace | None = None) -> Look:
    """A look whose plan skips what waits for the end of a back-off, unless a person asked for it now."""
    seen = look(request, cluster, clock, namespace)
    if request.at_once or request.only is not None:
        return seen
    return replace(seen, plan=hold_back(seen.plan, seen.observation.record, clock.now()))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """How the target stands at the end of a run, and the record that says so."""

    record: TargetRecord
    outcome: Outcome
    results: tuple[ObjectResult, ...]
    summary: str
    held: frozenset[ObjectKey]
    message: str = ""


def _settle(
    request: TargetRequest,
    seen: Look,
    clock: Clock,
    *,
    applied: Applied | None = None,
    health: tuple[Health, ...] | None = None,
    namespace: Namespace | None = None,
) -> _Settled:
    known = applied.record if applied is not None else seen.observation.record
    results = applied.results if applied is not None else _results_of_skips(seen.plan)
    assessed = seen.health if health is None else health
    stopped = applied.stopped if applied is not None else None
    entries = (
        known.entries
        if applied is not None
        else settle_entries(
            known.entries,
            seen.plan,
            seen.observation.objects,
            part_of=request.rendered.part_of,
            manifests=request.rendered.manifests,
        )
    )
    late = find_unhealthy(assessed, known, find_startup(request.rendered.desired), clock.now())
    outcome = _judge(seen.plan, results, stopped, late)
    facts = RunFacts(
        plan=seen.plan,
        manifests=request.rendered.manifests,
        entries=entries,
        results=results,
        health=assessed,
        outcome=outcome,
        summary=_summarise(seen.plan, results, stopped),
        wrote=applied is not None and applied.wrote,
        namespace_uid=namespace.uid if namespace is not None else "",
        now=clock.now(),
        tried=applied is not None,
    )
    standing = build_standing(
        seen.plan,
        results,
        manifests=request.rendered.manifests,
        health=assessed,
        ingress=request.view.platform.ingresses[0],
        exceptions=list_holding(request.exceptions or Exceptions(), clock.now()),
    )
    # That the repository cannot be asked stays told until it can.
    failure = known.failure if request.outage else None
    return _Settled(
        record=replace(build_record(known, facts), standing=standing, failure=failure),
        outcome=outcome,
        results=results,
        summary=facts.summary,
        held=frozenset(change.key for change in seen.plan.changes if change.held),
        message=f"stopped early: {stopped}" if stopped is not None else "",
    )


def _add_figures(seen: Look, settled: _Settled, clock: Clock, meter: Meter) -> TargetRecord:
    """The record with the numbers of this run, which alone are no reason to write it."""
    figures = build_figures(
        seen.observation.record,
        seen.plan,
        settled.results,
        outcome=settled.outcome,
        spent=meter.read(),
        now=clock.now(),
    )
    return replace(settled.record, figures=figures)


def _needs_writing(seen: Look, settled: _Settled, request: TargetRequest) -> bool:
    if seen.plan.writes and not seen.plan.refused:
        return True
    return not has_same_content(settled.record, seen.observation.record, request.rendered.desired.target)


def _judge(
    plan: Plan, results: tuple[ObjectResult, ...], stopped: ClusterError | None, late: bool
) -> Outcome:
    outcomes = [Outcome.UNHEALTHY] if late else []
    if plan.refusals:
        outcomes.append(Outcome.REFUSED)
    # What people said shall wait is no finding.
    held = {change.key for change in plan.changes if change.held}
    bad = [result for result in results if result.action in (Action.SKIPPED, Action.FAILED)]
    if plan.faults or any(result.key not in held for result in bad):
        outcomes.append(Outcome.FINDINGS)
    if stopped is not None:
        return find_outcome(stopped) or Outcome.UNDECIDED
    return worst(outcomes)


def _results_of_skips(plan: Plan) -> tuple[ObjectResult, ...]:
    return tuple(
        ObjectResult(key=change.key, action=Action.SKIPPED, message=change.reason)
        for change in plan.select(Op.SKIP)
    )


def _tell_events(
    cluster: Cluster, request: TargetRequest, settled: _Settled, clock: Clock
) -> tuple[str, ...]:
    return record_events(
        cluster,
        request.rendered.desired.target,
        results=settled.results,
        record=settled.record,
        revision=request.revision,
        now=clock.now(),
        author=request.find_author(),
        ending=Ending(outcome=settled.outcome, message=_explain_end(settled)),
        held=settled.held,
    )


def _explain_end(settled: _Settled) -> str:
    """Why a run ended as it did; where nothing else went wrong, what is not healthy."""
    if settled.outcome is not Outcome.UNHEALTHY:
        return settled.summary
    healthy = next((item for item in settled.record.conditions if item.type == "Healthy"), None)
    return healthy.message if healthy is not None else settled.summary


def _finish(
    request: TargetRequest,
    seen: Look,
    settled: _Settled,
    health: tuple[Health, ...],
    notes: tuple[str, ...] = (),
) -> TargetRun:
    return TargetRun(
        target=seen.plan.target,
        revision=request.revision,
        outcome=settled.outcome,
        plan=seen.plan,
        results=settled.results,
        health=health,
        message=settled.message,
        notes=(*notes, *explain_lost_sets(request, settled.record.good)),
    )


def _summarise(plan: Plan, results: tuple[ObjectResult, ...], stopped: ClusterError | None) -> str:
    """What the history says of the run, in one line."""
    if stopped is not None:
        return f"stopped early: {stopped}"
    if plan.refused:
        return f"refused by {', '.join(refusal.rule for refusal in plan.refusals)}"
    said = [
        f"{name_change('', change)}: {describe_shares(change.variants) or change.op.value}"
        for change in plan.select(Op.CREATE, Op.UPDATE, Op.DELETE)
    ]
    bad = [result for result in results if result.action in (Action.SKIPPED, Action.FAILED)]
    said += [f"{result.key} {result.action.value}: {result.message}" for result in bad]
    said += [f"{fault.deployment} faulty" for fault in plan.faults]
    if len(said) > 5:
        return f"{'; '.join(said[:5])}; {count(len(said) - 5, 'more', 'more')}"
    return "; ".join(said) or "nothing to do"


def _describe_result(plan: Plan, result: ObjectResult) -> str:
    return f"  {plan.target}: {result.key} {result.action.value} {result.message}".rstrip()


def _name_holder() -> str:
    """Unique for this run, and readable for whoever finds it in the Lease."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
