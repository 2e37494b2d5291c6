"""Flux's kustomize-controller, driven without its source-controller: the source's status is ours to write.

It runs all the time, as it does in a cluster, so that nothing of its start counts.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import sys
import tarfile
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from scripts.bench.measure import BenchError
from scripts.bench.sync.flux_files import provide_controller, provide_crds
from scripts.bench.sync.manifests import join_documents
from scripts.bench.sync.processes import forget_peak, read_peak, read_processor_time
from scripts.bench.sync.stage import Client, Stage
from scripts.local_cluster.api import MERGE
from scripts.local_cluster.crds import install_crds
from scripts.local_cluster.ports import LOOPBACK, free_ports, is_free

_NAMESPACE = "flux-bench"
_SOURCE = "models"
_REQUESTED = "reconcile.fluxcd.io/requestedAt"
_LOOK = 0.025  # seconds between two looks at how far it is
_PATIENCE = 300.0
_SOURCES = f"/apis/source.toolkit.fluxcd.io/v1/namespaces/{_NAMESPACE}/gitrepositories"
_KUSTOMIZATIONS = f"/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{_NAMESPACE}/kustomizations"


class Flux:
    """One controller, one source, and a Kustomization for each environment."""

    def __init__(self, stage: Stage) -> None:
        """Start it. Raises BenchError where it cannot be had."""
        self._stage = stage
        self._api = stage.cluster.api
        self._folder = stage.folder / "artifacts"
        self._folder.mkdir(exist_ok=True)
        controller = provide_controller()
        install_crds(self._api, provide_crds())
        self._api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}})
        self._port = self._serve()
        self._pid = self._start(str(controller))

    def first(self, documents: Mapping[str, tuple[str, ...]]) -> Client:
        """From the Kustomizations' creation to all objects applied."""
        revision = self._publish(documents)
        time.sleep(1)  # the controller's view of the source is up to date
        return self._measure(self._create, lambda status: status.get("lastAppliedRevision") == revision)

    def noop(self) -> Client:
        """From the request to reconcile to its end."""
        token = uuid.uuid4().hex
        body = {"metadata": {"annotations": {_REQUESTED: token}}}

        def ask() -> None:
            for environment in self._stage.environments:
                self._api.demand("PATCH", f"{_KUSTOMIZATIONS}/{environment}", body, content_type=MERGE)

        return self._measure(ask, lambda status: status.get("lastHandledReconcileAt") == token)

    def prune(self, documents: Mapping[str, tuple[str, ...]]) -> Client:
        """From the publication of an artifact that lacks objects to its having been applied."""
        wanted: list[str] = []
        return self._measure(
            lambda: wanted.append(self._publish(documents)),
            lambda status: status.get("lastAppliedRevision") in wanted,
        )

    def remove(self) -> None:
        """Remove the Kustomizations; the controller removes what is left of their objects."""
        self._api.demand("DELETE", _KUSTOMIZATIONS)
        self._wait(lambda: not self._api.demand("GET", _KUSTOMIZATIONS)["items"])

    def _measure(self, act: Callable[[], None], is_done: Callable[[Mapping[str, Any]], bool]) -> Client:
        forget_peak(self._pid)
        cpu, begin = read_processor_time(self._pid), time.perf_counter()
        act()
        self._wait(lambda: self._are_ready(is_done))
        return Client(
            seconds=time.perf_counter() - begin,
            cpu=read_processor_time(self._pid) - cpu,
            mib=read_peak(self._pid),
        )

    def _are_ready(self, is_done: Callable[[Mapping[str, Any]], bool]) -> bool:
        items = self._api.demand("GET", _KUSTOMIZATIONS)["items"]
        states = [item.get("status") or {} for item in items]
        return len(items) == len(self._stage.environments) and all(
            is_done(status) and _is_ready(status) for status in states
        )

    def _wait(self, is_done: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        while not is_done():
            if time.monotonic() > end:
                states = [item.get("status") for item in self._api.demand("GET", _KUSTOMIZATIONS)["items"]]
                raise BenchError(f"Flux did not come to an end within {_PATIENCE:.0f} s: {states}")
            time.sleep(_LOOK)

    def _create(self) -> None:
        for environment in self._stage.environments:
            self._api.apply(
                {
                    "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
                    "kind": "Kustomization",
                    "metadata": {"name": environment, "namespace": _NAMESPACE},
                    "spec": {
                        "interval": "1h",
                        "path": f"./{environment}",
                        "prune": True,
                        "sourceRef": {"kind": "GitRepository", "name": _SOURCE},
                    },
                }
            )

    def _publish(self, documents: Mapping[str, tuple[str, ...]]) -> str:
        """Let the source have these manifests, as its own controller does; the revision."""
        packed = _pack({f"{name}/all.yaml": join_documents(texts) for name, texts in documents.items()})
        digest = hashlib.sha256(packed).hexdigest()
        revision = f"main@sha1:{hashlib.sha1(packed, usedforsecurity=False).hexdigest()}"
        (self._folder / f"{digest}.tar.gz").write_bytes(packed)
        url = f"http://{LOOPBACK}:{self._port}/{digest}.tar.gz"
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        source = self._api.apply(
            {
                "apiVersion": "source.toolkit.fluxcd.io/v1",
                "kind": "GitRepository",
                "metadata": {"name": _SOURCE, "namespace": _NAMESPACE},
                "spec": {"interval": "1h", "url": "https://git.example.com/models.git"},
            }
        )
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "Succeeded",
            "message": f"stored artifact for revision {revision}",
            "lastTransitionTime": now,
            "observedGeneration": source["metadata"]["generation"],
        }
        status = {
            "observedGeneration": source["metadata"]["generation"],
            "conditions": [ready],
            "artifact": {
                "url": url,
                "path": f"{digest}.tar.gz",
                "revision": revision,
                "digest": f"sha256:{digest}",
                "size": len(packed),
                "lastUpdateTime": now,
            },
        }
        path = f"{_SOURCES}/{_SOURCE}/status"
        self._api.demand("PATCH", path, {"status": status}, content_type=MERGE)
        return revision

    def _serve(self) -> int:
        (port,) = free_ports(1)
        command = (sys.executable, "-m", "http.server", str(port), "--bind", LOOPBACK)
        process = self._stage.cluster.run_program("artifacts", command, folder=self._folder)
        self._stage.cluster.wait_for(process, lambda: not is_free(port))
        return port

    def _start(self, controller: str) -> int:
        metrics, health = free_ports(2)
        process = self._stage.cluster.run_program(
            "kustomize-controller",
            (
                controller,
                *(f"--metrics-addr={LOOPBACK}:{metrics}", f"--health-addr={LOOPBACK}:{health}"),
                *("--events-addr=", "--log-level=error"),
            ),
            environment={
                "KUBECONFIG": str(self._stage.cluster.kubeconfig),
                "RUNTIME_NAMESPACE": _NAMESPACE,
            },
        )
        self._stage.cluster.wait_for(process, lambda: _is_healthy(health))
        return process.pid


def _is_ready(status: Mapping[str, Any]) -> bool:
    found = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    if found.get("Stalled") == "True":
        raise BenchError(f"Flux gave up: {status['conditions']}")
    return found.get("Ready") == "True" and found.get("Reconciling") != "True"


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _pack(files: Mapping[str, str]) -> bytes:
    """A gzipped tar archive of these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for path, text in files.items():
            content = text.encode()
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
