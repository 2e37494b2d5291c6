"""Where an executor dials: its own Pod, Services by the node's name server, all else as the machine does."""

from __future__ import annotations

import pytest

from scripts.local_cluster.executor.names import place
from scripts.local_cluster.node.names import ready_addresses
from tests.unit.executor.harness import Answer, Asked, Running, answer_with, listening, node, running


def _pod(address: str, *, ready: bool = True, going: bool = False) -> dict[str, object]:
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {
        "metadata": {"deletionTimestamp": "2026-11-23T12:00:00Z"} if going else {},
        "status": {"podIP": address, "conditions": conditions},
    }


def test_a_service_has_the_addresses_of_its_ready_pods() -> None:
    pods = [
        _pod("127.20.0.2"),
        _pod("127.20.0.1"),
        _pod("127.20.0.3", ready=False),
        _pod("127.20.0.4", going=True),
    ]
    assert ready_addresses([*pods, {"metadata": {}}]) == ["127.20.0.1", "127.20.0.2"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0.0.0.0"])  # noqa: S104 -- a name to recognise
def test_this_pod_is_where_the_executor_itself_is(host: str) -> None:
    assert place(host, "127.20.0.1") == "127.20.0.1"
    assert place("wines-v1.shop", "127.20.0.1") == "wines-v1.shop"


def _at(host: str, port: int) -> dict[str, object]:
    return {"service_host": host, "service_port": port, "httpPort": port}


def _infer(executor: Running) -> Answer:
    return executor.post("/v2/models/m/infer", {"inputs": []})


@pytest.mark.parametrize(
    "host",
    ["wines-v1-m.shop", "wines-v1-m.shop.svc", "wines-v1-m.shop.svc.cluster.local", "wines-v1-m.shop.svc."],
)
def test_a_node_in_another_pod_is_found_by_its_service(host: str) -> None:
    def reply(asked: Asked) -> Answer:
        return answer_with(["127.0.0.1"]) if asked.path == "/shop/wines-v1-m" else Answer(status=404)

    with listening(reply) as names, listening(lambda asked: answer_with({"outputs": []})) as model:
        environment = {"MODELSYNC_NAMES": f"http://127.0.0.1:{names.port}"}
        with running(node("m", endpoint=_at(host, model.port)), environment=environment) as executor:
            assert executor.get("/ready").status == 200
            assert _infer(executor).status == 200
            assert model.asked[0].headers["host"] == f"{host}:{model.port}"


def test_a_service_without_ready_pods_is_nobody() -> None:
    with listening(lambda asked: answer_with([])) as names:
        environment = {"MODELSYNC_NAMES": f"http://127.0.0.1:{names.port}"}
        with running(node("m", endpoint=_at("wines.shop", 9000)), environment=environment) as executor:
            assert executor.get("/ready").status == 503
            answer = _infer(executor)
            assert (answer.status, answer.json["status"]["info"]) == (
                500,
                'Post "http://wines.shop:9000/v2/models/m/infer": dial tcp: lookup wines.shop: no such host',
            )


def test_payloads_are_logged_to_services_too() -> None:
    with (
        listening(lambda asked: Answer()) as sink,
        listening(lambda asked: answer_with(["127.0.0.1"])) as names,
    ):
        environment = {"MODELSYNC_NAMES": f"http://127.0.0.1:{names.port}"}
        logger = {"mode": "request", "url": f"http://broker.knative:{sink.port}/shop/default"}
        with running(node("m", logger=logger), environment=environment) as executor:
            _infer(executor)
            assert sink.wait_for(1)[0].path == "/shop/default"
        assert names.calls == ["GET /knative/broker"]
