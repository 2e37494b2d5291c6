"""Exceptions in git, on a real API server: what waits, what does not, and what keeps serving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.e2e.conftest import Team
from tests.support.shop import Shop
from tests.support.waiting import wait_until

EXCEPTIONS = "environments/production/exceptions.yaml"
PRUNE = "modelsync.dev~1prune"


@pytest.fixture
def synced(team: Team) -> Team:
    assert team.sync().code == 0
    return team


def except_(team: Team, *lines: str) -> None:
    team.shop.write(EXCEPTIONS, "\n".join(lines) + "\n")
    team.shop.commit("An exception")


def read_writes(team: Team, since: int) -> list[str]:
    """Writes of modelsync to what it serves."""
    return [
        request
        for request in team.requests(since)
        if request.endswith(" seldondeployments") and not request.startswith(("get ", "list "))
    ]


class TestSuspensions:
    @pytest.mark.covers("B30")
    def test_a_suspended_deployment_is_never_written_and_the_others_are(self, synced: Team) -> None:
        synced.shop.declare("production/wines", {1: 50, 2: 50})
        synced.shop.declare("production/prices", {1: 90, 2: 10})
        except_(
            synced, "suspensions:", "  - {deployment: wines, reason: measured by hand, until: 2099-01-01}"
        )
        synced.patch("wines", "/spec/predictors/0/traffic", 95)
        start = synced.cluster.audit_position()

        ended = synced.sync()

        assert ended.code == 0, ended.out
        assert "is suspended until 2099-01-01 (measured by hand), so sync leaves it alone" in ended.out
        assert synced.shares("wines") == {"v1": 95, "v2": 10}
        assert synced.shares("prices") == {"v1": 90, "v2": 10}
        written = [
            event["objectRef"].get("name")
            for event in synced.cluster.audit_events(start)
            if event.get("objectRef", {}).get("namespace") == synced.namespace
            and event["objectRef"]["resource"] == "seldondeployments"
            and event["verb"] not in ("get", "list")
            and event.get("userAgent", "").startswith("modelsync/")
        ]
        assert set(written) == {"prices"}
        start = synced.cluster.audit_position()
        assert synced.sync().code == 0
        assert not [it for it in synced.requests(start) if not it.startswith(("get ", "list "))]

    @pytest.mark.covers("B30")
    def test_it_is_told_in_every_run_and_ends_with_its_declaration(self, synced: Team) -> None:
        except_(synced, "suspensions:", "  - {deployment: all, reason: the cluster moves, until: 2099-01-01}")
        for _ in range(2):
            assert "production is suspended until 2099-01-01 (the cluster moves)" in synced.sync().out
        synced.shop.declare("production/wines", {1: 50, 2: 50})
        synced.shop.commit("Half and half")
        assert synced.sync().code == 0
        assert synced.shares("wines") == {"v1": 90, "v2": 10}

        synced.shop.remove(EXCEPTIONS)
        synced.shop.commit("Go on")

        assert synced.sync().code == 0
        assert synced.shares("wines") == {"v1": 50, "v2": 50}

    @pytest.mark.covers("B30", "S3")
    def test_a_file_that_cannot_be_read_lets_nothing_loose(self, synced: Team) -> None:
        synced.shop.declare("production/wines", {1: 50, 2: 50})
        except_(synced, "suspensions:", "  - {deployment: all, reason: moves, untill: 2099-01-01}")
        start = synced.cluster.audit_position()

        ended = synced.sync()

        assert ended.code == 1
        assert f"{EXCEPTIONS} cannot be read" in ended.out
        assert read_writes(synced, start) == []


class TestFreezes:
    @pytest.mark.covers("B31")
    def test_changes_wait_and_the_way_back_does_not(self, synced: Team) -> None:
        except_(synced, "freezes:", "  - {until: 2099-01-01, reason: nobody is here}")
        synced.shop.declare("production/prices", {1: 90, 2: 10})
        synced.shop.declare("production/wines", {1: 100})
        synced.shop.commit("Raise one, take one out")

        planned = synced.shop.run("plan", "production", "--base", "HEAD~1")
        ended = synced.sync()

        assert "note: production/prices waits: changes are frozen until 2099-01-01" in planned.out
        assert "production/wines waits" not in planned.out
        assert ended.code == 0, ended.out
        assert "waits: changes are frozen until 2099-01-01 (nobody is here)" in ended.out
        assert synced.shares("wines") == {"v1": 100}
        assert synced.shares("prices") == {"v1": 100}

    @pytest.mark.covers("B31")
    def test_drift_is_healed_in_a_freeze(self, synced: Team) -> None:
        except_(synced, "freezes:", "  - {until: 2099-01-01, reason: nobody is here}")
        synced.patch("wines", "/spec/predictors/0/traffic", 95)

        ended = synced.sync()

        assert ended.code == 0, ended.out
        assert "taken back" in ended.out
        assert synced.shares("wines") == {"v1": 90, "v2": 10}

    @pytest.mark.covers("B31")
    def test_hours_of_the_week_in_a_time_zone(self, synced: Team) -> None:
        days = "[mon, tue, wed, thu, fri, sat, sun]"
        weekly = f'{{days: {days}, from: "00:00", to: "00:00", zone: Europe/Berlin}}'
        synced.shop.declare("production/wines", {1: 50, 2: 50})
        dated = ("    until: 2099-01-01", "    reason: always")

        except_(
            synced, "windows:", f"  - weekly: {weekly}", *dated, "freezes:", f"  - weekly: {weekly}", *dated
        )
        assert synced.sync().code == 0
        assert synced.shares("wines") == {"v1": 90, "v2": 10}

        except_(synced, "windows:", f"  - weekly: {weekly}", *dated)
        assert synced.sync().code == 0
        assert synced.shares("wines") == {"v1": 50, "v2": 50}


class TestWaivers:
    @pytest.mark.covers("B14")
    def test_it_is_told_in_every_run_and_not_good_for_anything_else(self, synced: Team) -> None:
        except_(
            synced,
            "waivers:",
            "  - {rule: max-prune, objects: [production/prices], reason: not sold, until: 2099-01-01}",
        )
        assert "waiver of max-prune for production/prices until 2099-01-01 (not sold)" in synced.sync().out
        synced.shop.remove("environments/production/deployments/wines.yaml")
        synced.shop.commit("Lost")

        ended = synced.sync()

        assert ended.code == 5, ended.out
        assert set(synced.live()) == {"wines", "prices"}

    @pytest.mark.covers("B14")
    def test_one_that_ended_allows_nothing_and_is_named(self, synced: Team) -> None:
        except_(
            synced,
            "waivers:",
            "  - {rule: max-prune, objects: [production/prices], reason: not sold, until: 2026-01-01}",
        )
        synced.shop.remove("environments/production/deployments/prices.yaml")
        synced.shop.commit("Let prices go")

        ended = synced.sync()

        assert ended.code == 5, ended.out
        assert "The waiver of max-prune that named it ended 2026-01-01" in ended.out
        assert set(synced.live()) == {"wines", "prices"}


class TestEndings:
    @pytest.mark.covers("B17")
    def test_what_is_to_be_kept_is_kept_though_its_annotation_is_taken_away(self, synced: Team) -> None:
        synced.shop.declare("production/prices", {1: 100}, more="onDelete: keep")
        synced.shop.commit("Keep prices")
        assert synced.sync().code == 0
        annotate(synced, "prices", {"op": "remove", "path": f"/metadata/annotations/{PRUNE}"})
        synced.shop.remove("environments/production/deployments/prices.yaml")
        synced.shop.commit("Prices are no longer declared")

        for _ in range(2):
            ended = synced.sync()

            assert ended.code == 0, ended.out
            assert "production/prices is no longer declared and is kept" in ended.out
            assert set(synced.live()) == {"wines", "prices"}

    @pytest.mark.covers("B17")
    def test_an_annotation_by_hand_keeps_what_git_lets_go(self, synced: Team) -> None:
        annotate(synced, "prices", {"op": "add", "path": f"/metadata/annotations/{PRUNE}", "value": "keep"})
        synced.shop.declare("production/prices", {1: 100}, more="retire: true")
        synced.shop.commit("Retire prices")

        ended = synced.sync()

        assert ended.code == 0, ended.out
        assert set(synced.live()) == {"wines", "prices"}

        annotate(synced, "prices", {"op": "remove", "path": f"/metadata/annotations/{PRUNE}"})
        assert synced.sync().code == 0
        assert set(synced.live()) == {"wines"}

    @pytest.mark.covers("B17")
    def test_an_orphaned_deployment_leaves_its_pods_serving(
        self, operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace, tmp_path: Path
    ) -> None:
        namespace = make_operator_namespace("production")
        shop = Shop(tmp_path / "shop")
        shop.add_environment("production", namespace)
        shop.declare("production/wines", {1: 100}, more="onDelete: orphan")
        shop.declare("production/prices", {1: 100})
        shop.commit("Start")
        team = Team(cluster=operator_cluster, shop=shop, namespace=namespace)
        assert team.sync("--wait", "60s").code == 0
        before = read_workloads(team)
        assert len(before) == 2
        shop.declare("production/wines", {1: 100}, more="onDelete: orphan\nretire: true")
        shop.declare("production/prices", {1: 100}, more="retire: true")
        shop.declare("production/beers", {1: 100})
        shop.commit("Let both go")

        ended = team.sync()

        assert ended.code == 0, ended.out
        assert "what the operator made of it stays" in ended.out
        wait_until(lambda: set(team.live()) == {"beers"}, "both objects are gone")
        wait_until(
            lambda: not any(name.startswith("prices") for name in read_workloads(team)),
            "the Pods of prices go",
        )
        left = {name: body for name, body in read_workloads(team).items() if name.startswith("wines")}
        (name,) = left
        assert left[name]["metadata"]["uid"] == before[name]["metadata"]["uid"]
        assert "ownerReferences" not in left[name]["metadata"]


class TestIsolation:
    @pytest.mark.covers("B22")
    def test_a_deployment_that_a_guard_refuses_does_not_hold_up_the_others(self, synced: Team) -> None:
        synced.shop.declare("production/wines", {3: 100})
        synced.shop.declare("production/prices", {1: 90, 2: 10})
        synced.shop.commit("A leap, and a step")

        ended = synced.sync()

        assert ended.code == 5, ended.out
        assert "refused by keep-a-running-variant: production/wines" in ended.out
        assert synced.shares("wines") == {"v1": 90, "v2": 10}
        assert synced.shares("prices") == {"v1": 90, "v2": 10}
        assert synced.sync().code == 5


class TestFights:
    @pytest.mark.covers("B32", "T6")
    def test_after_three_rounds_the_object_is_left_and_git_still_has_its_way(self, synced: Team) -> None:
        for _ in range(3):
            synced.patch("wines", "/spec/predictors/0/traffic", 95)
            assert synced.sync().code == 0
            assert synced.shares("wines") == {"v1": 90, "v2": 10}
        synced.patch("wines", "/spec/predictors/0/traffic", 95)
        start = synced.cluster.audit_position()

        for _ in range(2):
            ended = synced.sync()

            assert ended.code == 1, ended.out
            assert 'was taken back from "kubectl-edit" 3 times within an hour' in ended.out
        assert read_writes(synced, start) == []
        assert synced.shares("wines") == {"v1": 95, "v2": 10}

        synced.shop.declare("production/wines", {1: 80, 2: 20})
        synced.shop.commit("Another share")
        assert synced.sync().code == 0
        assert synced.shares("wines") == {"v1": 80, "v2": 20}


def annotate(team: Team, name: str, operation: dict[str, str]) -> None:
    path = f"/apis/machinelearning.seldon.io/v1/namespaces/{team.namespace}/seldondeployments/{name}"
    team.cluster.api.demand(
        "PATCH",
        f"{path}?fieldManager=kubectl-annotate",
        [operation],
        content_type="application/json-patch+json",
    )


def read_workloads(team: Team) -> dict[str, Any]:
    items = team.cluster.api.demand("GET", f"/apis/apps/v1/namespaces/{team.namespace}/deployments")["items"]
    return {item["metadata"]["name"]: item for item in items}
