"""What a metrics reader does, shown on a real Prometheus that scrapes real exposition endpoints."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from reconciler.clients.metrics.interface import MetricsReader, MetricsRefused, MetricsUnreachable
from reconciler.clients.metrics.prometheus import PrometheusReader
from scripts.local_cluster.ports import free_ports
from tests.support.prometheus import Executor, run_prometheus
from tests.support.waiting import wait_until

# Longer than all of the tests, so that what they count is in it.
_LONG = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A Prometheus, two executors of namespace `wines-production`, and one elsewhere."""

    address: str
    first: Executor
    second: Executor
    elsewhere: Executor

    @property
    def reader(self) -> MetricsReader:
        return PrometheusReader(self.address)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    executors = [Executor(port) for port in free_ports(3)]
    first, second, elsewhere = executors
    # As the Prometheus operator names namespaces, as seldon-core-analytics does, and both at once.
    targets = {
        first.port: "namespace: wines-production",
        second.port: "namespace: wines-production, kubernetes_namespace: wines-production",
        elsewhere.port: "kubernetes_namespace: wines-staging",
    }
    try:
        with run_prometheus(tmp_path_factory.mktemp("prometheus"), targets) as address:
            yield Scene(address=address, first=first, second=second, elsewhere=elsewhere)
    finally:
        for executor in executors:
            executor.stop()


def _counts(
    scene: Scene, deployment: str, seconds: int = _LONG, namespace: str = "wines-production"
) -> object:
    return dict(scene.reader.read_requests(namespace, seconds).of(deployment))


def _wait_for(scene: Scene, deployment: str, counts: object, namespace: str = "wines-production") -> None:
    wait_until(lambda: _counts(scene, deployment, namespace=namespace) == counts)


def test_requests_are_counted_by_predictor_over_all_its_pods(scene: Scene) -> None:
    scene.first.count("wines", "v3", 90)
    scene.second.count("wines", "v3", 5)
    scene.second.count("wines", "v5", 10)

    _wait_for(scene, "wines", {"v3": 95, "v5": 10})


@pytest.mark.parametrize(
    "service", ["/seldon.protos.Seldon/Predict", "/inference.GRPCInferenceService/ModelInfer"]
)
def test_grpc_is_counted_too(scene: Scene, service: str) -> None:
    name = service.rpartition("/")[2].lower()
    scene.first.count(name, "v1", 4)
    scene.first.count(name, "v1", 3, service=service)

    _wait_for(scene, name, {"v1": 7})


def test_other_deployments_services_and_namespaces_do_not_count(scene: Scene) -> None:
    scene.first.count("prices", "v1", 3, service="feedback")
    scene.first.count("prices", "v1", 2)
    scene.elsewhere.count("prices", "v1", 40)

    _wait_for(scene, "prices", {"v1": 2})
    _wait_for(scene, "prices", {"v1": 40}, namespace="wines-staging")


def test_what_came_before_the_window_does_not_count(scene: Scene) -> None:
    scene.first.count("early", "v1", 100)
    _wait_for(scene, "early", {"v1": 100})
    time.sleep(4)
    scene.first.count("early", "v1", 7)

    _wait_for(scene, "early", {"v1": 107})
    assert _counts(scene, "early", seconds=3) == {"v1": 7}


def test_a_window_that_the_source_saw_whole_is_complete(scene: Scene) -> None:
    wait_until(lambda: scene.reader.read_requests("wines-production", 1).complete)

    assert not scene.reader.read_requests("wines-production", _LONG).complete


def test_a_counter_that_begins_again_is_never_taken_for_less_than_nothing(scene: Scene) -> None:
    scene.elsewhere.count("shaky", "v1", 50)
    _wait_for(scene, "shaky", {"v1": 50}, namespace="wines-staging")
    scene.elsewhere.restart()
    scene.elsewhere.count("shaky", "v1", 20)

    # Across a restart Prometheus estimates; both lives together served 70.
    wait_until(lambda: _life_after_restart(scene) in range(20, 71))


def _life_after_restart(scene: Scene) -> int:
    shaky = scene.reader.read_requests("wines-staging", _LONG).of("shaky")["v1"]
    return 0 if shaky == 50 else shaky


def test_a_namespace_without_requests_has_no_counts(scene: Scene) -> None:
    assert dict(scene.reader.read_requests("nobody", _LONG).counts) == {}


def test_a_source_that_is_not_there_is_unreachable() -> None:
    (port,) = free_ports(1)

    with pytest.raises(MetricsUnreachable, match=f"at http://127.0.0.1:{port} did not answer: "):
        PrometheusReader(f"http://127.0.0.1:{port}").read_requests("wines-production", 60)


def test_a_source_that_hangs_is_unreachable() -> None:

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(MetricsUnreachable, match="did not answer: timed out"):
            PrometheusReader(address, timeout=0.5).read_requests("wines-production", 60)


def test_a_server_that_is_no_prometheus_is_refused(scene: Scene) -> None:
    # An exposition endpoint answers every path with its metrics.
    with pytest.raises(MetricsRefused, match="is it Prometheus"):
        PrometheusReader(f"http://127.0.0.1:{scene.first.port}").read_requests("wines-production", 60)


def test_the_address_may_end_in_a_slash(scene: Scene) -> None:
    reader = PrometheusReader(f"{scene.address}/")

    assert reader.server == scene.address
    assert dict(reader.read_requests("nobody", 1).counts) == {}
