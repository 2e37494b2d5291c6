"""From a registry's location to the cluster's, and the policy location-resolves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.locations import Mapped, Unmapped, map_location
from reconciler.state.declarations import ArtifactMapping
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, find, record, tell


def mapping(from_: str, to: str, **rest: Any) -> ArtifactMapping:
    return ArtifactMapping.model_validate({"from": from_, "to": to, **rest})


PROXIED = mapping("mlflow-artifacts:/", "s3://mlflow/artifacts", secret="artifacts-s3")
BUCKET = mapping("s3://models", "s3://copies/models/")


def uri(source: str, *mappings: ArtifactMapping, registry: str = "main") -> str:
    found = map_location(source, registry, mappings)
    assert isinstance(found, Mapped), found
    return found.uri


def refusal(source: str, *mappings: ArtifactMapping, registry: str = "main") -> Unmapped:
    found = map_location(source, registry, mappings)
    assert isinstance(found, Unmapped), found
    return found


def test_the_rest_after_the_prefix_is_kept() -> None:
    source = "mlflow-artifacts:/1/models/m-71/artifacts"
    assert uri(source, PROXIED) == "s3://mlflow/artifacts/1/models/m-71/artifacts"
    assert map_location(source, "main", (PROXIED,)) == Mapped(
        uri="s3://mlflow/artifacts/1/models/m-71/artifacts", secret="artifacts-s3", mapping=PROXIED
    )


@pytest.mark.parametrize("from_", ["s3://models", "s3://models/"])
@pytest.mark.parametrize("to", ["s3://copies", "s3://copies/"])
def test_slashes_at_the_seam_do_not_matter(from_: str, to: str) -> None:
    assert uri("s3://models/1/m", mapping(from_, to)) == "s3://copies/1/m"


def test_a_prefix_ends_at_a_slash() -> None:
    assert refusal("s3://models-dev/1/m", BUCKET).reason.startswith("no entry of artifacts:")


def test_the_prefix_itself() -> None:
    assert uri("s3://models", BUCKET) == "s3://copies/models/"


def test_the_longest_prefix_wins_whatever_the_order() -> None:
    long = mapping("s3://models/secret", "s3://vault")
    assert uri("s3://models/secret/m", BUCKET, long) == "s3://vault/m"
    assert uri("s3://models/secret/m", long, BUCKET) == "s3://vault/m"


def test_only_entries_of_the_registry_count() -> None:
    other = mapping("s3://models/secret", "s3://vault", registry="other")
    assert uri("s3://models/secret/m", BUCKET, other) == "s3://copies/models/secret/m"
    assert uri("s3://models/secret/m", BUCKET, other, registry="other") == "s3://vault/m"


def test_another_artifact_server_is_another_prefix() -> None:
    found = refusal("mlflow-artifacts://host:5000/1/m", PROXIED)
    assert 'from: "mlflow-artifacts://host:5000/"' in found.advice


def test_what_matches_nothing_says_what_to_add() -> None:
    assert refusal("gs://bucket/1/m") == Unmapped(
        reason="no entry of artifacts: for registry main stands for gs://bucket/1/m",
        advice='Add one to artifacts:, such as {registry: main, from: "gs://bucket/", to: …}.',
    )
    assert 'from: "pvc:"' in refusal("pvc:claim").advice


@pytest.mark.parametrize("source", ["runs:/8c1f/model", "models:/wine-quality/3", "MODELS:/x/1"])
def test_another_entry_of_the_registry_is_no_place(source: str) -> None:
    found = refusal(source, mapping(f"{source.partition('/')[0]}/", "s3://anywhere"))
    assert "names no place in a store" in found.reason
    assert "Register the model again" in found.advice


@pytest.mark.parametrize("source", ["/home/me/model", "model", "C:\\models", ""])
def test_a_path_on_somebodys_machine(source: str) -> None:
    assert "is a path on somebody's machine" in refusal(source, mapping(source, "s3://x")).reason


@pytest.mark.parametrize("source", ["s3://models/../secret/m", "s3://models/m\nx", "s3://models/m/.."])
def test_a_location_that_leaves_its_folder(source: str) -> None:
    assert "leaves the folder that it names" in refusal(source, BUCKET).reason


@pytest.mark.parametrize(
    "to", ["https://files", "mlflow-artifacts:/x", "/mnt/models", "wasbs://c@a", "file:/x"]
)
def test_an_entry_must_lead_to_a_remote_of_the_storage_initializer(to: str) -> None:
    found = refusal("s3://models/m", mapping("s3://models", to))
    assert "which the storage initializer cannot read" in found.reason
    assert f"leads to {to}/m" in found.reason


def test_an_empty_prefix_stands_for_nothing() -> None:
    assert isinstance(map_location("s3://models/m", "main", (mapping("", "s3://x"),)), Unmapped)


PARTS = st.text("abc-._", min_size=1, max_size=5).filter(lambda part: part != "..")


@given(st.lists(PARTS, min_size=1, max_size=4), st.lists(PARTS, max_size=4))
def test_a_mapping_replaces_exactly_its_prefix(prefix: list[str], rest: list[str]) -> None:
    base = "s3://" + "/".join(prefix)
    found = map_location("/".join([base, *rest]), "main", (mapping(base, "s3://copy"),))
    assert isinstance(found, Mapped)
    assert found.uri == "/".join(["s3://copy", *rest])


class TestLocationResolves:
    def test_says_what_is_missing_where(self) -> None:
        changes = {ENVIRONMENT: "namespace: wines-production\n", DEPLOYMENT: one_variant()}
        assert tell(find("location-resolves", changes)) == [
            (
                f"{DEPLOYMENT}:3:15 production/wines: wines v3 cannot be read: no entry of "
                "artifacts: for registry "
                "main stands for mlflow-artifacts:/1/models/m-3/artifacts. "
                'Add one to artifacts:, such as {registry: main, from: "mlflow-artifacts:/", to: …}. '
                "(environments/production/environment.yaml)"
            )
        ]

    def test_each_cluster_by_its_own_entries(self) -> None:
        text = """\
            namespace: wines-production
            clusters: {eu1: {}, us1: {artifacts: []}}
            artifacts: [{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts"}]
            """
        (finding,) = find("location-resolves", {ENVIRONMENT: text, DEPLOYMENT: one_variant()})
        assert "wines v3 cannot be read in us1: no entry" in finding.message

    def test_one_finding_where_all_clusters_lack_it(self) -> None:
        text = "namespace: wines-production\nclusters: {eu1: {}, us1: {}}\n"
        (finding,) = find("location-resolves", {ENVIRONMENT: text, DEPLOYMENT: one_variant()})
        assert "wines v3 cannot be read: no entry" in finding.message

    def test_records_that_nobody_uses_are_not_judged(self) -> None:
        stray = {"models/wines/versions/9.yaml": record(9, source="runs:/8c1f/model")}
        assert find("location-resolves", stray) == ()

    def test_the_same_prefix_twice(self) -> None:
        text = """\
namespace: wines-production
artifacts:
  - {from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts"}
  - {from: "mlflow-artifacts:/", to: "s3://elsewhere"}
  - {from: "mlflow-artifacts:/", to: "s3://elsewhere", registry: other}
"""
        assert tell(find("location-resolves", {ENVIRONMENT: text})) == [
            (
                f'{ENVIRONMENT}:4:12 production: artifacts: says twice what "mlflow-artifacts:/" '
                "of registry main "
                "stands for (first on line 3); once is enough. Keep one of the two."
            )
        ]


def one_variant() -> str:
    return "model: wines\nvariants:\n  - {version: 3, traffic: 100}\n"
