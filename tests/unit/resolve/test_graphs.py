"""Graphs and explainers, resolved: each node with its own layers, model and place."""

from __future__ import annotations

import pytest

from reconciler.resolve.blame import files_of
from reconciler.resolve.resolver import resolve
from reconciler.state.desired import DesiredVariant
from tests.unit.resolve.building import DEFAULTS, DEPLOYMENT, MODEL, error, record, repository

WHITES = "models/whites/model.yaml"
WHITES_7 = "models/whites/versions/7.yaml"
IMAGE = "example.com/average@sha256:1"
GRAPH = (
    f"{{name: average, type: combiner, image: {IMAGE}, children: ["
    "{name: red, model: wines, version: 3}, "
    "{name: white, model: whites, version: 7, env: {LEVEL: node}}]}"
)


def deployment(graph: str = GRAPH, *, shared: str = "{}", own: str = "{}") -> str:
    return f"""
model: wines
serving: {shared}
variants:
  - name: blend
    traffic: 100
    serving: {own}
    graph: {graph}
"""


def files(
    text: str, *, whites: str = "{server: sklearn, protocol: v2, env: {LEVEL: model}}"
) -> dict[str, str]:
    return {
        DEPLOYMENT: text,
        WHITES: f"{{registeredModel: white-wines, owners: ['@w'], serving: {whites}}}",
        WHITES_7: record(7),
    }


def only(given: dict[str, str]) -> DesiredVariant:
    found = resolve(repository(given), "production")
    assert found.faults == ()
    (one,) = found.deployments
    (variant,) = one.variants
    return variant


def fault_of(given: dict[str, str]) -> str:
    (fault,) = resolve(repository(given), "production").faults
    (finding,) = fault.findings
    return finding.message


def test_each_node_serves_its_own_version_from_its_own_place() -> None:
    variant = only(files(deployment()))
    assert variant.version is None
    assert [(m.folder, m.registered_model, m.version, m.uri) for m in variant.models()] == [
        ("wines", "wine-quality", 3, "s3://mlflow/artifacts/1/models/m-3/artifacts"),
        ("whites", "white-wines", 7, "s3://mlflow/artifacts/1/models/m-7/artifacts"),
    ]


def test_each_node_has_the_layer_of_its_own_model() -> None:
    average, red, white = only(files(deployment())).graph.walk()
    assert [node.container.server for node in (average, red, white)] == ["custom", "mlflow", "sklearn"]
    assert white.container.env == {"LEVEL": "node"}
    assert white.container.image == "seldonio/mlserver:1.7.1-sklearn"


def test_a_component_takes_what_holds_for_all_containers_and_nothing_of_model_servers() -> None:
    shared = "{server: mlflow, image: other, parameters: {a: 1}, port: 80, env: {LEVEL: all}}"
    average, red, _ = only(files(deployment(shared=shared))).graph.walk()
    assert (average.container.image, average.container.parameters, average.container.port) == (
        IMAGE,
        {},
        None,
    )
    assert average.container.env == red.container.env == {"LEVEL": "all"}
    assert (red.container.image, red.container.port) == ("other", 80)


def test_a_models_own_layer_gives_a_component_the_protocol_alone() -> None:
    model = "{registeredModel: m, owners: [a], serving: {server: mlflow, protocol: v2, env: {LEVEL: model}}}"
    average, red, _ = only({**files(deployment()), MODEL: model}).graph.walk()
    assert (average.container.protocol, average.container.env) == ("v2", {})
    assert red.container.env == {"LEVEL": "model"}


def test_a_logger_stands_at_the_root_unless_a_node_asks_for_its_own() -> None:
    shared = "{requestLogger: {mode: all}}"
    average, red, _ = only(files(deployment(shared=shared))).graph.walk()
    assert average.container.logger is not None
    assert red.container.logger is None
    graph = GRAPH.replace("version: 3", "version: 3, requestLogger: {mode: request}")
    _, red, _ = only(files(deployment(graph, shared=shared))).graph.walk()
    assert red.container.logger is not None
    assert red.container.logger.mode == "request"


def test_pods_are_the_variants() -> None:
    variant = only(files(deployment(own="{replicas: 3, serviceAccount: model, terminationGrace: 1m}")))
    assert (variant.pods.replicas, variant.pods.service_account) == (3, "model")
    assert variant.pods.termination_grace == 60


def test_what_scales_has_no_number_of_its_own() -> None:
    shared = "{replicas: 3, scaling: {max: 6, cpu: 70, poll: 30s, fallback: {failures: 2, replicas: 4}}}"
    pods = only(files(deployment(shared=shared))).pods
    assert pods.replicas is None
    assert pods.scaling is not None
    assert (pods.scaling.min, pods.scaling.max, pods.scaling.poll) == (1, 6, 30)
    assert pods.scaling.fallback == (2, 4)


class TestExplainers:
    def test_the_files_are_a_pinned_version(self) -> None:
        shared = "{explainer: {type: ale, model: whites, version: 7, storage: {secret: own}}}"
        explainer = only(files(deployment(shared=shared))).explainer
        assert explainer is not None
        assert explainer.name == "wines-blend-explainer"
        assert explainer.image == "seldonio/mlserver:1.7.1-alibi-explain"
        assert explainer.model is not None
        assert (explainer.model.version, explainer.model.secret) == (7, "own")

    def test_without_files(self) -> None:
        explainer = only(files(deployment(shared="{explainer: {type: ale}}"))).explainer
        assert explainer is not None
        assert explainer.model is None

    def test_without_a_type_nothing_can_be_guessed(self) -> None:
        assert "no layer says serving.explainer.type" in fault_of(files(deployment(shared="{explainer: {}}")))

    @pytest.mark.parametrize("file", [WHITES, WHITES_7])
    def test_an_error_in_what_it_loads_leaves_the_deployment_alone(self, file: str) -> None:
        given = repository(
            {
                **files("{model: wines, variants: [{version: 3, traffic: 100}]}"),
                DEFAULTS: "serving: {explainer: {type: ale, model: whites, version: 7}}",
            }
        )
        assert resolve(given, "production").faults == ()

        found = resolve(given, "production", findings=(error(file),))

        assert [fault.deployment for fault in found.faults] == ["wines"]
        assert found.deployments == ()


@pytest.mark.parametrize(
    ("graph", "shared", "reason"),
    [
        ("{name: red, model: wines}", "{}", "blend/red names no version of wines"),
        ("{name: red, model: none, version: 3}", "{}", "there is no readable models/none/model.yaml"),
        ("{name: red, model: wines, version: 9}", "{}", "no readable models/wines/versions/9.yaml"),
        (f"{{name: one, image: {IMAGE}}}", "{}", "node one says no type"),
        (GRAPH, "{scaling: {cpu: 5}}", "no layer says serving.scaling.max"),
    ],
)
def test_what_no_policy_objected_to_still_cannot_be_guessed(graph: str, shared: str, reason: str) -> None:
    assert reason in fault_of(files(deployment(graph, shared=shared)))


def test_defaults_reach_every_container() -> None:
    given = {**files(deployment()), DEFAULTS: "serving: {resources: {requests: {cpu: 1m}}}"}
    assert {node.container.requests["cpu"] for node in only(given).graph.walk()} == {"1m"}


def test_a_deployment_depends_on_every_model_of_its_graph() -> None:
    given = repository(files(deployment())).environments["production"].deployments["wines"]
    assert {WHITES, WHITES_7} <= files_of("production", "wines", given.declaration)
