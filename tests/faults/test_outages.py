"""The real etcd and the real API server, stopped under a run: killed, started again, or gone for good."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.local_cluster import ClusterError, LocalCluster
from tests.conftest import MakeNamespace
from tests.e2e.conftest import Team, start_team
from tests.faults.between import Between, Once, is_apply, is_rehearsal
from tests.support.proxy import Request
from tests.support.shop import Ended
from tests.support.waiting import wait_until

_AWAY = 2.0  # seconds; a run waits longer than that for its server


@pytest.fixture
def team(own_cluster: LocalCluster, make_own_namespace: MakeNamespace, tmp_path: Path) -> Team:
    """Two deployments, synced, and a change: one moved, one new, one retired."""
    team = start_team(own_cluster, make_own_namespace, tmp_path)
    assert team.sync().code == 0
    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.declare("production/prices", {1: 100}, more="retire: true")
    team.shop.declare("production/taste", {3: 100})
    team.shop.commit("Move")
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
    # Each waits as long as a run waits for its server, so both wait at once.
    with ThreadPoolExecutor(1) as beside:
        others: list[Future[Ended]] = []

        def die() -> None:
            team.cluster.stop_process("kube-apiserver", grace=0)
            others.append(beside.submit(team.sync))

        hook = Once(is_apply, die)
        try:
            with Between(team.cluster, after=hook) as proxy:
                kubeconfig = proxy.write_kubeconfig(tmp_path / "proxied")
                ended = team.shop.run("sync", "production", "-o", "json", kubeconfig=kubeconfig)
            (while_away,) = [other.result() for other in others]
        finally:
            start_again(team.cluster, "kube-apiserver")

    assert hook.done
    assert ended.code == 3, ended.out + ended.err
    assert_claims_nothing_false(team, ended.out)
    assert while_away.code == 3, while_away.out + while_away.err
    assert_made_equal(team)
