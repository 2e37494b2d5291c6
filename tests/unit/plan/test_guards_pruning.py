"""How much one run may remove, and what a waiver allows beyond that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given as given_values
from hypothesis import strategies as st

from reconciler.plan.pruning import prune_limit
from reconciler.state.moments import end_of
from reconciler.state.plans import Plan
from reconciler.state.routes import DeploymentRoutes, RoutedShare, Routes
from tests.support.worlds import World, make_manifest, serve
from tests.unit.plan.guarding import judge_plan, list_rules, serve_many, waive

_IDLE: Mapping[str, int] = {"v3": 0, "v5": 0}


def _remove(world: World, *names: str) -> Plan:
    return world.declare(*(item for item in world.manifests if item.deployment not in names)).plan()


class TestMaxPrune:
    @pytest.mark.covers("B12")
    def test_a_removal_that_takes_traffic_is_refused_however_few(self) -> None:
        (refusal,) = judge_plan(_remove(serve_many(20), "m07"), recorded=20)
        assert refusal.rule == "max-prune"
        assert refusal.message == (
            "1 of 20 objects of production would be deleted "
            "(limit 20 %, that is 4, and none that takes traffic).\n"
            "  SeldonDeployment/m07  takes live traffic (v3 100 %)"
        )
        assert refusal.objects == ("production/m07",)

    def test_idle_ones_pass_within_the_limit(self) -> None:
        assert judge_plan(_remove(serve_many(10, _IDLE), "m01", "m02"), recorded=10) == ()

    @pytest.mark.covers("B12", "T4")
    def test_idle_ones_above_the_limit_are_refused(self) -> None:
        (refusal,) = judge_plan(_remove(serve_many(10, _IDLE), "m01", "m02", "m03"), recorded=10)
        assert refusal.message.startswith(
            "3 of 10 objects of production would be deleted (limit 20 %, that is 2,"
        )
        assert "SeldonDeployment/m02  takes no traffic" in refusal.message

    def test_a_shadow_takes_no_live_traffic(self) -> None:
        shadow = make_manifest("m99", {"v3": 0}, shadows={"v5": 100})
        world = serve(shadow, make_manifest())
        assert judge_plan(_remove(world, "m99"), recorded=2) == ()

    def test_a_number_as_limit_is_taken_as_it_is(self) -> None:
        plan = _remove(serve_many(10, _IDLE), "m01", "m02", "m03")
        assert judge_plan(plan, recorded=10, max_prune=3) == ()
        (refusal,) = judge_plan(plan, recorded=10, max_prune=2)
        assert "(limit 2, and none that takes traffic)" in refusal.message

    def test_more_than_ten_are_counted_not_listed(self) -> None:
        names = tuple(f"m{index:02}" for index in range(12))
        (refusal,) = judge_plan(_remove(serve_many(13), *names), recorded=13)
        lines = refusal.message.splitlines()
        assert len(lines) == 12
        assert lines[-1] == "  … 2 more (modelsync plan production --live)"
        assert len(refusal.objects) == 12

    def test_ten_are_all_listed(self) -> None:
        names = tuple(f"m{index:02}" for index in range(10))
        (refusal,) = judge_plan(_remove(serve_many(11), *names), recorded=11)
        assert refusal.message.splitlines()[-1] == "  SeldonDeployment/m09  takes live traffic (v3 100 %)"

    def test_retired_ones_do_not_count(self) -> None:
        assert judge_plan(serve_many(3).retire("m01").plan(), recorded=3) == ()

    @pytest.mark.covers("B14")
    def test_a_waiver_for_exactly_these_objects_allows_them(self) -> None:
        plan = _remove(serve_many(3), "m01", "m02")
        both = waive("max-prune", "production/m01", "production/m02")
        assert judge_plan(plan, recorded=3, waivers=(both,)) == ()
        (refusal,) = judge_plan(plan, recorded=3, waivers=(waive("max-prune", "production/m01"),))
        assert refusal.objects == ("production/m02",)

    def test_waived_ones_do_not_use_up_the_limit(self) -> None:
        plan = _remove(serve_many(10, _IDLE), "m01", "m02", "m03")
        assert judge_plan(plan, recorded=10, waivers=(waive("max-prune", "production/m01"),)) == ()

    @pytest.mark.covers("B14")
    def test_a_waiver_of_another_rule_or_one_that_ended_allows_nothing(self) -> None:
        plan = _remove(serve_many(3), "m01")
        for waiver in (
            waive("soak", "production/m01"),
            waive("max-prune", "production/m01", until="2026-11-22"),
        ):
            assert list_rules(judge_plan(plan, recorded=3, waivers=(waiver,))) == ["max-prune"]

    @pytest.mark.covers("B14")
    def test_one_that_ended_is_said_to_have_named_it(self) -> None:
        plan = _remove(serve_many(3), "m01")
        ended = waive("max-prune", "production/m01", until="2026-11-22")
        (refusal,) = judge_plan(plan, recorded=3, waivers=(ended,))
        assert refusal.advice.splitlines()[-1] == (
            "The waiver of max-prune that named it ended 2026-11-22 and allows nothing any more."
        )
        other = waive("max-prune", "production/m02", until="2026-11-22")
        assert "ended" not in judge_plan(plan, recorded=3, waivers=(other,))[0].advice

    @pytest.mark.covers("B14")
    def test_it_ends_with_its_day(self) -> None:
        plan = _remove(serve_many(3), "m01")
        waiver = waive("max-prune", "production/m01", until="2026-11-23")
        midnight = datetime(2026, 11, 24, tzinfo=timezone.utc)
        assert judge_plan(plan, recorded=3, waivers=(waiver,), now=midnight - timedelta(seconds=1)) == ()
        assert list_rules(judge_plan(plan, recorded=3, waivers=(waiver,), now=midnight)) == ["max-prune"]

    @pytest.mark.covers("B14")
    def test_it_cannot_be_used_again_for_other_objects(self) -> None:
        world, waiver = serve_many(4), waive("max-prune", "production/m01", "production/m02")
        assert judge_plan(_remove(world, "m01", "m02"), recorded=4, waivers=(waiver,)) == ()
        (refusal,) = judge_plan(_remove(world, "m01", "m02", "m03"), recorded=4, waivers=(waiver,))
        assert refusal.objects == ("production/m03",)

    @pytest.mark.covers("B12", "T4")
    def test_a_protected_environment_prunes_nothing_without_a_waiver_or_a_limit_of_its_own(self) -> None:
        plan = _remove(serve_many(10, _IDLE), "m01")
        (refusal,) = judge_plan(plan, recorded=10, protected=True)
        assert "(limit 0 without a waiver, since the environment is protected)" in refusal.message
        waiver = waive("max-prune", "production/m01")
        assert judge_plan(plan, recorded=10, protected=True, waivers=(waiver,)) == ()
        assert judge_plan(plan, recorded=10, protected=True, max_prune="20%") == ()

    @pytest.mark.covers("B12")
    def test_what_is_routed_takes_traffic_whatever_it_declares(self) -> None:
        plan = _remove(serve_many(10, _IDLE), "m01")
        shares = (RoutedShare(predictor="v3", shadow=False, percent=100.0),)
        routed = Routes(deployments={"m01": DeploymentRoutes(shares=shares)})
        (refusal,) = judge_plan(plan, recorded=10, routes=(Routes(), routed))
        assert "SeldonDeployment/m01  declares no traffic, but is routed v3 100 %" in refusal.message
        mirrored = (RoutedShare(predictor="v3", shadow=True, percent=100.0),)
        elsewhere = Routes(
            deployments={"m02": DeploymentRoutes(shares=shares), "m01": DeploymentRoutes(shares=mirrored)}
        )
        assert judge_plan(plan, recorded=10, routes=(elsewhere,)) == ()

    @pytest.mark.covers("B12")
    def test_what_is_not_known_counts_as_traffic(self) -> None:
        plan = _remove(serve_many(10, _IDLE), "m01")
        unknown = Routes(unknown="listing virtualservices is not allowed")
        (refusal,) = judge_plan(plan, recorded=10, routes=(unknown,))
        assert (
            "SeldonDeployment/m01  whether it takes traffic is not known: "
            "listing virtualservices is not allowed"
        ) in refusal.message

    def test_the_advice_names_both_ways_and_the_usual_cause(self) -> None:
        (refusal,) = judge_plan(_remove(serve_many(3), "m01"), recorded=3)
        assert "retire: true" in refusal.advice
        assert "{rule: max-prune, objects: [production/m01], reason: …, until: 2026-11-30}" in refusal.advice
        assert "moved or renamed folder under environments/production" in refusal.advice


@pytest.mark.covers("B12", "T4")
@pytest.mark.parametrize(
    ("limit", "recorded", "allowed"),
    [
        (None, 12, 2),
        ("20%", 12, 2),
        ("20%", 3, 1),
        ("0%", 100, 0),
        ("100%", 7, 7),
        ("1%", 0, 1),
        (0, 12, 0),
        (5, 12, 5),
    ],
)
def test_the_limit_of_a_run(limit: str | int | None, recorded: int, allowed: int) -> None:
    assert prune_limit(limit, recorded) == allowed


@given_values(st.integers(1, 100), st.integers(0, 10_000))
def test_a_percentage_is_rounded_down_but_allows_one(percent: int, recorded: int) -> None:
    allowed = prune_limit(f"{percent}%", recorded)
    assert allowed >= 1
    assert allowed == 1 or allowed <= recorded * percent / 100 < allowed + 1


@given_values(st.integers(0, 100), st.integers(0, 1_000), st.integers(0, 1_000))
def test_more_objects_or_percents_never_allow_less(percent: int, recorded: int, more: int) -> None:
    limit = prune_limit(f"{percent}%", recorded)
    assert prune_limit(f"{percent}%", recorded + more) >= limit
    assert prune_limit(f"{min(100, percent + more)}%", recorded) >= limit


@pytest.mark.covers("B14")
@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2026-11-30", datetime(2026, 12, 1, tzinfo=timezone.utc)),
        ("2026-11-30T12:00Z", datetime(2026, 11, 30, 12, tzinfo=timezone.utc)),
        ("2026-11-30T12:00:30Z", datetime(2026, 11, 30, 12, 0, 30, tzinfo=timezone.utc)),
    ],
)
def test_the_end_of_an_exception(until: str, end: datetime) -> None:
    assert end_of(until) == end
    waiver = waive("max-prune", "production/wines", until=until)
    assert waiver.holds(end - timedelta(seconds=1))
    assert not waiver.holds(end)


def test_a_day_that_does_not_exist_is_an_error_and_its_waiver_allows_nothing() -> None:
    with pytest.raises(ValueError, match="2026-13-45"):
        end_of("2026-13-45")
    plan = _remove(serve_many(3), "m01")
    waiver = waive("max-prune", "production/m01", until="2026-13-45")
    assert list_rules(judge_plan(plan, recorded=3, waivers=(waiver,))) == ["max-prune"]
