"""Policies about serving settings after all layers."""

from __future__ import annotations

import pytest

from reconciler.policy.clusters import view_cluster, view_clusters
from reconciler.policy.servers import (
    STOCK_IMAGES,
    fitting_protocols,
    platform_images,
    server_image,
)
from reconciler.state.declarations import Environment, Platform
from tests.unit.policy.building import DEFAULTS, DEPLOYMENT, ENVIRONMENT, MODEL, SOUND, find, tell

BARE_MODEL = 'registeredModel: wine-quality\nowners: ["@wine-team"]\n'


def model(serving: str) -> str:
    return f"{BARE_MODEL}serving: {serving}\n"


def variant_serving(serving: str) -> str:
    return f"""\
model: wines
variants:
  - {{version: 3, traffic: 90}}
  - version: 5
    traffic: 10
    serving: {serving}
"""


class TestServers:
    def test_the_stock_image_serves_where_the_platform_names_none(self) -> None:
        assert server_image(Platform(), "mlflow", "v2") == "seldonio/mlserver:1.7.1-mlflow"
        assert server_image(Platform(), "triton", "seldon") is None
        assert server_image(Platform(), "custom", "v2") is None

    def test_the_platforms_own_image_comes_first(self) -> None:
        platform = Platform.model_validate({"servers": {"mlflow": {"v2": {"image": "own/mlserver:1"}}}})
        assert server_image(platform, "mlflow", "v2") == "own/mlserver:1"
        assert server_image(platform, "mlflow", "seldon") == "seldonio/mlflowserver:1.17.1"
        assert platform_images(platform) == {"own/mlserver:1"}

    def test_every_fitting_pair_but_custom_has_a_stock_image(self) -> None:
        for server in ("mlflow", "sklearn", "xgboost", "tensorflow", "triton", "huggingface"):
            for protocol in fitting_protocols(server):
                assert server_image(Platform(), server, protocol) in STOCK_IMAGES


class TestClusterViews:
    ENVIRONMENT = Environment.model_validate(
        {
            "namespace": "wines",
            "metrics": {"prometheus": "http://all"},
            "clusters": {
                "eu1": {},
                "us1": {
                    "artifacts": ({"from": "a:/", "to": "s3://us"},),
                    "platform": {"ingress": "ambassador-v2"},
                    "metrics": {"prometheus": "http://us"},
                },
            },
        }
    )

    def test_what_a_cluster_says_replaces_what_the_environment_says(self) -> None:
        europe, america = view_clusters(self.ENVIRONMENT)
        assert (europe.cluster, europe.artifacts, europe.platform.ingress) == ("eu1", (), "istio")
        assert (europe.artifacts_path, europe.platform_path) == (("artifacts",), ("platform",))
        assert america.artifacts[0].to == "s3://us"
        assert america.platform.ingress == "ambassador-v2"
        assert america.metrics is not None
        assert america.metrics.prometheus == "http://us"
        assert america.artifacts_path == ("clusters", "us1", "artifacts")
        assert america.platform_path == ("clusters", "us1", "platform")

    def test_an_environment_without_clusters_is_one_view(self) -> None:
        (view,) = view_clusters(Environment(namespace="wines"))
        assert view.cluster == ""

    def test_an_unknown_cluster_has_the_environments_own(self) -> None:
        assert view_cluster(self.ENVIRONMENT, "ap1").artifacts == ()


class TestServingComplete:
    def test_names_what_no_layer_says(self) -> None:
        assert tell(find("serving-complete", {MODEL: BARE_MODEL})) == [
            f"{DEPLOYMENT}:1:8 production/wines: no layer says the server and protocol of wines v3 and v5. "
            + "Add serving.server and serving.protocol to models/wines/model.yaml, such as "
            + "serving: {server: mlflow, protocol: v2}"
        ]

    def test_one_of_the_two(self) -> None:
        (finding,) = find("serving-complete", {MODEL: model("{server: mlflow}")})
        assert "no layer says the protocol of wines v3 and v5." in finding.message

    def test_any_layer_will_do(self) -> None:
        defaults = {DEFAULTS: "serving: {server: mlflow, protocol: v2}\n"}
        assert find("serving-complete", {MODEL: BARE_MODEL, **defaults}) == ()

    def test_a_model_that_cannot_be_read_is_not_guessed_about(self) -> None:
        assert find("serving-complete", {MODEL: None}) == ()


class TestProtocolFitsServer:
    def test_says_where_each_of_them_comes_from(self) -> None:
        changes = {MODEL: model("{server: sklearn}"), DEFAULTS: "serving: {protocol: tensorflow}\n"}
        assert tell(find("protocol-fits-server", changes)) == [
            f"{DEPLOYMENT}:1:8 production/wines: the sklearn server ({MODEL}:3:19) does not speak tensorflow "
            + f"({DEFAULTS}:1:21); it speaks v2 and seldon. "
            + "Set serving.protocol to v2 or seldon, or choose another server."
        ]

    def test_points_into_the_deployment_where_it_says_so_itself(self) -> None:
        text = variant_serving("{protocol: tensorflow}")
        (finding,) = find("protocol-fits-server", {DEPLOYMENT: text})
        assert str(finding.location) == f"{DEPLOYMENT}:6:25"
        assert finding.message == (
            f"production/wines: the mlflow server ({MODEL}:4:11) does not speak tensorflow; it "
            "speaks v2 and seldon."
        )

    def test_a_custom_server_may_speak_any(self) -> None:
        for protocol in ("v2", "seldon", "tensorflow"):
            changes = {MODEL: model(f"{{server: custom, protocol: {protocol}}}")}
            assert find("protocol-fits-server", changes) == ()


class TestOneProtocol:
    def test_two_variants_with_two_protocols(self) -> None:
        text = variant_serving("{protocol: seldon}")
        assert tell(find("one-protocol", {DEPLOYMENT: text})) == [
            f"{DEPLOYMENT}:6:25 production/wines: v5 speaks seldon, but v3 speaks v2; all "
            + "are reached by the same requests. Say the protocol once, in model.yaml or in the deployment."
        ]

    def test_an_unknown_protocol_is_left_to_serving_complete(self) -> None:
        changes = {MODEL: BARE_MODEL, DEPLOYMENT: variant_serving("{protocol: seldon}")}
        assert find("one-protocol", changes) == ()


class TestImageNeeded:
    CUSTOM = model("{server: custom, protocol: v2}")

    def test_a_custom_server_without_one(self) -> None:
        assert tell(find("image-needed", {MODEL: self.CUSTOM})) == [
            f"{DEPLOYMENT}:1:8 production/wines: v3 and v5: the custom server has no image. "
            + "Set serving.image, with its digest (registry/name@sha256:…)."
        ]

    def test_the_environment_may_name_it_cluster_by_cluster(self) -> None:
        platform = "{servers: {custom: {v2: {image: own/server}}}}"
        everywhere = f"{SOUND[ENVIRONMENT]}platform: {platform}\n"
        assert find("image-needed", {MODEL: self.CUSTOM, ENVIRONMENT: everywhere}) == ()
        in_one = f"{SOUND[ENVIRONMENT]}clusters: {{eu1: {{platform: {platform}}}, us1: {{}}}}\n"
        (finding,) = find("image-needed", {MODEL: self.CUSTOM, ENVIRONMENT: in_one})
        assert finding.message == "production/wines: v3 and v5: the custom server has no image in us1."

    def test_so_may_the_declarations(self) -> None:
        text = model("{server: custom, protocol: v2, image: own/server}")
        assert find("image-needed", {MODEL: text}) == ()

    def test_a_pair_that_does_not_fit_is_left_to_protocol_fits_server(self) -> None:
        assert find("image-needed", {MODEL: model("{server: triton, protocol: seldon}")}) == ()


class TestResources:
    def test_names_what_is_missing(self) -> None:
        text = model("{server: mlflow, protocol: v2, resources: {requests: {cpu: 1}}}".replace("1", '"1"'))
        assert tell(find("resources-present", {MODEL: text})) == [
            f"{DEPLOYMENT}:1:8 production/wines: no layer gives resources.requests.memory and "
            + "resources.limits.memory for v3 and v5. Add under serving: of "
            + "models/wines/model.yaml, for example: "
            + "resources: {requests: {cpu: 200m, memory: 512Mi}, limits: {memory: 1Gi}}"
        ]

    def test_nothing_at_all(self) -> None:
        (finding,) = find("resources-present", {MODEL: BARE_MODEL})
        assert (
            "resources.requests.cpu, resources.requests.memory and resources.limits.memory" in finding.message
        )

    def test_the_layers_count_together(self) -> None:
        changes = {
            DEFAULTS: "serving: {resources: {limits: {memory: 1Gi}}}\n",
            MODEL: model("{resources: {requests: {memory: 512Mi}}}"),
            DEPLOYMENT: f"{SOUND[DEPLOYMENT]}serving: {{resources: {{requests: {{cpu: 200m}}}}}}\n",
        }
        assert find("resources-present", changes) == ()

    def test_a_model_that_cannot_be_read_is_not_guessed_about(self) -> None:
        assert find("resources-present", {MODEL: None}) == ()


class TestRequestsWithinLimits:
    def test_says_both_amounts_and_where_they_come_from(self) -> None:
        text = variant_serving("{resources: {requests: {memory: 2Gi}}}")
        assert tell(find("requests-within-limits", {DEPLOYMENT: text})) == [
            f"{DEPLOYMENT}:6:46 production/wines: v5 requests memory 2Gi, more than its limit 1Gi "
            + f"({DEPLOYMENT}:6:46, {MODEL}:6:70). Raise resources.limits.memory or lower "
            + "resources.requests.memory."
        ]

    def test_equal_amounts_in_other_units_are_fine(self) -> None:
        text = model("{resources: {requests: {cpu: 1000m}, limits: {cpu: '1'}}}")
        assert find("requests-within-limits", {MODEL: text}) == ()

    def test_without_limits_nothing_is_too_much(self) -> None:
        text = model("{resources: {requests: {cpu: 1000m}}}")
        assert find("requests-within-limits", {MODEL: text}) == ()
        assert find("requests-within-limits", {MODEL: BARE_MODEL}) == ()


class TestEnvironmentVariables:
    def test_what_the_operator_sets_is_left_alone(self) -> None:
        text = variant_serving("{env: {MLSERVER_MODEL_URI: /mnt/other, LOG_LEVEL: debug}}")
        assert tell(find("environment-variables-fit", {DEPLOYMENT: text})) == [
            f"{DEPLOYMENT}:6:41 production/wines: environment variable 'MLSERVER_MODEL_URI' is "
            + "set by the operator "
            + "or modelsync, so that the pinned version is served; expected another. "
            + "Remove it from env, or give it another name."
        ]

    @pytest.mark.parametrize("name", ["1ST", '"a b"', '""', '"a=b"'])
    def test_names_that_kubernetes_refuses(self, name: str) -> None:
        (finding,) = find("environment-variables-fit", {MODEL: model(f"{{env: {{{name}: x}}}}")})
        assert "has a name that Kubernetes refuses" in finding.message

    @pytest.mark.parametrize("name", ["LOG_LEVEL", "a.b-c", "_X1"])
    def test_names_that_it_accepts(self, name: str) -> None:
        assert find("environment-variables-fit", {MODEL: model(f"{{env: {{{name}: x}}}}")}) == ()
