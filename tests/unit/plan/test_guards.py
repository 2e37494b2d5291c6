"""Guards: what is refused, in which words, and how it is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given as given_values
from hypothesis import strategies as st

from reconciler.plan.guards import (
    GUARDS,
    WAIVABLE_GUARDS,
    Ancestry,
    GuardInput,
    hold_refused,
    judge,
)
from reconciler.plan.pruning import prune_limit
from reconciler.plan.waivers import is_active
from reconciler.policy import rules
from reconciler.state.exceptions import Waiver
from reconciler.state.findings import Grade
from reconciler.state.inventory import DIGEST_LENGTH, GoodSet
from reconciler.state.moments import end_of
from reconciler.state.objects import ENVIRONMENT_LABEL, MODEL_LABEL, Manifest
from reconciler.state.observations import Namespace
from reconciler.state.plans import Op, Plan, Refusal
from reconciler.state.quotas import Quota
from reconciler.state.routes import DeploymentRoutes, RoutedShare, Routes
from reconciler.state.shares import Share
from tests.support.worlds import (
    EARLIER,
    REVISION,
    World,
    create_by_hand,
    make_manifest,
    serve,
    set_label,
    set_traffic,
)

_IDLE: Mapping[str, int] = {"v3": 0, "v5": 0}
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
NAMESPACE = Namespace(name="wines-production", labels={ENVIRONMENT_LABEL: "production"}, deleting=False)


def _serve_many(number: int, shares: Mapping[str, int] | None = None) -> World:
    return serve(*(make_manifest(f"m{index:02}", shares) for index in range(number)))


def _with_container(manifest: Manifest) -> Manifest:
    """Each predictor runs one container, so that it has a Pod."""
    specs = [{"spec": {"containers": [{"name": "wines"}]}}]
    predictors = [{**item, "componentSpecs": specs} for item in manifest.body["spec"]["predictors"]]
    return replace(
        manifest, body={**manifest.body, "spec": {**manifest.body["spec"], "predictors": predictors}}
    )


def _judge(
    plan: Plan,
    *,
    recorded: int = 0,
    declared: int = 1,
    max_prune: str | int | None = None,
    ancestry: Ancestry = Ancestry.ANCESTOR,
    namespace: Namespace | None = NAMESPACE,
    waivers: tuple[Waiver, ...] = (),
    now: datetime = NOW,
    quotas: tuple[Quota, ...] = (),
    good: tuple[GoodSet, ...] = (),
    protected: bool = False,
    routes: tuple[Routes, ...] = (Routes(),),
) -> tuple[Refusal, ...]:
    return judge(
        GuardInput(
            plan=plan,
            max_prune=max_prune,
            recorded=recorded,
            declared=declared,
            applied=EARLIER,
            ancestry=ancestry,
            namespace=namespace,
            waivers=waivers,
            now=now,
            quotas=quotas,
            good=good,
            protected=protected,
            routes=routes,
        )
    )


def _rules(refusals: tuple[Refusal, ...]) -> list[str]:
    return [refusal.rule for refusal in refusals]


def _waive(rule: str, *objects: str, until: str = "2026-11-30") -> Waiver:
    return Waiver(rule=rule, objects=objects, reason="meant", until=until)


def _remove(world: World, *names: str) -> Plan:
    return world.declare(*(item for item in world.manifests if item.deployment not in names)).plan()


def test_a_plan_without_changes_is_not_refused() -> None:
    assert _judge(serve(make_manifest()).plan(), recorded=1) == ()


class TestNamespaceLabel:
    PLAN = World().declare(make_manifest()).plan()

    def test_a_namespace_without_the_label_is_refused(self) -> None:
        (refusal,) = _judge(self.PLAN, namespace=replace(NAMESPACE, labels={}))
        assert refusal.rule == "namespace-label"
        assert refusal.message == (
            "namespace wines-production does not carry the label modelsync.dev/environment; "
            "production may only be synced into a namespace labelled for it."
        )
        assert (
            "kubectl label namespace wines-production modelsync.dev/environment=production" in refusal.advice
        )

    def test_a_namespace_of_another_environment_is_refused(self) -> None:
        (refusal,) = _judge(self.PLAN, namespace=replace(NAMESPACE, labels={ENVIRONMENT_LABEL: "staging"}))
        assert refusal.message.startswith(
            "namespace wines-production carries modelsync.dev/environment=staging; production may only"
        )

    def test_a_namespace_that_nobody_needed_to_read_is_not_judged(self) -> None:
        assert _judge(self.PLAN, namespace=None) == ()

    def test_it_cannot_be_waived(self) -> None:
        waiver = _waive("namespace-label", "production")
        assert _rules(_judge(self.PLAN, namespace=replace(NAMESPACE, labels={}), waivers=(waiver,))) == [
            "namespace-label"
        ]


class TestHistory:
    PLAN = World().declare(make_manifest()).plan()

    @pytest.mark.covers("B3")
    def test_a_rewritten_history_is_refused_with_both_commits(self) -> None:
        (refusal,) = _judge(self.PLAN, ancestry=Ancestry.REWRITTEN)
        assert refusal.rule == "history-continues"
        assert REVISION in refusal.message
        assert EARLIER in refusal.message
        assert (
            "{rule: history-continues, objects: [production], reason: …, until: 2026-11-30}" in refusal.advice
        )

    @pytest.mark.covers("T11")
    @pytest.mark.covers("B3")
    def test_a_history_that_is_cut_short_proves_nothing(self) -> None:
        (refusal,) = _judge(self.PLAN, ancestry=Ancestry.UNKNOWN)
        assert refusal.rule == "history-continues"
        assert refusal.message == (
            f"the history at hand is cut short, so whether {REVISION} continues {EARLIER}, "
            "which production was last synced to, cannot be told."
        )
        assert "git fetch --unshallow" in refusal.advice

    @pytest.mark.parametrize("ancestry", [Ancestry.FIRST, Ancestry.ANCESTOR])
    def test_a_first_run_and_a_continued_history_pass(self, ancestry: Ancestry) -> None:
        assert _judge(self.PLAN, ancestry=ancestry) == ()

    def test_a_reviewed_waiver_accepts_it(self) -> None:
        waiver = _waive("history-continues", "production")
        assert _judge(self.PLAN, ancestry=Ancestry.REWRITTEN, waivers=(waiver,)) == ()


class TestEmptyEnvironment:
    @pytest.mark.covers("B13", "T3")
    def test_all_files_gone_is_refused_and_names_what_would_go(self) -> None:
        plan = _serve_many(2).declare().plan()
        (refusal,) = _judge(plan, recorded=2, declared=0)
        assert refusal.rule == "empty-environment"
        assert (
            refusal.message
            == "production declares no deployment any more, but 2 objects of it would be deleted."
        )
        assert refusal.objects == ("production/m00", "production/m01")
        assert "retire: true" in refusal.advice

    def test_one_object_is_said_in_the_singular(self) -> None:
        (refusal,) = _judge(serve(make_manifest()).declare().plan(), recorded=1, declared=0)
        assert "but 1 object of it would be deleted" in refusal.message

    @pytest.mark.covers("B13")
    def test_it_cannot_be_waived(self) -> None:
        plan = serve(make_manifest()).declare().plan()
        waivers = (_waive("empty-environment", "production/wines"), _waive("max-prune", "production/wines"))
        assert _rules(_judge(plan, recorded=1, declared=0, waivers=waivers)) == ["empty-environment"]

    def test_a_retired_environment_passes(self) -> None:
        assert _judge(serve(make_manifest()).retire_all().plan(), recorded=1, declared=0) == ()

    def test_an_environment_that_never_had_anything_passes(self) -> None:
        assert _judge(World().plan(), declared=0) == ()

    def test_files_that_cannot_be_read_are_not_gone(self) -> None:
        plan = serve(make_manifest()).fault("wines").plan()
        assert _judge(plan, recorded=1, declared=0) == ()


class TestMaxPrune:
    @pytest.mark.covers("B12")
    def test_a_removal_that_takes_traffic_is_refused_however_few(self) -> None:
        (refusal,) = _judge(_remove(_serve_many(20), "m07"), recorded=20)
        assert refusal.rule == "max-prune"
        assert refusal.message == (
            "1 of 20 objects of production would be deleted "
            "(limit 20 %, that is 4, and none that takes traffic).\n"
            "  SeldonDeployment/m07  takes live traffic (v3 100 %)"
        )
        assert refusal.objects == ("production/m07",)

    def test_idle_ones_pass_within_the_limit(self) -> None:
        assert _judge(_remove(_serve_many(10, _IDLE), "m01", "m02"), recorded=10) == ()

    @pytest.mark.covers("B12", "T4")
    def test_idle_ones_above_the_limit_are_refused(self) -> None:
        (refusal,) = _judge(_remove(_serve_many(10, _IDLE), "m01", "m02", "m03"), recorded=10)
        assert refusal.message.startswith(
            "3 of 10 objects of production would be deleted (limit 20 %, that is 2,"
        )
        assert "SeldonDeployment/m02  takes no traffic" in refusal.message

    def test_a_shadow_takes_no_live_traffic(self) -> None:
        shadow = make_manifest("m99", {"v3": 0}, shadows={"v5": 100})
        world = serve(shadow, make_manifest())
        assert _judge(_remove(world, "m99"), recorded=2) == ()

    def test_a_number_as_limit_is_taken_as_it_is(self) -> None:
        plan = _remove(_serve_many(10, _IDLE), "m01", "m02", "m03")
        assert _judge(plan, recorded=10, max_prune=3) == ()
        (refusal,) = _judge(plan, recorded=10, max_prune=2)
        assert "(limit 2, and none that takes traffic)" in refusal.message

    def test_more_than_ten_are_counted_not_listed(self) -> None:
        names = tuple(f"m{index:02}" for index in range(12))
        (refusal,) = _judge(_remove(_serve_many(13), *names), recorded=13)
        lines = refusal.message.splitlines()
        assert len(lines) == 12
        assert lines[-1] == "  … 2 more (modelsync plan production --live)"
        assert len(refusal.objects) == 12

    def test_ten_are_all_listed(self) -> None:
        names = tuple(f"m{index:02}" for index in range(10))
        (refusal,) = _judge(_remove(_serve_many(11), *names), recorded=11)
        assert refusal.message.splitlines()[-1] == "  SeldonDeployment/m09  takes live traffic (v3 100 %)"

    def test_retired_ones_do_not_count(self) -> None:
        assert _judge(_serve_many(3).retire("m01").plan(), recorded=3) == ()

    @pytest.mark.covers("B14")
    def test_a_waiver_for_exactly_these_objects_allows_them(self) -> None:
        plan = _remove(_serve_many(3), "m01", "m02")
        both = _waive("max-prune", "production/m01", "production/m02")
        assert _judge(plan, recorded=3, waivers=(both,)) == ()
        (refusal,) = _judge(plan, recorded=3, waivers=(_waive("max-prune", "production/m01"),))
        assert refusal.objects == ("production/m02",)

    def test_waived_ones_do_not_use_up_the_limit(self) -> None:
        plan = _remove(_serve_many(10, _IDLE), "m01", "m02", "m03")
        assert _judge(plan, recorded=10, waivers=(_waive("max-prune", "production/m01"),)) == ()

    @pytest.mark.covers("B14")
    def test_a_waiver_of_another_rule_or_one_that_ended_allows_nothing(self) -> None:
        plan = _remove(_serve_many(3), "m01")
        for waiver in (
            _waive("soak", "production/m01"),
            _waive("max-prune", "production/m01", until="2026-11-22"),
        ):
            assert _rules(_judge(plan, recorded=3, waivers=(waiver,))) == ["max-prune"]

    @pytest.mark.covers("B14")
    def test_one_that_ended_is_said_to_have_named_it(self) -> None:
        plan = _remove(_serve_many(3), "m01")
        ended = _waive("max-prune", "production/m01", until="2026-11-22")
        (refusal,) = _judge(plan, recorded=3, waivers=(ended,))
        assert refusal.advice.splitlines()[-1] == (
            "The waiver of max-prune that named it ended 2026-11-22 and allows nothing any more."
        )
        other = _waive("max-prune", "production/m02", until="2026-11-22")
        assert "ended" not in _judge(plan, recorded=3, waivers=(other,))[0].advice

    @pytest.mark.covers("B14")
    def test_it_ends_with_its_day(self) -> None:
        plan = _remove(_serve_many(3), "m01")
        waiver = _waive("max-prune", "production/m01", until="2026-11-23")
        midnight = datetime(2026, 11, 24, tzinfo=timezone.utc)
        assert _judge(plan, recorded=3, waivers=(waiver,), now=midnight - timedelta(seconds=1)) == ()
        assert _rules(_judge(plan, recorded=3, waivers=(waiver,), now=midnight)) == ["max-prune"]

    @pytest.mark.covers("B14")
    def test_it_cannot_be_used_again_for_other_objects(self) -> None:
        world, waiver = _serve_many(4), _waive("max-prune", "production/m01", "production/m02")
        assert _judge(_remove(world, "m01", "m02"), recorded=4, waivers=(waiver,)) == ()
        (refusal,) = _judge(_remove(world, "m01", "m02", "m03"), recorded=4, waivers=(waiver,))
        assert refusal.objects == ("production/m03",)

    @pytest.mark.covers("B12", "T4")
    def test_a_protected_environment_prunes_nothing_without_a_waiver_or_a_limit_of_its_own(self) -> None:
        plan = _remove(_serve_many(10, _IDLE), "m01")
        (refusal,) = _judge(plan, recorded=10, protected=True)
        assert "(limit 0 without a waiver, since the environment is protected)" in refusal.message
        waiver = _waive("max-prune", "production/m01")
        assert _judge(plan, recorded=10, protected=True, waivers=(waiver,)) == ()
        assert _judge(plan, recorded=10, protected=True, max_prune="20%") == ()

    @pytest.mark.covers("B12")
    def test_what_is_routed_takes_traffic_whatever_it_declares(self) -> None:
        plan = _remove(_serve_many(10, _IDLE), "m01")
        shares = (RoutedShare(predictor="v3", shadow=False, percent=100.0),)
        routed = Routes(deployments={"m01": DeploymentRoutes(shares=shares)})
        (refusal,) = _judge(plan, recorded=10, routes=(Routes(), routed))
        assert "SeldonDeployment/m01  declares no traffic, but is routed v3 100 %" in refusal.message
        mirrored = (RoutedShare(predictor="v3", shadow=True, percent=100.0),)
        elsewhere = Routes(
            deployments={"m02": DeploymentRoutes(shares=shares), "m01": DeploymentRoutes(shares=mirrored)}
        )
        assert _judge(plan, recorded=10, routes=(elsewhere,)) == ()

    @pytest.mark.covers("B12")
    def test_what_is_not_known_counts_as_traffic(self) -> None:
        plan = _remove(_serve_many(10, _IDLE), "m01")
        unknown = Routes(unknown="listing virtualservices is not allowed")
        (refusal,) = _judge(plan, recorded=10, routes=(unknown,))
        assert (
            "SeldonDeployment/m01  whether it takes traffic is not known: "
            "listing virtualservices is not allowed"
        ) in refusal.message

    def test_the_advice_names_both_ways_and_the_usual_cause(self) -> None:
        (refusal,) = _judge(_remove(_serve_many(3), "m01"), recorded=3)
        assert "retire: true" in refusal.advice
        assert "{rule: max-prune, objects: [production/m01], reason: …, until: 2026-11-30}" in refusal.advice
        assert "moved or renamed folder under environments/production" in refusal.advice


class TestKeepARunningVariant:
    WORLD = serve(make_manifest(shares={"v3": 90, "v4": 10}))

    def test_replacing_all_live_variants_at_once_is_refused(self) -> None:
        (refusal,) = _judge(self.WORLD.declare(make_manifest(shares={"v5": 100})).plan(), recorded=1)
        assert refusal.rule == "keep-a-running-variant"
        assert refusal.message == (
            "production/wines: none of the running variants (v3 90 %, v4 10 %) remains beside v5 100 %; "
            "a bad model would take all requests at once."
        )
        assert refusal.advice.startswith("Keep v3 with a share for one more change")
        assert refusal.objects == ("production/wines",)

    @pytest.mark.parametrize("shares", [{"v4": 100}, {"v5": 99, "v3": 1}, {"v3": 100}])
    def test_keeping_one_is_enough(self, shares: dict[str, int]) -> None:
        assert _judge(self.WORLD.declare(make_manifest(shares=shares)).plan(), recorded=1) == ()

    def test_a_running_variant_kept_at_zero_or_as_shadow_is_not_kept(self) -> None:
        for wanted in (
            make_manifest(shares={"v5": 100, "v3": 0}),
            make_manifest(shares={"v5": 100}, shadows={"v3": 100}),
        ):
            assert _rules(_judge(self.WORLD.declare(wanted).plan(), recorded=1)) == ["keep-a-running-variant"]

    def test_an_end_of_all_live_traffic_is_refused(self) -> None:
        (refusal,) = _judge(self.WORLD.declare(make_manifest(shares={"v5": 0, "v6": 0})).plan(), recorded=1)
        assert "remains beside nothing" in refusal.message

    def test_a_new_roll_out_of_the_same_version_passes(self) -> None:
        # A version may appear once per role, so the old roll-out cannot stay beside the new one.
        world = serve(make_manifest(shares={"v5": 100}))
        assert _judge(world.declare(make_manifest(shares={"v5-r2": 100})).plan(), recorded=1) == ()

    def test_the_same_number_of_another_model_is_another_version(self) -> None:
        world = serve(make_manifest(shares={"v3": 100}, model="wines"))
        plan = world.declare(make_manifest(shares={"v3": 100}, model="reds")).plan()
        assert _rules(_judge(plan, recorded=1)) == ["keep-a-running-variant"]

    def test_an_object_whose_model_label_is_gone_is_judged_by_its_versions(self) -> None:
        world = serve(make_manifest(shares={"v3": 100}))
        world = world.meddle("wines", lambda live: set_label(live, MODEL_LABEL, ""))
        assert _judge(world.declare(make_manifest(shares={"v3": 90, "v5": 10})).plan(), recorded=1) == ()

    def test_healing_to_what_review_already_saw_passes(self) -> None:
        world = serve(make_manifest(shares={"v3": 0, "v5": 100}))
        world = world.meddle("wines", lambda live: set_traffic(live, {"v3": 100, "v5": 0}))
        assert _judge(world.plan(), recorded=1) == ()

    def test_adoption_is_its_own_approval(self) -> None:
        by_hand = create_by_hand(make_manifest(shares={"v1": 100}))
        plan = World().place(by_hand).declare(make_manifest(shares={"v5": 100}, adopt=True)).plan()
        assert _judge(plan) == ()

    def test_one_that_served_nothing_may_be_replaced(self) -> None:
        world = serve(make_manifest(shares={"v3": 0, "v4": 0}))
        assert _judge(world.declare(make_manifest(shares={"v5": 100})).plan(), recorded=1) == ()

    def test_a_waiver_allows_it(self) -> None:
        plan = self.WORLD.declare(make_manifest(shares={"v5": 100})).plan()
        waiver = _waive("keep-a-running-variant", "production/wines")
        assert _judge(plan, recorded=1, waivers=(waiver,)) == ()


def test_all_refusals_are_collected() -> None:
    world = serve(make_manifest(), make_manifest("prices"))
    plan = world.declare(make_manifest(shares={"v5": 100})).plan()
    refusals = _judge(plan, recorded=2, ancestry=Ancestry.REWRITTEN, namespace=replace(NAMESPACE, labels={}))
    assert _rules(refusals) == [
        "namespace-label",
        "history-continues",
        "max-prune",
        "keep-a-running-variant",
    ]


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
        return _rules(_judge(plan, recorded=1, good=(good,)))

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
        assert _judge(world.declare(first).plan(), recorded=1, good=(known,)) == ()
        assert _rules(_judge(world.declare(other).plan(), recorded=1, good=(known,))) == [
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

    WORLD = serve(_with_container(make_manifest("wines", {"v3": 100})))
    PLAN = WORLD.declare(_with_container(make_manifest("wines", {"v3": 90, "v5": 10}))).plan()
    TIGHT = Quota(
        name="team", hard={"pods": "2", "requests.cpu": "4"}, used={"pods": "2", "requests.cpu": "1"}
    )

    def test_a_set_that_does_not_fit_beside_the_old_one_is_refused_with_the_numbers(self) -> None:
        (refusal,) = _judge(self.PLAN, recorded=1, quotas=(self.TIGHT,))

        assert refusal.rule == "fits-quota"
        assert refusal.objects == ("production/wines",)
        assert refusal.message == (
            "production/wines would start 2 Pods beside those that serve now, "
            "and namespace wines-production has no room for both:\n"
            "  pods: 2 used + 2 added = 4 of 2 (ResourceQuota/team)"
        )
        assert "rule: fits-quota, objects: [production/wines]" in refusal.advice

    def test_a_waiver_lets_pods_wait_for_room(self) -> None:
        waiver = _waive("fits-quota", "production/wines")

        assert _judge(self.PLAN, recorded=1, quotas=(self.TIGHT,), waivers=(waiver,)) == ()

    def test_what_fits_beside_it_passes(self) -> None:
        roomy = replace(self.TIGHT, hard={"pods": "4"})

        assert _judge(self.PLAN, recorded=1, quotas=(roomy,)) == ()

    def test_taking_a_version_out_always_fits(self) -> None:
        world = serve(make_manifest("wines", {"v3": 90, "v5": 10}))
        plan = world.declare(make_manifest("wines", {"v3": 100})).plan()

        assert _judge(plan, recorded=1, quotas=(self.TIGHT,)) == ()


def test_every_guard_that_can_be_waived_exists_and_is_known_to_the_policy_of_waivers() -> None:
    assert WAIVABLE_GUARDS.issubset(GUARDS)
    assert tuple(GUARDS) == tuple(rule.id for rule in rules.GUARDS)
    soft = {rule.id for rule in rules.GUARDS if rule.grade is Grade.SOFT}
    assert soft == WAIVABLE_GUARDS


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
    waiver = _waive("max-prune", "production/wines", until=until)
    assert is_active(waiver, end - timedelta(seconds=1))
    assert not is_active(waiver, end)


def test_a_day_that_does_not_exist_is_an_error_and_its_waiver_allows_nothing() -> None:
    with pytest.raises(ValueError, match="2026-13-45"):
        end_of("2026-13-45")
    plan = _remove(_serve_many(3), "m01")
    waiver = _waive("max-prune", "production/m01", until="2026-13-45")
    assert _rules(_judge(plan, recorded=3, waivers=(waiver,))) == ["max-prune"]


class TestOneDeploymentAlone:
    """Of wines all variants are replaced at once; beers is as harmless as it can be."""

    PLAN = (
        serve(make_manifest(shares={"v3": 100}), make_manifest("beers", {"v1": 100}))
        .declare(make_manifest(shares={"v5": 100}), make_manifest("beers", {"v1": 90, "v2": 10}))
        .plan()
    )

    @pytest.mark.covers("B22")
    def test_what_a_guard_says_of_one_holds_that_one_back(self) -> None:
        refusals = _judge(self.PLAN, recorded=2)
        assert [(item.rule, item.partial) for item in refusals] == [("keep-a-running-variant", True)]
        plan = replace(hold_refused(self.PLAN, refusals), refusals=refusals)
        assert [(change.deployment, change.op, change.reason) for change in plan.changes] == [
            ("beers", Op.UPDATE, ""),
            ("wines", Op.SKIP, "refused by keep-a-running-variant"),
        ]
        assert (plan.refused, plan.held) == (False, False)

    @pytest.mark.covers("B22")
    def test_what_a_guard_says_of_the_target_holds_all_back(self) -> None:
        refusals = _judge(self.PLAN, recorded=2, ancestry=Ancestry.REWRITTEN)
        assert [item.partial for item in refusals] == [False, True]
        assert replace(self.PLAN, refusals=refusals).refused

    def test_what_is_held_back_needs_no_room(self) -> None:
        plan = (
            serve(_with_container(make_manifest(shares={"v3": 100})))
            .declare(_with_container(make_manifest(shares={"v5": 100})))
            .plan()
        )
        full = Quota(name="team", hard={"pods": "3"}, used={"pods": "2"})
        assert _rules(_judge(plan, recorded=1, quotas=(full,))) == ["keep-a-running-variant"]
