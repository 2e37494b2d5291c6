"""A proxy before the real API server that ends its client after the n-th request, as `kill -9` would.

It stands between two requests: the server has acted on the n-th, the client never hears of it.
"""

from __future__ import annotations

import base64
import http.client
import os
import signal
import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import yaml

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.kubeconfig import NAME

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


class KillingProxy:
    """Forwards plain HTTP on loopback to the API server with the administrator's certificate.

    `victim` is sent `sends` once request number `fatal` (from 1) was answered by the server; 0 sends none.
    """

    def __init__(
        self, cluster: LocalCluster, *, fatal: int = 0, sends: signal.Signals = signal.SIGKILL
    ) -> None:
        self._fatal = fatal
        self._signal = sends
        self._lock = threading.Lock()
        self._requests: list[str] = []
        self.victim = 0
        self._context = _make_context(cluster)
        self._address = urlsplit(cluster.server)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> tuple[str, ...]:
        """`METHOD path` of each request so far."""
        with self._lock:
            return tuple(self._requests)

    def __enter__(self) -> KillingProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _forward(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        headers = {key: value for key, value in handler.headers.items() if key.lower() not in _HOP_BY_HOP}
        connection = http.client.HTTPSConnection(
            self._address.hostname or "", self._address.port, context=self._context, timeout=30
        )
        try:
            connection.request(handler.command, handler.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        with self._lock:
            self._requests.append(f"{handler.command} {handler.path}")
            if len(self._requests) == self._fatal:
                os.kill(self.victim, self._signal)
                if self._signal is signal.SIGKILL:
                    return
        handler.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in _HOP_BY_HOP:
                handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        forward = self._forward

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                forward(self)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """The proxy keeps its own list of requests."""

        return Handler


def write_kubeconfig(path: Path, proxy: KillingProxy) -> Path:
    """A kubeconfig that leads through the proxy."""
    path.write_text(
        f"apiVersion: v1\nkind: Config\nclusters: [{{name: {NAME}, cluster: {{server: '{proxy.url}'}}}}]\n"
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
