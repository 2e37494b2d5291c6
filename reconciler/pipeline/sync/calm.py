"""Whether a target may be left alone for a while, and until when: what the quiet mark is made from. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.apply.health import assess_all
from reconciler.observe.inventory import encode_record
from reconciler.pipeline.sync.health import needs_reasons
from reconciler.pipeline.sync.look import TargetRequest
from reconciler.pipeline.sync.marks import LONGEST, QuietMark, digest_content, digest_seen, encode_mark
from reconciler.pipeline.sync.records import find_startup, find_unhealthy
from reconciler.pipeline.sync.told import explain_lost_sets
from reconciler.plan.exceptions import find_next_change, list_in_force
from reconciler.plan.planner import PlanInput, make_plan
from reconciler.state.inventory import TargetRecord
from reconciler.state.moments import end_of, start_of
from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.observations import Health, HealthWord, Observation
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Plan
from reconciler.state.repository import EnvironmentEntry

_MOMENT = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?Z)?")
_SHORTER = tuple(timedelta(minutes=minutes) for minutes in (30, 15, 10, 5, 3))
"""How long else, where something would change with time alone before the longest time is over."""


def add_mark(
    request: TargetRequest,
    seen: Observation,
    record: TargetRecord,
    outcome: Outcome,
    health: tuple[Health, ...],
    now: datetime,
) -> TargetRecord:
    """The record of a run with its quiet mark: with none where the target must be looked at each time.

    `seen` is what was there when the run was done, `health` what it told of that. It takes that a plan over
    what was seen has nothing to do and nothing to hold back, that no person and no failure holds the target,
    that no Pod is waited for, and that time alone changes no word of its health before the mark ends. A run
    of single deployments knows of no others, so it leaves the mark as it was.
    """
    if request.only is not None:
        return record
    return replace(record, quiet=_find_mark(request, seen, record, outcome, health, now))


def _find_mark(
    request: TargetRequest,
    seen: Observation,
    record: TargetRecord,
    outcome: Outcome,
    health: tuple[Health, ...],
    now: datetime,
) -> str:
    if request.quiet is None:
        return ""
    held = record.marks or record.backoff is not None or record.results or request.rendered.desired.faults
    if held or outcome not in (Outcome.DONE, Outcome.UNHEALTHY):
        return ""
    if needs_reasons(health, seen):
        # What keeps Pods from being ready, and their last words, are read anew by every run.
        return ""
    plan = _plan_again(request, seen, record)
    if plan.changes or plan.faults:
        return ""
    until = _find_end(request, seen, record, health, now)
    if until is None:
        return ""
    target = request.rendered.desired.target
    kinds = {entry.key.kind for entry in record.entries} | {SELDON_DEPLOYMENT}
    return encode_mark(
        QuietMark(
            terms=request.quiet,
            cluster=target.cluster,
            kinds=tuple(sorted(kinds)),
            seen=digest_seen((live for live in seen.objects if live.key.kind in kinds), seen.workloads),
            record=digest_content(encode_record(record, target)),
            made=now.replace(microsecond=0),
            until=until,
            outcome=outcome,
            digest=request.rendered.digest,
            health=tuple(item for item in health if item.word is not HealthWord.CURRENT),
            notes=(
                *plan.notes,
                *list_in_force(request.exceptions, target.environment, now),
                *explain_lost_sets(request, record.good),
            ),
        )
    )


def find_moments(entry: EnvironmentEntry) -> Iterator[datetime]:
    """Every moment that an environment's declarations name; a date is both its begin and its end."""
    declarations = [item.declaration for item in (entry.environment, entry.exceptions) if item is not None]
    texts = [declaration.model_dump_json() for declaration in declarations]
    texts += [deployment.declaration.model_dump_json() for deployment in entry.deployments.values()]
    for text in texts:
        for written in _MOMENT.findall(text):
            try:
                yield from {start_of(written), end_of(written)}
            except ValueError:
                # Digits that only look like a date bound nothing.
                continue


def _plan_again(request: TargetRequest, observation: Observation, record: TargetRecord) -> Plan:
    return make_plan(
        PlanInput(
            desired=request.rendered.desired,
            manifests=request.rendered.manifests,
            observation=replace(observation, record=record),
            revision=request.revision,
            digest=request.rendered.digest,
            part_of=request.rendered.part_of,
            drift=request.environment.drift,
        )
    )


def _find_end(
    request: TargetRequest,
    seen: Observation,
    record: TargetRecord,
    health: tuple[Health, ...],
    now: datetime,
) -> datetime | None:
    """Until when time alone changes nothing: the latest of a few moments at which all is judged as now."""
    begin = now.replace(microsecond=0)
    moments = [moment for moment in find_moments(request.entry) if moment > now]
    if request.exceptions is not None and (change := find_next_change(request.exceptions, now)) is not None:
        # Hours of a week are no moments that are written down.
        moments.append(change)
    latest = min([begin + LONGEST, *moments])
    startup = find_startup(request.rendered.desired)
    # What is Current stays so until something moves.
    health = tuple(item for item in health if item.word is not HealthWord.CURRENT)
    unsettled = {item.key for item in health}
    manifests = tuple(item for item in request.rendered.manifests if item.key in unsettled)

    def judge(moment: datetime) -> tuple[list[HealthWord], bool]:
        assessed = assess_all(manifests, seen, now=moment)
        return [item.word for item in assessed], find_unhealthy(assessed, record, startup, moment)

    # No later judgement sees what the routes told; where it matters the next run asks for them again.
    present = [item.word for item in health], find_unhealthy(health, record, startup, now)
    ends: Iterable[datetime] = (latest, *(begin + span for span in _SHORTER if begin + span < latest))
    return next((end for end in ends if judge(end) == present), None)
