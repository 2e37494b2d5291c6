"""gRPC through the executor's stand-in, between a real client and a real server, as bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # the library has no types
import pytest

from scripts.local_cluster.executor.settings import read_settings
from scripts.local_cluster.ports import free_ports
from tests.unit.executor.harness import arguments, encode_predictor, node, serving, with_endpoints

_ROOT = Path(__file__).parents[2]
_V2 = "/inference.GRPCInferenceService"
_PATIENCE = 60.0
_NAMED = b"\x0a\x05other\x1a\x017"  # a message with a model name, and a field after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as the model saw it."""

    method: str
    message: bytes
    metadata: Mapping[str, str]


class _Model:
    """Answers any method of any service with what it got; a message `fail` with a status."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def service(self, details: Any) -> Any:
        """A handler for whatever is called."""
        metadata = dict(details.invocation_metadata)

        def answer(message: bytes, context: Any) -> bytes:
            self.calls.append(Call(method=details.method, message=message, metadata=metadata))
            if message.endswith(b"fail"):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "bad input")
            return b"answer to " + message

        return grpc.unary_unary_rpc_method_handler(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An executor with a model behind it."""

    model: _Model
    channel: Any

    def call(self, method: str, message: bytes, **metadata: str) -> tuple[bytes, str]:
        """The answer, and the puid in its initial metadata. Raises grpc.RpcError."""
        named = [(key.replace("_", "-"), value) for key, value in metadata.items()]
        method_call = self.channel.unary_unary(method)
        answer, call = method_call.with_call(message, metadata=named, timeout=_PATIENCE, wait_for_ready=True)
        return answer, dict(call.initial_metadata())["seldon-puid"]


@contextmanager
def _running(graph: Mapping[str, Any], protocol: str = "v2", *, up: bool = True) -> Iterator[Running]:
    model = _Model()
    server = grpc.server(ThreadPoolExecutor(4), handlers=(model,))
    model_port = server.add_insecure_port("127.0.0.1:0") if up else free_ports(1)[0]
    server.start()
    http_port, grpc_port = free_ports(2)
    settings = read_settings(
        arguments(http_port=http_port, grpc_port=grpc_port, protocol=protocol),
        {"ENGINE_PREDICTOR": encode_predictor(with_endpoints(graph, model_port))},
    )
    try:
        with serving(settings, grpc=True), grpc.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
            yield Running(model=model, channel=channel)
    finally:
        server.stop(None).wait()


@pytest.fixture(scope="module")
def v2() -> Iterator[Running]:
    """An executor of protocol v2, which survives all calls but one."""
    with _running(node("m")) as running:
        yield running


@pytest.mark.parametrize("method", ["ModelInfer", "ModelReady", "ModelMetadata"])
def test_a_call_reaches_the_model_with_its_puid_and_comes_back_as_it_was(v2: Running, method: str) -> None:
    answer, puid = v2.call(f"{_V2}/{method}", _NAMED, seldon_puid="mine", x_own="1")
    assert (answer, puid) == (b"answer to " + _NAMED, "mine")
    call = v2.model.calls[-1]
    assert (call.method, call.message) == (f"{_V2}/{method}", _NAMED)
    assert (call.metadata["seldon-puid"], call.metadata["x-own"]) == ("mine", "1")


def test_without_a_puid_one_is_made_and_without_a_model_name_it_is_the_nodes(v2: Running) -> None:
    answer, puid = v2.call(f"{_V2}/ModelInfer", b"\x1a\x017")
    assert answer == b"answer to \x0a\x01m\x1a\x017"
    assert len(puid) == 36
    assert v2.model.calls[-1].metadata["seldon-puid"] == puid


def test_a_models_status_is_the_callers(v2: Running) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        v2.call(f"{_V2}/ModelInfer", b"\x0a\x01mfail")
    assert (raised.value.code(), raised.value.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "bad input")


def test_the_seldon_protocol_calls_the_model_by_its_own_service() -> None:
    with _running(node("m"), "seldon") as running:
        for method in ("Predict", "SendFeedback"):
            assert running.call(f"/seldon.protos.Seldon/{method}", b"x")[0] == b"answer to x"
        methods = [call.method for call in running.model.calls]
        assert methods == ["/seldon.protos.Model/Predict", "/seldon.protos.Model/SendFeedback"]


def test_a_model_that_is_down_is_unavailable() -> None:
    with _running(node("m"), up=False) as running:
        with pytest.raises(grpc.RpcError) as raised:
            running.call(f"{_V2}/ModelInfer", b"")
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_graph_of_several_nodes_is_not_played() -> None:
    with _running(node("t", "TRANSFORMER", node("m"))) as running:
        with pytest.raises(grpc.RpcError) as raised:
            running.call(f"{_V2}/ModelInfer", b"")
        assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_server_live_ends_the_process() -> None:
    http_port, grpc_port = free_ports(2)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "scripts.local_cluster.executor"),
            *arguments(http_port=http_port, grpc_port=grpc_port),
        ],
        cwd=_ROOT,
        env={**os.environ, "ENGINE_PREDICTOR": encode_predictor(node("m"))},
        start_new_session=True,
    )
    try:
        with grpc.insecure_channel(f"127.0.0.1:{grpc_port}") as channel, pytest.raises(grpc.RpcError):
            channel.unary_unary(f"{_V2}/ServerLive")(b"", timeout=_PATIENCE, wait_for_ready=True)
        assert process.wait(_PATIENCE) == 2
    finally:
        process.kill()
        process.wait()
