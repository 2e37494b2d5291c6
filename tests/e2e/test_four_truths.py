"""Declared, applied, routed: what sync and status say while Seldon's own operator moves the traffic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.shop import Ended, Shop, make_record
from tests.support.waiting import wait_until

_FILE = "environments/production/deployments/wines.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cellar:
    """A repository whose environment `production` lives beside the operator, on a Node that plays."""

    cluster: LocalCluster
    shop: Shop
    namespace: str

    def run(self, *arguments: str) -> Ended:
        return self.shop.run(*arguments, kubeconfig=self.cluster.kubeconfig)

    def play(self, version: int, what: str) -> None:
        """Let the Pods of a version do this (scripts/local_cluster/README.md), by its model's location."""
        record = make_record(version).replace("mlflow-artifacts:/1/", f"mlflow-artifacts:/{what}/")
        self.shop.write(f"models/wines/versions/{version}.yaml", record)

    def sync(self, shares: Mapping[int, int], *arguments: str) -> Ended:
        self.shop.declare("production/wines", shares)
        self.shop.commit(f"Shares {dict(shares)}")
        return self.run("sync", "production", *arguments)

    def status(self) -> dict[str, Any]:
        """What status says of the only deployment, as JSON."""
        ended = self.run("status", "production", "-o", "json")
        (target,) = json.loads(ended.out)["targets"]
        (deployment,) = target["deployments"]
        return {**deployment, "target": target}

    def routed(self) -> dict[str, int]:
        routed = self.status()["routed"]
        return {share["predictor"]: share["percent"] for share in routed}

    def start(self) -> None:
        """Version 1 serves everything, and a run has seen it."""
        ended = self.sync({1: 100}, "--wait", "60s")
        assert ended.code == 0, ended
        assert "    routed: v1 100 %" in ended.out
        assert self.run("sync", "production").code == 0

    def waive(self, rule: str) -> None:
        waiver = f"{{rule: {rule}, objects: [production/wines], reason: a test, until: 2100-01-01}}"
        self.shop.write("environments/production/exceptions.yaml", f"waivers:\n  - {waiver}\n")

    def make_quota(self, pods: int) -> None:
        metadata = {"name": "team", "namespace": self.namespace}
        path = self.cluster.api.path("v1", "ResourceQuota", "team", namespace=self.namespace)
        self.cluster.api.apply(
            {
                "apiVersion": "v1",
                "kind": "ResourceQuota",
                "metadata": metadata,
                "spec": {"hard": {"pods": str(pods)}},
            }
        )
        wait_until(
            lambda: "used" in self.cluster.api.demand("GET", path).get("status", {}),
            "what is used is counted",
        )


@pytest.fixture
def cellar(operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace, tmp_path: Path) -> Cellar:
    namespace = make_operator_namespace("production")
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", namespace)
    return Cellar(cluster=operator_cluster, shop=shop, namespace=namespace)


@pytest.mark.covers("T26", "S8")
def test_routes_follow_when_all_are_ready(cellar: Cellar) -> None:
    cellar.start()
    cellar.play(2, "play-slow-3s")

    ended = cellar.sync({1: 80, 2: 20}, "--wait", "60s")

    assert ended.code == 0, ended
    assert "    routed: v1 80 %, v2 20 %" in ended.out
    assert "waiting for" in ended.err
    # What the wait ended with is on record, so that nothing is left to write.
    assert "in sync" in (again := cellar.run("sync", "production").out)
    assert "3 requests" in again
    seen = cellar.status()
    assert [item["health"] for item in seen["variants"]] == ["Current", "Current"]
    assert seen["notes"] == []
    assert seen["target"]["servedUnknown"].startswith("its environment.yaml names no source")
    assert seen["routedSince"] is not None

    assert "    routed: v1 100 %" in cellar.sync({1: 100}, "--wait", "60s").out
    shown = cellar.run("status", "production").out
    assert "production: the operator left DestinationRule/wines-v2 behind" in shown


@pytest.mark.covers("B23")
def test_a_challenger_that_cannot_start_takes_nothing_and_is_taken_out_again(cellar: Cellar) -> None:
    cellar.start()
    cellar.play(2, "play-never-ready")
    ended = cellar.sync({1: 90, 2: 10}, "--wait", "2s")
    assert ended.code == 0, ended
    said = "v1 declared 90, routed 100; v2 declared 10, routed 0: waiting for v2 to be ready"
    assert "    routed: v1 100 %" in ended.out
    assert f"production/wines: {said}" in ended.out
    assert f"if v2 must go, take it out of {_FILE}:5 and sync" in ended.out

    shown = cellar.run("status", "production/wines")
    rows = [line.split() for line in shown.out.splitlines()[1:3]]
    assert rows[0][2:9] == ["v1", "90", "%", "90", "%", "100", "%"]
    assert rows[1][0:7] == ["v2", "10", "%", "10", "%", "0", "%"]
    assert "InProgress" in rows[1]
    assert said in shown.out
    assert "production/wines: last good: v1 100 % (main@sha1:" in shown.out

    cellar.shop.declare("production/wines", {1: 100, 2: 0})
    planned = cellar.run("plan", "production", "--live")
    assert "v2 is not ready, and traffic 0 changes nothing of what is routed until it is." in planned.out

    ended = cellar.sync({1: 100}, "--wait", "60s")
    assert ended.code == 0, ended
    assert "v2 is not ready and goes; the shares of the others are routed" in ended.out
    assert "    routed: v1 100 %" in ended.out
    assert cellar.status()["health"] == "Current"


@pytest.mark.covers("B23")
def test_what_served_well_last_may_always_come_back(cellar: Cellar) -> None:
    cellar.start()
    cellar.play(2, "play-crash-loop")
    assert "keep-a-running-variant" in cellar.sync({2: 100}).out
    cellar.waive("keep-a-running-variant")
    assert cellar.sync({2: 100}).code == 0
    assert cellar.status()["lastGood"]["shares"][0]["version"] == "v1"
    cellar.shop.remove("environments/production/exceptions.yaml")

    ended = cellar.sync({1: 100}, "--wait", "60s")

    assert ended.code == 0, ended
    assert cellar.routed() == {"v1": 100}
    assert cellar.status()["health"] == "Current"


def test_what_does_not_fit_beside_what_serves_is_refused_before_it_is_applied(cellar: Cellar) -> None:
    cellar.start()
    cellar.make_quota(pods=1)

    ended = cellar.sync({1: 90, 2: 10})

    assert ended.code == 5, ended
    assert (
        "refused by fits-quota: production/wines would start 1 Pod beside those that serve now" in ended.out
    )
    assert "pods: 1 used + 1 added = 2 of 1 (ResourceQuota/team)" in ended.out
    assert cellar.routed() == {"v1": 100}
    cellar.make_quota(pods=2)
    assert "    routed: v1 90 %, v2 10 %" in cellar.run("sync", "production", "--wait", "60s").out
