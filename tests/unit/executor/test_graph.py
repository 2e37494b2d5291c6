"""The predictor that the operator hands over."""

from __future__ import annotations

import pytest

from scripts.local_cluster.executor.errors import SettingsInvalid
from scripts.local_cluster.executor.graph import Image, Kind, Logger, Node, Predictor, parse_predictor
from tests.unit.executor.harness import encode_predictor, node, with_endpoints


def test_a_predictor_is_its_graph_with_endpoints_and_images() -> None:
    encoded = encode_predictor(
        with_endpoints(node("m", logger={"mode": "all", "url": "http://sink:80"}), 9000),
        annotations={"version": "5"},
        image="seldonio/mlserver:1.7.1",
    )
    assert parse_predictor(encoded) == Predictor(
        name="v1",
        version="5",
        annotations={"version": "5"},
        graph=Node(
            name="m",
            kind=Kind.MODEL,
            host="localhost",
            http_port=9000,
            grpc_port=9000,
            service_port=9000,
            logger=Logger(requests=True, responses=True, url="http://sink:80"),
            image=Image(name="seldonio/mlserver", version="1.7.1"),
        ),
    )


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("seldonio/mlserver:1.7.1", Image(name="seldonio/mlserver", version="1.7.1")),
        ("seldonio/mlserver", Image(name="seldonio/mlserver")),
        # A registry's port makes two colons, and then the version is lost.
        ("registry:5000/mlserver:1.7.1", Image(name="registry")),
    ],
)
def test_an_image_is_cut_at_colons(image: str, expected: Image) -> None:
    assert parse_predictor(encode_predictor(node("m"), image=image)).graph.image == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("all", Logger(requests=True, responses=True)),
        ("request", Logger(requests=True, responses=False)),
        ("response", Logger(requests=False, responses=True)),
    ],
)
def test_a_logger_is_for_requests_responses_or_both(mode: str, expected: Logger) -> None:
    encoded = encode_predictor(node("m", logger={"mode": mode}))
    assert parse_predictor(encoded).graph.logger == expected


def test_a_node_is_found_at_any_depth_and_parents_come_first() -> None:
    graph = parse_predictor(
        encode_predictor(node("c", "COMBINER", node("t", "TRANSFORMER", node("a")), node("b")))
    ).graph
    assert [each.name for each in graph.walk()] == ["c", "t", "a", "b"]
    found = graph.find("a")
    assert found is not None
    assert found.kind is Kind.MODEL
    assert graph.find("nobody") is None


@pytest.mark.parametrize("encoded", ["", "no base64!", "bm8gSlNPTg==", "W10=", "e30="])
def test_what_is_no_predictor_is_refused(encoded: str) -> None:
    with pytest.raises(SettingsInvalid, match="ENGINE_PREDICTOR: not a predictor as JSON in base64"):
        parse_predictor(encoded)
