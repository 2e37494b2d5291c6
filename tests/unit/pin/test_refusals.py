from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.clients.registry.interface import Alias, RemoteFile
from reconciler.pin.refusals import describe_movable, find_missing_manifest, find_refusal
from tests.unit.pin.building import DETAILS, FACTS, LOCATION, LOGGED_MODEL, MODEL_ID


def test_a_ready_version_is_not_refused() -> None:
    assert find_refusal(DETAILS) == ""
    assert find_refusal(replace(DETAILS, logged_model=None)) == ""


def test_a_version_that_is_not_ready_is_refused() -> None:
    details = replace(DETAILS, facts=replace(FACTS, status="PENDING_REGISTRATION"))
    assert find_refusal(details).startswith("the registry says PENDING_REGISTRATION; only READY ones")


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "UNSPECIFIED"])
def test_ready_proves_nothing_while_the_logged_model_is_not(status: str) -> None:
    details = replace(DETAILS, logged_model=replace(LOGGED_MODEL, status=status))
    assert f"its logged model {MODEL_ID} is {status}" in find_refusal(details)


@pytest.mark.parametrize("location", ["runs:/8c1f/model", "models:/wine-quality/3", ""])
def test_a_source_that_does_not_resolve_is_refused(location: str) -> None:
    assert "no longer resolves to a place in a store" in find_refusal(replace(DETAILS, location=location))


def test_files_without_a_manifest_are_refused() -> None:
    assert find_missing_manifest([RemoteFile(path="MLmodel", bytes=1)], LOCATION) == ""
    assert "no files at all" in find_missing_manifest([], LOCATION)
    assert "(1 other files)" in find_missing_manifest([RemoteFile(path="sub/MLmodel", bytes=1)], LOCATION)


VERSIONS = (replace(FACTS, version=3, stage="Production"), replace(FACTS, version=5))
ALIASES = (Alias(name="wine-quality", alias="champion", version=3),)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("champion", '"champion" is movable; pin a number (wine-quality champion is 3 now).'),
        ("latest", '"latest" is movable; pin a number (wine-quality latest is 5 now).'),
        ("production", '"production" is movable; pin a number (wine-quality production is 3 now).'),
        (
            "Staging",
            '"Staging" is a stage, and no version of wine-quality is in it; pin a number (newest is 5).',
        ),
        ("05", '"05" is no version of wine-quality; pin a number (newest is 5).'),
    ],
)
def test_a_movable_name_is_told_with_the_number_that_it_means_now(word: str, said: str) -> None:
    assert describe_movable(word, "wine-quality", VERSIONS, ALIASES) == said


def test_a_registered_model_without_versions_is_told() -> None:
    assert "has no registered model wine-quality" in describe_movable("champion", "wine-quality", (), ())
