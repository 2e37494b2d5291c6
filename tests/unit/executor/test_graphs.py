"""Requests through graphs, between real servers: who is called, in which order, with what."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.executor.harness import Answer, Asked, answer_with, node, running

# A node's name says what a router answers: `n3-1` sends all to child 1.
Graph = dict[str, Any]


def _leave_name(asked: Asked) -> Answer:
    """Each node adds its name to the values; a combiner nests what it gets."""
    _, _, _, name, verb = asked.path.split("/")
    if verb == "route":
        return answer_with([int(name.partition("-")[2])])
    if verb == "aggregate":
        return answer_with({"outputs": [[name, *(each["outputs"] for each in asked.json)]]})
    return answer_with({"outputs": [*asked.json["inputs"], name]})


def _expected(graph: Graph, values: list[Any]) -> list[Any]:
    name, children = graph["name"], graph["children"]
    kind = graph["type"]
    if kind in ("MODEL", "TRANSFORMER"):
        values = [*values, name]
    if not children:
        return [*values, name] if kind == "OUTPUT_TRANSFORMER" else values
    if kind == "ROUTER":
        return _expected(children[int(name.partition("-")[2])], values)
    answers = [_expected(child, values) for child in children]
    if kind == "COMBINER":
        return [[name, *answers]]
    return [*answers[0], name] if kind == "OUTPUT_TRANSFORMER" else answers[0]


def _number(graph: Graph, names: list[str]) -> Graph:
    names.append(f"n{len(names)}-{graph['route']}")
    return node(names[-1], graph["type"], *(_number(child, names) for child in graph["children"]))


def _above(kind: str, children: list[Graph], route: int) -> Graph:
    return {"type": kind, "children": children, "route": route % len(children)}


_leaves = st.just({"type": "MODEL", "children": [], "route": 0})
_of_many = st.sampled_from(["ROUTER", "COMBINER"])
_of_one = st.sampled_from(["MODEL", "TRANSFORMER", "OUTPUT_TRANSFORMER"])
_graphs = st.recursive(
    _leaves,
    lambda below: (
        st.builds(_above, _of_many, st.lists(below, min_size=1, max_size=3), st.integers(0, 2))
        | st.builds(_above, _of_one, st.lists(below, min_size=1, max_size=1), st.just(0))
    ),
    max_leaves=6,
).map(lambda shape: _number(shape, []))


@settings(max_examples=25, deadline=None)
@given(_graphs)
def test_whatever_the_shape_each_node_does_its_part(graph: Graph) -> None:
    with running(graph, _leave_name) as executor:
        answer = executor.post("/v2/models/infer", {"inputs": ["in"]})
        values = answer.json.get("outputs", answer.json.get("inputs"))
        assert (answer.status, values) == (200, _expected(graph, ["in"]))


def test_ten_levels() -> None:
    graph = node("n10-0")
    for level in range(9, 0, -1):
        graph = node(f"n{level}-0", ("TRANSFORMER", "OUTPUT_TRANSFORMER", "ROUTER")[level % 3], graph)
    with running(graph, _leave_name) as executor:
        answer = executor.post("/v2/models/infer", {"inputs": []})
        assert answer.json["outputs"] == _expected(graph, [])


_SELDON_GRAPH = node(
    "o",
    "OUTPUT_TRANSFORMER",
    node("c", "COMBINER", node("t", "TRANSFORMER", node("r", "ROUTER", node("a"), node("b"))), node("d")),
)


def _answer_as_seldon(asked: Asked) -> Answer:
    if asked.path == "/route":
        return answer_with({"data": {"ndarray": [1]}})
    return answer_with({"data": {"ndarray": [asked.path]}, "meta": {}})


def test_the_seldon_protocol_has_a_path_for_each_verb() -> None:
    with running(_SELDON_GRAPH, _answer_as_seldon, protocol="seldon") as executor:
        answer = executor.post("/api/v1.0/predictions", {"data": {"ndarray": [[1]]}})
        calls = [each.path for each in executor.nodes.asked]
        assert sorted(calls) == [
            "/aggregate", "/predict", "/predict", "/route", "/transform-input", "/transform-output",
        ]  # fmt: skip
        assert calls[-2:] == ["/aggregate", "/transform-output"]
        assert executor.nodes.asked[-2].json == [{"data": {"ndarray": ["/predict"]}, "meta": {}}] * 2
        assert answer.json["data"]["ndarray"] == ["/transform-output"]


def test_nothing_is_merged_the_last_nodes_answer_is_the_answer() -> None:
    graph = node("t", "TRANSFORMER", node("m"))
    with running(
        graph,
        lambda asked: answer_with({"meta": {"tags": {asked.path: 1}}}),
        protocol="seldon",
    ) as executor:
        answer = executor.post("/api/v1.0/predictions", {})
        assert answer.json == {"meta": {"tags": {"/predict": 1}}}


def test_routing_is_injected_where_it_is_asked_for() -> None:
    graph = node("r", "ROUTER", node("m1"), node("m2"))

    def reply(asked: Asked) -> Answer:
        body = {"data": {"ndarray": [0]}} if asked.path == "/route" else {"meta": {}}
        return answer_with(body)

    environment = {"SELDON_ENABLE_ROUTING_INJECTION": "x"}
    with running(graph, reply, protocol="seldon", environment=environment) as executor:
        answer = executor.post("/api/v1.0/predictions", {})
        assert answer.json == {"meta": {"routing": {"m1": -1, "r": 0}}}
    with running(graph, reply, protocol="seldon") as executor:
        assert executor.post("/api/v1.0/predictions", {}).json == {"meta": {}}


@pytest.mark.parametrize(
    ("route", "answer", "models"), [(-1, ["a"], {"a", "b"}), (-2, ["in"], set()), (1, ["b"], {"b"})]
)
def test_a_router_may_mean_all_children_or_none(route: int, answer: list[str], models: set[str]) -> None:
    def reply(asked: Asked) -> Answer:
        name, verb = asked.path.split("/")[3:]
        return answer_with([route] if verb == "route" else {"outputs": [name]})

    with running(node("r", "ROUTER", node("a"), node("b")), reply) as executor:
        body = executor.post("/v2/models/infer", {"inputs": ["in"]}).json
        assert body.get("outputs", body.get("inputs")) == answer
        asked = {each.path.split("/")[3] for each in executor.nodes.asked} - {"r"}
        assert asked == models


@pytest.mark.parametrize("route", [2, -3, "text"])
def test_a_route_to_nowhere_drops_the_connection_and_the_process_survives(route: int | str) -> None:
    def reply(asked: Asked) -> Answer:
        return answer_with([route] if asked.path.endswith("/route") else {})

    with running(node("r", "ROUTER", node("a"), node("b")), reply) as executor:
        with pytest.raises(http.client.RemoteDisconnected):
            executor.post("/v2/models/infer", {"inputs": []})
        assert executor.get("/live").status == 200


def test_of_parallel_children_the_first_failure_is_told_when_all_have_ended() -> None:
    def reply(asked: Asked) -> Answer:
        name = asked.path.split("/")[3]
        return Answer(status={"a": 200, "b": 418, "c": 503}[name], body=name.encode())

    with running(node("x", "COMBINER", node("a"), node("b"), node("c")), reply) as executor:
        answer = executor.post("/v2/models/infer", {"inputs": []})
        assert (answer.status, answer.body) == (418, b"b")
        assert sorted(each.path.split("/")[3] for each in executor.nodes.asked) == ["a", "b", "c"]


def test_a_node_that_fails_is_the_last_one_asked() -> None:
    graph = node("t", "TRANSFORMER", node("m"))
    with running(graph, lambda asked: Answer(status=500, body=b"no")) as executor:
        answer = executor.post("/v2/models/infer", {"inputs": []})
        assert (answer.status, answer.body) == (500, b"no")
        assert executor.nodes.calls == ["POST /v2/models/t/infer"]


def test_a_model_named_in_the_path_names_all_nodes() -> None:
    graph = node("t", "TRANSFORMER", node("m"))
    with running(graph, lambda asked: answer_with({"outputs": []})) as executor:
        executor.post("/v2/models/m/infer", {"inputs": []})
        assert executor.nodes.calls == ["POST /v2/models/m/infer"] * 2


def test_feedback_goes_to_the_child_that_predicted_then_to_its_router() -> None:
    graph = node("r", "ROUTER", node("a", endpoint={}), node("t", "TRANSFORMER", node("b")))
    body = {"response": {"meta": {"routing": {"r": 1}}}, "reward": 1.0}
    with running(graph, protocol="seldon") as executor:
        assert executor.post("/api/v1.0/feedback", body).status == 200
        # The transformer learns nothing: its child's feedback, and the router's.
        assert executor.nodes.calls == ["POST /send-feedback"] * 2
        assert [each.json for each in executor.nodes.asked] == [body, body]


def test_feedback_that_names_no_child_goes_to_all() -> None:
    graph = node("r", "ROUTER", node("a"), node("b"))
    with running(graph, protocol="seldon") as executor:
        executor.post("/api/v0.1/feedback", {"reward": 0})
        assert executor.nodes.calls == ["POST /send-feedback"] * 3


def test_methods_call_a_node_beside_its_kind() -> None:
    graph = node("n", "UNKNOWN_TYPE", node("m"), methods=["TRANSFORM_INPUT", "TRANSFORM_OUTPUT"])
    with running(graph, protocol="seldon") as executor:
        executor.post("/api/v1.0/predictions", {})
        paths = [each.path for each in executor.nodes.asked]
        assert paths == ["/transform-input", "/predict", "/transform-output"]


def test_a_graphs_metadata_is_that_of_its_nodes() -> None:
    graph = node("o", "OUTPUT_TRANSFORMER", node("m"))
    seen: list[str] = []

    def reply(asked: Asked) -> Answer:
        seen.append(asked.path)
        return answer_with({"name": f"node{len(seen)}", "inputs": [len(seen)], "outputs": [-len(seen)]})

    with running(graph, reply, protocol="seldon") as executor:
        body = json.loads(executor.get("/api/v1.0/metadata").body)
    assert body == {
        "name": "v1",
        "models": {
            "o": {"name": "node1", "inputs": [1], "outputs": [-1]},
            "m": {"name": "node2", "inputs": [2], "outputs": [-2]},
        },
        "graphinputs": [2],
        "graphoutputs": [-1],
    }
