"""What health does to a run: its exit code, the reason it gives, and how little it asks where all is well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.shop import Ended, Shop, make_record

HURRIED = "serving: {startup: 5s}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Winery:
    """A repository whose environment `production` lives beside the operator, on a Node that plays."""

    cluster: LocalCluster
    shop: Shop

    def play(self, version: int, what: str) -> None:
        """Let the Pods of a version do this, by its model's location."""
        record = make_record(version).replace("mlflow-artifacts:/1/", f"mlflow-artifacts:/play-{what}/")
        self.shop.write(f"models/wines/versions/{version}.yaml", record)

    def run(self, *arguments: str) -> Ended:
        return self.shop.run(*arguments, kubeconfig=self.cluster.kubeconfig)

    def sync(self, shares: Mapping[int, int], *arguments: str, more: str = "") -> Ended:
        self.shop.declare("production/wines", shares, more)
        self.shop.commit(f"Shares {dict(shares)}")
        return self.run("sync", "production", *arguments)


@pytest.fixture
def winery(operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace, tmp_path: Path) -> Winery:
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", make_operator_namespace("production"))
    return Winery(cluster=operator_cluster, shop=shop)


@pytest.mark.covers("B21", "S7")
def test_a_variant_that_is_late_ends_every_run_with_6_and_its_containers_last_words(winery: Winery) -> None:
    assert winery.sync({1: 100}, "--wait", "60s").code == 0
    winery.play(2, "crash-loop")

    waited = winery.sync({1: 90, 2: 10}, "--wait", "60s", more=HURRIED)
    again = winery.run("sync", "production")
    third = winery.run("sync", "production")
    shown = winery.run("status", "production/wines")

    assert [ended.code for ended in (waited, again, third, shown)] == [6, 6, 6, 6]
    for ended in (waited, third, shown):
        assert "not ready within its 5 s start-up" in ended.out
        assert "container wines ends again and again" in ended.out
        assert "the process ended by itself" in ended.out
    # Pods and Events explain; nothing is written that was written before.
    assert "; 5 requests," in third.out


def test_how_long_something_else_was_sick_is_not_held_against_a_new_variant(winery: Winery) -> None:
    assert winery.sync({1: 100}, "--wait", "60s").code == 0
    winery.play(2, "never-ready")
    assert winery.sync({1: 90, 2: 10}, "--wait", "60s", more=HURRIED).code == 6
    winery.play(3, "slow-10s")

    ended = winery.sync({1: 90, 3: 10})

    assert ended.code == 0, ended
    assert winery.run("sync", "production").code == 0
    assert winery.sync({1: 90, 3: 10}, "--wait", "60s").code == 0


def test_where_all_is_known_to_be_well_a_run_asks_three_times(winery: Winery) -> None:
    assert winery.sync({1: 50, 2: 50}, "--wait", "60s").code == 0
    assert winery.run("sync", "production").code == 0

    assert ", 3 requests" in winery.run("sync", "production").out


def test_what_failed_before_does_not_keep_a_run_from_waiting_for_another(winery: Winery) -> None:
    winery.play(2, "never-ready")
    winery.shop.declare("production/prices", {2: 100}, HURRIED)
    assert winery.sync({1: 100}, "--wait", "60s").code == 6
    winery.play(3, "slow-3s")

    ended = winery.sync({1: 90, 3: 10}, "--wait", "60s")

    assert ended.code == 6
    assert "routed: v1 90 %, v3 10 %" in ended.out
