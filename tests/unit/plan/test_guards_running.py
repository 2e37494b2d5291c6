"""A running variant is kept, a set that served well may come back, and what is new must find room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.state.inventory import DIGEST_LENGTH, GoodSet
from reconciler.state.objects import MODEL_LABEL
from reconciler.state.quotas import Quota
from reconciler.state.shares import Share
from tests.support.worlds import EARLIER, World, create_by_hand, make_manifest, serve, set_label, set_traffic
from tests.unit.plan.guarding import judge_plan, list_rules, waive, with_container


class TestKeepARunningVariant:
    WORLD = serve(make_manifest(shares={"v3": 90, "v4": 10}))

    def test_replacing_all_live_variants_at_once_is_refused(self) -> None:
        (refusal,) = judge_plan(self.WORLD.declare(make_manifest(shares={"v5": 100})).plan(), recorded=1)
        assert refusal.rule == "keep-a-running-variant"
        assert refusal.message == (
            "production/wines: none of the running variants (v3 90 %, v4 10 %) remains beside v5 100 %; "
            "a bad model would take all requests at once."
        )
        assert refusal.advice.startswith("Keep v3 with a share for one more change")
        assert refusal.objects == ("production/wines",)

    @pytest.mark.parametrize("shares", [{"v4": 100}, {"v5": 99, "v3": 1}, {"v3": 100}])
    def test_keeping_one_is_enough(self, shares: dict[str, int]) -> None:
        assert judge_plan(self.WORLD.declare(make_manifest(shares=shares)).plan(), recorded=1) == ()

    def test_a_running_variant_kept_at_zero_or_as_shadow_is_not_kept(self) -> None:
        for wanted in (
            make_manifest(shares={"v5": 100, "v3": 0}),
            make_manifest(shares={"v5": 100}, shadows={"v3": 100}),
        ):
            assert list_rules(judge_plan(self.WORLD.declare(wanted).plan(), recorded=1)) == [
                "keep-a-running-variant"
            ]

    def test_an_end_of_all_live_traffic_is_refused(self) -> None:
        (refusal,) = judge_plan(
            self.WORLD.declare(make_manifest(shares={"v5": 0, "v6": 0})).plan(), recorded=1
        )
        assert "remains beside nothing" in refusal.message

    def test_a_new_roll_out_of_the_same_version_passes(self) -> None:
        # A version may appear once per role, so the old roll-out cannot stay beside the new one.
        world = serve(make_manifest(shares={"v5": 100}))
        assert judge_plan(world.declare(make_manifest(shares={"v5-r2": 100})).plan(), recorded=1) == ()

    def test_the_same_number_of_another_model_is_another_version(self) -> None:
        world = serve(make_manifest(shares={"v3": 100}, model="wines"))
        plan = world.declare(make_manifest(shares={"v3": 100}, model="reds")).plan()
        assert list_rules(judge_plan(plan, recorded=1)) == ["keep-a-running-variant"]

    def test_an_object_whose_model_label_is_gone_is_judged_by_its_versions(self) -> None:
        world = serve(make_manifest(shares={"v3": 100}))
        world = world.meddle("wines", lambda live: set_label(live, MODEL_LABEL, ""))
        assert judge_plan(world.declare(make_manifest(shares={"v3": 90, "v5": 10})).plan(), recorded=1) == ()

    def test_healing_to_what_review_already_saw_passes(self) -> None:
        world = serve(make_manifest(shares={"v3": 0, "v5": 100}))
        world = world.meddle("wines", lambda live: set_traffic(live, {"v3": 100, "v5": 0}))
        assert judge_plan(world.plan(), recorded=1) == ()

    def test_adoption_is_its_own_approval(self) -> None:
        by_hand = create_by_hand(make_manifest(shares={"v1": 100}))
        plan = World().place(by_hand).declare(make_manifest(shares={"v5": 100}, adopt=True)).plan()
        assert judge_plan(plan) == ()

    def test_one_that_served_nothing_may_be_replaced(self) -> None:
        world = serve(make_manifest(shares={"v3": 0, "v4": 0}))
        assert judge_plan(world.declare(make_manifest(shares={"v5": 100})).plan(), recorded=1) == ()

    def test_a_waiver_allows_it(self) -> None:
        plan = self.WORLD.declare(make_manifest(shares={"v5": 100})).plan()
        waiver = waive("keep-a-running-variant", "production/wines")
        assert judge_plan(plan, recorded=1, waivers=(waiver,)) == ()


class TestRestoringALastGoodSet:
    """Going back to what served well here is never refused, even when none of it runs any more."""

    WORLD = serve(make_manifest("wines", {"v5": 100}))
    GOOD = GoodSet(
        deployment="wines",
        model="wines",
        revision=EARLIER,
        digest="0" * 16,
        shares=tuple(
            Share(predictor=name, version=name.removesuffix("-shadow"), shadow=shadow, percent=percent)
            for name, shadow, percent in (("v2", False, 50), ("v3", False, 50), ("v4-shadow", True, 100))
        ),
    )

    def _judge(self, wanted: Mapping[str, int], *, good: GoodSet = GOOD, model: str = "wines") -> list[str]:
        plan = self.WORLD.declare(make_manifest("wines", wanted, model=model)).plan()
        return list_rules(judge_plan(plan, recorded=1, good=(good,)))

    @pytest.mark.covers("B23", "T23")
    @pytest.mark.parametrize("wanted", [{"v3": 100}, {"v2": 90, "v3": 10}])
    def test_its_live_versions_may_come_back(self, wanted: Mapping[str, int]) -> None:
        assert self._judge(wanted) == []

    @pytest.mark.parametrize("wanted", [{"v1": 100}, {"v3": 50, "v6": 50}, {"v4": 100}])
    def test_other_versions_and_its_shadow_may_not(self, wanted: Mapping[str, int]) -> None:
        assert self._judge(wanted) == ["keep-a-running-variant"]

    @pytest.mark.covers("B23", "T23")
    def test_a_set_before_the_last_one_may_come_back_whole(self) -> None:
        first, other = make_manifest(shares={"v1": 100}), make_manifest(shares={"v7": 100})
        world = serve(make_manifest(shares={"v5": 100}))
        known = replace(self.GOOD, earlier=(first.digest.removeprefix("sha256:")[:DIGEST_LENGTH],))
        assert judge_plan(world.declare(first).plan(), recorded=1, good=(known,)) == ()
        assert list_rules(judge_plan(world.declare(other).plan(), recorded=1, good=(known,))) == [
            "keep-a-running-variant"
        ]

    def test_another_deployments_set_says_nothing(self) -> None:
        assert self._judge({"v3": 100}, good=replace(self.GOOD, deployment="beers")) == [
            "keep-a-running-variant"
        ]

    def test_equal_numbers_of_another_model_are_other_versions(self) -> None:
        assert self._judge({"v3": 100}, model="beers") == ["keep-a-running-variant"]


class TestRoom:
    """While a set changes, old and new Pods run side by side."""

    WORLD = serve(with_container(make_manifest("wines", {"v3": 100})))
    PLAN = WORLD.declare(with_container(make_manifest("wines", {"v3": 90, "v5": 10}))).plan()
    TIGHT = Quota(
        name="team", hard={"pods": "2", "requests.cpu": "4"}, used={"pods": "2", "requests.cpu": "1"}
    )

    def test_a_set_that_does_not_fit_beside_the_old_one_is_refused_with_the_numbers(self) -> None:
        (refusal,) = judge_plan(self.PLAN, recorded=1, quotas=(self.TIGHT,))

        assert refusal.rule == "fits-quota"
        assert refusal.objects == ("production/wines",)
        assert refusal.message == (
            "production/wines would start 2 Pods beside those that serve now, "
            "and namespace wines-production has no room for both:\n"
            "  pods: 2 used + 2 added = 4 of 2 (ResourceQuota/team)"
        )
        assert "rule: fits-quota, objects: [production/wines]" in refusal.advice

    def test_a_waiver_lets_pods_wait_for_room(self) -> None:
        waiver = waive("fits-quota", "production/wines")

        assert judge_plan(self.PLAN, recorded=1, quotas=(self.TIGHT,), waivers=(waiver,)) == ()

    def test_what_fits_beside_it_passes(self) -> None:
        roomy = replace(self.TIGHT, hard={"pods": "4"})

        assert judge_plan(self.PLAN, recorded=1, quotas=(roomy,)) == ()

    def test_taking_a_version_out_always_fits(self) -> None:
        world = serve(make_manifest("wines", {"v3": 90, "v5": 10}))
        plan = world.declare(make_manifest("wines", {"v3": 100})).plan()

        assert judge_plan(plan, recorded=1, quotas=(self.TIGHT,)) == ()
