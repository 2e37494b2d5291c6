"""The images of an operator's servers become a block of environment.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest
import yaml

from reconciler.pipeline.seldon_config import describe_server_images, parse_server_images, read_server_images
from reconciler.settings import SettingsError
from reconciler.state.declarations import Platform
from tests.support.answering import Script, answering

# As in the operator's own ConfigMap, with a corporate build and one that is said by an older name.
CONFIG = {
    "TENSORFLOW_SERVER": {
        "protocols": {
            "tensorflow": {"image": "tensorflow/serving", "defaultImageVersion": "2.1.0"},
            "seldon": {"image": "seldonio/tfserving-proxy", "defaultImageVersion": "1.16.0"},
        }
    },
    "MLFLOW_SERVER": {
        "protocols": {
            "seldon": {"image": "seldonio/mlflowserver", "defaultImageVersion": "1.19.0"},
            "v2": {"image": "registry.example.com/ml/mlserver", "defaultImageVersion": "7"},
        }
    },
    "SKLEARN_SERVER": {
        "protocols": {"kfserving": {"image": "seldonio/mlserver", "defaultImageVersion": "1.3.5-sklearn"}}
    },
    "XGBOOST_SERVER": {"protocols": {"v2": {"image": "own/xgboost@sha256:" + "0" * 64}}},
    "TEMPO_SERVER": {
        "protocols": {"v2": {"image": "seldonio/mlserver", "defaultImageVersion": "1.3.0-slim"}}
    },
}


def test_images_are_read_by_server_and_protocol() -> None:
    assert parse_server_images(json.dumps(CONFIG)) == {
        "mlflow": {"v2": "registry.example.com/ml/mlserver:7", "seldon": "seldonio/mlflowserver:1.19.0"},
        "sklearn": {"v2": "seldonio/mlserver:1.3.5-sklearn"},
        "xgboost": {"v2": "own/xgboost@sha256:" + "0" * 64},
        "tensorflow": {"tensorflow": "tensorflow/serving:2.1.0", "seldon": "seldonio/tfserving-proxy:1.16.0"},
    }


def test_the_block_is_what_environment_yaml_takes() -> None:
    images = parse_server_images(json.dumps(CONFIG))
    block = yaml.safe_load("\n".join(describe_server_images(images)))
    platform = Platform.model_validate(block["platform"])
    servers = {
        name: {protocol: one.image for protocol, one in protocols.items()}
        for name, protocols in platform.servers.items()
    }
    assert servers == images


def test_an_image_of_which_nothing_is_known_asks_for_what_it_loads() -> None:
    images = parse_server_images(json.dumps({"MLFLOW_SERVER": CONFIG["MLFLOW_SERVER"]}))
    assert list(describe_server_images(images)) == [
        "platform:",
        "  servers:",
        "    mlflow:",
        '      v2: {image: "registry.example.com/ml/mlserver:7"}',
        "      # What it can load is not known. Say it beside the image, such as",
        "      # loads: {formats: [pickle, cloudpickle]}",
        '      seldon: {image: "seldonio/mlflowserver:1.19.0"}',
    ]


def test_an_operator_without_servers_gives_an_empty_block() -> None:
    assert list(describe_server_images(parse_server_images("{}"))) == ["platform:", "  servers: {}"]


@pytest.mark.parametrize("text", ["[]", '{"MLFLOW_SERVER": []}', "not JSON"])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON object|Expecting value"):
        parse_server_images(text)


def config_map(data: Mapping[str, str]) -> Script:
    metadata = {"name": "seldon-config", "namespace": "seldon-system", "uid": "u", "resourceVersion": "1"}
    return Script(body={"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


MISSING = Script(
    status=404,
    body={"kind": "Status", "reason": "NotFound", "details": {"kind": "configmaps", "name": "seldon-config"}},
)


def test_they_are_read_from_the_operators_config_map() -> None:
    with answering(config_map({"predictor_servers": json.dumps(CONFIG), "explainer": "{}"})) as reader:
        found = read_server_images(reader, "seldon-system")
    assert found == parse_server_images(json.dumps(CONFIG))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (MISSING, "does not exist; name the namespace of Seldon Core's operator: --operator-namespace"),
        (config_map({"storageInitializer": "{}"}), "has no key predictor_servers"),
        (config_map({"predictor_servers": "["}), "is not what Seldon Core writes there"),
    ],
)
def test_what_cannot_be_read_is_said(answer: Script, words: str) -> None:
    with (
        answering(answer) as reader,
        pytest.raises(SettingsError, match=f"namespace seldon-system .*{re.escape(words)}"),
    ):
        read_server_images(reader, "seldon-system")
