"""Declarations and records become what a target should serve."""

from __future__ import annotations

import re

import pytest

from reconciler.resolve.resolver import UnknownTarget, resolve
from reconciler.state.desired import (
    DesiredContainer,
    DesiredModel,
    DesiredNode,
    DesiredPods,
    DesiredVariant,
)
from reconciler.state.targets import Desired, DesiredDeployment, Target
from tests.unit.resolve.building import DEFAULTS, DEPLOYMENT, ENVIRONMENT, MODEL, error, repository

PRICES = "environments/production/deployments/prices.yaml"
MAPPING = '{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}'


def desired(changes: dict[str, str | None] | None = None) -> Desired:
    return resolve(repository(changes), "production")


def only(found: Desired) -> DesiredDeployment:
    assert found.faults == ()
    (deployment,) = found.deployments
    return deployment


def fault_of(found: Desired) -> str:
    assert found.deployments == ()
    (fault,) = found.faults
    (finding,) = fault.findings
    assert (fault.deployment, finding.rule, finding.location.file) == ("wines", "resolvable", DEPLOYMENT)
    return finding.message


def test_one_version_at_full_traffic() -> None:
    assert desired() == Desired(
        target=Target(environment="production", namespace="wines-production"),
        deployments=(
            DesiredDeployment(
                environment="production",
                name="wines",
                namespace="wines-production",
                model="wines",
                registered_model="wine-quality",
                protocol="v2",
                variants=(
                    DesiredVariant(
                        predictor="v3",
                        version=3,
                        shadow=False,
                        traffic=100,
                        graph=DesiredNode(
                            type="model",
                            container=DesiredContainer(
                                name="wines",
                                server="mlflow",
                                protocol="v2",
                                image="seldonio/mlserver:1.7.1-mlflow",
                                startup=600,
                                requests={"cpu": "200m", "memory": "512Mi"},
                                limits={"memory": "1Gi"},
                                model=DesiredModel(
                                    folder="wines",
                                    registered_model="wine-quality",
                                    version=3,
                                    uri="s3://mlflow/artifacts/1/models/m-3/artifacts",
                                    secret="artifacts-s3",
                                    run="run3",
                                    digest="sha256:" + "3" * 64,
                                ),
                            ),
                        ),
                        pods=DesiredPods(replicas=1),
                    ),
                ),
            ),
        ),
    )


def test_variants_keep_the_files_order_roles_and_shares() -> None:
    variants = """
        - {version: 5, traffic: 90}
        - {version: 3, traffic: 10, rollout: 2}
        - {version: 6, shadow: 40}
    """
    found = only(desired({DEPLOYMENT: f"model: wines\nvariants: {variants}"}))
    assert [(v.predictor, v.version, v.traffic, v.shadow) for v in found.variants] == [
        ("v5", 5, 90, False),
        ("v3-r2", 3, 10, False),
        ("v6-shadow", 6, 40, True),
    ]


def test_a_share_of_nothing_is_a_share() -> None:
    variants = "[{version: 3, traffic: 100}, {version: 5, traffic: 0}]"
    found = only(desired({DEPLOYMENT: f"{{model: wines, variants: {variants}}}"}))
    assert [variant.traffic for variant in found.variants] == [100, 0]


class TestServing:
    def test_the_last_layer_that_says_something_wins(self) -> None:
        found = only(
            desired(
                {
                    DEFAULTS: "serving: {replicas: 2, startup: 90s, env: {A: defaults, B: defaults}}",
                    ENVIRONMENT: f"{{namespace: w, artifacts: [{MAPPING}], serving: {{replicas: 3}}}}",
                    DEPLOYMENT: """
                        model: wines
                        serving: {env: {B: deployment}, serviceAccount: model}
                        variants:
                          - version: 3
                            traffic: 100
                            serving: {replicas: 5, image: "example.com/own@sha256:1"}
                    """,
                }
            )
        )
        pods, container = found.variants[0].pods, found.variants[0].graph.container
        assert (pods.replicas, container.startup, pods.service_account) == (5, 90, "model")
        assert container.env == {"A": "defaults", "B": "deployment"}
        assert container.image == "example.com/own@sha256:1"

    def test_the_environments_image_of_a_server(self) -> None:
        platform = "platform: {servers: {mlflow: {v2: {image: example.com/mlserver:2}}}}"
        found = only(desired({ENVIRONMENT: f"{{namespace: w, artifacts: [{MAPPING}], {platform}}}"}))
        assert found.variants[0].graph.container.image == "example.com/mlserver:2"

    def test_no_resources_anywhere_leave_them_open(self) -> None:
        container = only(desired({DEFAULTS: None})).variants[0].graph.container
        assert (container.requests, container.limits) == ({}, {})

    @pytest.mark.parametrize(
        ("duration", "seconds"), [("0s", 0), ("45s", 45), ("10m", 600), ("2h", 7200), ("1d", 86400)]
    )
    def test_startup_is_in_seconds(self, duration: str, seconds: int) -> None:
        found = only(desired({DEFAULTS: f"serving: {{startup: {duration}}}"}))
        assert found.variants[0].graph.container.startup == seconds


class TestClusters:
    ENVIRONMENT_FILE = f"""
        namespace: wines-production
        artifacts: [{MAPPING}]
        clusters:
          eu1: {{}}
          us1:
            artifacts: [{{from: "mlflow-artifacts:/", to: "gcs://mlflow-us"}}]
            platform: {{servers: {{mlflow: {{v2: {{image: us.example.com/mlserver:2}}}}}}}}
    """

    def variant(self, cluster: str) -> DesiredVariant:
        found = resolve(repository({ENVIRONMENT: self.ENVIRONMENT_FILE}), "production", cluster=cluster)
        assert found.target.cluster == cluster
        return only(found).variants[0]

    @pytest.mark.parametrize("cluster", ["", "eu1"])
    def test_what_the_environment_says_holds_in_a_cluster_that_says_nothing(self, cluster: str) -> None:
        variant = self.variant(cluster)
        (model,) = variant.models()
        assert model.uri == "s3://mlflow/artifacts/1/models/m-3/artifacts"
        assert variant.graph.container.image == "seldonio/mlserver:1.7.1-mlflow"

    def test_what_a_cluster_says_replaces_it(self) -> None:
        variant = self.variant("us1")
        (model,) = variant.models()
        assert (model.uri, model.secret) == ("gcs://mlflow-us/1/models/m-3/artifacts", None)
        assert variant.graph.container.image == "us.example.com/mlserver:2"

    def test_another_cluster_is_refused(self) -> None:
        with pytest.raises(UnknownTarget, match=r'production is not served from cluster "eu2"; .*: eu1, us1'):
            resolve(repository({ENVIRONMENT: self.ENVIRONMENT_FILE}), "production", cluster="eu2")

    def test_an_environment_without_clusters_is_served_from_any(self) -> None:
        assert resolve(repository(), "production", cluster="eu2").target.cluster == "eu2"


class TestFaults:
    def test_a_faulty_deployment_does_not_keep_the_others(self) -> None:
        repo = repository({PRICES: "{model: wines, variants: [{version: 5, traffic: 100}]}"})
        found = resolve(repo, "production", findings=(error(PRICES),))
        assert [deployment.name for deployment in found.deployments] == ["wines"]
        assert [(fault.deployment, fault.findings) for fault in found.faults] == [
            ("prices", (error(PRICES),))
        ]

    def test_a_faulty_environment_file_leaves_no_target_to_serve(self) -> None:
        found = resolve(repository(faulty=(ENVIRONMENT,)), "production", findings=(error(ENVIRONMENT),))
        assert (found.target.namespace, found.deployments) == ("", ())
        assert [fault.deployment for fault in found.faults] == ["wines"]

    def test_an_environment_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(
            UnknownTarget, match="no environments/produktion; the environments are: production"
        ):
            resolve(repository(), "produktion")

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({MODEL: None}, "there is no readable models/wines/model.yaml"),
            ({DEPLOYMENT: "{model: beer, variants: [{version: 3, traffic: 1}]}"}, "no readable models/beer/"),
            ({"models/wines/versions/3.yaml": None}, "there is no readable models/wines/versions/3.yaml"),
            ({ENVIRONMENT: "namespace: w"}, "the cluster cannot read wines v3: no entry of artifacts"),
            (
                {MODEL: "{registeredModel: w, owners: [a], serving: {protocol: v2}}"},
                "no layer says serving.server",
            ),
            (
                {MODEL: "{registeredModel: w, owners: [a], serving: {server: mlflow}}"},
                "says serving.protocol",
            ),
            (
                {MODEL: "{registeredModel: w, owners: [a], serving: {server: custom, protocol: v2}}"},
                "there is no image of the custom server with protocol v2",
            ),
            ({DEPLOYMENT: "{model: wines, variants: [{traffic: 100}]}"}, "variant 1 says no version"),
            ({DEPLOYMENT: "{model: wines, variants: [{version: 3}]}"}, "variant 1 says no traffic or shadow"),
            (
                {
                    DEPLOYMENT: "{model: wines, variants: [{version: 3, traffic: 90},"
                    " {version: 5, traffic: 10, serving: {protocol: seldon}}]}"
                },
                r"its variants speak different protocols \(seldon, v2\)",
            ),
        ],
    )
    def test_what_no_policy_objected_to_still_cannot_be_guessed(
        self, changes: dict[str, str | None], message: str
    ) -> None:
        assert re.search(f"^production/wines: .*{message}", fault_of(desired(changes)))


class TestEndings:
    def test_a_deployment_that_retires_is_named_and_not_served(self) -> None:
        found = desired({DEPLOYMENT: "{model: wines, retire: true, variants: [{version: 3, traffic: 100}]}"})
        assert (found.deployments, found.retired, found.retire_all) == ((), frozenset({"wines"}), False)

    @pytest.mark.covers("B17")
    @pytest.mark.parametrize("policy", ["keep", "orphan"])
    def test_how_it_ends_is_passed_on(self, policy: str) -> None:
        variants = "variants: [{version: 3, traffic: 100}]"
        served = desired({DEPLOYMENT: f"{{model: wines, onDelete: {policy}, {variants}}}"})
        assert (only(served).on_delete, served.endings) == (policy, {})
        ended = desired({DEPLOYMENT: f"{{model: wines, onDelete: {policy}, retire: true, {variants}}}"})
        assert (ended.deployments, ended.endings) == ((), {"wines": policy})

    def test_an_environment_that_retires_ends_all_of_its_deployments(self) -> None:
        found = desired({ENVIRONMENT: "{namespace: wines-production, retire: true}"})
        assert (found.deployments, found.retired, found.retire_all) == ((), frozenset({"wines"}), True)
        assert found.faults == ()


def test_taking_over_an_object_is_passed_on() -> None:
    found = desired({DEPLOYMENT: "{model: wines, adopt: true, variants: [{version: 3, traffic: 100}]}"})
    assert only(found).adopt


def test_deployments_are_sorted_by_name() -> None:
    found = desired({PRICES: "{model: wines, variants: [{version: 5, traffic: 100}]}"})
    assert [deployment.name for deployment in found.deployments] == ["prices", "wines"]
