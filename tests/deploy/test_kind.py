"""What runs on kind, checked without Docker: as data, by linters, and by a real API server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.control_plane import MODULE, read_kubernetes_version
from tests.conftest import MakeNamespace
from tests.deploy.kustomize import build, pick
from tests.support.shop import Shop

ROOT = Path(__file__).resolve().parents[2]
KIND = ROOT / "scripts" / "kind"
TARGETS = ("staging", "production")
# Istio's own definitions come with its chart; everything else is known to any API server.
CUSTOM = {"Gateway"}


def read_versions() -> dict[str, str]:
    lines = (KIND / "versions.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read_go_mod(module: str) -> str:
    return (ROOT / "scripts/local_cluster/go" / module / "go.mod").read_text(encoding="utf-8")


def find_locked(lock: str, package: str) -> str:
    found = re.search(rf"^{package}==(\S+)", (ROOT / "requirements" / lock).read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return found.group(1)


@pytest.fixture(scope="module")
def platform(cluster: LocalCluster) -> tuple[dict[str, Any], ...]:
    return build(cluster.kubectl, KIND / "platform")


def list_shell_scripts() -> list[Path]:
    files = (file for folder in (ROOT / "scripts", ROOT / ".ci") for file in folder.rglob("*"))
    return sorted(
        file for file in files if file.is_file() and file.read_bytes()[:19] == b"#!/usr/bin/env bash"
    )


class TestScripts:
    def test_shellcheck_has_no_findings(self) -> None:
        scripts = list_shell_scripts()
        assert {"up", "demo", "cronjobs", "down", "bootstrap"} <= {script.name for script in scripts}
        shellcheck = Path(sys.executable).with_name("shellcheck")
        done = subprocess.run(
            [shellcheck, "--external-sources", *scripts],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize("script", ["up", "demo", "cronjobs", "down"])
    def test_help_needs_no_tool(self, script: str) -> None:
        done = subprocess.run([KIND / script, "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert f"Usage: scripts/kind/{script}" in done.stdout

    def test_missing_tools_are_named_together_with_their_places(self, tmp_path: Path) -> None:
        for tool in ("bash", "dirname", "env"):
            where = subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout.strip()
            (tmp_path / tool).symlink_to(where)
        done = subprocess.run(
            [KIND / "up"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        for tool in ("docker", "kind", "kubectl", "helm"):
            assert f"kind: {tool} is missing: " in done.stderr

    def test_an_unknown_argument_is_refused(self) -> None:
        done = subprocess.run([KIND / "down", "all"], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "unknown argument all" in done.stderr


class TestVersions:
    def test_kubernetes_is_of_the_minor_version_of_the_local_cluster(self) -> None:
        local = read_kubernetes_version((MODULE / "go.mod").read_text(encoding="utf-8"))
        image = read_versions()["KUBERNETES_IMAGE"]
        assert re.fullmatch(r"kindest/node:v\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", image)
        assert image.split(":")[1].split("@")[0].split(".")[:2] == local.split(".")[:2]

    def test_the_operator_is_that_of_the_local_cluster(self) -> None:
        found = re.search(r"github.com/seldonio/seldon-core/operator v(\S+)", read_go_mod("operator"))
        assert found is not None
        assert read_versions()["SELDON_VERSION"] == found.group(1)

    def test_prometheus_is_that_of_the_local_cluster(self, platform: tuple[dict[str, Any], ...]) -> None:
        # The module of release 3.16.0 is called v0.316.0.
        found = re.search(
            r"github.com/prometheus/prometheus v0\.(\d)(\d\d)\.(\d+)", read_go_mod("prometheus")
        )
        assert found is not None
        major, minor, patch = found.groups()
        images = {container["image"] for pod in list_pods(platform) for container in pod["containers"]}
        assert f"quay.io/prometheus/prometheus:v{major}.{int(minor)}.{patch}" in images

    def test_the_servers_are_built_from_the_lock_files(self) -> None:
        dockerfile = (KIND / "images/Dockerfile").read_text(encoding="utf-8")
        assert "--require-hashes" in dockerfile
        assert "requirements/${LOCK}.txt" in dockerfile
        up = (KIND / "up").read_text(encoding="utf-8")
        for lock in ("mlflow", "mlserver"):
            assert f"--build-arg LOCK={lock} " in up
        # What one trains the other loads.
        for package in ("mlflow", "scikit-learn"):
            assert find_locked("mlflow.txt", package) == find_locked("mlserver.txt", package)

    def test_images_are_named_exactly(self, platform: tuple[dict[str, Any], ...]) -> None:
        versions = read_versions()
        built = {versions[name] for name in ("MODELSYNC_IMAGE", "MLFLOW_IMAGE", "MLSERVER_IMAGE")}
        for pod in list_pods(platform):
            for container in (*pod["containers"], *pod.get("initContainers", ())):
                image = container["image"]
                tag = image.rpartition(":")[2]
                assert image in built or re.search(r"\d", tag), image


class TestManifests:
    def test_the_api_server_takes_everything(
        self, cluster: LocalCluster, make_namespace: MakeNamespace, platform: tuple[dict[str, Any], ...]
    ) -> None:
        namespace = make_namespace("")
        taken = set()
        for item in platform:
            if item["kind"] in CUSTOM:
                continue
            body = json.loads(json.dumps(item))
            if "namespace" in body["metadata"]:
                body["metadata"]["namespace"] = namespace
            done = subprocess.run(
                [cluster.kubectl, "--kubeconfig", cluster.kubeconfig, "create", "--dry-run=server",
                 "--validate=strict", "--filename", "-"],
                input=json.dumps(body), capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            taken.add(item["kind"])
        assert {"Deployment", "Service", "ConfigMap", "ClusterRole"} <= taken

    @pytest.mark.parametrize("environment", TARGETS)
    def test_each_target_is_the_deployed_base_and_reads_from_the_cluster(
        self, cluster: LocalCluster, environment: str
    ) -> None:
        objects = build(cluster.kubectl, KIND / "targets" / environment)
        settings = pick(objects, "ConfigMap")["data"]
        assert settings["MODELSYNC_ENVIRONMENT"] == environment
        assert settings["MODELSYNC_REPOSITORY"] == "http://git.ml.svc/wine-shop.git"
        assert {item["metadata"]["namespace"] for item in objects} == {f"wines-{environment}"}
        policy = pick(objects, "NetworkPolicy")["spec"]["egress"][-1]
        assert policy["ports"] == [{"protocol": "TCP", "port": 8080}]

    def test_what_is_published_is_what_services_serve_and_on_loopback_only(
        self, platform: tuple[dict[str, Any], ...]
    ) -> None:
        config = yaml.safe_load((KIND / "cluster/kind.yaml").read_text(encoding="utf-8"))
        mapped = config["nodes"][0]["extraPortMappings"]
        assert {mapping["listenAddress"] for mapping in mapped} == {"127.0.0.1"}
        gateway = yaml.safe_load((KIND / "platform/istio-gateway.yaml").read_text(encoding="utf-8"))
        served = {port["nodePort"] for port in gateway["service"]["ports"]}
        for item in platform:
            if item["kind"] == "Service":
                served |= {port["nodePort"] for port in item["spec"]["ports"] if "nodePort" in port}
        assert {mapping["containerPort"] for mapping in mapped} == served

    def test_pods_run_without_root_and_without_rights_they_do_not_need(
        self, platform: tuple[dict[str, Any], ...]
    ) -> None:
        for pod in list_pods(platform):
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["automountServiceAccountToken"] is (pod.get("serviceAccountName") == "prometheus")


def list_pods(objects: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    return tuple(item["spec"]["template"]["spec"] for item in objects if item["kind"] == "Deployment")


class TestRepository:
    def test_a_push_into_the_pod_is_what_the_reconciler_reads(
        self,
        cluster: LocalCluster,
        make_namespace: MakeNamespace,
        platform: tuple[dict[str, Any], ...],
        tmp_path: Path,
    ) -> None:
        """The Pod's own script and server, on this machine: made, pushed to, read over HTTP."""
        (pod,) = (pod for pod in list_pods(platform) if pod.get("initContainers"))
        script = pod["initContainers"][0]["command"][2].replace("/srv/git", str(tmp_path / "srv"))
        subprocess.run(["sh", "-c", script], check=True, capture_output=True)
        shop = Shop(tmp_path / "shop")
        shop.add_environment("production", make_namespace("production"))
        shop.declare("production/wines", {1: 90, 2: 10})
        commit = shop.commit()
        shop.git("push", "--quiet", str(tmp_path / "srv/wine-shop.git"), "main:main")
        with serve(tmp_path / "srv") as address:
            ended = shop.run(
                "sync",
                "production",
                "--repository",
                f"{address}/wine-shop.git",
                kubeconfig=cluster.kubeconfig,
            )
        assert ended.code == 0, ended.err
        assert commit[:7] in ended.out


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """What `python -m http.server` serves in the Pod."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
