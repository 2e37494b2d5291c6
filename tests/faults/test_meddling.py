"""What others do to a target while a run is at it: record, branch, namespace, finalizers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.local_cluster.api import MERGE
from tests.e2e.conftest import Team
from tests.faults.between import Between, Once, is_apply, is_rehearsal, reads_record
from tests.support.proxy import Request
from tests.support.shop import Ended
from tests.support.waiting import wait_until


def record_path(team: Team) -> str:
    return f"/api/v1/namespaces/{team.namespace}/configmaps/modelsync-production"


def object_path(team: Team, name: str) -> str:
    return f"/apis/machinelearning.seldon.io/v1/namespaces/{team.namespace}/seldondeployments/{name}"


def read_inventory(team: Team) -> str:
    """What the record says we own, as it is written for people."""
    return str(team.cluster.api.demand("GET", record_path(team))["data"]["inventory"])


def takes_lease(request: Request) -> bool:
    return request.method in ("POST", "PUT") and "/leases" in request.path


def sync_while(
    team: Team, folder: Path, matches: Callable[[Request], bool], act: Callable[[], object]
) -> Ended:
    """A run during which `act` happens, right after the first request that matches was answered."""
    hook = Once(matches, act)
    with Between(team.cluster, after=hook) as proxy:
        ended = team.shop.run("sync", "production", kubeconfig=proxy.write_kubeconfig(folder / "proxied"))
    assert hook.done, f"nothing matched: {[str(request) for request in proxy.requests]}"
    return ended


def move(team: Team) -> None:
    """A first run, and a change for the next: one share moved, one deployment retired, one new."""
    assert team.sync().code == 0
    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.declare("production/prices", {1: 100}, more="retire: true")
    team.shop.declare("production/taste", {3: 100})
    team.shop.commit("Move")


def assert_made_equal(team: Team) -> None:
    """One undisturbed run later everything is as declared, and nothing is left to do."""
    after = team.sync()
    assert after.code == 0, after.out + after.err
    assert set(team.live()) == {"wines", "taste"}
    assert team.shares("wines") == {"v1": 50, "v2": 50}
    assert "prices" not in read_inventory(team)
    assert "in sync" in team.sync().out


@pytest.mark.covers("B26", "S4")
@pytest.mark.parametrize("moment", [is_rehearsal, is_apply], ids=["before-writes", "between-writes"])
def test_a_record_that_somebody_edits_in_mid_run_is_met_and_loses_nothing(
    team: Team, tmp_path: Path, moment: Callable[[Request], bool]
) -> None:
    move(team)
    note = {"metadata": {"annotations": {"example.com/note": "somebody was here"}}}

    def edit() -> None:
        team.cluster.api.demand("PATCH", record_path(team), note, content_type=MERGE)

    ended = sync_while(team, tmp_path, moment, edit)

    assert ended.code == 0, ended.out + ended.err
    assert_made_equal(team)


@pytest.mark.covers("B39", "T22", "B7")
@pytest.mark.parametrize(
    "moment",
    [reads_record, is_rehearsal, is_apply],
    ids=["after-the-look", "before-writes", "between-writes"],
)
def test_a_record_that_somebody_deletes_in_mid_run_leaks_nothing(
    team: Team, tmp_path: Path, moment: Callable[[Request], bool]
) -> None:
    move(team)

    sync_while(team, tmp_path, moment, lambda: team.cluster.api.demand("DELETE", record_path(team)))

    # In the run that finds no record nothing is pruned; the one after it may.
    team.sync()
    assert_made_equal(team)


@pytest.mark.covers("B1", "S1")
def test_a_branch_that_moves_in_mid_run_does_not_reach_that_run(team: Team, tmp_path: Path) -> None:
    first = team.shop.git("rev-parse", "HEAD").strip()

    def push() -> None:
        team.shop.declare("production/wines", {1: 10, 2: 90})
        team.shop.commit("Meanwhile")

    ended = sync_while(team, tmp_path, is_rehearsal, push)

    assert ended.code == 0, ended.out + ended.err
    live = team.live()
    assert {item["metadata"]["annotations"]["modelsync.dev/commit"] for item in live.values()} == {first}
    assert team.shares("wines") == {"v1": 90, "v2": 10}
    assert team.sync().code == 0
    assert team.shares("wines") == {"v1": 10, "v2": 90}


@pytest.mark.covers("S3")
def test_what_changes_while_a_run_waits_for_its_lease_is_judged_again(team: Team, tmp_path: Path) -> None:
    """The first look found room for all Pods; by the time of the second somebody has taken it."""
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team", "namespace": team.namespace},
        "spec": {"hard": {"pods": "0"}},
    }

    ended = sync_while(team, tmp_path, takes_lease, lambda: team.cluster.api.apply(quota))

    assert ended.code == 5, ended.out + ended.err
    assert "refused by fits-quota" in ended.out
    assert team.live() == {}


@pytest.mark.covers("T10")
@pytest.mark.parametrize("moment", [None, is_rehearsal], ids=["before-the-run", "in-mid-run"])
def test_a_namespace_on_its_way_out_is_undecided_and_nothing_is_made_in_it(
    team: Team, tmp_path: Path, moment: Callable[[Request], bool] | None
) -> None:
    """No controller runs beside this API server, so that a namespace goes on going for ever."""

    def delete() -> None:
        team.cluster.api.demand("DELETE", f"/api/v1/namespaces/{team.namespace}")

    if moment is None:
        delete()
        ended = team.sync()
    else:
        ended = sync_while(team, tmp_path, moment, delete)

    assert ended.code == 3, ended.out + ended.err
    assert f"namespace {team.namespace}" in ended.out
    assert "being deleted" in ended.out
    assert team.live() == {}


@pytest.mark.covers("B16", "T2", "T15", "S9")
def test_a_retired_object_that_a_finalizer_holds_stays_recorded_and_is_shown_until_it_is_gone(
    team: Team,
) -> None:
    held = {"metadata": {"finalizers": ["example.com/hold"]}}
    assert team.sync().code == 0
    team.cluster.api.demand("PATCH", object_path(team, "prices"), held, content_type=MERGE)
    team.shop.declare("production/prices", {1: 100}, more="retire: true")
    team.shop.commit("Retire prices")

    for _ in range(2):
        ended = team.sync()
        assert "finalizers hold it: example.com/hold" in ended.out, ended.out + ended.err
        assert team.live()["prices"]["metadata"]["finalizers"] == ["example.com/hold"]
        assert "prices" in read_inventory(team)

    held["metadata"]["finalizers"] = []
    team.cluster.api.demand("PATCH", object_path(team, "prices"), held, content_type=MERGE)
    assert team.sync().code == 0
    assert set(team.live()) == {"wines"}
    assert "prices" not in read_inventory(team)
    assert "in sync" in team.sync().out


@pytest.mark.covers("T5")
def test_a_change_that_the_server_refuses_leaves_the_object_as_it_is(team: Team) -> None:
    """An admission rule that refuses the change: others would delete the object and make it anew."""
    assert team.sync().code == 0
    before = team.live()["wines"]["metadata"]
    name = f"no-more-than-one-{team.namespace}"
    rules = "/apis/admissionregistration.k8s.io/v1"
    team.cluster.api.demand("POST", f"{rules}/validatingadmissionpolicies", make_rule(name))
    team.cluster.api.demand("POST", f"{rules}/validatingadmissionpolicybindings", bind_rule(name, team))
    team.shop.declare("production/wines", {1: 50, 3: 50})
    team.shop.commit("Move")
    try:
        wait_until_enforced(team)
        ended = team.sync()
    finally:
        team.cluster.api.demand("DELETE", f"{rules}/validatingadmissionpolicybindings/{name}")
        team.cluster.api.demand("DELETE", f"{rules}/validatingadmissionpolicies/{name}")

    assert ended.code == 1, ended.out + ended.err
    assert "v3 is not let in here" in ended.out
    after = team.live()["wines"]["metadata"]
    assert (after["uid"], after["generation"]) == (before["uid"], before["generation"])
    assert team.shares("wines") == {"v1": 90, "v2": 10}


def make_rule(name: str) -> dict[str, object]:
    """No SeldonDeployment may have a predictor v3."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["machinelearning.seldon.io"],
                        "apiVersions": ["v1"],
                        "operations": ["UPDATE"],
                        "resources": ["seldondeployments"],
                    }
                ]
            },
            "validations": [
                {
                    "expression": "object.spec.predictors.all(p, p.name != 'v3')",
                    "message": "v3 is not let in here",
                }
            ],
        },
    }


def bind_rule(name: str, team: Team) -> dict[str, object]:
    """The rule holds in the team's namespace alone."""
    place = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": team.namespace}}}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": place},
    }


def wait_until_enforced(team: Team) -> None:
    """The API server takes a moment to learn its rules."""
    wines = team.live()["wines"]
    predictors = [{**wines["spec"]["predictors"][0], "name": "v3", "traffic": 100}]

    def is_refused() -> bool:
        path = f"{object_path(team, 'wines')}?dryRun=All"
        body = {"spec": {"predictors": predictors}}
        return team.cluster.api.request("PATCH", path, body, content_type=MERGE).status == 422

    wait_until(is_refused, "the rule is enforced", patience=60)
