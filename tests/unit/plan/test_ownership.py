"""Who holds which fields, from managed fields as the API server writes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plan.ownership import find_edits, find_holders, find_rivals, is_rival, read_owned_fields
from reconciler.state.plans import FieldChange, ForeignEdit
from tests.support.worlds import (
    EDITED_AT,
    apply,
    create_by_hand,
    edit,
    make_manifest,
    set_label,
    set_traffic,
    strip_label,
    write_status,
)

MANAGER = "modelsync-production"
WINES = make_manifest(shares={"v3": 90, "v5": 10})
TRAFFIC = FieldChange(sign="~", path="spec.predictors[v3].traffic", old=50, new=90)
LABEL = FieldChange(sign="~", path="metadata.labels[modelsync.dev/model]", old="x", new="wines")


def test_an_apply_owns_each_leaf_and_the_predictors_as_one() -> None:
    owned = read_owned_fields(apply(WINES), MANAGER)
    assert owned["f:spec"] == {"f:protocol": {}, "f:predictors": {}}
    assert "f:modelsync.dev/model" in owned["f:metadata"]["f:labels"]


def test_another_manager_or_an_object_without_managers_owns_nothing() -> None:
    assert read_owned_fields(apply(WINES), "modelsync-staging") == {}
    bare = replace(apply(WINES), body={"metadata": {}})
    assert read_owned_fields(bare, MANAGER) == {}
    assert find_edits(bare, MANAGER, (TRAFFIC,)) == ()


def test_a_hand_edit_of_one_share_holds_all_predictors() -> None:
    live = set_traffic(apply(WINES), {"v3": 50, "v5": 50})
    assert find_edits(live, MANAGER, (TRAFFIC,)) == (
        ForeignEdit(manager="kubectl-edit", time=EDITED_AT, fields=("spec.predictors",)),
    )
    assert "f:predictors" not in read_owned_fields(live, MANAGER)["f:spec"]


def test_an_editor_of_other_fields_is_not_named() -> None:
    live = set_label(apply(WINES), "team", "wine")
    assert find_edits(live, MANAGER, (TRAFFIC, LABEL)) == ()


def test_a_removed_field_is_held_by_nobody() -> None:
    live = strip_label(apply(WINES), "modelsync.dev/model")
    assert find_edits(live, MANAGER, (replace(LABEL, sign="+"),)) == ()


def test_a_holder_of_a_part_of_what_changes_is_named() -> None:
    # The change is the whole mapping: somebody else put a label there while we had none.
    live = set_label(apply(WINES), "modelsync.dev/model", "x")
    whole = FieldChange(sign="-", path="metadata.labels", old={})
    assert [edit.fields for edit in find_edits(live, MANAGER, (whole,))] == [
        ("metadata.labels[modelsync.dev/model]",)
    ]


def test_paths_that_merely_begin_alike_are_different_fields() -> None:
    live = edit(apply(WINES), lambda body: body["spec"].update(pro="x"), "spec", "pro")
    changed = FieldChange(sign="~", path="spec.protocol", old="x", new="v2")
    assert find_edits(live, MANAGER, (changed,)) == ()


def test_the_operators_status_is_nobodys_edit() -> None:
    assert find_edits(write_status(apply(WINES)), MANAGER, (TRAFFIC,)) == ()


def test_an_update_under_our_own_name_is_not_our_apply() -> None:
    # The API server tells managers apart by name and operation: an unforced apply conflicts with this one.
    live = set_traffic(apply(WINES), {"v3": 50, "v5": 50}, manager=MANAGER)
    assert [edit.manager for edit in find_edits(live, MANAGER, (TRAFFIC,))] == [MANAGER]


def test_several_editors_are_sorted_by_name() -> None:
    live = set_traffic(apply(WINES), {"v3": 50, "v5": 50}, manager="z-tool")
    live = set_label(live, "modelsync.dev/model", "x", manager="a-tool")
    assert [edit.manager for edit in find_edits(live, MANAGER, (TRAFFIC, LABEL))] == ["a-tool", "z-tool"]


def test_holders_are_all_who_hold_a_field_ours_too() -> None:
    live = set_label(apply(WINES), "team", "wine")
    (ours,) = find_holders(live, "spec.predictors[v3].traffic")
    assert (ours.manager, ours.fields) == (MANAGER, ("spec.predictors",))
    assert [holder.manager for holder in find_holders(live, "metadata.labels")] == ["kubectl-label", MANAGER]
    assert [holder.manager for holder in find_holders(live, "metadata.labels.team")] == ["kubectl-label"]


def test_whoever_writes_the_status_holds_nothing_that_is_asked_for() -> None:
    live = write_status(apply(WINES))
    assert find_holders(live, "status") == ()
    assert [holder.manager for holder in find_holders(live, "spec.protocol")] == [MANAGER]


@pytest.mark.covers("B9")
def test_rivals_are_the_managers_of_other_environments() -> None:
    assert find_rivals(apply(WINES, manager="modelsync-staging"), MANAGER) == ("modelsync-staging",)
    assert find_rivals(apply(WINES), MANAGER) == ()
    assert find_rivals(create_by_hand(WINES), MANAGER) == ()
    assert is_rival("modelsync-staging", MANAGER)
    assert not is_rival(MANAGER, MANAGER)
    assert not is_rival("kubectl-edit", MANAGER)


def test_associative_keys_are_passed_over() -> None:
    entry = {
        "manager": "x",
        "operation": "Apply",
        "fieldsV1": {"f:spec": {'k:{"name":"v3"}': {"f:traffic": {}}}},
    }
    live = replace(apply(WINES), body={"metadata": {"managedFields": [entry]}})
    assert find_edits(live, MANAGER, (TRAFFIC,)) == (ForeignEdit(manager="x", time="", fields=("spec",)),)
