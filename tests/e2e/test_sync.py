"""The whole of sync on a real API server and real git: what it does, and what it costs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Team
from tests.faults.sweep_faults import Fault
from tests.faults.sweep_proxy import FaultyProxy, trust_admin, write_kubeconfig


def test_a_first_sync_creates_what_is_declared_and_says_so(team: Team) -> None:
    ended = team.sync()

    assert ended.code == 0, ended.err + ended.out
    assert team.shares("wines") == {"v1": 90, "v2": 10}
    assert re.search(r"SeldonDeployment/wines +created", ended.out)
    assert "v1 new at 90 %, v2 new at 10 %" in ended.out


def test_a_target_without_a_record_is_looked_at_under_the_lease_alone(team: Team) -> None:
    """One with a record is looked at before it, too; either is looked at once more afterwards."""
    begin = team.cluster.audit_position()
    assert team.sync().code == 0
    first = team.requests(begin)
    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.commit("Half and half")
    begin = team.cluster.audit_position()
    assert team.sync().code == 0
    second = team.requests(begin)

    assert first.count("list seldondeployments") == 2
    assert first.index("create leases") < first.index("list seldondeployments")
    assert second.count("list seldondeployments") == 3


def test_traffic_moves_without_touching_pod_templates(team: Team) -> None:
    team.sync()
    before = team.live()["wines"]["spec"]["predictors"]
    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.commit("Half and half")

    ended = team.sync()

    assert "v1 90 → 50 %, v2 10 → 50 %" in ended.out
    after = team.live()["wines"]["spec"]["predictors"]
    assert [item["traffic"] for item in after] == [50, 50]
    assert [{**item, "traffic": 0} for item in after] == [{**item, "traffic": 0} for item in before]


def test_another_commit_that_changes_nothing_applies_nothing(team: Team) -> None:
    team.sync()
    generation = team.live()["wines"]["metadata"]["resourceVersion"]
    team.shop.commit("Only words")

    ended = team.sync()

    assert ended.code == 0
    assert team.live()["wines"]["metadata"]["resourceVersion"] == generation


@pytest.mark.covers("B11")
def test_an_edit_by_hand_is_named_and_healed(team: Team) -> None:
    team.sync()
    team.patch("wines", "/spec/predictors/0/traffic", 100)

    ended = team.sync()

    assert ended.code == 0, ended.out
    assert 'last written by "kubectl-edit"' in ended.out
    assert team.shares("wines") == {"v1": 90, "v2": 10}
    assert "in sync" in team.sync().out


@pytest.mark.covers("B11")
def test_an_edit_by_hand_is_only_reported_where_the_environment_says_so(team: Team) -> None:
    team.shop.add_environment("production", team.namespace, "drift: report")
    team.shop.commit("Report drift")
    team.sync()
    team.patch("wines", "/spec/predictors/0/traffic", 100)

    ended = team.sync()

    assert ended.code == 1
    assert "held by kubectl-edit" in ended.out
    assert team.shares("wines")["v1"] == 100
    start = team.cluster.audit_position()
    assert team.sync().code == 1
    assert not [request for request in team.requests(start) if not request.startswith(("get ", "list "))]


def test_a_retired_deployment_is_pruned(team: Team) -> None:
    team.sync()
    team.shop.declare("production/prices", {1: 100}, more="retire: true")
    team.shop.commit("Retire prices")

    ended = team.sync()

    assert ended.code == 0, ended.out
    assert set(team.live()) == {"wines"}
    team.shop.remove("environments/production/deployments/prices.yaml")
    team.shop.commit("Its file may go now")
    assert team.sync().code == 0


@pytest.mark.covers("B13")
def test_a_retired_environment_is_pruned_whole(team: Team) -> None:
    team.sync()
    team.shop.add_environment("production", team.namespace, "retire: true")
    team.shop.commit("Retire production")

    assert team.sync().code == 0
    assert team.live() == {}


@pytest.mark.covers("B10")
def test_an_object_of_someone_else_is_taken_over_only_where_that_is_declared(team: Team) -> None:
    team.cluster.api.demand(
        "POST",
        f"/apis/machinelearning.seldon.io/v1/namespaces/{team.namespace}/seldondeployments?fieldManager=helm",
        {
            "apiVersion": "machinelearning.seldon.io/v1",
            "kind": "SeldonDeployment",
            "metadata": {"name": "wines"},
            "spec": {"predictors": [{"name": "old", "graph": {"name": "wines"}}]},
        },
    )
    refused = team.sync()

    assert refused.code == 1
    assert "adopt: true" in refused.out
    assert [item["name"] for item in team.live()["wines"]["spec"]["predictors"]] == ["old"]
    assert "prices" in team.live()

    team.shop.declare("production/wines", {1: 90, 2: 10}, more="adopt: true")
    team.shop.commit("Adopt wines")
    adopted = team.sync()
    assert adopted.code == 0, adopted.out
    assert team.shares("wines") == {"v1": 90, "v2": 10}


@pytest.mark.covers("B1")
def test_the_commit_and_the_records_are_on_the_object_and_not_on_its_pods(team: Team) -> None:
    team.sync()

    wines = team.live()["wines"]

    commit = team.shop.git("rev-parse", "HEAD").strip()
    assert wines["metadata"]["annotations"]["modelsync.dev/commit"] == commit
    assert commit not in str(wines["spec"])


def test_only_one_deployment_is_synced_where_that_is_asked(team: Team) -> None:
    ended = team.run("sync", "--only", "production/prices")

    assert ended.code == 0, ended.out
    assert set(team.live()) == {"prices"}


def test_plan_live_says_what_sync_then_does_and_writes_nothing(team: Team) -> None:
    start = team.cluster.audit_position()

    planned = team.run("plan", "production", "--live", "--detailed-exitcode")

    assert planned.code == 4, planned.err + planned.out
    assert "production/wines: v1 new at 90 %, v2 new at 10 %" in planned.out
    assert team.live() == {}
    writes = [
        event
        for event in team.cluster.audit_events(start)
        if event.get("userAgent", "").startswith("modelsync/")
        and event.get("objectRef", {}).get("namespace") == team.namespace
        and event["verb"] in ("create", "update", "patch", "delete")
    ]
    assert len(writes) == 2
    assert all("dryRun=All" in event["requestURI"] for event in writes)


def test_status_shows_declared_and_applied_shares(team: Team) -> None:
    team.sync()
    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.commit("Declared, not synced")

    shown = team.run("status")

    assert shown.code == 0, shown.err
    line = next(line for line in shown.out.splitlines() if "wines" in line)
    assert line.split()[:7] == ["production", "wines", "v1", "50", "%", "90", "%"]


def test_only_an_unknown_deployment_is_a_usage_error_with_the_nearest_name(team: Team) -> None:
    ended = team.run("sync", "--only", "production/wine")

    assert ended.code == 2
    assert "Did you mean production/wines?" in ended.err


def test_a_wait_for_health_ends_in_its_time_and_holds_no_lease(team: Team) -> None:
    ended = team.sync("--wait", "3s")

    assert ended.code == 0, ended.out + ended.err
    assert "waiting for production" in ended.err
    assert "the Seldon operator has not answered yet" in ended.out
    path = f"/apis/coordination.k8s.io/v1/namespaces/{team.namespace}/leases/modelsync-production"
    assert not team.cluster.api.demand("GET", path)["spec"].get("holderIdentity")


def test_a_fetched_repository_gives_the_same_as_the_local_one(team: Team, tmp_path: Path) -> None:
    bare = tmp_path / "remote.git"
    team.shop.git("clone", "--quiet", "--bare", ".", str(bare))
    cache = tmp_path / "cache"

    fetched = team.sync("--repository", f"file://{bare}", "--git-cache", str(cache))

    assert fetched.code == 0, fetched.err
    assert team.shares("wines") == {"v1": 90, "v2": 10}
    assert "in sync" in team.sync().out


@pytest.mark.covers("B28", "B29", "S12")
def test_a_run_ended_by_term_gives_its_lease_back(team: Team) -> None:
    """A Job that reaches its deadline is sent TERM; the next run must not wait for its Lease to expire."""
    team.sync()
    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.commit("Half and half")
    context = trust_admin(team.cluster)
    with FaultyProxy(team.cluster.server, fault=Fault.TERM, at=9, context=context) as proxy:
        kubeconfig = write_kubeconfig(team.shop.folder.parent / "proxied", proxy)
        victim = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "sync", "production"],
            cwd=team.shop.folder,
            env=team.shop.environment(kubeconfig),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        proxy.aim(victim.pid)
        assert victim.wait(timeout=60) == 130
    path = f"/apis/coordination.k8s.io/v1/namespaces/{team.namespace}/leases/modelsync-production"

    assert not team.cluster.api.demand("GET", path)["spec"].get("holderIdentity")
    assert team.sync().code == 0
    assert team.shares("wines") == {"v1": 50, "v2": 50}
