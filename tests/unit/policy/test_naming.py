"""Names as the operator derives them, and the policies names-fit and service-names-unique."""

from __future__ import annotations

import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.naming import NAME_LIMIT, derived_names, is_dns_label, predictor_name
from reconciler.state.declarations import Variant
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, MODEL, SOUND, deployment, find, record, tell

NAMES = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=80)


def variant(**fields: object) -> Variant:
    return Variant.model_validate(fields)


@pytest.mark.parametrize(
    ("given_variant", "name"),
    [
        (variant(version=5, traffic=100), "v5"),
        (variant(version=6, shadow=100), "v6-shadow"),
        (variant(version=5, traffic=100, rollout=2), "v5-r2"),
        (variant(version=6, shadow=10, rollout=3), "v6-shadow-r3"),
        (variant(version=5, traffic=100, name="main"), "main"),
        (variant(traffic=100), "v?"),
    ],
)
def test_predictors_are_named_after_version_role_and_rollout(given_variant: Variant, name: str) -> None:
    assert predictor_name(given_variant) == name


def test_derived_names_as_seen_on_a_real_operator() -> None:
    names = derived_names("wines", "v1", "wines")
    assert names.object == "wines"
    assert names.services == ("wines-v1", "wines-v1-wines")
    assert names.workload == "wines-v1-0-wines"
    assert names.label_key == "seldon-app-svc-wines"
    assert names.hashed == ()


def test_a_name_of_64_characters_is_hashed_and_one_of_63_is_not() -> None:
    exact = derived_names("d" * 52, "v1", "model")
    assert len(exact.workload) == 52 + len("-v1-0-model") == 63
    assert exact.hashed == ()
    longer = derived_names("d" * 53, "v1", "model")
    full = f"{'d' * 53}-v1-0-model"
    assert longer.workload == "seldon-" + hashlib.md5(full.encode(), usedforsecurity=False).hexdigest()
    assert longer.hashed == ((full, longer.workload),)
    assert longer.container_service == f"{'d' * 53}-v1-model"


@given(NAMES, NAMES, NAMES)
def test_every_derived_name_is_within_the_limit(name: str, predictor: str, container: str) -> None:
    names = derived_names(name, predictor, container)
    assert all(len(each) <= NAME_LIMIT for each in (names.object, *names.services, names.workload))
    assert all(len(full) > NAME_LIMIT for full, _ in names.hashed)


@given(NAMES, NAMES, NAMES)
def test_a_name_that_fits_is_the_parts_joined(name: str, predictor: str, container: str) -> None:
    names = derived_names(name, predictor, container)
    if len(name) + len(predictor) + len(container) <= NAME_LIMIT - 4:
        assert names.workload == f"{name}-{predictor}-0-{container}"
        assert names.hashed == ()


@pytest.mark.parametrize("name", ["a", "wines", "wines-2", "w--x"])
def test_dns_labels(name: str) -> None:
    assert is_dns_label(name)


@pytest.mark.parametrize(
    "name", ["", "2wines", "-a", "a-", "Wines", "wines.v2", "wi_nes", "wines\n", "wïnes"]
)
def test_no_dns_labels(name: str) -> None:
    assert not is_dns_label(name)


class TestNamesFit:
    def test_a_deployment_that_no_service_could_be_named_after(self) -> None:
        path = "environments/production/deployments/wines.v2.yaml"
        (finding,) = find("names-fit", {path: deployment("{version: 3, traffic: 100}")})
        assert str(finding.location) == f"{path}:1:1"
        assert finding.message == (
            'production/wines.v2: deployment name "wines.v2" does not fit what is derived from '
            "it; expected small "
            "letters, digits and -, beginning with a letter and ending with a letter or digit."
        )

    def test_what_is_derived_is_too_long(self) -> None:
        name = "w" * 53
        path = f"environments/production/deployments/{name}.yaml"
        text = deployment("{version: 3, traffic: 90}", "{version: 5, shadow: 10}")
        (finding,) = find("names-fit", {path: text})
        full = f"{name}-v5-shadow-0-wines"
        assert str(finding.location) == f"{path}:4:5"
        assert finding.message.startswith(
            f"production/{name}: v5 makes the Deployment's name {full} of {len(full)} characters; limit 63 "
        )
        assert (
            finding.advice == f"Shorten the deployment's or the model's name by {len(full) - 63} characters."
        )

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("w" * 49, "has 49 characters and makes label key seldon-app-svc-"),
            ("Wines", 'model name "Wines" does not fit'),
            ("tfserving", "the operator gives this name to what it adds itself"),
            ("seldon-container-engine", "the operator gives this name to what it adds itself"),
            ("explainer", "the operator gives this name to what it adds itself"),
            ("wines-svc-orch", "the operator gives this name to what it adds itself"),
        ],
    )
    def test_models_become_containers_and_label_keys(self, name: str, says: str) -> None:
        path = f"models/{name}/model.yaml"
        (finding,) = find("names-fit", {path: SOUND[MODEL]})
        assert finding.location.file == path
        assert finding.message.startswith(f"{name}: ")
        assert says in finding.message

    def test_a_model_of_48_characters_fits(self) -> None:
        assert find("names-fit", {f"models/{'w' * 48}/model.yaml": SOUND[MODEL]}) == ()

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("prod.eu", 'environment name "prod.eu" does not fit'),
            ("e" * 43, "has 43 characters and makes CronJob modelsync-"),
        ],
    )
    def test_environments_become_labels_and_cron_jobs(self, name: str, says: str) -> None:
        path = f"environments/{name}/environment.yaml"
        (finding,) = find("names-fit", {path: "namespace: other\n"})
        assert finding.location.file == path
        assert says in finding.message

    @pytest.mark.parametrize("namespace", ["Wines", "a.b", "n" * 64])
    def test_namespaces(self, namespace: str) -> None:
        (finding,) = find("names-fit", {ENVIRONMENT: f"namespace: {namespace}\n"})
        assert str(finding.location) == f"{ENVIRONMENT}:1:12"
        assert finding.message == f'production: "{namespace}" cannot be the name of a namespace.'

    @pytest.mark.parametrize("namespace", ["1st-team", "n" * 63])
    def test_a_namespace_may_begin_with_a_digit(self, namespace: str) -> None:
        assert find("names-fit", {ENVIRONMENT: f"namespace: {namespace}\n"}) == ()

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("Main", "cannot be the name of a predictor"),
            ("main-explainer", "would be taken for what the operator"),
        ],
    )
    def test_given_predictor_names(self, name: str, says: str) -> None:
        text = deployment(f"{{version: 3, traffic: 100, name: {name}}}")
        (finding,) = find("names-fit", {DEPLOYMENT: text})
        assert str(finding.location) == f"{DEPLOYMENT}:3:38"
        assert says in finding.message


class TestServiceNames:
    def test_two_deployments_that_join_to_the_same_name(self) -> None:
        one = "environments/production/deployments/a.yaml"
        other = "environments/production/deployments/a-b.yaml"
        changes = {
            one: deployment("{version: 3, traffic: 100, name: b-c}"),
            other: deployment("{version: 3, traffic: 100, name: c}"),
        }
        findings = find("service-names-unique", changes)
        assert [finding.location.file for finding in findings] == [other, one]
        assert tell(findings)[-1] == (
            f"{one}:3:5 production/a: predictor b-c needs Service a-b-c, Service a-b-c-wines and "
            "Deployment a-b-c-0-wines, and so does production/a-b "
            "(predictor c); they would overwrite each other. Rename one of the deployments or models."
        )

    def test_a_container_that_is_named_like_the_shadow(self) -> None:
        changes = {
            "models/shadow/model.yaml": SOUND[MODEL],
            "models/shadow/versions/3.yaml": record(3),
            DEPLOYMENT: "model: shadow\nvariants:\n"
            "  - {version: 3, traffic: 100}\n  - {version: 3, shadow: 10}\n",
        }
        messages = [finding.message for finding in find("service-names-unique", changes)]
        assert messages == [
            (
                "production/wines: predictor v3 needs Service wines-v3-shadow, and so does production/wines "
                "(predictor v3-shadow); they would overwrite each other."
            ),
            (
                "production/wines: predictor v3-shadow needs Service wines-v3-shadow, and so "
                "does production/wines "
                "(predictor v3); they would overwrite each other."
            ),
        ]

    def test_many_sharers_are_counted(self) -> None:
        names = ["a", "a-b", "a-b-c", "a-b-c-d", "a-b-c-d-e"]
        rest = ["b-c-d-e-f", "c-d-e-f", "d-e-f", "e-f", "f"]
        changes = {
            f"environments/production/deployments/{name}.yaml": deployment(
                f"{{version: 3, traffic: 100, name: {predictor}}}"
            )
            for name, predictor in zip(names, rest, strict=True)
        }
        findings = find("service-names-unique", changes)
        assert len(findings) == 5
        assert all(" and 1 more; " in finding.message for finding in findings)

    def test_another_environment_is_another_namespace(self) -> None:
        changes = {
            "environments/staging/environment.yaml": "namespace: wines-staging\n",
            "environments/staging/deployments/wines.yaml": SOUND[DEPLOYMENT],
        }
        assert find("service-names-unique", changes) == ()

    def test_equal_predictors_of_one_deployment_are_left_to_distinct_versions(self) -> None:
        text = deployment("{version: 3, traffic: 90}", "{version: 3, traffic: 10}")
        assert find("service-names-unique", {DEPLOYMENT: text}) == ()
