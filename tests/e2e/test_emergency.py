"""Break glass, beside Seldon's operator: back without git, left alone by sync, and then as git says again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import wiring
from reconciler.apply.clock import SystemClock
from reconciler.pipeline.sync.run import SyncRequest, SyncTools, sync
from reconciler.settings import ClusterSettings, Settings
from reconciler.state.outcomes import Outcome
from reconciler.state.runs import Run
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.shop import Ended, Shop


class LaterClock(SystemClock):
    """The machine's clock, in a time to come."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + self._ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Winery:
    """A repository whose environment `production` lives beside the operator; `desk` is an empty folder."""

    cluster: LocalCluster
    shop: Shop
    namespace: str
    desk: Path

    def sync(self, shares: Mapping[int, int] | None = None, *arguments: str) -> Ended:
        if shares is not None:
            self.shop.declare("production/wines", shares)
            self.shop.commit(f"Shares {dict(shares)}")
        return self.shop.run("sync", "production", *arguments, kubeconfig=self.cluster.kubeconfig)

    def sync_later(self, ahead: timedelta) -> Run:
        """A sync in a time to come."""
        settings = Settings(
            directory=self.shop.folder, cluster=ClusterSettings(kubeconfig=self.cluster.kubeconfig)
        )
        with wiring.open_source(settings) as source:
            tools = SyncTools(
                source=source,
                cluster=wiring.open_cluster(settings),
                clock=LaterClock(ahead),
                progress=lambda line: None,
            )
            return sync(SyncRequest(environments=("production",)), settings, tools)

    def emergency(self, *arguments: str) -> Ended:
        """The command in an empty folder, on a machine without git."""
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", "emergency", *arguments],
            cwd=self.desk,
            env={**self.shop.environment(self.cluster.kubeconfig), "PATH": str(self.desk)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def shares(self) -> dict[str, int]:
        """Live percent by predictor."""
        path = f"/apis/machinelearning.seldon.io/v1/namespaces/{self.namespace}/seldondeployments/wines"
        return {p["name"]: p["traffic"] for p in self.cluster.api.demand("GET", path)["spec"]["predictors"]}

    def record(self, name: str) -> list[dict[str, Any]]:
        """A list of the record."""
        path = f"/api/v1/namespaces/{self.namespace}/configmaps/modelsync-production"
        data = self.cluster.api.demand("GET", path)["data"]
        return [json.loads(line) for line in data.get(name, "").splitlines()]

    def events(self) -> list[str]:
        path = f"/api/v1/namespaces/{self.namespace}/events"
        items = self.cluster.api.demand("GET", path)["items"]
        return [item["message"] for item in items if item["involvedObject"]["name"] == "wines"]


@pytest.fixture
def winery(operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace, tmp_path: Path) -> Winery:
    namespace = make_operator_namespace("production")
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", namespace)
    desk = tmp_path / "desk"
    desk.mkdir()
    winery = Winery(cluster=operator_cluster, shop=shop, namespace=namespace, desk=desk)
    assert winery.sync({1: 100}, "--wait", "60s").code == 0
    return winery


def rollback(winery: Winery, *more: str, time: str = "2h") -> Ended:
    return winery.emergency(
        "rollback",
        "production/wines",
        "--for",
        time,
        "--reason",
        "v2 answers nonsense",
        "--namespace",
        winery.namespace,
        *more,
    )


@pytest.mark.covers("T23", "B31")
def test_a_healthy_version_that_is_wrong_is_taken_back_left_alone_and_then_made_as_git_says(
    winery: Winery,
) -> None:
    assert winery.sync({1: 90, 2: 10}, "--wait", "60s").code == 0
    assert [item["shares"][0][2] for item in winery.record("before")] == [100]

    asked = rollback(winery)
    assert (asked.code, winery.shares()) == (2, {"v1": 90, "v2": 10})
    assert "add --yes to do what is shown" in asked.err
    ended = rollback(winery, "--yes")

    assert ended.code == 0, ended
    assert "applied now   v1 90 %, v2 10 %" in ended.out
    assert "goes back to  v1 100 %, which served well at main@sha1:" in ended.out
    assert "production/wines: rolled back to v1 100 %." in ended.out
    assert winery.shares() == {"v1": 100}
    (mark,) = winery.record("marks")
    assert (mark["deployment"], mark["reason"]) == ("wines", "v2 answers nonsense")
    assert f"by            {mark['by']}: v2 answers nonsense" in ended.out
    assert "emergency rollback of production/wines to v1 100 % by" in winery.record("history")[-1]["summary"]
    assert any("emergency rollback of production/wines" in message for message in winery.events())

    for _ in range(2):
        left = winery.sync()
        assert left.code == 0, left
        assert "was taken back in an emergency by" in left.out
        assert winery.shares() == {"v1": 100}
    almost = winery.sync_later(timedelta(hours=1, minutes=50))
    assert winery.shares() == {"v1": 100}
    assert not [result for result in almost.targets[0].results if result.action.value == "configured"]

    after = winery.sync_later(timedelta(hours=2, minutes=1))

    assert after.outcome in (Outcome.DONE, Outcome.UNHEALTHY), after
    assert winery.shares() == {"v1": 90, "v2": 10}
    assert winery.record("marks") == []


def test_an_emergency_can_be_ended_and_a_version_that_never_was_ready_is_gone_back_from(
    winery: Winery,
) -> None:
    nothing = rollback(winery, "--yes")
    assert nothing.code == 1
    assert "at its last good set already (v1 100 %), and no earlier one is kept" in nothing.err
    assert winery.sync({1: 80, 3: 20}).code == 0

    ended = rollback(winery, "--yes", time="30m")

    assert ended.code == 0, ended
    assert winery.shares() == {"v1": 100}
    shown = winery.shop.run("status", "production/wines", kubeconfig=winery.cluster.kubeconfig)
    assert "was taken back in an emergency by" in shown.out
    assert "To end it earlier: modelsync emergency end production/wines" in shown.out
    twice = rollback(winery, "--yes")
    assert twice.code == 1
    assert "was taken back already by" in twice.err
    over = winery.emergency("end", "production/wines", "--namespace", winery.namespace)
    assert (over.code, winery.shares()) == (0, {"v1": 100})
    assert "The next sync makes it as git says" in over.out
    assert winery.sync().code == 0
    assert winery.shares() == {"v1": 80, "v3": 20}
    none = winery.emergency("end", "production/wines", "--namespace", winery.namespace)
    assert (none.code, "is in no emergency" in none.err) == (1, True)
