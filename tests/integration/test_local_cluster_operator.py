"""The local cluster with Seldon's operator: what it does to SeldonDeployments, and how it fails and ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from reconciler.policy.servers import STOCK_IMAGES
from scripts.local_cluster import LocalCluster, Part
from scripts.local_cluster.api import MERGE
from scripts.local_cluster.binaries import find_binaries
from scripts.local_cluster.bundles import CONTROLLERS, provide
from scripts.local_cluster.operator import CONFIG, NAMESPACE, USER
from scripts.local_cluster.state import read_state
from scripts.tools.cache import cache_root
from tests.conftest import MakeNamespace
from tests.support.owned import run_owner
from tests.support.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
VERSION, KIND = "machinelearning.seldon.io/v1", "SeldonDeployment"
PLAY, MESSAGE = "kwok.modelsync.dev/play", "kwok.modelsync.dev/message"
DEADLINE = 60.0


def predictor(name: str, traffic: int, uri: str = "s3://models/wines") -> dict[str, Any]:
    graph = {"name": "wines", "implementation": "MLFLOW_SERVER", "modelUri": uri}
    return {"name": name, "traffic": traffic, "replicas": 1, "graph": graph}


def deployment(namespace: str, name: str, *predictors: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"protocol": "v2", "predictors": list(predictors)},
    }


def status_of(cluster: LocalCluster, body: dict[str, Any]) -> dict[str, Any]:
    metadata = body["metadata"]
    path = cluster.api.path(VERSION, KIND, metadata["name"], namespace=metadata["namespace"])
    status: dict[str, Any] = cluster.api.demand("GET", path).get("status", {})
    return status


def list_names(cluster: LocalCluster, version: str, kind: str, namespace: str) -> list[str]:
    items = cluster.api.demand("GET", cluster.api.path(version, kind, namespace=namespace))["items"]
    return sorted(item["metadata"]["name"] for item in items)


def read_pods(cluster: LocalCluster, namespace: str, name: str) -> list[dict[str, Any]]:
    """The Pods of a SeldonDeployment."""
    answer = cluster.api.demand(
        "GET",
        f"/api/v1/namespaces/{namespace}/pods",
        query={"labelSelector": f"seldon-deployment-id={name}"},
    )
    pods: list[dict[str, Any]] = answer["items"]
    return pods


class TestOperator:
    """Seldon's own operator, with the rights and the webhook that Seldon gives it."""

    def test_two_versions_become_available_with_their_shares_routed(
        self, operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace
    ) -> None:
        namespace = make_operator_namespace()
        body = deployment(namespace, "wines", predictor("v1", 90), predictor("v2", 10))
        operator_cluster.api.apply(body)

        wait_until(lambda: status_of(operator_cluster, body).get("state") == "Available")

        assert list_names(operator_cluster, "apps/v1", "Deployment", namespace) == [
            "wines-v1-0-wines",
            "wines-v2-0-wines",
        ]
        path = operator_cluster.api.path(
            "networking.istio.io/v1", "VirtualService", "wines", namespace=namespace
        )
        route = operator_cluster.api.demand("GET", path)["spec"]["http"][0]["route"]
        assert {each["destination"]["subset"]: each["weight"] for each in route} == {"v1": 90, "v2": 10}
        assert list_names(operator_cluster, "getambassador.io/v2", "Mapping", namespace) == [
            f"seldon-{namespace}-wines-{version}-{way}"
            for version in ("v1", "v2")
            for way in ("grpc", "rest")
        ]

    def test_the_webhook_refuses_shares_that_are_no_hundred(
        self, operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace
    ) -> None:
        namespace = make_operator_namespace()
        answer = operator_cluster.api.request(
            "POST",
            operator_cluster.api.path(VERSION, KIND, namespace=namespace),
            deployment(namespace, "wines", predictor("v1", 90), predictor("v2", 20)),
        )
        assert answer.status == 422
        assert "Traffic must sum to 100" in answer.body["message"]

    def test_what_is_deleted_takes_everything_along(
        self, operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace
    ) -> None:
        namespace = make_operator_namespace()
        body = deployment(namespace, "wines", predictor("v1", 100))
        operator_cluster.api.apply(body)
        wait_until(lambda: status_of(operator_cluster, body).get("state") == "Available")

        operator_cluster.api.demand(
            "DELETE", operator_cluster.api.path(VERSION, KIND, "wines", namespace=namespace)
        )

        wait_until(lambda: not read_pods(operator_cluster, namespace, "wines"))
        wait_until(lambda: not list_names(operator_cluster, "apps/v1", "Deployment", namespace))
        operator_cluster.api.demand("DELETE", f"/api/v1/namespaces/{namespace}")
        wait_until(
            lambda: operator_cluster.api.request("GET", f"/api/v1/namespaces/{namespace}").status == 404
        )

    @pytest.mark.parametrize(
        ("verb", "group", "resource", "allowed"),
        [
            ("create", "apps", "deployments", True),
            ("update", "machinelearning.seldon.io", "seldondeployments", True),
            ("create", "", "pods", False),
            ("update", "", "secrets", False),
            ("create", "rbac.authorization.k8s.io", "clusterroles", False),
        ],
    )
    def test_it_may_do_what_seldon_grants_it_and_no_more(
        self, operator_cluster: LocalCluster, verb: str, group: str, resource: str, allowed: bool
    ) -> None:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": USER,
                "resourceAttributes": {"verb": verb, "group": group, "resource": resource},
            },
        }
        answer = operator_cluster.api.demand(
            "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review
        )
        assert answer["status"]["allowed"] is allowed

    def test_its_servers_are_those_that_modelsync_takes_for_stock(
        self, operator_cluster: LocalCluster
    ) -> None:
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{CONFIG}"
        config = operator_cluster.api.demand("GET", path)["data"]
        images = {
            f"{entry['image']}:{entry['defaultImageVersion']}"
            for server in json.loads(config["predictor_servers"]).values()
            for entry in server["protocols"].values()
        }
        images.update(json.loads(config["explainer"]).values())
        assert images - {"seldonio/mlserver:1.7.1-slim"} == STOCK_IMAGES  # that one is Tempo's


class TestPlays:
    """A Node that pretends, and what its Pods can be asked to play."""

    def test_each_play_is_seen_in_the_pod(
        self, operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace
    ) -> None:
        namespace = make_operator_namespace()
        plays = ("never-ready", "slow-1s", "crash-loop", "init-crash-loop", "image-pull")
        for play in plays:
            uri = f"s3://models/play-{play}/wines"
            operator_cluster.api.apply(deployment(namespace, play, predictor("v1", 100, uri)))

        def look() -> dict[str, tuple[str, ...]]:
            return {
                play: describe(pods[0])
                for play in plays
                if (pods := read_pods(operator_cluster, namespace, play))
            }

        expected = {
            "never-ready": ("Running", "", "unready"),
            "slow-1s": ("Running", "", "ready"),
            "crash-loop": ("Running", "CrashLoopBackOff", "the process ended by itself", "unready"),
            "init-crash-loop": ("Pending", "CrashLoopBackOff", "the process ended by itself", "unready"),
            "image-pull": ("Pending", "ImagePullBackOff", "unready"),
        }
        seen: dict[str, tuple[str, ...]] = {}

        def all_seen() -> bool:
            # Not all at one time: what crashes also runs in between.
            seen.update({play: what for play, what in look().items() if what == expected[play]})
            return seen == expected

        wait_until(all_seen)

    def test_a_pod_that_runs_can_get_sick_and_well_again(
        self, operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace
    ) -> None:
        namespace = make_operator_namespace()
        body = deployment(namespace, "wines", predictor("v1", 100))
        operator_cluster.api.apply(body)
        wait_until(lambda: status_of(operator_cluster, body).get("state") == "Available")
        pod = read_pods(operator_cluster, namespace, "wines")[0]["metadata"]["name"]

        def ask(play: str) -> None:
            operator_cluster.api.demand(
                "PATCH",
                f"/api/v1/namespaces/{namespace}/pods/{pod}",
                {"metadata": {"annotations": {PLAY: play, MESSAGE: "no space left"}}},
                content_type=MERGE,
            )

        def look() -> tuple[str, ...]:
            return describe(read_pods(operator_cluster, namespace, "wines")[0])

        ask("crash-loop")
        wait_until(lambda: look() == ("Running", "CrashLoopBackOff", "no space left", "unready"))
        wait_until(lambda: status_of(operator_cluster, body).get("state") != "Available")
        ask("ready")
        wait_until(lambda: status_of(operator_cluster, body).get("state") == "Available")

    def test_an_evicted_pod_is_replaced(
        self, operator_cluster: LocalCluster, make_operator_namespace: MakeNamespace
    ) -> None:
        namespace = make_operator_namespace()
        body = deployment(namespace, "wines", predictor("v1", 100))
        operator_cluster.api.apply(body)
        wait_until(lambda: status_of(operator_cluster, body).get("state") == "Available")
        pod = read_pods(operator_cluster, namespace, "wines")[0]["metadata"]["name"]
        operator_cluster.api.demand(
            "PATCH",
            f"/api/v1/namespaces/{namespace}/pods/{pod}",
            {"metadata": {"annotations": {PLAY: "evict"}}},
            content_type=MERGE,
        )

        def look() -> set[str]:
            return {
                each["status"].get("phase", "") for each in read_pods(operator_cluster, namespace, "wines")
            }

        wait_until(lambda: look() == {"Failed", "Running"})


def describe(pod: dict[str, Any]) -> tuple[str, ...]:
    """Phase, what its stuck container waits for and said last, and whether the Pod is ready."""
    status = pod["status"]
    containers = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    waiting = [
        each for each in containers if each["state"].get("waiting", {}).get("reason", "").endswith("Off")
    ]
    ready = any((each["type"], each["status"]) == ("Ready", "True") for each in status.get("conditions", ()))
    words = [
        each["lastState"]["terminated"]["message"]
        for each in waiting
        if each.get("lastState", {}).get("terminated")
    ]
    reason = waiting[0]["state"]["waiting"]["reason"] if waiting else ""
    return (status.get("phase", ""), reason, *words, "ready" if ready else "unready")


class TestLife:
    """Outage and end of a cluster with parts."""

    def test_an_operator_that_is_down_refuses_everything_and_all_ends_with_a_killed_owner(
        self, tmp_path: Path
    ) -> None:
        state_file = tmp_path / "state.json"
        with run_owner(state_file, "operator", "kwok"):
            self.check_an_outage(LocalCluster.attach(state_file))
            state = read_state(state_file)
            assert state is not None
            processes = [psutil.Process(process.pid) for process in state.processes]
        assert len(processes) == 7
        _, alive = psutil.wait_procs(processes, timeout=DEADLINE)
        assert alive == []
        wait_until(lambda: not state.folder.exists() and not state_file.exists())

    @staticmethod
    def check_an_outage(cluster: LocalCluster) -> None:
        path = cluster.api.path(VERSION, KIND)
        body = deployment("default", "wines", predictor("v1", 100))

        cluster.stop_process("seldon-operator", grace=0)
        refused = cluster.api.request("POST", path, body)
        assert refused.status == 500
        assert "failed calling webhook" in refused.body["message"]

        cluster.start_process("seldon-operator")
        wait_until(lambda: cluster.api.request("POST", path, body).status == 201)
        wait_until(lambda: status_of(cluster, body).get("state") == "Available")

    def test_nothing_is_left_after_a_stop(self) -> None:
        with LocalCluster((Part.CONTROLLERS,), crds=False) as cluster:
            state = cluster.state
            assert [process.name for process in state.processes] == [
                "guard",
                "etcd",
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
            ]
        assert [process.name for process in state.processes if process.is_running()] == []
        assert not state.folder.exists()

    def test_a_part_that_cannot_start_takes_everything_down(self, tmp_path: Path) -> None:
        cache = tmp_path / "modelsync"
        broken = break_scheduler(cache)
        up = subprocess.run(
            [sys.executable, "-m", "scripts.local_cluster", "up", "--no-crds", "--parts", "kwok"],
            cwd=REPOSITORY,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert up.returncode == 1
        assert "Error: kube-scheduler ended while it was starting; the end of its log:\nno room" in up.stderr
        assert list((cache / "clusters").glob("*.json")) == []
        left = [each for each in psutil.process_iter() if str(broken) in " ".join(read_command(each))]
        assert left == []


def break_scheduler(cache: Path) -> Path:
    """Fill a cache with the programs that are built already but for a scheduler that gives up; its folder."""
    cache.mkdir()
    control_plane = find_binaries(say=lambda _: None).etcd.parent
    if control_plane.parent == cache_root():
        (cache / control_plane.name).symlink_to(control_plane)
    built = provide(CONTROLLERS)
    broken = cache / built.name
    broken.mkdir()
    for program in built.iterdir():
        (broken / program.name).symlink_to(program)
    scheduler = broken / "kube-scheduler"
    scheduler.unlink()
    scheduler.write_text("#!/bin/sh\necho no room\nexit 1\n", encoding="utf-8")
    scheduler.chmod(0o755)
    return broken


def read_command(process: psutil.Process) -> list[str]:
    """The command line of a process; empty when it is gone."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []
