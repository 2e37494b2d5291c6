"""Requests through the real gateway, by the routes that the real operator writes, and what Prometheus sees.

kwok plays the Pods; what would run in them are small servers, one for each predictor.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator

import pytest

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from scripts.local_cluster.parts import Part
from tests.support.routed import ISTIO, SETTLED, Routed, query
from tests.support.shares import find_surprises
from tests.support.traffic import Backend, Callers, ask, count, named
from tests.support.waiting import wait_until

NAMESPACE = "wines-production"
SERIES = "seldon_api_executor_server_requests_seconds_count"
EXPOSED = f"""\
# TYPE seldon_api_executor_server_requests_seconds histogram
{SERIES}{{code="200",deployment_name="wines",predictor_name="v1",service="predictions"}} 42
"""


@pytest.fixture(scope="module")
def gateway_cluster() -> Iterator[LocalCluster]:
    """A cluster of this file's own: istiod is stopped in it."""
    with LocalCluster(parts=(Part.OPERATOR, Part.KWOK, Part.METRICS)) as cluster:
        yield cluster


@pytest.fixture
def wines(gateway_cluster: LocalCluster) -> Iterator[Routed]:
    """A deployment in a namespace of its own; nothing is declared of it yet."""
    namespace = f"gateway-{uuid.uuid4().hex[:8]}"
    gateway_cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    with Routed(cluster=gateway_cluster, namespace=namespace) as routed:
        yield routed


def run_pod(cluster: LocalCluster, name: str, address: str, *, scrape: str = "true") -> None:
    """A Pod as the operator makes them, which nobody runs, said to have an address."""
    cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    # The controllers make it, too; no Pod is taken before it is there.
    account = {"name": "default", "namespace": NAMESPACE}
    cluster.api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
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
            # kwok would give it another address.
            "schedulerName": "nobody",
            "containers": [
                {
                    "name": "seldon-container-engine",
                    "image": "docker.io/seldonio/seldon-core-executor:1.17.1",
                    "ports": [
                        {"name": "http", "containerPort": 9999},
                        {"name": "metrics", "containerPort": 8000},
                    ],
                }
            ],
        },
    }
    cluster.api.apply(pod)
    path = cluster.api.path("v1", "Pod", name, namespace=NAMESPACE)
    status = {"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}
    cluster.api.demand("PATCH", f"{path}/status", status, content_type=MERGE)


def test_requests_are_split_as_declared_and_reach_the_model_by_its_own_path(wines: Routed) -> None:
    shares = {"v1": 90, "v2": 10}
    wines.declare(shares)
    time.sleep(SETTLED)

    answers = ask(wines.question, 2000)

    assert {answer.status for answer in answers} == {200}
    assert {json.loads(answer.text)["path"] for answer in answers} == {"/v2/models/wines/infer"}
    assert find_surprises([count(answers, named)], [shares]) == ()


def test_changed_shares_are_routed_half_a_second_later_and_no_request_fails(wines: Routed) -> None:
    steps = ({"v1": 90, "v2": 10}, {"v1": 50, "v2": 50}, {"v1": 5, "v2": 95}, {"v1": 100, "v2": 0})
    counts = []
    wines.declare(steps[0])
    time.sleep(SETTLED)
    with Callers(wines.question) as callers:
        for shares in steps:
            wines.declare(shares)
            time.sleep(SETTLED)
            counts.append(count(callers.wait_for(500), named))
    assert callers.failures == ()
    assert find_surprises(counts, steps) == ()


def test_a_predictor_comes_and_another_goes_and_no_request_fails(wines: Routed) -> None:
    # It enters without a share: the operator writes the route before what the route leads to, and Envoy
    # answers 503 until it has both. Measured in one step, 11 of 24 entries failed some of 5,000 a second.
    steps = ({"v1": 100}, {"v1": 100, "v2": 0}, {"v1": 80, "v2": 20}, {"v1": 0, "v2": 100}, {"v2": 100})
    counts = []
    wines.declare(steps[0])
    time.sleep(SETTLED)
    with Callers(wines.question) as callers:
        for shares in steps:
            wines.declare(shares)
            time.sleep(SETTLED)
            for gone in set(wines.backends) - set(shares):
                wines.retire(gone)
            counts.append(count(callers.wait_for(500), named))
    assert callers.failures == ()
    assert find_surprises(counts, steps) == ()


def test_predictors_enter_with_their_share_where_their_subset_is_there_already(wines: Routed) -> None:
    """The organisation manifest of tests/golden/early-subsets, while the new Pods take their time.

    Without it two of three entries lose a request, so three of them let nothing slip by.
    """
    # What kwok plays for these names: Pods that are ready after some seconds.
    steps = (
        {"v1": 100},
        {"v1": 60, "play-slow-2s": 40},
        {"v1": 40, "play-slow-2s": 30, "play-slow-3s": 30},
        {"v1": 30, "play-slow-2s": 20, "play-slow-3s": 20, "play-slow-4s": 30},
    )
    wines.declare(steps[0])
    time.sleep(SETTLED)
    counts = []
    with Callers(wines.question) as callers:
        for shares in steps[1:]:
            add_early_subset(wines, list(shares)[-1])
            wines.declare(shares)
            time.sleep(SETTLED)
            counts.append(count(callers.wait_for(500), named))
    assert callers.failures == ()
    assert find_surprises(counts, steps[1:]) == ()


def add_early_subset(wines: Routed, predictor: str) -> None:
    wines.cluster.api.apply(
        {
            "apiVersion": ISTIO,
            "kind": "DestinationRule",
            "metadata": {"name": f"wines-{predictor}-early", "namespace": wines.namespace},
            "spec": {
                "host": f"wines-{predictor}.{wines.namespace}.svc.cluster.local",
                "subsets": [{"name": predictor, "labels": {"version": predictor}}],
            },
        }
    )


def test_a_shadow_gets_every_request_and_gives_no_answer(wines: Routed) -> None:
    wines.declare({"v1": 100, "v2": 0}, shadow="v2")
    time.sleep(SETTLED)

    answers = ask(wines.question, 500)

    assert count(answers, named) == {"v1": 500}
    wait_until(lambda: wines.backends["v2"].seen == 500, "the shadow has seen every request")


def test_prometheus_has_of_each_predictor_what_callers_counted(wines: Routed) -> None:
    wines.declare({"v1": 75, "v2": 25})
    time.sleep(SETTLED)
    answers = ask(wines.question, 200)
    host = f"{wines.name}-.+.{wines.namespace}.svc.cluster.local"
    counted = f'envoy_cluster_upstream_rq_total{{cluster_name=~"outbound.8000.v[0-9]+.{host}"}}'

    def served() -> dict[str, int]:
        return {
            series["metric"]["cluster_name"].split("|")[2]: int(series["value"][1])
            for series in query(wines.cluster, counted)
        }

    wait_until(lambda: sum(served().values()) == 200, "Prometheus has all requests")
    assert served() == count(answers, named)


def test_series_of_a_pod_carry_its_place_and_its_labels(gateway_cluster: LocalCluster) -> None:
    with Backend("v1", metrics=EXPOSED) as executor:
        run_pod(gateway_cluster, "wines-v1-0", executor.address)
        wait_until(lambda: bool(query(gateway_cluster, SERIES)), "Prometheus has scraped the Pod")
        (series,) = query(gateway_cluster, SERIES)
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
    gateway_cluster: LocalCluster,
) -> None:
    with Backend("v2", metrics=EXPOSED) as asked, Backend("v3", metrics=EXPOSED) as silent:
        run_pod(gateway_cluster, "played", "10.0.0.9")
        run_pod(gateway_cluster, "silent", silent.address, scrape="false")
        run_pod(gateway_cluster, "asked", asked.address)
        # The last of the three: when it is found, the others were looked at.
        wait_until(lambda: bool(query(gateway_cluster, 'up{pod="asked"} == 1')), "Prometheus has found it")
        assert query(gateway_cluster, 'up{pod=~"played|silent"}') == []


def test_without_istiod_requests_go_on_and_with_it_back_changes_do(wines: Routed) -> None:
    shares = {"v1": 70, "v2": 30}
    wines.declare(shares)
    time.sleep(SETTLED)
    cluster = wines.cluster
    cluster.stop_process("istiod", grace=0)
    counts = [count(ask(wines.question, 500), named)]
    wines.declare({"v1": 20, "v2": 80})
    counts.append(count(ask(wines.question, 500), named))
    assert find_surprises(counts, [shares, shares]) == ()

    cluster.start_process("istiod")

    wait_until(
        lambda: count(ask(wines.question, 100), named)["v2"] > 60,
        "the change that istiod has missed is routed",
    )
