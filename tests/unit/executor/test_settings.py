"""What an executor is told at its start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.local_cluster.executor.errors import SettingsInvalid
from scripts.local_cluster.executor.protocols import Protocol
from scripts.local_cluster.executor.settings import LogSettings, Settings, read_settings
from tests.unit.executor.harness import arguments, encode_predictor, node


def _read(
    flags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Settings:
    given = {"ENGINE_PREDICTOR": encode_predictor(node("m"), annotations=annotations), **(environment or {})}
    return read_settings(arguments(http_port=8000, grpc_port=5001, flags=flags), given)


def test_the_operators_arguments_and_environment_are_understood() -> None:
    words = [
        *("--sdep", "wines", "--namespace", "production", "--predictor", "v1"),
        *("--http_port", "8000", "--grpc_port", "5001", "--protocol", "v2", "--transport", "rest"),
        *("--prometheus_path", "/prometheus", "--server_type", "rpc"),
        *("--log_work_buffer_size", "10000", "--log_write_timeout_ms", "2000"),
        "--full_health_checks=false",
    ]
    encoded = encode_predictor(node("m"))
    environment = {
        "ENGINE_PREDICTOR": encoded,
        "REQUEST_LOGGER_DEFAULT_ENDPOINT": "http://default-broker",
        "MODELSYNC_POD_IP": "127.1.2.3",
    }
    settings = read_settings(words, environment)
    assert settings == Settings(
        deployment="wines",
        namespace="production",
        predictor=settings.predictor,
        address="127.1.2.3",
        http_port=8000,
        grpc_port=5001,
        protocol=Protocol.V2,
        metrics_path="/prometheus",
        full_health_checks=False,
        inject_routing=False,
        timeout=None,
        log=LogSettings(queue=10_000, patience=2.0, workers=10, url="http://default-broker"),
        names="",
        delay=0.0,
        grace=15.0,
    )


@pytest.mark.parametrize(("value", "expected"), [("", False), ("false", True), ("1", True)])
def test_any_value_injects_routing(value: str, expected: bool) -> None:
    assert _read(environment={"SELDON_ENABLE_ROUTING_INJECTION": value}).inject_routing is expected


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("0", None), ("1500", 1.5)])
def test_the_timeout_is_an_annotation_in_milliseconds(text: str, seconds: float | None) -> None:
    assert _read(annotations={"seldon.io/rest-timeout": text}).timeout == seconds


def test_it_may_be_one_of_the_pod(tmp_path: Path) -> None:
    file = tmp_path / "annotations"
    environment = {"MODELSYNC_POD_ANNOTATIONS": str(file)}
    assert _read(environment=environment).timeout is None
    file.write_text('prometheus.io/scrape="true"\nseldon.io/rest-timeout="250"\n')
    assert _read(environment=environment).timeout == 0.25


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"flags": {"protocol": "tensorflow"}},
            "--protocol tensorflow: not played here; expected seldon, v2, kfserving",
        ),
        ({"flags": {"server_type": "kafka"}}, "--server_type kafka: not played here; expected rpc"),
        ({"flags": {"predictor": "v2"}}, "--predictor v2: ENGINE_PREDICTOR holds v1"),
        (
            {"annotations": {"seldon.io/rest-timeout": "1s"}},
            "annotation seldon.io/rest-timeout: '1s' is not a number of milliseconds",
        ),
        ({"environment": {"ENGINE_PREDICTOR": "%"}}, "ENGINE_PREDICTOR: not a predictor"),
    ],
)
def test_what_cannot_be_played_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsInvalid, match=message):
        _read(**change)


def test_without_a_predictor_there_is_nothing_to_serve() -> None:
    with pytest.raises(SettingsInvalid, match="ENGINE_PREDICTOR: not set"):
        read_settings(arguments(http_port=1), {})


def test_an_unknown_argument_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _read(flags={"unknown": "1"})
    assert "unrecognized arguments: --unknown" in capsys.readouterr().err


def test_times_of_the_end_are_in_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    settings = _read(flags={"shutdown_delay": "2s", "graceful_timeout": "0.5s"})
    assert (settings.delay, settings.grace) == (2.0, 0.5)
    with pytest.raises(SystemExit):
        _read(flags={"graceful_timeout": "1m"})
    assert "1m: expected seconds, as in 15s" in capsys.readouterr().err
