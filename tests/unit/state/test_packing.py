from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clients.cluster.answers import read_listed
from reconciler.state.packing import PackedBody, pack
from tests.unit.render.building import deployment, render_all, variant

TEXTS = st.text(max_size=20)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
BODIES = st.dictionaries(TEXTS, VALUES, max_size=6)


@given(BODIES)
def test_a_packed_body_is_what_it_was_made_of_in_the_same_order(body: dict[str, Any]) -> None:
    packed = pack(body)
    assert packed == body
    assert list(packed) == list(body)
    assert {key: packed[key] for key in packed} == body
    assert len(packed) == len(body)


def test_packing_twice_changes_nothing() -> None:
    packed = pack({"kind": "ConfigMap"})
    assert pack(packed) is packed


def test_it_reads_like_a_mapping() -> None:
    packed = pack({"kind": "ConfigMap", "metadata": {"name": "wines"}})
    assert packed["metadata"]["name"] == "wines"
    assert packed.get("spec") is None
    assert {**packed, "kind": "Secret"} == {"kind": "Secret", "metadata": {"name": "wines"}}
    assert repr(packed) == "{'kind': 'ConfigMap', 'metadata': {'name': 'wines'}}"
    with pytest.raises(KeyError, match="spec"):
        packed["spec"]


def test_bodies_that_differ_are_not_equal() -> None:
    assert pack({"kind": "ConfigMap"}) != pack({"kind": "Secret"})
    assert pack({"kind": "ConfigMap"}) == pack({"kind": "ConfigMap"})


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        pack({"value": object()})


def test_a_body_with_managed_fields_takes_a_tenth() -> None:
    fields: dict[str, Any] = {f"f:field-{number}": {} for number in range(200)}
    entries = [{"manager": f"manager-{number}", "fieldsV1": {"f:spec": fields}} for number in range(3)]
    body = {"metadata": {"managedFields": entries}}
    packed = pack(body)
    assert isinstance(packed, PackedBody)
    assert len(packed._packed) * 10 < len(json.dumps(body))


def test_manifests_and_live_objects_are_kept_packed() -> None:
    (manifest,) = render_all(deployment(variant(3)))
    assert isinstance(manifest.body, PackedBody)
    assert isinstance(read_listed(manifest.body, manifest.key.kind).body, PackedBody)


def test_only_a_body_with_nothing_in_it_is_none() -> None:
    assert pack({"kind": ""})
    assert not pack({})
