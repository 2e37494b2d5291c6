"""A proxy before the real API server that ends its client after the n-th request, as `kill -9` would.

It stands between two requests: the server has acted on the n-th, the client never hears of it.
"""

from __future__ import annotations

import base64
import itertools
import os
import signal
import ssl
import tempfile
from pathlib import Path

import yaml

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.kubeconfig import NAME
from tests.support.proxy import Drop, Proxy, Request


class KillingProxy(Proxy):
    """Forwards to the API server with the administrator's certificate.

    `victim` is sent `sends` once request number `fatal` (from 1) was answered by the server; 0 sends none.
    """

    def __init__(
        self, cluster: LocalCluster, *, fatal: int = 0, sends: signal.Signals = signal.SIGKILL
    ) -> None:
        super().__init__(cluster.server, after=self._count, context=_make_context(cluster))
        self._fatal = fatal
        self._signal = sends
        self._numbers = itertools.count(1)
        self.victim = 0

    def _count(self, _request: Request) -> Drop | None:
        if next(self._numbers) != self._fatal:
            return None
        os.kill(self.victim, self._signal)
        return Drop() if self._signal is signal.SIGKILL else None


def write_kubeconfig(path: Path, proxy: KillingProxy) -> Path:
    """A kubeconfig that leads through the proxy."""
    path.write_text(
        f"apiVersion: v1\nkind: Config\nclusters: [{{name: {NAME}, cluster: {{server: '{proxy.uri}'}}}}]\n"
        f"users: [{{name: {NAME}, user: {{}}}}]\n"
        f"contexts: [{{name: {NAME}, context: {{cluster: {NAME}, user: {NAME}}}}}]\ncurrent-context: {NAME}\n"
    )
    return path


def _make_context(cluster: LocalCluster) -> ssl.SSLContext:
    """TLS towards the API server with the administrator's certificate out of the kubeconfig."""
    user = yaml.safe_load(cluster.kubeconfig.read_text())["users"][0]["user"]
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("client-certificate", "client-key"):
            (Path(folder) / name).write_bytes(base64.b64decode(user[f"{name}-data"]))
        context.load_cert_chain(Path(folder) / "client-certificate", Path(folder) / "client-key")
    return context
