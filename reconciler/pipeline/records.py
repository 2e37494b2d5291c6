"""What a run leaves in its target's record. Pure, and so written that an undisturbed run and one that was
killed and repeated leave the same but for times and history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.observe.lists import HISTORY_LENGTH
from reconciler.pipeline.good import renew_good
from reconciler.state.inventory import Condition, InventoryEntry, ObjectResult, RunSummary, TargetRecord
from reconciler.state.objects import Manifest
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Plan
from reconciler.state.targets import Desired


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """How a run went, as far as it is to be remembered. `wrote` tells whether it changed any object.

    `manifests` are all desired ones.
    """

    plan: Plan
    manifests: tuple[Manifest, ...]
    entries: tuple[InventoryEntry, ...]
    results: tuple[ObjectResult, ...]
    health: tuple[Health, ...]
    outcome: Outcome
    summary: str
    wrote: bool
    namespace_uid: str
    now: datetime


def build_record(known: TargetRecord, facts: RunFacts) -> TargetRecord:
    """The record after a run: entries, revisions, problems, conditions, and a line of history.

    A run that wrote nothing adds history only if it failed, and only once for a commit and reason, or if
    all is well again after that.
    """
    equal = facts.outcome in (Outcome.DONE, Outcome.UNHEALTHY)
    revision = facts.plan.revision
    moved = equal and known.applied != revision
    return replace(
        known,
        entries=facts.entries,
        attempted=revision,
        applied=revision if equal else known.applied,
        applied_at=facts.now if moved or (equal and facts.wrote) else known.applied_at,
        digest=facts.plan.digest if equal else known.digest,
        results=tuple(result for result in facts.results if result.action in (Action.SKIPPED, Action.FAILED)),
        conditions=_build_conditions(known, facts),
        history=_extend_history(known.history, facts),
        heartbeat=facts.now,
        namespace_uid=facts.namespace_uid or known.namespace_uid,
        forged=False,
        good=renew_good(
            known.good,
            facts.plan,
            manifests=facts.manifests,
            health=facts.health,
            results=facts.results,
            entries=facts.entries,
        ),
    )


def find_unhealthy(health: tuple[Health, ...], record: TargetRecord, startup: float, now: datetime) -> bool:
    """Whether something failed; what is late has, by its own deadline.

    Only where the cluster does not tell since when something is as it is, the time counts from when the
    target stopped being healthy, against the longest start-up of all (`startup`, in seconds).
    """
    if any(item.word is HealthWord.FAILED for item in health):
        return True
    since = next(
        (item.since for item in record.conditions if item.type == "Healthy" and item.status != "True"), None
    )
    settled = (HealthWord.CURRENT, HealthWord.UNKNOWN)
    waiting = any(item.word not in settled and item.since is None for item in health)
    return waiting and since is not None and now - since > timedelta(seconds=startup)


def find_startup(desired: Desired) -> int:
    """The longest start-up that any variant of a target declares, in seconds."""
    return max(
        (
            node.container.startup
            for deployment in desired.deployments
            for variant in deployment.variants
            for node in variant.graph.walk()
        ),
        default=0,
    )


def _build_conditions(known: TargetRecord, facts: RunFacts) -> tuple[Condition, ...]:
    equal = facts.outcome in (Outcome.DONE, Outcome.UNHEALTHY)
    reason = facts.plan.refusals[0].rule if facts.plan.refusals else facts.outcome.name.title()
    synced = Condition(
        type="Synced",
        status="True" if equal else "False",
        reason="Applied" if equal else reason,
        message="" if equal else facts.summary,
    )
    open_ones = [item for item in facts.health if item.word is not HealthWord.CURRENT]
    healthy = Condition(
        type="Healthy",
        status="False" if open_ones else "True",
        reason=open_ones[0].word.value if open_ones else HealthWord.CURRENT.value,
        message="; ".join(f"{item.key}: {item.reason}" for item in open_ones),
    )
    before = {condition.type: condition for condition in known.conditions}
    return tuple(_keep_since(before.get(item.type), item, facts.now) for item in (healthy, synced))


def _keep_since(before: Condition | None, after: Condition, now: datetime) -> Condition:
    same = before is not None and before.status == after.status
    return replace(after, since=before.since if same and before is not None else now)


def _extend_history(history: tuple[RunSummary, ...], facts: RunFacts) -> tuple[RunSummary, ...]:
    failed = facts.outcome not in (Outcome.DONE, Outcome.UNHEALTHY)
    line = RunSummary(
        revision=facts.plan.revision, finished=facts.now, outcome=int(facts.outcome), summary=facts.summary
    )
    last = history[-1] if history else None
    recovered = last is not None and last.outcome not in (Outcome.DONE, Outcome.UNHEALTHY)
    repeats = not facts.wrote and last is not None and replace(last, finished=line.finished) == line
    if repeats or not (facts.wrote or failed or recovered):
        return history
    return (*history, line)[-HISTORY_LENGTH:]
