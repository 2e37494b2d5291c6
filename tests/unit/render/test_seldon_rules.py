"""The renderer's rules for Seldon Core v1 (reference: rules 16 to 22)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.render.building import (
    COMMIT,
    PART_OF,
    body_of,
    container_of,
    deployment,
    pod_template_of,
    predictors_of,
    render_all,
    variant,
)


def keys_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield key
            yield from keys_of(child)
    elif isinstance(value, list):
        for child in value:
            yield from keys_of(child)


class TestRule16StableMetadata:
    def test_api_version_is_v1(self) -> None:
        assert body_of(variant(3))["apiVersion"] == "machinelearning.seldon.io/v1"

    def test_predictors_carry_nothing_of_a_run_or_commit(self) -> None:
        body = body_of(variant(3))
        assert "annotations" not in body["spec"]
        predictor = body["spec"]["predictors"][0]
        assert predictor["labels"] == predictor["annotations"] == {"version": "3"}
        assert COMMIT not in json.dumps(body["spec"])

    def test_provenance_stands_on_the_object(self) -> None:
        metadata = body_of(variant(3, 90), variant(5, 10))["metadata"]
        assert metadata["labels"] == {
            "app.kubernetes.io/managed-by": "modelsync",
            "applyset.kubernetes.io/part-of": PART_OF,
            "modelsync.dev/environment": "production",
            "modelsync.dev/model": "wines",
        }
        annotations = metadata["annotations"]
        assert annotations["modelsync.dev/commit"] == COMMIT
        assert annotations["modelsync.dev/digest"].startswith("sha256:")
        assert annotations["modelsync.dev/records"] == f"v3=sha256:{'3' * 64},v5=sha256:{'5' * 64}"
        assert annotations["modelsync.dev/registered-model"] == "wine-quality"
        assert annotations["modelsync.dev/runs"] == "v3=8c1f3,v5=8c1f5"

    def test_a_version_without_a_run_names_none(self) -> None:
        assert "modelsync.dev/runs" not in body_of(variant(3, run=None))["metadata"]["annotations"]

    def test_a_version_in_two_roles_is_named_once(self) -> None:
        annotations = body_of(variant(3), variant(3, 50, shadow=True))["metadata"]["annotations"]
        assert annotations["modelsync.dev/records"] == f"v3=sha256:{'3' * 64}"


class TestRule17PinnedContainer:
    def test_ports_are_the_same_at_every_position(self) -> None:
        expected = [
            {"name": "metrics", "containerPort": 6000, "protocol": "TCP"},
            {"name": "http", "containerPort": 9000, "protocol": "TCP"},
            {"name": "grpc", "containerPort": 9500, "protocol": "TCP"},
        ]
        for predictor in predictors_of(variant(3, 80), variant(5, 20), variant(6, shadow=True)):
            assert container_of(predictor)["ports"] == expected

    def test_pod_template_does_not_depend_on_position_or_neighbours(self) -> None:
        alone = pod_template_of(predictors_of(variant(5))[0])
        first = pod_template_of(predictors_of(variant(5, 10), variant(3, 90))[0])
        last = pod_template_of(predictors_of(variant(3, 80), variant(4, 10), variant(5, 10))[2])
        assert alone == first == last

    def test_image_and_resources_are_always_written(self) -> None:
        container = container_of(predictors_of(variant(3))[0])
        assert container["image"] == "registry.example.com/ml/mlflow:1"
        assert container["resources"] == {
            "requests": {"cpu": "200m", "memory": "512Mi"},
            "limits": {"memory": "1Gi"},
        }

    @pytest.mark.parametrize("startup", [0, 1, 5, 299, 600])
    def test_probes_cover_the_start_and_the_deadline_covers_the_probes(self, startup: int) -> None:
        predictor = predictors_of(variant(3, startup=startup))[0]
        probe = container_of(predictor)["startupProbe"]
        budget = probe["periodSeconds"] * probe["failureThreshold"]
        assert startup <= budget <= predictor["progressDeadlineSeconds"]
        assert budget < startup + 2 * probe["periodSeconds"]

    @pytest.mark.parametrize(
        ("server", "protocol", "ready", "live"),
        [
            ("mlflow", "v2", "/v2/health/ready", "/v2/health/live"),
            ("triton", "v2", "/v2/health/ready", "/v2/health/live"),
            ("custom", "v2", "/v2/health/ready", "/v2/health/live"),
            ("sklearn", "seldon", "/health/ping", "/health/ping"),
        ],
    )
    def test_http_probes_ask_where_the_server_answers(
        self, server: str, protocol: str, ready: str, live: str
    ) -> None:
        container = container_of(predictors_of(variant(3, server=server, protocol=protocol))[0])
        for probe, path in (("startupProbe", ready), ("readinessProbe", ready), ("livenessProbe", live)):
            assert container[probe]["httpGet"] == {"path": path, "port": "http", "scheme": "HTTP"}

    @pytest.mark.parametrize(
        ("server", "protocol"), [("tensorflow", "tensorflow"), ("custom", "seldon"), ("custom", "tensorflow")]
    )
    def test_other_servers_are_asked_for_their_port(self, server: str, protocol: str) -> None:
        container = container_of(predictors_of(variant(3, server=server, protocol=protocol))[0])
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["tcpSocket"] == {"port": "http"}
            assert "httpGet" not in container[probe]


class TestRule18OnePredictorPerVersion:
    def test_predictors_stand_in_the_files_order(self) -> None:
        names = [p["name"] for p in predictors_of(variant(5, 90), variant(3, 10), variant(6, shadow=True))]
        assert names == ["v5", "v3", "v6-shadow"]

    def test_promotion_changes_weights_only(self) -> None:
        before = predictors_of(variant(3, 90), variant(5, 10))
        after = predictors_of(variant(3, 0), variant(5, 100))
        assert [p["traffic"] for p in after] == [0, 100]
        assert [{**p, "traffic": None} for p in before] == [{**p, "traffic": None} for p in after]

    def test_removing_the_old_version_leaves_the_new_one_as_it_is(self) -> None:
        before = predictors_of(variant(3, 0), variant(5, 100))
        after = predictors_of(variant(5, 100))
        assert before[1:] == after


class TestRule19VersionLabels:
    def test_annotation_and_label_hold_the_registry_version(self) -> None:
        (predictor,) = predictors_of(variant(12))
        assert predictor["labels"]["version"] == predictor["annotations"]["version"] == "12"

    def test_v2_answers_name_the_version(self) -> None:
        env = container_of(predictors_of(variant(12))[0])["env"]
        assert {"name": "MLSERVER_MODEL_VERSION", "value": "12"} in env

    def test_a_declared_value_cannot_blur_it(self) -> None:
        env = container_of(predictors_of(variant(12, env={"MLSERVER_MODEL_VERSION": "9"}))[0])["env"]
        assert env == [{"name": "MLSERVER_MODEL_VERSION", "value": "12"}]

    def test_other_protocols_have_no_such_variable(self) -> None:
        assert "env" not in container_of(predictors_of(variant(12, protocol="seldon"))[0])


class TestRule20Shadow:
    def test_a_shadow_is_a_predictor_of_its_own_with_an_explicit_share(self) -> None:
        live, shadow = predictors_of(variant(3), variant(6, 40, shadow=True))
        assert (shadow["name"], shadow["shadow"], shadow["traffic"]) == ("v6-shadow", True, 40)
        assert "shadow" not in live

    def test_a_shadow_that_goes_live_is_a_new_predictor(self) -> None:
        shadow = predictors_of(variant(3), variant(6, shadow=True))[1]
        live = predictors_of(variant(3, 90), variant(6, 10))[1]
        assert shadow["name"] != live["name"]


class TestRule21ServerOwnedKeys:
    def test_nothing_of_the_servers_is_rendered(self) -> None:
        (manifest,) = render_all(deployment(variant(3), variant(6, shadow=True)))
        assert not {"endpoint", "status", "creationTimestamp", "generation", "uid"} & set(
            keys_of(manifest.body)
        )

    @pytest.mark.covers("T7")
    def test_replicas_stand_at_the_predictors_alone(self) -> None:
        body = body_of(variant(3, replicas=4))
        assert "replicas" not in body["spec"]
        assert body["spec"]["predictors"][0]["replicas"] == 4

    @pytest.mark.covers("T8")
    def test_nothing_empty_is_rendered(self) -> None:
        def values(value: Any) -> Iterator[Any]:
            yield value
            children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            for child in children:
                yield from values(child)

        assert not [v for v in values(body_of(variant(3, secret=None))) if v in (None, "", {}, [])]


class TestRule22SecretNames:
    def test_the_secret_is_named_at_the_node(self) -> None:
        assert predictors_of(variant(3))[0]["graph"]["envSecretRefName"] == "artifacts-s3"

    def test_no_secret_no_key(self) -> None:
        assert "envSecretRefName" not in predictors_of(variant(3, secret=None))[0]["graph"]
