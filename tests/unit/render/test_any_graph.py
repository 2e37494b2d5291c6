"""Whatever graph is declared, what is rendered fits the kind's schema and itself."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.state.desired import DesiredNode
from tests.unit.render.building import graph_variant, node, predictors_of

TYPES = st.sampled_from(["model", "transformer", "output-transformer", "router", "combiner"])
PARAMETERS = st.dictionaries(
    st.text(max_size=8),
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    max_size=3,
)


def nodes(children: st.SearchStrategy[list[DesiredNode]]) -> st.SearchStrategy[DesiredNode]:
    def make(kind: Any, own: bool, parameters: Any, below: list[DesiredNode]) -> DesiredNode:
        return node("one", kind, *below, own_pod=own, parameters=parameters)

    return st.builds(make, TYPES, st.booleans(), PARAMETERS, children)


GRAPHS = st.recursive(nodes(st.just([])), lambda below: nodes(st.lists(below, max_size=3)), max_leaves=8)


def depth(graph: DesiredNode) -> int:
    return max((1 + depth(child) for child in graph.children), default=0)


def named(graph: DesiredNode) -> DesiredNode:
    """The graph with a name of its own for each node."""
    count = iter(range(100))

    def rename(given: DesiredNode) -> DesiredNode:
        one = given.container
        fresh = node(
            f"n{next(count)}",
            given.type,
            own_pod=given.own_pod,
            parameters=one.parameters,
        )
        children = tuple(rename(child) for child in given.children)
        return DesiredNode(
            type=given.type, container=fresh.container, own_pod=given.own_pod, children=children
        )

    return rename(graph)


def list_names(graph: Any) -> list[str]:
    return [graph["name"], *(name for child in graph.get("children", []) for name in list_names(child))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(GRAPHS.filter(lambda graph: depth(graph) <= 10))
def test_each_node_has_one_container_and_ports_of_its_own(graph: DesiredNode) -> None:
    # Rendering checks the schema itself.
    (predictor,) = predictors_of(graph_variant(named(graph)))
    pods = [component["spec"]["containers"] for component in predictor["componentSpecs"]]
    containers = [container for pod in pods for container in pod]
    assert sorted(one["name"] for one in containers) == sorted(list_names(predictor["graph"]))
    for pod in pods:
        ports = [port["containerPort"] for container in pod for port in container["ports"]]
        assert len(set(ports)) == len(ports)
    assert all(pods)


@settings(max_examples=60, deadline=None)
@given(PARAMETERS)
def test_parameters_keep_their_types_and_are_text(parameters: Any) -> None:
    (predictor,) = predictors_of(graph_variant(node("one", "transformer", parameters=parameters)))
    kinds = {bool: "BOOL", int: "INT", float: "DOUBLE", str: "STRING"}
    rendered = predictor["graph"].get("parameters", [])
    assert {one["name"]: one["type"] for one in rendered} == {
        name: kinds[type(value)] for name, value in parameters.items()
    }
    for one in rendered:
        value = parameters[one["name"]]
        if isinstance(value, float):
            assert float(one["value"]) == value
        elif isinstance(value, bool):
            assert one["value"] == str(value).lower()
        else:
            assert one["value"] == str(value)
