"""The real Seldon operator and the real istiod: stopped, frozen, killed and started again under runs."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.local_cluster import LocalCluster, Part, operator
from tests.conftest import MakeNamespace
from tests.e2e.test_four_truths import Cellar
from tests.faults.between import Between, Once, is_apply, is_rehearsal
from tests.support.proxy import Request
from tests.support.routed import Routed
from tests.support.shop import Ended, Shop
from tests.support.traffic import ask, named
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def own_parts() -> tuple[Part, ...]:
    return (Part.OPERATOR, Part.KWOK, Part.GATEWAY)


@pytest.fixture
def cellar(own_cluster: LocalCluster, make_own_namespace: MakeNamespace, tmp_path: Path) -> Cellar:
    """Version 1 serves everything, in a namespace of its own."""
    namespace = make_own_namespace("production")
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", namespace)
    cellar = Cellar(cluster=own_cluster, shop=shop, namespace=namespace)
    cellar.start()
    return cellar


def start_operator(cluster: LocalCluster) -> None:
    cluster.wait_for(cluster.start_process(operator.NAME), lambda: operator.is_ready(cluster))


@contextmanager
def frozen(cluster: LocalCluster, program: str) -> Iterator[None]:
    """The program takes no step meanwhile: what asks it waits."""
    (process,) = (each for each in cluster.state.processes if each.name == program)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def read_version(cellar: Cellar) -> str:
    path = f"/apis/machinelearning.seldon.io/v1/namespaces/{cellar.namespace}/seldondeployments/wines"
    return str(cellar.cluster.api.demand("GET", path)["metadata"]["generation"])


def wait_for_routes(cellar: Cellar, shares: dict[str, int]) -> None:
    wait_until(lambda: cellar.routed() == shares, f"{shares} are routed", patience=60)
    wait_until(lambda: cellar.status()["health"] == "Current", "all is Current", patience=60)


@pytest.mark.covers("T10", "B7")
def test_while_the_webhook_is_down_nothing_is_written_and_a_run_with_nothing_to_do_is_in_sync(
    cellar: Cellar,
) -> None:
    before = read_version(cellar)
    cellar.cluster.stop_process(operator.NAME)
    try:
        nothing_to_do = cellar.run("sync", "production")
        changed = cellar.sync({1: 80, 2: 20})
        shown = cellar.run("status", "production")
        left = read_version(cellar)
    finally:
        start_operator(cellar.cluster)

    assert nothing_to_do.code == 0, nothing_to_do
    assert "in sync" in nothing_to_do.out
    assert changed.code == 3, changed
    assert "webhook" in changed.out
    assert left == before
    assert "v1" in shown.out
    assert cellar.run("sync", "production", "--wait", "60s").code == 0
    wait_for_routes(cellar, {"v1": 80, "v2": 20})


@pytest.mark.covers("B20", "T9", "S7")
def test_what_an_operator_said_before_it_froze_is_not_taken_for_what_was_applied_after(
    cellar: Cellar, tmp_path: Path
) -> None:
    """Its webhook must answer for the apply to come in, so that it freezes right after that."""
    (process,) = (each for each in cellar.cluster.state.processes if each.name == operator.NAME)
    cellar.shop.declare("production/wines", {1: 80, 2: 20})
    cellar.shop.commit("Move")
    try:
        hook = Once(is_apply, lambda: os.kill(process.pid, signal.SIGSTOP))
        ended = run_between(cellar, tmp_path, hook)
        again = cellar.run("sync", "production")
        seen = cellar.status()
    finally:
        os.kill(process.pid, signal.SIGCONT)

    for run in (ended, again):
        assert run.code == 0, run
        assert "InProgress" in run.out
    assert seen["health"] == "InProgress"
    assert seen["applied"] != seen["routed"]
    assert cellar.run("sync", "production", "--wait", "60s").code == 0
    wait_for_routes(cellar, {"v1": 80, "v2": 20})


@pytest.mark.covers("S5", "S7", "S8")
@pytest.mark.parametrize("moment", [is_rehearsal, is_apply], ids=["after-the-rehearsal", "after-the-apply"])
def test_an_operator_that_dies_in_mid_run_goes_on_once_it_is_back(
    cellar: Cellar, tmp_path: Path, moment: Callable[[Request], bool]
) -> None:
    before = read_version(cellar)
    cellar.shop.declare("production/wines", {1: 80, 2: 20})
    cellar.shop.commit("Move")
    try:
        hook = Once(moment, lambda: cellar.cluster.stop_process(operator.NAME, grace=0))
        ended = run_between(cellar, tmp_path, hook)
        left = read_version(cellar)
    finally:
        start_operator(cellar.cluster)

    if moment is is_rehearsal:
        assert (ended.code, left) == (3, before), ended
        assert "webhook" in ended.out
    else:
        assert ended.code == 0, ended
    assert cellar.run("sync", "production", "--now", "--wait", "60s").code == 0
    wait_for_routes(cellar, {"v1": 80, "v2": 20})
    assert "in sync" in cellar.run("sync", "production").out


@pytest.mark.covers("T26", "S8")
@pytest.mark.parametrize("outage", ["stopped", "frozen"])
def test_while_istiod_is_away_requests_go_on_as_before_and_follow_once_it_is_back(
    cellar: Cellar, outage: str
) -> None:
    cluster = cellar.cluster
    with Routed(cluster=cluster, namespace=cellar.namespace) as traffic:
        for version in ("1", "2"):
            traffic.serve(f"v{version}", version=version)
        assert cellar.sync({1: 90, 2: 10}, "--wait", "60s").code == 0
        wait_until(lambda: serve_counts(traffic, 100)["v1"] > 60, "most goes to v1")
        if outage == "stopped":
            cluster.stop_process("istiod", grace=0)
            ended = cellar.sync({1: 10, 2: 90}, "--wait", "60s")
            meanwhile = serve_counts(traffic, 200)
            cluster.start_process("istiod")
        else:
            with frozen(cluster, "istiod"):
                ended = cellar.sync({1: 10, 2: 90}, "--wait", "60s")
                meanwhile = serve_counts(traffic, 200)

        assert ended.code == 0, ended
        # Routed is what the operator wrote; what is served follows when istiod does.
        assert "routed: v1 10 %, v2 90 %" in ended.out
        assert meanwhile["v1"] > 100
        assert meanwhile["nobody"] == 0
        wait_until(lambda: serve_counts(traffic, 100)["v2"] > 60, "the change is followed")


def serve_counts(traffic: Routed, times: int) -> Counter[str]:
    """Who answered; "nobody" for what the gateway itself said."""
    answers = ask(traffic.question, times)
    return Counter("nobody" if answer.failed else named(answer.text) for answer in answers)


def run_between(cellar: Cellar, folder: Path, hook: Once) -> Ended:
    with Between(cellar.cluster, after=hook) as proxy:
        ended = cellar.shop.run("sync", "production", kubeconfig=proxy.write_kubeconfig(folder / "proxied"))
    assert hook.done
    return ended
