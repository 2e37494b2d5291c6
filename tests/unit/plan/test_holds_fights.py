"""What another program changes back again and again is left to it for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from reconciler.state.inventory import Reversal
from reconciler.state.plans import Cause, Change, Op, Plan
from tests.support.worlds import get_change, make_manifest, serve, set_label, set_traffic
from tests.unit.plan.holding import NOW, hold

SPLIT = make_manifest(shares={"v3": 90, "v5": 10})
PRICES = make_manifest("prices")


class TestFights:
    DRIFTED = serve(SPLIT).meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50}))

    def reversal(self, *minutes: int, manager: str = "kubectl-edit") -> Reversal:
        times = tuple(NOW - timedelta(minutes=before) for before in minutes)
        return Reversal(key=SPLIT.key, manager=manager, times=times)

    def change(self, reversal: Reversal, plan: Plan | None = None) -> Change:
        # Edits of these worlds are made at 14:02.
        now = NOW + timedelta(hours=2)
        moved = replace(reversal, times=tuple(time + timedelta(hours=2) for time in reversal.times))
        return get_change(hold(plan or self.DRIFTED.plan(), reversals=(moved,), now=now))

    @pytest.mark.covers("B32", "T6")
    def test_what_was_taken_back_three_times_in_an_hour_is_left(self) -> None:
        change = self.change(self.reversal(50, 30, 10))
        assert (change.op, change.held, change.cause) == (Op.SKIP, False, Cause.DRIFT)
        assert change.reason == (
            'was taken back from "kubectl-edit" 3 times within an hour, the last time at 13:50 UTC; it is '
            "left as it is until it was quiet for an hour or its declaration changes. "
            "Let one of the two stop writing it"
        )

    @pytest.mark.covers("B32")
    @pytest.mark.parametrize(
        ("minutes", "manager"),
        [((30, 10), "kubectl-edit"), ((90, 30, 10), "kubectl-edit"), ((50, 30, 10), "argocd")],
    )
    def test_less_often_more_slowly_or_by_another_is_no_fight(
        self, minutes: tuple[int, ...], manager: str
    ) -> None:
        assert self.change(self.reversal(*minutes, manager=manager)).op is Op.UPDATE

    @pytest.mark.covers("B32", "T13")
    def test_what_a_clock_told_that_was_ahead_is_no_fight(self) -> None:
        assert self.change(self.reversal(50, 30, -1)).op is Op.UPDATE

    def test_after_a_quiet_hour_it_is_taken_back_again(self) -> None:
        # The edit of 14:02 is two hours old at 16:02.
        now = datetime(2026, 11, 23, 16, 2, tzinfo=timezone.utc)
        times = tuple(now - timedelta(minutes=minutes) for minutes in (100, 80, 61))
        fought = Reversal(key=SPLIT.key, manager="kubectl-edit", times=times)
        assert get_change(hold(self.DRIFTED.plan(), reversals=(fought,), now=now)).op is Op.UPDATE
        later = now - timedelta(minutes=61)
        assert get_change(hold(self.DRIFTED.plan(), reversals=(fought,), now=later)).op is Op.SKIP

    def test_another_edit_within_the_hour_keeps_it_unquiet(self) -> None:
        now = datetime(2026, 11, 23, 14, 40, tzinfo=timezone.utc)
        times = tuple(now - timedelta(minutes=minutes) for minutes in (100, 80, 61))
        fought = Reversal(key=SPLIT.key, manager="kubectl-edit", times=times)
        assert get_change(hold(self.DRIFTED.plan(), reversals=(fought,), now=now)).op is Op.SKIP

    @pytest.mark.covers("B32")
    def test_what_git_changes_is_applied_in_the_midst_of_a_fight(self) -> None:
        wanted = make_manifest(shares={"v3": 80, "v5": 20})
        assert self.change(self.reversal(50, 30, 10), self.DRIFTED.declare(wanted).plan()).op is Op.UPDATE

    def test_an_edit_without_a_time_counts_by_our_own_writes(self) -> None:
        plan = self.DRIFTED.plan()
        (change,) = plan.changes
        timeless = replace(change, edits=tuple(replace(edit, time="") for edit in change.edits))
        held = self.change(self.reversal(50, 30, 10), replace(plan, changes=(timeless,)))
        assert held.op is Op.SKIP

    def test_an_object_that_somebody_keeps_deleting_is_not_made_for_ever(self) -> None:
        gone = serve(SPLIT).take_away("wines").plan()
        assert self.change(self.reversal(50, 30, 10, manager=""), gone).op is Op.SKIP
        assert self.change(self.reversal(30, 10, manager=""), gone).op is Op.CREATE

    def test_a_fight_over_one_field_leaves_other_objects_alone(self) -> None:
        world = serve(SPLIT, PRICES).meddle(
            "prices", lambda live: set_label(live, "modelsync.dev/model", "x")
        )
        plan = hold(world.plan(), reversals=(self.reversal(50, 30, 10, manager="kubectl-label"),))
        assert get_change(plan, "prices").op is Op.UPDATE
