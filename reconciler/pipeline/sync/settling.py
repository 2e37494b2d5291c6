"""How a target stands at the end of a run: the outcome, and the record that says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.apply.clock import Clock
from reconciler.apply.entries import settle_entries
from reconciler.apply.results import Applied
from reconciler.clients.cluster.interface import ClusterError
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.sync.figures import Meter, build_figures, build_standing
from reconciler.pipeline.sync.look import Look, TargetRequest
from reconciler.pipeline.sync.records import RunFacts, build_record, find_startup, find_unhealthy
from reconciler.pipeline.sync.summary import summarise
from reconciler.plan.exceptions import list_holding
from reconciler.state.exceptions import Exceptions
from reconciler.state.inventory import ObjectResult, TargetRecord
from reconciler.state.objects import ObjectKey
from reconciler.state.observations import Health, Namespace
from reconciler.state.outcomes import Outcome, worst
from reconciler.state.plans import Action, Op, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How the target stands at the end of a run, and the record that says so."""

    record: TargetRecord
    outcome: Outcome
    results: tuple[ObjectResult, ...]
    summary: str
    held: frozenset[ObjectKey]
    message: str = ""


def settle(
    request: TargetRequest,
    seen: Look,
    clock: Clock,
    *,
    applied: Applied | None = None,
    health: tuple[Health, ...] | None = None,
    namespace: Namespace | None = None,
) -> Settled:
    """How the target stands by what was seen, and by what was `applied` where anything was tried.

    `health` is that of after the writes (None: as seen before), `namespace` where it was read.
    """
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
        summary=summarise(seen.plan, results, stopped),
        wrote=applied is not None and applied.wrote,
        namespace_uid=namespace.uid if namespace is not None else "",
        now=clock.now(),
        tried=applied is not None,
        partial=request.only is not None,
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
    return Settled(
        record=replace(build_record(known, facts), standing=standing, failure=failure),
        outcome=outcome,
        results=results,
        summary=facts.summary,
        held=frozenset(change.key for change in seen.plan.changes if change.held),
        message=f"stopped early: {stopped}" if stopped is not None else "",
    )


def add_figures(seen: Look, settled: Settled, clock: Clock, meter: Meter) -> TargetRecord:
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
