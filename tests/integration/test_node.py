"""The node that serves, with a real scheduler and API server: Pods as any cluster runs them."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scripts.local_cluster import LocalCluster, Part
from scripts.local_cluster.node.guard import VARIABLE
from tests.support.pods import PodSpace, make_space, shell
from tests.support.waiting import wait_until

SERVE = f"{sys.executable} -m http.server 9000 --bind $IP"
IP = {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
FOREVER = "exec sleep 600"


@pytest.fixture(scope="module")
def node_cluster() -> Iterator[LocalCluster]:
    with LocalCluster(parts=(Part.NODE,)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def space(node_cluster: LocalCluster) -> PodSpace:
    return make_space(node_cluster)


def running_scripts(cluster: LocalCluster, mark: str = "") -> list[int]:
    """The processes of Pods on the cluster's node whose command line has this text."""
    (node,) = (program for program in cluster.state.processes if program.name == "node")
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get(VARIABLE, "").startswith(f"{node.pid}-")
            if ours and any(mark in word for word in process.cmdline()):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def readiness(**rest: int) -> dict[str, object]:
    return {"httpGet": {"path": "/", "port": 9000}, "periodSeconds": 1, **rest}


class TestRunning:
    def test_a_pod_gets_an_address_of_its_own_and_is_ready_when_its_program_answers(
        self, space: PodSpace
    ) -> None:
        name = space.run(shell(f"sleep 1; {SERVE}", env=[IP], readinessProbe=readiness()))
        space.wait_ready(name)
        address = space.address(name)
        assert address.startswith("127.")
        assert address != "127.0.0.1"
        with socket.create_connection((address, 9000), timeout=5):
            pass
        wait_until(lambda: "connection refused" in space.events(name).get("Unhealthy", ""), "the event")
        wait_until(lambda: {"Pulled", "Created", "Started"} <= set(space.events(name)), "the events")
        assert space.status(name)["phase"] == "Running"

    def test_two_pods_may_use_the_same_port(self, space: PodSpace) -> None:
        names = [space.run(shell(SERVE, env=[IP], readinessProbe=readiness())) for _ in range(2)]
        for name in names:
            space.wait_ready(name)
        assert len({space.address(name) for name in names}) == 2

    def test_init_containers_come_first_and_share_volumes_under_the_containers_own_paths(
        self, space: PodSpace
    ) -> None:
        space.make("Secret", "keys", {"KEY": "s3cret"})
        space.make("ConfigMap", "settings", {"mode": "fast"})
        mount = {"name": "model", "mountPath": "/mnt/models"}
        first = shell(
            "echo $KEY $MODE > /mnt/models/found; echo fetched > /dev/termination-log",
            volumeMounts=[mount],
            envFrom=[{"secretRef": {"name": "keys"}}],
            env=[{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}}],
        )
        name = space.run(
            shell(
                f"cat /mnt/models/found /etc/podinfo/labels; {FOREVER}",
                volumeMounts=[mount, {"name": "podinfo", "mountPath": "/etc/podinfo"}],
            ),
            initContainers=[{**first, "name": "fetch"}],
            volumes=[
                {"name": "model", "emptyDir": {}},
                {
                    "name": "podinfo",
                    "downwardAPI": {
                        "items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
                    },
                },
            ],
        )
        space.wait_ready(name)
        ended = space.container(name, initial=True)["state"]["terminated"]
        assert (ended["reason"], ended["message"]) == ("Completed", "fetched\n")
        said = f's3cret fast\napp="{name}"'
        wait_until(lambda: space.log(name) == said, "what the first container left")

    def test_a_task_runs_once_and_its_pod_says_how_it_ended(self, space: PodSpace) -> None:
        well = space.run(shell("exit 0"), restartPolicy="Never")
        ill = space.run(shell("exit 3"), restartPolicy="Never")
        wait_until(lambda: space.status(well)["phase"] == "Succeeded", "success")
        wait_until(lambda: space.status(ill)["phase"] == "Failed", "failure")
        assert space.container(ill)["state"]["terminated"]["exitCode"] == 3


class TestFailing:
    def test_a_program_that_keeps_ending_is_restarted_ever_later(self, space: PodSpace) -> None:
        name = space.run(shell("echo no wine left; exit 7", terminationMessagePolicy="FallbackToLogsOnError"))
        message = space.wait_reason(name, "CrashLoopBackOff")
        assert message.startswith(f"back-off 10s restarting failed container=main pod={name}_")
        found = space.container(name)
        assert found["restartCount"] == 1
        assert found["lastState"]["terminated"]["exitCode"] == 7
        assert found["lastState"]["terminated"]["reason"] == "Error"
        assert found["lastState"]["terminated"]["message"] == "no wine left\n"
        assert space.log(name, previous="true") == "no wine left\n"
        wait_until(lambda: "BackOff" in space.events(name), "the event")

    def test_a_killed_program_comes_back_and_its_pod_is_unready_and_without_endpoint_meanwhile(
        self, space: PodSpace, tmp_path: Path
    ) -> None:
        hold = tmp_path / "hold"
        script = f"while test -e {hold}; do sleep 0.1; done; exec {SERVE}"
        name = space.run(shell(script, env=[IP], readinessProbe=readiness(failureThreshold=600)))
        space.wait_ready(name)
        address = space.address(name)
        assert space.endpoint(name) == address

        hold.touch()
        psutil.Process(int(space.container(name)["containerID"].removeprefix("process://"))).kill()

        space.wait_ready(name, ready=False)
        assert space.endpoint(name) is None
        assert space.container(name)["lastState"]["terminated"]["exitCode"] == 137
        hold.unlink()
        space.wait_ready(name)
        assert space.container(name)["restartCount"] == 1
        assert space.endpoint(name) == space.address(name) == address

    def test_readiness_comes_and_goes_with_the_probe(self, space: PodSpace, tmp_path: Path) -> None:
        sign = tmp_path / "ready"
        probe = {"exec": {"command": ["test", "-e", str(sign)]}, "periodSeconds": 1, "failureThreshold": 1}
        name = space.run(shell(FOREVER, readinessProbe=probe))
        wait_until(lambda: "Unhealthy" in space.events(name), "a probe that failed")
        assert not space.is_ready(name)
        sign.touch()
        space.wait_ready(name)
        sign.unlink()
        space.wait_ready(name, ready=False)
        assert space.container(name)["restartCount"] == 0
        assert space.endpoint(name) is None

    def test_a_program_that_no_longer_lives_is_restarted(self, space: PodSpace) -> None:
        probe = {"tcpSocket": {"port": 9000}, "periodSeconds": 1, "failureThreshold": 2}
        name = space.run(shell(FOREVER, livenessProbe=probe), terminationGracePeriodSeconds=60)
        wait_until(lambda: space.container(name).get("restartCount", 0) > 0, "a restart")
        said = "Container main failed liveness probe, will be restarted"
        wait_until(lambda: space.events(name).get("Killing") == said, "the event")
        assert space.container(name)["lastState"]["terminated"]["exitCode"] == 143

    def test_a_slow_start_is_no_failure_while_the_startup_probe_lasts(self, space: PodSpace) -> None:
        name = space.run(
            shell(
                f"sleep 3; exec {SERVE}",
                env=[IP],
                startupProbe=readiness(failureThreshold=60),
                livenessProbe=readiness(failureThreshold=1),
            )
        )
        space.wait_ready(name)
        assert space.container(name)["restartCount"] == 0
        assert space.container(name)["started"] is True

    @pytest.mark.parametrize(
        ("container", "reason", "said"),
        [
            (
                {"name": "main", "image": "acme/wines@sha256:" + "0" * 64},
                "ImagePullBackOff",
                "this node has no program for it",
            ),
            (
                shell(FOREVER, envFrom=[{"secretRef": {"name": "no-such"}}]),
                "CreateContainerConfigError",
                'secret "no-such" not found',
            ),
            (
                {"name": "main", "image": "busybox:1", "command": ["no-such-program"]},
                "CrashLoopBackOff",
                "restarting failed container=main",
            ),
        ],
    )
    def test_what_cannot_be_started_says_why(
        self, space: PodSpace, container: dict[str, object], reason: str, said: str
    ) -> None:
        name = space.run(container)
        assert said in space.wait_reason(name, reason)
        assert not space.is_ready(name)
        wait_until(lambda: "Failed" in space.events(name), "the event")

    def test_a_missing_volume_holds_the_pod_back_until_it_is_there(self, space: PodSpace) -> None:
        name = space.run(shell(FOREVER), volumes=[{"name": "v", "configMap": {"name": "late"}}])
        wait_until(
            lambda: 'configmap "late" not found' in space.events(name).get("FailedMount", ""), "the event"
        )
        space.make("ConfigMap", "late", {"a": "1"})
        space.wait_ready(name)


class TestEnding:
    def test_a_program_may_finish_what_it_does_but_not_for_ever(
        self, space: PodSpace, tmp_path: Path
    ) -> None:
        def slow_to_end(mark: str, seconds: int, grace: int) -> str:
            script = (
                f"trap 'sleep {seconds}; touch {tmp_path}/{mark}; exit 0' TERM; touch up; sleep 600 & wait"
            )
            probe = {"exec": {"command": ["test", "-e", "up"]}, "periodSeconds": 1}
            return space.run(shell(script, readinessProbe=probe), terminationGracePeriodSeconds=grace)

        names = [slow_to_end("patient", 2, 60), slow_to_end("hurried", 60, 1)]
        for name in names:
            space.wait_ready(name)
        for name in names:
            space.delete(name)
        for name in names:
            space.wait_gone(name)
        assert [file.name for file in tmp_path.iterdir()] == ["patient"]
        assert running_scripts(space.cluster, str(tmp_path)) == []

    def test_the_endpoint_goes_when_the_deletion_begins_and_prestop_comes_before_the_end(
        self, space: PodSpace, tmp_path: Path
    ) -> None:
        go = tmp_path / "go"
        hook = {"preStop": {"exec": {"command": ["sh", "-c", f"while test ! -e {go}; do sleep 0.1; done"]}}}
        name = space.run(shell(FOREVER, lifecycle=hook), terminationGracePeriodSeconds=200)
        space.wait_ready(name)
        assert space.endpoint(name) == space.address(name)
        space.delete(name)
        wait_until(lambda: space.endpoint(name) is None, "the endpoint is gone")
        assert "running" in space.container(name)["state"]
        go.touch()
        space.wait_gone(name)

    def test_nobody_need_wait_for_a_pod_that_is_removed_by_force(self, space: PodSpace) -> None:
        name = space.run(shell("trap '' TERM; sleep 600 # stubborn"), terminationGracePeriodSeconds=60)
        space.wait_ready(name)
        space.delete(name, grace=0)
        space.wait_gone(name)
        wait_until(lambda: not running_scripts(space.cluster, "stubborn"), "its program ends")


class TestOutages:
    def test_pods_run_on_while_the_api_server_is_away_and_their_status_follows(
        self, node_cluster: LocalCluster, space: PodSpace, tmp_path: Path
    ) -> None:
        sign = tmp_path / "ready"
        probe = {"exec": {"command": ["test", "-e", str(sign)]}, "periodSeconds": 1}
        name = space.run(shell(FOREVER, readinessProbe=probe))
        wait_until(lambda: "running" in space.container(name).get("state", {}), "it runs")
        node_cluster.stop_process("kube-apiserver", grace=0)
        sign.touch()
        node_cluster.start_api_server()
        space.wait_ready(name)
        assert space.container(name)["restartCount"] == 0
        assert space.endpoint(name) == space.address(name)
        # The watch goes on, too.
        space.wait_ready(space.run(shell(FOREVER)))

    def test_a_killed_node_leaves_no_process_and_a_new_one_starts_its_pods_again(
        self, node_cluster: LocalCluster, space: PodSpace
    ) -> None:
        name = space.run(shell("sleep 601 & sleep 602"))
        space.wait_ready(name)
        processes = [psutil.Process(pid) for pid in running_scripts(node_cluster)]
        assert len(processes) > 1

        node_cluster.stop_process("node", grace=0)

        _, alive = psutil.wait_procs(processes, timeout=60)
        assert alive == []
        node_cluster.start_process("node")
        wait_until(lambda: space.container(name)["restartCount"] == 1, "it was started again")
        space.wait_ready(name)
        assert space.container(name)["lastState"]["terminated"]["reason"] == "Unknown"
        assert space.endpoint(name) == space.address(name)
