"""Organisation manifests in a real cluster: made, healed, pruned and shown beside their deployment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.e2e.conftest import Team
from tests.faults.between import Between, Once, is_apply
from tests.support.shop import Shop

NOTES = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ (deployment ~ "-notes") | tojson }}
data:
  model: {{ model | tojson }}
"""
CALLERS = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ (deployment ~ "-callers") | tojson }}
  labels: {team: wines}
spec:
  podSelector:
    matchLabels: {seldon-deployment-id: {{ deployment | tojson }}}
  ingress:
    - ports: [{port: 8000}]
"""
_PLACES = {
    "configmaps": "/api/v1/namespaces/{}/configmaps",
    "networkpolicies": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
}


@pytest.fixture
def team(cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path) -> Team:
    """Two deployments and two templates, declared and committed, not synced yet.

    One kind is allowed that the cluster does not have: that matters only to a template that makes it.
    """
    namespace = make_namespace("production")
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", namespace)
    allow(shop, "ConfigMap, NetworkPolicy, PodMonitor")
    shop.declare("production/wines", {1: 90, 2: 10})
    shop.declare("production/prices", {1: 100})
    add_template(shop, "notes", NOTES)
    add_template(shop, "callers", CALLERS)
    shop.commit("Start")
    return Team(cluster=cluster, shop=shop, namespace=namespace)


def allow(shop: Shop, kinds: str) -> None:
    path = "environments/production/environment.yaml"
    text = (shop.folder / path).read_text(encoding="utf-8")
    shop.write(
        path,
        text.replace("secrets: [artifacts-s3]", f"secrets: [artifacts-s3], kinds: [{kinds}]")
        + "rules: {max-prune: 100%}\n",
    )


def add_template(shop: Shop, name: str, text: str) -> None:
    shop.write(f"environments/production/extras/{name}.yaml.j2", text)


def list_ours(team: Team, plural: str) -> Mapping[str, Any]:
    """Objects with our labels by name."""
    path = _PLACES[plural].format(team.namespace)
    items = team.cluster.api.demand("GET", f"{path}?labelSelector=applyset.kubernetes.io/part-of")["items"]
    return {item["metadata"]["name"]: item for item in items}


def read_record(team: Team) -> Mapping[str, Any]:
    path = f"{_PLACES['configmaps'].format(team.namespace)}/modelsync-production"
    record: Mapping[str, Any] = team.cluster.api.demand("GET", path)
    return record


def test_each_deployment_gets_its_own_and_keeps_it(team: Team) -> None:
    ended = team.sync()
    assert ended.code == 0, ended
    assert set(list_ours(team, "configmaps")) == {"prices-notes", "wines-notes"}
    policy = list_ours(team, "networkpolicies")["wines-callers"]
    assert policy["spec"]["podSelector"] == {"matchLabels": {"seldon-deployment-id": "wines"}}
    labels = policy["metadata"]["labels"]
    assert {key: labels[key] for key in labels if key != "applyset.kubernetes.io/part-of"} == {
        "app.kubernetes.io/managed-by": "modelsync",
        "modelsync.dev/deployment": "wines",
        "modelsync.dev/environment": "production",
        "modelsync.dev/model": "wines",
        "team": "wines",
    }
    assert set(policy["metadata"]["annotations"]) == {"modelsync.dev/commit", "modelsync.dev/digest"}
    assert read_record(team)["metadata"]["annotations"]["applyset.kubernetes.io/contains-group-kinds"] == (
        "ConfigMap,NetworkPolicy.networking.k8s.io,SeldonDeployment.machinelearning.seldon.io"
    )

    # A run with nothing to do asks once more for each kind; its record comes in a list over all namespaces.
    since = team.cluster.audit_position()
    ended = team.sync()
    assert "in sync with" in ended.out, ended
    assert sorted(team.requests(since)) == [
        "list configmaps",
        "list deployments",
        "list networkpolicies",
        "list seldondeployments",
    ]


def test_edits_in_the_cluster_are_healed(team: Team) -> None:
    """Also of a kind that has no generation, and of labels alone."""
    edits: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
        ("configmaps", "wines-notes", {"data": {"model": "beers"}}),
        ("configmaps", "prices-notes", {"metadata": {"labels": {"modelsync.dev/model": "beers"}}}),
        (
            "networkpolicies",
            "wines-callers",
            {"spec": {"podSelector": {"matchLabels": {"seldon-deployment-id": "beers"}}}},
        ),
    )
    assert team.sync().code == 0
    before = {name: list_ours(team, plural)[name] for plural, name, _ in edits}
    for plural, name, edit in edits:
        team.cluster.api.demand(
            "PATCH",
            f"{_PLACES[plural].format(team.namespace)}/{name}?fieldManager=kubectl-edit",
            edit,
            content_type="application/merge-patch+json",
        )
    ended = team.sync()
    assert ended.code == 0, ended
    assert ended.out.count('last written by "kubectl-edit"') == len(edits)
    for plural, name, _ in edits:
        after = list_ours(team, plural)[name]
        for part in ("data", "spec"):
            assert after.get(part) == before[name].get(part)
        assert after["metadata"]["labels"] == before[name]["metadata"]["labels"]
    assert "in sync with" in team.sync().out


def test_what_is_deleted_in_the_cluster_is_missed_and_made_again(team: Team) -> None:
    assert team.sync().code == 0
    path = f"{_PLACES['configmaps'].format(team.namespace)}/wines-notes"
    team.cluster.api.demand("DELETE", path)
    status = team.run("status", "production").out
    assert "production/wines: ConfigMap/wines-notes: NotFound: not in the cluster" in status
    assert team.sync().code == 0
    assert "wines-notes" in list_ours(team, "configmaps")


def test_a_change_of_shares_reaches_them(team: Team) -> None:
    add_template(team.shop, "notes", NOTES + "  shares: {{ variants | tojson | tojson }}\n")
    team.shop.commit("Shares")
    assert team.sync().code == 0
    team.shop.declare("production/wines", {1: 70, 2: 30})
    team.shop.commit("Change")
    planned = team.run("plan", "production", "--live")
    assert "production/wines ConfigMap/wines-notes: from extras/" in planned.out
    assert team.sync().code == 0
    assert '"traffic": 30' in list_ours(team, "configmaps")["wines-notes"]["data"]["shares"]


def test_a_template_that_goes_takes_its_objects_with_it(team: Team) -> None:
    assert team.sync().code == 0
    team.shop.remove("environments/production/extras/callers.yaml.j2")
    team.shop.commit("No callers")
    ended = team.sync()
    assert ended.code == 0, ended
    assert list_ours(team, "networkpolicies") == {}
    assert set(list_ours(team, "configmaps")) == {"prices-notes", "wines-notes"}
    # The kind is not looked for any more.
    since = team.cluster.audit_position()
    assert team.sync().code == 0
    assert "list networkpolicies" not in team.requests(since)


def test_a_deployment_that_goes_takes_them_with_it(team: Team) -> None:
    assert team.sync().code == 0
    team.shop.declare("production/wines", {1: 90, 2: 10}, more="retire: true")
    team.shop.commit("Retire")
    ended = team.sync()
    assert ended.code == 0, ended
    assert set(team.live()) == {"prices"}
    assert set(list_ours(team, "configmaps")) == {"prices-notes"}
    assert set(list_ours(team, "networkpolicies")) == {"prices-callers"}


def test_a_faulty_template_leaves_its_deployments_as_they_were(team: Team) -> None:
    assert team.sync().code == 0
    team.shop.declare("production/wines", {1: 50, 2: 50})
    add_template(team.shop, "notes", NOTES + "  team: {{ team | tojson }}\n")
    team.shop.remove("environments/production/extras/callers.yaml.j2")
    team.shop.commit("Slip")
    validated = team.run("validate")
    assert validated.code == 1
    assert "environments/production/extras/notes.yaml.j2:7:12: error extras-rendered" in validated.out
    ended = team.sync()
    assert ended.code == 1, ended
    assert "extras-rendered" in ended.out
    assert team.shares("wines") == {"v1": 90, "v2": 10}
    assert set(list_ours(team, "networkpolicies")) == {"prices-callers", "wines-callers"}


def test_a_fault_for_one_deployment_does_not_hold_the_others(team: Team) -> None:
    add_template(
        team.shop,
        "notes",
        '{% if deployment == "wines" %}\n' + NOTES.replace("ConfigMap", "Secret") + "{% endif %}\n",
    )
    team.shop.commit("Slip")
    ended = team.sync()
    assert ended.code == 1, ended
    assert set(team.live()) == {"prices"}
    assert set(list_ours(team, "networkpolicies")) == {"prices-callers"}


@pytest.mark.covers("B39")
def test_a_lost_record_is_rebuilt_with_them(team: Team) -> None:
    """The kinds that templates may make are looked through, so that nothing stays behind for ever."""
    assert team.sync().code == 0
    path = f"{_PLACES['configmaps'].format(team.namespace)}/modelsync-production"
    team.cluster.api.demand("DELETE", path)
    team.shop.remove("environments/production/extras/callers.yaml.j2")
    team.shop.commit("No callers")
    assert team.sync().code == 1
    assert set(list_ours(team, "networkpolicies")) == {"prices-callers", "wines-callers"}
    assert "NetworkPolicy/wines-callers: Unknown: is declared no more" in team.run("status").out
    assert team.sync().code == 0
    assert list_ours(team, "networkpolicies") == {}


def test_where_a_record_goes_in_mid_run_they_are_looked_through_after_it_as_well(
    team: Team, tmp_path: Path
) -> None:
    assert team.sync().code == 0
    team.shop.remove("environments/production/extras/callers.yaml.j2")
    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.commit("No callers")
    asked: list[int] = []

    def lose() -> None:
        path = f"{_PLACES['configmaps'].format(team.namespace)}/modelsync-production"
        team.cluster.api.demand("DELETE", path)
        asked.append(len(proxy.requests))

    with Between(team.cluster, after=Once(is_apply, lose)) as proxy:
        team.shop.run("sync", "production", kubeconfig=proxy.write_kubeconfig(tmp_path / "proxied"))

    later = [request for request in proxy.requests[asked[0] :] if request.path.endswith("/networkpolicies")]
    # What was pruned is proven absent by metadata alone; the look after the run reads whole objects.
    assert any("PartialObjectMetadata" not in request.headers["accept"] for request in later)


def test_somebody_elses_object_is_not_taken(team: Team) -> None:
    team.cluster.api.demand(
        "POST",
        _PLACES["configmaps"].format(team.namespace),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "wines-notes"}, "data": {"a": "1"}},
    )
    ended = team.sync()
    assert ended.code == 1, ended
    assert "ConfigMap/wines-notes" in ended.out
    assert "modelsync did not make it" in ended.out
    found = team.cluster.api.demand("GET", f"{_PLACES['configmaps'].format(team.namespace)}/wines-notes")
    assert found["data"] == {"a": "1"}


def test_what_the_api_server_would_refuse_is_found_before_anything_is_written(team: Team) -> None:
    add_template(team.shop, "callers", CALLERS.replace("port: 8000", "prot: 8000"))
    team.shop.commit("Slip")
    ended = team.sync()
    assert ended.code == 1, ended
    assert "prot" in ended.out
    assert team.live() == {}


def test_a_kind_that_the_cluster_lacks_is_named(team: Team) -> None:
    add_template(
        team.shop,
        "metrics",
        "apiVersion: monitoring.coreos.com/v1\n"
        "kind: PodMonitor\n"
        "metadata: {name: {{ deployment | tojson }}}\n"
        "spec: {selector: {}, podMetricsEndpoints: []}\n",
    )
    team.shop.commit("Metrics")
    ended = team.sync()
    assert ended.code == 3, ended
    assert "the CustomResourceDefinition podmonitors.monitoring.coreos.com is missing" in ended.out
    assert "the Prometheus operator" in ended.out
