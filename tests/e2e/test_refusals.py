"""What must never delete anything: lost folders, broken checkouts, rewritten history, the wrong cluster."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from scripts.local_cluster import LocalCluster
from tests.e2e.conftest import Team
from tests.support.shop import Ended, Shop


@pytest.fixture
def synced(team: Team) -> Team:
    assert team.sync().code == 0
    return team


def assert_kept(team: Team, ended: Ended, code: int, *said: str) -> None:
    """Nothing was deleted, and the message says what happened and how to go on."""
    text = ended.out + ended.err
    assert ended.code == code, text
    assert set(team.live()) == {"wines", "prices"}
    for part in said:
        assert part in text


def test_no_cluster_named_anywhere_says_where_one_was_looked_for(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", "wines")
    shop.commit()

    ended = shop.run("status")

    assert ended.code == 2
    assert f"there is no kubeconfig at {os.devnull}" in ended.err


@pytest.mark.covers("T3")
def test_a_vanished_environment_folder(synced: Team) -> None:
    synced.shop.remove("environments/production")
    synced.shop.commit("Lost")
    start = synced.cluster.audit_position()

    everything = synced.run("sync")

    assert_kept(synced, everything, 5, "environments/production is gone from git", "retire: true")
    assert not [request for request in synced.requests(start) if request.startswith("delete")]


def test_a_vanished_environment_folder_by_name(synced: Team) -> None:
    """The account of a CronJob sees its own namespace alone: that of its context."""
    synced.shop.remove("environments/production")
    synced.shop.commit("Lost")
    kubeconfig = synced.shop.folder.parent / "kubeconfig"
    settings = yaml.safe_load(synced.cluster.kubeconfig.read_text())
    settings["contexts"][0]["context"]["namespace"] = synced.namespace
    kubeconfig.write_text(yaml.safe_dump(settings))

    ended = synced.shop.run("sync", "production", kubeconfig=kubeconfig)

    assert_kept(synced, ended, 5, "environments/production is gone from git", "retire: true")


def test_a_vanished_environment_folder_by_name_from_elsewhere(synced: Team) -> None:
    """A person's context rarely names the target's namespace."""
    synced.shop.remove("environments/production")
    synced.shop.commit("Lost")

    assert_kept(synced, synced.sync(), 5, "environments/production is gone from git", "retire: true")


def test_a_namespace_that_is_not_there_is_undecided_for_whoever_looks(team: Team) -> None:
    """The usual cause is the wrong cluster, where "not in the cluster" would be read as an outage."""
    team.shop.add_environment("production", "not-in-this-cluster")
    team.shop.commit("Elsewhere")

    for command in (("status",), ("plan", "--live"), ("sync",)):
        ended = team.run(*command)

        assert ended.code == 3
        assert "namespace not-in-this-cluster does not exist in this cluster" in ended.out + ended.err
        assert "NotFound" not in ended.out
        assert "no environments" not in ended.out


@pytest.mark.covers("B13", "T3")
def test_all_deployment_files_gone(synced: Team) -> None:
    synced.shop.remove("environments/production/deployments")
    synced.shop.commit("Lost")

    assert_kept(synced, synced.sync(), 5, "declares no deployment any more", "retire: true")


@pytest.mark.covers("B12", "T3", "T4")
def test_a_deployment_file_that_just_disappears(synced: Team) -> None:
    synced.shop.remove("environments/production/deployments/prices.yaml")
    synced.shop.commit("Lost")

    assert_kept(synced, synced.sync(), 5, "max-prune", "exceptions.yaml", "production/prices")


@pytest.mark.covers("B14")
def test_a_waiver_for_exactly_that_deployment_lets_it_go(synced: Team) -> None:
    synced.shop.remove("environments/production/deployments/prices.yaml")
    synced.shop.write(
        "environments/production/exceptions.yaml",
        """\
        waivers:
          - {rule: max-prune, objects: [production/prices], reason: no longer sold, until: 2099-01-01}
        """,
    )
    synced.shop.commit("Let prices go")

    ended = synced.sync()

    assert ended.code == 0, ended.out
    assert set(synced.live()) == {"wines"}


def test_an_unreadable_file_keeps_its_object_and_all_others_from_being_pruned(synced: Team) -> None:
    synced.shop.write("environments/production/deployments/prices.yaml", "model: wines\nvariants: [\n")
    synced.shop.declare("production/wines", {1: 80, 2: 20})
    synced.shop.commit("Broken")

    ended = synced.sync()

    assert_kept(synced, ended, 1, "environments/production/deployments/prices.yaml:", "left as it was")
    assert synced.shares("wines") == {"v1": 80, "v2": 20}


@pytest.mark.covers("B5", "T3")
def test_an_unreadable_environment_file(synced: Team) -> None:
    synced.shop.write("environments/production/environment.yaml", "namespace: [\n")
    synced.shop.commit("Broken")

    assert_kept(synced, synced.sync(), 1, "environments/production/environment.yaml:", "left as it was")


@pytest.mark.covers("T3")
def test_a_truncated_checkout(synced: Team) -> None:
    synced.shop.declare("production/wines", {1: 70, 2: 30})
    synced.shop.commit("Whole")
    blob = synced.shop.git("rev-parse", "HEAD:environments/production/deployments/wines.yaml").strip()
    loose = synced.shop.folder / ".git" / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.unlink()

    assert_kept(synced, synced.sync(), 3, "undecided")


@pytest.mark.covers("B3", "T11")
def test_a_rewritten_history(synced: Team) -> None:
    synced.shop.git("checkout", "--quiet", "--orphan", "other")
    synced.shop.declare("production/wines", {1: 10, 2: 90})
    synced.shop.commit("Another history")
    synced.shop.git("branch", "--force", "main", "other")

    ended = synced.sync()

    assert_kept(synced, ended, 5, "history-continues", "exceptions.yaml")
    assert synced.shares("wines") == {"v1": 90, "v2": 10}


@pytest.mark.covers("T11")
def test_a_rewritten_history_can_be_accepted_in_git(synced: Team) -> None:
    synced.shop.git("checkout", "--quiet", "--orphan", "other")
    synced.shop.write(
        "environments/production/exceptions.yaml",
        """\
        waivers:
          - {rule: history-continues, objects: [production], reason: a secret was removed, until: 2099-01-01}
        """,
    )
    synced.shop.commit("Another history")
    synced.shop.git("branch", "--force", "main", "other")

    assert synced.sync().code == 0


def test_the_wrong_cluster(team: Team) -> None:
    """A namespace of the same name that is not labelled for the environment: not even a record is left."""
    path = f"/api/v1/namespaces/{team.namespace}"
    patch = [{"op": "remove", "path": "/metadata/labels/modelsync.dev~1environment"}]
    team.cluster.api.demand("PATCH", path, patch, content_type="application/json-patch+json")
    start = team.cluster.audit_position()

    ended = team.sync()

    assert ended.code == 5, ended.out
    assert "namespace-label" in ended.out
    assert f"kubectl label namespace {team.namespace}" in ended.out
    assert team.live() == {}
    assert not [item for item in team.requests(start) if not item.startswith(("get ", "list "))]


def test_a_namespace_that_does_not_exist(team: Team) -> None:
    team.shop.add_environment("production", f"{team.namespace}-missing")
    team.shop.commit("Elsewhere")

    ended = team.sync()

    assert ended.code == 3, ended.out
    assert f"namespace {team.namespace}-missing does not exist" in ended.out


def test_an_environment_that_moved_to_another_namespace(synced: Team) -> None:
    name = f"{synced.namespace}-b"
    label = {"modelsync.dev/environment": "production"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": label}}
    synced.cluster.api.demand("POST", "/api/v1/namespaces", body)
    synced.shop.add_environment("production", name)
    synced.shop.commit("Move")

    ended = synced.run("sync")

    assert ended.code == 5, ended.out
    assert "moved-environment" in ended.out
    assert set(synced.live()) == {"wines", "prices"}


def test_a_whole_running_set_is_not_replaced_at_once(synced: Team) -> None:
    synced.shop.declare("production/prices", {2: 100})
    synced.shop.commit("Replace")

    ended = synced.sync()

    assert_kept(synced, ended, 5, "keep-a-running-variant", "exceptions.yaml")
    assert synced.shares("prices") == {"v1": 100}


@pytest.mark.covers("B5", "B22")
def test_one_faulty_deployment_does_not_keep_the_others_from_being_synced(team: Team) -> None:
    team.shop.declare("production/prices", {1: 95})
    team.shop.commit("A slip")

    ended = team.sync()

    assert ended.code == 1
    assert set(team.live()) == {"wines"}
    assert "traffic-sums-to-100" in ended.out


@pytest.mark.covers("T10")
def test_a_cluster_without_the_kind(team: Team) -> None:
    with LocalCluster(crds=False) as bare:
        label = {"modelsync.dev/environment": "production"}
        body = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": team.namespace, "labels": label},
        }
        bare.api.demand("POST", "/api/v1/namespaces", body)

        ended = team.shop.run("sync", "production", kubeconfig=bare.kubeconfig)

    assert ended.code == 3, ended.out
    assert "CustomResourceDefinition" in ended.out


def test_a_cluster_that_does_not_answer(team: Team, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    text = team.cluster.kubeconfig.read_text()
    kubeconfig.write_text(text.replace(team.cluster.server, "https://127.0.0.1:1"))

    ended = team.shop.run("sync", "production", kubeconfig=kubeconfig)

    assert ended.code == 3
    assert "undecided: the API server at 127.0.0.1:1 could not be connected to" in ended.out


def test_an_environment_that_nobody_ever_had(team: Team) -> None:
    ended = team.run("sync", "prodution")

    assert ended.code == 2
    assert 'Did you mean "production"?' in ended.err
