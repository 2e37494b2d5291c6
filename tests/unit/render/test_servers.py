"""Our words for servers become Seldon's implementations."""

from __future__ import annotations

from typing import get_args

import pytest

from reconciler.render.servers import find_backend
from reconciler.state.declarations import Server
from reconciler.state.desired import DesiredPods
from tests.unit.render.building import container_of, predictors_of, variant


@pytest.mark.parametrize(
    ("server", "protocol", "implementation"),
    [
        ("mlflow", "v2", "MLFLOW_SERVER"),
        ("sklearn", "v2", "SKLEARN_SERVER"),
        ("xgboost", "v2", "XGBOOST_SERVER"),
        ("tensorflow", "tensorflow", "TENSORFLOW_SERVER"),
        ("triton", "v2", "TRITON_SERVER"),
        ("huggingface", "v2", "HUGGINGFACE_SERVER"),
    ],
)
def test_prepackaged_servers(server: str, protocol: str, implementation: str) -> None:
    (predictor,) = predictors_of(variant(3, server=server, protocol=protocol))
    assert predictor["graph"] == {
        "name": "wines",
        "type": "MODEL",
        "implementation": implementation,
        "modelUri": "s3://mlflow/artifacts/1/models/m-3/artifacts",
        "envSecretRefName": "artifacts-s3",
    }


def test_a_custom_server_is_its_image_and_the_models_files() -> None:
    (predictor,) = predictors_of(variant(3, server="custom"))
    assert "implementation" not in predictor["graph"]
    assert predictor["graph"]["modelUri"] == "s3://mlflow/artifacts/1/models/m-3/artifacts"
    assert container_of(predictor)["image"] == "registry.example.com/ml/custom:1"


def test_columns_keep_their_names_with_the_seldon_protocol() -> None:
    (predictor,) = predictors_of(variant(3, protocol="seldon"))
    assert predictor["graph"]["parameters"] == [{"name": "xtype", "type": "STRING", "value": "DataFrame"}]


def test_a_service_account_reaches_node_and_pod() -> None:
    (predictor,) = predictors_of(variant(3, pods=DesiredPods(replicas=1, service_account="model")))
    assert predictor["graph"]["serviceAccountName"] == "model"
    assert predictor["componentSpecs"][0]["spec"]["serviceAccountName"] == "model"


def test_every_declared_server_is_known() -> None:
    for server in get_args(Server):
        assert find_backend(server, "v2").ready_path == "/v2/health/ready"
