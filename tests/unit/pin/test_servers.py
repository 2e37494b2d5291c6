"""pin says when no server that the repository configures can load what it recorded."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.pin.servers import describe_unloadable
from tests.unit.pin.building import MANIFEST, a_record
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, MODEL, SOUND, repository

STAGING = "environments/staging/environment.yaml"
OWN = "platform: {servers: {mlflow: {v2: {image: own/mlserver:1, loads: {formats: [skops]}}}}}\n"
SKOPS = MANIFEST.replace(b"serialization_format: cloudpickle", b"serialization_format: skops")


def tell(manifest: bytes, changes: Mapping[str, str | None] | None = None) -> str:
    return describe_unloadable(repository(changes), "wines", a_record(manifest=manifest))


def test_what_a_server_loads_needs_no_words() -> None:
    assert tell(MANIFEST) == ""


def test_what_no_server_loads_is_said_with_the_ways_out() -> None:
    assert tell(SKOPS) == (
        "no server here can load it (seldonio/mlserver:1.7.1-mlflow): it is saved as skops by MLflow 3.17.2; "
        "the image has MLflow 2.20.4 and loads pickle and cloudpickle.\n"
        '  Log the model with serialization_format="cloudpickle", pack its environment beside it '
        "(environment.tar.gz), or set serving.image to one that can."
    )


def test_one_environment_that_can_is_enough() -> None:
    assert tell(SKOPS, {STAGING: f"namespace: wines-staging\n{OWN}"}) == ""


def test_a_server_that_nobody_knows_may_be_able_to() -> None:
    assert tell(SKOPS, {ENVIRONMENT: f"{SOUND[ENVIRONMENT]}serving: {{image: own/mlserver:2}}\n"}) == ""


def test_a_deployments_own_server_is_asked_too() -> None:
    own = f"{SOUND[DEPLOYMENT]}serving: {{image: own/mlserver:2}}\n"
    assert tell(SKOPS, {DEPLOYMENT: own}) == ""


def test_without_environments_the_stock_images_are_asked() -> None:
    assert "mlserver:1.7.1-mlflow" in tell(SKOPS, {ENVIRONMENT: None, DEPLOYMENT: None})


def test_without_a_server_nothing_is_known() -> None:
    assert tell(SKOPS, {MODEL: "registeredModel: wine-quality\nowners: [a]\n"}) == ""
    assert describe_unloadable(repository(), "beers", a_record(manifest=SKOPS)) == ""
