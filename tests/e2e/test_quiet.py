"""The quiet path on a real API server: what it asks for, what ends it, and what it tells."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from reconciler.pipeline.sync.marks import decode_mark
from tests.e2e.conftest import Team
from tests.support.accounts import make_account

_HEARTBEAT, _QUIET = "modelsync.dev/heartbeat", "modelsync.dev/quiet"

# All that parses declarations, renders, or talks to other servers than the API server.
_HEAVY = {"pydantic", "jinja2", "jsonschema_rs", "git", "mlflow", "kubernetes"}

_RIGHTS = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "update"]},
    {"apiGroups": ["machinelearning.seldon.io"], "resources": ["seldondeployments"], "verbs": ["list"]},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]},
]


def read_record(team: Team, environment: str = "production") -> dict[str, Any]:
    path = f"/api/v1/namespaces/{team.namespace}/configmaps/modelsync-{environment}"
    record: dict[str, Any] = team.cluster.api.demand("GET", path)
    return record


def edit_record(team: Team, **parts: Mapping[str, Any]) -> None:
    """Edit annotations or data of the record, as anybody with the right could."""
    annotations, data = parts.get("annotations"), parts.get("data")
    body = {"metadata": {"annotations": annotations}} if annotations is not None else {"data": data}
    path = f"/api/v1/namespaces/{team.namespace}/configmaps/modelsync-production"
    team.cluster.api.demand("PATCH", path, body, content_type="application/merge-patch+json")


def is_quiet(team: Team, since: int) -> bool:
    """Whether the last run read no record by name, which every whole run does."""
    return "get configmaps" not in team.requests(since)


def ago(**span: int) -> str:
    return (datetime.now(timezone.utc) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def synced(team: Team) -> Team:
    assert team.sync().code == 0
    return team


@pytest.mark.covers("B8", "S10")
def test_a_second_run_asks_for_three_lists_and_writes_nothing(synced: Team) -> None:
    start = synced.cluster.audit_position()

    ended = synced.sync()

    assert ended.code == 0
    assert sorted(synced.requests(start)) == ["list deployments", "list seldondeployments"]
    assert "production: in sync with main@sha1:" in ended.out
    assert "(2 objects, 3 requests" in ended.out


def test_a_quiet_run_says_what_the_whole_one_said(synced: Team) -> None:
    edit_record(synced, annotations={_QUIET: None})
    whole = json.loads(synced.sync("-o", "json").out)
    edit_record(synced, annotations={_HEARTBEAT: ago(minutes=11)})
    synced.sync()
    start = synced.cluster.audit_position()
    quiet = json.loads(synced.sync("-o", "json").out)

    assert is_quiet(synced, start)
    for run in (whole, quiet):
        for target in run["targets"]:
            del target["seconds"]
            for item in target["health"]:
                del item["variants"]
    assert quiet == whole


@pytest.mark.covers("B8")
def test_a_whole_run_with_nothing_to_do_reads_three_times_as_well(synced: Team) -> None:
    edit_record(synced, annotations={_QUIET: None})
    start = synced.cluster.audit_position()

    assert synced.sync().code == 0

    assert sorted(synced.requests(start)) == ["get configmaps", "list deployments", "list seldondeployments"]


@pytest.mark.covers("B8")
def test_the_account_of_a_cronjob_gets_its_own_record_by_name(synced: Team, tmp_path: Path) -> None:
    kubeconfig = make_account(synced.cluster, synced.namespace, tmp_path, rules=_RIGHTS)
    text = kubeconfig.read_text(encoding="utf-8")
    own = text.replace(
        "    user: modelsync-local", f"    user: modelsync-local\n    namespace: {synced.namespace}"
    )
    assert own != text
    kubeconfig.write_text(own, encoding="utf-8")
    start = synced.cluster.audit_position()

    ended = synced.shop.run("sync", "production", kubeconfig=kubeconfig)

    assert ended.code == 0, ended.err
    assert sorted(synced.requests(start)) == ["get configmaps", "list deployments", "list seldondeployments"]
    assert "(2 objects, 3 requests" in ended.out


def test_a_quiet_run_loads_no_declarations_no_templates_and_no_client_library(synced: Team) -> None:
    code = (
        "import sys; from reconciler.cli.app import run; "
        "outcome = run(sys.argv[1:]); print('loaded', *sys.modules); sys.exit(int(outcome))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "sync", "production", "--kubeconfig", str(synced.cluster.kubeconfig)],
        cwd=synced.shop.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    marker, *modules = done.stdout.splitlines()[-1].split()
    assert marker == "loaded"
    assert {name.partition(".")[0] for name in modules} & _HEAVY == set()
    assert "reconciler.render.renderer" not in modules


@pytest.mark.covers("B8")
def test_after_ten_minutes_the_record_alone_is_marked_as_seen_alive(synced: Team) -> None:
    before = read_record(synced)
    edit_record(synced, annotations={_HEARTBEAT: ago(minutes=11)})
    start = synced.cluster.audit_position()

    assert synced.sync().code == 0

    after = read_record(synced)
    assert sorted(synced.requests(start)) == [
        "list deployments",
        "list seldondeployments",
        "update configmaps",
    ]
    assert after["metadata"]["annotations"][_HEARTBEAT] > ago(minutes=5)
    assert after["metadata"]["annotations"][_QUIET] == before["metadata"]["annotations"][_QUIET]
    assert after["data"] == before["data"]


def test_an_edit_of_an_object_ends_it_and_is_healed(synced: Team) -> None:
    synced.patch("wines", "/spec/predictors/0/traffic", 50)
    synced.patch("wines", "/spec/predictors/1/traffic", 50)

    ended = synced.sync()

    assert "healed: taken back" in ended.out
    assert synced.shares("wines") == {"v1": 90, "v2": 10}


def test_an_object_that_is_gone_ends_it_and_is_made_again(synced: Team) -> None:
    path = f"/apis/machinelearning.seldon.io/v1/namespaces/{synced.namespace}/seldondeployments/prices"
    synced.cluster.api.demand("DELETE", path)

    assert "healed: made again" in synced.sync().out
    assert set(synced.live()) == {"prices", "wines"}


def test_a_label_that_is_taken_away_ends_it_and_is_put_back(synced: Team) -> None:
    synced.patch("wines", "/metadata/labels/modelsync.dev~1environment", "staging")

    synced.sync()

    assert synced.live()["wines"]["metadata"]["labels"]["modelsync.dev/environment"] == "production"


def test_a_workload_that_appears_ends_it(synced: Team) -> None:
    template = {
        "metadata": {"labels": {"app": "wines"}},
        "spec": {"containers": [{"name": "c", "image": "example.com/c:1"}]},
    }
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "wines-production-v1", "labels": {"seldon-deployment-id": "wines"}},
        "spec": {"selector": {"matchLabels": {"app": "wines"}}, "template": template},
    }
    synced.cluster.api.demand("POST", f"/apis/apps/v1/namespaces/{synced.namespace}/deployments", body)
    start = synced.cluster.audit_position()

    synced.sync()

    assert not is_quiet(synced, start)


@pytest.mark.covers("B1", "S1")
def test_another_commit_ends_it(synced: Team) -> None:
    synced.shop.commit("Only words")
    start = synced.cluster.audit_position()

    ended = synced.sync()

    assert not is_quiet(synced, start)
    assert ended.code == 0


@pytest.mark.parametrize(
    "edit",
    [{"data": {"applied": "main@sha1:" + "0" * 40}}, {"data": {"conditions": None}}, {"data": {"mine": "x"}}],
    ids=["another commit", "less", "more"],
)
def test_an_edit_of_the_record_ends_it(synced: Team, edit: Mapping[str, Mapping[str, Any]]) -> None:
    edit_record(synced, **edit)
    start = synced.cluster.audit_position()

    synced.sync()

    assert not is_quiet(synced, start)


def test_it_ends_with_the_hour(synced: Team) -> None:
    mark = decode_mark(read_record(synced)["metadata"]["annotations"][_QUIET])
    assert mark is not None
    text = read_record(synced)["metadata"]["annotations"][_QUIET]
    made = mark.made.strftime("%Y-%m-%dT%H:%M:%SZ")
    edit_record(synced, annotations={_QUIET: text.replace(f'"made":"{made}"', f'"made":"{ago(minutes=61)}"')})
    start = synced.cluster.audit_position()

    synced.sync()

    assert not is_quiet(synced, start)


def test_one_deployment_alone_is_never_looked_at_quietly_and_leaves_the_mark(synced: Team) -> None:
    before = read_record(synced)
    start = synced.cluster.audit_position()

    assert synced.run("sync", "--only", "production/wines").code == 0

    assert not is_quiet(synced, start)
    assert read_record(synced) == before


@pytest.mark.covers("B8")
def test_two_targets_need_five_requests_and_a_change_in_one_is_seen(synced: Team) -> None:
    name = f"{synced.namespace}-b"
    label = {"modelsync.dev/environment": "staging"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": label}}
    synced.cluster.api.demand("POST", "/api/v1/namespaces", body)
    synced.shop.add_environment("staging", name)
    synced.shop.declare("staging/wines", {2: 100})
    synced.shop.commit("Add staging")
    for arguments in ((), ("production", "staging")):
        assert synced.run("sync", *arguments).code == 0
        again = synced.run("sync", *arguments)
        assert "production: in sync with" in again.out
        assert "(2 objects, 3 requests" in again.out
        assert "(1 object, 2 requests" in again.out

    synced.patch("wines", "/spec/predictors/0/traffic", 89)
    synced.patch("wines", "/spec/predictors/1/traffic", 11)

    assert "drift on SeldonDeployment/wines" in synced.run("sync").out


def test_an_environment_that_is_lost_in_git_is_told_by_every_run(synced: Team) -> None:
    for file in sorted((synced.shop.folder / "environments/production").rglob("*.yaml")):
        file.unlink()
    synced.shop.add_environment("staging", f"{synced.namespace}-none")
    synced.shop.commit("Lose production")

    for _ in range(2):
        assert "environments/production is gone from git" in synced.run("sync").out
