"""Payloads between nodes."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.local_cluster.executor.errors import Crash, GraphError
from scripts.local_cluster.executor.payload import (
    Payload,
    chain,
    combine,
    decompress,
    escape,
    failure,
    insert_routing,
    read_feedback_route,
    read_route,
)

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=8,
)


def _of(body: Any, encoding: str = "") -> Payload:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Payload(body=written, content_type="application/json", encoding=encoding)


@settings(deadline=None)
@given(_values)
def test_escaping_changes_no_value_and_leaves_nothing_for_html(value: Any) -> None:
    escaped = escape(Payload(body=json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")))
    assert json.loads(escaped.decode("utf-8", "surrogatepass")) == value
    assert not set("<>&\u2028\u2029") & set(escaped.decode("utf-8", "surrogatepass"))


def test_what_is_compressed_is_not_escaped() -> None:
    packed = gzip.compress(b"<>&" * 50)
    assert escape(_of(packed, "gzip")) == packed


def test_a_request_stays_byte_for_byte() -> None:
    request = _of(b'{ "inputs" : [1.50] }')
    assert chain(request) == request


def test_outputs_become_the_next_inputs() -> None:
    answer = _of({"model_name": "a", "id": "7", "outputs": [{"name": "y", "data": [1.5]}]})
    assert json.loads(chain(answer).body) == {
        "model_name": "a",
        "id": "7",
        "inputs": [{"name": "y", "data": [1.5]}],
    }


def test_a_compressed_answer_is_unpacked_to_become_a_request() -> None:
    answer = _of(gzip.compress(b'{"outputs": []}', mtime=0), "gzip")
    assert chain(answer) == _of(b'{"inputs":[]}')


@pytest.mark.parametrize(
    "body", [b"", b"no JSON", b'{"inputs": [NaN]}', b"{}", gzip.compress(b"{}", mtime=0), b"\xff"]
)
def test_what_is_neither_request_nor_answer_fails(body: bytes) -> None:
    with pytest.raises(GraphError):
        chain(_of(body))


@pytest.mark.parametrize("body", [None, [1], "text", 3])
def test_json_that_is_no_object_crashes(body: Any) -> None:
    with pytest.raises(Crash):
        chain(_of(body))


def test_a_combiner_gets_a_list_of_the_bodies_as_they_are() -> None:
    combined = combine([_of(b'{"a": 1}'), _of(b"[2 ]")])
    assert combined == _of(b'[{"a": 1},[2 ]]')


@pytest.mark.parametrize(
    ("body", "route"),
    [
        ([1], 1),
        ([-1, 5], -1),
        ({"data": {"ndarray": [2]}}, 2),
        ({"data": {"ndarray": [[1]]}, "meta": {}}, 1),
        ({"data": {"tensor": {"shape": [1, 1], "values": [0]}}}, 0),
        ({"data": {"names": []}}, -1),
    ],
)
def test_a_route_is_the_first_number(body: Any, route: int) -> None:
    assert read_route(_of(body)) == route


@pytest.mark.parametrize("body", [{"outputs": [{"data": [1]}]}, 3, "text", b"no JSON"])
def test_an_answer_in_another_form_is_no_route(body: Any) -> None:
    with pytest.raises(GraphError):
        read_route(_of(body))


@pytest.mark.parametrize("body", [[], ["a"], {}, {"data": {"ndarray": ["a"]}}, {"data": {"ndarray": [[]]}}])
def test_a_route_without_a_number_crashes(body: Any) -> None:
    with pytest.raises(Crash):
        read_route(_of(body))


@pytest.mark.parametrize(
    ("body", "route"),
    [
        ({"response": {"meta": {"routing": {"r": 1}}}}, 1),
        ({"response": {"meta": {"routing": {"another": 1}}}}, -1),
        ({"reward": 1}, -1),
        ([], -1),
        (b"no JSON", -1),
    ],
)
def test_feedback_names_the_child_or_means_all(body: Any, route: int) -> None:
    assert read_feedback_route(_of(body), "r") == route


def test_routing_is_written_where_meta_is_an_object() -> None:
    written = insert_routing(_of({"meta": {"puid": "7"}, "data": {}}), {"m": -1, "r": 0})
    assert json.loads(written.body) == {"meta": {"puid": "7", "routing": {"m": -1, "r": 0}}, "data": {}}


@pytest.mark.parametrize("body", [{"data": {}}, {"meta": None}, [1], b"no JSON"])
def test_else_it_is_not(body: Any) -> None:
    payload = _of(body)
    assert insert_routing(payload, {"m": -1}) == payload


def test_only_gzip_is_unpacked() -> None:
    assert decompress(_of(gzip.compress(b"x", mtime=0), "gzip")) == b"x"
    assert decompress(_of(b"x", "br")) == b"x"
    with pytest.raises(GraphError, match="gzip"):
        decompress(_of(b"x", "gzip"))


def test_a_failure_says_what_failed() -> None:
    assert failure("Failed to find model x") == (
        b'{"status":{"code":500,"info":"Failed to find model x","status":"FAILURE"}}'
    )
