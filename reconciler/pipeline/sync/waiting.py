"""Waiting until what was applied is healthy or has failed, and recording what that ended with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.apply.clock import Clock
from reconciler.apply.lease import TargetLease, name_holder
from reconciler.apply.recorder import save_record
from reconciler.apply.stop import Interrupted, Stop
from reconciler.clients.cluster.interface import Cluster, ClusterError
from reconciler.pipeline.sync.calm import add_mark
from reconciler.pipeline.sync.ending import tell_events
from reconciler.pipeline.sync.figures import Meter
from reconciler.pipeline.sync.health import assess_explained
from reconciler.pipeline.sync.look import TargetRequest, look_now, observe_again
from reconciler.pipeline.sync.settling import add_figures, settle
from reconciler.state.objects import ObjectKey
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome, worst
from reconciler.state.runs import TargetRun

Progress = Callable[[str], None]
"""Told of long or notable steps while they happen, one line each."""

# How often a wait for health looks, in seconds.
_POLL = 2.0


def wait_for_health(
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
            request.rendered, observe_again(request, cluster), request.view, cluster.reader, clock.now()
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


def note_health(request: TargetRequest, cluster: Cluster, clock: Clock, meter: Meter) -> None:
    """Record what the wait ended with, last good sets included; the next run then finds nothing to write.

    Where it cannot be recorded now, or something has changed again meanwhile, the next run does it.
    """
    target = request.rendered.desired.target
    at_once = replace(request.terms, wait=0.0)
    try:
        with TargetLease(cluster, target, holder=name_holder(), clock=clock, terms=at_once) as lease:
            seen = look_now(request, cluster, clock)
            if seen.plan.refusals or seen.plan.writes:
                return
            settled = settle(request, seen, clock)
            record = add_figures(seen, settled, clock, meter)
            record = add_mark(request, seen.observation, record, settled.outcome, seen.health, clock.now())
            save_record(cluster, target, record, known=seen.observation.record, fence=lease)
            tell_events(cluster, request, settled, clock)
    except ClusterError:
        return


def _find_waiting(health: tuple[Health, ...], old: frozenset[ObjectKey]) -> tuple[Health, ...]:
    """What may still get ready; nothing once one more failed, since that decides.

    What had failed before (`old`) has nothing to do with what is waited for.
    """
    if any(item.word is HealthWord.FAILED and item.key not in old for item in health):
        return ()
    return tuple(item for item in health if item.word is HealthWord.IN_PROGRESS)
