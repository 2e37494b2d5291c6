"""The real etcd and the real API server, stopped under a run: killed, started again, or gone for good."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.local_cluster import ClusterError, LocalCluster
from tests.conftest import ENVIRONMENT_LABEL
from tests.e2e.conftest import Team
from tests.faults.between import Between, Once, is_apply, is_rehearsal
from tests.support.proxy import Request
from tests.support.shop import Shop
from tests.support.waiting import wait_until

_AWAY = 2.0  # seconds; a run waits longer than that for its server


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[LocalCluster]:
    """Not the shared one: what is stopped here would fail the tests beside."""
    with LocalCluster() as cluster:
        yield cluster


@pytest.fixture
def team(own_cluster: LocalCluster, tmp_path: Path) -> Team:
    """Two deployments, synced, and a change: one moved, one new, one retired."""
    namespace = f"production-{uuid.uuid4().hex[:8]}"
    label = {ENVIRONMENT_LABEL: "production"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": label}}
    own_cluster.api.demand("POST", "/api/v1/namespaces", body)
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", namespace)
    shop.declare("production/wines", {1: 90, 2: 10})
    shop.declare("production/prices", {1: 100})
    shop.commit("Start")
    team = Team(cluster=own_cluster, shop=shop, namespace=namespace)
    assert team.sync().code == 0
    shop.declare("production/wines", {1: 50, 2: 50})
    shop.declare("production/prices", {1: 100}, more="retire: true")
    shop.declare("production/taste", {3: 100})
    shop.commit("Move")
    return team


_ASKED = ("/readyz", "/apis/machinelearning.seldon.io/v1/seldondeployments")


def is_ready(cluster: LocalCluster) -> bool:
    """Ready, and past the time in which it only says that its storage is being prepared."""
    try:
        return all(cluster.api.request("GET", path).status == 200 for path in _ASKED)
    except ClusterError:
        return False


def start_again(cluster: LocalCluster, program: str) -> None:
    cluster.start_process(program)
    wait_until(lambda: is_ready(cluster), f"{program} is back", patience=120)


def assert_made_equal(team: Team) -> None:
    after = team.sync("--lease-wait", "60s")
    assert after.code == 0, after.out + after.err
    assert set(team.live()) == {"wines", "taste"}
    assert team.shares("wines") == {"v1": 50, "v2": 50}
    assert "in sync" in team.sync().out


def assert_claims_nothing_false(team: Team, out: str) -> None:
    """What the disturbed run says that it did is what the server holds."""
    (target,) = json.loads(out)["targets"]
    done = {
        item["object"].partition("/")[2]: item["action"]
        for item in target.get("results", ())
        if item["action"] in ("created", "configured", "deleted")
    }
    live = team.live()
    for name, action in done.items():
        assert (name in live) == (action != "deleted"), (name, action)
    if done.get("wines") == "configured":
        assert team.shares("wines") == {"v1": 50, "v2": 50}


@pytest.mark.covers("S5", "S6", "T17")
@pytest.mark.parametrize("moment", [is_rehearsal, is_apply], ids=["trying", "writing"])
@pytest.mark.parametrize("program", ["etcd", "kube-apiserver"])
def test_a_server_that_dies_in_mid_run_and_comes_back_loses_nothing(
    team: Team, tmp_path: Path, program: str, moment: Callable[[Request], bool]
) -> None:
    back = threading.Timer(_AWAY, start_again, (team.cluster, program))

    def die() -> None:
        team.cluster.stop_process(program, grace=0)
        back.start()

    hook = Once(moment, die)
    with Between(team.cluster, after=hook) as proxy:
        kubeconfig = proxy.write_kubeconfig(tmp_path / "proxied")
        ended = team.shop.run("sync", "production", "-o", "json", kubeconfig=kubeconfig)
    assert hook.done
    back.join()

    assert ended.code in (0, 3), ended.out + ended.err
    assert_claims_nothing_false(team, ended.out)
    assert_made_equal(team)


@pytest.mark.covers("S6")
def test_an_api_server_that_stays_away_ends_the_run_undecided_and_the_next_goes_on(
    team: Team, tmp_path: Path
) -> None:
    hook = Once(is_apply, lambda: team.cluster.stop_process("kube-apiserver", grace=0))
    try:
        with Between(team.cluster, after=hook) as proxy:
            kubeconfig = proxy.write_kubeconfig(tmp_path / "proxied")
            ended = team.shop.run("sync", "production", "-o", "json", kubeconfig=kubeconfig)
            while_away = team.sync()
    finally:
        start_again(team.cluster, "kube-apiserver")

    assert hook.done
    assert ended.code == 3, ended.out + ended.err
    assert_claims_nothing_false(team, ended.out)
    assert while_away.code == 3, while_away.out + while_away.err
    assert_made_equal(team)
