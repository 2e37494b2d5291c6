"""What the planner decides: make a world, change one thing, read the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plan.planner import compare_manifests
from reconciler.state.inventory import InventoryEntry
from reconciler.state.objects import DIGEST_ANNOTATION, Manifest
from reconciler.state.plans import Cause, Op, Plan
from reconciler.state.targets import Desired
from tests.support.worlds import (
    OTHER_SET,
    REVISION,
    TARGET,
    World,
    apply,
    create_by_hand,
    delete_with_finalizer,
    edit,
    get_change,
    make_entry,
    make_fault,
    make_manifest,
    serve,
    set_label,
    set_traffic,
    strip_label,
    write_status,
)

WINES = make_manifest(shares={"v3": 100})
SPLIT = make_manifest(shares={"v3": 90, "v5": 10})
PRICES = make_manifest("prices", shares={"v12": 100})


def _ops(plan: Plan) -> dict[str, Op]:
    return {change.deployment: change.op for change in plan.changes}


class TestNothingToDo:
    def test_what_was_applied_and_recorded_needs_nothing(self) -> None:
        plan = serve(WINES, PRICES).plan()
        assert plan.changes == ()
        assert plan.unchanged == (PRICES.key, WINES.key)
        assert not plan.writes

    def test_an_empty_target_needs_nothing(self) -> None:
        assert World().plan().changes == ()

    def test_another_commit_alone_is_nothing_to_apply(self) -> None:
        later = make_manifest(shares={"v3": 100}, commit="9c0ffee")
        assert serve(WINES).declare(later).plan().changes == ()

    def test_another_commit_and_a_lost_record_is_nothing_to_apply(self) -> None:
        later = make_manifest(shares={"v3": 100}, commit="9c0ffee")
        assert serve(WINES).lose_record().declare(later).plan().changes == ()

    def test_the_operators_status_changes_nothing(self) -> None:
        assert serve(WINES).meddle("wines", write_status).plan().changes == ()

    def test_fields_of_others_beside_ours_change_nothing(self) -> None:
        world = serve(WINES).meddle("wines", lambda live: set_label(live, "team", "wine"))
        # `kubectl scale` and autoscalers write spec.replicas: the generation moves, and it is not ours.
        world = world.meddle(
            "wines", lambda live: edit(live, lambda body: body["spec"].update(replicas=3), "spec", "replicas")
        )
        assert world.plan().changes == ()

    def test_a_hand_edit_taken_back_by_hand_is_nothing_to_do(self) -> None:
        world = serve(SPLIT).meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50}))
        world = world.meddle("wines", lambda live: set_traffic(live, {"v3": 90, "v5": 10}))
        assert world.plan().changes == ()

    def test_objects_of_others_are_not_ours_to_mention(self) -> None:
        assert serve(WINES).place(create_by_hand(PRICES)).plan().changes == ()
        rival = apply(make_manifest("prices", part_of=OTHER_SET))
        assert serve(WINES).place(rival).plan().changes == ()


class TestRevision:
    def test_a_new_deployment_is_created(self) -> None:
        change = get_change(World().declare(WINES).plan())
        assert (change.op, change.cause, change.manifest) == (Op.CREATE, Cause.REVISION, WINES)
        assert [(item.version, item.old, item.new) for item in change.variants] == [("v3", None, 100)]
        # All of it is new, so no field of it is told.
        assert change.fields == ()

    def test_a_new_variant_is_an_update_that_says_shares_and_fields(self) -> None:
        change = get_change(serve(WINES).declare(SPLIT).plan())
        assert (change.op, change.cause, change.edits) == (Op.UPDATE, Cause.REVISION, ())
        assert [(item.version, item.old, item.new) for item in change.variants] == [
            ("v5", None, 10),
            ("v3", 100, 90),
        ]
        # The digest annotation follows from the rest and is not repeated.
        assert [(field.sign, field.path) for field in change.fields] == [
            ("~", "spec.predictors[v3].traffic"),
            ("+", "spec.predictors[v5]"),
        ]

    def test_a_change_of_derived_annotations_alone_still_says_which(self) -> None:
        older = make_manifest(labels={"a": "1"})
        world = serve(older).declare(make_manifest())
        # Somebody removed the label already; what is left to apply is the digest.
        world = world.meddle("wines", lambda live: strip_label(live, "a"))
        change = get_change(world.plan())
        assert [field.path for field in change.fields] == [f"metadata.annotations[{DIGEST_ANNOTATION}]"]

    def test_a_label_that_the_manifest_no_longer_says_goes(self) -> None:
        world = serve(make_manifest(labels={"a": "1"})).declare(make_manifest())
        assert [(field.sign, field.path) for field in get_change(world.plan()).fields] == [
            ("-", "metadata.labels.a")
        ]

    @pytest.mark.covers("B19")
    def test_creates_come_before_updates_before_deletes_before_skips(self) -> None:
        gone, foreign = make_manifest("gone"), make_manifest("foreign")
        world = serve(WINES, gone).place(create_by_hand(foreign)).declare(SPLIT, PRICES, foreign)
        assert [(change.deployment, change.op) for change in world.plan().changes] == [
            ("prices", Op.CREATE),
            ("wines", Op.UPDATE),
            ("gone", Op.DELETE),
            ("foreign", Op.SKIP),
        ]

    def test_the_order_of_what_was_observed_does_not_count(self) -> None:
        world = serve(WINES, PRICES).declare(SPLIT)
        turned = replace(world, objects=dict(reversed(list(world.objects.items()))))
        assert turned.plan() == world.plan()

    def test_the_plan_names_revision_digest_and_target(self) -> None:
        plan = serve(WINES).plan()
        assert (plan.revision, plan.target) == (REVISION, TARGET)
        assert plan.digest.startswith("sha256:")

    def test_an_object_on_its_way_out_is_waited_for(self) -> None:
        change = get_change(serve(WINES).meddle("wines", delete_with_finalizer).plan())
        assert (change.op, change.reason) == (
            Op.SKIP,
            "is being deleted; it is made anew once it is gone",
        )

    def test_a_run_that_died_between_apply_and_record_is_gone_on_with(self) -> None:
        # Before a create, the record holds the object without uid, generation and digest.
        world = serve(SPLIT).enter(InventoryEntry(key=SPLIT.key, deployment="wines"))
        assert world.plan().changes == ()
        # Before an update, it still holds what the earlier run left.
        earlier = make_entry(apply(WINES), WINES)
        assert serve(SPLIT).enter(earlier).plan().changes == ()
        # Written ahead, and never made.
        assert get_change(serve(SPLIT).enter(earlier).take_away("wines").plan()).cause is Cause.REVISION


class TestOnly:
    """`--only`: these alone, and nothing is pruned."""

    def test_others_are_neither_changed_nor_pruned(self) -> None:
        world = serve(WINES, PRICES, make_manifest("beers")).declare(
            SPLIT, make_manifest("prices", {"v13": 100})
        )
        plan = world.limit("wines").plan()
        assert _ops(plan) == {"wines": Op.UPDATE}
        assert plan.unchanged == ()

    def test_one_that_is_retired_stays(self) -> None:
        assert serve(WINES, PRICES).retire("wines").limit("wines").plan().changes == ()


class TestOffline:
    """Two revisions of the declarations compared, with no cluster asked."""

    def _compare(self, desired: Desired, base: tuple[Manifest, ...], head: tuple[Manifest, ...]) -> Plan:
        return compare_manifests(desired, base, head, REVISION, "sha256:0")

    def test_all_ops(self) -> None:
        desired = Desired(target=TARGET, deployments=())
        gone, same = make_manifest("gone"), make_manifest("same")
        plan = self._compare(desired, (gone, same, WINES), (same, PRICES, SPLIT))
        assert [(change.deployment, change.op, change.cause) for change in plan.changes] == [
            ("prices", Op.CREATE, Cause.REVISION),
            ("wines", Op.UPDATE, Cause.REVISION),
            ("gone", Op.DELETE, Cause.REMOVAL),
        ]
        assert plan.unchanged == (same.key,)
        assert [field.path for field in get_change(plan).fields] == [
            "spec.predictors[v3].traffic",
            "spec.predictors[v5]",
        ]
        assert (plan.digest, plan.revision) == ("sha256:0", REVISION)

    def test_retirement_of_one_and_of_all(self) -> None:
        one = Desired(target=TARGET, deployments=(), retired=frozenset({"wines"}))
        every = Desired(target=TARGET, deployments=(), retire_all=True)
        for desired in (one, every):
            assert get_change(self._compare(desired, (WINES,), ())).cause is Cause.RETIREMENT

    def test_a_faulty_deployment_is_a_fault_and_holds_back_all_deletes(self) -> None:
        desired = Desired(target=TARGET, deployments=(), faults=(make_fault("prices"),))
        plan = self._compare(desired, (WINES, PRICES), ())
        change = get_change(plan)
        assert (change.op, change.reason) == (
            Op.SKIP,
            "nothing is pruned here while production/prices cannot be read",
        )
        assert _ops(plan) == {"wines": Op.SKIP}
        assert [fault.deployment for fault in plan.faults] == ["prices"]

    def test_another_commit_alone_changes_nothing(self) -> None:
        desired = Desired(target=TARGET, deployments=())
        later = make_manifest(shares={"v3": 100}, commit="9c0ffee")
        assert self._compare(desired, (WINES,), (later,)).changes == ()
