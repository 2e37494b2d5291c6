"""What our words for model servers mean to Seldon Core v1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.state.declarations import Protocol, Server

# A custom server is a container alone: the operator adds nothing but the model's files.
_IMPLEMENTATIONS: Mapping[Server, str | None] = {
    "mlflow": "MLFLOW_SERVER",
    "sklearn": "SKLEARN_SERVER",
    "xgboost": "XGBOOST_SERVER",
    "tensorflow": "TENSORFLOW_SERVER",
    "triton": "TRITON_SERVER",
    "huggingface": "HUGGINGFACE_SERVER",
    "custom": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """How Seldon Core runs one server with one protocol.

    `implementation` is the graph node's (None: the container speaks for itself); `ready_path` and
    `live_path` answer HTTP probes (None: only the port can be probed); `parameters` are the node's names
    and values, all of type STRING; `takes_version` tells that MLSERVER_MODEL_VERSION reaches the answers.
    """

    implementation: str | None
    ready_path: str | None
    live_path: str | None
    parameters: tuple[tuple[str, str], ...]
    takes_version: bool


def find_backend(server: Server, protocol: Protocol) -> Backend:
    """The backend of a server and a protocol that fit together (policy protocol-fits-server)."""
    implementation = _IMPLEMENTATIONS[server]
    ready_path, live_path = _probe_paths(server, protocol)
    # Without it the seldon protocol's server hands the model a bare array, which loses the columns' names.
    takes_frame = server == "mlflow" and protocol == "seldon"
    return Backend(
        implementation=implementation,
        ready_path=ready_path,
        live_path=live_path,
        parameters=(("xtype", "DataFrame"),) if takes_frame else (),
        takes_version=protocol == "v2",
    )


def _probe_paths(server: Server, protocol: Protocol) -> tuple[str | None, str | None]:
    if protocol == "v2":
        return "/v2/health/ready", "/v2/health/live"
    if protocol == "seldon" and server != "custom":
        return "/health/ping", "/health/ping"
    return None, None
