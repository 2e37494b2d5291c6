"""What people said shall wait waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from reconciler.plan.exceptions import list_holding
from reconciler.plan.holds import leave_out_held
from reconciler.state.observations import Health, HealthWord
from reconciler.state.plans import Op
from tests.support.worlds import World, create_by_hand, get_change, make_manifest, serve, set_traffic
from tests.unit.plan.holding import CLOSED, FROZEN, NOW, SUSPENDED, WEEKENDS, hold, is_held, make_exceptions

WINES = make_manifest(shares={"v3": 100})
SPLIT = make_manifest(shares={"v3": 90, "v5": 10})
PRICES = make_manifest("prices")


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
