"""The local cluster: a real API server that starts, answers, refuses, keeps count and goes entirely."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from scripts.local_cluster import ClusterError, LocalCluster, PortTaken
from scripts.local_cluster.binaries import Binaries, find_binaries
from scripts.local_cluster.state import ClusterState, read_state, write_state
from tests.conftest import MakeNamespace
from tests.support.owned import make_empty_state, run_owner

REPOSITORY = Path(__file__).resolve().parents[2]


def silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def binaries() -> Binaries:
    return find_binaries(say=silent)


@pytest.fixture
def blocked_port() -> Iterator[int]:
    """A port of loopback on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def script(folder: Path, text: str) -> Path:
    file = folder / "program"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def kubectl(
    cluster: LocalCluster, *arguments: str, kubeconfig: Path | None = None
) -> subprocess.CompletedProcess[str]:
    command = [str(cluster.kubectl), "--kubeconfig", str(kubeconfig or cluster.kubeconfig), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class TestShared:
    """What the tests' shared cluster gives."""

    def test_serves_seldon_deployments(self, cluster: LocalCluster) -> None:
        done = kubectl(cluster, "get", "seldondeployments", "--all-namespaces", "--output", "name")
        assert (done.returncode, done.stderr.replace("No resources found\n", "")) == (0, "")

    def test_types_a_graph_ten_levels_deep(
        self, cluster: LocalCluster, make_namespace: MakeNamespace
    ) -> None:
        graph: dict[str, object] = {"name": "level-10", "typo": "dropped"}
        for level in range(9, -1, -1):
            graph = {"name": f"level-{level}", "children": [graph]}
        path = f"/apis/machinelearning.seldon.io/v1/namespaces/{make_namespace()}/seldondeployments"
        body = {
            "apiVersion": "machinelearning.seldon.io/v1",
            "kind": "SeldonDeployment",
            "metadata": {"name": "deep"},
            "spec": {"predictors": [{"name": "v1", "graph": graph}]},
        }
        answer = cluster.api.request("POST", path, body, query={"fieldValidation": "Strict"})
        assert answer.status == 400
        assert "typo" in answer.body["message"]

    def test_makes_namespaces_labelled_for_their_environment(
        self, cluster: LocalCluster, make_namespace: MakeNamespace
    ) -> None:
        first, second = make_namespace("staging"), make_namespace("staging")
        assert first != second
        labels = cluster.api.demand("GET", f"/api/v1/namespaces/{first}")["metadata"]["labels"]
        assert labels["modelsync.dev/environment"] == "staging"

    def test_checks_rights(
        self, cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path
    ) -> None:
        namespace = make_namespace()
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}}
        cluster.api.demand("POST", accounts, account)
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = cluster.api.demand("POST", f"{accounts}/nobody/token", request)["status"]["token"]
        kubeconfig = cluster.kubeconfig_for_token(token, tmp_path / "kubeconfig.yaml")

        done = kubectl(cluster, "get", "pods", "--namespace", namespace, kubeconfig=kubeconfig)

        assert done.returncode == 1
        assert f'User "system:serviceaccount:{namespace}:nobody" cannot list resource "pods"' in done.stderr

    def test_refuses_a_token_of_somebody_else(self, cluster: LocalCluster, tmp_path: Path) -> None:
        kubeconfig = cluster.kubeconfig_for_token("made-up", tmp_path / "kubeconfig.yaml")
        assert "Unauthorized" in kubectl(cluster, "get", "--raw", "/api", kubeconfig=kubeconfig).stderr

    def test_keeps_kubeconfigs_for_their_owner(self, cluster: LocalCluster, tmp_path: Path) -> None:
        written = cluster.kubeconfig_for_token("secret", tmp_path / "kubeconfig.yaml")
        assert [oct(file.stat().st_mode & 0o777) for file in (cluster.kubeconfig, written)] == [
            "0o600",
            "0o600",
        ]

    def test_audit_log_counts_the_requests_of_a_stretch(
        self, cluster: LocalCluster, make_namespace: MakeNamespace
    ) -> None:
        namespace = make_namespace()
        begin = cluster.audit_position()
        for _ in range(5):
            cluster.api.demand("GET", f"/api/v1/namespaces/{namespace}/configmaps")
        cluster.api.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/absent")

        events = [
            (event["verb"], event["responseStatus"]["code"])
            for event in cluster.audit_events(begin)
            if event.get("objectRef", {}).get("namespace") == namespace
        ]

        assert events == [("list", 200)] * 5 + [("get", 404)]

    def test_can_be_attached_to_by_another_process(self, cluster: LocalCluster, run_folder: Path) -> None:
        state = read_state(run_folder / "cluster.json")
        assert state is not None
        assert state.server == cluster.server
        assert [process.name for process in state.processes] == ["guard", "etcd", "kube-apiserver"]


class TestLife:
    """Start, outage and end of a cluster of one's own."""

    def test_starts_and_leaves_nothing(self, binaries: Binaries) -> None:
        with LocalCluster(binaries=binaries) as cluster:
            state = cluster.state
            assert cluster.api.request("GET", "/readyz").status == 200
        assert [process.name for process in state.processes if process.is_running()] == []
        assert not state.folder.exists()
        with pytest.raises(ClusterError, match="not started"):
            _ = cluster.server

    def test_leaves_nothing_when_the_block_fails(self, binaries: Binaries) -> None:
        seen: list[ClusterState] = []

        def fail() -> None:
            with LocalCluster(binaries=binaries, crds=False) as cluster:
                seen.append(cluster.state)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert [process.name for process in seen[0].processes if process.is_running()] == []

    def test_without_crds_knows_no_seldon_deployments_and_keeps_its_data_over_an_outage(
        self, binaries: Binaries
    ) -> None:
        with LocalCluster(binaries=binaries, crds=False) as cluster:
            assert cluster.api.request("GET", "/apis/machinelearning.seldon.io/v1").status == 404
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kept"}}
            cluster.api.demand("POST", "/api/v1/namespaces", namespace)
            server = cluster.server

            cluster.stop_api_server()
            with pytest.raises(ClusterError, match="cannot be reached"):
                cluster.api.request("GET", "/readyz")
            cluster.start_api_server()

            assert cluster.server == server
            assert cluster.api.request("GET", "/api/v1/namespaces/kept").status == 200

    def test_ends_with_the_process_that_started_it_even_when_that_is_killed(self, tmp_path: Path) -> None:
        state_file = tmp_path / "state.json"
        with run_owner(state_file):
            state = read_state(state_file)
            assert state is not None
        _, alive = psutil.wait_procs(
            [psutil.Process(process.pid) for process in state.processes if process.is_running()], timeout=30
        )
        assert alive == []
        assert not state.folder.exists()
        assert not state_file.exists()


class TestFaults:
    """A cluster that cannot start says why, and leaves nothing."""

    def test_a_taken_port(self, binaries: Binaries, blocked_port: int) -> None:
        cluster = LocalCluster(binaries=binaries, port=blocked_port)
        with pytest.raises(PortTaken, match=rf"port {blocked_port} on 127.0.0.1 is taken .*choose another"):
            cluster.start()

    def test_a_server_that_dies_shows_its_last_words(self, binaries: Binaries, tmp_path: Path) -> None:
        broken = Binaries(
            etcd=script(tmp_path, "echo disk on fire >&2; exit 3"),
            apiserver=binaries.apiserver,
            kubectl=binaries.kubectl,
            source="a test",
        )
        cluster = LocalCluster(binaries=broken, state_file=tmp_path / "state.json")
        with pytest.raises(ClusterError, match=r"etcd ended while it was starting[\s\S]*disk on fire"):
            cluster.start()
        assert not (tmp_path / "state.json").exists()

    def test_a_server_that_is_never_ready(self, binaries: Binaries, tmp_path: Path) -> None:
        broken = Binaries(
            etcd=binaries.etcd,
            apiserver=script(tmp_path, "echo thinking; exec sleep 600"),
            kubectl=binaries.kubectl,
            source="a test",
        )
        cluster = LocalCluster(binaries=broken, deadline=2)
        with pytest.raises(ClusterError, match=r"kube-apiserver is not ready after 2 s[\s\S]*thinking"):
            cluster.start()

    def test_a_missing_program(self, binaries: Binaries, tmp_path: Path) -> None:
        broken = Binaries(
            etcd=tmp_path / "absent", apiserver=binaries.apiserver, kubectl=binaries.kubectl, source="a test"
        )
        with pytest.raises(ClusterError, match=r"etcd cannot be started: .*absent"):
            LocalCluster(binaries=broken).start()


class TestCommandLine:
    """`python -m scripts.local_cluster`, as a person uses it."""

    @staticmethod
    def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scripts.local_cluster", *arguments, "--state-folder", str(home)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def test_up_outlives_the_command_and_down_ends_it(self, tmp_path: Path) -> None:
        up = self.run(tmp_path, "up", "--no-crds")
        try:
            assert up.returncode == 0, up.stderr
            kubeconfig = Path(up.stdout.strip())
            assert yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))["kind"] == "Config"
            assert "python -m scripts.local_cluster down" in up.stderr
            again = self.run(tmp_path, "up")
            assert (again.returncode, again.stdout) == (0, up.stdout)
            assert "runs already" in again.stderr
            status = self.run(tmp_path, "status")
            assert status.returncode == 0
            assert "kube-apiserver" in status.stdout
            more = self.run(tmp_path, "up", "--parts", "kwok")
            assert more.returncode == 1
            assert "runs already, without controllers, kwok; stop it first" in more.stderr
        finally:
            down = self.run(tmp_path, "down")
        assert (down.returncode, kubeconfig.exists()) == (0, False)
        assert self.run(tmp_path, "status").returncode == 1
        assert self.run(tmp_path, "down").returncode == 0

    def test_a_state_file_of_somebody_else_is_not_guessed_at(self, tmp_path: Path) -> None:
        (tmp_path / "default.json").write_text('{"pid": 1}', encoding="utf-8")
        down = self.run(tmp_path, "down")
        assert down.returncode == 1
        assert "default.json: not a state file of a local cluster" in down.stderr

    def test_a_part_that_there_is_not(self, tmp_path: Path) -> None:
        up = self.run(tmp_path, "up", "--parts", "operator,turbo")
        assert up.returncode == 2
        assert "turbo: no such part; there are controllers, operator, kwok" in up.stderr

    def test_status_keeps_keys_to_itself_unless_asked(self, tmp_path: Path) -> None:
        facts = {"storage": "http://127.0.0.1:2", "storage_secret": "s3cret"}
        state = make_empty_state(tmp_path / "nothing", parts=("storage",), facts=facts)
        write_state(tmp_path / "default.json", state)
        plain = self.run(tmp_path, "status")
        assert "storage: http://127.0.0.1:2\nstorage_secret: (not shown" in plain.stdout
        assert "s3cret" not in plain.stdout
        assert "storage_secret: s3cret" in self.run(tmp_path, "status", "--show-keys").stdout

    def test_a_taken_port_is_a_message_and_no_traceback(self, tmp_path: Path, blocked_port: int) -> None:
        up = self.run(tmp_path, "up", "--port", str(blocked_port))
        assert up.returncode == 1
        assert up.stderr.startswith(f"Error: port {blocked_port} on 127.0.0.1 is taken")
