"""A git server that goes away: what a cache held heals what is there, and nothing else is done with it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Team
from tests.support.git_servers import GitHttpServer, serve_http
from tests.support.shop import Ended


class Forge:
    """A team's repository behind a git server that can be taken down, and a cache."""

    def __init__(self, team: Team, server: GitHttpServer, folder: Path) -> None:
        self.team, self.server, self.folder = team, server, folder
        self.cache = folder / "cache"
        # As in a CronJob: the caller's namespace is the target's.
        config = yaml.safe_load(team.cluster.kubeconfig.read_text(encoding="utf-8"))
        config["contexts"][0]["context"]["namespace"] = team.namespace
        self.kubeconfig = folder / "kubeconfig.yaml"
        self.kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
        self.push()

    def push(self) -> None:
        bare = self.folder / "served/ml.git"
        if not bare.exists():
            subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(bare)], check=True)
            subprocess.run(["git", "-C", str(bare), "config", "uploadpack.allowFilter", "true"], check=True)
        self.team.shop.git("push", "--quiet", "--force", str(bare), "main")

    def go_down(self) -> None:
        self.server.judge = lambda path, authorization: (503, {})

    def come_back(self) -> None:
        self.server.judge = lambda path, authorization: None

    def sync(self, *arguments: str, cache: bool = True) -> Ended:
        keep = ("--git-cache", str(self.cache)) if cache else ()
        where = ("--repository", self.server.url("ml.git"), *keep)
        return self.team.shop.run("sync", "production", *where, *arguments, kubeconfig=self.kubeconfig)

    def drift(self) -> None:
        self.team.patch("wines", "/spec/predictors/0/traffic", 50)
        self.team.patch("wines", "/spec/predictors/1/traffic", 50)

    def read_failure(self) -> dict[str, Any]:
        """What the record tells of a run that decided nothing, or went on in an outage."""
        path = f"/api/v1/namespaces/{self.team.namespace}/configmaps/modelsync-production"
        annotations = self.team.cluster.api.demand("GET", path)["metadata"]["annotations"]
        return dict(json.loads(annotations.get("modelsync.dev/failure", "{}")))

    def age(self, **span: int) -> None:
        """Let what the cache holds be seen so long ago."""
        (notes,) = self.cache.glob("*.json")
        seen = datetime.now(timezone.utc) - timedelta(**span)
        content = json.loads(notes.read_text())
        notes.write_text(
            json.dumps({ref: {**note, "seen": seen.isoformat()} for ref, note in content.items()})
        )


@pytest.fixture
def forge(team: Team, tmp_path: Path) -> Iterator[Forge]:
    (tmp_path / "served").mkdir()
    with serve_http(tmp_path / "served") as server:
        forge = Forge(team, server, tmp_path)
        assert forge.sync().code == 0
        forge.go_down()
        yield forge


@pytest.mark.covers("B4", "T3")
def test_drift_is_healed_from_the_cache_and_its_age_is_told(forge: Forge) -> None:
    forge.age(hours=3)
    forge.drift()

    ended = forge.sync()

    assert ended.code == 0, ended.err
    assert forge.team.shares("wines") == {"v1": 90, "v2": 10}
    assert "the repository could not be asked" in ended.out
    assert "which it last named 3 h ago (--git-cache)" in ended.out
    assert "the server cannot answer now" in ended.out


@pytest.mark.covers("B4")
def test_where_nothing_differs_the_outage_is_told_all_the_same(forge: Forge) -> None:
    ended = forge.sync()

    assert ended.code == 0
    assert "production: in sync with main@sha1:" in ended.out
    assert "the repository could not be asked" in ended.out


@pytest.mark.covers("B4", "T3")
def test_without_a_cache_nothing_is_written_and_the_run_is_undecided(forge: Forge) -> None:
    forge.drift()
    start = forge.team.cluster.audit_position()

    ended = forge.sync(cache=False)

    assert ended.code == 3
    assert "Nothing was changed" in ended.err
    assert not [
        item for item in forge.team.requests(start) if "seldondeployments" in item and "patch" in item
    ]
    assert forge.team.shares("wines") == {"v1": 50, "v2": 50}


@pytest.mark.covers("B4")
def test_what_is_too_old_is_not_used(forge: Forge) -> None:
    forge.age(hours=25)
    forge.drift()

    ended = forge.sync()

    assert ended.code == 3
    # A moment, which stays the same: an age would be told anew with every hour.
    said = r"was seen at \d{4}-\d\d-\d\d \d\d:\d\d UTC; that is too old to go on with \(--max-tree-age\)"
    assert re.search(said, ended.err)
    assert forge.team.shares("wines") == {"v1": 50, "v2": 50}
    # When it was last seen stays told, so that the alert goes on.
    told = forge.read_failure()
    assert (bool(told["seen"]), told["wentOn"], told["outcome"]) == (True, False, 3)
    assert forge.sync().code == 3
    assert forge.read_failure() == told
    assert forge.sync(cache=False).code == 3
    assert forge.read_failure()["seen"] == told["seen"]
    assert forge.sync("--max-tree-age", "2d").code == 0
    assert forge.read_failure()["wentOn"]
    assert forge.team.shares("wines") == {"v1": 90, "v2": 10}


@pytest.mark.covers("B4", "T3")
def test_another_revision_than_the_applied_one_is_not_brought_back(forge: Forge) -> None:
    old = forge.folder / "old"
    shutil.copytree(forge.cache, old)
    forge.come_back()
    forge.team.shop.declare("production/wines", {1: 70, 2: 30})
    forge.team.shop.commit("Later")
    forge.push()
    assert forge.sync().code == 0
    forge.go_down()
    shutil.rmtree(forge.cache)
    old.rename(forge.cache)

    ended = forge.sync()

    assert ended.code == 3
    assert "which was read last, is not what is applied" in ended.out
    assert forge.read_failure()["seen"]
    assert forge.team.shares("wines") == {"v1": 70, "v2": 30}


@pytest.mark.covers("B4")
def test_a_commit_that_the_server_names_and_does_not_give_is_not_concluded_from(forge: Forge) -> None:
    forge.team.shop.declare("production/wines", {1: 70, 2: 30})
    forge.team.shop.commit("Later")
    forge.push()
    forge.drift()
    # Names are answered; the objects behind them are not.
    asked: list[str] = []

    def judge(path: str, authorization: str | None) -> tuple[int, dict[str, str]] | None:
        asked.append(path)
        return (503, {}) if sum(item.endswith("git-upload-pack") for item in asked) > 1 else None

    forge.server.judge = judge

    ended = forge.sync()

    assert ended.code == 0, ended.err
    assert forge.team.shares("wines") == {"v1": 90, "v2": 10}
    forge.come_back()
    assert forge.sync().code == 0
    assert forge.team.shares("wines") == {"v1": 70, "v2": 30}


@pytest.mark.covers("B3", "T11")
def test_a_force_push_is_refused_over_http_and_accepted_by_a_waiver_that_history_tells(forge: Forge) -> None:
    forge.come_back()
    shop = forge.team.shop
    shop.git("switch", "--quiet", "--orphan", "anew")
    shop.git("checkout", "main", "--", ".")
    shop.declare("production/wines", {1: 60, 2: 40})
    shop.commit("A new history")
    shop.git("branch", "--force", "main", "anew")
    shop.git("switch", "--quiet", "main")
    forge.push()
    start = forge.team.cluster.audit_position()

    refused = forge.sync()

    assert refused.code == 5
    assert "does not continue main@sha1:" in refused.out
    assert not [item for item in forge.team.requests(start) if item.startswith("patch")]
    shop.write(
        "environments/production/exceptions.yaml",
        """\
        waivers:
          - {rule: history-continues, objects: [production], reason: moved here, until: 2099-01-01}
        """,
    )
    accepted = shop.commit("Accept it")
    forge.push()
    assert forge.sync().code == 0
    assert forge.team.shares("wines") == {"v1": 60, "v2": 40}
    record = forge.team.cluster.api.demand(
        "GET", f"/api/v1/namespaces/{forge.team.namespace}/configmaps/modelsync-production"
    )
    told = record["data"]["history"]
    assert "refused by history-continues" in told
    assert accepted in told
    assert accepted in record["data"]["applied"]


@pytest.mark.covers("B4")
def test_an_outage_is_noted_once_and_forgotten_when_it_is_over(forge: Forge) -> None:
    assert forge.sync().code == 0
    noted = forge.read_failure()
    assert noted["seen"]
    assert noted["wentOn"]
    start = forge.team.cluster.audit_position()
    assert forge.sync().code == 0
    assert forge.read_failure() == noted
    assert {item.split()[0] for item in forge.team.requests(start)} <= {"get", "list"}

    forge.come_back()
    assert forge.sync().code == 0
    assert forge.read_failure() == {}


@pytest.mark.covers("B4")
def test_status_says_what_it_takes_for_declared_meanwhile(forge: Forge) -> None:
    forge.age(hours=3)
    where = ("--repository", forge.server.url("ml.git"), "--git-cache", str(forge.cache))

    shown = forge.team.run("status", "production", *where)

    assert shown.code == 0, shown.err
    assert "the repository could not be asked, so declared is what main@sha1:" in shown.out
    assert "which it last named 3 h ago (--git-cache)" in shown.out
