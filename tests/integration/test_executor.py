"""The executor's stand-in and the example components as a node starts them: processes at a Pod's address."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.local_cluster.ports import free_ports
from tests.unit.executor.harness import (
    Answer,
    Asked,
    answer_with,
    arguments,
    encode_predictor,
    listening,
    node,
    with_endpoints,
)

_ROOT = Path(__file__).parents[2]
_EXECUTOR = "scripts.local_cluster.executor"
_POD = "127.77.0.1"
_PATIENCE = 60.0


@contextmanager
def _started(
    module: str, environment: Mapping[str, str], words: Sequence[str] = ()
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words],
        cwd=_ROOT,
        env={**os.environ, "MODELSYNC_POD_IP": _POD, **environment},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def _executor(
    graph: Mapping[str, Any],
    *,
    address: str = _POD,
    protocol: str = "v2",
    flags: Mapping[str, str] | None = None,
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    port, grpc_port = free_ports(2)
    environment = {"ENGINE_PREDICTOR": encode_predictor(graph), "MODELSYNC_POD_IP": address}
    words = arguments(http_port=port, grpc_port=grpc_port, protocol=protocol, flags=flags)
    with _started(_EXECUTOR, environment, words) as process:
        _wait_for(address, port, process)
        yield port, process


def _wait_for(address: str, port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()[1]
        try:
            if _ask(address, port, "GET", "/live")[0] == 200:
                return
        except ConnectionError:
            time.sleep(0.05)
    raise AssertionError(f"nothing answers at {address}:{port}")


def _ask(address: str, port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(address, port, timeout=_PATIENCE)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        read = response.read()
        return response.status, json.loads(read) if read[:1] in (b"{", b"[") else read.decode()
    finally:
        connection.close()


_PARAMETERS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "double": {"factor": ("2", "FLOAT")},
    "switch": {"threshold": ("5", "FLOAT")},
    "small": {},
    "large": {"factor": ("100", "FLOAT")},
    "third": {"factor": ("0.3333", "FLOAT")},
    "mean": {},
    "round": {"decimals": ("1", "INT")},
}
_MODULES = {
    "double": "transformer",
    "switch": "router",
    "small": "linear",
    "large": "linear",
    "third": "linear",
    "mean": "combiner",
    "round": "output_transformer",
}


def _graph(ports: Mapping[str, int]) -> dict[str, Any]:
    def placed(name: str, kind: str, *children: Mapping[str, Any]) -> dict[str, Any]:
        endpoint = {"service_host": "localhost", "service_port": ports[name], "httpPort": ports[name]}
        return node(name, kind, *children, endpoint=endpoint)

    switch = placed("switch", "ROUTER", placed("small", "MODEL"), placed("large", "MODEL"))
    double = placed("double", "TRANSFORMER", switch)
    return placed("round", "OUTPUT_TRANSFORMER", placed("mean", "COMBINER", double, placed("third", "MODEL")))


@pytest.fixture(scope="module")
def graph() -> Iterator[dict[str, Any]]:
    """A graph of all example components, which run."""
    ports = dict(zip(_MODULES, free_ports(len(_MODULES)), strict=True))
    with ExitStack() as stack:
        processes = {}
        for name, module in _MODULES.items():
            parameters = [
                {"name": key, "value": value, "type": kind}
                for key, (value, kind) in _PARAMETERS[name].items()
            ]
            environment = {
                "PREDICTIVE_UNIT_ID": name,
                "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": str(ports[name]),
                "PREDICTIVE_UNIT_PARAMETERS": json.dumps(parameters),
            }
            started = _started(f"{_EXECUTOR}.components.{module}", environment)
            processes[name] = stack.enter_context(started)
        for name, process in processes.items():
            _wait_for(_POD, ports[name], process)
        yield _graph(ports)


# ((2 + 4) + (1 + 2) / 3) / 2 below the threshold, ((6 + 8) * 100 + (3 + 4) / 3) / 2 above.
_ROWS = (([1, 2], 3.5), ([3, 4], 701.2))


def test_a_graph_of_all_components_in_protocol_v2(graph: dict[str, Any]) -> None:
    with _executor(graph) as (port, _):
        assert _ask(_POD, port, "GET", "/ready") == (200, "")
        for row, expected in _ROWS:
            tensor = {"name": "x", "datatype": "FP64", "shape": [1, 2], "data": row}
            status, body = _ask(_POD, port, "POST", "/v2/models/infer", {"inputs": [tensor]})
            assert (status, body["outputs"][0]["data"]) == (200, [expected])


def test_and_in_the_seldon_protocol(graph: dict[str, Any]) -> None:
    with _executor(graph, protocol="seldon") as (port, _):
        for row, expected in _ROWS:
            body = {"data": {"ndarray": [row]}}
            status, answer = _ask(_POD, port, "POST", "/api/v1.0/predictions", body)
            assert (status, answer["data"]["ndarray"]) == (200, [[expected]])
        assert _ask(_POD, port, "POST", "/api/v1.0/feedback", {"reward": 1})[0] == 200


def test_a_route_to_nowhere_below_a_parallel_parent_ends_the_process() -> None:
    def reply(asked: Asked) -> Answer:
        return answer_with([7] if asked.path.endswith("/route") else {"outputs": []})

    graph = node("c", "COMBINER", node("r", "ROUTER", node("a")), node("b"))
    with (
        listening(reply) as nodes,
        _executor(with_endpoints(graph, nodes.port), address="127.0.0.1") as (port, process),
    ):
        with pytest.raises(ConnectionError):
            _ask("127.0.0.1", port, "POST", "/v2/models/infer", {"inputs": []})
        assert process.wait(_PATIENCE) == 2


def test_it_ends_on_sigterm_when_the_request_under_way_is_answered() -> None:
    released = threading.Event()

    def reply(asked: Asked) -> Answer:
        released.wait(_PATIENCE)
        return answer_with({"outputs": []})

    answers: list[tuple[int, Any]] = []
    with (
        listening(reply) as nodes,
        _executor(with_endpoints(node("m"), nodes.port), address="127.0.0.1") as (port, process),
    ):
        asking = threading.Thread(
            target=lambda: answers.append(
                _ask("127.0.0.1", port, "POST", "/v2/models/m/infer", {"inputs": []})
            )
        )
        asking.start()
        nodes.wait_for(1)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert process.poll() is None, "it waits for the request"
        released.set()
        assert process.wait(_PATIENCE) == 0
        asking.join()
    assert answers == [(200, {"outputs": []})]


def test_a_request_that_hangs_does_not_keep_it_for_ever() -> None:
    released = threading.Event()

    def reply(asked: Asked) -> Answer:
        released.wait(_PATIENCE)
        return Answer()

    graph, flags = node("m"), {"graceful_timeout": "1s"}
    with (
        listening(reply) as nodes,
        _executor(with_endpoints(graph, nodes.port), address="127.0.0.1", flags=flags) as (port, process),
    ):
        caller = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        caller.request("POST", "/v2/models/m/infer", '{"inputs": []}')
        nodes.wait_for(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE) == 1
        released.set()
        caller.close()


def test_a_port_that_is_taken_ends_it_with_a_message() -> None:
    with listening(lambda asked: Answer()) as other:
        environment = {"ENGINE_PREDICTOR": encode_predictor(node("m")), "MODELSYNC_POD_IP": "127.0.0.1"}
        with _started(_EXECUTOR, environment, arguments(http_port=other.port)) as process:
            _, said = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 1
    assert f"('127.0.0.1', {other.port})" in said
