"""What a target's record tells beside shares and health: who holds what back, what failed, and past runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler.plan.backoff import is_waiting
from reconciler.plan.fights import list_fights
from reconciler.plan.holds import describe_early, describe_mark
from reconciler.plan.wording import count, shorten_revision
from reconciler.state.inventory import EmergencyMark, TargetRecord
from reconciler.state.outcomes import Outcome
from reconciler.state.runs import TargetStatus


def show_holds(state: TargetStatus, now: datetime) -> Iterator[str]:
    """A line for each thing that keeps sync from making the target equal."""
    record = state.record
    for mark in record.marks if record is not None else ():
        yield _show_mark(state.target.environment, mark, now)
    yield from state.in_force
    if record is not None:
        yield from _show_troubles(state, record, now)


def _show_mark(environment: str, mark: EmergencyMark, now: datetime) -> str:
    name = f"{environment}/{mark.deployment}"
    if mark.is_early(now):
        return f"{name}: {describe_early(mark)}"
    if mark.holds(now):
        return f"{name} {describe_mark(mark)}. To end it earlier: modelsync emergency end {name}"
    return (
        f"{name}: the emergency of {mark.by} ({mark.reason}) is over since {_show_time(mark.until)}; "
        "the next sync makes it as git says."
    )


def _show_troubles(state: TargetStatus, record: TargetRecord, now: datetime) -> Iterator[str]:
    target = state.target
    for item in list_fights(record.reversals, now):
        manager = f'"{item.manager}"' if item.manager else "someone unknown"
        yield (
            f"{target}: {item.key}: sync and {manager} keep taking the same fields from each other "
            f"({count(len(item.times), 'time')} lately, last {_show_time(item.times[-1])}). "
            "Let one of the two stop writing it."
        )
    backoff = record.backoff
    if backoff is not None and is_waiting(backoff, now):
        revision, failed = shorten_revision(backoff.revision), count(backoff.failures, "time")
        yield (
            f"{target}: {revision} failed {failed} in a row ({backoff.reason}); "
            f"it is tried again from {_show_time(backoff.until)}, "
            f"or at once: modelsync sync {target.environment} --now"
        )
    if record.forged:
        yield (
            f"{target}: its record is not as modelsync wrote it; the next sync makes it anew from the labels "
            "of the objects, and prunes nothing in that run."
        )
    failure = record.failure
    if failure is not None and failure.went_on and failure.seen is not None:
        yield (
            f"{target}: the repository cannot be asked since {_show_time(failure.at)}; sync goes on with "
            f"what it said at {_show_time(failure.seen)}: drift is healed, and nothing else is done. "
            f"{failure.message}"
        )
    elif failure is not None:
        of = f"of {shorten_revision(failure.revision)} " if failure.revision else ""
        first = failure.message.splitlines()[0] if failure.message else Outcome(failure.outcome).meaning
        yield (
            f"{target}: the last run {of}ended with exit code {failure.outcome} at "
            f"{_show_time(failure.at)}, before it could decide anything: {first}"
        )


def is_free(state: TargetStatus, now: datetime) -> bool:
    """Whether no person and no exception holds anything back; not where the record cannot be believed."""
    record = state.record
    if record is None or record.forged:
        return False
    return not state.in_force and not any(mark.holds(now) for mark in record.marks)


def show_history(record: TargetRecord) -> Iterator[str]:
    """The runs that wrote or failed, the newest first."""
    if not record.history:
        return
    yield "  runs that wrote or failed:"
    for run in reversed(record.history):
        yield (
            f"    {_show_time(run.finished)}  {shorten_revision(run.revision)}  exit code {run.outcome}  "
            f"{run.summary}"
        )


def _show_time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
