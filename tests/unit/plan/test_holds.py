"""What people said shall wait waits, and what leads back to safety does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from reconciler.plan.exceptions import find_next_change, list_holding, list_in_force
from reconciler.plan.freezes import is_restored
from reconciler.plan.holds import HoldInput, hold_changes, leave_out_held, list_early
from reconciler.plan.shares import read_shares
from reconciler.state.exceptions import Exceptions
from reconciler.state.figures import ExceptionKind
from reconciler.state.inventory import DIGEST_LENGTH, EmergencyMark, GoodSet, Reversal
from reconciler.state.objects import DEPLOYMENT_LABEL, EXTRA_KINDS, Manifest
from reconciler.state.observations import Health, HealthWord
from reconciler.state.plans import Cause, Change, Op, Plan
from tests.support.worlds import (
    World,
    create_by_hand,
    get_change,
    make_manifest,
    serve,
    set_label,
    set_traffic,
)

# A Monday.
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
WINES = make_manifest(shares={"v3": 100})
SPLIT = make_manifest(shares={"v3": 90, "v5": 10})
PRICES = make_manifest("prices")

FROZEN: Mapping[str, Any] = {"freezes": [{"until": "2026-11-30", "reason": "nobody is here"}]}
CLOSED: Mapping[str, Any] = {
    "windows": [
        {
            "weekly": {"days": ["tue"], "from": "09:00", "to": "16:00", "zone": "Europe/Berlin"},
            "until": "2026-12-31",
            "reason": "whoever changes looks after it",
        }
    ]
}
WEEKENDS: Mapping[str, Any] = {
    "freezes": [
        {
            "weekly": {"days": ["fri"], "from": "18:00", "to": "mon 08:00", "zone": "Europe/Berlin"},
            "until": "2026-12-31",
            "reason": "nobody is on call",
        }
    ]
}
SUSPENDED: Mapping[str, Any] = {
    "suspensions": [{"deployment": "wines", "until": "2026-11-30", "reason": "measured by hand"}]
}


def make_exceptions(*parts: Mapping[str, Any]) -> Exceptions:
    return Exceptions.model_validate(
        {key: tuple(map(freeze_lists, items)) for part in parts for key, items in part.items()}
    )


def freeze_lists(value: Any) -> Any:
    """Declarations hold tuples where YAML holds lists."""
    if isinstance(value, Mapping):
        return {key: freeze_lists(item) for key, item in value.items()}
    return tuple(freeze_lists(item) for item in value) if isinstance(value, list) else value


def hold(
    plan: Plan,
    *parts: Mapping[str, Any],
    marks: tuple[EmergencyMark, ...] = (),
    reversals: tuple[Reversal, ...] = (),
    good: tuple[GoodSet, ...] = (),
    now: datetime = NOW,
    readable: bool = True,
) -> Plan:
    exceptions = make_exceptions(*parts) if readable else None
    return hold_changes(
        plan, HoldInput(exceptions=exceptions, marks=marks, reversals=reversals, good=good, now=now)
    )


def make_good(manifest: Manifest, *earlier: Manifest) -> GoodSet:
    return GoodSet(
        deployment=manifest.deployment,
        model=manifest.deployment,
        revision="main@sha1:77ad03e",
        digest=_shorten(manifest),
        shares=read_shares(manifest.body),
        earlier=tuple(_shorten(item) for item in earlier),
    )


def _shorten(manifest: Manifest) -> str:
    return manifest.digest.removeprefix("sha256:")[:DIGEST_LENGTH]


def is_held(plan: Plan, deployment: str = "wines") -> bool:
    change = get_change(plan, deployment)
    return change.op is Op.SKIP and change.held


class TestNothingInForce:
    def test_without_exceptions_a_plan_stays_as_it_is(self) -> None:
        plan = serve(WINES).declare(SPLIT, PRICES).plan()
        assert hold(plan) == plan

    def test_what_is_over_or_not_begun_holds_nothing(self) -> None:
        plan = serve(WINES).declare(SPLIT).plan()
        over = {"suspensions": [{"deployment": "all", "until": "2026-11-22", "reason": "x"}]}
        later = {"freezes": [{"from": "2026-11-24", "until": "2026-11-30", "reason": "x"}]}
        assert hold(plan, over, later) == plan

    def test_what_was_skipped_already_keeps_its_reason(self) -> None:
        plan = World().place(create_by_hand(WINES)).declare(WINES).plan()
        assert hold(plan, SUSPENDED, FROZEN) == plan


class TestSuspensions:
    @pytest.mark.covers("B30")
    def test_a_suspended_deployment_is_left_alone_and_the_others_go_on(self) -> None:
        plan = hold(serve(WINES).declare(SPLIT, PRICES).plan(), SUSPENDED)
        change = get_change(plan)
        assert (change.op, change.held) == (Op.SKIP, True)
        assert change.reason == "is suspended until 2026-11-30 (measured by hand), so sync leaves it alone"
        assert get_change(plan, "prices").op is Op.CREATE

    @pytest.mark.covers("B30")
    @pytest.mark.parametrize("name", ["wines", "all"])
    def test_drift_prunes_and_ends_of_it_wait_too(self, name: str) -> None:
        part = {"suspensions": [{"deployment": name, "until": "2026-11-30", "reason": "x"}]}
        drifted = serve(SPLIT).meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50})).plan()
        for plan in (drifted, serve(WINES).declare().plan(), serve(WINES).retire("wines").plan()):
            assert plan.writes
            assert not hold(plan, part).writes

    def test_one_of_all_is_told_by_its_own_suspension(self) -> None:
        everything = {"deployment": "all", "until": "2026-12-24", "reason": "the cluster moves"}
        part = {"suspensions": [everything, *SUSPENDED["suspensions"]]}
        plan = hold(serve(WINES).declare(SPLIT, PRICES).plan(), part)
        assert "measured by hand" in get_change(plan).reason
        assert "the cluster moves" in get_change(plan, "prices").reason

    def test_one_that_names_the_environment_too_is_understood(self) -> None:
        part = {"suspensions": [{"deployment": "production/wines", "until": "2026-11-30", "reason": "x"}]}
        assert is_held(hold(serve(WINES).declare(SPLIT).plan(), part))

    def test_one_whose_end_is_no_day_goes_on(self) -> None:
        part = {"suspensions": [{"deployment": "wines", "until": "2026-02-30", "reason": "x"}]}
        assert is_held(hold(serve(WINES).declare(SPLIT).plan(), part))

    def test_an_object_that_is_not_made_is_not_missed(self) -> None:
        plan = hold(World().declare(WINES).plan(), SUSPENDED)
        health = (Health(key=WINES.key, word=HealthWord.NOT_FOUND, reason="not in the cluster"),)
        assert leave_out_held(health, plan) == ()
        assert leave_out_held(health, World().declare(WINES).plan()) == health


class TestUnreadableExceptions:
    @pytest.mark.covers("S3")
    def test_nothing_changes_while_nobody_knows_what_may(self) -> None:
        plan = hold(serve(WINES).declare(SPLIT).plan(), readable=False)
        change = get_change(plan)
        assert (change.op, change.held) == (Op.SKIP, False)
        assert change.reason.startswith("environments/production/exceptions.yaml cannot be read")


class TestFreezes:
    @pytest.mark.covers("B31")
    @pytest.mark.parametrize("part", [FROZEN, CLOSED])
    def test_what_git_brings_waits(self, part: Mapping[str, Any]) -> None:
        world = serve(WINES, make_manifest("gone")).declare(SPLIT, PRICES)
        plan = hold(world.plan(), part)
        assert not plan.writes
        assert all(is_held(plan, name) for name in ("wines", "prices", "gone"))

    def test_a_freeze_says_until_when_and_why(self) -> None:
        plan = hold(serve(WINES).declare(SPLIT).plan(), FROZEN)
        assert get_change(plan).reason == "waits: changes are frozen until 2026-11-30 (nobody is here)"

    def test_a_closed_window_says_when_it_opens(self) -> None:
        plan = hold(serve(WINES).declare(SPLIT).plan(), CLOSED)
        assert get_change(plan).reason == (
            "waits for a window: changes are made on tue from 09:00 to 16:00 (Europe/Berlin) only "
            "(whoever changes looks after it); the next begins 2026-11-24 08:00 UTC"
        )

    def test_an_open_window_lets_changes_through(self) -> None:
        plan = serve(WINES).declare(SPLIT).plan()
        assert hold(plan, CLOSED, now=NOW + timedelta(days=1)) == plan

    @pytest.mark.covers("B31")
    def test_a_freeze_wins_over_an_open_window(self) -> None:
        plan = hold(serve(WINES).declare(SPLIT).plan(), CLOSED, FROZEN, now=NOW + timedelta(days=1))
        assert is_held(plan)

    @pytest.mark.covers("B31")
    def test_a_freeze_may_come_back_every_week(self) -> None:
        plan = serve(WINES).declare(SPLIT).plan()
        assert hold(plan, WEEKENDS) == plan
        # Friday at 18:00 in Berlin.
        friday = datetime(2026, 11, 27, 17, 0, tzinfo=timezone.utc)
        held = hold(plan, WEEKENDS, now=friday)
        assert get_change(held).reason == (
            "waits: changes are frozen until 2026-11-30 07:00 UTC (nobody is on call)"
        )
        assert hold(plan, WEEKENDS, now=friday + timedelta(days=3)) == plan

    def test_one_that_ends_within_its_hours_says_that_end(self) -> None:
        (freeze,) = WEEKENDS["freezes"]
        part = {"freezes": [{**freeze, "until": "2026-11-28"}]}
        plan = serve(WINES).declare(SPLIT).plan()
        saturday = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)
        assert "until 2026-11-29 00:00 UTC" in get_change(hold(plan, part, now=saturday)).reason
        assert hold(plan, part, now=saturday + timedelta(days=1)) == plan

    def test_one_whose_days_do_not_exist_goes_on(self) -> None:
        part = {"freezes": [{"from": "2026-02-30", "until": "2026-02-31", "reason": "x"}]}
        assert is_held(hold(serve(WINES).declare(SPLIT).plan(), part))
        (found,) = list_holding(make_exceptions(part), NOW)
        assert found.until is None

    def test_a_zone_that_does_not_exist_freezes_and_opens_nothing(self) -> None:
        weekly = {"days": ["tue"], "from": "09:00", "to": "16:00", "zone": "Europe/Berlni"}
        dated = {"weekly": weekly, "until": "2026-12-31", "reason": "x"}
        plan = serve(WINES).declare(SPLIT).plan()
        assert "there is no time zone Europe/Berlni" in get_change(hold(plan, {"freezes": [dated]})).reason
        assert is_held(hold(plan, {"windows": [dated]}, now=NOW + timedelta(days=1)))

    @pytest.mark.covers("B31")
    def test_drift_is_healed_all_the_same(self) -> None:
        edited = serve(SPLIT).meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50}))
        for world in (edited, serve(SPLIT).take_away("wines")):
            assert hold(world.plan(), FROZEN) == world.plan()

    def test_an_approved_end_goes_on_and_a_file_that_vanished_waits(self) -> None:
        assert get_change(hold(serve(WINES).retire("wines").plan(), FROZEN)).op is Op.DELETE
        assert is_held(hold(serve(WINES).declare().plan(), FROZEN))

    def test_adoption_waits(self) -> None:
        wanted = make_manifest(adopt=True)
        assert is_held(hold(World().place(create_by_hand(WINES)).declare(wanted).plan(), FROZEN))


class TestTheWayBack:
    """From v3 50, v5 30, v6 20 with a shadow v9, in a freeze."""

    LIVE = make_manifest(shares={"v3": 50, "v5": 30, "v6": 20}, shadows={"v9": 100})

    def change(self, wanted: Manifest, *good: GoodSet) -> Change:
        return get_change(hold(serve(self.LIVE).declare(wanted).plan(), FROZEN, good=good))

    @pytest.mark.covers("B31", "T26")
    @pytest.mark.parametrize(
        "shares",
        [
            {"v3": 70, "v5": 30},
            {"v3": 50, "v5": 50},
            {"v3": 60, "v5": 40},
            {"v5": 80, "v6": 20},
            {"v3": 70, "v5": 20, "v6": 10},
            {"v3": 100, "v5": 0, "v6": 0},
        ],
    )
    def test_taking_variants_out_and_lowering_challengers_is_never_stopped(
        self, shares: dict[str, int]
    ) -> None:
        for shadows in ({"v9": 100}, {"v9": 10}, {}):
            assert self.change(make_manifest(shares=shares, shadows=shadows)).op is Op.UPDATE

    @pytest.mark.parametrize(
        ("shares", "shadows"),
        [
            ({"v3": 40, "v5": 40, "v6": 20}, {"v9": 100}),
            ({"v3": 20, "v5": 80}, {"v9": 100}),
            ({"v3": 50, "v5": 30, "v7": 20}, {"v9": 100}),
            ({"v5": 30, "v3": 20, "v6": 50}, {"v9": 100}),
            ({"v3": 50, "v5": 30, "v6": 20}, {"v9": 100, "v10": 5}),
        ],
    )
    def test_raising_a_challenger_or_bringing_one_waits(
        self, shares: dict[str, int], shadows: dict[str, int]
    ) -> None:
        change = self.change(make_manifest(shares=shares, shadows=shadows))
        assert (change.op, change.held) == (Op.SKIP, True)

    def test_a_raised_shadow_waits(self) -> None:
        live = make_manifest(shadows={"v9": 10})
        plan = serve(live).declare(make_manifest(shadows={"v9": 100})).plan()
        assert is_held(hold(plan, FROZEN))

    def test_taking_out_and_touching_what_stays_waits(self) -> None:
        for wanted in (
            make_manifest(shares={"v3": 70, "v5": 30}, protocol="seldon"),
            make_manifest(shares={"v3": 70, "v5": 30}, labels={"team": "wine"}),
        ):
            assert self.change(wanted).op is Op.SKIP

    @pytest.mark.covers("B31")
    def test_a_set_that_served_before_comes_back(self) -> None:
        last, first = make_manifest(shares={"v2": 100}), make_manifest(shares={"v1": 100})
        good = make_good(last, first)
        assert self.change(last, good).op is Op.UPDATE
        assert self.change(first, good).op is Op.UPDATE

    def test_versions_that_served_with_other_shares_or_pods_are_no_such_set(self) -> None:
        good = make_good(make_manifest(shares={"v1": 50, "v2": 50}))
        assert self.change(make_manifest(shares={"v1": 40, "v2": 60}), good).op is Op.SKIP
        assert self.change(make_manifest(shares={"v1": 50, "v2": 50}, protocol="seldon"), good).op is Op.SKIP

    def test_what_is_made_beside_a_deployment_goes_with_it(self) -> None:
        kind = next(kind for kind in EXTRA_KINDS if kind.name == "ConfigMap")

        def make_notes(text: str) -> Manifest:
            plain = make_manifest("notes", labels={DEPLOYMENT_LABEL: "wines", "text": text})
            return replace(plain, key=replace(plain.key, kind=kind), deployment="wines")

        world = serve(self.LIVE, make_notes("old"))
        alone = hold(world.declare(self.LIVE, make_notes("new")).plan(), FROZEN)
        assert [change.op for change in alone.changes] == [Op.SKIP]
        lowered = make_manifest(shares={"v3": 70, "v5": 30})
        together = hold(world.declare(lowered, make_notes("new")).plan(), FROZEN)
        assert [change.op for change in together.changes] == [Op.UPDATE, Op.UPDATE]

    def test_a_removal_is_no_way_back(self) -> None:
        plan = serve(self.LIVE).declare().plan()
        assert not is_restored(get_change(plan), (make_good(self.LIVE),))

    def test_a_set_of_another_deployment_is_none(self) -> None:
        wanted = make_manifest(shares={"v1": 100})
        assert self.change(wanted, replace(make_good(wanted), deployment="prices")).op is Op.SKIP


class TestEmergencies:
    MARK = EmergencyMark(
        deployment="wines",
        by="jane",
        reason="v5 answers nonsense",
        since=NOW - timedelta(hours=1),
        until=NOW + timedelta(hours=1),
        shares=read_shares(WINES.body),
    )

    @pytest.mark.covers("T23")
    def test_what_a_person_took_back_is_left_alone(self) -> None:
        back = serve(SPLIT).meddle("wines", lambda live: set_traffic(live, {"v3": 100, "v5": 0}))
        change = get_change(hold(back.plan(), marks=(self.MARK,)))
        assert (change.op, change.held) == (Op.SKIP, True)
        assert change.reason == (
            "was taken back in an emergency by jane until 2026-11-23 13:00 UTC (v5 answers nonsense), "
            "so sync leaves it alone"
        )

    def test_others_go_on_and_so_does_it_once_the_time_is_over(self) -> None:
        plan = serve(WINES).declare(SPLIT, PRICES).plan()
        assert get_change(hold(plan, marks=(self.MARK,)), "prices").op is Op.CREATE
        assert hold(plan, marks=(self.MARK,), now=self.MARK.until) == plan

    @pytest.mark.covers("T23", "T13")
    def test_a_mark_that_a_clock_set_which_is_ahead_does_not_hold(self) -> None:
        """It would hold until its own time has come, and that may be a year."""
        plan = serve(WINES).declare(SPLIT).plan()
        year = timedelta(days=365)
        ahead = replace(self.MARK, since=NOW + year, until=NOW + year + timedelta(hours=4))
        assert hold(plan, marks=(ahead,)) == plan
        (note,) = list_early((ahead, self.MARK), "production", NOW)
        assert note.startswith("production/wines: the emergency of jane (v5 answers nonsense) would begin")

    def test_clocks_may_disagree_by_five_minutes(self) -> None:
        plan = serve(WINES).declare(SPLIT).plan()
        soon = replace(self.MARK, since=NOW + timedelta(minutes=5))
        assert get_change(hold(plan, marks=(soon,))).op is Op.SKIP
        assert list_early((soon,), "production", NOW) == ()

    def test_git_that_says_the_same_is_applied(self) -> None:
        plan = serve(SPLIT).declare(WINES).plan()
        assert hold(plan, marks=(self.MARK,)) == plan


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


class TestWhatIsInForce:
    def test_each_exception_is_told_with_its_end_and_reason(self) -> None:
        waived = {
            "waivers": [
                {"rule": "max-prune", "objects": ["production/a"], "reason": "moved", "until": "2026-11-30"},
                {"rule": "max-prune", "objects": ["production/b"], "reason": "moved", "until": "2026-11-20"},
            ]
        }
        exceptions = make_exceptions(waived, SUSPENDED, FROZEN, CLOSED)
        assert list_in_force(exceptions, "production", NOW) == (
            "waiver of max-prune for production/a until 2026-11-30 (moved)",
            "production/wines is suspended until 2026-11-30 (measured by hand)",
            "production: changes are frozen until 2026-11-30 (nobody is here)",
            "production: changes are made on tue from 09:00 to 16:00 (Europe/Berlin) only "
            + "until 2026-12-31 (whoever changes looks after it)",
        )
        assert list_in_force(Exceptions(), "production", NOW) == ()

    def test_what_holds_is_told_as_values(self) -> None:
        found = list_holding(make_exceptions(SUSPENDED, FROZEN, CLOSED), NOW)
        assert [(item.kind, item.deployment, item.until) for item in found] == [
            (ExceptionKind.SUSPENSION, "wines", datetime(2026, 12, 1, tzinfo=timezone.utc)),
            (ExceptionKind.FREEZE, "all", datetime(2026, 12, 1, tzinfo=timezone.utc)),
            (ExceptionKind.FREEZE, "all", None),
        ]
        assert list_holding(make_exceptions(CLOSED), NOW + timedelta(days=1)) == ()

    def test_the_next_moment_at_which_something_begins_or_ends(self) -> None:
        # The window opens on Tuesday at 09:00 in Berlin, and closes at 16:00.
        assert find_next_change(make_exceptions(CLOSED), NOW) == datetime(
            2026, 11, 24, 8, tzinfo=timezone.utc
        )
        tuesday = datetime(2026, 11, 24, 9, tzinfo=timezone.utc)
        assert find_next_change(make_exceptions(CLOSED), tuesday) == datetime(
            2026, 11, 24, 15, tzinfo=timezone.utc
        )
        assert find_next_change(make_exceptions(SUSPENDED), NOW) == datetime(2026, 12, 1, tzinfo=timezone.utc)
        weekend = make_exceptions(WEEKENDS)
        assert find_next_change(weekend, NOW) == datetime(2026, 11, 27, 17, tzinfo=timezone.utc)
        later = {"freezes": [{"from": "2026-11-24T08:30Z", "until": "2026-11-30", "reason": "x"}]}
        assert find_next_change(make_exceptions(later), NOW) == datetime(
            2026, 11, 24, 8, 30, tzinfo=timezone.utc
        )
        waived = {
            "waivers": [
                {"rule": "max-prune", "objects": ["production/a"], "reason": "x", "until": "2026-11-23"}
            ]
        }
        assert find_next_change(make_exceptions(waived), NOW) == datetime(2026, 11, 24, tzinfo=timezone.utc)
        assert find_next_change(Exceptions(), NOW) is None

    def test_a_window_that_never_opens_is_looked_at_again_in_a_week(self) -> None:
        (window,) = CLOSED["windows"]
        never = {"windows": [{**window, "weekly": {**window["weekly"], "zone": "Mars/Olympus"}}]}
        assert find_next_change(make_exceptions(never), NOW) == NOW + timedelta(days=7)

    def test_a_file_that_cannot_be_read_is_told(self) -> None:
        (said,) = list_in_force(None, "production", NOW)
        assert said.startswith("environments/production/exceptions.yaml cannot be read (modelsync validate);")
