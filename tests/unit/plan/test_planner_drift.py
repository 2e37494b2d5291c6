"""Drift: edits by hand are named, and healed or left, as the environment says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.state.objects import (
    COMMIT_ANNOTATION,
    DIGEST_ANNOTATION,
    ENVIRONMENT_LABEL,
    MANAGED_BY_LABEL,
    MODEL_LABEL,
    PART_OF_LABEL,
)
from reconciler.state.plans import Cause, Op
from tests.support.worlds import (
    EDITED_AT,
    OTHER_SET,
    apply,
    create_by_hand,
    get_change,
    make_manifest,
    serve,
    set_annotation,
    set_label,
    set_traffic,
    strip_annotation,
    strip_label,
)

WINES = make_manifest(shares={"v3": 100})
SPLIT = make_manifest(shares={"v3": 90, "v5": 10})


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
