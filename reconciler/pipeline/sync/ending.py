"""How the end of a run is told: in its result, and by Events."""

from __future__ import annotations

from dataclasses import replace

from reconciler.apply.clock import Clock
from reconciler.apply.events import Ending, record_events
from reconciler.apply.stop import Interrupted
from reconciler.clients.cluster.interface import Cluster, ClusterError
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.sync.health import assess_explained, needs_reasons
from reconciler.pipeline.sync.look import Look, TargetRequest
from reconciler.pipeline.sync.settling import Settled
from reconciler.pipeline.sync.told import explain_lost_sets
from reconciler.state.observations import Health
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action
from reconciler.state.runs import TargetRun


def finish(
    request: TargetRequest,
    seen: Look,
    settled: Settled,
    health: tuple[Health, ...],
    notes: tuple[str, ...] = (),
) -> TargetRun:
    """What is told of a run that looked, whatever it did; with the good sets that are lost by now."""
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


def tell_interrupted(request: TargetRequest, error: Interrupted) -> TargetRun:
    """A run that ended before it wrote anything; nothing is written to say so either."""
    return TargetRun(
        target=request.rendered.desired.target,
        revision=request.revision,
        outcome=Outcome.INTERRUPTED,
        message=str(error),
    )


def tell_unseen(run: TargetRun, what: str, error: ClusterError) -> TargetRun:
    """The run with all that it did, and with what it could not find out or record afterwards."""
    outcome = find_outcome(error) or Outcome.UNDECIDED
    tried = any(result.action is not Action.SKIPPED for result in run.results)
    done = "every change was tried" if tried else "there was nothing to change"
    return replace(run, outcome=outcome, message=f"{done}, but {what}: {error}")


def explain_health(request: TargetRequest, seen: Look, cluster: Cluster, clock: Clock) -> tuple[Health, ...]:
    """What was seen, with reasons. The record keeps the plain ones, which stay the same from run to run."""
    if not needs_reasons(seen.health, seen.observation):
        return seen.health
    return assess_explained(request.rendered, seen.observation, request.view, cluster.reader, clock.now())


def tell_events(cluster: Cluster, request: TargetRequest, settled: Settled, clock: Clock) -> tuple[str, ...]:
    """Write the run's Events; notes say what could not be written."""
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


def _explain_end(settled: Settled) -> str:
    """Why a run ended as it did; where nothing else went wrong, what is not healthy."""
    if settled.outcome is not Outcome.UNHEALTHY:
        return settled.summary
    healthy = next((item for item in settled.record.conditions if item.type == "Healthy"), None)
    return healthy.message if healthy is not None else settled.summary
