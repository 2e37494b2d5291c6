"""Shares as the operator reads them from a body."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.plan.shares import compare_shares, read_live_shares, read_shares
from reconciler.state.plans import VariantChange
from reconciler.state.shares import Share


def _predictor(name: str, traffic: int | None = None, *, shadow: bool = False) -> dict[str, Any]:
    said: dict[str, Any] = {"name": name, "labels": {"version": name.removeprefix("v")}}
    if traffic is not None:
        said["traffic"] = traffic
    if shadow:
        said["shadow"] = True
    return said


def _read(*predictors: Any) -> list[tuple[str, bool, int]]:
    shares = read_shares({"spec": {"predictors": list(predictors)}})
    return [(share.version, share.shadow, share.percent) for share in shares]


@pytest.mark.parametrize("body", [None, {}, {"spec": None}, {"spec": {}}, {"spec": {"predictors": None}}])
def test_a_body_without_predictors_has_no_shares(body: Any) -> None:
    assert read_shares(body) == ()


def test_shares_stand_in_the_order_of_the_body() -> None:
    assert _read(_predictor("v5", 10), _predictor("v3", 90)) == [("v5", False, 10), ("v3", False, 90)]


def test_a_lone_live_predictor_without_traffic_takes_everything() -> None:
    assert _read(_predictor("v3")) == [("v3", False, 100)]
    assert _read(_predictor("v3"), _predictor("v5", 50, shadow=True)) == [
        ("v3", False, 100),
        ("v5", True, 50),
    ]


def test_one_of_several_without_traffic_takes_nothing() -> None:
    assert _read(_predictor("v3"), _predictor("v5", 100)) == [("v3", False, 0), ("v5", False, 100)]


@pytest.mark.parametrize("traffic", [None, 0])
def test_a_shadow_without_traffic_mirrors_everything(traffic: int | None) -> None:
    assert _read(_predictor("v3", 100), _predictor("v5", traffic, shadow=True))[1] == ("v5", True, 100)


def test_a_predictor_made_by_hand_is_called_by_its_name() -> None:
    assert _read({"name": "canary", "traffic": 100}) == [("canary", False, 100)]
    assert _read({"name": "canary", "labels": {"version": "latest"}, "traffic": 100}) == [
        ("canary", False, 100)
    ]


def test_what_is_no_predictor_is_passed_over() -> None:
    assert _read("v3", {"traffic": 100}) == [("", False, 100)]


def test_live_shares_leave_out_shadows_and_those_at_zero() -> None:
    body = {
        "spec": {
            "predictors": [_predictor("v3", 100), _predictor("v4", 0), _predictor("v5", 100, shadow=True)]
        }
    }
    assert [share.version for share in read_live_shares(body)] == ["v3"]


def _share(name: str, percent: int, *, shadow: bool = False) -> Share:
    return Share(predictor=name, version=name, shadow=shadow, percent=percent)


def test_new_variants_come_first_then_those_that_stay_then_those_that_go() -> None:
    old = (_share("v2", 40), _share("v3", 60))
    new = (_share("v3", 90), _share("v5", 10))
    assert compare_shares(old, new) == (
        VariantChange(predictor="v5", version="v5", shadow=False, old=None, new=10),
        VariantChange(predictor="v3", version="v3", shadow=False, old=60, new=90),
        VariantChange(predictor="v2", version="v2", shadow=False, old=40, new=None),
    )


def test_no_side_at_all_has_no_variants() -> None:
    assert compare_shares((), ()) == ()
