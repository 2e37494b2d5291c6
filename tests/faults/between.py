"""A test between a run and its API server: it sees each request, and may do something at a chosen one."""

from __future__ import annotations

import base64
import ssl
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import yaml

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.kubeconfig import NAME
from tests.support.proxy import Hook, Proxy, Request, let_pass


class Between(Proxy):
    """Forwards to the API server of a cluster with the administrator's certificate."""

    def __init__(self, cluster: LocalCluster, *, before: Hook = let_pass, after: Hook = let_pass) -> None:
        super().__init__(cluster.server, before, after=after, context=_make_context(cluster))

    def write_kubeconfig(self, path: Path) -> Path:
        """A kubeconfig at `path` that leads through here; returns `path`."""
        path.write_text(
            f"apiVersion: v1\nkind: Config\nclusters: [{{name: {NAME}, cluster: {{server: '{self.uri}'}}}}]\n"
            f"users: [{{name: {NAME}, user: {{}}}}]\n"
            f"contexts: [{{name: {NAME}, context: {{cluster: {NAME}, user: {NAME}}}}}]\n"
            f"current-context: {NAME}\n"
        )
        return path


class Once:
    """A hook that acts at the first request that matches, and lets all pass."""

    def __init__(self, matches: Callable[[Request], bool], act: Callable[[], object]) -> None:
        self._matches = matches
        self._act = act
        self._lock = threading.Lock()
        self.done = False

    def __call__(self, request: Request) -> None:
        with self._lock:
            if self.done or not self._matches(request):
                return
            self.done = True
        self._act()


def is_rehearsal(request: Request) -> bool:
    """A write of an object that stores nothing."""
    return request.method in ("POST", "PATCH") and "dryRun" in request.query


def is_apply(request: Request) -> bool:
    """A server-side apply of a SeldonDeployment, for real."""
    return request.method == "PATCH" and "/seldondeployments/" in request.path and not is_rehearsal(request)


def is_write(request: Request) -> bool:
    """Anything that changes what is stored, the Lease apart."""
    return request.method != "GET" and "dryRun" not in request.query and "/leases" not in request.path


def reads_record(request: Request) -> bool:
    """The target's record by itself, or among those of others."""
    return request.method == "GET" and "/configmaps" in request.path


def _make_context(cluster: LocalCluster) -> ssl.SSLContext:
    user = yaml.safe_load(cluster.kubeconfig.read_text())["users"][0]["user"]
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("client-certificate", "client-key"):
            (Path(folder) / name).write_bytes(base64.b64decode(user[f"{name}-data"]))
        context.load_cert_chain(Path(folder) / "client-certificate", Path(folder) / "client-key")
    return context
