"""What Prometheus sees of a local cluster: the Pods that it finds by itself, as who may see nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.parts import Part
from tests.support.routed import query, wait_until
from tests.support.traffic import Backend

NAMESPACE = "wines-production"
SERIES = "seldon_api_executor_server_requests_seconds_count"
EXPOSED = f"""\
# TYPE seldon_api_executor_server_requests_seconds histogram
{SERIES}{{code="200",deployment_name="wines",predictor_name="v1",service="predictions"}} 42
"""


@pytest.fixture(scope="module")
def measured_cluster() -> Iterator[LocalCluster]:
    """A cluster with a namespace for Pods that nobody runs."""
    with LocalCluster(parts=(Part.METRICS,)) as cluster:
        cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        account = {"name": "default", "namespace": NAMESPACE}
        cluster.api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
        yield cluster


def run_pod(cluster: LocalCluster, name: str, address: str, *, scrape: str = "true") -> None:
    """A Pod as the operator makes them, said to have an address."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {"seldon-deployment-id": "wines", "version": "v1"},
            "annotations": {"prometheus.io/scrape": scrape, "prometheus.io/path": "/prometheus"},
        },
        "spec": {
            "containers": [
                {
                    "name": "seldon-container-engine",
                    "image": "docker.io/seldonio/seldon-core-executor:1.17.1",
                    "ports": [
                        {"name": "http", "containerPort": 9999},
                        {"name": "metrics", "containerPort": 8000},
                    ],
                }
            ]
        },
    }
    cluster.api.apply(pod)
    path = cluster.api.path("v1", "Pod", name, namespace=NAMESPACE)
    status = {"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}
    cluster.api.demand("PATCH", f"{path}/status", status, content_type="application/merge-patch+json")


def test_series_of_a_pod_carry_its_place_and_its_labels(measured_cluster: LocalCluster) -> None:
    with Backend("v1", metrics=EXPOSED) as executor:
        run_pod(measured_cluster, "wines-v1-0", executor.address)
        wait_until(lambda: bool(query(measured_cluster, SERIES)), "Prometheus has scraped the Pod")
        (series,) = query(measured_cluster, SERIES)
    assert series["value"][1] == "42"
    assert series["metric"] == {
        "__name__": SERIES,
        "job": "seldon",
        "instance": f"{executor.address}:8000",
        "namespace": NAMESPACE,
        "kubernetes_namespace": NAMESPACE,
        "pod": "wines-v1-0",
        "seldon_deployment_id": "wines",
        "version": "v1",
        "deployment_name": "wines",
        "predictor_name": "v1",
        "service": "predictions",
        "code": "200",
    }


def test_pods_that_do_not_ask_for_it_or_are_only_played_are_left_alone(
    measured_cluster: LocalCluster,
) -> None:
    with Backend("v2", metrics=EXPOSED) as asked, Backend("v3", metrics=EXPOSED) as silent:
        run_pod(measured_cluster, "played", "10.0.0.9")
        run_pod(measured_cluster, "silent", silent.address, scrape="false")
        run_pod(measured_cluster, "asked", asked.address)
        # The last of the three: when it is found, the others were looked at.
        wait_until(lambda: bool(query(measured_cluster, 'up{pod="asked"} == 1')), "Prometheus has found it")
        assert query(measured_cluster, 'up{pod=~"played|silent"}') == []
