"""Guards: what is refused, in which words, and how it is allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plan.guards import GUARDS, WAIVABLE_GUARDS, Ancestry, hold_refused
from reconciler.policy import rules
from reconciler.state.findings import Grade
from reconciler.state.objects import ENVIRONMENT_LABEL
from reconciler.state.plans import Op
from reconciler.state.quotas import Quota
from tests.support.worlds import EARLIER, REVISION, World, make_manifest, serve
from tests.unit.plan.guarding import NAMESPACE, judge_plan, list_rules, serve_many, waive, with_container


def test_a_plan_without_changes_is_not_refused() -> None:
    assert judge_plan(serve(make_manifest()).plan(), recorded=1) == ()


class TestNamespaceLabel:
    PLAN = World().declare(make_manifest()).plan()

    def test_a_namespace_without_the_label_is_refused(self) -> None:
        (refusal,) = judge_plan(self.PLAN, namespace=replace(NAMESPACE, labels={}))
        assert refusal.rule == "namespace-label"
        assert refusal.message == (
            "namespace wines-production does not carry the label modelsync.dev/environment; "
            "production may only be synced into a namespace labelled for it."
        )
        assert (
            "kubectl label namespace wines-production modelsync.dev/environment=production" in refusal.advice
        )

    def test_a_namespace_of_another_environment_is_refused(self) -> None:
        (refusal,) = judge_plan(
            self.PLAN, namespace=replace(NAMESPACE, labels={ENVIRONMENT_LABEL: "staging"})
        )
        assert refusal.message.startswith(
            "namespace wines-production carries modelsync.dev/environment=staging; production may only"
        )

    def test_a_namespace_that_nobody_needed_to_read_is_not_judged(self) -> None:
        assert judge_plan(self.PLAN, namespace=None) == ()

    def test_it_cannot_be_waived(self) -> None:
        waiver = waive("namespace-label", "production")
        assert list_rules(
            judge_plan(self.PLAN, namespace=replace(NAMESPACE, labels={}), waivers=(waiver,))
        ) == ["namespace-label"]


class TestHistory:
    PLAN = World().declare(make_manifest()).plan()

    @pytest.mark.covers("B3")
    def test_a_rewritten_history_is_refused_with_both_commits(self) -> None:
        (refusal,) = judge_plan(self.PLAN, ancestry=Ancestry.REWRITTEN)
        assert refusal.rule == "history-continues"
        assert REVISION in refusal.message
        assert EARLIER in refusal.message
        assert (
            "{rule: history-continues, objects: [production], reason: …, until: 2026-11-30}" in refusal.advice
        )

    @pytest.mark.covers("T11")
    @pytest.mark.covers("B3")
    def test_a_history_that_is_cut_short_proves_nothing(self) -> None:
        (refusal,) = judge_plan(self.PLAN, ancestry=Ancestry.UNKNOWN)
        assert refusal.rule == "history-continues"
        assert refusal.message == (
            f"the history at hand is cut short, so whether {REVISION} continues {EARLIER}, "
            "which production was last synced to, cannot be told."
        )
        assert "git fetch --unshallow" in refusal.advice

    @pytest.mark.parametrize("ancestry", [Ancestry.FIRST, Ancestry.ANCESTOR])
    def test_a_first_run_and_a_continued_history_pass(self, ancestry: Ancestry) -> None:
        assert judge_plan(self.PLAN, ancestry=ancestry) == ()

    def test_a_reviewed_waiver_accepts_it(self) -> None:
        waiver = waive("history-continues", "production")
        assert judge_plan(self.PLAN, ancestry=Ancestry.REWRITTEN, waivers=(waiver,)) == ()


class TestEmptyEnvironment:
    @pytest.mark.covers("B13", "T3")
    def test_all_files_gone_is_refused_and_names_what_would_go(self) -> None:
        plan = serve_many(2).declare().plan()
        (refusal,) = judge_plan(plan, recorded=2, declared=0)
        assert refusal.rule == "empty-environment"
        assert (
            refusal.message
            == "production declares no deployment any more, but 2 objects of it would be deleted."
        )
        assert refusal.objects == ("production/m00", "production/m01")
        assert "retire: true" in refusal.advice

    def test_one_object_is_said_in_the_singular(self) -> None:
        (refusal,) = judge_plan(serve(make_manifest()).declare().plan(), recorded=1, declared=0)
        assert "but 1 object of it would be deleted" in refusal.message

    @pytest.mark.covers("B13")
    def test_it_cannot_be_waived(self) -> None:
        plan = serve(make_manifest()).declare().plan()
        waivers = (waive("empty-environment", "production/wines"), waive("max-prune", "production/wines"))
        assert list_rules(judge_plan(plan, recorded=1, declared=0, waivers=waivers)) == ["empty-environment"]

    def test_a_retired_environment_passes(self) -> None:
        assert judge_plan(serve(make_manifest()).retire_all().plan(), recorded=1, declared=0) == ()

    def test_an_environment_that_never_had_anything_passes(self) -> None:
        assert judge_plan(World().plan(), declared=0) == ()

    def test_files_that_cannot_be_read_are_not_gone(self) -> None:
        plan = serve(make_manifest()).fault("wines").plan()
        assert judge_plan(plan, recorded=1, declared=0) == ()


def test_all_refusals_are_collected() -> None:
    world = serve(make_manifest(), make_manifest("prices"))
    plan = world.declare(make_manifest(shares={"v5": 100})).plan()
    refusals = judge_plan(
        plan, recorded=2, ancestry=Ancestry.REWRITTEN, namespace=replace(NAMESPACE, labels={})
    )
    assert list_rules(refusals) == [
        "namespace-label",
        "history-continues",
        "max-prune",
        "keep-a-running-variant",
    ]


def test_every_guard_that_can_be_waived_exists_and_is_known_to_the_policy_of_waivers() -> None:
    assert WAIVABLE_GUARDS.issubset(GUARDS)
    assert tuple(GUARDS) == tuple(rule.id for rule in rules.GUARDS)
    soft = {rule.id for rule in rules.GUARDS if rule.grade is Grade.SOFT}
    assert soft == WAIVABLE_GUARDS


class TestOneDeploymentAlone:
    """Of wines all variants are replaced at once; beers is as harmless as it can be."""

    PLAN = (
        serve(make_manifest(shares={"v3": 100}), make_manifest("beers", {"v1": 100}))
        .declare(make_manifest(shares={"v5": 100}), make_manifest("beers", {"v1": 90, "v2": 10}))
        .plan()
    )

    @pytest.mark.covers("B22")
    def test_what_a_guard_says_of_one_holds_that_one_back(self) -> None:
        refusals = judge_plan(self.PLAN, recorded=2)
        assert [(item.rule, item.partial) for item in refusals] == [("keep-a-running-variant", True)]
        plan = replace(hold_refused(self.PLAN, refusals), refusals=refusals)
        assert [(change.deployment, change.op, change.reason) for change in plan.changes] == [
            ("beers", Op.UPDATE, ""),
            ("wines", Op.SKIP, "refused by keep-a-running-variant"),
        ]
        assert (plan.refused, plan.held) == (False, False)

    @pytest.mark.covers("B22")
    def test_what_a_guard_says_of_the_target_holds_all_back(self) -> None:
        refusals = judge_plan(self.PLAN, recorded=2, ancestry=Ancestry.REWRITTEN)
        assert [item.partial for item in refusals] == [False, True]
        assert replace(self.PLAN, refusals=refusals).refused

    def test_what_is_held_back_needs_no_room(self) -> None:
        plan = (
            serve(with_container(make_manifest(shares={"v3": 100})))
            .declare(with_container(make_manifest(shares={"v5": 100})))
            .plan()
        )
        full = Quota(name="team", hard={"pods": "3"}, used={"pods": "2"})
        assert list_rules(judge_plan(plan, recorded=1, quotas=(full,))) == ["keep-a-running-variant"]
