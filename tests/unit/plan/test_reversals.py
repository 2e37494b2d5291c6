"""What is remembered of edits that were taken back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from reconciler.plan.reversals import REMEMBERED, note_reversals
from reconciler.state.inventory import ObjectResult, Reversal
from reconciler.state.objects import ObjectKey
from reconciler.state.plans import Action, Cause, Change, ForeignEdit, Op, Plan
from tests.support.worlds import REVISION, TARGET, make_manifest

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
WINES = make_manifest("wines").key


def note(
    known: tuple[Reversal, ...] = (),
    *,
    managers: tuple[str, ...] = ("kubectl-edit",),
    action: Action = Action.CONFIGURED,
    cause: Cause = Cause.DRIFT,
    owned: frozenset[ObjectKey] = frozenset({WINES}),
    now: datetime = NOON,
) -> tuple[Reversal, ...]:
    edits = tuple(ForeignEdit(manager=name, time="", fields=("spec.predictors",)) for name in managers)
    change = Change(op=Op.UPDATE, cause=cause, key=WINES, deployment="wines", edits=edits)
    plan = Plan(target=TARGET, revision=REVISION, digest="", changes=(change,))
    return note_reversals(known, plan, (ObjectResult(key=WINES, action=action),), owned=owned, now=now)


def test_each_manager_whose_edit_was_taken_back_is_remembered_with_the_time() -> None:
    assert note(managers=("kubectl-edit", "argo", "argo")) == (
        Reversal(key=WINES, manager="argo", times=(NOON,)),
        Reversal(key=WINES, manager="kubectl-edit", times=(NOON,)),
    )


def test_the_newest_time_is_the_last_and_only_so_many_are_kept() -> None:
    known: tuple[Reversal, ...] = ()
    for minutes in range(REMEMBERED + 3):
        known = note(known, now=NOON + timedelta(minutes=minutes))

    (reversal,) = known
    assert len(reversal.times) == REMEMBERED
    assert reversal.times[-1] == NOON + timedelta(minutes=REMEMBERED + 2)


@pytest.mark.parametrize("action", [Action.FAILED, Action.SKIPPED, Action.UNCHANGED])
def test_what_was_not_taken_back_is_no_reversal(action: Action) -> None:
    assert note(action=action) == ()


def test_a_new_commit_over_an_edit_takes_nothing_back() -> None:
    assert note(cause=Cause.REVISION) == ()


def test_what_is_not_ours_any_more_is_forgotten() -> None:
    known = (Reversal(key=make_manifest("prices").key, manager="argo", times=(NOON,)),)

    assert note(known, action=Action.UNCHANGED) == ()
    assert note(known, action=Action.UNCHANGED, owned=frozenset({known[0].key})) == known
