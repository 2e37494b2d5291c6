"""explain, diff and wait as people and CI use them: beside the operator, on a Node that plays."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.shop import Ended, Shop, make_record

OBJECT = "/apis/machinelearning.seldon.io/v1/namespaces/{}/seldondeployments/wines"
FILE = "environments/production/deployments/wines.yaml"
HURRIED = "serving: {startup: 5s}"
HAND_MADE = {"name": "wines", "implementation": "MLFLOW_SERVER", "modelUri": "s3://mlflow/x"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottlery:
    """A repository whose environment `production` lives beside the operator."""

    cluster: LocalCluster
    shop: Shop
    namespace: str

    def run(self, *arguments: str) -> Ended:
        return self.shop.run(*arguments, kubeconfig=self.cluster.kubeconfig)

    def merge(self, shares: Mapping[int, int], more: str = "") -> str:
        self.shop.declare("production/wines", shares, more)
        return self.shop.commit(f"Shares {dict(shares)}")

    def sync(self) -> Ended:
        return self.run("sync", "production")

    def wait(self, *arguments: str, timeout: str = "60s") -> Ended:
        return self.run("wait", "production/wines", "--timeout", timeout, *arguments)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A wait that goes on beside the test."""
        return subprocess.Popen(
            [sys.executable, "-m", "reconciler", "wait", "production/wines", *arguments],
            cwd=self.shop.folder,
            env=self.shop.environment(self.cluster.kubeconfig),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def play(self, version: int, what: str) -> None:
        """Let the Pods of a version do this, by its model's location."""
        record = make_record(version).replace("mlflow-artifacts:/1/", f"mlflow-artifacts:/play-{what}/")
        self.shop.write(f"models/wines/versions/{version}.yaml", record)

    def edit(self, path: str, value: object) -> None:
        self.cluster.api.demand(
            "PATCH",
            f"{OBJECT.format(self.namespace)}?fieldManager=kubectl-edit",
            [{"op": "replace", "path": path, "value": value}],
            content_type="application/json-patch+json",
        )


@pytest.fixture
def bottlery(
    operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace, tmp_path: Path
) -> Bottlery:
    namespace = make_operator_namespace("production")
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", namespace)
    return Bottlery(cluster=operator_cluster, shop=shop, namespace=namespace)


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    """A kubeconfig that leads to a port on which nothing listens."""
    path = tmp_path / "nobody.kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "x", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(document))
    return path


class TestExplain:
    @pytest.mark.covers("B38")
    def test_from_the_line_to_whoever_holds_the_live_field(self, bottlery: Bottlery) -> None:
        bottlery.merge({1: 90, 2: 10}, "serving: {replicas: 1}")
        assert bottlery.sync().code == 0

        shown = bottlery.run("explain", "production/wines", "serving.replicas", "--live")
        lines = [line.strip() for line in shown.out.splitlines()]
        assert shown.code == 0, shown.err
        assert lines[2].startswith(f"{FILE}:7:21  deployment")
        assert lines[3] == "→ SeldonDeployment/wines spec.predictors[v1].replicas: 1"
        assert lines[4].startswith("live: 1, held by modelsync-production with spec.predictors, written ")

        bottlery.edit("/spec/predictors/0/replicas", 2)
        edited = bottlery.run("explain", "production/wines", "serving.replicas", "--live", "-o", "json")
        (setting,) = json.loads(edited.out)["settings"]
        first, second = setting["rendered"]
        assert (first["value"], first["live"]["value"], second["live"]["value"]) == (1, 2, 1)
        assert [holder["manager"] for holder in first["live"]["holders"]] == ["kubectl-edit"]

    def test_what_is_not_in_the_cluster_yet_is_told(self, bottlery: Bottlery) -> None:
        bottlery.merge({1: 100})
        before = bottlery.run("explain", "production/wines", "serving.server", "--live")
        assert "SeldonDeployment/wines is not in the cluster" in before.out
        assert before.code == 0

    def test_a_cluster_out_of_reach_leaves_what_the_files_say_and_ends_with_3(
        self, bottlery: Bottlery, nobody: Path
    ) -> None:
        bottlery.merge({1: 100})
        ended = bottlery.shop.run("explain", "production/wines", "traffic", "--live", kubeconfig=nobody)
        assert ended.code == 3
        assert "spec.predictors[v1].traffic: 100" in ended.out
        assert "live is not known: the API server at" in ended.out


class TestDiff:
    def test_two_environments_side_by_side_without_a_cluster(self, bottlery: Bottlery) -> None:
        bottlery.shop.add_environment("staging", "wines-staging", "serving: {replicas: 2}")
        bottlery.shop.declare("staging/wines", {2: 100})
        bottlery.shop.declare("staging/prices", {1: 100})
        bottlery.merge({1: 90, 2: 10})

        shown = bottlery.shop.run("diff", "staging", "production")
        assert shown.code == 0, shown.err
        lines = [line.split() for line in shown.out.splitlines()]
        assert "  only in staging: prices (v1 100 %)" in shown.out
        assert ["v2", "100", "%", "10", "%"] in lines
        assert ["v1", "–", "90", "%"] in lines
        assert "environments/staging/environment.yaml:5:21 (environment)" in shown.out
        assert "production  not set" in shown.out

        told = bottlery.shop.run("diff", "staging", "production", "wines", "-o", "json")
        (wines,) = json.loads(told.out)["deployments"]
        assert [setting["field"] for setting in wines["settings"]] == ["serving.replicas"]
        detailed = ("--detailed-exitcode", "prices")
        assert bottlery.shop.run("diff", "staging", "production", *detailed).code == 4

    def test_an_environment_that_is_not_there_is_2_with_the_nearest(self, bottlery: Bottlery) -> None:
        bottlery.merge({1: 100})
        ended = bottlery.shop.run("diff", "production", "prodution")
        assert ended.code == 2
        assert 'Did you mean "production"?' in ended.err


class TestWait:
    def test_after_a_merge_until_it_is_served(self, bottlery: Bottlery) -> None:
        bottlery.play(1, "slow-3s")
        sha = bottlery.merge({1: 100})
        with bottlery.start("--revision", sha) as waiting:
            assert waiting.stderr is not None
            assert "no run has synced this target yet" in waiting.stderr.readline()
            assert bottlery.sync().code == 0
            out, _ = waiting.communicate(timeout=120)
        assert waiting.returncode == 0, out
        assert f"production/wines: main@sha1:{sha[:7]} is served: v1 100 %; Current after" in out

        start = bottlery.cluster.audit_position()
        assert bottlery.wait().code == 0
        asked = [
            event["objectRef"]["resource"]
            for event in bottlery.cluster.audit_events(start)
            if event.get("objectRef", {}).get("namespace") == bottlery.namespace
            and event.get("userAgent", "").startswith("modelsync/")
        ]
        assert asked[:3] == ["configmaps", "seldondeployments", "deployments"]
        assert len(asked) <= 4

    def test_what_nobody_takes_up_is_3_when_the_time_is_over(self, bottlery: Bottlery) -> None:
        bottlery.merge({1: 100})
        assert bottlery.sync().code == 0
        bottlery.merge({1: 90, 2: 10})
        ended = bottlery.wait(timeout="1s")
        assert ended.code == 3
        assert ended.out.startswith("undecided: production/wines: main@sha1:")
        assert "no run has taken it up yet; the last one was about main@sha1:" in ended.out

    def test_a_later_revision_stands_for_the_one_that_was_asked_for(self, bottlery: Bottlery) -> None:
        first = bottlery.merge({1: 100})
        second = bottlery.merge({2: 100})
        assert bottlery.sync().code == 0
        ended = bottlery.wait("--revision", first)
        assert ended.code == 0, ended
        assert f"main@sha1:{first[:7]} was overtaken by main@sha1:{second[:7]}." in ended.out
        assert "is served: v2 100 %" in ended.out
        told = json.loads(bottlery.wait("--revision", first, "-o", "json").out)
        assert (told["overtaken"], told["revision"]) == (f"main@sha1:{first}", f"main@sha1:{second}")
        assert [(share["version"], share["percent"]) for share in told["declared"]] == [("v2", 100)]
        assert told["outcome"] == 0

    def test_what_is_unhealthy_past_its_deadline_is_6(self, bottlery: Bottlery) -> None:
        bottlery.play(1, "crash-loop")
        bottlery.merge({1: 100}, HURRIED)
        assert bottlery.sync().code in (0, 6)
        ended = bottlery.wait()
        assert ended.code == 6, ended
        assert "not ready within its 5 s start-up" in ended.out
        assert "modelsync rollback production/wines" in ended.out

    def test_what_was_refused_is_5(self, bottlery: Bottlery) -> None:
        bottlery.merge({1: 100})
        assert bottlery.run("sync", "production", "--wait", "60s").code == 0
        bottlery.play(2, "never-ready")
        bottlery.merge({2: 100})
        assert bottlery.sync().code == 5
        ended = bottlery.wait()
        assert ended.code == 5, ended
        assert "modelsync plan production --live" in ended.out

    def test_what_cannot_be_applied_is_1(self, bottlery: Bottlery) -> None:
        bottlery.cluster.api.apply(
            {
                "apiVersion": "machinelearning.seldon.io/v1",
                "kind": "SeldonDeployment",
                "metadata": {"name": "wines", "namespace": bottlery.namespace},
                "spec": {"predictors": [{"name": "x", "traffic": 100, "graph": HAND_MADE}]},
            }
        )
        bottlery.merge({1: 100})
        assert bottlery.sync().code == 1
        ended = bottlery.wait()
        assert ended.code == 1, ended
        assert "exists, and modelsync did not make it" in ended.out

    def test_a_faulty_declaration_is_1_at_once(self, bottlery: Bottlery) -> None:
        bottlery.merge({1: 90})
        ended = bottlery.wait()
        assert ended.code == 1
        assert "its declaration is faulty there: production/wines: live traffic sums to 90" in ended.out

    def test_the_end_of_a_deployment_is_waited_for_too(self, bottlery: Bottlery) -> None:
        bottlery.merge({1: 100})
        assert bottlery.sync().code == 0
        bottlery.merge({1: 100}, "retire: true")
        assert bottlery.sync().code == 0
        ended = bottlery.wait()
        assert ended.code == 0, ended
        assert "has ended it, and it is gone" in ended.out

    def test_nobody_ever_heard_of_it(self, bottlery: Bottlery) -> None:
        bottlery.merge({1: 100})
        ended = bottlery.run("wait", "production/beers", "--timeout", "1s")
        assert ended.code == 2
        assert "there is no deployment production/beers, neither at main@sha1:" in ended.err

    def test_term_ends_it(self, bottlery: Bottlery) -> None:
        bottlery.merge({1: 100})
        with bottlery.start() as waiting:
            assert waiting.stderr is not None
            waiting.stderr.readline()
            waiting.send_signal(signal.SIGTERM)
            out, err = waiting.communicate(timeout=60)
        assert (waiting.returncode, out) == (130, "")
        assert err.strip() == "interrupted"

    def test_a_cluster_out_of_reach_is_3(self, bottlery: Bottlery, nobody: Path) -> None:
        bottlery.merge({1: 100})
        ended = bottlery.shop.run("wait", "production/wines", kubeconfig=nobody)
        assert ended.code == 3
        assert ended.err.startswith("undecided: the API server at")
