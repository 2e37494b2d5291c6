"""What a run leaves in its target's record. Pure, and so written that an undisturbed run and one that was
killed and repeated leave the same but for times and history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.observe.budget import INCOMPLETE
from reconciler.observe.lists import HISTORY_LENGTH
from reconciler.pipeline.sync.bodies import find_applied, keep_before, keep_bodies
from reconciler.pipeline.sync.good import renew_good
from reconciler.plan.backoff import fail_again, find_held
from reconciler.plan.reversals import note_reversals
from reconciler.plan.success import is_synced
from reconciler.state.inventory import (
    BackOff,
    Condition,
    InventoryEntry,
    ObjectResult,
    RunSummary,
    TargetRecord,
)
from reconciler.state.objects import Manifest, ObjectKey
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Plan
from reconciler.state.targets import Desired

# How many objects a condition names.
_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """How a run went, as far as it is to be remembered. `wrote` tells whether it changed any object.

    `manifests` are all desired ones; `tried` tells whether it tried to change any, `partial` that it was for
    single deployments, so that of the others nothing is known.
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
    tried: bool = False
    partial: bool = False


def build_record(known: TargetRecord, facts: RunFacts) -> TargetRecord:
    """The record after a run: entries, revisions, problems, conditions, and a line of history.

    A run that wrote nothing adds history only if it failed, and only once for a commit and reason, or if
    all is well again after that. A run that only waited for the end of a back-off leaves what the failed one
    said, so that nothing is written for waiting.
    """
    equal = _is_equal(known, facts)
    revision = facts.plan.revision
    moved = equal and known.applied != revision
    held = find_held(facts.plan, known)
    good = renew_good(
        known.good,
        facts.plan,
        manifests=facts.manifests,
        health=facts.health,
        results=facts.results,
        entries=facts.entries,
    )
    record = replace(
        known,
        entries=facts.entries,
        attempted=revision,
        applied=revision if equal else known.applied,
        applied_at=facts.now if moved or (equal and facts.wrote) else known.applied_at,
        digest=facts.plan.digest if equal else known.digest,
        results=_find_problems(known, facts, held),
        heartbeat=facts.now,
        namespace_uid=facts.namespace_uid or known.namespace_uid,
        forged=False,
        good=keep_bodies(
            good,
            facts.plan,
            manifests=facts.manifests,
            applied=frozenset(facts.plan.unchanged) | find_applied(facts.results),
        ),
        before=keep_before(known.before, known.good, good),
        backoff=_renew_backoff(known, facts),
        marks=tuple(mark for mark in known.marks if mark.holds(facts.now)),
        reversals=note_reversals(
            known.reversals,
            facts.plan,
            facts.results,
            owned=frozenset(entry.key for entry in facts.entries),
            now=facts.now,
        ),
    )
    conditions = _build_conditions(record, facts)
    if held and not facts.wrote:
        # What failed still stands; that it waits is said by the back-off.
        return replace(record, conditions=_keep_synced(known, conditions))
    return replace(record, conditions=conditions, history=_extend_history(known.history, facts))


def _is_equal(known: TargetRecord, facts: RunFacts) -> bool:
    """Whether the target is as declared: not while something waits, though nothing is wrong with that.

    A run of single deployments can only leave it so.
    """
    if facts.partial and not (known.applied == facts.plan.revision and is_synced(known)):
        return False
    return _is_well(facts) and not facts.plan.held


def _is_well(facts: RunFacts) -> bool:
    return facts.outcome in (Outcome.DONE, Outcome.UNHEALTHY)


def _find_problems(
    known: TargetRecord, facts: RunFacts, held: frozenset[ObjectKey]
) -> tuple[ObjectResult, ...]:
    """What could not be done; of what waits, why it waits."""
    before = {result.key: result for result in known.results}
    problems = (
        before.get(result.key, result) if result.key in held else result
        for result in facts.results
        if result.action in (Action.SKIPPED, Action.FAILED)
    )
    return (*problems, *_find_untouched(known, facts))


def _find_untouched(known: TargetRecord, facts: RunFacts) -> tuple[ObjectResult, ...]:
    """What could not be done before, of objects that a run of single deployments had nothing to do with."""
    if not facts.partial:
        return ()
    there = {entry.key for entry in facts.entries} | {manifest.key for manifest in facts.manifests}
    elsewhere = there - {change.key for change in facts.plan.changes} - set(facts.plan.unchanged)
    return tuple(result for result in known.results if result.key in elsewhere)


def _renew_backoff(known: TargetRecord, facts: RunFacts) -> BackOff | None:
    """Failures at writing count; that the API server was not reached, or a right is missing, does not.

    What waits already is not counted again by a run that only healed drift meanwhile, and waits on where a
    run of single deployments went well that had nothing to do with what failed.
    """
    revision = facts.plan.revision
    failed = next((result for result in facts.results if result.action is Action.FAILED), None)
    if facts.tried and failed is not None and facts.outcome is Outcome.FINDINGS:
        return fail_again(known.backoff, revision, f"{failed.key}: {failed.message}", facts.now)
    if known.backoff is None or known.backoff.revision != revision:
        return None
    tried_all = facts.tried and facts.outcome is Outcome.FINDINGS and not find_held(facts.plan, known)
    is_over = tried_all or facts.outcome in (Outcome.DONE, Outcome.UNHEALTHY)
    if any(result.action is Action.FAILED for result in _find_untouched(known, facts)):
        is_over = False
    return None if is_over else known.backoff


def _keep_synced(known: TargetRecord, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    synced = [condition for condition in known.conditions if condition.type == "Synced"]
    return tuple(sorted((*(c for c in conditions if c.type != "Synced"), *synced), key=lambda c: c.type))


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
    equal = _is_equal(known, facts)
    held = "Held" if facts.plan.held or not facts.partial else "Partial"
    held = held if _is_well(facts) else facts.outcome.name.title()
    reason = facts.plan.refusals[0].rule if facts.plan.refusals else held
    synced = Condition(
        type="Synced",
        status="True" if equal else "False",
        reason="Applied" if equal else reason,
        message="" if equal else _explain_failure(known, facts),
    )
    open_ones = [item for item in facts.health if item.word is not HealthWord.CURRENT]
    healthy = Condition(
        type="Healthy",
        status="False" if open_ones else "True",
        reason=open_ones[0].word.value if open_ones else HealthWord.CURRENT.value,
        message=_join_some([f"{item.key}: {item.reason}" for item in open_ones]),
    )
    before = {condition.type: condition for condition in known.conditions}
    built = [_keep_since(before.get(item.type), item, facts.now) for item in (healthy, synced)]
    # What has no room now is said anew when the record is written; what is lost stays lost till then.
    if not facts.tried and INCOMPLETE in before:
        built.append(before[INCOMPLETE])
    return tuple(sorted(built, key=lambda condition: condition.type))


def _explain_failure(record: TargetRecord, facts: RunFacts) -> str:
    """The run's summary, and when the revision is tried again if it has to wait.

    Where things only wait as people said, it is what waits, so that a run that finds them waiting still has
    nothing to write.
    """
    if _is_well(facts):
        waiting = [f"{change.key} {change.reason}" for change in facts.plan.changes if change.held]
        if facts.partial and not waiting:
            return f"single deployments alone were synced to {facts.plan.revision}"
        return _join_some(waiting)
    if not facts.tried or record.backoff is None:
        return facts.summary
    until = record.backoff.until.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{facts.summary}; not tried again before {until}"


def _join_some(items: list[str]) -> str:
    """The items as one text, which stays readable, and small, where there are thousands."""
    more = len(items) - _SHOWN
    return "; ".join([*items[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])


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
