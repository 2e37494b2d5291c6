"""Objects of others are left alone, and what left git goes if it is provably ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.state.objects import COMMIT_ANNOTATION, ENVIRONMENT_LABEL, MANAGED_BY_LABEL, PART_OF_LABEL
from reconciler.state.plans import Cause, Op, Plan
from tests.support.worlds import (
    OTHER_SET,
    World,
    apply,
    create_by_hand,
    delete_with_finalizer,
    get_change,
    make_fault,
    make_manifest,
    serve,
    set_traffic,
    strip_label,
)

WINES = make_manifest(shares={"v3": 100})
SPLIT = make_manifest(shares={"v3": 90, "v5": 10})
PRICES = make_manifest("prices", shares={"v12": 100})


def _ops(plan: Plan) -> dict[str, Op]:
    return {change.deployment: change.op for change in plan.changes}


class TestOtherOwners:
    """Adoption is asked for; objects of other environments are never taken."""

    def test_an_object_made_by_hand_is_left_and_the_way_named(self) -> None:
        change = get_change(World().declare(WINES).place(create_by_hand(WINES)).plan())
        assert (change.op, change.cause) == (Op.SKIP, Cause.ADOPTION)
        assert change.reason == (
            "exists, and modelsync did not make it; say adopt: true in its deployment file to take it over"
        )

    @pytest.mark.covers("B10")
    def test_adopt_takes_it_over_and_shows_what_that_changes(self) -> None:
        wanted = make_manifest(shares={"v3": 90, "v5": 10}, adopt=True)
        change = get_change(World().declare(wanted).place(create_by_hand(WINES)).plan())
        assert (change.op, change.cause) == (Op.UPDATE, Cause.ADOPTION)
        paths = [field.path for field in change.fields]
        assert "spec.predictors[v3].traffic" in paths
        assert f"metadata.labels[{PART_OF_LABEL}]" in paths
        assert f"metadata.annotations[{COMMIT_ANNOTATION}]" not in paths
        assert [(item.version, item.old, item.new) for item in change.variants] == [
            ("v5", None, 10),
            ("v3", 100, 90),
        ]

    @pytest.mark.parametrize(
        ("labels", "owner"),
        [
            ({ENVIRONMENT_LABEL: "staging"}, "environment staging"),
            ({PART_OF_LABEL: OTHER_SET}, f"ApplySet {OTHER_SET}"),
            ({ENVIRONMENT_LABEL: "production", PART_OF_LABEL: OTHER_SET}, f"ApplySet {OTHER_SET}"),
        ],
    )
    def test_an_object_of_another_owner_is_never_adopted(self, labels: dict[str, str], owner: str) -> None:
        wanted = make_manifest(adopt=True)
        change = get_change(World().declare(wanted).place(create_by_hand(WINES, labels=labels)).plan())
        assert (change.op, change.reason) == (
            Op.SKIP,
            f"belongs to {owner}; an object of another owner is never taken over",
        )

    def test_another_environments_fields_prove_it_when_the_labels_are_gone(self) -> None:
        rival = apply(make_manifest(), manager="modelsync-staging")
        for label in (ENVIRONMENT_LABEL, PART_OF_LABEL, MANAGED_BY_LABEL):
            rival = strip_label(rival, label)
        change = get_change(World().declare(make_manifest(adopt=True)).place(rival).plan())
        assert (change.op, change.reason) == (
            Op.SKIP,
            "belongs to field manager modelsync-staging; an object of another owner is never taken over",
        )

    def test_a_copy_that_says_our_environment_can_be_adopted(self) -> None:
        labels = {ENVIRONMENT_LABEL: "production", MANAGED_BY_LABEL: "modelsync"}
        world = World().place(create_by_hand(WINES, labels=labels))
        assert get_change(world.declare(WINES).plan()).op is Op.SKIP
        assert get_change(world.declare(make_manifest(adopt=True)).plan()).cause is Cause.ADOPTION

    @pytest.mark.covers("T6")
    def test_two_environments_over_one_object_do_not_fight(self) -> None:
        # T6: the other one forced its way in; taking it back would flip for ever.
        theirs = make_manifest(shares={"v3": 50, "v5": 50})
        world = serve(SPLIT).meddle("wines", lambda live: apply(theirs, live, manager="modelsync-staging"))
        change = get_change(world.plan())
        assert change.op is Op.SKIP
        assert change.reason.startswith("held by modelsync-staging, another modelsync environment,")

    def test_our_own_adopted_object_is_healed_like_any_other(self) -> None:
        adopted = make_manifest(shares={"v3": 100}, adopt=True)
        world = serve(adopted).meddle("wines", lambda live: set_traffic(live, {"v3": 99}))
        assert get_change(world.plan()).cause is Cause.DRIFT


class TestLeftovers:
    """Objects of ours that are no longer declared."""

    def test_a_file_that_disappeared_is_a_removal(self) -> None:
        change = get_change(serve(WINES, PRICES).declare(WINES).plan(), "prices")
        assert (change.op, change.cause, change.fields) == (Op.DELETE, Cause.REMOVAL, ())
        assert [(item.version, item.old, item.new) for item in change.variants] == [("v12", 100, None)]
        assert change.live is not None

    def test_retire_in_its_file_is_the_approval(self) -> None:
        plan = serve(WINES, PRICES).retire("prices").plan()
        assert get_change(plan, "prices").cause is Cause.RETIREMENT
        assert _ops(plan) == {"prices": Op.DELETE}

    def test_retire_of_the_environment_is_the_approval_for_all(self) -> None:
        plan = serve(WINES, PRICES).retire_all().plan()
        assert [change.cause for change in plan.changes] == [Cause.RETIREMENT, Cause.RETIREMENT]

    def test_one_on_its_way_out_is_waited_for(self) -> None:
        plan = serve(WINES, PRICES).declare(WINES).meddle("prices", delete_with_finalizer).plan()
        assert get_change(plan, "prices").reason == "is being deleted already"

    def test_a_faulty_deployment_is_never_pruned(self) -> None:
        plan = serve(WINES, PRICES).fault("prices").plan()
        change = get_change(plan, "prices")
        assert (change.op, change.reason) == (
            Op.SKIP,
            "its declaration is faulty, so it is left as it was last applied",
        )
        assert plan.faults == (make_fault("prices"),)

    @pytest.mark.covers("B5", "T3")
    def test_nothing_else_is_pruned_while_one_is_faulty_retired_ones_included(self) -> None:
        beers = make_manifest("beers")
        world = serve(WINES, PRICES, beers).retire("beers").fault("prices")
        change = get_change(world.plan(), "beers")
        assert (change.op, change.reason) == (
            Op.SKIP,
            "nothing is pruned here while production/prices cannot be read",
        )

    def test_the_others_go_on_while_one_is_faulty(self) -> None:
        plan = serve(WINES, PRICES).fault("prices").declare(SPLIT).plan()
        assert get_change(plan, "wines").op is Op.UPDATE

    @pytest.mark.covers("B39", "T22")
    @pytest.mark.parametrize("lost", [World.lose_record, World.forge_record])
    def test_nothing_is_pruned_while_the_record_is_rebuilt(self, lost: object) -> None:
        assert callable(lost)
        change = get_change(lost(serve(WINES, PRICES).declare(WINES)).plan(), "prices")
        assert (change.op, change.reason) == (
            Op.SKIP,
            "the target's record was lost and is being rebuilt; nothing is pruned in this run",
        )

    def test_the_label_proves_membership_when_the_record_does_not_name_it(self) -> None:
        world = serve(WINES, PRICES).declare(WINES)
        world = replace(world, record=replace(world.record, entries=world.record.entries[:1]))
        assert get_change(world.plan(), "prices").op is Op.DELETE

    def test_an_object_whose_label_was_taken_away_is_kept_and_said(self) -> None:
        world = (
            serve(WINES, PRICES)
            .declare(WINES)
            .meddle("prices", lambda live: strip_label(live, PART_OF_LABEL))
        )
        change = get_change(world.plan(), "prices")
        assert change.op is Op.SKIP
        assert change.reason == (
            "is no longer declared, but its label applyset.kubernetes.io/part-of was taken away, "
            "so it is not pruned; put the label back, or delete it by hand"
        )

    def test_an_object_made_anew_by_somebody_else_is_not_ours_to_prune(self) -> None:
        world = serve(WINES, PRICES).declare(WINES).place(create_by_hand(PRICES))
        assert world.plan().changes == ()

    def test_what_is_gone_already_needs_nothing(self) -> None:
        assert serve(WINES, PRICES).declare(WINES).take_away("prices").plan().changes == ()
