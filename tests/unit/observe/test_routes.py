"""Routes, as the operator writes them for each ingress, read back as shares by predictor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from reconciler.clients.cluster.kinds import DESTINATION_RULE, MAPPING, SERVICE, VIRTUAL_SERVICE
from reconciler.observe.routes import find_leftovers, parse_routes
from reconciler.policy.naming import derived_names
from reconciler.state.objects import Body, Kind, LiveObject, ObjectKey
from reconciler.state.routes import RoutedShare, Routes
from tests.support.worlds import NAMESPACE, apply, make_manifest

WINES = apply(make_manifest("wines", {"v3": 90, "v5": 10}, shadows={"v6-shadow": 100}))
PREFIX = f"/seldon/{NAMESPACE}/wines/"


def _own(kind: Kind, name: str, body: Mapping[str, Any], owner: LiveObject = WINES) -> LiveObject:
    """An object that the operator made for `owner`."""
    reference = {"kind": "SeldonDeployment", "name": owner.key.name, "uid": owner.uid}
    metadata = {**body.get("metadata", {}), "ownerReferences": [reference]}
    return LiveObject(
        key=ObjectKey(kind=kind, namespace=NAMESPACE, name=name),
        uid=f"uid-{name}",
        resource_version="1",
        generation=1,
        labels={},
        annotations=metadata.get("annotations", {}),
        deleting=False,
        body={**body, "metadata": metadata},
    )


def _virtual_service(http: Mapping[str, Any], *, prefix: str = PREFIX) -> LiveObject:
    route = {"match": [{"uri": {"prefix": prefix}}], "rewrite": {"uri": "/"}, **http}
    return _own(VIRTUAL_SERVICE, "wines", {"spec": {"http": [route]}})


def _to(predictor: str, weight: int | None = None) -> Mapping[str, Any]:
    host = f"wines-{predictor}.{NAMESPACE}.svc.cluster.local"
    given = {} if weight is None else {"weight": weight}
    return {"destination": {"host": host, "subset": predictor, "port": {"number": 8000}}, **given}


def _shares(*shares: tuple[str, float], shadow: tuple[str, float] | None = None) -> tuple[RoutedShare, ...]:
    live = tuple(RoutedShare(predictor=name, shadow=False, percent=percent) for name, percent in shares)
    return live + ((RoutedShare(predictor=shadow[0], shadow=True, percent=shadow[1]),) if shadow else ())


def _read(*holders: LiveObject, ingress: str = "istio", wines: LiveObject = WINES) -> tuple[RoutedShare, ...]:
    return parse_routes(holders, ingress, (wines,))["wines"].shares


def test_weights_are_shares() -> None:
    assert _read(_virtual_service({"route": [_to("v3", 90), _to("v5", 10)]})) == _shares(
        ("v3", 90), ("v5", 10)
    )


def test_a_weight_that_is_left_out_is_zero() -> None:
    assert _read(_virtual_service({"route": [_to("v3", 100), _to("v5")]})) == _shares(("v3", 100), ("v5", 0))


@pytest.mark.parametrize("weight", [None, 0, 100])
def test_a_lone_destination_takes_all(weight: int | None) -> None:
    assert _read(_virtual_service({"route": [_to("v3", weight)]})) == _shares(("v3", 100))


@pytest.mark.parametrize(
    ("percentage", "percent"), [(None, 100), ({"value": 30}, 30), ({"value": 0.5}, 0.5), ({}, 0)]
)
def test_a_mirror_is_a_shadow(percentage: Mapping[str, float] | None, percent: float) -> None:
    mirror: dict[str, Any] = {"route": [_to("v3")], "mirror": _to("v6-shadow")["destination"]}
    if percentage is not None:
        mirror["mirrorPercentage"] = percentage

    assert _read(_virtual_service(mirror)) == _shares(("v3", 100), shadow=("v6-shadow", percent))


def test_an_explainers_route_is_not_the_models() -> None:
    own = _virtual_service({"route": [_to("v3")]})
    explainer = _virtual_service({"route": [_to("v3")]}, prefix=f"/seldon/{NAMESPACE}/wines-explainer/v3/")

    assert _read(explainer, own) == _shares(("v3", 100))


def test_routes_of_others_do_not_count() -> None:
    stranger = replace(WINES, uid="someone-else")
    holder = _own(VIRTUAL_SERVICE, "wines", {"spec": {"http": []}}, owner=stranger)

    assert parse_routes((holder,), "istio", (WINES,)) == {}


def test_what_has_no_route_is_known_to_have_none_and_what_could_not_be_read_is_not() -> None:
    known = Routes().find("wines")

    assert known is not None
    assert known.shares == ()
    assert Routes(unknown="may not be listed").find("wines") is None


def test_routes_changed_when_their_spec_was_last_written() -> None:
    entries = [
        {"manager": "manager", "time": "2026-11-23T14:02:00Z", "fieldsV1": {"f:spec": {}}},
        {"manager": "manager", "time": "2026-11-23T14:01:00Z", "fieldsV1": {"f:spec": {}}},
        {"manager": "pilot", "time": "2026-11-23T15:00:00Z", "fieldsV1": {"f:status": {}}},
    ]
    holder = _virtual_service({"route": [_to("v3")]})
    body: Body = {**holder.body, "metadata": {**holder.body["metadata"], "managedFields": entries}}

    found = parse_routes((replace(holder, body=body),), "istio", (WINES,))["wines"]

    assert found.changed == datetime(2026, 11, 23, 14, 2, tzinfo=timezone.utc)


def _mapping(predictor: str, weight: int | None, **more: Any) -> Mapping[str, Any]:
    given = {} if weight is None else {"weight": weight}
    return {"prefix": PREFIX, "service": f"wines-{predictor}.{NAMESPACE}:8000", **given, **more}


def test_the_first_mapping_takes_what_the_others_leave() -> None:
    specs = [_mapping("v3", None), _mapping("v5", 10), _mapping("v6-shadow", 30, shadow=True)]
    grpc = {**_mapping("v5", 10), "prefix": "/(seldon.protos.*)/.*"}
    holders = [_own(MAPPING, f"m{index}", {"spec": spec}) for index, spec in enumerate([*specs, grpc])]

    assert _read(*holders, ingress="ambassador-v2") == _shares(
        ("v3", 90), ("v5", 10), shadow=("v6-shadow", 30)
    )


def test_ambassador_1_cannot_say_zero_and_so_halves_the_requests() -> None:
    holders = [
        _own(
            SERVICE,
            f"wines-{predictor}",
            {"metadata": {"annotations": {"getambassador.io/config": _annotation(predictor)}}},
        )
        for predictor in ("v3", "v5")
    ]

    assert _read(*holders, ingress="ambassador-v1") == _shares(("v3", 50), ("v5", 50))


def _annotation(predictor: str) -> str:
    return (
        f"---\nprefix: {PREFIX}\nservice: wines-{predictor}.{NAMESPACE}:8000\n"
        f"---\nprefix: /(seldon.protos.*)/.*\nservice: wines-{predictor}.{NAMESPACE}:5001\n"
    )


def test_rules_of_removed_predictors_are_left_over() -> None:
    rules = [_own(DESTINATION_RULE, f"wines-{name}", {}) for name in ("v3", "v5", "v6-shadow", "v3-r2", "v2")]
    explainer = _own(DESTINATION_RULE, "wines-v3-explainer", {})

    found = [key.name for key in find_leftovers([*rules, explainer], (WINES,))]

    assert found == ["wines-v3-r2", "wines-v2"]


def test_a_rule_under_a_hashed_name_is_not_left_over() -> None:
    name = "w" * 60
    long = apply(make_manifest(name, {"v3": 50, "v5": 50}))
    kept = _own(DESTINATION_RULE, "seldon-2c1d7a1bde5f1f3a1b0cb2d9aeb1a3d5", {}, owner=long)
    right = replace(kept, key=replace(kept.key, name=derived_names(name, "v5", "").service))

    assert [key.name for key in find_leftovers([kept, right], (long,))] == [kept.key.name]
