"""What the planner decides: make a world, change one thing, read the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plan.planner import compare_manifests
from reconciler.state.inventory import InventoryEntry
from reconciler.state.objects import (
    COMMIT_ANNOTATION,
    DIGEST_ANNOTATION,
    ENVIRONMENT_LABEL,
    MANAGED_BY_LABEL,
    MODEL_LABEL,
    PART_OF_LABEL,
    Manifest,
)
from reconciler.state.plans import Cause, Op, Plan
from reconciler.state.targets import Desired
from tests.support.worlds import (
    EDITED_AT,
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
    set_annotation,
    set_label,
    set_traffic,
    strip_annotation,
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


class TestDrift:
    """Live differs from desired with no new revision."""

    def test_a_hand_edit_of_shares_is_named_and_healed(self) -> None:
        world = serve(SPLIT).meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50}))
        change = get_change(world.plan())
        assert (change.op, change.cause) == (Op.UPDATE, Cause.DRIFT)
        (edited,) = change.edits
        assert (edited.manager, edited.time, edited.fields) == (
            "kubectl-edit",
            EDITED_AT,
            ("spec.predictors",),
        )
        assert [(field.path, field.old, field.new) for field in change.fields] == [
            ("spec.predictors[v3].traffic", 50, 90),
            ("spec.predictors[v5].traffic", 50, 10),
        ]

    def test_a_hand_edit_is_healed_after_the_record_was_lost(self) -> None:
        world = serve(SPLIT).lose_record()
        world = world.meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50}))
        assert get_change(world.plan()).cause is Cause.DRIFT

    @pytest.mark.parametrize("label", [MODEL_LABEL, ENVIRONMENT_LABEL, MANAGED_BY_LABEL, PART_OF_LABEL])
    def test_a_stripped_label_is_drift_and_put_back(self, label: str) -> None:
        change = get_change(serve(WINES).meddle("wines", lambda live: strip_label(live, label)).plan())
        assert (change.op, change.cause, change.edits) == (Op.UPDATE, Cause.DRIFT, ())
        assert [(field.sign, field.path) for field in change.fields] == [("+", f"metadata.labels[{label}]")]

    def test_a_changed_label_is_drift_and_names_who_changed_it(self) -> None:
        world = serve(WINES).meddle("wines", lambda live: set_label(live, MODEL_LABEL, "beers"))
        assert [edit.manager for edit in get_change(world.plan()).edits] == ["kubectl-label"]

    def test_a_stripped_digest_annotation_is_drift_not_a_revision(self) -> None:
        world = serve(WINES).meddle("wines", lambda live: strip_annotation(live, DIGEST_ANNOTATION))
        change = get_change(world.plan())
        assert (change.op, change.cause) == (Op.UPDATE, Cause.DRIFT)
        assert [field.path for field in change.fields] == [f"metadata.annotations[{DIGEST_ANNOTATION}]"]

    def test_a_stripped_label_is_put_back_after_the_record_was_lost(self) -> None:
        # Our field manager still holds the rest, which proves whose object it is.
        world = serve(WINES).lose_record()
        world = world.meddle("wines", lambda live: strip_label(live, PART_OF_LABEL))
        assert get_change(world.plan()).op is Op.UPDATE

    def test_a_label_of_another_set_is_taken_back_while_the_record_knows_the_object(self) -> None:
        world = serve(WINES).meddle("wines", lambda live: set_label(live, PART_OF_LABEL, OTHER_SET))
        assert get_change(world.plan()).op is Op.UPDATE
        # Without the record there is no more proof than the label: it says another set.
        change = get_change(world.lose_record().plan())
        assert (change.op, change.reason) == (
            Op.SKIP,
            f"belongs to ApplySet {OTHER_SET}; an object of another owner is never taken over",
        )

    def test_a_deleted_object_is_made_again(self) -> None:
        change = get_change(serve(WINES).take_away("wines").plan())
        assert (change.op, change.cause) == (Op.CREATE, Cause.DRIFT)

    def test_an_object_that_came_back_by_hand_with_our_label_is_ours_again(self) -> None:
        restored = create_by_hand(
            SPLIT, labels={PART_OF_LABEL: serve(WINES).objects[WINES.key].labels[PART_OF_LABEL]}
        )
        change = get_change(serve(WINES).place(restored).plan())
        assert (change.op, change.cause) == (Op.UPDATE, Cause.REVISION)
        assert [edit.manager for edit in change.edits] == ["kubectl-create"]

    def test_one_that_looks_as_we_left_it_but_is_another_object_is_compared(self) -> None:
        # Deleted and made anew from an export: labels, annotations and generation agree, the spec does not.
        copy = apply(SPLIT, uid="uid-of-the-copy")
        copy = set_traffic(copy, {"v3": 50, "v5": 50})
        change = get_change(serve(SPLIT).place(replace(copy, generation=1)).plan())
        assert [field.path for field in change.fields] == [
            "spec.predictors[v3].traffic",
            "spec.predictors[v5].traffic",
        ]

    def test_a_revision_over_a_hand_edit_names_the_edit(self) -> None:
        world = serve(WINES).meddle("wines", lambda live: set_traffic(live, {"v3": 99}))
        change = get_change(world.declare(SPLIT).plan())
        assert (change.op, change.cause) == (Op.UPDATE, Cause.REVISION)
        assert [edit.manager for edit in change.edits] == ["kubectl-edit"]

    def test_a_held_commit_annotation_is_named_once_there_is_something_to_apply(self) -> None:
        # By itself it is nothing to apply, but an unforced apply would conflict on it.
        world = serve(WINES).meddle("wines", lambda live: set_annotation(live, COMMIT_ANNOTATION, "x"))
        assert world.plan().changes == ()
        assert [edit.manager for edit in get_change(world.declare(SPLIT).plan()).edits] == [
            "kubectl-annotate"
        ]


class TestDriftReport:
    """`drift: report`: what somebody holds is left to them, and said."""

    def test_a_hand_edit_is_left_and_its_holder_named(self) -> None:
        world = serve(SPLIT).report_drift()
        world = world.meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50}))
        change = get_change(world.plan())
        assert (change.op, change.cause) == (Op.SKIP, Cause.DRIFT)
        assert (
            change.reason
            == "held by kubectl-edit; the environment says drift: report, so it is left as it is"
        )
        assert change.fields
        assert not world.plan().writes

    def test_a_revision_does_not_take_a_held_field(self) -> None:
        world = serve(WINES).report_drift().meddle("wines", lambda live: set_traffic(live, {"v3": 99}))
        assert get_change(world.declare(SPLIT).plan()).op is Op.SKIP

    def test_a_removal_by_nobody_in_particular_is_left_too(self) -> None:
        world = serve(WINES).report_drift().meddle("wines", lambda live: strip_label(live, MODEL_LABEL))
        change = get_change(world.plan())
        assert change.op is Op.SKIP
        assert change.reason.startswith("changed in the cluster by someone who holds none of it now;")

    def test_a_deleted_object_is_not_made_again(self) -> None:
        change = get_change(serve(WINES).report_drift().take_away("wines").plan())
        assert (change.op, change.reason) == (
            Op.SKIP,
            "was deleted in the cluster; the environment says drift: report, so it is not made again",
        )

    def test_a_revision_where_nobody_meddled_is_applied(self) -> None:
        assert get_change(serve(WINES).report_drift().declare(SPLIT).plan()).op is Op.UPDATE
        # A deleted object that git now wants otherwise is a revision as well.
        world = serve(WINES).report_drift().take_away("wines").declare(SPLIT)
        assert get_change(world.plan()).op is Op.CREATE

    def test_several_holders_are_each_named_once(self) -> None:
        world = serve(SPLIT).report_drift()
        world = world.meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50}))
        world = world.meddle("wines", lambda live: set_label(live, MODEL_LABEL, "x"))
        world = world.meddle("wines", lambda live: set_label(live, MANAGED_BY_LABEL, "x"))
        assert get_change(world.plan()).reason.startswith("held by kubectl-edit, kubectl-label;")


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
