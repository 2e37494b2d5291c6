"""However a run ends: an Event tells it, the record keeps its numbers, and telling it again adds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.apply.clock import SystemClock
from reconciler.clients.cluster.answers import read_object
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.clients.cluster.kubernetes import connect
from reconciler.clients.source.remote import open_repository
from reconciler.observe.inventory import decode_record
from reconciler.pipeline.sync.run import SyncRequest, SyncTools, sync
from reconciler.settings import Settings
from reconciler.state.figures import ExceptionKind
from reconciler.state.inventory import TargetRecord
from reconciler.state.plans import Action
from reconciler.state.targets import Target
from tests.e2e.conftest import Team
from tests.faults.between import Between, Once, is_apply
from tests.support.shop import Ended


class Told:
    """A synced team, and what its namespace tells of runs."""

    def __init__(self, team: Team, folder: Path) -> None:
        self.team = team
        # As in a CronJob, the context names the target's own namespace.
        self.kubeconfig = folder / "own.kubeconfig"
        settings = yaml.safe_load(team.cluster.kubeconfig.read_text())
        settings["contexts"][0]["context"]["namespace"] = team.namespace
        self.kubeconfig.write_text(yaml.safe_dump(settings), encoding="utf-8")
        assert self.sync().code == 0

    def sync(self, *arguments: str) -> Ended:
        return self.team.shop.run("sync", "production", *arguments, kubeconfig=self.kubeconfig)

    def record(self) -> TargetRecord:
        path = f"/api/v1/namespaces/{self.team.namespace}/configmaps/modelsync-production"
        live = read_object(self.team.cluster.api.demand("GET", path), CONFIG_MAP)
        return decode_record(live, Target(environment="production", namespace=self.team.namespace))

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Our Events on objects of a kind, the oldest first."""
        items = self.team.cluster.api.demand("GET", f"/api/v1/namespaces/{self.team.namespace}/events")[
            "items"
        ]
        ours = [item for item in items if item["source"].get("component") == "modelsync"]
        return sorted(
            (item for item in ours if item["involvedObject"]["kind"] == kind),
            key=lambda item: str(item["metadata"]["creationTimestamp"]),
        )


@pytest.fixture
def told(team: Team, tmp_path: Path) -> Told:
    return Told(team, tmp_path)


@pytest.mark.covers("B34", "B37")
def test_what_was_applied_is_told_with_commit_and_author_and_counted(told: Told) -> None:
    author = told.team.shop.git("log", "-1", "--format=%an").strip()
    sha = told.team.shop.git("rev-parse", "HEAD").strip()
    events = told.events("SeldonDeployment")
    assert {event["involvedObject"]["name"] for event in events} == {"wines", "prices"}
    assert {event["message"] for event in events} == {f"created by main@sha1:{sha} ({author})"}
    assert told.events("ConfigMap") == []

    record = told.record()
    assert record.figures is not None
    assert record.standing is not None
    assert record.figures.outcome == 0
    assert record.figures.objects == ((Action.CREATED, 2),)
    counted = {(item.method, item.status) for item in record.figures.requests}
    assert {("GET", 200), ("PATCH", 201), ("POST", 201)} <= counted
    assert [item.deployment for item in record.standing.deployments] == ["prices", "wines"]


@pytest.mark.covers("B34", "B37", "S11")
def test_a_refused_run_is_told_once_and_keeps_the_last_success(told: Told) -> None:
    succeeded = told.record().heartbeat
    told.team.shop.remove("environments/production/deployments/wines.yaml")
    told.team.shop.remove("environments/production/deployments/prices.yaml")
    told.team.shop.commit("Everything is gone")

    assert told.sync().code == 5
    (event,) = told.events("ConfigMap")
    assert (event["type"], event["reason"]) == ("Warning", "Refused")
    assert event["message"].startswith("exit code 5 at main@sha1:")
    record = told.record()
    assert record.figures is not None
    assert record.standing is not None
    assert (record.figures.outcome, record.figures.succeeded) == (5, succeeded)
    assert record.standing.held == 2

    assert told.sync().code == 5
    assert told.events("ConfigMap") == [event]


@pytest.mark.covers("B34", "B37")
def test_drift_that_stays_is_told_on_the_object_and_counted(told: Told) -> None:
    told.team.shop.add_environment("production", told.team.namespace, more="drift: report")
    told.team.shop.commit("Only report")
    assert told.sync().code == 0
    told.team.patch("wines", "/spec/predictors/0/traffic", 60)
    told.team.patch("wines", "/spec/predictors/1/traffic", 40)

    assert told.sync().code == 1
    (event,) = [item for item in told.events("SeldonDeployment") if item["reason"] == "Skipped"]
    assert event["involvedObject"]["name"] == "wines"
    standing = told.record().standing
    assert standing is not None
    assert standing.drift == 1
    (ending,) = told.events("ConfigMap")
    assert ending["reason"] == "NotEqual"


@pytest.mark.covers("B30", "B37")
def test_a_suspension_is_in_the_record_from_its_commit_until_it_is_taken_away(told: Told) -> None:
    file = "environments/production/exceptions.yaml"
    told.team.shop.write(
        file, 'suspensions: [{deployment: wines, reason: "the team moves", until: "2099-12-31"}]\n'
    )
    told.team.shop.commit("Suspend wines")
    assert told.sync().code == 0
    shown = told.team.run("status", "production/wines")
    assert "production/wines is suspended until 2099-12-31 (the team moves)" in shown.out
    assert "runs that wrote or failed:" in shown.out
    assert "Nothing held" not in shown.out
    standing = told.record().standing
    assert standing is not None
    (exception,) = standing.exceptions
    assert (exception.kind, exception.deployment, exception.reason) == (
        ExceptionKind.SUSPENSION,
        "wines",
        "the team moves",
    )

    told.team.shop.remove(file)
    told.team.shop.commit("Go on")
    assert told.sync().code == 0
    assert "Nothing held, nothing frozen." in told.team.run("status").out
    standing = told.record().standing
    assert standing is not None
    assert standing.exceptions == ()


@pytest.mark.covers("B34", "B37", "S11")
def test_a_repository_that_is_gone_is_told_once_and_forgotten_when_it_is_back(told: Told) -> None:
    lost = ("--repository", str(told.team.shop.folder.parent / "nowhere"))
    ended = told.sync(*lost)
    assert ended.code in (2, 3), ended.err

    failure = told.record().failure
    assert failure is not None
    assert (failure.revision, failure.outcome) == ("", ended.code)
    assert failure.message in ended.err
    (event,) = told.events("ConfigMap")
    assert event["message"].startswith(f"exit code {ended.code}: ")

    assert told.sync(*lost).code == ended.code
    assert told.record().failure == failure
    assert told.events("ConfigMap") == [event]

    assert told.sync().code == 0
    assert told.record().failure is None
    start = told.team.cluster.audit_position()
    assert told.sync().code == 0
    writes = [item for item in told.team.requests(start) if item.split()[0] not in ("get", "list")]
    assert writes == []


@pytest.mark.covers("B34")
def test_an_environment_file_that_cannot_be_used_is_told(told: Told) -> None:
    told.team.shop.write("environments/production/environment.yaml", "namespace: [\n")
    told.team.shop.commit("Broken")

    assert told.sync().code == 1
    (event,) = told.events("ConfigMap")
    assert event["reason"] == "NotEqual"
    assert "its environment.yaml cannot be used" in event["message"]
    failure = told.record().failure
    assert failure is not None
    assert failure.outcome == 1


@pytest.mark.covers("B34", "T3")
def test_a_vanished_environment_is_told_on_its_record(told: Told) -> None:
    told.team.shop.remove("environments/production")
    told.team.shop.commit("Lost")

    assert told.sync().code == 5
    (event,) = told.events("ConfigMap")
    assert event["reason"] == "Refused"
    assert "refused by vanished-environment" in event["message"]
    assert set(told.team.live()) == {"wines", "prices"}


@pytest.mark.covers("B34", "B37")
def test_a_defect_is_told_by_its_kind_alone(told: Told) -> None:
    """What nobody foresaw comes from whoever is told of the run while it goes."""

    def break_down(line: str) -> None:
        raise LookupError("a secret")

    told.team.shop.declare("production/wines", {1: 50, 2: 50})
    told.team.shop.commit("Half and half")
    settings = Settings(directory=told.team.shop.folder)
    with open_repository(str(settings.directory), settings.git) as source:
        tools = SyncTools(
            source=source,
            cluster=connect(kubeconfig=told.kubeconfig),
            clock=SystemClock(),
            progress=break_down,
        )
        with pytest.raises(LookupError):
            sync(SyncRequest(environments=("production",)), settings, tools)

    failure = told.record().failure
    assert failure is not None
    assert failure.outcome == 70
    assert failure.message == "a defect of modelsync (LookupError); the log of the run shows where"
    (event,) = told.events("ConfigMap")
    assert event["reason"] == "Defect"
    assert told.sync().code == 0
    assert told.record().failure is None


@pytest.mark.covers("B34", "B37")
def test_a_run_that_is_told_to_end_in_the_middle_is_told_with_what_it_did(told: Told, tmp_path: Path) -> None:
    told.team.shop.declare("production/taste", {3: 100})
    told.team.shop.declare("production/wines", {1: 50, 2: 50})
    told.team.shop.commit("A new one, then a change")
    runs: list[subprocess.Popen[bytes]] = []
    hook = Once(is_apply, lambda: os.kill(runs[0].pid, signal.SIGTERM))
    with Between(told.team.cluster, after=hook) as proxy:
        runs.append(
            subprocess.Popen(
                [sys.executable, "-m", "reconciler", "sync", "production"],
                cwd=told.team.shop.folder,
                env=told.team.shop.environment(proxy.write_kubeconfig(tmp_path / "proxied")),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        assert runs[0].wait(timeout=60) == 130

    (event,) = told.events("ConfigMap")
    assert event["reason"] == "Interrupted"
    created = [item for item in told.events("SeldonDeployment") if item["involvedObject"]["name"] == "taste"]
    assert [item["reason"] for item in created] == ["Created"]
    record = told.record()
    assert record.figures is not None
    assert record.figures.outcome == 130
    assert told.sync().code == 0


@pytest.mark.covers("B34")
def test_nothing_is_told_in_a_namespace_without_a_record_of_ours(team: Team) -> None:
    team.shop.write("environments/production/environment.yaml", "namespace: [\n")
    team.shop.commit("Broken")
    kubeconfig = team.shop.folder.parent / "own.kubeconfig"
    settings = yaml.safe_load(team.cluster.kubeconfig.read_text())
    settings["contexts"][0]["context"]["namespace"] = team.namespace
    kubeconfig.write_text(yaml.safe_dump(settings), encoding="utf-8")

    assert team.shop.run("sync", "production", kubeconfig=kubeconfig).code == 1
    path = f"/api/v1/namespaces/{team.namespace}"
    assert team.cluster.api.demand("GET", f"{path}/events")["items"] == []
