"""Payloads as CloudEvents."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections import Counter
from typing import Any

import pytest

from scripts.local_cluster.ports import free_ports
from tests.unit.executor.harness import Answer, Asked, Listener, answer_with, listening, node, running

_REQUEST = "io.seldon.serving.inference.request"
_RESPONSE = "io.seldon.serving.inference.response"
_FEEDBACK = "io.seldon.serving.feedback"


def _logged(sink: Listener, mode: str = "all") -> dict[str, Any]:
    return {"logger": {"mode": mode, "url": f"http://127.0.0.1:{sink.port}/a/path"}}


def _types(events: list[Asked]) -> dict[str, int]:
    return Counter(event.headers["ce-type"] for event in events)


def test_an_event_names_the_request_the_predictor_and_the_node() -> None:
    with listening(lambda asked: Answer()) as sink:
        model = node("m", **_logged(sink))
        with running(model, lambda asked: answer_with({"outputs": ["<"]})) as executor:
            answer = executor.post("/v2/models/another/infer", {"inputs": [1]}, Seldon_Puid="mine")
            events = sink.wait_for(2)
    by_type = {event.headers["ce-type"]: event for event in events}
    assert (by_type[_REQUEST].json, by_type[_RESPONSE].json) == ({"inputs": [1]}, {"outputs": ["<"]})
    assert by_type[_RESPONSE].body != answer.body, "what is logged is not escaped"
    request = by_type[_REQUEST]
    assert (request.method, request.path) == ("POST", "/a/path")
    changing = {name: request.headers[name] for name in ("ce-id", "ce-time", "ce-traceparent")}
    assert re.fullmatch(r"[0-9a-f-]{36}", changing["ce-id"])
    assert changing["ce-id"] != by_type[_RESPONSE].headers["ce-id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", changing["ce-time"])
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", changing["ce-traceparent"])
    assert {**request.headers, **dict.fromkeys(changing, "")} == {
        **dict.fromkeys(changing, ""),
        "host": f"127.0.0.1:{sink.port}",
        "content-length": "15",
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-type": _REQUEST,
        "ce-source": f"http://:{executor.port}/",
        "ce-requestid": "mine",
        "ce-modelid": "m",
        "ce-inferenceservicename": "wines",
        "ce-namespace": "production",
        "ce-endpoint": "v1",
        "ce-protocol": "v2",
        "traceparent": changing["ce-traceparent"],
    }


@pytest.mark.parametrize(
    ("mode", "status", "expected"),
    [
        ("all", 200, {_REQUEST: 1, _RESPONSE: 1}),
        ("request", 200, {_REQUEST: 1}),
        ("response", 200, {_RESPONSE: 1}),
        ("all", 500, {_REQUEST: 1}),
    ],
)
def test_modes_and_a_response_only_on_200(mode: str, status: int, expected: dict[str, int]) -> None:
    with listening(lambda asked: Answer()) as sink:
        model = node("m", **_logged(sink, mode))
        with running(model, lambda asked: Answer(status=status)) as executor:
            executor.post("/v2/models/m/infer", {"inputs": []}, Seldon_Puid="counted")
            executor.post("/v2/models/m/infer", {"inputs": []}, Seldon_Puid="last")
            events = sink.wait_for(2 * sum(expected.values()))
    assert _types([event for event in events if event.headers["ce-requestid"] == "counted"]) == expected


@pytest.mark.parametrize(("mode", "expected"), [("all", 1), ("response", 1), ("request", 0)])
def test_feedback_is_an_event_of_its_own(mode: str, expected: int) -> None:
    with (
        listening(lambda asked: Answer()) as sink,
        running(node("m", **_logged(sink, mode)), protocol="seldon") as executor,
    ):
        executor.post("/api/v1.0/feedback", {"reward": 1})
        executor.post("/api/v1.0/predictions", {})
        events = sink.wait_for(expected + (2 if mode == "all" else 1))
    assert _types(events)[_FEEDBACK] == expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("TRANSFORMER", 2), ("OUTPUT_TRANSFORMER", 2), ("COMBINER", 2), ("ROUTER", 1)]
)
def test_a_node_with_children_is_logged_as_a_whole_beside_its_own_call(kind: str, expected: int) -> None:
    def reply(asked: Asked) -> Answer:
        return answer_with([0] if asked.path.endswith("/route") else {"outputs": []})

    with (
        listening(lambda asked: Answer()) as sink,
        running(node("n", kind, node("m"), **_logged(sink)), reply) as executor,
    ):
        executor.post("/v2/models/infer", {"inputs": []})
        events = sink.wait_for(2 * expected)
    assert _types(events) == {_REQUEST: expected, _RESPONSE: expected}


@pytest.mark.parametrize("value", ["true", "1", "on", "TRUE", "On"])
def test_a_request_may_ask_not_to_be_logged(value: str) -> None:
    with listening(lambda asked: Answer()) as sink, running(node("m", **_logged(sink))) as executor:
        executor.post("/v2/models/m/infer", {"inputs": []}, Seldon_Skip_Logging=value)
        executor.post("/v2/models/m/infer", {"inputs": []}, Seldon_Puid="logged")
        assert {event.headers["ce-requestid"] for event in sink.wait_for(2)} == {"logged"}


def test_a_compressed_answer_is_logged_in_plain_a_compressed_request_as_it_is() -> None:
    packed = gzip.compress(b'{"data": {}}')
    reply = Answer(body=packed, headers={"content-encoding": "gzip", "content-type": "application/json"})
    headers = {"Accept_Encoding": "gzip", "Content_Encoding": "gzip"}
    with (
        listening(lambda asked: Answer()) as sink,
        running(node("m", **_logged(sink)), lambda asked: reply, protocol="seldon") as executor,
    ):
        executor.post("/api/v1.0/predictions", packed, **headers)
        events = sink.wait_for(2)
    bodies = {event.headers["ce-type"]: event.body for event in events}
    assert bodies == {_REQUEST: packed, _RESPONSE: b'{"data": {}}'}


def test_without_an_address_the_default_sink_is_told() -> None:
    with listening(lambda asked: Answer()) as sink:
        environment = {"REQUEST_LOGGER_DEFAULT_ENDPOINT": f"http://127.0.0.1:{sink.port}"}
        with running(node("m", logger={"mode": "request"}), environment=environment) as executor:
            executor.post("/v2/models/m/infer", {"inputs": []})
            assert sink.wait_for(1)[0].path == "/"


@pytest.mark.parametrize("url", ["broker.default:80", "broker"])
def test_an_address_without_scheme_fails_every_call(url: str) -> None:
    with running(node("m", logger={"mode": "all", "url": url})) as executor:
        answer = executor.post("/v2/models/m/infer", {"inputs": []})
        assert (answer.status, executor.nodes.asked) == (500, [])


@pytest.mark.parametrize("sink", ["down", "failing"])
def test_a_sink_that_does_not_work_is_no_callers_trouble(sink: str) -> None:
    (closed,) = free_ports(1)
    with listening(lambda asked: Answer(status=500)) as failing:
        port = closed if sink == "down" else failing.port
        model = node("m", logger={"mode": "all", "url": f"http://127.0.0.1:{port}"})
        with running(model) as executor:
            assert executor.post("/v2/models/m/infer", {"inputs": []}).status == 200
            if sink == "failing":
                # Told once for each event, and not again.
                failing.wait_for(2)
                time.sleep(0.2)
                assert len(failing.asked) == 2


def test_a_full_queue_drops_events_and_no_requests() -> None:
    released = threading.Event()

    def hang(asked: Asked) -> Answer:
        released.wait(60)
        return Answer()

    flags = {"log_work_buffer_size": "2", "log_write_timeout_ms": "50", "logger_workers": "1"}
    with listening(hang) as sink, running(node("m", **_logged(sink, "request")), flags=flags) as executor:
        for _ in range(20):
            assert executor.post("/v2/models/m/infer", {"inputs": []}).status == 200
        time.sleep(0.5)  # longer than an event waits for a place
        released.set()
        events = sink.wait_for(3)
        time.sleep(0.2)
        assert len(sink.asked) == len(events) == 3, "one being sent, two in the queue"


def test_what_is_queued_is_lost_at_the_end() -> None:
    released = threading.Event()

    def hang(asked: Asked) -> Answer:
        released.wait(60)
        return Answer()

    with listening(hang) as sink:
        model = node("m", **_logged(sink, "request"))
        with running(model, flags={"logger_workers": "1"}) as executor:
            for _ in range(5):
                executor.post("/v2/models/m/infer", {"inputs": []})
            sink.wait_for(1)
        released.set()
        assert len(sink.asked) == 1
