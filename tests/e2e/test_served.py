"""What status says is served: requests that a real Prometheus counted, by version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.local_cluster.ports import free_ports
from tests.e2e.conftest import Team
from tests.support.prometheus import Executor, run_prometheus
from tests.support.waiting import wait_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A synced team, and the executor of its Pods as Prometheus sees it."""

    team: Team
    executor: Executor

    def status(self) -> dict[str, Any]:
        ended = self.team.run("status", "production", "-o", "json")
        (target,) = json.loads(ended.out)["targets"]
        return {"target": target, **{item["name"]: item for item in target["deployments"]}}


@pytest.fixture
def counted(team: Team, tmp_path: Path) -> Iterator[Counted]:
    (port,) = free_ports(1)
    executor = Executor(port)
    folder = tmp_path / "prometheus"
    folder.mkdir()
    try:
        with run_prometheus(folder, {port: f"namespace: {team.namespace}"}) as address:
            team.shop.add_environment("production", team.namespace, f'metrics: {{prometheus: "{address}"}}')
            team.shop.commit("Name the metrics")
            assert team.sync().code == 0
            yield Counted(team=team, executor=executor)
    finally:
        executor.stop()


def test_requests_are_shown_by_version(counted: Counted) -> None:
    counted.executor.count("wines", "v1", 90)
    counted.executor.count("wines", "v2", 10)
    wait_until(lambda: counted.status()["wines"]["served"] == {"v1": 90, "v2": 10})

    assert counted.status()["target"]["servedUnknown"] == ""
    assert counted.status()["prices"]["served"] == {}
    doctor = counted.team.run("doctor").out
    assert " answers, requests of 1 deployment counted in the last hour" in doctor
    shown = counted.team.run("status", "production/wines").out.splitlines()
    assert "SERVED (1 h)" in shown[0]
    assert shown[1].split()[7:10] == ["–", "90", "%"]
    assert shown[2].split()[5:8] == ["–", "10", "%"]


def test_a_source_that_is_gone_leaves_served_unknown_and_the_rest_as_it_is(team: Team) -> None:
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    team.shop.add_environment("production", team.namespace, f'metrics: {{prometheus: "{address}"}}')
    team.shop.commit("Name the metrics")
    assert team.sync().code == 0

    ended = team.run("status", "production")

    assert ended.code == 0, ended
    assert (
        f"not known production (metrics): the metrics source at {address} did not" in team.run("doctor").out
    )
    assert f"production: served is not known: the metrics source at {address} did not answer" in ended.out
    assert ended.out.splitlines()[0].startswith("ENVIRONMENT")


def test_a_window_is_a_time_of_a_minute_at_least(team: Team) -> None:
    ended = team.run("status", "production", "--window", "10s")

    assert ended.code == 2
    assert '--window is "10s"; it must be at least 60s.' in ended.err
