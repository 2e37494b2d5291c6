"""Violations of the webhook's rules, each as a body to submit and as declarations to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from tests.support.shop import make_record

ENVIRONMENT = """\
namespace: wines-production
artifacts: [{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}]
allow: {secrets: [artifacts-s3], images: ["registry.example.com/*"]}
"""
MODEL = """\
registeredModel: wine-quality
owners: ["@wine-team"]
serving:
  server: mlflow
  protocol: v2
  resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 512Mi}}
"""
DEPLOYMENT = """\
model: wines
variants:
  - {version: 1, traffic: 90}
  - {version: 2, traffic: 10}
"""


def predictor(
    name: str = "v1",
    traffic: int | None = None,
    *,
    shadow: bool = False,
    annotations: Mapping[str, str] | None = None,
    node: str = "wines",
    containers: tuple[Mapping[str, Any], ...] = (),
    hpa: Mapping[str, int] | None = None,
    orchestrator: Mapping[str, Any] | None = None,
    **graph: Any,
) -> dict[str, Any]:
    """A predictor of the MLflow server; `graph` replaces keys of its node (None leaves a key out)."""
    root = {"name": node, "implementation": "MLFLOW_SERVER", "modelUri": "s3://mlflow/1", **graph}
    component = {
        **({"spec": {"containers": list(containers)}} if containers else {}),
        **({"hpaSpec": hpa} if hpa else {}),
    }
    return {
        "name": name,
        "graph": {key: value for key, value in root.items() if value is not None},
        **({"traffic": traffic} if traffic is not None else {}),
        **({"shadow": True} if shadow else {}),
        **({"annotations": annotations} if annotations else {}),
        **({"componentSpecs": [component]} if component else {}),
        **({"svcOrchSpec": orchestrator} if orchestrator else {}),
    }


def spec(*predictors: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return {"protocol": "v2", "predictors": list(predictors), **rest}


def declare(deployment: str = DEPLOYMENT, *, model: str = MODEL, name: str = "wines") -> dict[str, str]:
    """A repository's files by path."""
    return {
        "models/wines/model.yaml": model,
        "environments/production/environment.yaml": ENVIRONMENT,
        f"environments/production/deployments/{name}.yaml": dedent(deployment),
        **{f"models/wines/versions/{version}.yaml": make_record(version) for version in (1, 2, 3)},
    }


def serve(**words: str) -> dict[str, str]:
    """The sound repository with these serving words, said in the deployment's own file."""
    said = "".join(f"  {key}: {value}\n" for key, value in words.items())
    return declare(f"{DEPLOYMENT}serving:\n{said}")


def with_graph(graph: str) -> str:
    return f"model: wines\nvariants:\n  - name: one\n    traffic: 100\n    graph: {graph}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A violation as a body and as declarations.

    `says` are words of the webhook's message (empty in the reverse table), `rule` is ours.
    """

    spec: Mapping[str, Any]
    files: Mapping[str, str]
    rule: str
    says: str = ""
    name: str = "wines"


REFUSED_BY_BOTH: Mapping[str, Case] = {
    "1-protocol-known": Case(
        spec=spec(predictor(), protocol="grpc"),
        says="Invalid protocol",
        files=serve(protocol="grpc"),
        rule="value-form",
    ),
    "2-transport-known": Case(
        spec=spec(predictor(), transport="carrier-pigeon"),
        says="Invalid transport",
        files=serve(transport="carrier-pigeon"),
        rule="known-keys",
    ),
    "3-server-type-known": Case(
        spec=spec(predictor(), serverType="rabbit"),
        says="Invalid serverType",
        files=serve(serverType="rabbit"),
        rule="known-keys",
    ),
    "4-kafka-is-told-its-topics": Case(
        spec=spec(predictor(), serverType="kafka"),
        says="For kafka please supply svcOrchSpec envs",
        files=serve(serverType="kafka"),
        rule="known-keys",
    ),
    "4-kafka-is-told-all-its-topics": Case(
        spec=spec(
            predictor(orchestrator={"env": [{"name": "KAFKA_BROKER", "value": "kafka:9092"}]}),
            serverType="kafka",
        ),
        says="For kafka please supply svcOrchSpec envs",
        files=serve(serverType="kafka", orchestrator="{env: {KAFKA_BROKER: kafka}}"),
        rule="known-keys",
    ),
    "5-shadow-is-not-alone": Case(
        spec=spec(predictor(shadow=True)),
        says="Shadow can not exist as only predictor",
        files=declare("model: wines\nvariants: [{version: 1, shadow: 100}]\n"),
        rule="one-shadow",
    ),
    "6-service-name-given-once": Case(
        spec=spec(
            predictor("v1", 90, annotations={"seldon.io/svc-name": "wines"}),
            predictor("v2", 10, annotations={"seldon.io/svc-name": "wines"}),
        ),
        says="Found duplicate service name",
        files=serve(annotations="{seldon.io/svc-name: wines}"),
        rule="annotations-known",
    ),
    "7-there-is-a-predictor": Case(
        spec=spec(),
        says="Graph contains no predictors",
        files=declare("model: wines\nvariants: []\n"),
        rule="value-range",
    ),
    "8-no-engine-for-one-node-only": Case(
        spec=spec(
            predictor(
                annotations={"seldon.io/no-engine": "true"},
                children=[{"name": "prices", "implementation": "MLFLOW_SERVER", "modelUri": "s3://mlflow/2"}],
            )
        ),
        says="Running without engine only valid for single element graphs",
        files=serve(annotations='{seldon.io/no-engine: "true"}'),
        rule="annotations-known",
    ),
    "9-predictor-named-once": Case(
        spec=spec(predictor("v1", 90), predictor("v1", 10)),
        says="Duplicate predictor name",
        files=declare(
            """\
            model: wines
            variants:
              - {version: 1, traffic: 90}
              - {version: 2, traffic: 10, name: v1}
            """
        ),
        rule="distinct-versions",
    ),
    "10-node-has-a-container": Case(
        spec=spec(predictor(implementation=None, modelUri=None)),
        says="Can't find container for Predictive Unit",
        files=declare("model: wines\nvariants: [{name: one, traffic: 100, graph: {name: first}}]\n"),
        rule="graph-nodes-complete",
    ),
    "11-node-has-a-type-or-methods": Case(
        spec=spec(
            predictor(
                implementation=None,
                modelUri=None,
                type="UNKNOWN_TYPE",
                containers=({"name": "wines", "image": "registry.example.com/wines:1"},),
            )
        ),
        says="Predictive Unit has no implementation methods defined",
        files=declare(
            """\
            model: wines
            variants: [{name: one, traffic: 100, graph: {name: first, type: unknown}}]
            """
        ),
        rule="value-form",
    ),
    "12-server-is-told-its-model": Case(
        spec=spec(predictor(modelUri=None)),
        says="Predictive unit modelUri required when using standalone servers",
        files=declare("model: wines\nvariants: [{traffic: 100}]\n"),
        rule="variant-role",
    ),
    "13-server-speaks-tensorflow": Case(
        spec=spec(predictor(), protocol="tensorflow"),
        says="Prepackaged server does not handle tensorflow protocol",
        files=serve(protocol="tensorflow"),
        rule="protocol-fits-server",
    ),
    "14-server-known": Case(
        spec=spec(predictor(implementation="PYTORCH_SERVER")),
        says="No entry in predictors map for PYTORCH_SERVER",
        files=serve(server="pytorch"),
        rule="value-form",
    ),
    "15-logger-has-a-mode": Case(
        spec=spec(predictor(logger={"url": "http://logs.example.com"})),
        says="No logger mode specified",
        files=serve(requestLogger="{url: http://logs.example.com}"),
        rule="required-keys",
    ),
    "16-one-transport-per-graph": Case(
        spec=spec(
            predictor("v1", 90, endpoint={"type": "REST"}), predictor("v2", 10, endpoint={"type": "GRPC"})
        ),
        says="Multiple endpoint.types found",
        files=serve(endpoint="{type: GRPC}"),
        rule="known-keys",
    ),
    "16-one-transport-said-once": Case(
        spec=spec(predictor(endpoint={"type": "REST"}), transport="grpc"),
        says="Mixed transport types found",
        files=serve(transport="grpc", endpoint="{type: REST}"),
        rule="known-keys",
    ),
    "17-one-shadow": Case(
        spec=spec(predictor("v1"), predictor("v2", shadow=True), predictor("v3", shadow=True)),
        says="Multiple shadows are not allowed",
        files=declare(
            """\
            model: wines
            variants:
              - {version: 1, traffic: 100}
              - {version: 2, shadow: 100}
              - {version: 3, shadow: 100}
            """
        ),
        rule="one-shadow",
    ),
    "18-shadow-share-below-0": Case(
        spec=spec(predictor("v1"), predictor("v2", -1, shadow=True)),
        says="shadow traffic is illegal",
        files=declare("model: wines\nvariants: [{version: 1, traffic: 100}, {version: 2, shadow: -1}]\n"),
        rule="value-range",
    ),
    "18-shadow-share-above-100": Case(
        spec=spec(predictor("v1"), predictor("v2", 101, shadow=True)),
        says="shadow traffic is illegal",
        files=declare("model: wines\nvariants: [{version: 1, traffic: 100}, {version: 2, shadow: 101}]\n"),
        rule="value-range",
    ),
    "19-shares-sum-to-100": Case(
        spec=spec(predictor("v1", 90), predictor("v2", 5)),
        says="Traffic must sum to 100 for multiple predictors",
        files=declare("model: wines\nvariants: [{version: 1, traffic: 90}, {version: 2, traffic: 5}]\n"),
        rule="traffic-sums-to-100",
    ),
    "20-single-share-is-100": Case(
        spec=spec(predictor("v1", 90)),
        says="Traffic must sum be 100 for a single predictor when set",
        files=declare("model: wines\nvariants: [{version: 1, traffic: 90}]\n"),
        rule="traffic-sums-to-100",
    ),
}

REFUSED_BY_US_ALONE: Mapping[str, Case] = {
    "shares-outside-0-to-100": Case(
        spec=spec(predictor("v1", 110), predictor("v2", -10)),
        files=declare("model: wines\nvariants: [{version: 1, traffic: 110}, {version: 2, traffic: -10}]\n"),
        rule="value-range",
    ),
    "single-share-of-0": Case(
        spec=spec(predictor("v1", 0)),
        files=declare("model: wines\nvariants: [{version: 1, traffic: 0}]\n"),
        rule="traffic-sums-to-100",
    ),
    "single-share-above-100": Case(
        spec=spec(predictor("v1", 150)),
        files=declare("model: wines\nvariants: [{version: 1, traffic: 150}]\n"),
        rule="value-range",
    ),
    "single-share-not-said": Case(
        spec=spec(predictor("v1")),
        files=declare("model: wines\nvariants: [{version: 1}]\n"),
        rule="variant-role",
    ),
    "odd-share-beside-a-shadow": Case(
        spec=spec(predictor("v1", 40), predictor("v2", 20, shadow=True)),
        files=declare("model: wines\nvariants: [{version: 1, traffic: 40}, {version: 2, shadow: 20}]\n"),
        rule="traffic-sums-to-100",
    ),
    "predictor-name-no-service-can-have": Case(
        spec=spec(predictor("V_2")),
        files=declare("model: wines\nvariants: [{version: 1, traffic: 100, name: V_2}]\n"),
        rule="names-fit",
    ),
    "deployment-name-no-service-can-have": Case(
        spec=spec(predictor()), name="2-wines", files=declare(name="2-wines"), rule="names-fit"
    ),
    "graph-and-container-named-apart": Case(
        spec=spec(predictor(containers=({"name": "beers", "image": "registry.example.com/a:1"},))),
        files=serve(container="beers"),
        rule="known-keys",
    ),
    "replicas-below-0": Case(
        spec=spec({**predictor(), "replicas": -1}), files=serve(replicas="-1"), rule="value-range"
    ),
    "unknown-server-with-an-image": Case(
        spec=spec(
            predictor(
                implementation="PYTORCH_SERVER",
                containers=({"name": "wines", "image": "registry.example.com/a:1"},),
            )
        ),
        files=serve(server="pytorch", image="registry.example.com/a:1"),
        rule="value-form",
    ),
    "protocol-that-the-server-never-starts-with": Case(
        spec=spec(predictor(implementation="TRITON_SERVER"), protocol="seldon"),
        files=serve(server="triton", protocol="seldon"),
        rule="protocol-fits-server",
    ),
    "one-version-twice": Case(
        spec=spec(predictor("v1", 90), predictor("again", 10)),
        files=declare(
            """\
            model: wines
            variants:
              - {version: 1, traffic: 90}
              - {version: 1, traffic: 10, name: again}
            """
        ),
        rule="distinct-versions",
    ),
    "label-that-no-pod-can-have": Case(
        spec=spec(predictor(node="w" * 49)),
        files=declare(with_graph(f"{{name: {'w' * 49}, model: wines, version: 1}}")),
        rule="names-fit",
    ),
    "combiner-of-nothing": Case(
        spec=spec(
            predictor(
                implementation=None,
                modelUri=None,
                type="COMBINER",
                containers=({"name": "wines", "image": "registry.example.com/a:1"},),
            )
        ),
        files=declare(with_graph('{name: average, type: combiner, image: "registry.example.com/a:1"}')),
        rule="graph-shape-fits",
    ),
    "timeout-that-is-no-number": Case(
        spec=spec(predictor(), annotations={"seldon.io/rest-timeout": "5s"}),
        files=serve(annotations="{seldon.io/rest-timeout: 5s}"),
        rule="annotations-known",
    ),
    "most-pods-fewer-than-least": Case(
        spec=spec(predictor(containers=({"name": "wines"},), hpa={"minReplicas": 3, "maxReplicas": 1})),
        files=serve(scaling="{min: 3, max: 1, cpu: 70}"),
        rule="scaling-fits",
    ),
    "requests-above-limits": Case(
        spec=spec(
            predictor(
                containers=(
                    {
                        "name": "wines",
                        "resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}},
                    },
                )
            )
        ),
        files=serve(resources="{requests: {memory: 1Gi}}"),
        rule="requests-within-limits",
    ),
    "logger-with-an-unknown-mode": Case(
        spec=spec(predictor(logger={"mode": "sometimes", "url": "http://logs.example.com"})),
        files=serve(requestLogger="{mode: sometimes, url: http://logs.example.com}"),
        rule="value-form",
    ),
}
