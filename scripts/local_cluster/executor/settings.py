"""What an executor is told at its start: arguments and environment, as the operator renders them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.local_cluster.executor.errors import SettingsInvalid
from scripts.local_cluster.executor.graph import Predictor, parse_predictor
from scripts.local_cluster.executor.protocols import Protocol

_TIMEOUT_ANNOTATION = "seldon.io/rest-timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The request logger's: length of the queue, seconds to wait for a place, senders, the default sink."""

    queue: int = 10_000
    patience: float = 2.0
    workers: int = 10
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One executor. `address` is the Pod's own; `timeout` of calls in seconds, None for no limit."""

    deployment: str
    namespace: str
    predictor: Predictor
    address: str
    http_port: int
    grpc_port: int
    protocol: Protocol
    metrics_path: str
    full_health_checks: bool
    inject_routing: bool
    timeout: float | None
    log: LogSettings
    names: str = ""  # the URL of the node's name server
    delay: float = 0.0  # seconds between SIGTERM and the end of listening
    grace: float = 15.0  # seconds for requests that are under way then


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the arguments of `seldon-container-engine` and its environment.

    Raises SettingsInvalid; arguments that nobody knows end the program, as they end the real one.
    """
    parsed = _parser().parse_args(arguments)
    try:
        protocol = Protocol(parsed.protocol)
    except ValueError:
        played = ", ".join(each.value for each in Protocol)
        raise SettingsInvalid(f"--protocol {parsed.protocol}: not played here; expected {played}") from None
    if parsed.server_type != "rpc":
        raise SettingsInvalid(f"--server_type {parsed.server_type}: not played here; expected rpc")
    if "ENGINE_PREDICTOR" not in environment:
        raise SettingsInvalid("ENGINE_PREDICTOR: not set; the operator gives the predictor in it")
    predictor = parse_predictor(environment["ENGINE_PREDICTOR"])
    if predictor.name != parsed.predictor:
        raise SettingsInvalid(f"--predictor {parsed.predictor}: ENGINE_PREDICTOR holds {predictor.name}")
    return Settings(
        deployment=parsed.sdep,
        namespace=parsed.namespace,
        predictor=predictor,
        address=environment.get("MODELSYNC_POD_IP") or "127.0.0.1",
        http_port=parsed.http_port,
        grpc_port=parsed.grpc_port,
        protocol=protocol,
        metrics_path=parsed.prometheus_path,
        full_health_checks=parsed.full_health_checks == "true",
        inject_routing=bool(environment.get("SELDON_ENABLE_ROUTING_INJECTION")),
        timeout=_read_timeout({**_pod_annotations(environment), **predictor.annotations}),
        log=LogSettings(
            queue=parsed.log_work_buffer_size,
            patience=parsed.log_write_timeout_ms / 1000,
            workers=parsed.logger_workers,
            url=environment.get("REQUEST_LOGGER_DEFAULT_ENDPOINT", ""),
        ),
        names=environment.get("MODELSYNC_NAMES", ""),
        delay=parsed.shutdown_delay,
        grace=parsed.graceful_timeout,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.local_cluster.executor",
        description="A stand-in for Seldon's executor; started by the local cluster's node.",
        allow_abbrev=False,
    )
    for name in ("--sdep", "--namespace", "--predictor"):
        parser.add_argument(name, required=True)
    parser.add_argument("--http_port", type=int, default=8080)
    parser.add_argument("--grpc_port", type=int, default=5000)
    parser.add_argument("--protocol", default="seldon")
    parser.add_argument("--transport", default="rest", help="not looked at: both are served")
    parser.add_argument("--prometheus_path", default="/metrics")
    parser.add_argument("--server_type", default="rpc")
    parser.add_argument("--log_work_buffer_size", type=int, default=LogSettings().queue)
    parser.add_argument("--log_write_timeout_ms", type=int, default=int(LogSettings().patience * 1000))
    parser.add_argument("--logger_workers", type=int, default=LogSettings().workers)
    parser.add_argument("--shutdown_delay", type=_seconds, default="0s", help="in seconds: 0s")
    parser.add_argument("--graceful_timeout", type=_seconds, default="15s", help="in seconds: 15s")
    parser.add_argument("--full_health_checks", choices=("true", "false"), default="false")
    return parser


def _seconds(text: str) -> float:
    # Go's durations, of which only these are needed here.
    match = re.fullmatch(r"(\d+(?:\.\d+)?)s", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text}: expected seconds, as in 15s")
    return float(match[1])


def _pod_annotations(environment: Mapping[str, str]) -> Mapping[str, str]:
    # The downward API's file, which the real one finds at a path that only a container has.
    file = environment.get("MODELSYNC_POD_ANNOTATIONS")
    if not file or not Path(file).exists():
        return {}
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines)
    return {key: value.strip().strip('"') for key, _, value in pairs}


def _read_timeout(annotations: Mapping[str, str]) -> float | None:
    text = annotations.get(_TIMEOUT_ANNOTATION, "")
    if not text:
        return None
    try:
        milliseconds = int(text)
    except ValueError:
        raise SettingsInvalid(
            f"annotation {_TIMEOUT_ANNOTATION}: {text!r} is not a number of milliseconds"
        ) from None
    return milliseconds / 1000 if milliseconds > 0 else None
