"""What callers of an executor and its models see of each other."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import threading
import time

import pytest

from scripts.local_cluster.ports import free_ports
from tests.unit.executor.harness import Answer, Asked, answer_with, node, running

_INFER = "/v2/models/m/infer"
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_an_answer_has_the_executors_headers_and_none_of_the_models_own() -> None:
    with running(node("m"), lambda asked: answer_with({"a": "<&>"}, x_own="1", seldon_puid="2")) as executor:
        answer = executor.post(_INFER, {"inputs": []})
    assert answer.body == b'{"a": "\\u003c\\u0026\\u003e"}'
    assert _UUID4.fullmatch(answer.headers["seldon-puid"])
    assert {name: answer.headers[name] for name in answer.headers if name not in ("date", "server")} == {
        "content-type": "application/json",
        "content-length": str(len(answer.body)),
        "seldon-puid": answer.headers["seldon-puid"],
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "OPTIONS,POST",
        "access-control-allow-headers": (
            "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token"
        ),
    }


def test_a_model_sees_the_callers_headers_the_puid_and_the_body_as_sent() -> None:
    with running(node("m")) as executor:
        body = b'{ "inputs": [1.50] }'
        answer = executor.post(f"{_INFER}?a=b", body, Seldon_Puid="mine", X_Own="1", Accept_Encoding="br")
        (asked,) = executor.nodes.asked
    assert answer.headers["seldon-puid"] == "mine"
    assert (asked.path, asked.body) == (_INFER, body)
    assert asked.headers == {
        "host": f"localhost:{executor.nodes.port}",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "seldon-puid": "mine",
        "x-own": "1",
        "accept-encoding": "br",
    }


def test_a_compressed_answer_reaches_only_who_asked_for_one() -> None:
    packed = gzip.compress(b'{"a": "<"}')
    with running(
        node("m"), lambda asked: Answer(body=packed, headers={"content-encoding": "gzip"})
    ) as executor:
        asked_for = executor.post(_INFER, {"inputs": []}, Accept_Encoding="gzip")
        not_asked = executor.post(_INFER, {"inputs": []})
        assert [each.headers["accept-encoding"] for each in executor.nodes.asked] == ["gzip", "gzip"]
    assert (asked_for.body, asked_for.headers["content-encoding"]) == (packed, "gzip")
    assert (not_asked.json, "content-encoding" in not_asked.headers) == ({"a": "<"}, False)


@pytest.mark.parametrize("status", [201, 400, 404, 500])
def test_what_is_not_exactly_200_is_passed_on_as_text(status: int) -> None:
    with running(node("m"), lambda asked: Answer(status=status, body=b'{"error": "<"}')) as executor:
        answer = executor.post(_INFER, {"inputs": []})
    assert (answer.status, answer.body) == (status, b'{"error": "\\u003c"}')
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_model_that_is_down_is_named() -> None:
    (closed,) = free_ports(1)
    endpoint = {"service_host": "localhost", "service_port": closed, "httpPort": closed}
    with running(node("m", endpoint=endpoint)) as executor:
        answer = executor.post(_INFER, {"inputs": []})
        assert not any("client_requests" in series for series in executor.metrics())
    assert (answer.status, answer.headers["content-type"]) == (500, "text/plain; charset=utf-8")
    assert answer.json == {
        "status": {
            "code": 500,
            "info": f'Post "http://localhost:{closed}/v2/models/m/infer": dial tcp 127.0.0.1:{closed}: '
            "connect: connection refused",
            "status": "FAILURE",
        }
    }


@pytest.mark.parametrize("body", [b"", b"no JSON", gzip.compress(b'{"inputs": []}', mtime=0), b"{}"])
def test_protocol_v2_reads_requests(body: bytes) -> None:
    with running(node("m")) as executor:
        answer = executor.post(_INFER, body)
        assert (answer.status, executor.nodes.asked) == (500, [])
        assert answer.json["status"]["status"] == "FAILURE"


@pytest.mark.parametrize("body", [b"null", b"[1]"])
def test_json_that_is_no_object_drops_the_connection_and_the_process_survives(body: bytes) -> None:
    with running(node("m")) as executor:
        with pytest.raises(http.client.RemoteDisconnected):
            executor.post(_INFER, body)
        assert executor.post(_INFER, {"inputs": []}).status == 200


@pytest.mark.parametrize("body", [b"", b"no JSON", gzip.compress(b"{}", mtime=0)])
def test_the_seldon_protocol_forwards_unread(body: bytes) -> None:
    with running(node("m"), protocol="seldon") as executor:
        assert executor.post("/api/v1.0/predictions", body, Content_Encoding="gzip").status == 200
        (asked,) = executor.nodes.asked
    assert (asked.path, asked.body, asked.headers["content-encoding"]) == ("/predict", body, "gzip")


@pytest.mark.parametrize(
    ("path", "asked"),
    [("/v2/models/m/ready", "/v2/models/m/ready"), ("/v2/models/m", "/v2/models/m")],
)
def test_protocol_v2_asks_a_node_about_itself(path: str, asked: str) -> None:
    with running(node("m"), lambda asked: answer_with({"name": "m"})) as executor:
        assert executor.get(path).json == {"name": "m"}
        assert executor.nodes.calls == [f"GET {asked}"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/api/v1.0/status/m", "/health/status"),
        ("/api/v0.1/metadata/m", "/metadata"),
        ("/api/v1.0/status", "/health/status"),
    ],
)
def test_the_seldon_protocol_does_by_other_paths(path: str, asked: str) -> None:
    with running(node("m"), protocol="seldon") as executor:
        assert executor.get(path).status == 200
        assert executor.nodes.calls == [f"GET {asked}"]


def test_an_unknown_name_is_passed_through_to_infer_and_refused_for_the_rest() -> None:
    with running(node("m")) as executor:
        assert executor.post("/v2/models/x/infer", {"inputs": []}).status == 200
        assert executor.nodes.calls == ["POST /v2/models/x/infer"]
        for path in ("/v2/models/x", "/v2/models/x/ready"):
            answer = executor.get(path)
            assert (answer.status, answer.json["status"]["info"]) == (500, "Failed to find model x")


def test_paths_that_there_are_not() -> None:
    with running(node("m")) as executor:
        missing = executor.get("/v2/health/live")
        wrong = executor.get(_INFER)
        moved = executor.get("//v2/models//m")
        options = executor.ask("OPTIONS", _INFER)
        assert executor.nodes.asked == []
    assert (missing.status, missing.body) == (404, b"404 page not found\n")
    assert (wrong.status, wrong.body) == (405, b"")
    assert (moved.status, moved.headers["location"]) == (301, "/v2/models/m")
    assert (options.status, options.body) == (200, b"")


def test_there_is_no_timeout_but_the_annotation() -> None:
    def wait(asked: Asked) -> Answer:
        time.sleep(0.5)
        return Answer()

    with running(node("m"), wait, annotations={"seldon.io/rest-timeout": "100"}) as executor:
        answer = executor.post(_INFER, {"inputs": []})
        assert answer.status == 500
        assert "Client.Timeout exceeded" in answer.json["status"]["info"]
        assert not any("client_requests" in series for series in executor.metrics())
    with running(node("m"), wait) as executor:
        assert executor.post(_INFER, {"inputs": []}).status == 200


def test_a_caller_who_hangs_up_does_not_end_the_call() -> None:
    released = threading.Event()

    def wait(asked: Asked) -> Answer:
        released.wait(60)
        return Answer()

    with running(node("m"), wait) as executor:
        caller = http.client.HTTPConnection("127.0.0.1", executor.port, timeout=60)
        caller.request("POST", _INFER, '{"inputs": []}')
        executor.nodes.wait_for(1)
        caller.close()
        released.set()
        # The model's answer is taken, and counted.
        end = time.monotonic() + 60
        while not any("client_requests_seconds_count" in series for series in executor.metrics()):
            assert time.monotonic() < end
            time.sleep(0.02)


def test_it_is_ready_when_all_nodes_accept_connections() -> None:
    (closed,) = free_ports(1)
    endpoint = {"service_host": "localhost", "service_port": closed, "httpPort": closed}
    with running(node("t", "TRANSFORMER", node("m"))) as executor:
        assert executor.get("/ready").status == 200
        assert executor.get("/v2/health/ready").status == 200
        assert executor.nodes.asked == []
    with running(node("t", "TRANSFORMER", node("m", endpoint=endpoint))) as executor:
        answer = executor.get("/ready")
        assert (answer.status, answer.body) == (503, b"")
        assert executor.get("/live").status == 200


@pytest.mark.parametrize(
    ("protocol", "path"), [("v2", "/v2/health/ready"), ("seldon", "/api/v1.0/health/status")]
)
def test_full_health_checks_ask_the_nodes(protocol: str, path: str) -> None:
    flags = {"full_health_checks": "true"}
    with running(node("m"), protocol=protocol, flags=flags) as executor:
        assert executor.get("/ready").status == 200
        assert executor.nodes.calls == [f"GET {path}"]
    with running(node("m"), lambda asked: Answer(status=500), protocol=protocol, flags=flags) as executor:
        assert executor.get("/ready").status == 503


def test_a_body_of_several_megabytes_passes() -> None:
    body = json.dumps({"inputs": ["x" * 3_000_000]}).encode()
    with running(node("m"), lambda asked: Answer(body=asked.body)) as executor:
        answer = executor.post(_INFER, body)
    assert (answer.status, answer.body) == (200, body)
