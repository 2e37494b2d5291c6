"""Differences between bodies, as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plan.diff import diff, diff_owned
from reconciler.state.plans import FieldChange

_keys = st.sampled_from(["name", "traffic", "spec", "modelsync.dev/commit", "a"])
_scalars = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "v3", "1"])
_values = st.recursive(
    _scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_keys, below, max_size=3),
    max_leaves=8,
)
_bodies = st.dictionaries(_keys, _values, max_size=4)

_MIRROR = {"+": "-", "-": "+", "~": "~"}


def _change(sign: str, path: str, old: Any = None, new: Any = None) -> FieldChange:
    return FieldChange(sign=sign, path=path, old=old, new=new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 2}, [_change("~", "a", 1, 2)]),
        ({}, {"a": 1}, [_change("+", "a", new=1)]),
        ({"a": 1}, {}, [_change("-", "a", old=1)]),
        ({"spec": {"a": {"b": 1}}}, {"spec": {"a": {"b": 2}}}, [_change("~", "spec.a.b", 1, 2)]),
        # What exists on one side only is one change, not one for each leaf.
        ({}, {"spec": {"a": 1, "b": 2}}, [_change("+", "spec", new={"a": 1, "b": 2})]),
        ({"a": {"b": 1}}, {"a": [1]}, [_change("~", "a", {"b": 1}, [1])]),
        # A key with dots would read as a deeper path.
        (
            {"metadata": {"labels": {"modelsync.dev/model": "wines"}}},
            {"metadata": {"labels": {"modelsync.dev/model": "prices"}}},
            [_change("~", "metadata.labels[modelsync.dev/model]", "wines", "prices")],
        ),
        ({"modelsync.dev/commit": 1}, {}, [_change("-", "[modelsync.dev/commit]", old=1)]),
        ({"a": {"b.c": 1}}, {"a": {"b.c": 2}}, [_change("~", "a[b.c]", 1, 2)]),
        ({"a": {"b/c": 1}}, {"a": {"b/c": 2}}, [_change("~", "a[b/c]", 1, 2)]),
        # Values are strict, as in the declarations.
        ({"a": 1}, {"a": True}, [_change("~", "a", 1, True)]),
        ({"a": 1}, {"a": "1"}, [_change("~", "a", 1, "1")]),
        ({"a": None}, {"a": {}}, [_change("~", "a", None, {})]),
    ],
)
def test_mappings(old: Any, new: Any, expected: list[FieldChange]) -> None:
    assert list(diff(old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([1, 2], [1, 3], [_change("~", "args[1]", 2, 3)]),
        ([1], [1, 2], [_change("+", "args[1]", new=2)]),
        ([1, 2], [1], [_change("-", "args[1]", old=2)]),
        ([], [{"name": "v3"}], [_change("+", "args[v3]", new={"name": "v3"})]),
        # Two of one name cannot be told apart by it.
        (
            [{"name": "a"}, {"name": "a"}],
            [{"name": "a"}, {"name": "b"}],
            [_change("~", "args[1].name", "a", "b")],
        ),
        ([{"name": 1}], [{"name": 2}], [_change("~", "args[0].name", 1, 2)]),
    ],
)
def test_sequences(old: Any, new: Any, expected: list[FieldChange]) -> None:
    assert list(diff({"args": old}, {"args": new})) == expected


def test_named_items_are_matched_by_name_wherever_they_stand() -> None:
    old = {"predictors": [{"name": "v3", "traffic": 100}]}
    new = {"predictors": [{"name": "v5", "traffic": 10}, {"name": "v3", "traffic": 90}]}
    assert diff(old, new) == (
        _change("+", "predictors[v5]", new={"name": "v5", "traffic": 10}),
        _change("~", "predictors[v3].traffic", 100, 90),
    )


def test_another_order_of_the_same_items_is_told() -> None:
    # The first predictor is the baseline, so their order carries meaning.
    old = {"predictors": [{"name": "v3"}, {"name": "v5"}]}
    new = {"predictors": [{"name": "v5"}, {"name": "v3"}]}
    assert diff(old, new) == (_change("~", "predictors (order)", ["v3", "v5"], ["v5", "v3"]),)


@given(_bodies)
def test_nothing_differs_from_itself(body: Any) -> None:
    assert diff(body, body) == ()
    assert diff_owned(body, body, {}) == ()


@given(_bodies, _bodies)
def test_no_difference_means_the_same_bodies(old: Any, new: Any) -> None:
    def strict(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strict(below) for key, below in value.items()}
        if isinstance(value, list):
            return [strict(below) for below in value]
        return (type(value), value)

    assert (diff(old, new) == ()) == (strict(old) == strict(new))


@given(_bodies, _bodies)
def test_the_way_back_is_the_mirror_of_the_way_there(old: Any, new: Any) -> None:
    there = {(change.sign, change.path) for change in diff(old, new)}
    back = {(_MIRROR[change.sign], change.path) for change in diff(new, old)}
    assert there == back


@given(_bodies, _bodies)
def test_after_an_apply_of_all_that_differs_nothing_does(live: Any, manifest: Any) -> None:
    """A server-side apply merges mappings and replaces everything else, lists as a whole."""

    def merge(old: Any, new: Any) -> Any:
        if isinstance(old, dict) and isinstance(new, dict):
            return old | {key: merge(old.get(key), below) for key, below in new.items()}
        return new

    assert diff_owned(merge(live, manifest), manifest, {}) == ()


@pytest.mark.covers("T8")
def test_what_others_added_beside_us_is_left_alone() -> None:
    live = {"metadata": {"labels": {"ours": "1", "theirs": "2"}, "finalizers": ["x"]}, "status": {}}
    assert diff_owned(live, {"metadata": {"labels": {"ours": "1"}}}, {}) == ()


def test_what_we_still_hold_but_no_longer_say_goes() -> None:
    live = {"metadata": {"labels": {"ours": "1", "old": "2", "theirs": "3"}}, "spec": {"protocol": "v2"}}
    owned = {"f:metadata": {"f:labels": {"f:ours": {}, "f:old": {}}}, "f:spec": {"f:protocol": {}}}
    assert diff_owned(live, {"metadata": {"labels": {"ours": "1"}}}, owned) == (
        _change("-", "metadata.labels.old", old="2"),
        _change("-", "spec", old={"protocol": "v2"}),
    )


def test_lists_are_compared_whole_because_they_are_atomic() -> None:
    live = {"spec": {"predictors": [{"name": "v3", "traffic": 100, "extra": 1}]}}
    manifest = {"spec": {"predictors": [{"name": "v3", "traffic": 100}]}}
    assert diff_owned(live, manifest, {}) == (_change("-", "spec.predictors[v3].extra", old=1),)


def test_what_is_of_another_shape_there_is_replaced() -> None:
    assert diff_owned({"spec": 1}, {"spec": {"a": 1}}, {}) == (_change("~", "spec", 1, {"a": 1}),)
    assert diff_owned({"spec": {"a": 1}}, {"spec": 1}, {}) == (_change("~", "spec", {"a": 1}, 1),)
    assert diff_owned({}, {"spec": {"a": 1}}, {}) == (_change("+", "spec", new={"a": 1}),)
