"""A run of sync in plain words, while it goes and when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reconciler.plan.shares import read_shares
from reconciler.plan.traffic import describe_routed
from reconciler.plan.wording import count, describe_shares, shorten_revision
from reconciler.report.screen import clean_screen
from reconciler.report.text import (
    describe_nothing,
    list_told,
    show_edits,
    show_fault,
    show_fields,
    show_refusal,
)
from reconciler.state.inventory import ObjectResult
from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Cause, Change, Op, Plan
from reconciler.state.routes import Routes
from reconciler.state.runs import Run, TargetRun


def show_run(run: Run) -> str:
    """All targets, each with its result lines, and the exit code where it is not 0."""
    blocks = ["\n".join(show_target(target)) for target in run.targets]
    if run.outcome is not Outcome.DONE:
        blocks.append(f"exit code {int(run.outcome)}")
    return clean_screen("\n".join(blocks))


def show_target(run: TargetRun) -> Iterator[str]:
    """What happened to one target."""
    if run.plan is not None and run.plan.refused:
        yield from _show_refused(run.plan, run)
        return
    if run.plan is None:
        word = "undecided" if run.outcome is Outcome.UNDECIDED else "not synced"
        yield f"{run.target}: {word}: {run.message}"
        return
    quiet = not run.plan.changes and not run.plan.faults and run.outcome is Outcome.DONE
    if quiet:
        objects = count(len(run.plan.unchanged), "object")
        yield (
            f"{run.target}: in sync with {shorten_revision(run.revision)} "
            f"({objects}, {count(run.requests, 'request')}, {run.seconds:.1f} s)."
        )
        if any(item.word is not HealthWord.CURRENT for item in run.health):
            yield f"  {summarise_health(run.health)}"
        yield from (f"  {note}" for note in (*run.plan.notes, *run.notes))
        return
    yield f"{shorten_revision(run.revision)} → {run.target} (namespace {run.target.namespace})"
    results = {result.key: result for result in run.results}
    told = list_told(run.plan)
    for change in told:
        yield from _show_drift(change, results.get(change.key))
    for change in told:
        yield from _show_result(change, results.get(change.key))
        yield from _show_routed(change, run.routes)
    for fault in run.plan.faults:
        yield f"  {run.target.environment}/{fault.deployment}: faulty, left as it was last applied"
        yield from (f"    {line}" for line in show_fault(fault))
    for refusal in run.plan.refusals:
        yield from show_refusal(refusal)
    yield from (f"  {note}" for note in (*run.plan.notes, *run.notes))
    if run.message:
        yield f"  {run.message}"
    yield _summarise(run)


def _show_refused(plan: Plan, run: TargetRun) -> Iterator[str]:
    yield f"{shorten_revision(run.revision)} → {run.target} (namespace {run.target.namespace})"
    for refusal in plan.refusals:
        yield from show_refusal(refusal)
    yield from (f"  {note}" for note in (*plan.notes, *run.notes))
    yield f"{run.target}: nothing was changed; what was applied last keeps serving."


def _show_drift(change: Change, result: ObjectResult | None) -> Iterator[str]:
    if change.cause is not Cause.DRIFT and not change.edits:
        return
    yield f"  drift on {change.key}" + ("" if change.live else ": it was deleted in the cluster")
    yield from (f"  {line}" for line in show_edits(change.edits))
    for line in show_fields(change.fields):
        yield f"{line.replace(' → ', ', declared ', 1)}"
    if result is not None and result.action is Action.CONFIGURED:
        yield "  healed: taken back, as drift: heal in its environment.yaml says"
    elif result is not None and result.action is Action.CREATED:
        yield "  healed: made again, as drift: heal in its environment.yaml says"


def _show_result(change: Change, result: ObjectResult | None) -> Iterator[str]:
    action = result.action if result is not None else Action.SKIPPED
    said = describe_shares(change.variants) if action not in (Action.SKIPPED, Action.FAILED) else ""
    late = "" if result is not None else "the run ended before it"
    detail = (result.message if result is not None else "") or change.reason or said or late
    yield f"  {change.key!s:<44} {action.value:<11} {detail}".rstrip()


def _show_routed(change: Change, routes: Routes | None) -> Iterator[str]:
    """What the ingress sends where, after a change of shares; nothing where that is not known."""
    routed = routes.find(change.deployment) if routes is not None else None
    if routed is None or change.op not in (Op.CREATE, Op.UPDATE) or change.key.kind != SELDON_DEPLOYMENT:
        return
    known = read_shares(change.manifest.body) if change.manifest is not None else ()
    yield f"    routed: {describe_routed(routed, known)}"


def _summarise(run: TargetRun) -> str:
    counts = Counter(result.action for result in run.results)
    counts[Action.UNCHANGED] += len(run.plan.unchanged) if run.plan else 0
    said = ", ".join(f"{counts[action]} {action.value}" for action in Action if counts[action])
    health = f"; {summarise_health(run.health)}" if run.health else ""
    spent = f"{count(run.requests, 'request')}, {run.seconds:.1f} s"
    return f"{run.target}: {said or describe_nothing(run.plan)}{health}; {spent}."


def summarise_health(health: tuple[Health, ...]) -> str:
    """`Current`, or how many are not and why the first of them is not."""
    open_ones = [item for item in health if item.word is not HealthWord.CURRENT]
    if not open_ones:
        return "Current"
    first = open_ones[0]
    more = f" and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
    return f"{first.word.value}: {first.key}{more}: {first.reason}"
